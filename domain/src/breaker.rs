//! The circuit breaker around a gateway: after some failures in a row nobody calls it for a while,
//! then one call is let through to see whether it is well again.
//!
//! closed → open after [`Breaker::FAILURES_MOST`] failures in a row → half-open once its time is over →
//! closed where the one call succeeds, else open for twice as long.

use serde::{Deserialize, Serialize};

/// Where a breaker stands. All moments are microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Breaker {
    /// Every call is let through.
    Closed {
        /// How many calls have failed since the last one that succeeded.
        failures: i64,
    },
    /// No call is let through.
    Open {
        /// How many calls have failed since the last one that succeeded.
        failures: i64,
        /// When one is let through.
        until: i64,
    },
    /// One call is let through, and what comes of it decides.
    HalfOpen {
        /// How many calls have failed since the last one that succeeded.
        failures: i64,
        /// Until when the one that was let through is waited for; none is on its way where absent.
        probing: Option<i64>,
    },
}

/// What kind of state a breaker is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BreakerState {
    /// Calls are let through.
    Closed,
    /// Calls wait.
    Open,
    /// One call is let through to see.
    HalfOpen,
}

impl BreakerState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What a call was let through as. It belongs to the call's outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// One of many.
    Usual,
    /// The one that decides.
    Probe,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// After so many failures in a row it opens.
    pub const FAILURES_MOST: i64 = 5;
    /// How long it is open at first, in microseconds; twice as long after each probe that failed.
    pub const OPEN_LEAST: i64 = 1_000_000;
    /// How long it is open at most, in microseconds.
    pub const OPEN_MOST: i64 = 60_000_000;
    /// How long a probe is waited for, in microseconds: longer than any call may take. One that never
    /// says what came of it, as where its process died, is followed by another.
    pub const PROBE_MOST: i64 = 20_000_000;

    /// Its kind of state.
    #[must_use]
    pub const fn state(self) -> BreakerState {
        match self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// How many calls have failed since the last one that succeeded.
    #[must_use]
    pub const fn failures(self) -> i64 {
        match self {
            Self::Closed { failures }
            | Self::Open { failures, .. }
            | Self::HalfOpen { failures, .. } => failures,
        }
    }

    /// When the next call is let through, where that is known.
    #[must_use]
    pub const fn until(self) -> Option<i64> {
        match self {
            Self::Closed { .. } | Self::HalfOpen { probing: None, .. } => None,
            Self::Open { until, .. } => Some(until),
            Self::HalfOpen { probing, .. } => probing,
        }
    }

    /// Lets a call through, or says when to come back.
    ///
    /// # Errors
    /// The moment before which no call is let through.
    pub const fn allow(&mut self, now: i64) -> Result<Passage, i64> {
        let failures = match *self {
            Self::Closed { .. } => return Ok(Passage::Usual),
            Self::Open { failures, until } => {
                if until > now {
                    return Err(until);
                }
                failures
            }
            Self::HalfOpen {
                failures,
                probing: Some(until),
            } => {
                if until > now {
                    // The probe is likely to tell much sooner than it has to.
                    let soon = now.saturating_add(Self::OPEN_LEAST);
                    return Err(if soon < until { soon } else { until });
                }
                failures
            }
            Self::HalfOpen {
                failures,
                probing: None,
            } => failures,
        };
        *self = Self::HalfOpen {
            failures,
            probing: Some(now.saturating_add(Self::PROBE_MOST)),
        };
        Ok(Passage::Probe)
    }

    /// Notes that a call succeeded. One that was let through before it opened decides nothing any more.
    pub const fn succeeded(&mut self, passage: Passage) {
        if self.counts(passage) {
            *self = Self::Closed { failures: 0 };
        }
    }

    /// Notes that a call failed.
    pub const fn failed(&mut self, passage: Passage, now: i64) {
        if !self.counts(passage) {
            return;
        }
        let failures = self.failures().saturating_add(1);
        *self = if failures < Self::FAILURES_MOST {
            Self::Closed { failures }
        } else {
            Self::Open {
                failures,
                until: now.saturating_add(Self::open_for(failures)),
            }
        };
    }

    /// Notes that nobody will learn what came of a call, as where whoever made it was stopped.
    pub const fn abandoned(&mut self, passage: Passage) {
        if let (Self::HalfOpen { failures, .. }, Passage::Probe) = (*self, passage) {
            *self = Self::HalfOpen {
                failures,
                probing: None,
            };
        }
    }

    /// How long it is open after so many failures in a row.
    const fn open_for(failures: i64) -> i64 {
        let mut period = Self::OPEN_LEAST;
        let mut failed = Self::FAILURES_MOST;
        while failed < failures && period < Self::OPEN_MOST {
            period *= 2;
            failed += 1;
        }
        if period < Self::OPEN_MOST {
            period
        } else {
            Self::OPEN_MOST
        }
    }

    const fn counts(self, passage: Passage) -> bool {
        matches!(
            (self, passage),
            (Self::Closed { .. }, _) | (Self::HalfOpen { .. }, Passage::Probe)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000_000_000;

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..Breaker::FAILURES_MOST {
            assert_eq!(breaker.allow(NOW), Ok(Passage::Usual));
            breaker.failed(Passage::Usual, NOW);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let until = NOW + Breaker::OPEN_LEAST;
        assert_eq!(opened(), Breaker::Open { failures: 5, until });
        let mut breaker = Breaker::Closed { failures: 4 };
        breaker.succeeded(Passage::Usual);
        assert_eq!(breaker, Breaker::Closed { failures: 0 });
    }

    #[test]
    fn one_call_decides_when_its_time_is_over() {
        let mut breaker = opened();
        let until = NOW + Breaker::OPEN_LEAST;
        assert_eq!(breaker.allow(until - 1), Err(until));
        assert_eq!(breaker.allow(until), Ok(Passage::Probe));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        // A second one looks again soon, and is let through when the first has taken too long.
        let soon = until + Breaker::OPEN_LEAST;
        assert_eq!(breaker.allow(until), Err(soon));
        let most = until + Breaker::PROBE_MOST;
        assert_eq!(breaker.allow(most - 1), Err(most));
        // What was on its way when it opened decides nothing.
        breaker.succeeded(Passage::Usual);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.failed(Passage::Probe, until);
        let again = until + 2 * Breaker::OPEN_LEAST;
        assert_eq!(breaker.allow(again - 1), Err(again));
        assert_eq!(breaker.allow(again), Ok(Passage::Probe));
        breaker.succeeded(Passage::Probe);
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_probe_that_never_ends_is_followed_by_another() {
        let mut breaker = opened();
        let until = NOW + Breaker::OPEN_LEAST;
        assert_eq!(breaker.allow(until), Ok(Passage::Probe));
        breaker.abandoned(Passage::Probe);
        assert_eq!(breaker.allow(until), Ok(Passage::Probe));
        let late = until + Breaker::PROBE_MOST;
        assert_eq!(breaker.allow(late), Ok(Passage::Probe));
    }

    #[derive(Debug, Clone, Copy)]
    enum Happens {
        Wait(i64),
        Call,
        Succeeds,
        Fails,
        Vanishes,
    }

    fn happens() -> impl Strategy<Value = Happens> {
        prop_oneof![
            (0..90_000_000_i64).prop_map(Happens::Wait),
            Just(Happens::Call),
            Just(Happens::Call),
            Just(Happens::Succeeds),
            Just(Happens::Fails),
            Just(Happens::Fails),
            Just(Happens::Vanishes),
        ]
    }

    proptest! {
        /// Whatever happens: it never stays shut for longer than it says it may, an open one lets
        /// nothing through before its time, and a call that succeeds as its probe closes it.
        #[test]
        fn it_always_opens_again_and_never_too_early(steps in prop::collection::vec(happens(), 1..200)) {
            let mut breaker = Breaker::default();
            let mut now = NOW;
            let mut calls: Vec<Passage> = Vec::new();
            for step in steps {
                let before = breaker;
                match step {
                    Happens::Wait(micros) => now += micros,
                    Happens::Call => match breaker.allow(now) {
                        Ok(passage) => {
                            let closed = before.state() == BreakerState::Closed;
                            prop_assert_eq!(passage == Passage::Usual, closed);
                            prop_assert!(before.until().is_none_or(|until| until <= now));
                            calls.push(passage);
                        }
                        Err(until) => {
                            prop_assert!(until > now);
                            prop_assert!(until <= now + Breaker::OPEN_MOST.max(Breaker::PROBE_MOST));
                            prop_assert_eq!(breaker, before);
                        }
                    },
                    Happens::Succeeds => if let Some(passage) = calls.pop() {
                        breaker.succeeded(passage);
                        let decides = before.state() == BreakerState::Closed
                            || (before.state() == BreakerState::HalfOpen && passage == Passage::Probe);
                        let expected = if decides { Breaker::default() } else { before };
                        prop_assert_eq!(breaker, expected);
                    },
                    Happens::Fails => if let Some(passage) = calls.pop() {
                        breaker.failed(passage, now);
                        let closed = breaker.state() == BreakerState::Closed;
                        prop_assert_eq!(closed, breaker.failures() < Breaker::FAILURES_MOST);
                    },
                    Happens::Vanishes => if let Some(passage) = calls.pop() {
                        breaker.abandoned(passage);
                        prop_assert_eq!(breaker.state(), before.state());
                    },
                }
            }
            let mut later = breaker;
            prop_assert!(later.allow(now + Breaker::OPEN_MOST.max(Breaker::PROBE_MOST)).is_ok());
        }
    }
}
