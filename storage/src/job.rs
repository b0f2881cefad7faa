//! Jobs: the queue's tables, and what is done to many of their rows at once.
//!
//! A worker that claims a job takes a fencing token, `fence`, that grows with each claim. Whoever
//! acknowledges names the token; when another has claimed the job since, nothing changes. A job is
//! held as long as its worker lives: see [`crate::worker`].

use crate::statement::{execute, optional, rows, statements};
use crate::{Result, Tx};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use std::borrow::Borrow;
use uuid::Uuid;

statements! {
    INSERT(1) = "INSERT INTO job (id, queue, kind, state, priority, arguments, owner_id, subject, unique_key,
            unique_scope, unique_until, run_at, max_attempts, request_id, parent_id, awaited, created_at)
        SELECT unhex(value ->> 'id'), value ->> 'queue', value ->> 'kind',
            CASE WHEN value ->> 'runAt' > value ->> 'now' THEN 'scheduled' ELSE 'ready' END,
            value ->> 'priority', value -> 'arguments', unhex(value ->> 'ownerId'), value ->> 'subject',
            value ->> 'uniqueKey', value ->> 'uniqueScope', value ->> 'uniqueUntil', value ->> 'runAt',
            value ->> 'maxAttempts', value ->> 'requestId', unhex(value ->> 'parentId'), value ->> 'awaited',
            value ->> 'now'
        FROM json_each($1) WHERE true
        ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL DO NOTHING RETURNING id"
      | "INSERT INTO job (id, queue, kind, state, priority, arguments, owner_id, subject, unique_key,
            unique_scope, unique_until, run_at, max_attempts, request_id, parent_id, awaited, created_at)
        SELECT id, queue, kind, CASE WHEN \"runAt\" > now THEN 'scheduled' ELSE 'ready' END, priority, COALESCE(arguments, 'null'),
            \"ownerId\", subject, \"uniqueKey\", \"uniqueScope\", \"uniqueUntil\", \"runAt\", \"maxAttempts\",
            \"requestId\", \"parentId\", awaited, now
        FROM jsonb_to_recordset($1) AS row(id UUID, queue TEXT, kind TEXT, priority BIGINT, arguments JSONB,
            \"ownerId\" UUID, subject TEXT, \"uniqueKey\" TEXT, \"uniqueScope\" TEXT, \"uniqueUntil\" BIGINT,
            \"runAt\" BIGINT, \"maxAttempts\" BIGINT, \"requestId\" TEXT, \"parentId\" UUID, awaited BOOLEAN,
            now BIGINT)
        ORDER BY kind, \"uniqueKey\"
        ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL DO NOTHING RETURNING id";
    BY_UNIQUE_KEY(2) = "SELECT id FROM job WHERE kind = $1 AND unique_key = $2";
    RELEASE_KEY(3) = "UPDATE job SET unique_key = NULL
        WHERE kind = $1 AND unique_key = $2 AND unique_until <= $3 AND finished_at IS NOT NULL";
    AWAIT(2) = "UPDATE job SET children_left = children_left + $2 WHERE id = $1 AND state = 'running'";
    PROMOTE(1) = "UPDATE job SET state = 'ready'
        WHERE state IN ('scheduled', 'retrying') AND run_at <= $1";
    NEXT_DUE(0) = "SELECT run_at FROM job WHERE state IN ('scheduled', 'retrying') ORDER BY run_at LIMIT 1";
    CLAIM(4) = "UPDATE job SET state = 'running', fence = fence + 1, worker_id = $2, started_at = $3,
            unique_key = CASE WHEN unique_scope = 'waiting' THEN NULL ELSE unique_key END
        WHERE id IN (SELECT id FROM job WHERE queue = $1 AND state = 'ready'
            ORDER BY priority, run_at, id LIMIT $4)
        RETURNING id, kind, arguments, owner_id, attempts, max_attempts, deaths, fence, request_id,
            priority, run_at, started_at"
      | "UPDATE job SET state = 'running', fence = fence + 1, worker_id = $2, started_at = $3,
            unique_key = CASE WHEN unique_scope = 'waiting' THEN NULL ELSE unique_key END
        WHERE id = ANY (ARRAY(SELECT id FROM job WHERE queue = $1 AND state = 'ready'
            ORDER BY priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED))
        RETURNING id, kind, arguments, owner_id, attempts, max_attempts, deaths, fence, request_id,
            priority, run_at, started_at";
    HELD(1) = "SELECT job.id FROM json_each($1) JOIN job ON job.id = unhex(value ->> 'id')
        WHERE job.state = 'running' AND job.worker_id IS NOT NULL AND job.fence = value ->> 'fence'"
      | "SELECT job.id FROM jsonb_to_recordset($1) AS row(id UUID, fence BIGINT) JOIN job ON job.id = row.id
        WHERE job.state = 'running' AND job.worker_id IS NOT NULL AND job.fence = row.fence
        ORDER BY job.id FOR UPDATE OF job";
    FINISH(1) = "UPDATE job SET
            state = CASE WHEN ended.state = 'succeeded' AND children_left > 0 THEN 'running' ELSE ended.state END,
            worker_id = NULL, attempts = attempts + ended.failed,
            progress = CASE WHEN ended.state = 'succeeded' AND children_left = 0 THEN 100 ELSE progress END,
            result = COALESCE(ended.result, job.result), error = ended.error,
            run_at = COALESCE(ended.run_at, job.run_at),
            finished_at = CASE WHEN ended.state IN ('dead', 'cancelled')
                OR (ended.state = 'succeeded' AND children_left = 0) THEN ended.now END,
            unique_key = CASE WHEN ended.state IN ('dead', 'cancelled')
                OR (ended.state = 'succeeded' AND children_left = 0 AND unique_scope = 'living') THEN NULL ELSE unique_key END
        FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'fence' AS fence, value ->> 'state' AS state,
                value ->> 'failed' AS failed, value -> 'result' AS result, value -> 'error' AS error,
                value ->> 'runAt' AS run_at, value ->> 'now' AS now FROM json_each($1)) AS ended
        WHERE job.id = ended.id AND job.fence = ended.fence AND job.state = 'running'
            AND job.worker_id IS NOT NULL
        RETURNING job.id, job.fence"
      | "UPDATE job SET
            state = CASE WHEN ended.state = 'succeeded' AND children_left > 0 THEN 'running' ELSE ended.state END,
            worker_id = NULL, attempts = attempts + ended.failed,
            progress = CASE WHEN ended.state = 'succeeded' AND children_left = 0 THEN 100 ELSE progress END,
            result = COALESCE(ended.result, job.result), error = ended.error,
            run_at = COALESCE(ended.\"runAt\", job.run_at),
            finished_at = CASE WHEN ended.state IN ('dead', 'cancelled')
                OR (ended.state = 'succeeded' AND children_left = 0) THEN ended.now END,
            unique_key = CASE WHEN ended.state IN ('dead', 'cancelled')
                OR (ended.state = 'succeeded' AND children_left = 0 AND unique_scope = 'living') THEN NULL ELSE unique_key END
        FROM jsonb_to_recordset($1) AS ended(id UUID, fence BIGINT, state TEXT, failed BIGINT, result JSONB,
            error JSONB, \"runAt\" BIGINT, now BIGINT)
        WHERE job.id = ended.id AND job.fence = ended.fence AND job.state = 'running'
            AND job.worker_id IS NOT NULL
        RETURNING job.id, job.fence";
    ATTEMPT(1) = "INSERT INTO job_attempt (job_id, fence, outcome, error, started_at, ended_at)
        SELECT unhex(value ->> 'id'), value ->> 'fence', 'failed', value -> 'error', value ->> 'startedAt', value ->> 'now'
        FROM json_each($1) WHERE value ->> 'failed' = 1
        ON CONFLICT DO NOTHING"
      | "INSERT INTO job_attempt (job_id, fence, outcome, error, started_at, ended_at)
        SELECT id, fence, 'failed', error, \"startedAt\", now
        FROM jsonb_to_recordset($1) AS row(id UUID, fence BIGINT, failed BIGINT, error JSONB, \"startedAt\" BIGINT,
            now BIGINT) WHERE failed = 1
        ON CONFLICT DO NOTHING";
    DIED(2) = "INSERT INTO job_attempt (job_id, fence, outcome, started_at, ended_at)
        SELECT id, fence, 'died', started_at, CAST($2 AS BIGINT) FROM job WHERE worker_id = $1 AND state = 'running'
        ON CONFLICT DO NOTHING";
    RECLAIM(4) = "UPDATE job SET
            state = CASE WHEN cancelling THEN 'cancelled' WHEN deaths + 1 >= $2 THEN 'dead' ELSE 'ready' END,
            worker_id = NULL, fence = fence + 1, deaths = deaths + 1,
            error = CASE WHEN NOT cancelling AND deaths + 1 >= $2 THEN $4 ELSE error END,
            finished_at = CASE WHEN cancelling OR deaths + 1 >= $2 THEN CAST($3 AS BIGINT) END,
            unique_key = CASE WHEN cancelling OR deaths + 1 >= $2 THEN NULL ELSE unique_key END
        WHERE worker_id = $1 AND state = 'running'";
    HAND_BACK(1) = "UPDATE job SET state = 'ready', worker_id = NULL, fence = fence + 1
        WHERE worker_id = $1 AND state = 'running'";
    CANCELLING(1) = "SELECT id FROM job WHERE worker_id = $1 AND state = 'running' AND cancelling";
    // The plus keeps SQLite from reading every running job instead of those by their ids.
    REPORT(1) = "UPDATE job SET progress = report.progress, message = COALESCE(report.message, job.message)
        FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'fence' AS fence, value ->> 'progress' AS progress,
            value ->> 'message' AS message FROM json_each($1)) AS report
        WHERE job.id = report.id AND job.fence = report.fence AND +job.state = 'running'"
      | "UPDATE job SET progress = report.progress, message = COALESCE(report.message, job.message)
        FROM jsonb_to_recordset($1) AS report(id UUID, fence BIGINT, progress BIGINT, message TEXT)
        WHERE job.id = report.id AND job.fence = report.fence AND job.state = 'running'";
    LOG(1) = "INSERT INTO job_log (id, job_id, at, message)
        SELECT unhex(value ->> 'id'), unhex(value ->> 'jobId'), value ->> 'at', value ->> 'message'
        FROM json_each($1) WHERE unhex(value ->> 'jobId') IN (SELECT id FROM job)"
      | "INSERT INTO job_log (id, job_id, at, message)
        SELECT id, \"jobId\", at, message
        FROM jsonb_to_recordset($1) AS row(id UUID, \"jobId\" UUID, at BIGINT, message TEXT)
        WHERE \"jobId\" IN (SELECT id FROM job)";
    SWEEP(4) = "DELETE FROM job WHERE id IN (SELECT id FROM job
        WHERE kind = $1 AND state = $2 AND id < $3 ORDER BY id LIMIT $4)";
    RESULT(1) = "SELECT result FROM job WHERE id = $1 AND result IS NOT NULL";
    OF_OWNER(2) = "SELECT id, kind, state, progress, result, error, created_at, started_at, finished_at
        FROM job WHERE owner_id = $1 AND id = $2";
}

/// A job to be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewJob {
    /// Its id.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub id: Uuid,
    /// The queue that it waits in.
    pub queue: &'static str,
    /// What it is.
    pub kind: &'static str,
    /// Smaller is more urgent.
    pub priority: i64,
    /// What it is about, for its handler.
    pub arguments: Value,
    /// Whom it is for.
    #[serde(serialize_with = "simple")]
    pub owner_id: Option<Uuid>,
    /// What it is about, for people: `plan:<id>`.
    pub subject: Option<String>,
    /// One job of this kind may have it.
    pub unique_key: Option<String>,
    /// How long it has it.
    pub unique_scope: Option<Scope>,
    /// When [`Scope::Kept`] ends, where it ends by itself.
    pub unique_until: Option<i64>,
    /// When it may run, in microseconds.
    pub run_at: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// The request that caused it.
    pub request_id: String,
    /// The job that caused it.
    #[serde(serialize_with = "simple")]
    pub parent_id: Option<Uuid>,
    /// Whether that one ends only after it.
    pub awaited: bool,
    /// Now, in microseconds.
    pub now: i64,
}

#[allow(clippy::ref_option, reason = "what serde calls it with")]
fn simple<S: serde::Serializer>(
    id: &Option<Uuid>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match id {
        Some(id) => uuid::serde::simple::serialize(id, serializer),
        None => serializer.serialize_none(),
    }
}

/// How long a job has its unique key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Until it is claimed.
    Waiting,
    /// Until it has ended.
    Living,
    /// For as long as it has not failed.
    Kept,
}

/// A job that this process may run while its worker lives.
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
    /// How often its worker died.
    pub deaths: i64,
    /// The fencing token.
    pub fence: i64,
    /// The request that caused it.
    pub request_id: String,
    /// When it might have run, in microseconds.
    pub run_at: i64,
    /// When it was claimed.
    pub started_at: i64,
    priority: i64,
}

/// How a run of a job ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Which.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub id: Uuid,
    /// The fencing token of the run.
    pub fence: i64,
    /// What becomes of it.
    pub state: EndState,
    /// 1 where it counts as a failure.
    pub failed: i64,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_at: Option<i64>,
    /// When the run began.
    pub started_at: i64,
    /// Now, in microseconds.
    pub now: i64,
}

/// What becomes of a job after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EndState {
    /// It is done; a parent waits for its children first.
    Succeeded,
    /// It is tried again.
    Retrying,
    /// It is given up.
    Dead,
    /// It was to be stopped.
    Cancelled,
    /// It is handed back as if it had not run.
    Ready,
}

/// How far a running job is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub id: Uuid,
    /// The fencing token of the run.
    pub fence: i64,
    /// Percent done.
    pub progress: i64,
    /// What it does just now.
    pub message: Option<String>,
}

/// A line that a job wrote about itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Its id, which grows with time.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub id: Uuid,
    /// Which job's.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub job_id: Uuid,
    /// When, in microseconds.
    pub at: i64,
    /// What.
    pub message: String,
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
    /// When its latest run began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// Enqueues jobs, all by one statement, and gives the id of each, or that of the job which has its
/// unique key already.
///
/// # Errors
/// Where the database does.
pub async fn enqueue(tx: &mut Tx, jobs: &[NewJob]) -> Result<Vec<Uuid>> {
    for job in jobs {
        // A key that was kept for a time is free when that is over.
        if let (Some(key), Some(_)) = (&job.unique_key, job.unique_until) {
            execute!(tx, RELEASE_KEY, job.kind, key, job.now)?;
        }
    }
    let inserted: std::collections::HashSet<Uuid> = rows!(tx, (Uuid,), INSERT, Json(jobs))?
        .into_iter()
        .map(|(id,)| id)
        .collect();
    let mut ids = Vec::with_capacity(jobs.len());
    for job in jobs {
        if inserted.contains(&job.id) {
            ids.push(job.id);
        } else {
            ids.push(living(tx, job).await?);
        }
    }
    if !inserted.is_empty() {
        tx.will_wake().await?;
    }
    Ok(ids)
}

/// The job that has another's unique key.
async fn living(tx: &mut Tx, job: &NewJob) -> Result<Uuid> {
    loop {
        if let Some((id,)) = optional!(tx, (Uuid,), BY_UNIQUE_KEY, job.kind, &job.unique_key)? {
            return Ok(id);
        }
        // On PostgreSQL it may have ended between the two statements: its key is free.
        if let Some((id,)) = optional!(tx, (Uuid,), INSERT, Json([job]))? {
            return Ok(id);
        }
    }
}

/// Has a running job end only after so many more children.
///
/// # Errors
/// Where the database does.
pub async fn await_children(tx: &mut Tx, id: Uuid, children: i64) -> Result<()> {
    execute!(tx, AWAIT, id, children).map(drop)
}

/// Makes those ready whose time has come.
///
/// # Errors
/// Where the database does.
pub async fn promote(tx: &mut Tx, now: i64) -> Result<u64> {
    execute!(tx, PROMOTE, now)
}

/// When the next job falls due that waits for its time.
///
/// # Errors
/// Where the database does.
pub async fn next_due(tx: &mut Tx) -> Result<Option<i64>> {
    Ok(optional!(tx, (i64,), NEXT_DUE)?.map(|(at,)| at))
}

/// Claims up to `limit` ready jobs of a queue for a worker, most urgent first.
///
/// # Errors
/// Where the database does.
pub async fn claim(
    tx: &mut Tx,
    queue: &str,
    worker: Uuid,
    now: i64,
    limit: i64,
) -> Result<Vec<ClaimedJob>> {
    let mut claimed = rows!(tx, ClaimedJob, CLAIM, queue, worker, now, limit)?;
    // Neither engine promises an order of the rows that it returns from an update.
    claimed.sort_by_key(|job| (job.priority, job.run_at, job.id));
    Ok(claimed)
}

/// Which of these runs still hold their jobs; until the transaction ends nobody takes them.
///
/// # Errors
/// Where the database does.
pub async fn held(tx: &mut Tx, runs: &[(Uuid, i64)]) -> Result<Vec<Uuid>> {
    let runs: Vec<Value> = runs
        .iter()
        .map(|(id, fence)| serde_json::json!({ "id": id.simple().to_string(), "fence": fence }))
        .collect();
    let held = rows!(tx, (Uuid,), HELD, Json(runs))?;
    Ok(held.into_iter().map(|(id,)| id).collect())
}

/// Ends runs, all by one statement; gives those whose token was still good. The others changed
/// nothing.
///
/// # Errors
/// Where the database does.
pub async fn finish<E>(tx: &mut Tx, ended: &[E]) -> Result<Vec<Uuid>>
where
    E: Borrow<Ended> + Serialize + Sync,
{
    let finished = rows!(tx, (Uuid, i64), FINISH, Json(ended))?;
    let failed: Vec<&Ended> = ended
        .iter()
        .map(Borrow::borrow)
        .filter(|one| one.failed > 0 && finished.contains(&(one.id, one.fence)))
        .collect();
    if !failed.is_empty() {
        execute!(tx, ATTEMPT, Json(failed))?;
    }
    Ok(finished.into_iter().map(|(id, _)| id).collect())
}

/// Makes the jobs of a dead worker ready again. It is no failure of theirs; but one whose worker has
/// died `deaths` times is given up with `error`, and one that was to be cancelled is.
///
/// # Errors
/// Where the database does.
pub async fn reclaim(
    tx: &mut Tx,
    worker: Uuid,
    deaths: i64,
    now: i64,
    error: &Value,
) -> Result<u64> {
    execute!(tx, DIED, worker, now)?;
    execute!(tx, RECLAIM, worker, deaths, now, Json(error))
}

/// Makes the jobs of a worker that stops ready again.
///
/// # Errors
/// Where the database does.
pub async fn hand_back(tx: &mut Tx, worker: Uuid) -> Result<u64> {
    execute!(tx, HAND_BACK, worker)
}

/// The jobs of a worker that are to be stopped.
///
/// # Errors
/// Where the database does.
pub async fn cancelling(tx: &mut Tx, worker: Uuid) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), CANCELLING, worker)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Notes how far running jobs are.
///
/// # Errors
/// Where the database does.
pub async fn report(tx: &mut Tx, reports: &[Report]) -> Result<()> {
    execute!(tx, REPORT, Json(reports)).map(drop)
}

/// Keeps what jobs wrote about themselves.
///
/// # Errors
/// Where the database does.
pub async fn log(tx: &mut Tx, lines: &[LogLine]) -> Result<()> {
    execute!(tx, LOG, Json(lines)).map(drop)
}

/// Deletes up to `limit` jobs of a kind that ended in a state, of those enqueued before the id
/// `before`; gives how many there were.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, kind: &str, state: &str, before: Uuid, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, kind, state, before, limit)
}

/// What came of a job, once something has.
///
/// # Errors
/// Where the database does.
pub async fn result(tx: &mut Tx, id: Uuid) -> Result<Option<Value>> {
    let row = optional!(tx, (Json<Value>,), RESULT, id)?;
    Ok(row.map(|(Json(result),)| result))
}

/// A job by its id, if it is for `owner`.
///
/// # Errors
/// Where the database does.
pub async fn of_owner(tx: &mut Tx, owner: Uuid, id: Uuid) -> Result<Option<JobRow>> {
    optional!(tx, JobRow, OF_OWNER, owner, id)
}
