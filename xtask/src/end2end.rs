//! The end-to-end tests: Playwright against a debug server with a database of its own.

use crate::browser;
use crate::bundle::{self, Quality};
use crate::node;
use crate::process;
use crate::server::{self, Server};
use crate::system::{self, TemporaryDirectory};
use crate::test::Tally;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// A debug build imports the food tables at its first start.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Builds what users get, starts it, and runs Playwright with `arguments`.
///
/// # Errors
/// When something cannot be set up; failed tests are in the tally.
pub fn run(workspace: &Workspace, quality: Quality, arguments: &[String]) -> Result<Tally> {
    node::set_up(workspace)?;
    let browser = process::step("Looking for a browser", || browser::set_up(workspace))?;
    bundle::build(workspace, quality)?;
    let binary = server::build_debug(workspace)?;

    let results = workspace.target("end2end");
    fs::create_dir_all(&results)?;
    let log = results.join("server.log");
    let report = results.join("report.json");
    let directory = TemporaryDirectory::new("end2end")?;

    let address = SocketAddr::from(([127, 0, 0, 1], system::free_port()?));
    let output = File::create(&log)?;
    let server = Server::start(
        server::serve_command(workspace, &binary, address, directory.path())
            .env("NUTRIFLOW_TIME_ZONE", morning_zone())
            // Nobody's payment is declined by chance.
            .env("NUTRIFLOW_GATEWAY_RATES", "0,0,0")
            .stdout(output.try_clone()?)
            .stderr(output),
    )?;
    process::step("Waiting for the server", || {
        server
            .wait_until_ready(address, START_LIMIT)
            .inspect_err(|_| server::print_log_end(&log))
    })?;

    let mut playwright = workspace.command("node_modules/.bin/playwright");
    playwright
        .current_dir(workspace.path("end2end"))
        .env("NUTRIFLOW_URL", format!("http://{address}"))
        .env("NUTRIFLOW_REPORT", &report)
        .arg("test")
        .args(arguments);
    if let Some(browser) = browser {
        playwright.env("NUTRIFLOW_BROWSER", browser);
    }
    let _ = fs::remove_file(&report);
    let succeeded = process::run(&mut playwright).is_ok();
    let tally = read_report(&report)?.or_failure(succeeded);
    if tally.failed > 0 {
        eprintln!("    the server's log: {}", log.display());
        if let Some(status) = server.ended()? {
            eprintln!("    the server has ended: {status}");
            server::print_log_end(&log);
        }
    }
    Ok(tally)
}

/// A zone whose clocks show eleven in the morning: kitchens are open, whenever the tests run.
fn morning_zone() -> String {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let hour = since.as_secs() / 3600 % 24;
    // West of Greenwich is positive in these names.
    if hour > 11 {
        format!("Etc/GMT+{}", hour - 11)
    } else {
        format!("Etc/GMT-{}", 11 - hour)
    }
}

fn read_report(path: &Path) -> Result<Tally> {
    let text = fs::read_to_string(path).context("Playwright wrote no report")?;
    let report: serde_json::Value = serde_json::from_str(&text)?;
    let count = |key: &str| report["stats"][key].as_u64().unwrap_or(0);
    Ok(Tally {
        passed: count("expected"),
        // A test that passes only at the second try is not passed.
        failed: count("unexpected") + count("flaky"),
    })
}
