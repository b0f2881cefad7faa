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

/// By how much the clocks that threads have read may differ, in microseconds.
const JITTER: i64 = 1_000_000;

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

    /// An id, and the moment that it names: not `now` where another thread was a little faster. The
    /// hour in which a job is counted is so the hour of its id. Only after a clock was set back can
    /// they differ, until it has caught up.
    pub(crate) fn next_at(&self, now: i64) -> (Uuid, i64) {
        let id = self.next(now);
        let named = i64::try_from(id.as_u128() >> 80).unwrap_or_default() * 1000;
        let at = if (0..JITTER).contains(&(named - now)) {
            named
        } else {
            now
        };
        (id, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_the_moment_that_comes_with_it() {
        let ids = Ids::default();
        let hour = 3_600_000_000;
        let now = 500_000 * hour;
        assert_eq!(ids.next_at(now).1, now);
        // Another thread had read the clock before the hour ended.
        let (id, at) = ids.next_at(now - 3);
        assert_eq!(at, now);
        assert_eq!(id.as_u128() >> 80, (now / 1000) as u128);
        assert_eq!(ids.next_at(now + 7).1, now + 7);
        // The clock was set back.
        assert_eq!(ids.next_at(now - hour).1, now - hour);
    }
}
