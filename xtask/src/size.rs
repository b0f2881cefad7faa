//! `cargo xtask size`: what a browser downloads before a page is interactive.

use crate::bundle::{self, Manifest, Quality};
use crate::workspace::Workspace;
use anyhow::Result;
use std::fs;
use std::process::ExitCode;

const KIB: u64 = 1024;
/// JavaScript and WebAssembly together, under brotli.
const SCRIPT_BUDGET: u64 = 300 * KIB;
/// The engine in its worker, which only a previewed plan loads, after everything else.
const PLANNER_BUDGET: u64 = 150 * KIB;
/// What follows events, which only members who wait for an order load, after everything else.
const FOLLOW_BUDGET: u64 = 40 * KIB;
/// What checks a choice of options, which only items with something to choose load, after everything
/// else.
const CHOOSER_BUDGET: u64 = 60 * KIB;
/// The style sheet, under brotli.
const STYLE_BUDGET: u64 = 25 * KIB;

/// Prints the sizes and says by the exit code whether they are within the budget.
///
/// # Errors
/// When the bundle cannot be built.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    bundle::build(workspace, Quality::Shipped)?;
    Ok(if is_within_budget(workspace)? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints the sizes of the built site and whether they are within the budget.
///
/// # Errors
/// When there is no built site.
pub fn is_within_budget(workspace: &Workspace) -> Result<bool> {
    let manifest = Manifest::read(workspace)?;
    println!("{:>12} {:>10} {:>10} {:>10}", "", "raw", "gzip", "brotli");
    let measure = |label: &str, address: &str| -> Result<u64> {
        let path = workspace.site().join(address.trim_start_matches('/'));
        let size = |suffix: &str| -> Result<u64> {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            Ok(fs::metadata(name)?.len())
        };
        let (raw, gzip, brotli) = (size("")?, size(".gz")?, size(".br")?);
        println!("{label:>12} {raw:>10} {gzip:>10} {brotli:>10}");
        Ok(brotli)
    };
    let script = measure("js", &manifest.js)? + measure("wasm", &manifest.wasm)?;
    let planner = measure("planner js", &manifest.planner_js)?
        + measure("planner wasm", &manifest.planner_wasm)?;
    let follow =
        measure("follow js", &manifest.follow_js)? + measure("follow wasm", &manifest.follow_wasm)?;
    let chooser = measure("chooser js", &manifest.chooser_js)?
        + measure("chooser wasm", &manifest.chooser_wasm)?;
    let style = measure("css", &manifest.css)?;
    let script = judge("js + wasm", script, SCRIPT_BUDGET);
    let style = judge("css", style, STYLE_BUDGET);
    let planner = judge("planner, after everything else", planner, PLANNER_BUDGET);
    let follow = judge("follow, for who waits for an order", follow, FOLLOW_BUDGET);
    let chooser = judge("chooser, for items with options", chooser, CHOOSER_BUDGET);
    Ok(script && planner && follow && chooser && style)
}

fn judge(label: &str, size: u64, budget: u64) -> bool {
    let within = size <= budget;
    let verdict = if within { "within" } else { "ABOVE" };
    println!("{label}: {size} bytes of brotli, {verdict} the budget of {budget}");
    within
}
