//! What is done again and again, whoever is alive to do it.

use super::order_steps::TendOrders;
use super::regenerate_plans::RegeneratePlans;
use super::send_notification::TendDeliveries;
use super::sweep::Sweep;
use super::{Job, new_job};
use crate::ctx::Ctx;
use crate::{Error, Result};
use croner::Cron;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storage::job::NewJob;
use storage::{job, schedule};

/// A schedule: a job, and when in the institution's time zone.
struct Scheduled {
    /// The kind of job.
    kind: &'static str,
    /// Minute, hour, day of month, month, day of week.
    cron: &'static str,
    job: fn(&Ctx) -> Result<NewJob>,
}

/// Every schedule.
const SCHEDULES: [Scheduled; 4] = [
    Scheduled {
        kind: Sweep::KIND,
        cron: "17 * * * *",
        job: |ctx| new_job(ctx, None, &Sweep::default(), None),
    },
    Scheduled {
        kind: RegeneratePlans::KIND,
        cron: "0 4 * * 6",
        job: |ctx| new_job(ctx, None, &RegeneratePlans::default(), None),
    },
    Scheduled {
        kind: TendOrders::KIND,
        cron: "* * * * *",
        job: |ctx| new_job(ctx, None, &TendOrders::default(), None),
    },
    Scheduled {
        kind: TendDeliveries::KIND,
        cron: "* * * * *",
        job: |ctx| new_job(ctx, None, &TendDeliveries::default(), None),
    },
];

/// The job of a schedule, to be run now; nothing where there is no such schedule.
pub(crate) fn job_of(ctx: &Ctx, kind: &str) -> Option<Result<NewJob>> {
    let scheduled = SCHEDULES.iter().find(|one| one.kind == kind)?;
    Some((scheduled.job)(ctx))
}

/// When a pattern is due next after a moment, in microseconds. An hour that a change of clocks skips
/// is caught up with, and one that comes twice counts once.
fn next(cron: &str, time_zone: &str, after: i64) -> Result<i64> {
    let zone = TimeZone::get(time_zone).map_err(Error::internal)?;
    let after = Timestamp::from_microsecond(after)
        .map_err(Error::internal)?
        .to_zoned(zone);
    let cron: Cron = cron.parse().map_err(Error::internal)?;
    let next = cron
        .find_next_occurrence(&after, false)
        .map_err(Error::internal)?;
    Ok(next.timestamp().as_microsecond())
}

/// Writes down when each schedule is due, where that is not known.
pub(super) async fn ensure(ctx: &Ctx) -> Result<()> {
    let zone = &ctx.service.settings.time_zone;
    let mut tx = ctx.write().await?;
    for scheduled in &SCHEDULES {
        let at = next(scheduled.cron, zone, ctx.now())?;
        schedule::ensure(&mut tx, scheduled.kind, scheduled.cron, zone, at).await?;
    }
    Ok(tx.commit().await?)
}

/// Enqueues what is due. What was missed while nobody was alive is done once.
pub(super) async fn fire(ctx: &Ctx) -> Result<()> {
    let now = ctx.now();
    let known = schedule::all(&mut ctx.read().await?).await?;
    for due in known.iter().filter(|schedule| schedule.next_at <= now) {
        let Some(scheduled) = SCHEDULES.iter().find(|one| one.kind == due.name) else {
            continue;
        };
        let at = next(&due.cron, &due.time_zone, now)?;
        let new = (scheduled.job)(ctx)?;
        let mut tx = ctx.write().await?;
        let ids = job::enqueue(&mut tx, std::slice::from_ref(&new)).await?;
        if schedule::advance(&mut tx, &due.name, due.next_at, at, ids[0]).await? {
            tx.will_wake().await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn a_schedule_follows_the_clocks_of_its_zone() {
        let at = |zone, after| next("0 4 * * *", zone, micros(after)).unwrap();
        assert_eq!(
            at("America/Mexico_City", "2026-11-22T00:00:00Z"),
            micros("2026-11-22T10:00:00Z")
        );
        // Madrid is two hours ahead in summer and one in winter.
        assert_eq!(
            at("Europe/Madrid", "2026-07-01T12:00:00Z"),
            micros("2026-07-02T02:00:00Z")
        );
        assert_eq!(
            at("Europe/Madrid", "2026-12-01T12:00:00Z"),
            micros("2026-12-02T03:00:00Z")
        );
        // On 29 March 2026 the hour from two to three is skipped there, and half past two with it.
        let skipped = next(
            "30 2 * * *",
            "Europe/Madrid",
            micros("2026-03-28T12:00:00Z"),
        )
        .unwrap();
        assert!(
            skipped > micros("2026-03-29T00:59:59Z") && skipped < micros("2026-03-30T01:00:00Z")
        );
    }

    #[test]
    fn every_schedule_can_be_read() {
        for scheduled in &SCHEDULES {
            assert!(
                next(scheduled.cron, "UTC", 0).unwrap() > 0,
                "{}",
                scheduled.kind
            );
        }
    }
}
