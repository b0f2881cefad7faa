//! The breaker before somebody outside, as a gateway or whoever carries messages.
//!
//! How it stands is kept in the database: a restart does not forget that somebody is down, and of several
//! processes each learns what another has found out.

use crate::clock::Clock;
use domain::breaker::{Breaker, Passage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::breaker::{self, StoredBreaker};
use storage::{Db, Dialect};

/// How long it does not look at how another process has left it, in microseconds: shorter than a breaker is
/// ever open.
const LOOK: i64 = 500_000;

/// A breaker, and what the database knows of it.
#[derive(Debug)]
struct Standing {
    breaker: Breaker,
    /// Whether the database does not know yet how it stands.
    changed: bool,
    /// How it stood in the database when that was last read or written.
    stored: Breaker,
    /// When it was last read, in microseconds.
    looked: i64,
}

/// The breaker before somebody of a name.
#[derive(Debug)]
pub(crate) struct Guard {
    name: &'static str,
    standing: Mutex<Standing>,
    /// Held by whoever reads or writes it in the database, so that the last one to write knows the last
    /// state, and nobody takes for new what was there before.
    keeping: tokio::sync::Mutex<()>,
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Guard {
    /// As it last stood among these.
    pub fn new(
        name: &'static str,
        stored: &[StoredBreaker],
        db: Db,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let stored = find(stored, name);
        // Whoever probed it last is gone.
        let breaker = match stored {
            Breaker::HalfOpen { failures, .. } => Breaker::HalfOpen {
                failures,
                probing: None,
            },
            other => other,
        };
        let standing = Standing {
            breaker,
            changed: false,
            stored,
            looked: clock.now(),
        };
        Arc::new(Self {
            name,
            standing: Mutex::new(standing),
            keeping: tokio::sync::Mutex::default(),
            db,
            clock,
        })
    }

    /// Fails where it is open, without letting anybody through.
    ///
    /// # Errors
    /// The moment before which nobody is let through.
    pub async fn check(&self) -> Result<(), i64> {
        self.look().await;
        let breaker = self.standing().breaker;
        match breaker {
            Breaker::Open { until, .. } if until > self.clock.now() => Err(until),
            _ => Ok(()),
        }
    }

    /// Lets a call through, or says when to come back.
    ///
    /// # Errors
    /// The moment before which nobody is let through.
    pub async fn admit(self: &Arc<Self>) -> Result<Admitted, i64> {
        self.look().await;
        let passage = self.change(|breaker, now| breaker.allow(now))?;
        // Whoever waits for it may be stopped at any await.
        let admitted = Admitted {
            guard: Arc::clone(self),
            passage,
            ended: false,
        };
        self.keep().await;
        Ok(admitted)
    }

    /// Changes the breaker, and notes where it stands otherwise than before. How many calls have failed
    /// while it is closed is worth no write: a restart forgets four of them at most.
    fn change<T>(&self, change: impl FnOnce(&mut Breaker, i64) -> T) -> T {
        let mut standing = self.standing();
        let before = standing.breaker.state();
        let outcome = change(&mut standing.breaker, self.clock.now());
        let after = standing.breaker.state();
        if before != after {
            standing.changed = true;
            tracing::warn!(
                breaker = self.name,
                from = before.key(),
                to = after.key(),
                "a breaker changed"
            );
        }
        outcome
    }

    /// Learns how another process has left it, where there may be others.
    async fn look(&self) {
        // Its file has one process.
        if self.db.dialect() == Dialect::Sqlite || !self.is_to_look() {
            return;
        }
        let _keeping = self.keeping.lock().await;
        match self.read().await {
            Ok(stored) => {
                let mut standing = self.standing();
                // What was found out here meanwhile is newer, and is about to be written.
                if !standing.changed && standing.stored != stored {
                    standing.breaker = stored;
                    standing.stored = stored;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "could not see how another process left a breaker");
            }
        }
    }

    fn is_to_look(&self) -> bool {
        let now = self.clock.now();
        let mut standing = self.standing();
        let look = !standing.changed && now >= standing.looked + LOOK;
        if look {
            standing.looked = now;
        }
        look
    }

    async fn read(&self) -> storage::Result<Breaker> {
        let stored = breaker::all(&mut self.db.read().await?).await?;
        Ok(find(&stored, self.name))
    }

    /// Writes down how the breaker stands, where the database does not know. It is written to its end
    /// also where the caller is stopped meanwhile.
    async fn keep(self: &Arc<Self>) {
        if !self.standing().changed {
            return;
        }
        let guard = Arc::clone(self);
        let written = tokio::spawn(async move { guard.write().await }).await;
        if let Ok(Err(error)) = written {
            // The next call tries again.
            self.standing().changed = true;
            tracing::warn!(%error, "could not note how a breaker stands");
        }
    }

    async fn write(&self) -> storage::Result<()> {
        let _keeping = self.keeping.lock().await;
        if !std::mem::take(&mut self.standing().changed) {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        let breaker = self.standing().breaker;
        breaker::put(&mut tx, self.name, breaker, self.clock.now()).await?;
        tx.commit().await?;
        self.standing().stored = breaker;
        Ok(())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The breaker of a name; closed where it never changed.
fn find(stored: &[StoredBreaker], name: &str) -> Breaker {
    let found = stored.iter().find(|stored| stored.name == name);
    found.map(|stored| stored.breaker).unwrap_or_default()
}

/// A call that was let through. Where it is dropped before its end, nobody will learn what came of it.
#[derive(Debug)]
pub(crate) struct Admitted {
    guard: Arc<Guard>,
    passage: Passage,
    ended: bool,
}

impl Admitted {
    /// Has the breaker learn what came of the call: whether whoever was called is not well.
    pub async fn end(mut self, failed: bool) {
        self.ended = true;
        let passage = self.passage;
        self.guard.change(|breaker, now| {
            if failed {
                breaker.failed(passage, now);
            } else {
                breaker.succeeded(passage);
            }
        });
        self.guard.keep().await;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.ended {
            let passage = self.passage;
            self.guard.change(|breaker, _| breaker.abandoned(passage));
        }
    }
}
