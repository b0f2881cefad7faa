//! Time and ids. Nothing in the product takes them from anywhere else, so that every rule can be
//! tested at any moment.

use std::sync::atomic::{AtomicI64, Ordering};
use uuid::{ContextV7, Timestamp, Uuid};

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Microseconds since 1970 UTC.
    fn now(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is where the time comes from"
    )]
    fn now(&self) -> i64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| {
                i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
            })
    }
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `now`, in microseconds.
    #[must_use]
    pub const fn new(now: i64) -> Self {
        Self(AtomicI64::new(now))
    }

    /// Moves the clock by so many microseconds, back where negative.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Makes UUIDv7: they grow with time, also within a millisecond.
#[derive(Debug, Default)]
pub(crate) struct Ids(std::sync::Mutex<ContextV7>);

impl Ids {
    pub(crate) fn next(&self, now: i64) -> Uuid {
        let seconds = u64::try_from(now.div_euclid(1_000_000)).unwrap_or_default();
        let nanos = u32::try_from(now.rem_euclid(1_000_000) * 1000).unwrap_or_default();
        let context = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, nanos))
    }
}
