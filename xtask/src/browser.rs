//! A Chromium for the end-to-end tests.

use crate::process;
use crate::system;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::PathBuf;

/// The shell has no windows at all, and so draws a page in less time.
const NAMES: [&str; 4] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
];

/// Finds a browser or installs Debian's; `None` means that Playwright brings its own.
///
/// # Errors
/// When there is none to be had.
pub fn set_up(workspace: &Workspace) -> Result<Option<PathBuf>> {
    if let Some(browser) = system::find_program(&NAMES) {
        return Ok(Some(browser));
    }
    // Older releases of Debian have no package of the shell alone.
    let installed = system::install_packages(&["chromium-headless-shell"])
        .or_else(|_| system::install_packages(&["chromium"]));
    match installed {
        Ok(()) => Ok(system::find_program(&NAMES)),
        Err(error) => {
            eprintln!("    {error:#}; taking Playwright's browser instead");
            process::step("Installing Playwright's browser", || {
                process::run(
                    workspace
                        .command("node_modules/.bin/playwright")
                        .current_dir(workspace.path("end2end"))
                        .args(["install", "chromium"]),
                )
            })?;
            Ok(None)
        }
    }
}
