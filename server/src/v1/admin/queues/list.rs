use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::JobSummary;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::job::JobState;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::board::{
    self, MinuteOfQueue, QueueOverview, ScheduleOverview, Timing, WorkerOverview,
};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// The queue as a whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueuesResponse {
    queues: Vec<QueueItem>,
    /// The processes that run jobs.
    workers: Vec<WorkerItem>,
    schedules: Vec<ScheduleItem>,
    /// When this was.
    now: String,
}

/// A queue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueItem {
    pub name: String,
    /// Whether nothing of it is begun.
    pub paused: bool,
    /// How many of its jobs one process runs at once.
    pub concurrency: i64,
    /// How many of its jobs may be begun, all processes together; no limit where null.
    pub rate: Option<Rate>,
    /// How many jobs it has in each state.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub states: BTreeMap<JobState, i64>,
    /// Since when its most overdue ready job might run.
    pub oldest_ready: Option<String>,
    /// The last hour.
    hour: TimingItem,
    /// The last 60 minutes, oldest first.
    minutes: Vec<MinuteItem>,
}

/// So many jobs in so much time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// How many, up to a million.
    pub jobs: i64,
    /// In how many seconds, up to a day.
    pub seconds: i64,
}

/// How long jobs waited and ran: percentiles in microseconds, which the true ones do not exceed and are
/// more than half of; null where nothing ran.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TimingItem {
    wait_p50: Option<i64>,
    wait_p95: Option<i64>,
    run_p50: Option<i64>,
    run_p95: Option<i64>,
    /// How many runs ended.
    jobs: i64,
    /// How many of them failed.
    failed: i64,
}

/// A minute of a queue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MinuteItem {
    /// When it began.
    at: String,
    /// Runs that succeeded.
    succeeded: i64,
    /// Runs that failed and are tried again.
    failed: i64,
    /// Runs after which the job was given up.
    dead: i64,
    timing: TimingItem,
}

/// A process that runs jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WorkerItem {
    worker_id: Uuid,
    host: String,
    process: i64,
    role: String,
    started_at: String,
    seen_at: String,
    /// What it runs.
    running: Vec<JobSummary>,
}

/// What is done again and again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScheduleItem {
    kind: String,
    /// Minute, hour, day of month, month, day of week.
    cron: String,
    time_zone: String,
    next_at: String,
    last_at: Option<String>,
    /// The job of that time.
    last_job_id: Option<Uuid>,
    /// That job's state, while it is kept.
    last_state: Option<JobState>,
}

impl From<Timing> for TimingItem {
    fn from(timing: Timing) -> Self {
        Self {
            wait_p50: timing.wait_p50,
            wait_p95: timing.wait_p95,
            run_p50: timing.run_p50,
            run_p95: timing.run_p95,
            jobs: timing.jobs,
            failed: timing.failed,
        }
    }
}

impl From<MinuteOfQueue> for MinuteItem {
    fn from(minute: MinuteOfQueue) -> Self {
        Self {
            at: rfc3339(minute.minute * 60_000_000),
            succeeded: minute.succeeded,
            failed: minute.failed,
            dead: minute.dead,
            timing: minute.timing.into(),
        }
    }
}

impl From<QueueOverview> for QueueItem {
    fn from(queue: QueueOverview) -> Self {
        Self {
            name: queue.name,
            paused: queue.paused,
            concurrency: queue.concurrency,
            rate: queue.rate.map(|(jobs, period)| Rate {
                jobs,
                seconds: period / 1_000_000,
            }),
            states: queue.states.into_iter().collect(),
            oldest_ready: queue.oldest_ready.map(rfc3339),
            hour: queue.hour.into(),
            minutes: queue.minutes.into_iter().map(MinuteItem::from).collect(),
        }
    }
}

impl From<WorkerOverview> for WorkerItem {
    fn from(worker: WorkerOverview) -> Self {
        Self {
            worker_id: worker.id,
            host: worker.host,
            process: worker.process,
            role: worker.role,
            started_at: rfc3339(worker.started_at),
            seen_at: rfc3339(worker.seen_at),
            running: worker.running.into_iter().map(JobSummary::from).collect(),
        }
    }
}

impl From<ScheduleOverview> for ScheduleItem {
    fn from(schedule: ScheduleOverview) -> Self {
        let (last_job_id, last_state) = schedule.last_job.unzip();
        Self {
            kind: schedule.kind,
            cron: schedule.cron,
            time_zone: schedule.time_zone,
            next_at: rfc3339(schedule.next_at),
            last_at: schedule.last_at.map(rfc3339),
            last_job_id,
            last_state: last_state.flatten(),
        }
    }
}

/// Every queue, who runs jobs, and what is done again and again. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/queues", tag = "admin",
    responses(
        (status = 200, description = "The queue as a whole", body = QueuesResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(Extension(ctx): Extension<Ctx>) -> Result<Json<QueuesResponse>, ApiError> {
    let overview = board::overview(&ctx).await?;
    Ok(Json(QueuesResponse {
        queues: overview.queues.into_iter().map(QueueItem::from).collect(),
        workers: overview.workers.into_iter().map(WorkerItem::from).collect(),
        schedules: overview
            .schedules
            .into_iter()
            .map(ScheduleItem::from)
            .collect(),
        now: rfc3339(overview.now),
    }))
}
