//! `cargo xtask test`

use crate::bundle::{self, Quality};
use crate::cleanup;
use crate::end2end;
use crate::lint;
use crate::postgres::{self, Cluster, Disk};
use crate::process;
use crate::size;
use crate::system::TemporaryDirectory;
use crate::wasm::Toolchain;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// What to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Runs only this step; may be given several times.
    #[arg(long)]
    only: Vec<Step>,
    /// Runs the end-to-end tests on a bundle that is built quickly instead of the shipped one.
    #[arg(long)]
    quick: bool,
    /// Arguments for `cargo test` or Playwright, when only that step runs.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// A part of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// rustfmt, as a check.
    Fmt,
    /// The bundle's budget.
    Size,
    /// Clippy, for the machine, where it compiles the tests too, and for the browser.
    Clippy,
    /// Unit and contract tests, on SQLite and PostgreSQL.
    Unit,
    /// Playwright, with hydration and without JavaScript.
    End2end,
}

/// Tells the test harness how many tests to run at once.
const TEST_THREADS: &str = "RUST_TEST_THREADS";
/// What is tested on this machine, and what of it is compiled together. Xtask is by itself: its
/// dependencies were compiled to run this, and beside the others they would have other features.
const TESTED: [&[&str]; 2] = [
    &["--workspace", "--exclude=frontend", "--exclude=xtask"],
    &["--package=xtask"],
];

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that passed.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
}

impl Tally {
    fn one(passed: bool) -> Self {
        Self {
            passed: passed.into(),
            failed: (!passed).into(),
        }
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Counts one more failure when the program failed for another reason than a test.
    #[must_use]
    pub fn or_failure(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// Runs the steps one after the other, all of them even when one fails.
///
/// # Errors
/// When the process cannot be prepared for being interrupted.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    cleanup::on_interrupt()?;
    let steps: Vec<Step> = Step::value_variants()
        .iter()
        .copied()
        .filter(|step| options.only.is_empty() || options.only.contains(step))
        // What is built quickly has no budget.
        .filter(|step| !(options.quick && *step == Step::Size))
        .collect();
    let arguments: &[String] = if steps.len() == 1 {
        &options.arguments
    } else {
        &[]
    };
    let quality = if options.quick {
        Quality::Quick
    } else {
        Quality::Shipped
    };

    let mut total = Tally::default();
    let mut summary = Vec::new();
    for step in steps {
        let start = Instant::now();
        let result = match step {
            Step::Fmt => format(workspace),
            Step::Clippy => clippy(workspace),
            Step::Unit => unit(workspace, arguments),
            Step::Size => budget(workspace),
            Step::End2end => end2end::run(workspace, quality, arguments),
        };
        let tally = result.unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally::one(false)
        });
        total.add(tally);
        summary.push((step, tally, start.elapsed()));
    }
    print_summary(&summary);
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(ExitCode::from(u8::from(total.failed > 0)))
}

fn print_summary(summary: &[(Step, Tally, Duration)]) {
    println!();
    for (step, tally, time) in summary {
        let name = step
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        println!(
            "{name:>8} {:>6} passed {:>4} failed {:>8.1} s",
            tally.passed,
            tally.failed,
            time.as_secs_f64()
        );
    }
}

fn format(workspace: &Workspace) -> Result<Tally> {
    ensure_component(workspace, "fmt", "rustfmt")?;
    Ok(check(
        "Checking the format",
        workspace.cargo().args(["fmt", "--all", "--check"]),
    ))
}

fn clippy(workspace: &Workspace) -> Result<Tally> {
    ensure_component(workspace, "clippy", "clippy")?;
    // The server embeds the site, which need not be built to be checked.
    std::fs::create_dir_all(workspace.site())?;
    let mut tally = Tally::one(
        build_tests(workspace, "Linting and building the tests")
            .inspect_err(|error| eprintln!("error: {error:#}"))
            .is_ok(),
    );
    let toolchain = Toolchain::set_up(workspace)?;
    toolchain.set_up_clippy()?;
    tally.add(check(
        "Linting for the browser",
        toolchain
            .cargo(workspace, "clippy")
            .args(bundle::PACKAGES.map(|package| format!("--package={package}")))
            .args(["--", "--deny", "warnings"]),
    ));
    Ok(tally)
}

/// A program that passes or fails as one test.
fn check(title: &str, command: &mut Command) -> Tally {
    Tally::one(
        process::step(title, || process::run(command))
            .inspect_err(|error| eprintln!("error: {error:#}"))
            .is_ok(),
    )
}

/// A minimal rustup installation lacks these.
fn ensure_component(workspace: &Workspace, command: &str, component: &str) -> Result<()> {
    if process::succeeds(workspace.cargo().args([command, "--version"])) {
        return Ok(());
    }
    process::run_within(
        Duration::from_secs(180),
        workspace
            .command("rustup")
            .args(["component", "add", component]),
    )
}

fn unit(workspace: &Workspace, arguments: &[String]) -> Result<Tally> {
    std::fs::create_dir_all(workspace.site())?;
    // Compiled before the cluster starts, so that nothing runs unused for minutes.
    build_tests(workspace, "Building the tests")?;
    let cluster = if env::var_os(postgres::URL).is_some() {
        None
    } else {
        Some(process::step("Starting PostgreSQL", || {
            Cluster::start(Disk::Careless)
        })?)
    };
    // What a killed test leaves goes with it.
    let files = TemporaryDirectory::fleeting("tests")?;
    // Many wait for what takes its time, as for a worker to be missed: more of them than cores at once.
    let threads = std::thread::available_parallelism()?.get() * 4;
    process::step("Running the tests", || {
        let mut tally = Tally::default();
        // Whoever names a test or a package means the product's.
        let tested = if arguments.is_empty() {
            &TESTED[..]
        } else {
            &TESTED[..1]
        };
        for selection in tested {
            let mut cargo = lint::cargo(workspace)?;
            cargo
                .arg("test")
                .args(*selection)
                .arg("--no-fail-fast")
                .args(arguments)
                .env("TMPDIR", files.path());
            if env::var_os(TEST_THREADS).is_none() {
                cargo.env(TEST_THREADS, threads.to_string());
            }
            if let Some(cluster) = &cluster {
                cargo.env(postgres::URL, cluster.url());
            }
            tally.add(count_tests(&mut cargo)?);
        }
        Ok(tally)
    })
}

fn build_tests(workspace: &Workspace, title: &str) -> Result<()> {
    process::step(title, || {
        for selection in TESTED {
            process::run(
                lint::cargo(workspace)?
                    .arg("test")
                    .args(selection)
                    .arg("--no-run"),
            )?;
        }
        Ok(())
    })
}

/// Runs `cargo test`, shows what it says and counts its tests.
fn count_tests(cargo: &mut Command) -> Result<Tally> {
    let mut child = cargo.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("the output is not piped")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(result) = parse_result(&line) {
            tally.add(result);
        }
    }
    Ok(tally.or_failure(child.wait()?.success()))
}

/// Reads libtest's `test result: ok. 3 passed; 0 failed; …`.
fn parse_result(line: &str) -> Option<Tally> {
    let mut counts = line
        .strip_prefix("test result: ")?
        .split_once(". ")?
        .1
        .split("; ");
    let mut count = |label: &str| counts.next()?.strip_suffix(label)?.parse().ok();
    Some(Tally {
        passed: count(" passed")?,
        failed: count(" failed")?,
    })
}

fn budget(workspace: &Workspace) -> Result<Tally> {
    crate::bundle::build(workspace, Quality::Shipped)?;
    size::is_within_budget(workspace).map(Tally::one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtests_result_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        let expected = Tally {
            passed: 12,
            failed: 3,
        };
        assert_eq!(parse_result(line), Some(expected));
        assert_eq!(parse_result("test result of a plate ... ok"), None);
    }

    #[test]
    fn a_program_that_fails_without_a_failed_test_counts_as_one_failure() {
        assert_eq!(Tally::one(true).or_failure(false).failed, 1);
        assert_eq!(Tally::one(false).or_failure(false).failed, 1);
        assert_eq!(Tally::one(true).or_failure(true).failed, 0);
    }
}
