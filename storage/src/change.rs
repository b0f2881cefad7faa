//! What administrators change of jobs, many at a time, and how it is taken back.
//!
//! How each job stood before is kept beside it, in the transaction that changes it: a change that is
//! made in parts changes no job twice, also where its author dies between two of them.

use crate::board::many;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use domain::job::{JobChange, JobState};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    BEGIN(4) = "INSERT INTO job_change (id, at, action, priority) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
    GET(1) = "SELECT at, action, priority FROM job_change WHERE id = $1";
    // The plus keeps SQLite from reading every job of these states instead of those by their ids, and
    // the arrays PostgreSQL.
    RECORD(3) = "INSERT INTO changed_job (change_id, job_id, state, priority, run_at, attempts, deaths, fence, progress,
            message, error, finished_at)
        SELECT $1, id, state, priority, run_at, attempts, deaths, fence, progress, message, error, finished_at
        FROM job WHERE id IN (SELECT unhex(value) FROM json_each($2))
            AND +state IN (SELECT value FROM json_each($3)) AND +id <> $1
        ON CONFLICT (change_id, job_id) DO NOTHING RETURNING job_id"
      | "INSERT INTO changed_job (change_id, job_id, state, priority, run_at, attempts, deaths, fence, progress,
            message, error, finished_at)
        SELECT CAST($1 AS UUID), id, state, priority, run_at, attempts, deaths, fence, progress, message, error,
            finished_at
        FROM job WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2)))
            AND state = ANY (ARRAY(SELECT value FROM jsonb_array_elements_text($3))) AND id <> CAST($1 AS UUID)
        ORDER BY id FOR UPDATE OF job
        ON CONFLICT (change_id, job_id) DO NOTHING RETURNING job_id";
    // Its parent was told of its end: it waits for it no more.
    RETRY(2) = "UPDATE job SET state = 'ready', run_at = $2, finished_at = NULL, error = NULL, attempts = 0, deaths = 0,
            cancelling = FALSE, progress = 0, message = NULL, awaited = FALSE
        WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND +state IN ('dead', 'cancelled')"
      | "UPDATE job SET state = 'ready', run_at = $2, finished_at = NULL, error = NULL, attempts = 0, deaths = 0,
            cancelling = FALSE, progress = 0, message = NULL, awaited = FALSE
        WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND state IN ('dead', 'cancelled')";
    CANCEL(2) = "UPDATE job SET cancelling = worker_id IS NOT NULL,
            state = CASE WHEN worker_id IS NOT NULL THEN state ELSE 'cancelled' END,
            finished_at = CASE WHEN worker_id IS NULL THEN $2 END,
            unique_key = CASE WHEN worker_id IS NOT NULL THEN unique_key END
        WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND finished_at IS NULL"
      | "UPDATE job SET cancelling = worker_id IS NOT NULL,
            state = CASE WHEN worker_id IS NOT NULL THEN state ELSE 'cancelled' END,
            finished_at = CASE WHEN worker_id IS NULL THEN CAST($2 AS BIGINT) END,
            unique_key = CASE WHEN worker_id IS NOT NULL THEN unique_key END
        WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND finished_at IS NULL";
    RUN_NOW(2) = "UPDATE job SET state = 'ready', run_at = $2
        WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND +state IN ('scheduled', 'retrying')"
      | "UPDATE job SET state = 'ready', run_at = $2
        WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND state IN ('scheduled', 'retrying')";
    SET_PRIORITY(2) = "UPDATE job SET priority = $2
        WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND +state IN ('scheduled', 'ready', 'retrying')"
      | "UPDATE job SET priority = $2
        WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND state IN ('scheduled', 'ready', 'retrying')";
    // A top-up that did not succeed is not over: its card may have been charged.
    DELETE(2) = "DELETE FROM job WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND finished_at IS NOT NULL
            AND +id <> $2 AND (+kind <> 'wallet.top_up' OR +state = 'succeeded')"
      | "DELETE FROM job WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND finished_at IS NOT NULL AND id <> $2 AND (kind <> 'wallet.top_up' OR state = 'succeeded')";
    CHANGED(2) = "SELECT job_id FROM changed_job WHERE change_id = $1 ORDER BY job_id DESC LIMIT $2";
    COUNT_CHANGED(1) = "SELECT COUNT(*) FROM changed_job WHERE change_id = $1";
    UNDO_RETRY(3) = "UPDATE job SET state = changed.state, run_at = changed.run_at, attempts = changed.attempts,
            deaths = changed.deaths, progress = changed.progress, message = changed.message, error = changed.error,
            finished_at = changed.finished_at
        FROM changed_job AS changed
        WHERE changed.change_id = $1 AND changed.job_id IN (SELECT unhex(value) FROM json_each($2))
            AND job.id = changed.job_id AND job.fence = changed.fence AND +job.state = 'ready' AND job.run_at = $3"
      | "UPDATE job SET state = changed.state, run_at = changed.run_at, attempts = changed.attempts,
            deaths = changed.deaths, progress = changed.progress, message = changed.message, error = changed.error,
            finished_at = changed.finished_at
        FROM changed_job AS changed
        WHERE changed.change_id = $1
            AND changed.job_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2)))
            AND job.id = changed.job_id AND job.fence = changed.fence AND job.state = 'ready' AND job.run_at = $3";
    UNDO_CANCEL(3) = "UPDATE job SET state = changed.state, finished_at = NULL, cancelling = FALSE, awaited = FALSE
        FROM changed_job AS changed
        WHERE changed.change_id = $1 AND changed.job_id IN (SELECT unhex(value) FROM json_each($2))
            AND job.id = changed.job_id AND job.fence = changed.fence AND +job.state = 'cancelled'
            AND job.finished_at = $3 AND changed.state <> 'running'"
      | "UPDATE job SET state = changed.state, finished_at = NULL, cancelling = FALSE, awaited = FALSE
        FROM changed_job AS changed
        WHERE changed.change_id = $1
            AND changed.job_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2)))
            AND job.id = changed.job_id AND job.fence = changed.fence AND job.state = 'cancelled'
            AND job.finished_at = $3 AND changed.state <> 'running'";
    UNDO_RUN_NOW(3) = "UPDATE job SET state = changed.state, run_at = changed.run_at
        FROM changed_job AS changed
        WHERE changed.change_id = $1 AND changed.job_id IN (SELECT unhex(value) FROM json_each($2))
            AND job.id = changed.job_id AND job.fence = changed.fence AND +job.state = 'ready' AND job.run_at = $3"
      | "UPDATE job SET state = changed.state, run_at = changed.run_at
        FROM changed_job AS changed
        WHERE changed.change_id = $1
            AND changed.job_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2)))
            AND job.id = changed.job_id AND job.fence = changed.fence AND job.state = 'ready' AND job.run_at = $3";
    UNDO_SET_PRIORITY(3) = "UPDATE job SET priority = changed.priority
        FROM changed_job AS changed
        WHERE changed.change_id = $1 AND changed.job_id IN (SELECT unhex(value) FROM json_each($2))
            AND job.id = changed.job_id AND +job.state IN ('scheduled', 'ready', 'retrying') AND job.priority = $3"
      | "UPDATE job SET priority = changed.priority
        FROM changed_job AS changed
        WHERE changed.change_id = $1
            AND changed.job_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2)))
            AND job.id = changed.job_id AND job.state IN ('scheduled', 'ready', 'retrying') AND job.priority = $3";
    DROP_CHANGED(2) = "DELETE FROM changed_job WHERE change_id = $1
            AND job_id IN (SELECT unhex(value) FROM json_each($2))"
      | "DELETE FROM changed_job WHERE change_id = $1
            AND job_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2)))";
    DROP(1) = "DELETE FROM job_change WHERE id = $1";
    FORGET_CHANGED(2) = "DELETE FROM changed_job WHERE (change_id, job_id) IN (SELECT change_id, job_id FROM changed_job
        WHERE change_id IN (SELECT id FROM job_change WHERE at < $1) LIMIT $2)";
    FORGET(1) = "DELETE FROM job_change WHERE at < $1";
}

/// A change that may be taken back.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ChangeRow {
    /// When it was made, in microseconds: the moment that stands in the jobs too.
    pub at: i64,
    action: String,
    priority: Option<i64>,
}

/// Notes that jobs will be changed, and gives when; where a part of it was made before, when that was.
///
/// # Errors
/// Where the database does.
pub async fn begin(tx: &mut Tx, id: Uuid, at: i64, change: JobChange) -> Result<i64> {
    let priority = match change {
        JobChange::SetPriority { priority } => Some(priority),
        _ => None,
    };
    if change.can_be_undone() && execute!(tx, BEGIN, id, at, change.key(), priority)? == 0 {
        return Ok(get(tx, id).await?.map_or(at, |before| before.at));
    }
    Ok(at)
}

/// A change, while it may be taken back.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<ChangeRow>> {
    optional!(tx, ChangeRow, GET, id)
}

/// Changes those of the jobs that stand so that they can be changed and that this change has not
/// changed before; never the job with the change's own id. Gives how many. [`begin`] comes first.
///
/// # Errors
/// Where the database does.
pub async fn apply(
    tx: &mut Tx,
    id: Uuid,
    at: i64,
    change: JobChange,
    jobs: &[Uuid],
) -> Result<i64> {
    if change == JobChange::Delete {
        return Ok(execute!(tx, DELETE, many(jobs), id)?.cast_signed());
    }
    let states: Vec<&str> = JobState::ALL
        .into_iter()
        .filter(|state| change.applies_to(*state))
        .map(JobState::column)
        .collect();
    let recorded = rows!(tx, (Uuid,), RECORD, id, many(jobs), Json(states))?;
    let recorded: Vec<Uuid> = recorded.into_iter().map(|(job,)| job).collect();
    if recorded.is_empty() {
        return Ok(0);
    }
    let jobs = many(&recorded);
    match change {
        JobChange::Retry => execute!(tx, RETRY, jobs, at)?,
        JobChange::Cancel => execute!(tx, CANCEL, jobs, at)?,
        JobChange::RunNow => execute!(tx, RUN_NOW, jobs, at)?,
        JobChange::SetPriority { priority } => execute!(tx, SET_PRIORITY, jobs, priority)?,
        JobChange::Delete => 0,
    };
    tx.will_wake().await?;
    Ok(recorded.len() as i64)
}

/// Up to `limit` of the jobs that a change has changed and that were not looked at since to be changed
/// back.
///
/// # Errors
/// Where the database does.
pub async fn changed(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), CHANGED, id, limit)?;
    Ok(rows.into_iter().map(|(job,)| job).collect())
}

/// How many jobs [`changed`] would give if it gave all.
///
/// # Errors
/// Where the database does.
pub async fn count_changed(tx: &mut Tx, id: Uuid) -> Result<i64> {
    Ok(optional!(tx, (i64,), COUNT_CHANGED, id)?.map_or(0, |(jobs,)| jobs))
}

/// Makes these jobs what they were before a change, where they still stand as it left them; gives how
/// many. Either way they are not looked at again.
///
/// # Errors
/// Where the database does.
pub async fn undo(tx: &mut Tx, id: Uuid, change: &ChangeRow, jobs: &[Uuid]) -> Result<i64> {
    let at = change.at;
    let undone = match change.action.as_str() {
        "RETRY" => execute!(tx, UNDO_RETRY, id, many(jobs), at)?,
        "CANCEL" => execute!(tx, UNDO_CANCEL, id, many(jobs), at)?,
        "RUN_NOW" => execute!(tx, UNDO_RUN_NOW, id, many(jobs), at)?,
        _ => execute!(tx, UNDO_SET_PRIORITY, id, many(jobs), change.priority)?,
    };
    later!(tx, DROP_CHANGED, id, many(jobs))?;
    tx.will_wake().await?;
    Ok(undone.cast_signed())
}

/// Forgets a change: it can't be taken back any more.
///
/// # Errors
/// Where the database does.
pub async fn drop_change(tx: &mut Tx, id: Uuid) -> Result<()> {
    later!(tx, DROP, id)
}

/// Forgets up to `limit` of the jobs that were changed before a moment, in microseconds, and where none
/// is left the changes; gives how many jobs.
///
/// # Errors
/// Where the database does.
pub async fn forget(tx: &mut Tx, before: i64, limit: i64) -> Result<u64> {
    let forgotten = execute!(tx, FORGET_CHANGED, before, limit)?;
    if forgotten < limit.cast_unsigned() {
        later!(tx, FORGET, before)?;
    }
    Ok(forgotten)
}
