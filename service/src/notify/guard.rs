//! The breaker before a channel, and how many messages go through it at once.

use super::{Answer, Letter, Notifier, SendError};
use crate::clock::Clock;
use domain::breaker::{Breaker, BreakerState, Passage};
use domain::notification::Channel;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use storage::{Db, breaker};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a message may take: longer than it ever does where all is well, and shorter than a breaker
/// waits for its probe.
const SEND_MOST: Duration = Duration::from_secs(18);
/// How many messages are on their way at once by one channel: as many connections as whoever carries
/// them takes without a word.
const AT_ONCE: usize = 8;
/// When somebody comes back for whom there is no room, in microseconds.
const SOON: i64 = 1_000_000;

/// Who carries the messages of a channel, and the breaker before them.
#[derive(Debug)]
pub(super) struct Guard {
    pub channel: Channel,
    pub notifier: Arc<dyn Notifier>,
    breaker: Mutex<Breaker>,
    /// Whether the database does not know yet how it stands.
    changed: AtomicBool,
    /// Held by whoever writes it down, so that the last one to write knows the last state.
    writing: tokio::sync::Mutex<()>,
    room: Arc<Semaphore>,
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Guard {
    pub fn new(
        channel: Channel,
        notifier: Arc<dyn Notifier>,
        last: Breaker,
        db: Db,
        clock: Arc<dyn Clock>,
    ) -> Self {
        // Whoever probed it last is gone.
        let breaker = match last {
            Breaker::HalfOpen { failures, .. } => Breaker::HalfOpen {
                failures,
                probing: None,
            },
            other => other,
        };
        Self {
            channel,
            notifier,
            breaker: Mutex::new(breaker),
            changed: AtomicBool::new(false),
            writing: tokio::sync::Mutex::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            db,
            clock,
        }
    }

    /// Lets a message through once there is room for it, or says when to come back.
    ///
    /// # Errors
    /// The moment before which nothing is let through.
    pub async fn admit(self: &Arc<Self>) -> Result<Admitted, i64> {
        // Nobody waits in a row before a closed door.
        self.closed()?;
        let Ok(room) = Arc::clone(&self.room).acquire_owned().await else {
            return Err(self.clock.now() + SOON);
        };
        let passage = self.change(|breaker, now| breaker.allow(now))?;
        let admitted = Admitted {
            guard: Arc::clone(self),
            passage,
            ended: false,
            _room: room,
        };
        self.keep().await;
        Ok(admitted)
    }

    fn closed(&self) -> Result<(), i64> {
        let breaker = *self.breaker();
        match (breaker.state(), breaker.until()) {
            (BreakerState::Open, Some(until)) if until > self.clock.now() => Err(until),
            _ => Ok(()),
        }
    }

    /// Changes the breaker, and notes where it stands otherwise than before. How many messages have failed
    /// while it is closed is worth no write: a restart forgets four of them at most.
    fn change<T>(&self, change: impl FnOnce(&mut Breaker, i64) -> T) -> T {
        let mut breaker = self.breaker();
        let before = breaker.state();
        let outcome = change(&mut breaker, self.clock.now());
        let after = breaker.state();
        if before != after {
            self.changed.store(true, Ordering::SeqCst);
            tracing::warn!(
                channel = self.channel.key(),
                from = before.key(),
                to = after.key(),
                "a breaker changed"
            );
        }
        outcome
    }

    /// Writes down how the breaker stands, where the database does not know. It is written to its end
    /// also where the caller is stopped meanwhile.
    async fn keep(self: &Arc<Self>) {
        if !self.changed.load(Ordering::SeqCst) {
            return;
        }
        let guard = Arc::clone(self);
        let written = tokio::spawn(async move { guard.write().await }).await;
        if let Ok(Err(error)) = written {
            // The next message tries again.
            self.changed.store(true, Ordering::SeqCst);
            tracing::warn!(%error, "could not note how a breaker stands");
        }
    }

    async fn write(&self) -> storage::Result<()> {
        let _writing = self.writing.lock().await;
        if !self.changed.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        let breaker = *self.breaker();
        breaker::put(&mut tx, self.channel.key(), breaker, self.clock.now()).await?;
        tx.commit().await
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that was let through. Where it is dropped before its end, nobody will learn what came of it.
#[derive(Debug)]
pub(crate) struct Admitted {
    guard: Arc<Guard>,
    passage: Passage,
    ended: bool,
    /// Its place among those that are on their way.
    _room: OwnedSemaphorePermit,
}

impl Admitted {
    /// Hands a message over to whoever carries it, and learns from what comes of it.
    ///
    /// # Errors
    /// Why it was not taken, or is not known to have been.
    pub async fn send(mut self, letter: &Letter) -> Answer {
        let notifier = Arc::clone(&self.guard.notifier);
        let answer = match tokio::time::timeout(SEND_MOST, notifier.send(letter)).await {
            Ok(answer) => answer,
            Err(_) => Err(SendError::TimedOut),
        };
        let failed = answer.as_ref().is_err_and(SendError::is_failure);
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
        let outcome = match &answer {
            Ok(_) => "sent",
            Err(error) => error.code(),
        };
        metrics::counter!(
            "notifications_total",
            "channel" => self.guard.channel.key(),
            "outcome" => outcome
        )
        .increment(1);
        answer
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
