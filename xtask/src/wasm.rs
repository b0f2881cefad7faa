//! A toolchain that compiles for the browser.
//!
//! rustup's standard library for WebAssembly where it is installed or can be; otherwise Debian's
//! `rustc-web`, which brings the standard library as source, so that it is compiled here once.

use crate::process;
use crate::system;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The browser's target.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Setting this to `debian` takes the second way even where the first is open, to test it.
const FORCE: &str = "NUTRIFLOW_WASM_TOOLCHAIN";

/// Cargo and a compiler with the browser's standard library.
#[derive(Debug)]
pub enum Toolchain {
    /// The one that runs this xtask.
    Own,
    /// Debian's, with a standard library compiled here.
    Debian {
        /// Where that library is.
        sysroot: PathBuf,
        /// LLVM's linker of the compiler's own version.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds or installs a toolchain.
    ///
    /// # Errors
    /// When neither way leads anywhere.
    pub fn set_up(workspace: &Workspace) -> Result<Self> {
        let forced = std::env::var_os(FORCE).is_some_and(|value| value == "debian");
        if !forced {
            if has_target(workspace)? {
                return Ok(Self::Own);
            }
            if system::find_program(&["rustup"]).is_some() {
                let added = process::step("Adding the browser's target", || {
                    process::run_within(
                        Duration::from_secs(180),
                        workspace.command("rustup").args(["target", "add", TARGET]),
                    )
                });
                match added {
                    Ok(()) => return Ok(Self::Own),
                    Err(error) => eprintln!("    {error:#}; taking Debian's compiler instead"),
                }
            }
        }
        debian(workspace)
    }

    /// `cargo <command>` for the browser's target.
    pub fn cargo(&self, workspace: &Workspace, command: &str) -> Command {
        let mut cargo = match self {
            Self::Own => workspace.cargo(),
            // Run as `cargo clippy`, it would find rustup's in the user's directory first.
            Self::Debian { .. } if command == "clippy" => {
                workspace.command("/usr/bin/cargo-clippy")
            }
            Self::Debian { .. } => workspace.command("/usr/bin/cargo"),
        };
        cargo.args([command, "--target", TARGET]);
        if let Self::Debian { sysroot, linker } = self {
            // Cargo appends these flags to those of .cargo/config.toml, which an environment
            // variable would replace.
            cargo
                .env("CARGO", "/usr/bin/cargo")
                .env("RUSTC", "/usr/bin/rustc")
                .arg("--config")
                .arg(format!(
                    "target.{TARGET}.rustflags=[\"--sysroot={}\"]",
                    sysroot.display()
                ))
                .arg("--config")
                .arg(format!("target.{TARGET}.linker=\"{}\"", linker.display()));
        }
        cargo
    }

    /// Makes sure that `cargo clippy` works too.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub fn set_up_clippy(&self) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Debian { .. } => system::install_packages(&["rust-web-clippy"]),
        }
    }
}

fn has_target(workspace: &Workspace) -> Result<bool> {
    let directory = process::output(workspace.command("rustc").args([
        "--print=target-libdir",
        "--target",
        TARGET,
    ]))?;
    Ok(Path::new(directory.trim()).is_dir())
}

fn debian(workspace: &Workspace) -> Result<Toolchain> {
    system::install_packages(&["rustc-web", "cargo-web", "rust-web-src"])?;
    let version = process::output(Command::new("/usr/bin/rustc").arg("-vV"))?;
    let llvm = llvm_major(&version).context("Debian's rustc does not tell its LLVM version")?;
    system::install_packages(&[&format!("lld-{llvm}")])?;
    let linker = PathBuf::from(format!("/usr/lib/llvm-{llvm}/bin/wasm-ld"));
    if !linker.is_file() {
        bail!("lld-{llvm} brought no {}", linker.display());
    }
    let sysroot = workspace.target("wasm-sysroot");
    let stamp = sysroot.join("rustc-version");
    if fs::read_to_string(&stamp).is_ok_and(|built| built == version) {
        return Ok(Toolchain::Debian { sysroot, linker });
    }
    process::step("Compiling the browser's standard library", || {
        build_sysroot(workspace, &sysroot)?;
        fs::write(&stamp, &version)?;
        Ok(())
    })?;
    Ok(Toolchain::Debian { sysroot, linker })
}

/// Compiles the standard library by way of an empty package, and lays it where rustc looks.
fn build_sysroot(workspace: &Workspace, sysroot: &Path) -> Result<()> {
    system::remove_directory(sysroot)?;
    let empty = sysroot.join("empty");
    fs::create_dir_all(empty.join("src"))?;
    fs::write(empty.join("src/lib.rs"), "")?;
    // Its own workspace, or cargo would miss it among the members of this one.
    fs::write(
        empty.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    process::run(
        workspace
            .command("/usr/bin/cargo")
            .current_dir(&empty)
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", empty.join("target"))
            .args(["build", "--release", "--target", TARGET])
            .arg("-Zbuild-std=std,panic_abort,panic_unwind,proc_macro"),
    )?;
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&library)?;
    for entry in fs::read_dir(empty.join("target").join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, library.join(name))?;
        }
    }
    Ok(fs::remove_dir_all(empty)?)
}

fn llvm_major(version: &str) -> Option<&str> {
    version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?
        .split('.')
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_follows_the_compilers_llvm() {
        let version = "rustc 1.96.0\nhost: x86_64-unknown-linux-gnu\nLLVM version: 22.1.8\n";
        assert_eq!(llvm_major(version), Some("22"));
        assert_eq!(llvm_major("rustc 1.96.0\n"), None);
    }
}
