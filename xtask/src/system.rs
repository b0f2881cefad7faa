//! The machine: its programs, and Debian's packages for those that it lacks.

use crate::cleanup::Cleanup;
use crate::process;
use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first program of one of these names in `PATH`.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let directories: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        directories
            .iter()
            .map(|directory| directory.join(name))
            .find(|candidate| candidate.is_file())
    })
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether [`install_packages`] can work here at all.
pub fn has_packages() -> bool {
    find_program(&["apt-get"]).is_some()
}

/// Installs those of Debian's packages that are missing.
///
/// # Errors
/// When something is missing and cannot be installed.
pub fn install_packages(names: &[&str]) -> Result<()> {
    let missing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !is_installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !has_packages() {
        bail!("please install {list} (here is no apt-get to do it)");
    }
    if !is_root() && find_program(&["sudo"]).is_none() {
        bail!("please run as root: apt-get install {list}");
    }
    process::step(&format!("Installing {list}"), || {
        let mut install = vec!["install", "--yes", "--no-install-recommends"];
        install.extend(missing.iter().copied());
        // Lists may be absent, or older than what the mirror still keeps.
        process::run(&mut apt_get(&["update"]))?;
        process::run(&mut apt_get(&install))
    })
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    };
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"])
        .args(["-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments);
    command
}

/// What [`memory`] must have room for: 8 databases of tests at once, and a gigabyte of PostgreSQL's log.
const MEMORY_LEAST: u64 = 4 << 30;

/// Where files are kept in memory, if they are and there is room. Making a test's database there takes
/// a tenth of the time: it is hundreds of files.
fn memory() -> Option<PathBuf> {
    let directory = PathBuf::from("/dev/shm");
    let space = nix::sys::statvfs::statvfs(&directory).ok()?;
    // The types of both differ between systems.
    #[allow(clippy::useless_conversion, reason = "see above")]
    let free = u64::from(space.blocks_available()) * u64::from(space.fragment_size());
    (free >= MEMORY_LEAST).then_some(directory)
}

/// A directory that is removed with all that is in it when this is dropped, or the process interrupted.
#[derive(Debug)]
pub struct TemporaryDirectory {
    path: PathBuf,
    _cleanup: Cleanup,
}

impl TemporaryDirectory {
    /// A new, empty directory for this process alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(purpose: &str) -> Result<Self> {
        Self::within(&env::temp_dir(), purpose)
    }

    /// Such a directory for what need not outlive the machine: in memory where there is room.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fleeting(purpose: &str) -> Result<Self> {
        Self::within(&memory().unwrap_or_else(env::temp_dir), purpose)
    }

    fn within(parent: &Path, purpose: &str) -> Result<Self> {
        let path = parent.join(format!("nutriflow-{purpose}-{}", std::process::id()));
        remove_directory(&path)?;
        std::fs::create_dir(&path)?;
        let removed = path.clone();
        let cleanup = Cleanup::new(move || {
            if let Err(error) = remove_directory(&removed) {
                eprintln!("cannot remove {}: {error}", removed.display());
            }
        });
        Ok(Self {
            path,
            _cleanup: cleanup,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes a directory with all that is in it, if it is there.
///
/// # Errors
/// When it cannot be removed.
pub fn remove_directory(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A port of the loopback interface that nobody listens on.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}
