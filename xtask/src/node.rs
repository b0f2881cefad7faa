//! Node.js and the packages of the end-to-end tests.

use crate::process;
use crate::system;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

/// What Playwright asks for.
const OLDEST: u32 = 18;

/// Installs Node.js when it is absent, and the packages when the lock file has changed.
///
/// # Errors
/// When something cannot be installed.
pub fn set_up(workspace: &Workspace) -> Result<()> {
    for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
        if system::find_program(&[program]).is_none() {
            system::install_packages(&[package])?;
        }
    }
    let version = process::output(Command::new("node").arg("--version"))?;
    let version = version.trim();
    if major(version).is_none_or(|major| major < OLDEST) {
        bail!("the end-to-end tests need Node.js {OLDEST} or later, here is {version}");
    }

    let directory = workspace.path("end2end");
    let lock = fs::read(directory.join("package-lock.json"))?;
    let stamp = directory.join("node_modules/.installed-from");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    process::step("Installing the end-to-end tests' packages", || {
        process::run(
            workspace
                .command("npm")
                .current_dir(&directory)
                // The browser comes from elsewhere, and no machine needs all three of them.
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
                .args(["ci", "--no-audit", "--no-fund"]),
        )?;
        fs::write(&stamp, &lock).context("npm made no node_modules")
    })
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("unknown"), None);
    }
}
