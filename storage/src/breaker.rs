//! Circuit breakers as they last stood, so that a restart does not forget that a gateway is down.

use crate::statement::{later, rows, statements};
use crate::{Error, Result, Tx};
use domain::breaker::{Breaker, BreakerState};

statements! {
    PUT(5) = "INSERT INTO breaker (name, state, failures, until, changed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET state = excluded.state, failures = excluded.failures,
            until = excluded.until, changed_at = excluded.changed_at";
    ALL(0) = "SELECT name, state, failures, until, changed_at FROM breaker ORDER BY name";
}

/// A breaker as it last stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBreaker {
    /// What it stands before: the gateway's name.
    pub name: String,
    /// How it stood.
    pub breaker: Breaker,
    /// Since when, in microseconds.
    pub changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    state: String,
    failures: i64,
    until: Option<i64>,
    changed_at: i64,
}

impl TryFrom<Row> for StoredBreaker {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let failures = row.failures;
        let breaker = match (BreakerState::from_key(&row.state), row.until) {
            (Some(BreakerState::Closed), _) => Breaker::Closed { failures },
            (Some(BreakerState::Open), Some(until)) => Breaker::Open { failures, until },
            (Some(BreakerState::HalfOpen), probing) => Breaker::HalfOpen { failures, probing },
            _ => return Err(Error::unreadable(&row.state)),
        };
        Ok(Self {
            name: row.name,
            breaker,
            changed_at: row.changed_at,
        })
    }
}

/// Notes how a breaker stands.
///
/// # Errors
/// Where the database does.
pub async fn put(tx: &mut Tx, name: &str, breaker: Breaker, now: i64) -> Result<()> {
    later!(
        tx,
        PUT,
        name,
        breaker.state().key(),
        breaker.failures(),
        breaker.until(),
        now
    )
}

/// Every breaker that ever changed, by name.
///
/// # Errors
/// Where the database does.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredBreaker>> {
    rows!(tx, Row, ALL)?
        .into_iter()
        .map(StoredBreaker::try_from)
        .collect()
}
