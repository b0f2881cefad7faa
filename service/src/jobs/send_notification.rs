//! Sends a delivery, and looks after those that nothing moves any more.

use super::{Job, JobError, Outcome, Queue, Retry, Run, Share, SharesWritten, Unique};
use crate::notify::{self, EXPIRED, SendError};
use crate::{Error, Result};
use domain::notification::{DeliveryState, UNSETTLED_MOST};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use storage::Tx;
use storage::delivery::{self, Delivery, Settled};
use storage::job::Scope;
use uuid::Uuid;

/// How many deliveries are looked after at once.
const CHUNK: i64 = 500;
/// How long a delivery without a job may stand still before it is given up, in microseconds.
const STRANDED: i64 = 60_000_000;
/// What is kept of one whose sending was begun twice without anybody knowing what came of it, with why that
/// is so the last time, where it is known.
const UNCERTAIN: &str = "UNCERTAIN";
/// What is kept of one by whose channel nothing is sent any more.
const CLOSED: &str = "CLOSED";
/// What is kept of one whose job was stopped or given up.
const STOPPED: &str = "STOPPED";

/// Sends a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendNotification {
    /// Which.
    pub delivery: Uuid,
}

impl Job for SendNotification {
    const KIND: &'static str = "notification.send";
    const QUEUE: Queue = Queue::NotificationSending;
    // It ends when the message is worth nothing any more, not after so many failures.
    const RETRY: Retry = Retry::Exponential {
        base: Duration::from_secs(2),
        most: Duration::from_secs(600),
        attempts: 100_000,
    };
    // Orders wait for what else is in this queue.
    const PRIORITY: i64 = 200;

    fn subject(&self) -> Option<String> {
        Some(format!("delivery:{}", self.delivery))
    }

    fn run(self, run: Run) -> BoxFuture<'static, std::result::Result<Outcome, JobError>> {
        self.send(run).boxed()
    }
}

impl SendNotification {
    async fn send(self, run: Run) -> std::result::Result<Outcome, JobError> {
        let ctx = &run.ctx;
        let mut tx = ctx.read().await?;
        let known = delivery::get(&mut tx, self.delivery)
            .await
            .map_err(Error::from)?;
        let Some(known) = known.filter(|one| is_due(one, run.id)) else {
            return Ok(Outcome::Result(json!({ "late": true })));
        };
        let barred = notify::barred(ctx, &mut tx, &known).await?;
        drop(tx);
        if ctx.now() > notify::good_until(&known) {
            let why = known.error.unwrap_or_default();
            let why = format!("{EXPIRED} {why}");
            return Ok(ended(&run, self.delivery, Err(why.trim_end().to_owned())));
        }
        if let Some(why) = barred {
            return Ok(ended(&run, self.delivery, Err(why.to_owned())));
        }
        let channels = &ctx.institution.channels;
        let admitted = match channels.admit(known.channel).await {
            Ok(Some(admitted)) => admitted,
            Ok(None) => return Ok(ended(&run, self.delivery, Err(CLOSED.to_owned()))),
            Err(until) => return Err(JobError::Later(until)),
        };
        let Some(letter) = notify::letter(ctx, &known).await? else {
            return self.failed(&run, &known, &SendError::Gone).await;
        };
        let mut tx = ctx.write().await?;
        let begun = delivery::begin(&mut tx, self.delivery, run.id, ctx.now()).await;
        let begun = begun.map_err(Error::from)?;
        tx.commit().await.map_err(Error::from)?;
        let Some(begun) = begun else {
            return Ok(Outcome::Result(json!({ "late": true })));
        };
        // It may have been sent as often as that already.
        if begun.unsettled > UNSETTLED_MOST {
            return Ok(ended(&run, begun.id, Err(UNCERTAIN.to_owned())));
        }
        let answer = admitted.send(&letter).await;
        match answer {
            Ok(reference) => Ok(ended(&run, begun.id, Ok(reference))),
            Err(error) => self.failed(&run, &begun, &error).await,
        }
    }

    /// Notes a failure, and gives up what would fail again.
    async fn failed(
        &self,
        run: &Run,
        begun: &Delivery,
        error: &SendError,
    ) -> std::result::Result<Outcome, JobError> {
        let ctx = &run.ctx;
        let said = error.to_string();
        run.log(error.code());
        if *error == SendError::Gone
            && let Some(browser) = begun.subscription_id
        {
            let mut tx = ctx.write().await?;
            notify::browser_gone(ctx, &mut tx, browser, begun.account_id).await?;
            tx.commit().await.map_err(Error::from)?;
        }
        if error.is_final() || run.last {
            return Ok(ended(run, begun.id, Err(said)));
        }
        if error.is_unsure() && begun.unsettled >= UNSETTLED_MOST {
            let said = format!("{UNCERTAIN} {said}");
            return Ok(ended(run, begun.id, Err(said)));
        }
        let mut tx = ctx.write().await?;
        let (job, now) = (run.id, ctx.now());
        if error.is_unsure() {
            delivery::doubt(&mut tx, begun.id, job, &said, now).await
        } else {
            delivery::postpone(&mut tx, begun.id, job, &said, now).await
        }
        .map_err(Error::from)?;
        tx.commit().await.map_err(Error::from)?;
        // What others say may name somebody: it is kept with the delivery, and not logged.
        let (channel, code) = (begun.channel.key(), error.code());
        Err(JobError::Passing(Error::Internal(format!(
            "{channel}: {code}"
        ))))
    }
}

fn is_due(delivery: &Delivery, job: Uuid) -> bool {
    delivery.state == DeliveryState::Queued && delivery.job_id == job
}

/// What is written of a delivery in the transaction that acknowledges its job.
fn ended(run: &Run, id: Uuid, came: std::result::Result<String, String>) -> Outcome {
    let (state, reference, error) = match came {
        Ok(reference) => (DeliveryState::Sent, Some(reference), None),
        Err(error) => (DeliveryState::Failed, None, Some(error)),
    };
    Outcome::Shared(
        write,
        Arc::new(Settled {
            id,
            job_id: run.id,
            state,
            error,
            reference,
            now: run.ctx.now(),
        }),
    )
}

/// Writes what has come of deliveries; see [`super::WriteShares`].
fn write<'tx>(tx: &'tx mut Tx, shares: &'tx [Share]) -> BoxFuture<'tx, Result<SharesWritten>> {
    async move {
        let settled: Vec<&Settled> = shares
            .iter()
            .filter_map(|share| share.downcast_ref())
            .collect();
        let done: HashSet<Uuid> = delivery::settle(tx, &settled).await?.into_iter().collect();
        let result = |one: &&Settled| {
            if done.contains(&one.id) {
                json!({ "state": one.state })
            } else {
                json!({ "late": true })
            }
        };
        Ok(SharesWritten {
            results: settled.iter().map(result).collect(),
            next: Vec::new(),
        })
    }
    .boxed()
}

/// Gives up deliveries whose jobs were stopped, or given up since their workers died again and again: so
/// each of them is either sent, or seen to have failed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TendDeliveries {}

impl Job for TendDeliveries {
    const KIND: &'static str = "notification.tend";
    const QUEUE: Queue = Queue::Maintenance;
    const PRIORITY: i64 = 150;

    fn unique(&self) -> Option<Unique> {
        Some(Unique {
            key: String::new(),
            scope: Scope::Living,
            period: None,
        })
    }

    fn run(self, run: Run) -> BoxFuture<'static, std::result::Result<Outcome, JobError>> {
        async move { Ok(Outcome::Result(tend(&run).await?)) }.boxed()
    }
}

async fn tend(run: &Run) -> Result<Value> {
    let now = run.ctx.now();
    let mut stopped = 0;
    loop {
        let mut tx = run.ctx.write().await?;
        let stranded = delivery::stranded(&mut tx, now - STRANDED, CHUNK).await?;
        let settled: Vec<Settled> = stranded
            .iter()
            .map(|(id, job_id)| Settled {
                id: *id,
                job_id: *job_id,
                state: DeliveryState::Failed,
                error: Some(STOPPED.to_owned()),
                reference: None,
                now,
            })
            .collect();
        let settled: Vec<&Settled> = settled.iter().collect();
        delivery::settle(&mut tx, &settled).await?;
        tx.commit().await?;
        stopped += stranded.len();
        if stranded.len() < CHUNK as usize {
            return Ok(json!({ "stopped": stopped }));
        }
    }
}
