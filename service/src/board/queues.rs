//! What administrators set of queues and schedules.

use super::CHANGERS;
use crate::ctx::Ctx;
use crate::jobs::{Queue, schedules};
use crate::{Error, Result};
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use storage::{Tx, job, queue};
use uuid::Uuid;

/// How many of its jobs a process may run at once.
const CONCURRENCY_MOST: i64 = 1000;
/// How many jobs a rate may allow in its period.
const RATE_MOST: i64 = 1_000_000;
/// The longest period of a rate, in microseconds: a day.
const PERIOD_MOST: i64 = 86_400_000_000;

/// A transaction in which every queue is known, also where no worker has ever begun.
async fn begin(ctx: &Ctx) -> Result<Tx> {
    ctx.allow(&CHANGERS)?;
    let mut tx = ctx.write().await?;
    for queue in Queue::ALL {
        queue::ensure(&mut tx, queue.name(), queue.concurrency()).await?;
    }
    Ok(tx)
}

async fn end(ctx: &Ctx, mut tx: Tx, found: bool, action: &str, queue: &str) -> Result<()> {
    if !found {
        return Err(Problem::NotFound.into());
    }
    ctx.audit(&mut tx, action, queue).await?;
    Ok(tx.commit().await?)
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

/// Pauses a queue, or resumes it: nothing of a paused one is begun.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such queue; for others than administrators as
/// [`Ctx::allow`].
pub async fn set_paused(ctx: &Ctx, queue: &str, paused: bool) -> Result<()> {
    let mut tx = begin(ctx).await?;
    let found = queue::set_paused(&mut tx, queue, paused).await?;
    let action = if paused {
        "queue.pause"
    } else {
        "queue.resume"
    };
    end(ctx, tx, found, action, queue).await
}

/// Changes how many of a queue's jobs one process runs at once.
///
/// # Errors
/// As [`set_paused`]; [`InvalidCode::OutOfRange`] at `concurrency` where it is not 1 to 1,000.
pub async fn set_concurrency(ctx: &Ctx, queue: &str, concurrency: i64) -> Result<()> {
    ctx.allow(&CHANGERS)?;
    check("concurrency", concurrency, CONCURRENCY_MOST)?;
    let mut tx = begin(ctx).await?;
    let found = queue::set_concurrency(&mut tx, queue, concurrency).await?;
    end(ctx, tx, found, "queue.set_concurrency", queue).await
}

/// Lets at most so many jobs of a queue begin in so many microseconds, or as many as can.
///
/// # Errors
/// As [`set_paused`]; [`InvalidCode::OutOfRange`] at `rate.jobs` or `rate.seconds` where they are not
/// 1 to a million and up to a day.
pub async fn set_rate(ctx: &Ctx, queue: &str, rate: Option<(i64, i64)>) -> Result<()> {
    ctx.allow(&CHANGERS)?;
    if let Some((jobs, period)) = rate {
        check("rate.jobs", jobs, RATE_MOST)?;
        check("rate.seconds", period, PERIOD_MOST)?;
    }
    let mut tx = begin(ctx).await?;
    let found = queue::set_rate(&mut tx, queue, rate).await?;
    end(ctx, tx, found, "queue.set_rate", queue).await
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
    ctx.audit(&mut tx, "schedule.run", kind).await?;
    tx.will_wake().await?;
    tx.commit().await?;
    Ok(ids[0])
}
