//! What the job board shows: lists and counts of jobs, and one job whole. What it changes is in
//! [`crate::change`].

use crate::queue::Count;
use crate::statement::{optional, rows, statements};
use crate::{Result, Tx};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// Those of the newest jobs that a query gives in whose arguments a text stands, and which a condition lets
/// through. The last candidate is always among them: it tells how far was looked.
macro_rules! search {
    (sqlite, $id:literal, $newest:expr, $only:literal) => {
        concat!(
            "WITH candidate AS MATERIALIZED (SELECT ",
            $id,
            " AS id, row_number() OVER (ORDER BY newest.id DESC) AS place FROM (",
            $newest,
            ") AS newest)
        SELECT candidate.id, candidate.place, job.kind, job.state, job.arguments
        FROM candidate CROSS JOIN job ON job.id = candidate.id
        WHERE (",
            $only,
            "instr(lower(job.arguments), $1) > 0) OR candidate.place = (SELECT MAX(place) FROM candidate)
        ORDER BY candidate.place LIMIT $2"
        )
    };
    (postgres, $newest:expr, $only:literal) => {
        concat!(
            "WITH candidate AS MATERIALIZED (
            SELECT newest.id, row_number() OVER (ORDER BY newest.id DESC) AS place FROM (",
            $newest,
            ") AS newest)
        SELECT candidate.id, candidate.place, job.kind, job.state, job.arguments
        FROM candidate JOIN job ON job.id = candidate.id
        WHERE (",
            $only,
            "strpos(lower(CAST(job.arguments AS TEXT) COLLATE \"C\"), $1) > 0)
            OR candidate.place = (SELECT MAX(place) FROM candidate)
        ORDER BY candidate.place LIMIT $2"
        )
    };
}

/// Jobs about a subject, or of a member, the newest first. Where one of the two is absent, its part finds nothing.
///
/// On SQLite the jobs of orders are not in the index of members (each would write a page of its own): they are found
/// through the member's orders, by what they are about.
macro_rules! about {
    (sqlite, $before:literal, $since:literal, $limit:literal, $subject:literal, $owner:literal) => {
        concat!(
            "SELECT * FROM (SELECT id FROM job WHERE subject = ",
            $subject,
            " AND id < ",
            $before,
            " AND id >= ",
            $since,
            " ORDER BY id DESC LIMIT ",
            $limit,
            ")
            UNION SELECT * FROM (SELECT id FROM job WHERE owner_id = ",
            $owner,
            " AND substr(kind, 1, 6) <> 'order.' AND id < ",
            $before,
            " AND id >= ",
            $since,
            " ORDER BY id DESC LIMIT ",
            $limit,
            ")
            UNION SELECT * FROM (SELECT job.id FROM (SELECT lower(hex(id)) AS id FROM orders WHERE account_id = ",
            $owner,
            ") AS own CROSS JOIN job ON job.subject = 'order:' || substr(own.id, 1, 8) || '-' || substr(own.id, 9, 4)
                    || '-' || substr(own.id, 13, 4) || '-' || substr(own.id, 17, 4) || '-' || substr(own.id, 21)
                WHERE job.owner_id = ",
            $owner,
            " AND job.id < ",
            $before,
            " AND job.id >= ",
            $since,
            " ORDER BY job.id DESC LIMIT ",
            $limit,
            ")"
        )
    };
    (postgres, $before:literal, $since:literal, $limit:literal, $subject:literal, $owner:literal) => {
        concat!(
            "SELECT id FROM (
                (SELECT id FROM job WHERE subject IS NOT NULL AND (subject, id) < (",
            $subject,
            ", ",
            $before,
            ") AND subject >= ",
            $subject,
            " ORDER BY subject DESC, id DESC LIMIT ",
            $limit,
            ")
                UNION (SELECT id FROM job WHERE owner_id IS NOT NULL AND (owner_id, id) < (",
            $owner,
            ", ",
            $before,
            ") AND owner_id >= ",
            $owner,
            " ORDER BY owner_id DESC, id DESC LIMIT ",
            $limit,
            ")) AS found WHERE id >= ",
            $since
        )
    };
}

statements! {
    // The kept counts come in the order of their key, and so need no sorting before they are summed up.
    // PostgreSQL's days are those that lie whole within the hours; what is left of these are its ends.
    COUNTED(2) = "SELECT queue, kind, state, CAST(SUM(jobs) AS BIGINT) AS jobs FROM (
            SELECT queue, kind, state, SUM(jobs) AS jobs FROM job_count
                WHERE hour >= $1 AND hour < $2 GROUP BY state, kind, queue
            UNION ALL SELECT queue, kind, state, COUNT(*) FROM job WHERE state = 'running'
                AND created_at / 3600000000 >= $1 AND created_at / 3600000000 < $2 GROUP BY kind, queue)
        GROUP BY queue, kind, state HAVING SUM(jobs) > 0 ORDER BY queue, kind, state"
      | "SELECT queue, kind, state, CAST(SUM(jobs) AS BIGINT) AS jobs FROM (
            SELECT queue, kind, state, SUM(CASE WHEN day >= ($1 + 23) / 24 AND day < $2 / 24 THEN jobs ELSE 0 END)
                AS jobs FROM job_count_day GROUP BY state, kind, queue
            UNION ALL SELECT queue, kind, state, jobs FROM job_count
                WHERE hour >= $1 AND hour < LEAST($2, ($1 + 23) / 24 * 24)
            UNION ALL SELECT queue, kind, state, jobs FROM job_count
                WHERE hour >= GREATEST($2 / 24, ($1 + 23) / 24) * 24 AND hour < $2
            UNION ALL SELECT queue, kind, state, jobs FROM job_count_change WHERE hour >= $1 AND hour < $2
            UNION ALL SELECT queue, kind, state, COUNT(*) FROM job WHERE state = 'running'
                AND created_at / 3600000000 >= $1 AND created_at / 3600000000 < $2
                GROUP BY kind, queue, state) AS tally
        GROUP BY queue, kind, state HAVING SUM(jobs) > 0 ORDER BY queue, kind, state";
    // The newest of each part by the index, then the newest of those: however many jobs there are, no
    // more are read than parts times the limit. That PostgreSQL is asked for an order that begins with
    // the index' first column keeps it from reading all jobs by their ids, to find a few. Its scan would
    // not end at an older bound within a kind: of the newest, those beyond it are left out afterwards.
    NEWEST(4) = "SELECT unhex(found.value) AS id FROM json_each($1) AS part,
            json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM job
                WHERE state = part.value ->> 'state' AND kind = part.value ->> 'kind' AND id < $2 AND id >= $3
                ORDER BY id DESC LIMIT $4))) AS found
        ORDER BY found.value DESC LIMIT $4"
      | "SELECT found.id FROM jsonb_array_elements($1) AS part(value), LATERAL (SELECT id FROM job
            WHERE state = part.value ->> 'state' AND (kind, id) < (part.value ->> 'kind', $2)
                AND kind >= part.value ->> 'kind'
            ORDER BY kind DESC, id DESC LIMIT $4) AS found
        WHERE found.id >= $3 ORDER BY found.id DESC LIMIT $4";
    ABOUT(5) = (concat!("SELECT id FROM (", about!(sqlite, "$1", "$2", "$3", "$4", "$5"), ") ORDER BY id DESC LIMIT $3"))
      | (concat!(about!(postgres, "$1", "$2", "$3", "$4", "$5"), " ORDER BY id DESC LIMIT $3"));
    COUNT_ABOUT(5) = (concat!("SELECT COUNT(*) FROM (SELECT id FROM (", about!(sqlite, "$1", "$2", "$3", "$4", "$5"),
            ") LIMIT $3)"))
      | (concat!("SELECT COUNT(*) FROM (", about!(postgres, "$1", "$2", "$3", "$4", "$5"), " LIMIT $3) AS counted"));
    SEARCH(6) = (search!(sqlite, "unhex(newest.id)", "SELECT found.value AS id FROM json_each($6) AS part,
                    json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM job
                        WHERE state = part.value ->> 'state' AND kind = part.value ->> 'kind' AND id < $3 AND id >= $4
                        ORDER BY id DESC LIMIT $5))) AS found
                ORDER BY found.value DESC LIMIT $5", ""))
      | (search!(postgres, "SELECT found.id FROM jsonb_array_elements($6) AS part(value), LATERAL (SELECT id FROM job
                    WHERE state = part.value ->> 'state' AND (kind, id) < (part.value ->> 'kind', $3)
                        AND kind >= part.value ->> 'kind'
                    ORDER BY kind DESC, id DESC LIMIT $5) AS found
                WHERE found.id >= $4 ORDER BY found.id DESC LIMIT $5", ""));
    // Whatever part they are of: the newest by their ids alone.
    SEARCH_ALL(5) = (search!(sqlite, "newest.id",
            "SELECT id FROM job WHERE id < $3 AND id >= $4 ORDER BY id DESC LIMIT $5", ""))
      | (search!(postgres, "SELECT id FROM job WHERE id < $3 AND id >= $4 ORDER BY id DESC LIMIT $5", ""));
    SEARCH_ABOUT(8) = (search!(sqlite, "newest.id",
            concat!("SELECT id FROM (", about!(sqlite, "$3", "$4", "$5", "$7", "$8"), ") ORDER BY id DESC LIMIT $5"),
            "job.kind IN (SELECT value ->> 'kind' FROM json_each($6))
                AND job.state IN (SELECT value ->> 'state' FROM json_each($6)) AND "))
      | (search!(postgres, concat!(about!(postgres, "$3", "$4", "$5", "$7", "$8"), " ORDER BY id DESC LIMIT $5"),
            "job.kind = ANY (ARRAY(SELECT value ->> 'kind' FROM jsonb_array_elements($6)))
                AND job.state = ANY (ARRAY(SELECT value ->> 'state' FROM jsonb_array_elements($6))) AND "));
    LISTED(1) = "SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM json_each($1) AS wanted CROSS JOIN job ON job.id = unhex(wanted.value)
            LEFT JOIN account ON account.id = job.owner_id
        ORDER BY job.id DESC"
      | "SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN job ON job.id = CAST(wanted.id AS UUID)
            LEFT JOIN account ON account.id = job.owner_id
        ORDER BY job.id DESC";
    GET(1) = "SELECT arguments, result, error, unique_key, request_id, fence, children_left FROM job WHERE id = $1";
    ATTEMPTS(2) = "SELECT fence, outcome, error, started_at, ended_at FROM job_attempt
        WHERE job_id = $1 ORDER BY fence DESC LIMIT $2";
    LOG(2) = "SELECT at, message FROM job_log WHERE job_id = $1 ORDER BY id LIMIT $2";
    // With cross joins SQLite begins with the few that were found.
    CAUSES(2) = "WITH RECURSIVE cause(id, distance) AS (
            SELECT parent_id, 1 FROM job WHERE id = $1 AND parent_id IS NOT NULL
            UNION ALL SELECT job.parent_id, distance + 1 FROM cause JOIN job ON job.id = cause.id
            WHERE job.parent_id IS NOT NULL AND distance < $2)
        SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM cause CROSS JOIN job ON job.id = cause.id LEFT JOIN account ON account.id = job.owner_id
        ORDER BY distance DESC"
      | "WITH RECURSIVE cause(id, distance) AS (
            SELECT parent_id, 1 FROM job WHERE id = $1 AND parent_id IS NOT NULL
            UNION ALL SELECT job.parent_id, distance + 1 FROM cause JOIN job ON job.id = cause.id
            WHERE job.parent_id IS NOT NULL AND distance < $2)
        SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM cause JOIN job ON job.id = cause.id LEFT JOIN account ON account.id = job.owner_id
        ORDER BY distance DESC";
    CHILDREN(2) = "SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM (SELECT id FROM job WHERE parent_id = $1 ORDER BY id LIMIT $2) AS child CROSS JOIN job ON job.id = child.id
            LEFT JOIN account ON account.id = job.owner_id
        ORDER BY job.id"
      | "SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM (SELECT id FROM job WHERE parent_id = $1 ORDER BY id LIMIT $2) AS child JOIN job ON job.id = child.id
            LEFT JOIN account ON account.id = job.owner_id
        ORDER BY job.id";
    RUNNING(1) = "SELECT job.id, queue, kind, state, priority, account.email AS owner, subject, run_at, attempts,
            max_attempts, deaths, worker_id, cancelling, progress, message, job.created_at, started_at, finished_at
        FROM job LEFT JOIN account ON account.id = job.owner_id
        WHERE state = 'running' AND worker_id IS NOT NULL ORDER BY state, kind, job.id LIMIT $1";
    // From each priority that is there to the next one: a million jobs of one priority are one step.
    OLDEST_READY(1) = "WITH RECURSIVE step(queue, priority, number) AS (
            SELECT name, (SELECT MIN(priority) FROM job WHERE queue = name AND state = 'ready'), CAST(1 AS BIGINT)
            FROM queue
            UNION ALL SELECT queue, (SELECT MIN(job.priority) FROM job WHERE job.queue = step.queue
                AND state = 'ready' AND job.priority > step.priority), number + 1
            FROM step WHERE priority IS NOT NULL AND number < $1)
        SELECT queue, MIN((SELECT MIN(run_at) FROM job WHERE job.queue = step.queue AND state = 'ready'
            AND job.priority = step.priority)) AS run_at
        FROM step WHERE priority IS NOT NULL GROUP BY queue";
    SCHEDULES(0) = "SELECT name, cron, time_zone, next_at, last_at, last_job_id, state AS last_state
        FROM schedule LEFT JOIN job ON job.id = last_job_id ORDER BY name";
}

/// Jobs of a kind in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What they are.
    pub kind: String,
    /// Their state's name in the database.
    pub state: String,
}

/// Between which ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Smaller than this one.
    pub before: Uuid,
    /// This one or larger.
    pub since: Uuid,
}

/// What jobs are about, or whom they are for: either will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What stands in their rows.
    pub subject: Option<String>,
    /// Whose they are.
    pub owner: Option<Uuid>,
}

/// A job in a list. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct BoardRow {
    /// Its id.
    pub id: Uuid,
    /// Its queue.
    pub queue: String,
    /// What it is.
    pub kind: String,
    /// Its state.
    pub state: String,
    /// Smaller is more urgent.
    pub priority: i64,
    /// The address of whom it is for.
    pub owner: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// When it may run.
    pub run_at: i64,
    /// How often it has failed.
    pub attempts: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// How often its worker died.
    pub deaths: i64,
    /// Who runs it.
    pub worker_id: Option<Uuid>,
    /// Whether whoever runs it was asked to stop.
    pub cancelling: bool,
    /// Percent done.
    pub progress: i64,
    /// What it does just now.
    pub message: Option<String>,
    /// When it was enqueued.
    pub created_at: i64,
    /// When its latest run began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// What a list does not tell of a job.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Details {
    /// What it is about, for its handler.
    pub arguments: Json<Value>,
    /// What came of it.
    pub result: Option<Json<Value>>,
    /// What went wrong last.
    pub error: Option<Json<Value>>,
    /// What no other job of its kind has.
    pub unique_key: Option<String>,
    /// The request that caused it.
    pub request_id: String,
    /// The newest claim's token.
    pub fence: i64,
    /// How many jobs it waits for.
    pub children_left: i64,
}

/// An attempt that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Attempt {
    /// Its fencing token.
    pub fence: i64,
    /// `failed` or `died`.
    pub outcome: String,
    /// Why.
    pub error: Option<Json<Value>>,
    /// When it began, in microseconds.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
}

/// A job that may be what is searched for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Found {
    /// Its id.
    pub id: Uuid,
    /// Which of the candidates it is; the newest is the first.
    pub place: i64,
    /// What it is.
    pub kind: String,
    /// Its state.
    pub state: String,
    /// Its arguments.
    pub arguments: Json<Value>,
}

/// A schedule, and how its last job stands.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ScheduleRow {
    /// The kind of job.
    pub name: String,
    /// Minute, hour, day of month, month, day of week.
    pub cron: String,
    /// By whose clocks.
    pub time_zone: String,
    /// When it is due, in microseconds.
    pub next_at: i64,
    /// When it was due last.
    pub last_at: Option<i64>,
    /// The job of that time.
    pub last_job_id: Option<Uuid>,
    /// That job's state, while it is kept.
    pub last_state: Option<String>,
}

/// Ids as statements take many of them.
pub(crate) fn many(ids: &[Uuid]) -> Json<Vec<String>> {
    Json(ids.iter().map(|id| id.simple().to_string()).collect())
}

fn first<T>(rows: Vec<(T,)>) -> Vec<T> {
    rows.into_iter().map(|(one,)| one).collect()
}

/// How many jobs were enqueued from the hour `since` on and before the hour `until`, by queue, kind and
/// state. Hours are counted since 1970 UTC.
///
/// # Errors
/// Where the database does.
pub async fn counted(tx: &mut Tx, since: i64, until: i64) -> Result<Vec<Count>> {
    rows!(tx, Count, COUNTED, since, until)
}

/// The newest jobs of some kinds in some states, newest first.
///
/// # Errors
/// Where the database does.
pub async fn newest(tx: &mut Tx, parts: &[Part], range: Range, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(
        tx,
        (Uuid,),
        NEWEST,
        Json(parts),
        range.before,
        range.since,
        limit
    )?;
    Ok(first(rows))
}

/// The newest jobs about something, newest first.
///
/// # Errors
/// Where the database does.
pub async fn about(tx: &mut Tx, about: &About, range: Range, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(
        tx,
        (Uuid,),
        ABOUT,
        range.before,
        range.since,
        limit,
        about.subject.as_deref(),
        about.owner
    )?;
    Ok(first(rows))
}

/// How many jobs about something there are, `limit` at most.
///
/// # Errors
/// Where the database does.
pub async fn count_about(tx: &mut Tx, about: &About, range: Range, limit: i64) -> Result<i64> {
    let counted = optional!(
        tx,
        (i64,),
        COUNT_ABOUT,
        range.before,
        range.since,
        limit,
        about.subject.as_deref(),
        about.owner
    )?;
    Ok(counted.map_or(0, |(jobs,)| jobs))
}

/// In which jobs is searched.
#[derive(Debug, Clone, Copy)]
pub enum Among<'a> {
    /// In all, whatever they are.
    All,
    /// In those of the parts.
    Parts(&'a [Part]),
    /// In those about something, for what is of the parts.
    About(&'a About, &'a [Part]),
}

/// What is searched for, and in which jobs.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Of which sort.
    pub among: Among<'a>,
    /// Between which ids.
    pub range: Range,
    /// In how many at most, the newest ones: of all, of the parts, or about something, whatever part that is.
    pub window: i64,
    /// As it stands in JSON, A to Z in lower case; nothing where any will do.
    pub text: &'a str,
    /// How many rows may come back.
    pub limit: i64,
}

/// The jobs in whose arguments' JSON a text stands anywhere, newest first. Where fewer than the limit come back,
/// the last one is the last that was looked at, whether it is such a one or not.
///
/// # Errors
/// Where the database does.
pub async fn search(tx: &mut Tx, search: &Search<'_>) -> Result<Vec<Found>> {
    let Search {
        among,
        range,
        window,
        text,
        limit,
    } = *search;
    let Range { before, since } = range;
    match among {
        Among::All => rows!(tx, Found, SEARCH_ALL, text, limit, before, since, window),
        Among::Parts(parts) => rows!(
            tx,
            Found,
            SEARCH,
            text,
            limit,
            before,
            since,
            window,
            Json(parts)
        ),
        Among::About(about, parts) => rows!(
            tx,
            Found,
            SEARCH_ABOUT,
            text,
            limit,
            before,
            since,
            window,
            Json(parts),
            about.subject.as_deref(),
            about.owner
        ),
    }
}

/// The jobs of these ids that are there, newest first.
///
/// # Errors
/// Where the database does.
pub async fn listed(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<BoardRow>> {
    rows!(tx, BoardRow, LISTED, many(ids))
}

/// What a list does not tell of a job.
///
/// # Errors
/// Where the database does.
pub async fn details(tx: &mut Tx, id: Uuid) -> Result<Option<Details>> {
    optional!(tx, Details, GET, id)
}

/// The latest attempts of a job that did not succeed, newest first.
///
/// # Errors
/// Where the database does.
pub async fn attempts(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<Attempt>> {
    rows!(tx, Attempt, ATTEMPTS, id, limit)
}

/// What a job wrote about itself: when, in microseconds, and what.
///
/// # Errors
/// Where the database does.
pub async fn log(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<(i64, String)>> {
    rows!(tx, (i64, String), LOG, id, limit)
}

/// The job that caused a job last of all, before it the one that caused that one, and so on.
///
/// # Errors
/// Where the database does.
pub async fn causes(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<BoardRow>> {
    rows!(tx, BoardRow, CAUSES, id, limit)
}

/// The first jobs that a job has caused.
///
/// # Errors
/// Where the database does.
pub async fn children(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<BoardRow>> {
    rows!(tx, BoardRow, CHILDREN, id, limit)
}

/// What all workers run.
///
/// # Errors
/// Where the database does.
pub async fn running(tx: &mut Tx, limit: i64) -> Result<Vec<BoardRow>> {
    rows!(tx, BoardRow, RUNNING, limit)
}

/// Since when the ready job of each queue that has waited longest might run, in microseconds: of the
/// `priorities` most urgent priorities there.
///
/// # Errors
/// Where the database does.
pub async fn oldest_ready(tx: &mut Tx, priorities: i64) -> Result<Vec<(String, i64)>> {
    rows!(tx, (String, i64), OLDEST_READY, priorities)
}

/// Every schedule, with how its last job stands.
///
/// # Errors
/// Where the database does.
pub async fn schedules(tx: &mut Tx) -> Result<Vec<ScheduleRow>> {
    rows!(tx, ScheduleRow, SCHEDULES)
}
