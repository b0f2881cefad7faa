//! `cargo xtask serve` and `cargo xtask build`

use crate::bundle::{self, Quality};
use crate::server;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;

/// Sets up, builds, and becomes the server.
///
/// # Errors
/// When a step fails.
pub fn run(workspace: &Workspace, listen: SocketAddr) -> Result<()> {
    bundle::build(workspace, Quality::Shipped)?;
    let binary = server::build(workspace, "serve")?;
    let data = workspace.path("var");
    fs::create_dir_all(&data)?;
    eprintln!("==> Starting {}", binary.display());
    let error = server::serve_command(workspace, &binary, listen, &data).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}

/// Sets up and builds the binary to install.
///
/// # Errors
/// When a step fails.
pub fn build(workspace: &Workspace) -> Result<()> {
    bundle::build(workspace, Quality::Shipped)?;
    let binary = server::build(workspace, "release")?;
    println!("{}", binary.display());
    Ok(())
}
