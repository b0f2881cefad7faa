//! Jobs: the queue's tables, and what is done to many of their rows at once.
//!
//! A worker that claims a job takes a fencing token, `fence`, that grows with each claim. Whoever
//! acknowledges names the token; when another has claimed the job since, nothing changes. A job is
//! held as long as its worker lives: see [`crate::worker`].

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use std::borrow::Borrow;
use std::collections::HashMap;
use uuid::Uuid;

statements! {
    INSERT(1) = "INSERT INTO job (id, queue, kind, state, priority, arguments, owner_id, subject, unique_key,
            unique_scope, unique_until, run_at, max_attempts, fence, worker_id, request_id, parent_id, awaited,
            created_at, started_at)
        SELECT unhex(value ->> 'id'), value ->> 'queue', value ->> 'kind', value ->> 'state', value ->> 'priority',
            value -> 'arguments', unhex(value ->> 'ownerId'), value ->> 'subject', value ->> 'uniqueKey',
            value ->> 'uniqueScope', value ->> 'uniqueUntil', value ->> 'runAt', value ->> 'maxAttempts',
            value ->> 'fence', unhex(value ->> 'workerId'), value ->> 'requestId', unhex(value ->> 'parentId'),
            value ->> 'awaited', value ->> 'now', value ->> 'startedAt'
        FROM jsonb_each($1) WHERE true
        ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL DO NOTHING"
      | "INSERT INTO job (id, queue, kind, state, priority, arguments, owner_id, subject, unique_key,
            unique_scope, unique_until, run_at, max_attempts, fence, worker_id, request_id, parent_id, awaited,
            created_at, started_at)
        SELECT id, queue, kind, state, priority, COALESCE(arguments, 'null'), \"ownerId\", subject,
            \"uniqueKey\", \"uniqueScope\", \"uniqueUntil\", \"runAt\", \"maxAttempts\", fence, \"workerId\",
            \"requestId\", \"parentId\", awaited, now, \"startedAt\"
        FROM jsonb_to_recordset($1) AS row(id UUID, queue TEXT, kind TEXT, state TEXT, priority BIGINT,
            arguments JSONB, \"ownerId\" UUID, subject TEXT, \"uniqueKey\" TEXT, \"uniqueScope\" TEXT,
            \"uniqueUntil\" BIGINT, \"runAt\" BIGINT, \"maxAttempts\" BIGINT, fence BIGINT, \"workerId\" UUID,
            \"requestId\" TEXT, \"parentId\" UUID, awaited BOOLEAN, now BIGINT, \"startedAt\" BIGINT)
        ORDER BY kind, \"uniqueKey\"
        ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL DO NOTHING";
    WITH_KEYS(1) = "SELECT job.id, job.kind, job.unique_key FROM jsonb_each($1)
        JOIN job ON job.kind = value ->> 'kind' AND job.unique_key = value ->> 'uniqueKey'"
      | "SELECT job.id, job.kind, job.unique_key
        FROM jsonb_to_recordset($1) AS row(kind TEXT, \"uniqueKey\" TEXT)
        JOIN job ON job.kind = row.kind AND job.unique_key = row.\"uniqueKey\"";
    RELEASE_KEYS(1) = "UPDATE job SET unique_key = NULL FROM (SELECT value ->> 'kind' AS kind,
            value ->> 'uniqueKey' AS unique_key, value ->> 'now' AS now FROM jsonb_each($1)) AS wanted
        WHERE job.kind = wanted.kind AND job.unique_key = wanted.unique_key
            AND job.unique_until <= wanted.now AND job.finished_at IS NOT NULL"
      | "UPDATE job SET unique_key = NULL
        FROM jsonb_to_recordset($1) AS wanted(kind TEXT, \"uniqueKey\" TEXT, now BIGINT)
        WHERE job.kind = wanted.kind AND job.unique_key = wanted.\"uniqueKey\"
            AND job.unique_until <= wanted.now AND job.finished_at IS NOT NULL";
    AWAIT(3) = "UPDATE job SET children_left = children_left + $3
        WHERE id = $1 AND fence = $2 AND worker_id IS NOT NULL";
    PROMOTE(1) = "UPDATE job INDEXED BY job_due SET state = 'ready'
        WHERE state IN ('scheduled', 'retrying') AND run_at <= $1"
      | "UPDATE job SET state = 'ready' WHERE state IN ('scheduled', 'retrying') AND run_at <= $1";
    NEXT_DUE(0) = "SELECT run_at FROM job INDEXED BY job_due WHERE state IN ('scheduled', 'retrying')
        ORDER BY run_at LIMIT 1"
      | "SELECT run_at FROM job WHERE state IN ('scheduled', 'retrying') ORDER BY run_at LIMIT 1";
    // Of each queue by itself, so that a backlog in one is never read for the others.
    CLAIM(3) = "UPDATE job SET state = 'running', fence = fence + 1, worker_id = $2, started_at = $3,
            unique_key = CASE WHEN unique_scope = 'waiting' THEN NULL ELSE unique_key END
        WHERE id IN (
            SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[0].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[0].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[1].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[1].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[2].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[2].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[3].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[3].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[4].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[4].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[5].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[5].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[6].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[6].most', 0))
            UNION ALL SELECT id FROM (SELECT id FROM job WHERE queue = $1 ->> '$[7].queue' AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT COALESCE($1 ->> '$[7].most', 0)))
        RETURNING id, queue, kind, arguments, owner_id, attempts, max_attempts, deaths, fence, request_id,
            priority, run_at, started_at"
      | "UPDATE job SET state = 'running', fence = fence + 1, worker_id = $2, started_at = $3,
            unique_key = CASE WHEN unique_scope = 'waiting' THEN NULL ELSE unique_key END
        WHERE id = ANY (ARRAY(SELECT ready.id FROM jsonb_to_recordset($1) AS wanted(queue TEXT, most BIGINT)
            CROSS JOIN LATERAL (SELECT id FROM job WHERE job.queue = wanted.queue AND state = 'ready'
                ORDER BY priority, run_at, id LIMIT wanted.most FOR UPDATE SKIP LOCKED) AS ready))
        RETURNING id, queue, kind, arguments, owner_id, attempts, max_attempts, deaths, fence, request_id,
            priority, run_at, started_at";
    HELD(1) = "SELECT job.id FROM jsonb_each($1) JOIN job ON job.id = unhex(value ->> 'id')
        WHERE job.worker_id IS NOT NULL AND job.fence = value ->> 'fence'"
      | "SELECT job.id FROM jsonb_to_recordset($1) AS row(id UUID, fence BIGINT) JOIN job ON job.id = row.id
        WHERE job.worker_id IS NOT NULL AND job.fence = row.fence
        ORDER BY job.id FOR UPDATE OF job";
    // Only a running job has a worker. To ask for the state as well would have the running ones read
    // one and all, by its index.
    // What has ended is read from the JSON once, and not wherever a part of it is named.
    FINISH(1) = "WITH ended AS MATERIALIZED (SELECT unhex(value ->> 'id') AS id, value ->> 'fence' AS fence,
                value ->> 'state' AS state, value ->> 'failed' AS failed, value -> 'result' AS result,
                value -> 'error' AS error, value ->> 'runAt' AS run_at, value ->> 'now' AS now FROM jsonb_each($1))
        UPDATE job SET
            state = CASE WHEN ended.state = 'succeeded' AND children_left > 0 THEN 'running' ELSE ended.state END,
            worker_id = NULL, attempts = attempts + ended.failed,
            progress = CASE WHEN ended.state = 'succeeded' AND children_left = 0 THEN 100 ELSE progress END,
            result = COALESCE(ended.result, job.result), error = ended.error,
            run_at = COALESCE(ended.run_at, job.run_at),
            finished_at = CASE WHEN ended.state IN ('dead', 'cancelled')
                OR (ended.state = 'succeeded' AND children_left = 0) THEN ended.now END,
            unique_key = CASE WHEN ended.state IN ('dead', 'cancelled')
                OR (ended.state = 'succeeded' AND children_left = 0 AND unique_scope = 'living') THEN NULL ELSE unique_key END
        FROM ended
        WHERE job.id = ended.id AND job.fence = ended.fence AND job.worker_id IS NOT NULL"
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
        WHERE job.id = ended.id AND job.fence = ended.fence AND job.worker_id IS NOT NULL";
    ATTEMPT(1) = "INSERT INTO job_attempt (job_id, fence, outcome, error, started_at, ended_at)
        SELECT job.id, job.fence, 'failed', value -> 'error', value ->> 'startedAt', value ->> 'now'
        FROM jsonb_each($1) JOIN job ON job.id = unhex(value ->> 'id')
        WHERE job.fence = value ->> 'fence' AND job.worker_id IS NOT NULL
        ON CONFLICT DO NOTHING"
      | "INSERT INTO job_attempt (job_id, fence, outcome, error, started_at, ended_at)
        SELECT job.id, job.fence, 'failed', row.error, row.\"startedAt\", row.now
        FROM jsonb_to_recordset($1) AS row(id UUID, fence BIGINT, error JSONB, \"startedAt\" BIGINT, now BIGINT)
        JOIN job ON job.id = row.id
        WHERE job.fence = row.fence AND job.worker_id IS NOT NULL
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
    HAND_BACK(3) = "UPDATE job SET state = CASE WHEN cancelling THEN 'cancelled' ELSE 'ready' END,
            worker_id = NULL, fence = fence + 1, finished_at = CASE WHEN cancelling THEN $3 END,
            unique_key = CASE WHEN cancelling THEN NULL ELSE unique_key END
        WHERE worker_id = $1 AND state = 'running' AND id NOT IN (SELECT unhex(value) FROM json_each($2))"
      | "UPDATE job SET state = CASE WHEN cancelling THEN 'cancelled' ELSE 'ready' END,
            worker_id = NULL, fence = fence + 1, finished_at = CASE WHEN cancelling THEN CAST($3 AS BIGINT) END,
            unique_key = CASE WHEN cancelling THEN NULL ELSE unique_key END
        WHERE worker_id = $1 AND state = 'running'
            AND id NOT IN (SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($2) AS value)";
    ORPHANED(0) = "SELECT DISTINCT worker_id FROM job WHERE state = 'running' AND worker_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = job.worker_id)";
    CANCELLING(1) = "SELECT id FROM job WHERE worker_id = $1 AND state = 'running' AND cancelling";
    REPORT(1) = "UPDATE job SET progress = report.progress, message = COALESCE(report.message, job.message)
        FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'fence' AS fence, value ->> 'progress' AS progress,
            value ->> 'message' AS message FROM jsonb_each($1)) AS report
        WHERE job.id = report.id AND job.fence = report.fence AND job.worker_id IS NOT NULL"
      | "UPDATE job SET progress = report.progress, message = COALESCE(report.message, job.message)
        FROM jsonb_to_recordset($1) AS report(id UUID, fence BIGINT, progress BIGINT, message TEXT)
        WHERE job.id = report.id AND job.fence = report.fence AND job.worker_id IS NOT NULL";
    LOG(1) = "INSERT INTO job_log (id, job_id, at, message)
        SELECT unhex(value ->> 'id'), unhex(value ->> 'jobId'), value ->> 'at', value ->> 'message'
        FROM jsonb_each($1) WHERE unhex(value ->> 'jobId') IN (SELECT id FROM job)"
      | "INSERT INTO job_log (id, job_id, at, message)
        SELECT id, \"jobId\", at, message
        FROM jsonb_to_recordset($1) AS row(id UUID, \"jobId\" UUID, at BIGINT, message TEXT)
        WHERE \"jobId\" IN (SELECT id FROM job)";
    SWEEP(4) = "DELETE FROM job WHERE id IN (SELECT id FROM job
        WHERE kind = $1 AND state = $2 AND id < $3 ORDER BY id LIMIT $4)";
    RESULT(1) = "SELECT result FROM job WHERE id = $1 AND result IS NOT NULL";
    OF_OWNER(2) = "SELECT id, kind, arguments, state, progress, result, error, created_at, started_at, finished_at
        FROM job WHERE owner_id = $1 AND id = $2";
    // The last attempt is left.
    REVIVE(3) = "UPDATE job SET state = 'ready', run_at = $2, finished_at = NULL, attempts = max_attempts - 1,
            deaths = 0, cancelling = FALSE, progress = 0, message = NULL, awaited = FALSE
        WHERE id IN (SELECT id FROM job WHERE state IN ('dead', 'cancelled') AND kind = $1 LIMIT $3)";
}

/// From how many queues one statement claims: SQLite's text names each.
const CLAIMED_QUEUES: usize = 8;

/// A job to be.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
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
    /// Who runs it at once: it is claimed as it comes, as if that were two statements. To be set only
    /// where no other job of its queue is ready, and none with [`Scope::Waiting`].
    pub worker_id: Option<Uuid>,
    /// The request that caused it.
    pub request_id: String,
    /// The job that caused it.
    pub parent_id: Option<Uuid>,
    /// Whether that one ends only after it.
    pub awaited: bool,
    /// Now, in microseconds.
    pub now: i64,
}

/// A job's row to be. What is absent is NULL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRow<'a> {
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    id: Uuid,
    queue: &'static str,
    kind: &'static str,
    state: &'static str,
    priority: i64,
    arguments: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "simple")]
    owner_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_scope: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_until: Option<i64>,
    run_at: i64,
    max_attempts: i64,
    fence: i64,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "simple")]
    worker_id: Option<Uuid>,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "simple")]
    parent_id: Option<Uuid>,
    awaited: bool,
    now: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<i64>,
}

impl<'a> From<&'a NewJob> for NewRow<'a> {
    fn from(job: &'a NewJob) -> Self {
        let state = match job.worker_id {
            Some(_) => "running",
            None if job.run_at > job.now => "scheduled",
            None => "ready",
        };
        Self {
            id: job.id,
            queue: job.queue,
            kind: job.kind,
            state,
            priority: job.priority,
            arguments: &job.arguments,
            owner_id: job.owner_id,
            subject: job.subject.as_deref(),
            unique_key: job.unique_key.as_deref(),
            unique_scope: job.unique_scope,
            unique_until: job.unique_until,
            run_at: job.run_at,
            max_attempts: job.max_attempts,
            fence: i64::from(job.worker_id.is_some()),
            worker_id: job.worker_id,
            request_id: &job.request_id,
            parent_id: job.parent_id,
            awaited: job.awaited,
            now: job.now,
            started_at: job.worker_id.map(|_| job.now),
        }
    }
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
    /// The queue that it waited in.
    pub queue: String,
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

impl From<NewJob> for ClaimedJob {
    /// The claim of a job that was claimed as it came.
    fn from(job: NewJob) -> Self {
        Self {
            id: job.id,
            queue: job.queue.to_owned(),
            kind: job.kind.to_owned(),
            arguments: Json(job.arguments),
            owner_id: job.owner_id,
            attempts: 0,
            max_attempts: job.max_attempts,
            deaths: 0,
            fence: 1,
            request_id: job.request_id,
            run_at: job.run_at,
            started_at: job.now,
            priority: job.priority,
        }
    }
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
    /// What it is about, for its handler.
    pub arguments: Json<Value>,
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
/// unique key already. Whoever calls it has the workers woken.
///
/// # Errors
/// Where the database does.
pub async fn enqueue(tx: &mut Tx, jobs: &[NewJob]) -> Result<Vec<Uuid>> {
    let rows: Vec<NewRow<'_>> = jobs.iter().map(NewRow::from).collect();
    // A key that was kept for a time is free when that is over.
    let kept = |row: &&NewRow<'_>| row.unique_key.is_some() && row.unique_until.is_some();
    let kept: Vec<&NewRow<'_>> = rows.iter().filter(kept).collect();
    if !kept.is_empty() {
        later!(tx, RELEASE_KEYS, Json(kept))?;
    }
    let own = || jobs.iter().map(|job| job.id).collect();
    if rows.iter().all(|row| row.unique_key.is_none()) {
        later!(tx, INSERT, Json(&rows))?;
        return Ok(own());
    }
    let inserted = execute!(tx, INSERT, Json(&rows))?;
    if inserted == rows.len() as u64 {
        return Ok(own());
    }
    let keyed: Vec<&NewRow<'_>> = rows.iter().filter(|row| row.unique_key.is_some()).collect();
    loop {
        let with_keys: HashMap<(String, String), Uuid> =
            rows!(tx, (Uuid, String, String), WITH_KEYS, Json(&keyed))?
                .into_iter()
                .map(|(id, kind, key)| ((kind, key), id))
                .collect();
        let holder = |row: &NewRow<'_>| match row.unique_key {
            Some(key) => with_keys
                .get(&(row.kind.to_owned(), key.to_owned()))
                .copied(),
            None => Some(row.id),
        };
        let ids: Vec<Option<Uuid>> = rows.iter().map(holder).collect();
        let free: Vec<&NewRow<'_>> = rows
            .iter()
            .zip(&ids)
            .filter(|(_, id)| id.is_none())
            .map(|(row, _)| row)
            .collect();
        if free.is_empty() {
            return Ok(ids.into_iter().flatten().collect());
        }
        // On PostgreSQL whoever had a key may have ended between the two statements.
        execute!(tx, INSERT, Json(&free))?;
    }
}

/// Has a running job end only after so many more children; false where the run no longer holds it.
///
/// # Errors
/// Where the database does.
pub async fn await_children(tx: &mut Tx, id: Uuid, fence: i64, children: i64) -> Result<bool> {
    Ok(execute!(tx, AWAIT, id, fence, children)? == 1)
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

/// Claims up to so many ready jobs of each of these queues for a worker; those of a queue come in their
/// order, most urgent first.
///
/// # Errors
/// Where the database does.
pub async fn claim(
    tx: &mut Tx,
    wanted: &[(&str, i64)],
    worker: Uuid,
    now: i64,
) -> Result<Vec<ClaimedJob>> {
    let mut claimed = Vec::new();
    for wanted in wanted.chunks(CLAIMED_QUEUES) {
        let wanted: Vec<Value> = wanted
            .iter()
            .map(|(queue, most)| serde_json::json!({ "queue": queue, "most": most }))
            .collect();
        claimed.extend(rows!(tx, ClaimedJob, CLAIM, Json(wanted), worker, now)?);
    }
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

/// Ends runs, all by one statement. Those whose token is no longer good change nothing.
///
/// # Errors
/// Where the database does.
pub async fn finish<E>(tx: &mut Tx, ended: &[E]) -> Result<()>
where
    E: Borrow<Ended> + Serialize + Sync,
{
    let failed = ended.iter().map(Borrow::borrow);
    let failed: Vec<&Ended> = failed.filter(|one| one.failed > 0).collect();
    if !failed.is_empty() {
        later!(tx, ATTEMPT, Json(failed))?;
    }
    later!(tx, FINISH, Json(ended))
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
    later!(tx, DIED, worker, now)?;
    execute!(tx, RECLAIM, worker, deaths, now, Json(error))
}

/// Makes the jobs of a worker ready again but for those that it keeps; gives how many. One that was to
/// be cancelled is.
///
/// # Errors
/// Where the database does.
pub async fn hand_back(tx: &mut Tx, worker: Uuid, kept: &[Uuid], now: i64) -> Result<u64> {
    let kept: Vec<String> = kept.iter().map(|id| id.simple().to_string()).collect();
    execute!(tx, HAND_BACK, worker, Json(kept), now)
}

/// Workers that have jobs and are none: they were taken for dead, and claimed before they knew.
///
/// # Errors
/// Where the database does.
pub async fn orphaned(tx: &mut Tx) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), ORPHANED)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
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
    later!(tx, REPORT, Json(reports))
}

/// Keeps what jobs wrote about themselves.
///
/// # Errors
/// Where the database does.
pub async fn log(tx: &mut Tx, lines: &[LogLine]) -> Result<()> {
    later!(tx, LOG, Json(lines))
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

/// Makes jobs of a kind that were given up or cancelled ready for one more attempt, so many at most; how
/// many it made.
///
/// # Errors
/// Where the database does.
pub async fn revive(tx: &mut Tx, kind: &str, now: i64, limit: i64) -> Result<u64> {
    execute!(tx, REVIVE, kind, now, limit)
}
