//! Jobs: the queue's table.
//!
//! A job is claimed for a lease and carries a fencing token, `fence`, that grows with each claim.
//! Whoever acknowledges names the token; when another has claimed the job since, nothing changes.

use crate::statement::{execute, optional, rows, statements};
use crate::{Result, Tx};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    INSERT(10) = "INSERT INTO job
            (id, queue, kind, state, priority, arguments, owner_id, unique_key, run_at, max_attempts, request_id, created_at)
        VALUES ($1, $2, $3, 'ready', $4, $5, $6, $7, $10, $8, $9, $10)
        ON CONFLICT (kind, unique_key) WHERE state NOT IN ('dead', 'cancelled') DO NOTHING";
    BY_UNIQUE_KEY(2) = "SELECT id FROM job
        WHERE kind = $1 AND unique_key = $2 AND state NOT IN ('dead', 'cancelled')";
    CLAIM(4) = "UPDATE job SET state = 'running', fence = fence + 1, lease_until = $3,
            started_at = COALESCE(started_at, $2)
        WHERE id IN (SELECT id FROM job
            WHERE queue = $1 AND state IN ('scheduled', 'ready', 'retrying') AND run_at <= $2
            ORDER BY priority, run_at, id LIMIT $4)
        RETURNING id, kind, arguments, owner_id, attempts, max_attempts, fence, request_id, created_at,
            priority, run_at"
      | "UPDATE job SET state = 'running', fence = fence + 1, lease_until = $3,
            started_at = COALESCE(started_at, $2)
        WHERE id = ANY (ARRAY(SELECT id FROM job
            WHERE queue = $1 AND state IN ('scheduled', 'ready', 'retrying') AND run_at <= $2
            ORDER BY priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED))
        RETURNING id, kind, arguments, owner_id, attempts, max_attempts, fence, request_id, created_at,
            priority, run_at";
    RECLAIM(1) = "UPDATE job SET state = 'ready', lease_until = NULL, fence = fence + 1
        WHERE state = 'running' AND lease_until <= $1";
    RENEW(3) = "UPDATE job SET lease_until = $3
        WHERE state = 'running' AND id = $1 AND fence = $2";
    SUCCEED(4) = "UPDATE job SET state = 'succeeded', lease_until = NULL, progress = 100, result = $3, finished_at = $4
        WHERE state = 'running' AND id = $1 AND fence = $2";
    RETRY(4) = "UPDATE job SET state = 'retrying', lease_until = NULL, attempts = attempts + 1, error = $3, run_at = $4
        WHERE state = 'running' AND id = $1 AND fence = $2";
    BURY(4) = "UPDATE job SET state = 'dead', lease_until = NULL, attempts = attempts + 1, error = $3, finished_at = $4
        WHERE state = 'running' AND id = $1 AND fence = $2";
    OF_OWNER(2) = "SELECT id, kind, state, progress, result, error, created_at, started_at, finished_at
        FROM job WHERE owner_id = $1 AND id = $2";
}

/// A job to be.
#[derive(Debug)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: Uuid,
    /// The queue that it waits in.
    pub queue: &'a str,
    /// What it is.
    pub kind: &'a str,
    /// Smaller is more urgent.
    pub priority: i64,
    /// What it is about.
    pub arguments: Value,
    /// Whom it is for.
    pub owner_id: Option<Uuid>,
    /// One living job of this kind may have it.
    pub unique_key: Option<&'a str>,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// The request that caused it.
    pub request_id: &'a str,
    /// Now, in microseconds.
    pub now: i64,
}

/// A job that this process may run until its lease ends.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ClaimedJob {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub kind: String,
    /// What it is about.
    pub arguments: Json<Value>,
    /// Whom it is for.
    pub owner_id: Option<Uuid>,
    /// How often it has failed.
    pub attempts: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// The fencing token.
    pub fence: i64,
    /// The request that caused it.
    pub request_id: String,
    /// When it was enqueued, in microseconds.
    pub created_at: i64,
    priority: i64,
    run_at: i64,
}

/// What its owner may see of a job.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct JobRow {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub kind: String,
    /// Its state in the queue.
    pub state: String,
    /// Percent done.
    pub progress: i64,
    /// What came of it.
    pub result: Option<Json<Value>>,
    /// What went wrong last.
    pub error: Option<Json<Value>>,
    /// When it was enqueued, in microseconds.
    pub created_at: i64,
    /// When it was first begun.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// Enqueues a job in the transaction that makes it necessary, and gives its id, or that of the
/// living job which has its unique key already.
///
/// # Errors
/// Where the database does.
pub async fn enqueue(tx: &mut Tx, job: &NewJob<'_>) -> Result<Uuid> {
    loop {
        let inserted = execute!(
            tx,
            INSERT,
            job.id,
            job.queue,
            job.kind,
            job.priority,
            Json(&job.arguments),
            job.owner_id,
            job.unique_key,
            job.max_attempts,
            job.request_id,
            job.now
        )?;
        if inserted == 1 {
            tx.will_wake().await?;
            return Ok(job.id);
        }
        if let Some((id,)) = optional!(tx, (Uuid,), BY_UNIQUE_KEY, job.kind, job.unique_key)? {
            return Ok(id);
        }
        // On PostgreSQL the living one may have died between the two statements: its key is free.
    }
}

/// Claims up to `limit` jobs of a queue until `lease_until`, most urgent first.
///
/// # Errors
/// Where the database does.
pub async fn claim(
    tx: &mut Tx,
    queue: &str,
    now: i64,
    lease_until: i64,
    limit: i64,
) -> Result<Vec<ClaimedJob>> {
    let mut claimed = rows!(tx, ClaimedJob, CLAIM, queue, now, lease_until, limit)?;
    // Neither engine promises an order of the rows that it returns from an update.
    claimed.sort_by_key(|job| (job.priority, job.run_at, job.id));
    Ok(claimed)
}

/// Makes jobs ready again whose lease ended by `now`: whoever ran them has died. It is no failure
/// of the job. Gives how many there were.
///
/// # Errors
/// Where the database does.
pub async fn reclaim(tx: &mut Tx, now: i64) -> Result<u64> {
    execute!(tx, RECLAIM, now)
}

/// Prolongs a lease; false where it was lost.
///
/// # Errors
/// Where the database does.
pub async fn renew(tx: &mut Tx, id: Uuid, fence: i64, lease_until: i64) -> Result<bool> {
    Ok(execute!(tx, RENEW, id, fence, lease_until)? == 1)
}

/// Ends a job well; false where its lease was lost, and then nothing changed.
///
/// # Errors
/// Where the database does.
pub async fn succeed(tx: &mut Tx, id: Uuid, fence: i64, result: &Value, now: i64) -> Result<bool> {
    Ok(execute!(tx, SUCCEED, id, fence, Json(result), now)? == 1)
}

/// Counts a failure and has the job tried again at `run_at`; false where its lease was lost.
///
/// # Errors
/// Where the database does.
pub async fn retry(tx: &mut Tx, id: Uuid, fence: i64, error: &Value, run_at: i64) -> Result<bool> {
    Ok(execute!(tx, RETRY, id, fence, Json(error), run_at)? == 1)
}

/// Counts a failure and gives the job up; false where its lease was lost.
///
/// # Errors
/// Where the database does.
pub async fn bury(tx: &mut Tx, id: Uuid, fence: i64, error: &Value, now: i64) -> Result<bool> {
    Ok(execute!(tx, BURY, id, fence, Json(error), now)? == 1)
}

/// A job by its id, if it is for `owner`.
///
/// # Errors
/// Where the database does.
pub async fn of_owner(tx: &mut Tx, owner: Uuid, id: Uuid) -> Result<Option<JobRow>> {
    optional!(tx, JobRow, OF_OWNER, owner, id)
}
