//! A throwaway PostgreSQL cluster for tests and benchmarks.

use crate::cleanup::Cleanup;
use crate::process;
use crate::system::{self, TemporaryDirectory};
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Names a PostgreSQL server to use instead of a throwaway one; the tests read it too.
pub const URL: &str = "NUTRIFLOW_TEST_POSTGRES_URL";

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// Nothing outlives the tests.
    Careless,
    /// As in use: what is measured is what people get.
    Durable,
}

impl Disk {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Careless => &[
                "--fsync=off",
                "--synchronous_commit=off",
                "--full_page_writes=off",
                // Tests look into the database by connections of their own, and each would load a compiler.
                "--jit=off",
            ],
            Self::Durable => &[],
        }
    }

    fn directory(self) -> Result<TemporaryDirectory> {
        match self {
            Self::Careless => TemporaryDirectory::fleeting("postgres"),
            Self::Durable => TemporaryDirectory::new("postgres"),
        }
    }
}

/// A running cluster, stopped and removed when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    // Stopped before its files are removed: fields are dropped in their order, and of an interrupted
    // process what was registered last is undone first.
    _process: Cleanup,
    _directory: TemporaryDirectory,
}

impl Cluster {
    /// Starts a cluster in a temporary directory, installing PostgreSQL when it is absent.
    ///
    /// # Errors
    /// When PostgreSQL cannot be installed or does not start.
    pub fn start(disk: Disk) -> Result<Self> {
        let binaries = find_binaries()?;
        let temporary = disk.directory()?;
        let directory = temporary.path();
        let user = unprivileged_user()?;
        if let Some(user) = &user {
            chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let child = Arc::new(Mutex::new(None));
        let cleanup = {
            let child = Arc::clone(&child);
            Cleanup::new(move || {
                if let Some(child) = lock(&child).take() {
                    stop(child);
                }
            })
        };
        let command = |program: &str| {
            let mut command = Command::new(binaries.join(program));
            command.current_dir(directory).env("LC_ALL", "C.UTF-8");
            if let Some(user) = &user {
                command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            }
            command
        };

        let data = directory.join("data");
        process::output(
            command("initdb")
                .args(["--username=nutriflow", "--auth=trust", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
                .arg(&data),
        )?;
        let port = system::free_port()?;
        let log = directory.join("log");
        let process = command("postgres")
            .arg("-D")
            .arg(&data)
            .arg(format!("--unix_socket_directories={}", directory.display()))
            .arg(format!("--port={port}"))
            .args(["--listen_addresses=127.0.0.1", "--max_connections=400"])
            .args(disk.settings())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .context("cannot start postgres")?;
        if let Err(error) = wait_until_ready(lock(&child).insert(process), &data) {
            let log = fs::read_to_string(&log).unwrap_or_default();
            return Err(error.context(log));
        }
        Ok(Self {
            url: format!("postgres://nutriflow@127.0.0.1:{port}/postgres"),
            _process: cleanup,
            _directory: temporary,
        })
    }

    /// Where the cluster is reached.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn lock(child: &Mutex<Option<Child>>) -> MutexGuard<'_, Option<Child>> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The directory of `initdb` and `postgres`.
fn find_binaries() -> Result<PathBuf> {
    let installed = || {
        let in_path = system::find_program(&["initdb"])
            .and_then(|program| fs::canonicalize(program).ok())
            .and_then(|program| program.parent().map(Path::to_path_buf));
        // Debian leaves them out of PATH and keeps a directory for each version.
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .collect();
        versions.sort_by_key(|path| version(path));
        in_path
            .into_iter()
            .chain(versions.into_iter().rev())
            .find(|directory| {
                directory.join("initdb").is_file() && directory.join("postgres").is_file()
            })
    };
    if let Some(directory) = installed() {
        return Ok(directory);
    }
    system::install_packages(&["postgresql"])?;
    installed().context("the package postgresql brought no initdb")
}

fn version(binaries: &Path) -> u32 {
    binaries
        .parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str()?.parse().ok())
        .unwrap_or(0)
}

/// PostgreSQL refuses to run as root.
fn unprivileged_user() -> Result<Option<User>> {
    if !system::is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(user));
        }
    }
    bail!("PostgreSQL does not run as root, and here is no user postgres or nobody")
}

/// Waits until the server's own status file says that it accepts connections.
fn wait_until_ready(child: &mut Child, data: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        let status = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if status
            .lines()
            .nth(7)
            .is_some_and(|line| line.trim() == "ready")
        {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            bail!("postgres ended at its start: {status}");
        }
        if start.elapsed() > Duration::from_secs(60) {
            bail!("postgres was not ready after 60 s");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// At once and without a checkpoint: the data go anyway.
fn stop(mut child: Child) {
    if let Ok(id) = child.id().try_into() {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(id), Signal::SIGQUIT);
    }
    if let Err(error) = child.wait() {
        eprintln!("cannot wait for postgres: {error}");
    }
}
