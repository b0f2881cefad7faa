//! The queues in words.

use super::api::{BreakerView, QueueView, QueuesView, ScheduleView, TimingView, WorkerView};
use crate::components::chart::{ChartData, Series, Shape, Unit};
use crate::context::{amount, number};
use crate::error::AppError;
use crate::pages::admin::line::line;
use crate::pages::admin::say::{Say, whole};
use crate::words::{coarse, duration};
use domain::amount::Amount;
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use locales::Key;
use service::Ctx;
use service::board::{self, MinuteOfQueue, QueueOverview, ScheduleOverview, WorkerOverview};
use service::gateways::{self, BreakerOverview};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

pub(super) async fn queues(ctx: &Ctx) -> Result<QueuesView, AppError> {
    let say = Say::new(ctx);
    let overview = board::overview(ctx).await?;
    let breakers = gateways::breakers(ctx).await?;
    let queues = overview.queues.iter();
    let workers = overview.workers.iter();
    let schedules = overview.schedules.iter();
    Ok(QueuesView {
        queues: queues.map(|queue| queue_view(&say, queue)).collect(),
        workers: workers.map(|worker| worker_view(&say, worker)).collect(),
        schedules: schedules
            .map(|schedule| schedule_view(&say, schedule))
            .collect(),
        breakers: breakers
            .into_iter()
            .map(|breaker| breaker_view(&say, &breaker))
            .collect(),
        may_change: overview.may_change,
    })
}

pub(super) async fn queue(ctx: &Ctx, name: &str) -> Result<(QueueView, bool), AppError> {
    let overview = board::overview(ctx).await?;
    let queue = overview.queues.iter().find(|queue| queue.name == name);
    let queue = queue.ok_or(Problem::NotFound)?;
    Ok((queue_view(&Say::new(ctx), queue), overview.may_change))
}

fn queue_view(say: &Say<'_>, queue: &QueueOverview) -> QueueView {
    let hour = &queue.hour;
    let errors = (hour.jobs > 0).then(|| {
        let (jobs, failed) = (number(hour.jobs), number(hour.failed));
        (
            format!(
                "{}\u{a0}%",
                amount(Amount(hour.failed * 100_000 / hour.jobs))
            ),
            say.words.fill(
                Key::QueuesErrorsNote,
                &[("failed", &failed), ("jobs", &jobs)],
            ),
        )
    });
    let at_once = say.words.fill(
        Key::QueuesConcurrencyLine,
        &[("count", &number(queue.concurrency))],
    );
    let rate = match queue.rate {
        Some((jobs, micros)) => say.words.fill(
            Key::QueuesRateLine,
            &[("jobs", &number(jobs)), ("duration", &duration(micros))],
        ),
        None => say.words.t(Key::QueuesRateUnlimited),
    };
    QueueView {
        title: say.queue(&queue.name),
        name: queue.name.clone(),
        paused: queue.paused,
        concurrency: queue.concurrency,
        rate: queue
            .rate
            .map(|(jobs, micros)| (jobs, amount(Amount(micros / 1000)))),
        limits: format!("{at_once} · {rate}"),
        states: queue.states.clone(),
        oldest: queue
            .oldest_ready
            .map(|since| coarse((say.now - since).max(0))),
        wait: TimingView {
            half: hour.wait_p50.map(duration),
            most: hour.wait_p95.map(duration),
        },
        run: TimingView {
            half: hour.run_p50.map(duration),
            most: hour.run_p95.map(duration),
        },
        errors,
        failed: hour.failed > 0,
        chart: chart(say, &queue.minutes),
    }
}

fn chart(say: &Say<'_>, minutes: &[MinuteOfQueue]) -> ChartData {
    let series = |label, tone: &str, value: fn(&MinuteOfQueue) -> i64| Series {
        label: say.words.t(label),
        tone: tone.to_owned(),
        values: minutes.iter().map(|minute| Some(value(minute))).collect(),
    };
    ChartData {
        title: say.words.t(Key::QueuesJobsAMinute),
        shape: Shape::Bars,
        unit: Unit::Count,
        times: minutes
            .iter()
            .map(|minute| say.clock(minute.minute * MINUTE))
            .collect(),
        series: vec![
            series(Key::QueuesSucceeded, "leaf", |minute| minute.succeeded),
            series(Key::QueuesFailed, "saffron", |minute| minute.failed),
            series(Key::QueuesDead, "beet", |minute| minute.dead),
        ],
    }
}

fn worker_view(say: &Say<'_>, worker: &WorkerOverview) -> WorkerView {
    WorkerView {
        id: worker.id.to_string(),
        title: say.words.fill(
            Key::QueuesWorker,
            &[
                ("process", &worker.process.to_string()),
                ("host", &worker.host),
            ],
        ),
        role: say.words.name("role_name", &worker.role),
        alive: coarse((say.now - worker.started_at).max(0)),
        seen: say.moment(worker.seen_at),
        running: worker.running.iter().map(|job| line(say, job)).collect(),
    }
}

fn schedule_view(say: &Say<'_>, schedule: &ScheduleOverview) -> ScheduleView {
    let last_job = schedule.last_job.and_then(|(id, state)| {
        let state = state?;
        let name = say.words.name("job_state", state.key());
        Some((id.to_string(), state, name))
    });
    ScheduleView {
        kind: schedule.kind.clone(),
        title: say.kind(&schedule.kind),
        cron: schedule.cron.clone(),
        time_zone: schedule.time_zone.clone(),
        next: say.moment(schedule.next_at),
        last: schedule.last_at.map(|at| say.moment(at)),
        last_job,
    }
}

fn breaker_view(say: &Say<'_>, breaker: &BreakerOverview) -> BreakerView {
    BreakerView {
        key: breaker.gateway.key().to_owned(),
        title: say.words.name("gateway", breaker.gateway.key()),
        state: breaker.state,
        name: say.words.name("breaker", breaker.state.key()),
        since: breaker.since.map(|at| say.moment(at)),
        until: breaker.until.map(|at| say.moment(at)),
    }
}

/// A rate from what was typed: jobs, and microseconds; nothing where both fields are empty.
pub(super) fn rate(jobs: &str, seconds: &str) -> Result<Option<(i64, i64)>, AppError> {
    if jobs.trim().is_empty() && seconds.trim().is_empty() {
        return Ok(None);
    }
    let jobs = whole("jobs", jobs)?;
    let refuse = |code| {
        let fields = vec![InvalidField {
            field: "seconds".to_owned(),
            code,
        }];
        AppError::from(Problem::Invalid { fields })
    };
    let seconds = seconds.trim();
    if seconds.is_empty() {
        return Err(refuse(InvalidCode::Required));
    }
    let seconds: f64 = seconds
        .parse()
        .map_err(|_| refuse(InvalidCode::Malformed))?;
    // What is no number or beyond any is refused with the bounds.
    Ok(Some((jobs, (seconds * SECOND as f64) as i64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_both_parts_or_none() {
        assert_eq!(rate("", " "), Ok(None));
        assert_eq!(rate("10", "2.5"), Ok(Some((10, 2_500_000))));
        for (jobs, seconds) in [("10", ""), ("", "10"), ("ten", "1"), ("1", "soon")] {
            assert!(
                matches!(
                    rate(jobs, seconds),
                    Err(AppError(Problem::Invalid { fields })) if fields.len() == 1
                ),
                "{jobs} in {seconds}"
            );
        }
    }
}
