//! A job whole.

use super::list::{JobItem, items};
use super::secrets::masked;
use super::{VIEWERS, may_change};
use crate::Result;
use crate::ctx::Ctx;
use crate::jobs::JobError;
use domain::job::{JobChange, JobState};
use domain::problem::Problem;
use serde_json::Value;
use storage::{board, change};
use uuid::Uuid;

/// How many attempts that did not succeed are shown.
const ATTEMPTS_MOST: i64 = 50;
/// How many lines of the log.
const LINES_MOST: i64 = 1000;
/// How many causes, one behind the other.
const CAUSES_MOST: i64 = 10;
/// How many jobs that it has caused.
const CHILDREN_MOST: i64 = 100;

/// An attempt that did not succeed. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The token of the claim.
    pub fence: i64,
    /// Whether its worker died, which is no failure of the job.
    pub died: bool,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// When it began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
}

/// A line that a job wrote about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When, in microseconds UTC.
    pub at: i64,
    /// What.
    pub message: String,
}

/// A job whole.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDetail {
    /// What a list tells.
    pub job: JobItem,
    /// With what stands under the name of a secret masked.
    pub arguments: Value,
    /// What came of it, masked likewise.
    pub result: Option<Value>,
    /// What went wrong last.
    pub problem: Option<Problem>,
    /// What no other job of its kind has.
    pub unique_key: Option<String>,
    /// The request that caused it.
    pub request_id: String,
    /// Who runs it.
    pub worker: Option<Uuid>,
    /// The newest claim's token.
    pub fence: i64,
    /// Those that did not succeed, newest first, the latest 50.
    pub attempts: Vec<Attempt>,
    /// What it wrote about itself, at most 1,000 lines.
    pub log: Vec<LogLine>,
    /// What caused it, from the first cause to the parent, at most 10.
    pub causes: Vec<JobItem>,
    /// What it has caused, the first 100.
    pub children: Vec<JobItem>,
    /// How many jobs it waits for.
    pub children_left: i64,
    /// What can be done to it now, by whoever asks; nothing for operators.
    pub changes: Vec<JobChange>,
    /// Whether whoever asks may still take back what it has changed of other jobs.
    pub undoable: bool,
}

/// What can be done to a job that stands so.
fn changes(job: &JobItem) -> Vec<JobChange> {
    let asked_to_stop = job.state == JobState::Running && job.cancelling;
    [
        JobChange::Retry,
        JobChange::Cancel,
        JobChange::RunNow,
        JobChange::SetPriority {
            priority: job.priority,
        },
        JobChange::Delete,
    ]
    .into_iter()
    .filter(|change| change.applies_to(job.state))
    .filter(|change| *change != JobChange::Cancel || !asked_to_stop)
    .collect()
}

/// A job whole.
///
/// # Errors
/// [`Problem::NotFound`] where there is none; for others than administrators and operators as
/// [`Ctx::allow`].
pub async fn get(ctx: &Ctx, id: Uuid) -> Result<JobDetail> {
    ctx.allow(&VIEWERS)?;
    let mut tx = ctx.read().await?;
    let row = board::listed(&mut tx, &[id]).await?.pop();
    let details = board::details(&mut tx, id).await?;
    let (Some(row), Some(details)) = (row, details) else {
        return Err(Problem::NotFound.into());
    };
    let worker = row.worker_id;
    let job = JobItem::try_from(row)?;
    let attempts = board::attempts(&mut tx, id, ATTEMPTS_MOST).await?;
    let log = board::log(&mut tx, id, LINES_MOST).await?;
    let may_change = may_change(ctx);
    // A change of many has the id of the job that made it.
    let changed = may_change && job.state.has_ended() && change::get(&mut tx, id).await?.is_some();
    Ok(JobDetail {
        arguments: masked(details.arguments.0),
        result: details.result.map(|result| masked(result.0)),
        problem: details.error.map(|error| JobError::problem_of(error.0)),
        unique_key: details.unique_key,
        request_id: details.request_id,
        worker,
        fence: details.fence,
        attempts: attempts
            .into_iter()
            .map(|attempt| Attempt {
                fence: attempt.fence,
                died: attempt.outcome == "died",
                problem: attempt.error.map(|error| JobError::problem_of(error.0)),
                started_at: attempt.started_at,
                ended_at: attempt.ended_at,
            })
            .collect(),
        log: log
            .into_iter()
            .map(|(at, message)| LogLine { at, message })
            .collect(),
        causes: items(board::causes(&mut tx, id, CAUSES_MOST).await?)?,
        children: items(board::children(&mut tx, id, CHILDREN_MOST).await?)?,
        children_left: details.children_left,
        changes: if may_change {
            changes(&job)
        } else {
            Vec::new()
        },
        undoable: changed,
        job,
    })
}
