//! Where a test has a process stop: at a commit, before or after it lasts; and what it has a disk do.
//!
//! Built for tests alone, by the feature `faults`. A process that has stopped does nothing more with its
//! database, as one that was killed; what it had begun is undone once its connections are gone.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use tokio::sync::Notify;

/// The commits of a database, as a test counts them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    /// How many boundaries are left to pass.
    left: AtomicI64,
    stopped: Notify,
    disk: Mutex<Disk>,
    disk_changed: Condvar,
}

/// What a disk does when it is to write SQLite's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// What it is asked.
    Writes,
    /// Nothing for now.
    Stalls,
    /// It says that it can't.
    Refuses,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Counted {
            left: AtomicI64::new(i64::MAX),
            stopped: Notify::new(),
            disk: Mutex::new(Disk::Writes),
            disk_changed: Condvar::new(),
        }))
    }
}

impl Faults {
    /// Passes so many boundaries more and stops at the next one. Each commit has two: before it and
    /// after it.
    pub fn stop_after(&self, boundaries: i64) {
        self.0.left.store(boundaries, Ordering::SeqCst);
    }

    /// Waits until it has stopped.
    pub async fn stopped(&self) {
        self.0.stopped.notified().await;
    }

    /// What the disk does from now on.
    pub fn set_disk(&self, disk: Disk) {
        *self.0.disk.lock().unwrap_or_else(PoisonError::into_inner) = disk;
        self.0.disk_changed.notify_all();
    }

    /// Waits while the disk stalls, and fails where it refuses.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let disk = self.0.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let stalls = |disk: &mut Disk| *disk == Disk::Stalls;
        let disk = self.0.disk_changed.wait_while(disk, stalls);
        match *disk.unwrap_or_else(PoisonError::into_inner) {
            Disk::Refuses => Err(io::Error::other("on purpose")),
            Disk::Writes | Disk::Stalls => Ok(()),
        }
    }

    /// Passes a boundary, or never returns.
    pub(crate) async fn pass(&self) {
        if self.0.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.0.stopped.notify_one();
            std::future::pending::<()>().await;
        }
    }
}
