//! Queues: what an administrator has set of them, how much waits in them, and how fast they are.

use crate::statement::{execute, later, rows, statements};
use crate::{Result, Tx};
use serde::Serialize;
use sqlx::types::Json;

statements! {
    ENSURE(2) = "INSERT INTO queue (name, concurrency) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    ALL(0) = "SELECT name, paused, concurrency, rate_limit, rate_period, rate_due FROM queue ORDER BY name";
    LOCK(1) = "SELECT name, paused, concurrency, rate_limit, rate_period, rate_due FROM queue WHERE name = $1"
      | "SELECT name, paused, concurrency, rate_limit, rate_period, rate_due FROM queue WHERE name = $1 FOR UPDATE";
    SET_RATE_DUE(2) = "UPDATE queue SET rate_due = $2 WHERE name = $1";
    SET_PAUSED(2) = "UPDATE queue SET paused = $2 WHERE name = $1";
    SET_CONCURRENCY(2) = "UPDATE queue SET concurrency = $2 WHERE name = $1";
    SET_RATE(3) = "UPDATE queue SET rate_limit = $2, rate_period = $3, rate_due = 0 WHERE name = $1";
    COUNTS(0) = "SELECT queue, kind, state, CAST(SUM(jobs) AS BIGINT) AS jobs FROM (
            SELECT queue, kind, state, SUM(jobs) AS jobs FROM job_count GROUP BY state, kind, queue
            UNION ALL SELECT queue, kind, state, COUNT(*) FROM job WHERE state = 'running' GROUP BY kind, queue)
        GROUP BY queue, kind, state HAVING SUM(jobs) > 0 ORDER BY queue, kind, state"
      | "SELECT queue, kind, state, CAST(SUM(jobs) AS BIGINT) AS jobs FROM (
            SELECT queue, kind, state, SUM(jobs) AS jobs FROM job_count_day GROUP BY state, kind, queue
            UNION ALL SELECT queue, kind, state, jobs FROM job_count_change
            UNION ALL SELECT queue, kind, state, COUNT(*) FROM job WHERE state = 'running'
                GROUP BY kind, queue, state) AS tally
        GROUP BY queue, kind, state HAVING SUM(jobs) > 0 ORDER BY queue, kind, state";
    READY(0) = "SELECT queue, CAST(SUM(jobs) AS BIGINT) AS jobs FROM job_count WHERE state = 'ready'
        GROUP BY queue"
      | "SELECT queue, CAST(SUM(jobs) AS BIGINT) AS jobs FROM job_count_day WHERE state = 'ready'
        GROUP BY queue";
    FOLD(0) = "DELETE FROM job_count WHERE state IN ('scheduled', 'ready', 'retrying') AND jobs = 0"
      | "WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.job_count')) AS mine),
        gone AS (DELETE FROM job_count_change WHERE (SELECT mine FROM turn) RETURNING queue, kind, state, hour, jobs),
        days AS (INSERT INTO job_count_day AS kept (queue, kind, state, day, jobs)
            SELECT queue, kind, state, hour / 24, SUM(jobs) FROM gone GROUP BY 1, 2, 3, 4
            ON CONFLICT (queue, kind, state, day) DO UPDATE SET jobs = kept.jobs + EXCLUDED.jobs)
        INSERT INTO job_count AS kept (queue, kind, state, hour, jobs)
        SELECT queue, kind, state, hour, SUM(jobs) FROM gone GROUP BY 1, 2, 3, 4
        ON CONFLICT (queue, kind, state, hour) DO UPDATE SET jobs = kept.jobs + EXCLUDED.jobs";
    MEASURE(1) = "INSERT INTO job_time (minute, queue, measure, exponent, jobs)
        SELECT value ->> 'minute', value ->> 'queue', value ->> 'measure', value ->> 'exponent', value ->> 'jobs'
        FROM json_each($1) WHERE true
        ON CONFLICT (minute, queue, measure, exponent) DO UPDATE SET jobs = job_time.jobs + EXCLUDED.jobs"
      | "INSERT INTO job_time (minute, queue, measure, exponent, jobs)
        SELECT minute, queue, measure, exponent, jobs
        FROM jsonb_to_recordset($1) AS row(minute BIGINT, queue TEXT, measure TEXT, exponent BIGINT, jobs BIGINT)
        ON CONFLICT (minute, queue, measure, exponent) DO UPDATE SET jobs = job_time.jobs + EXCLUDED.jobs";
    MEASURED(1) = "SELECT minute, queue, measure, exponent, jobs FROM job_time WHERE minute >= $1
        ORDER BY minute, queue, measure, exponent";
    FORGET(1) = "DELETE FROM job_time WHERE minute < $1";
    FORGET_COUNTS(0) = "DELETE FROM job_count WHERE jobs = 0"
      | "WITH days AS (DELETE FROM job_count_day WHERE jobs = 0) DELETE FROM job_count WHERE jobs = 0";
}

/// A queue's settings.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct QueueRow {
    /// Its name.
    pub name: String,
    /// Whether nothing of it is claimed.
    pub paused: bool,
    /// How many of its jobs one process runs at once.
    pub concurrency: i64,
    /// At most so many jobs…
    pub rate_limit: Option<i64>,
    /// … in so many microseconds.
    pub rate_period: Option<i64>,
    /// When all that were claimed would have been due, had they come evenly.
    pub rate_due: i64,
}

impl QueueRow {
    /// How many jobs the rate allows now, and when they would be due after `count` more.
    #[must_use]
    pub fn allowed(&self, now: i64) -> i64 {
        match (self.rate_limit, self.rate_period) {
            (Some(limit), Some(period)) => {
                // One period's worth may come at once: what a limit of 100 a minute means to people.
                let interval = (period / limit).max(1);
                ((now + period - self.due(now, period)) / interval).clamp(0, limit)
            }
            _ => i64::MAX,
        }
    }

    /// When what has been claimed is due, but at most a period from now: more would be what a clock
    /// that has jumped back left.
    fn due(&self, now: i64, period: i64) -> i64 {
        if self.rate_due > now + period {
            now
        } else {
            self.rate_due.max(now)
        }
    }

    /// The `rate_due` after so many jobs more.
    #[must_use]
    pub fn due_after(&self, jobs: i64, now: i64) -> i64 {
        match (self.rate_limit, self.rate_period) {
            (Some(limit), Some(period)) => self.due(now, period) + jobs * (period / limit).max(1),
            _ => self.rate_due,
        }
    }
}

/// How many jobs of a kind are in a state.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    /// Their queue.
    pub queue: String,
    /// What they are.
    pub kind: String,
    /// Their state.
    pub state: String,
    /// How many.
    pub jobs: i64,
}

/// So many jobs of a queue took about two to the `exponent` microseconds in a minute, or ended so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Measured {
    /// Minutes since 1970 UTC.
    pub minute: i64,
    /// The queue.
    pub queue: String,
    /// `wait`, `run`, or how they ended: `succeeded`, `failed`, `dead`.
    pub measure: String,
    /// A time of 2^exponent microseconds, up to twice that; 0 for how they ended.
    pub exponent: i64,
    /// How many.
    pub jobs: i64,
}

/// Adds a queue where it is new.
///
/// # Errors
/// Where the database does.
pub async fn ensure(tx: &mut Tx, name: &str, concurrency: i64) -> Result<()> {
    later!(tx, ENSURE, name, concurrency)
}

/// Every queue.
///
/// # Errors
/// Where the database does.
pub async fn all(tx: &mut Tx) -> Result<Vec<QueueRow>> {
    rows!(tx, QueueRow, ALL)
}

/// A queue, which no other process claims from until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, name: &str) -> Result<Option<QueueRow>> {
    Ok(rows!(tx, QueueRow, LOCK, name)?.into_iter().next())
}

/// Notes what was claimed of a queue with a rate.
///
/// # Errors
/// Where the database does.
pub async fn set_rate_due(tx: &mut Tx, name: &str, due: i64) -> Result<()> {
    later!(tx, SET_RATE_DUE, name, due)
}

/// Pauses or resumes a queue; false where there is none of that name.
///
/// # Errors
/// Where the database does.
pub async fn set_paused(tx: &mut Tx, name: &str, paused: bool) -> Result<bool> {
    let changed = execute!(tx, SET_PAUSED, name, paused)? == 1;
    tx.will_wake().await?;
    Ok(changed)
}

/// Changes how many of a queue's jobs one process runs at once; false where there is no such queue.
///
/// # Errors
/// Where the database does.
pub async fn set_concurrency(tx: &mut Tx, name: &str, concurrency: i64) -> Result<bool> {
    let changed = execute!(tx, SET_CONCURRENCY, name, concurrency)? == 1;
    tx.will_wake().await?;
    Ok(changed)
}

/// Limits a queue to so many jobs in so many microseconds, or not at all; false where there is none.
///
/// # Errors
/// Where the database does.
pub async fn set_rate(tx: &mut Tx, name: &str, rate: Option<(i64, i64)>) -> Result<bool> {
    let (limit, period) = rate.unzip();
    let changed = execute!(tx, SET_RATE, name, limit, period)? == 1;
    tx.will_wake().await?;
    Ok(changed)
}

/// How many jobs there are, by queue, kind and state.
///
/// # Errors
/// Where the database does.
pub async fn counts(tx: &mut Tx) -> Result<Vec<Count>> {
    rows!(tx, Count, COUNTS)
}

/// How many jobs of each queue are ready, as of the last time that the counts were put together.
///
/// # Errors
/// Where the database does.
pub async fn ready(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    rows!(tx, (String, i64), READY)
}

/// Puts what has changed of the counts together; nothing where another process does so at this moment.
///
/// # Errors
/// Where the database does.
pub async fn fold_counts(tx: &mut Tx) -> Result<()> {
    later!(tx, FOLD)
}

/// Adds to what was measured.
///
/// # Errors
/// Where the database does.
pub async fn measure(tx: &mut Tx, measured: &[Measured]) -> Result<()> {
    later!(tx, MEASURE, Json(measured))
}

/// What was measured since a minute.
///
/// # Errors
/// Where the database does.
pub async fn measured(tx: &mut Tx, since: i64) -> Result<Vec<Measured>> {
    rows!(tx, Measured, MEASURED, since)
}

/// Forgets what was measured before a minute.
///
/// # Errors
/// Where the database does.
pub async fn forget_measured(tx: &mut Tx, before: i64) -> Result<()> {
    later!(tx, FORGET, before)
}

/// Forgets the hours and days of which no job is left.
///
/// # Errors
/// Where the database does.
pub async fn forget_counts(tx: &mut Tx) -> Result<()> {
    later!(tx, FORGET_COUNTS)
}
