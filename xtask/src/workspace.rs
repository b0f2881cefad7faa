//! Where things are, and how cargo is called.

use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace that this xtask belongs to, whatever directory it was called from.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds the workspace and cargo's target directory.
    ///
    /// # Errors
    /// When cargo cannot read the manifests.
    pub fn find() -> Result<Self> {
        // The value at run time is right even when two clones share a target directory.
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .context("xtask stands in no workspace")?
            .to_path_buf();
        let mut workspace = Self {
            target: root.join("target"),
            root,
        };
        let metadata = crate::process::output(workspace.cargo().args([
            "metadata",
            "--no-deps",
            "--format-version=1",
        ]))?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
        workspace.target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")?
            .into();
        Ok(workspace)
    }

    /// A path in the source tree.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path in cargo's target directory.
    pub fn target(&self, relative: &str) -> PathBuf {
        self.target.join(relative)
    }

    /// The built site. It does not move with cargo's target directory, because the server embeds
    /// it by a path relative to its own source.
    pub fn site(&self) -> PathBuf {
        self.root.join("target/site")
    }

    /// The cargo that runs this xtask, in the root of the workspace.
    pub fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// A command in the root of the workspace.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // `cargo run` tells xtask about its own package. Build scripts that watch these variables
        // would run again each time cargo is called from here after having been called by hand.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            }) {
                command.env_remove(name);
            }
        }
        command
    }
}
