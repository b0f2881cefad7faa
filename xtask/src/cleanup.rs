//! What must be undone at the end, also when the end is an error or Ctrl-C.

use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

type Action = Box<dyn FnOnce() + Send>;

static ACTIONS: Mutex<BTreeMap<u64, Action>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// An action that runs exactly once: when this is dropped, or when the process is interrupted.
#[derive(Debug)]
#[must_use]
pub struct Cleanup(u64);

impl Cleanup {
    /// Registers an action.
    pub fn new(action: impl FnOnce() + Send + 'static) -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        actions().insert(id, Box::new(action));
        Self(id)
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        // The lock is kept while it runs, so that an interrupt waits for its end.
        let mut actions = actions();
        if let Some(action) = actions.remove(&self.0) {
            action();
        }
    }
}

/// From now on, an interrupted process runs the registered actions, the last one first.
///
/// # Errors
/// When the signal handler cannot be installed.
pub fn on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        // The lock is kept, so that the main thread cannot register anything that is then left.
        let mut actions = actions();
        eprintln!("interrupted");
        while let Some((_, action)) = actions.pop_last() {
            action();
        }
        std::process::exit(130);
    })?;
    Ok(())
}

fn actions() -> std::sync::MutexGuard<'static, BTreeMap<u64, Action>> {
    ACTIONS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
