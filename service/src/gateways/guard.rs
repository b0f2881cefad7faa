//! The breaker around a gateway.

use super::{Answer, GatewayError, PaymentGateway, Source};
use crate::clock::Clock;
use domain::breaker::{Breaker, Passage};
use domain::payment::GatewayKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use storage::{Db, breaker};

/// How long a gateway may take for a call: longer than it ever does when it is well, and shorter than
/// its breaker waits for a probe.
const CALL_MOST: Duration = Duration::from_secs(10);

/// A gateway and its breaker.
#[derive(Debug)]
pub(super) struct Guard {
    pub kind: GatewayKind,
    pub gateway: Arc<dyn PaymentGateway>,
    breaker: Mutex<Breaker>,
    /// Whether the database does not know yet how it stands.
    changed: AtomicBool,
    /// Held by whoever writes it down, so that the last one to write knows the last state.
    writing: tokio::sync::Mutex<()>,
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Guard {
    pub fn new(
        kind: GatewayKind,
        gateway: Arc<dyn PaymentGateway>,
        last: Breaker,
        db: Db,
        source: &Source,
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
            kind,
            gateway,
            breaker: Mutex::new(breaker),
            changed: AtomicBool::new(false),
            writing: tokio::sync::Mutex::default(),
            db,
            clock: Arc::clone(&source.clock),
        }
    }

    /// Makes a call where the breaker lets it through, and learns from what comes of it.
    pub async fn call<T>(self: &Arc<Self>, call: impl Future<Output = Answer<T>>) -> Answer<T> {
        let admitted = self.change(|breaker, now| breaker.allow(now));
        let passage = admitted.map_err(|until| GatewayError::BreakerOpen { until })?;
        // Whoever waits for it may be stopped at any await.
        let mut admitted = Admitted {
            guard: self,
            passage,
            ended: false,
        };
        self.keep().await;
        let answer = match tokio::time::timeout(CALL_MOST, call).await {
            Ok(answer) => answer,
            Err(_) => Err(GatewayError::TimedOut),
        };
        admitted.end(answer.as_ref().err().copied());
        self.keep().await;
        answer
    }

    /// Changes the breaker, and notes where it stands otherwise than before. How many calls have failed
    /// while it is closed is worth no write: a restart forgets four of them at most.
    fn change<T>(&self, change: impl FnOnce(&mut Breaker, i64) -> T) -> T {
        let mut breaker = self.breaker();
        let before = breaker.state();
        let outcome = change(&mut breaker, self.clock.now());
        let after = breaker.state();
        if before != after {
            self.changed.store(true, Ordering::SeqCst);
            tracing::warn!(
                gateway = self.kind.key(),
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
            // The next call tries again.
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
        breaker::put(&mut tx, self.kind.key(), breaker, self.clock.now()).await?;
        tx.commit().await
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was let through. Where it is dropped before its end, nobody will learn what came of it.
struct Admitted<'a> {
    guard: &'a Guard,
    passage: Passage,
    ended: bool,
}

impl Admitted<'_> {
    fn end(&mut self, error: Option<GatewayError>) {
        self.ended = true;
        let passage = self.passage;
        let failed = error.is_some_and(GatewayError::is_failure);
        self.guard.change(|breaker, now| {
            if failed {
                breaker.failed(passage, now);
            } else {
                breaker.succeeded(passage);
            }
        });
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let passage = self.passage;
            self.guard.change(|breaker, _| breaker.abandoned(passage));
        }
    }
}
