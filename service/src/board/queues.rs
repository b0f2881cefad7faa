//! What administrators set of queues and schedules.

use super::CHANGERS;
use crate::ctx::Ctx;
use crate::jobs::{Queue, schedules};
use crate::{Error, Result};
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use serde_json::json;
use storage::{job, queue};
use uuid::Uuid;

/// How many of its jobs a process may run at once.
const CONCURRENCY_MOST: i64 = 1000;
/// How many jobs a rate may allow in its period.
const RATE_MOST: i64 = 1_000_000;
/// The longest period of a rate: a day.
const SECONDS_MOST: i64 = 86_400;
const SECOND: i64 = 1_000_000;

/// What to set of a queue; what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueSettings {
    /// Whether nothing of it is begun.
    pub paused: Option<bool>,
    /// How many of its jobs one process runs at once.
    pub concurrency: Option<i64>,
    /// At most so many jobs in so many microseconds, or as many as can.
    pub rate: Option<Option<(i64, i64)>>,
}

/// Refuses a number out of its range.
fn check(field: &str, value: i64, max: i64) -> Result<()> {
    if (1..=max).contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            InvalidCode::OutOfRange { min: 1, max },
        ))
    }
}

/// Sets what is given of a queue.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such queue; [`InvalidCode::OutOfRange`] where `concurrency`
/// is not 1 to 1,000, `rate.jobs` not 1 to a million, or `rate.seconds` not a second to a day; for
/// others than administrators as [`Ctx::allow`].
pub async fn set(ctx: &Ctx, queue: &str, settings: QueueSettings) -> Result<()> {
    ctx.allow(&CHANGERS)?;
    if let Some(concurrency) = settings.concurrency {
        check("concurrency", concurrency, CONCURRENCY_MOST)?;
    }
    if let Some(Some((jobs, period))) = settings.rate {
        check("rate.jobs", jobs, RATE_MOST)?;
        check("rate.seconds", period.div_euclid(SECOND), SECONDS_MOST)?;
    }
    let mut tx = ctx.write().await?;
    // Where no worker has ever begun, no queue is known yet.
    for queue in Queue::ALL {
        queue::ensure(&mut tx, queue.name(), queue.concurrency()).await?;
    }
    let before = queue::all(&mut tx)
        .await?
        .into_iter()
        .find(|row| row.name == queue)
        .ok_or(Error::Problem(Problem::NotFound))?;
    if let Some(paused) = settings.paused {
        queue::set_paused(&mut tx, queue, paused).await?;
        let action = if paused {
            "queue.pause"
        } else {
            "queue.resume"
        };
        let told = |paused: bool| json!({ "paused": paused });
        let (before, after) = (told(before.paused), told(paused));
        ctx.audit_change(&mut tx, (action, queue), &before, &after)
            .await?;
    }
    if let Some(concurrency) = settings.concurrency {
        queue::set_concurrency(&mut tx, queue, concurrency).await?;
        let told = |concurrency: i64| json!({ "concurrency": concurrency });
        let (before, after) = (told(before.concurrency), told(concurrency));
        let change = ("queue.set_concurrency", queue);
        ctx.audit_change(&mut tx, change, &before, &after).await?;
    }
    if let Some(rate) = settings.rate {
        queue::set_rate(&mut tx, queue, rate).await?;
        let told = |rate: Option<(i64, i64)>| {
            let (jobs, period) = rate.unzip();
            json!({ "jobs": jobs, "seconds": period.map(|period| period / SECOND) })
        };
        let (before, after) = (before.rate_limit.zip(before.rate_period), rate);
        let change = ("queue.set_rate", queue);
        ctx.audit_change(&mut tx, change, &told(before), &told(after))
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Pauses a queue, or resumes it: nothing of a paused one is begun.
///
/// # Errors
/// As [`set`].
pub async fn set_paused(ctx: &Ctx, queue: &str, paused: bool) -> Result<()> {
    let settings = QueueSettings {
        paused: Some(paused),
        ..QueueSettings::default()
    };
    set(ctx, queue, settings).await
}

/// Changes how many of a queue's jobs one process runs at once.
///
/// # Errors
/// As [`set`].
pub async fn set_concurrency(ctx: &Ctx, queue: &str, concurrency: i64) -> Result<()> {
    let settings = QueueSettings {
        concurrency: Some(concurrency),
        ..QueueSettings::default()
    };
    set(ctx, queue, settings).await
}

/// Lets at most so many jobs of a queue begin in so many microseconds, or as many as can.
///
/// # Errors
/// As [`set`].
pub async fn set_rate(ctx: &Ctx, queue: &str, rate: Option<(i64, i64)>) -> Result<()> {
    let settings = QueueSettings {
        rate: Some(rate),
        ..QueueSettings::default()
    };
    set(ctx, queue, settings).await
}

/// Enqueues the job of a schedule now, and gives it; where one is there already that it would be the
/// same as, that one. When it is due next stays as it is.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such schedule; for others than administrators as
/// [`Ctx::allow`].
pub async fn run_schedule(ctx: &Ctx, kind: &str) -> Result<Uuid> {
    ctx.allow(&CHANGERS)?;
    let new = schedules::job_of(ctx, kind).ok_or(Error::Problem(Problem::NotFound))??;
    let mut tx = ctx.write().await?;
    let ids = job::enqueue(&mut tx, std::slice::from_ref(&new)).await?;
    let (before, after) = (json!({ "job": null }), json!({ "job": ids.first() }));
    ctx.audit_change(&mut tx, ("schedule.run", kind), &before, &after)
        .await?;
    tx.will_wake().await?;
    tx.commit().await?;
    Ok(ids[0])
}
