//! The server's binary, built and run.

use crate::cleanup::Cleanup;
use crate::lint;
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server that was asked to stop may take to finish its requests.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// The built binary.
pub fn binary(workspace: &Workspace, profile_directory: &str) -> PathBuf {
    workspace.target(profile_directory).join("nutriflow")
}

/// `nutriflow serve` with the demo's data.
pub fn serve_command(
    workspace: &Workspace,
    binary: &Path,
    listen: SocketAddr,
    database: &Path,
) -> Command {
    let mut command = workspace.command(binary);
    command
        .args(["serve", "--mode", "demo", "--listen", &listen.to_string()])
        .arg("--database")
        .arg(format!("sqlite:{}", database.display()))
        // Nobody needs to see it go.
        .env("NUTRIFLOW_STOP_GRACE", "0");
    command
}

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Arc<Mutex<Child>>,
    _cleanup: Cleanup,
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn().context("cannot start the server")?;
        let child = Arc::new(Mutex::new(child));
        let stopped = Arc::clone(&child);
        let cleanup = Cleanup::new(move || {
            if let Err(error) = stop(&mut lock(&stopped)) {
                eprintln!("cannot stop the server: {error}");
            }
        });
        Ok(Self {
            child,
            _cleanup: cleanup,
        })
    }

    /// How the server ended, if it did.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&self) -> Result<Option<ExitStatus>> {
        Ok(lock(&self.child).try_wait()?)
    }

    /// Waits until the server says that it is ready.
    ///
    /// # Errors
    /// When it ends or takes longer than `limit`.
    pub fn wait_until_ready(&self, address: SocketAddr, limit: Duration) -> Result<()> {
        let start = Instant::now();
        while !is_ready(address) {
            if let Some(status) = self.ended()? {
                bail!("the server ended before it was ready: {status}");
            }
            if start.elapsed() > limit {
                bail!("the server was not ready after {} s", limit.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stop(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_some() {
        return Ok(());
    }
    kill(Pid::from_raw(child.id().try_into()?), Signal::SIGTERM)?;
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > STOP_LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("it did not end within {} s", STOP_LIMIT.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// One request by hand: an HTTP client would be most of xtask's build.
fn is_ready(address: SocketAddr) -> bool {
    let request = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    request().is_ok_and(|status| status == "HTTP/1.1 200")
}

/// Prints the end of a server's log.
pub fn print_log_end(log: &Path) {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(30)..] {
        eprintln!("    | {line}");
    }
}

/// Builds the binary that holds everything: by the profile `release`, or `serve`, which compiles in
/// half the time.
///
/// # Errors
/// When it does not compile.
pub fn build(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    process::step("Building the server", || {
        process::run(
            workspace
                .cargo()
                .args(["build", "--package=server", "--bin=nutriflow"])
                .args(["--profile", profile]),
        )
    })?;
    Ok(binary(workspace, profile))
}

/// Builds a debug binary, which reads the site from the disk.
///
/// # Errors
/// When it does not compile.
pub fn build_debug(workspace: &Workspace) -> Result<PathBuf> {
    process::step("Building the server for tests", || {
        process::run(lint::cargo(workspace)?.args([
            "build",
            // The compiler, the packages and (by way of --examples) the development dependencies of
            // `cargo test --workspace`: another selection would have other features, and
            // compile every dependency once more.
            "--workspace",
            "--exclude=frontend",
            "--exclude=xtask",
            "--bin=nutriflow",
            "--examples",
        ]))
    })?;
    Ok(binary(workspace, "debug"))
}
