//! `cargo xtask dev`

use crate::bundle::{self, Quality};
use crate::cleanup;
use crate::process;
use crate::server::{self, Server};
use crate::wasm::Toolchain;
use crate::workspace::Workspace;
use anyhow::Result;
use notify::{EventKind, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

/// What the browser gets without a compiler.
const ASSETS: [&str; 2] = ["style", "public"];
/// What cargo compiles; it knows best which of it concerns whom.
const SOURCES: [&str; 12] = [
    "app",
    "chooser",
    "data",
    "domain",
    "follow",
    "frontend",
    "locales",
    "migrations",
    "planner",
    "server",
    "service",
    "storage",
];
/// An editor that saves a file, or git that changes many, is done after this pause.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a server that ended by itself is noticed.
const WATCH: Duration = Duration::from_secs(1);

/// Serves a debug build until interrupted, and follows the sources.
///
/// # Errors
/// When it cannot be set up; what does not compile is only printed.
pub fn run(workspace: &Workspace, listen: SocketAddr) -> Result<()> {
    cleanup::on_interrupt()?;
    let toolchain = Toolchain::set_up(workspace)?;
    fs::create_dir_all(workspace.path("var"))?;

    let (sender, changes) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        match event {
            Ok(event) if !matches!(event.kind, EventKind::Access(_)) => {
                for path in event.paths {
                    // The receiver is gone only when the process ends.
                    let _ = sender.send(path);
                }
            }
            Ok(_) => {}
            Err(error) => eprintln!("error: {error}"),
        }
    })?;
    for directory in ASSETS.iter().chain(&SOURCES) {
        let path = workspace.path(directory);
        if path.is_dir() {
            watcher.watch(&path, RecursiveMode::Recursive)?;
        }
    }

    let mut running = Running::default();
    running.update(workspace, &toolchain, listen, true);
    loop {
        let changed = next_changes(&changes, || running.notice_end());
        let sources = changed.iter().any(|path| {
            SOURCES
                .iter()
                .any(|name| path.starts_with(workspace.path(name)))
        });
        running.update(workspace, &toolchain, listen, sources);
    }
}

/// Waits for changes and for a pause after them.
fn next_changes(changes: &Receiver<PathBuf>, mut idle: impl FnMut()) -> BTreeSet<PathBuf> {
    let mut changed = BTreeSet::new();
    loop {
        let limit = if changed.is_empty() { WATCH } else { PAUSE };
        match changes.recv_timeout(limit) {
            Ok(path) => {
                if !is_noise(&path) {
                    changed.insert(path);
                }
            }
            Err(RecvTimeoutError::Timeout) if changed.is_empty() => idle(),
            Err(_) => return changed,
        }
    }
}

/// Whether it is an editor's backup or swap file.
fn is_noise(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_none_or(|name| {
            name.starts_with('.') || name.ends_with('~') || name.parse::<u32>().is_ok()
        })
}

/// The server that runs, if any, and the build of it.
#[derive(Debug, Default)]
struct Running {
    server: Option<Server>,
    built: Option<SystemTime>,
}

impl Running {
    fn update(
        &mut self,
        workspace: &Workspace,
        toolchain: &Toolchain,
        listen: SocketAddr,
        sources: bool,
    ) {
        if let Err(error) = self.try_update(workspace, toolchain, listen, sources) {
            eprintln!("error: {error:#}");
        }
        eprintln!("==> Watching for changes");
    }

    fn try_update(
        &mut self,
        workspace: &Workspace,
        toolchain: &Toolchain,
        listen: SocketAddr,
        sources: bool,
    ) -> Result<()> {
        if sources {
            bundle::compile(workspace, toolchain, Quality::Quick)?;
        }
        let mut changed = bundle::assemble(workspace, Quality::Quick)?;
        let binary = server::binary(workspace, "debug");
        if sources {
            process::step("Building the server", || {
                process::run(workspace.cargo().args([
                    "build",
                    "--package=server",
                    "--bin=nutriflow",
                ]))
            })?;
            let built = fs::metadata(&binary)?.modified()?;
            changed |= self.built.replace(built) != Some(built);
        }
        if changed || self.server.is_none() {
            // The old one first: it holds the port and the database.
            self.server = None;
            let database = workspace.path("var");
            let mut command = server::serve_command(workspace, &binary, listen, &database);
            self.server = Some(Server::start(&mut command)?);
        }
        Ok(())
    }

    /// Says that the server ended by itself, once; the next change starts it again.
    fn notice_end(&mut self) {
        let ended = self.server.as_ref().map(Server::ended);
        if let Some(Ok(Some(status))) = ended {
            eprintln!("error: the server has ended: {status}");
            self.server = None;
        }
    }
}
