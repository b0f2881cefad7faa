//! Server functions of the queues, and what they send.

pub use crate::pages::admin::line::JobLine;
pub use crate::pages::admin::say::Moment;

use crate::components::chart::ChartData;
use crate::error::AppError;
use domain::breaker::BreakerState;
use domain::job::JobState;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Every queue, worker and schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuesView {
    /// The queues.
    pub queues: Vec<QueueView>,
    /// The processes that run jobs.
    pub workers: Vec<WorkerView>,
    /// What runs when.
    pub schedules: Vec<ScheduleView>,
    /// How the gateways that payments go through are.
    pub breakers: Vec<BreakerView>,
    /// Whether whoever asks may change anything.
    pub may_change: bool,
}

/// A queue, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Its name in addresses.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether none of its jobs begins.
    pub paused: bool,
    /// How many of its jobs one process runs at once.
    pub concurrency: i64,
    /// So many jobs in so many seconds; "2.5" is two and a half.
    pub rate: Option<(i64, String)>,
    /// "2 at once in each process · no rate limit".
    pub limits: String,
    /// How many of its jobs stand how.
    pub states: Vec<(JobState, i64)>,
    /// "3 s", where something waits.
    pub oldest: Option<String>,
    /// How long jobs waited.
    pub wait: TimingView,
    /// How long they ran.
    pub run: TimingView,
    /// "2.5 %", and "1 of 40 attempts"; nothing where nothing ran.
    pub errors: Option<(String, String)>,
    /// Whether any attempt failed.
    pub failed: bool,
    /// Jobs a minute.
    pub chart: ChartData,
}

/// A length of time that half of the jobs keep within, and one that nearly all do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimingView {
    /// Of half of them; nothing where nothing ran.
    pub half: Option<String>,
    /// Of 95 in a hundred.
    pub most: Option<String>,
}

/// A process that runs jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerView {
    /// Its id.
    pub id: String,
    /// "Process 4711 on kitchen".
    pub title: String,
    /// "pages and jobs".
    pub role: String,
    /// "3 h 4 min".
    pub alive: String,
    /// When its beat was last seen.
    pub seen: Moment,
    /// What it runs now.
    pub running: Vec<JobLine>,
}

/// A schedule, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleView {
    /// The kind of its job.
    pub kind: String,
    /// "Clean up".
    pub title: String,
    /// `17 * * * *`
    pub cron: String,
    /// "America/Mexico_City".
    pub time_zone: String,
    /// When it is due.
    pub next: Moment,
    /// When it was last due.
    pub last: Option<Moment>,
    /// The job of that time: its page's id, how it stands and that in words; it may be forgotten.
    pub last_job: Option<(String, JobState, String)>,
}

/// The breaker of a gateway, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerView {
    /// The gateway's name in data.
    pub key: String,
    /// "Card".
    pub title: String,
    /// How it stands.
    pub state: BreakerState,
    /// "Working".
    pub name: String,
    /// Since when; nothing where it never changed.
    pub since: Option<Moment>,
    /// While it is open: when the next call is tried.
    pub until: Option<Moment>,
}

/// Every queue, worker and schedule.
#[server(endpoint = "admin/queues")]
pub async fn get_queues() -> Result<QueuesView, AppError> {
    super::build::queues(&crate::context::ctx()?).await
}

/// A queue by its name, and whether whoever asks may change it.
#[server(endpoint = "admin/queue")]
pub async fn get_queue(name: String) -> Result<(QueueView, bool), AppError> {
    super::build::queue(&crate::context::ctx()?, &name).await
}

/// Pauses a queue or lets it go on, whichever is named, and leads back to all of them.
#[server(endpoint = "admin/queue/pause")]
pub async fn pause_queue(
    #[server(default)] pause: String,
    #[server(default)] resume: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let (queue, paused) = if pause.is_empty() {
        (resume, false)
    } else {
        (pause, true)
    };
    Ok(service::board::set_paused(&ctx, &queue, paused).await?)
}

/// Sets how many of a queue's jobs one process runs at once.
#[server(endpoint = "admin/queue/concurrency")]
pub async fn set_queue_concurrency(
    #[server(default)] queue: String,
    #[server(default)] concurrency: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let concurrency = crate::pages::admin::say::whole("concurrency", &concurrency)?;
    Ok(service::board::set_concurrency(&ctx, &queue, concurrency).await?)
}

/// Sets how many of a queue's jobs may begin in how many seconds; without both there is no limit.
#[server(endpoint = "admin/queue/rate")]
pub async fn set_queue_rate(
    #[server(default)] queue: String,
    #[server(default)] jobs: String,
    #[server(default)] seconds: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let rate = super::build::rate(&jobs, &seconds)?;
    Ok(service::board::set_rate(&ctx, &queue, rate).await?)
}

/// Enqueues a schedule's job now, and leads to it.
#[server(endpoint = "admin/schedule/run")]
pub async fn run_schedule(#[server(default)] kind: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let job = service::board::run_schedule(&ctx, &kind).await?;
    leptos_axum::redirect(&format!("/admin/jobs/{job}"));
    Ok(())
}
