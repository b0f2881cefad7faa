//! Cargo with clippy as its compiler for the packages of this workspace.
//!
//! `cargo clippy` checks every dependency once more, beside what the tests compile: minutes on a fresh
//! machine. Clippy's driver is the compiler with more lints, so that one compilation does both. What
//! is compiled so is kept apart from what `cargo` alone compiles.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Clippy's own separator of its arguments.
const SEPARATOR: &str = "__CLIPPY_HACKERY__";

/// Cargo that lints what it compiles; a warning is an error.
///
/// # Errors
/// When the compiler does not tell where it is.
pub fn cargo(workspace: &Workspace) -> Result<Command> {
    let sysroot = process::output(workspace.command("rustc").arg("--print=sysroot"))?;
    let mut cargo = workspace.cargo();
    cargo
        .env(
            "RUSTC_WORKSPACE_WRAPPER",
            Path::new(sysroot.trim()).join("bin/clippy-driver"),
        )
        .env(
            "CLIPPY_ARGS",
            ["--deny", "warnings"]
                .map(|one| format!("{one}{SEPARATOR}"))
                .concat(),
        );
    Ok(cargo)
}
