//! Where a test has a process stop: at a commit, before or after it lasts.
//!
//! Built for tests alone, by the feature `faults`. A process that has stopped does nothing more with its
//! database, as one that was killed; what it had begun is undone once its connections are gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Notify;

/// The commits of a database, as a test counts them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    /// How many boundaries are left to pass.
    left: AtomicI64,
    stopped: Notify,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Counted {
            left: AtomicI64::new(i64::MAX),
            stopped: Notify::new(),
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

    /// Passes a boundary, or never returns.
    pub(crate) async fn pass(&self) {
        if self.0.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.0.stopped.notify_one();
            std::future::pending::<()>().await;
        }
    }
}
