//! Forgets what has been kept for long enough.

use super::{Job, JobError, KINDS, Outcome, Queue, Run, Unique};
use crate::Error;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use storage::job::Scope;
use storage::{
    card, change, delivery, inbox, job, live, outbox, phone_code, process, queue, session,
};
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(86_400);
/// How long jobs are kept by how they ended: dead ones until somebody had time to look.
const KEPT: [(&str, Duration); 3] = [
    ("succeeded", DAY.saturating_mul(7)),
    ("cancelled", DAY.saturating_mul(7)),
    ("dead", DAY.saturating_mul(90)),
];
/// How long it is kept how fast the queues were, and how the processes.
const MEASURED: Duration = DAY.saturating_mul(14);
/// How long changes of jobs can be taken back.
const UNDOABLE: Duration = DAY;
/// How long it is kept what has happened, once everybody had it.
const DELIVERED: Duration = DAY.saturating_mul(7);
/// How long events that were given up are kept, messages, deliveries, and what a gateway has told.
const TOLD: Duration = DAY.saturating_mul(90);
/// How long codes to phone numbers are kept: longer than they are taken, and than they are counted.
const CODES: Duration = DAY;
/// How many rows are deleted at once: nobody else writes to SQLite meanwhile.
const CHUNK: i64 = 1000;

/// Deletes ended jobs, old measurements, what can't be taken back any more, events that everybody had and
/// old messages, sessions, tokens and codes that are no longer good, and what visitors have left in their
/// carts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "installation.sweep";
    const QUEUE: Queue = Queue::Maintenance;
    const PRIORITY: i64 = 900;

    fn unique(&self) -> Option<Unique> {
        Some(Unique {
            key: String::new(),
            scope: Scope::Living,
            period: None,
        })
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move { Ok(Outcome::Result(sweep(&run).await?)) }.boxed()
    }
}

/// Deletes chunk by chunk, each in a transaction of its own, until one is not full.
macro_rules! in_chunks {
    ($run:ident, |$tx:ident| $sweep:expr) => {
        loop {
            let mut $tx = $run.ctx.write().await?;
            let deleted = $sweep.await?;
            $tx.commit().await?;
            if deleted < CHUNK as u64 {
                break;
            }
        }
    };
}

async fn sweep(run: &Run) -> Result<serde_json::Value, Error> {
    let now = run.ctx.now();
    let mut jobs = 0;
    for (kind, _) in KINDS {
        for (state, kept) in KEPT {
            let before = first_id_of(now - super::micros(kept));
            loop {
                let mut tx = run.ctx.write().await?;
                let deleted = job::sweep(&mut tx, kind, state, before, CHUNK).await?;
                tx.commit().await?;
                jobs += deleted;
                run.progress(0, &format!("{jobs} jobs deleted"));
                if deleted < CHUNK as u64 {
                    break;
                }
            }
        }
    }
    let undoable = now - super::micros(UNDOABLE);
    in_chunks!(run, |tx| change::forget(&mut tx, undoable, CHUNK));
    let events = sweep_events(run, now).await?;
    let measured = (now - super::micros(MEASURED)) / 60_000_000;
    let mut tx = run.ctx.write().await?;
    queue::forget_measured(&mut tx, measured).await?;
    queue::forget_counts(&mut tx).await?;
    process::forget(&mut tx, measured).await?;
    session::delete_expired(&mut tx, now).await?;
    tx.commit().await?;
    let (kept, told) = (crate::cart::kept_since(now), now - super::micros(TOLD));
    let codes = now - super::micros(CODES);
    in_chunks!(run, |tx| storage::cart::delete_expired(
        &mut tx, kept, CHUNK
    ));
    in_chunks!(run, |tx| card::sweep(&mut tx, told, CHUNK));
    in_chunks!(run, |tx| phone_code::sweep(&mut tx, codes, CHUNK));
    run.ctx.institution.db.optimize().await?;
    Ok(json!({ "jobs": jobs, "events": events }))
}

/// Forgets what has happened once that is long ago; gives how many events.
async fn sweep_events(run: &Run, now: i64) -> Result<u64, Error> {
    let mut events = 0;
    let delivered = now - super::micros(DELIVERED);
    let (before, told_before) = (
        first_id_of(delivered),
        first_id_of(now - super::micros(TOLD)),
    );
    loop {
        let mut tx = run.ctx.write().await?;
        let deleted = outbox::sweep(&mut tx, before, told_before, CHUNK).await?;
        let deleted_live = live::sweep(&mut tx, delivered, CHUNK).await?;
        let deleted_messages = inbox::sweep(&mut tx, told_before, CHUNK).await?;
        let deleted_deliveries = delivery::sweep(&mut tx, told_before, CHUNK).await?;
        tx.commit().await?;
        events += deleted;
        let told = deleted_messages.max(deleted_deliveries);
        if deleted.max(deleted_live).max(told) < CHUNK as u64 {
            return Ok(events);
        }
    }
}

/// The smallest id of a moment.
pub(crate) fn first_id_of(micros: i64) -> Uuid {
    let millis = u128::try_from(micros / 1000).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}
