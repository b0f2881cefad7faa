//! What administrators and operators see, and what administrators change.

pub mod audit;
pub mod campuses;
pub mod changes;
pub mod dead_events;
pub mod deliveries;
pub(crate) mod file;
pub mod jobs;
pub mod menu_items;
pub mod orders;
pub mod overview;
pub mod payments;
pub mod people;
pub mod queues;
pub mod schedules;
pub mod search;
pub mod system;

use crate::http::problem::ApiError;
use crate::v1::time;
use domain::invalid::InvalidCode;
use domain::job::{JobChange, JobState};
use serde::{Deserialize, Serialize};
use service::Error;
use service::board::{JobFilter, JobItem};
use utoipa::ToSchema;
use uuid::Uuid;

/// A job in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    pub job_id: Uuid,
    pub queue: String,
    pub kind: String,
    pub state: JobState,
    /// Smaller is more urgent.
    pub priority: i64,
    /// What it is about: `plan:…`, `account:…`.
    pub subject: Option<String>,
    /// The e-mail address of whom it is for.
    pub owner: Option<String>,
    /// How often it has failed.
    pub attempts: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// How often its worker died.
    pub deaths: i64,
    /// Percent done.
    pub progress: i64,
    /// What it does just now.
    pub message: Option<String>,
    /// Whether whoever runs it was asked to stop.
    pub cancelling: bool,
    /// When it may run.
    pub run_at: String,
    /// When it was enqueued.
    pub created_at: String,
    /// When its latest run began.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
}

impl From<JobItem> for JobSummary {
    fn from(job: JobItem) -> Self {
        Self {
            job_id: job.id,
            queue: job.queue,
            kind: job.kind,
            state: job.state,
            priority: job.priority,
            subject: job.subject,
            owner: job.owner,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            deaths: job.deaths,
            progress: job.progress,
            message: job.message,
            cancelling: job.cancelling,
            run_at: time::rfc3339(job.run_at),
            created_at: time::rfc3339(job.created_at),
            started_at: job.started_at.map(time::rfc3339),
            finished_at: job.finished_at.map(time::rfc3339),
        }
    }
}

/// Which jobs. Everything that is absent lets all through.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Filter {
    /// Of this queue.
    pub queue: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
    /// Enqueued in the hour of this time or later.
    pub since: Option<String>,
    /// Enqueued before the hour of this time.
    pub until: Option<String>,
    /// In the arguments, as a part of any text or number there that is no secret.
    pub text: Option<String>,
    /// What it is about, or a member's e-mail address or id.
    pub subject: Option<String>,
}

impl TryFrom<Filter> for JobFilter {
    type Error = ApiError;
    fn try_from(filter: Filter) -> Result<Self, ApiError> {
        let at = |field, text: Option<String>| -> Result<Option<i64>, ApiError> {
            text.map(|text| time::micros(field, &text)).transpose()
        };
        Ok(Self {
            since: at("since", filter.since)?,
            until: at("until", filter.until)?,
            queue: filter.queue,
            kind: filter.kind,
            state: filter.state,
            text: filter.text,
            subject: filter.subject,
        })
    }
}

/// What can be done to a job.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// Try one again that was given up or cancelled, as if it had never failed.
    Retry,
    /// Stop it.
    Cancel,
    /// Let it run now instead of at its time.
    RunNow,
    /// Let it run before or after others.
    SetPriority,
    /// Forget it.
    Delete,
}

impl Action {
    /// The change that this is, with the priority that goes with one of them.
    fn change(self, priority: Option<i64>) -> Result<JobChange, ApiError> {
        let refused = |code| Err(Error::invalid("priority", code).into());
        match (self, priority) {
            (Self::SetPriority, Some(priority)) => Ok(JobChange::SetPriority { priority }),
            (Self::SetPriority, None) => refused(InvalidCode::Required),
            (_, Some(_)) => refused(InvalidCode::UnknownField),
            (Self::Retry, None) => Ok(JobChange::Retry),
            (Self::Cancel, None) => Ok(JobChange::Cancel),
            (Self::RunNow, None) => Ok(JobChange::RunNow),
            (Self::Delete, None) => Ok(JobChange::Delete),
        }
    }
}

impl From<JobChange> for Action {
    fn from(change: JobChange) -> Self {
        match change {
            JobChange::Retry => Self::Retry,
            JobChange::Cancel => Self::Cancel,
            JobChange::RunNow => Self::RunNow,
            JobChange::SetPriority { .. } => Self::SetPriority,
            JobChange::Delete => Self::Delete,
        }
    }
}

/// The job that does what was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobAccepted {
    /// To be followed at `/v1/admin/jobs/{jobId}`.
    job_id: Uuid,
}

/// The answer that a job will do it.
fn accepted(job_id: Uuid) -> impl axum::response::IntoResponse {
    let location = format!("/v1/admin/jobs/{job_id}");
    (
        axum::http::StatusCode::ACCEPTED,
        [(axum::http::header::LOCATION, location)],
        axum::Json(JobAccepted { job_id }),
    )
}
