//! What the tests of the queue have in common.

use crate::engines::Engine;
use crate::{NOW, id};
use serde_json::{Value, json};
use storage::job::{self, ClaimedJob, EndState, Ended, NewJob, Scope};
use storage::worker::{self, Worker};
use storage::{Database, Db, Tx};
use uuid::Uuid;

pub const QUEUE: &str = "diet-plans";

/// Does something in a transaction of its own.
macro_rules! in_tx {
    ($db:expr, $function:path $(, $argument:expr)*) => {{
        let mut tx: storage::Tx = $db.write().await.unwrap();
        let done = $function(&mut tx $(, $argument)*).await.unwrap();
        tx.commit().await.unwrap();
        done
    }};
}
pub(crate) use in_tx;

pub fn new_job(number: u128) -> NewJob {
    NewJob {
        id: id(number),
        queue: QUEUE,
        kind: "plan.compute",
        priority: 100,
        arguments: json!({ "number": number as u64 }),
        owner_id: None,
        subject: None,
        unique_key: None,
        unique_scope: None,
        unique_until: None,
        run_at: NOW,
        max_attempts: 5,
        worker_id: None,
        request_id: "request".to_owned(),
        parent_id: None,
        awaited: false,
        now: NOW,
    }
}

/// A job that has a unique key.
pub fn keyed(number: u128, key: &str, scope: Scope) -> NewJob {
    NewJob {
        unique_key: Some(key.to_owned()),
        unique_scope: Some(scope),
        ..new_job(number)
    }
}

pub async fn enqueue_all(db: &Db, jobs: &[NewJob]) -> Vec<Uuid> {
    in_tx!(db, job::enqueue, jobs)
}

pub async fn enqueue(db: &Db, job: NewJob) -> Uuid {
    let ids = enqueue_all(db, std::slice::from_ref(&job)).await;
    assert_eq!(ids.len(), 1);
    ids[0]
}

/// Workers are numbered as jobs are, apart from them.
pub const fn worker_id(number: u128) -> Uuid {
    Uuid::from_u128(0xff00_0000_0000_0000 + number)
}

pub fn new_worker(number: u128) -> Worker {
    Worker {
        id: worker_id(number),
        host: "elsewhere".to_owned(),
        process: 1,
        role: "worker".to_owned(),
        beat: 0,
        started_at: NOW,
        seen_at: NOW,
    }
}

pub async fn enter(db: &Db, number: u128) -> Uuid {
    in_tx!(db, worker::insert, &new_worker(number));
    worker_id(number)
}

/// Claims for worker 1.
pub async fn claim(db: &Db, now: i64, limit: i64) -> Vec<ClaimedJob> {
    in_tx!(db, job::claim, &[(QUEUE, limit)], worker_id(1), now)
}

pub async fn claim_one(db: &Db, now: i64) -> ClaimedJob {
    let mut claimed = claim(db, now, 1).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

/// An end of a run at the moment [`NOW`] plus five.
pub fn ended(job: &ClaimedJob, state: EndState) -> Ended {
    let failed = matches!(state, EndState::Retrying | EndState::Dead);
    Ended {
        id: job.id,
        fence: job.fence,
        state,
        failed: i64::from(failed),
        result: (state == EndState::Succeeded).then(|| json!("done")),
        error: failed.then(|| json!("broken")),
        run_at: (state == EndState::Retrying).then_some(NOW + 1000),
        started_at: job.started_at,
        now: NOW + 5,
    }
}

/// Ends runs; gives how many of them still held their jobs.
pub async fn finish(db: &Db, ended: &[Ended]) -> u64 {
    let runs: Vec<(Uuid, i64)> = ended.iter().map(|run| (run.id, run.fence)).collect();
    let before = in_tx!(db, job::held, &runs);
    in_tx!(db, job::finish, ended);
    let after = in_tx!(db, job::held, &runs);
    (before.len() - after.len()) as u64
}

/// Ends a run, which must still hold its job.
pub async fn end(db: &Db, job: &ClaimedJob, state: EndState) {
    assert_eq!(finish(db, &[ended(job, state)]).await, 1);
}

pub fn worker_died() -> Value {
    json!("worker died")
}

pub async fn reclaim(db: &Db, worker: Uuid, now: i64) -> u64 {
    in_tx!(db, job::reclaim, worker, 3, now, &worker_died())
}

fn is_sqlite(engine: &Engine) -> bool {
    matches!(engine.database, Database::Sqlite(_))
}

/// An id as the engine's SQL writes it.
pub fn literal(engine: &Engine, id: Uuid) -> String {
    if is_sqlite(engine) {
        format!("x'{}'", id.simple())
    } else {
        format!("'{id}'::uuid")
    }
}

/// Asks that a job be cancelled.
pub async fn to_be_cancelled(engine: &Engine, id: Uuid) {
    let key = literal(engine, id);
    let set = format!("UPDATE job SET cancelling = TRUE WHERE id = {key}");
    engine.raw(&set).await;
}

/// An expression that gives the columns of a row as one text, the same on both engines.
fn text_of(engine: &Engine, ids: &[&str], plain: &[&str], flags: &[&str], json: &[&str]) -> String {
    let sqlite = is_sqlite(engine);
    let id = |column: &&str| {
        if sqlite {
            format!("NULLIF(lower(hex({column})), '')")
        } else {
            format!("replace(CAST({column} AS TEXT), '-', '')")
        }
    };
    let flag = |column: &&str| {
        if sqlite {
            format!("CAST({column} AS TEXT)")
        } else {
            format!("CAST(CAST({column} AS INTEGER) AS TEXT)")
        }
    };
    let columns = ids.iter().map(|column| (column, id(column)));
    let columns = columns
        .chain(plain.iter().map(|it| (it, format!("CAST({it} AS TEXT)"))))
        .chain(flags.iter().map(|it| (it, flag(it))))
        .chain(json.iter().map(|it| {
            let text = format!("replace(CAST({it} AS TEXT), ' ', '')");
            (it, text)
        }));
    columns
        .map(|(name, text)| format!("'{name}=' || COALESCE({text}, '-')"))
        .collect::<Vec<_>>()
        .join(" || ' ' || ")
}

/// The query for every column of every job, a text a row, by id.
pub fn jobs_query(engine: &Engine) -> String {
    let whole = text_of(
        engine,
        &["id", "owner_id", "worker_id", "parent_id"],
        &[
            "queue",
            "kind",
            "state",
            "priority",
            "subject",
            "unique_key",
            "unique_scope",
            "unique_until",
            "run_at",
            "attempts",
            "max_attempts",
            "deaths",
            "fence",
            "progress",
            "message",
            "request_id",
            "children_left",
            "created_at",
            "started_at",
            "finished_at",
        ],
        &["cancelling", "awaited"],
        &["arguments", "result", "error"],
    );
    format!("SELECT {whole} FROM job ORDER BY id")
}

/// The query for every attempt that did not succeed.
pub fn attempts_query(engine: &Engine) -> String {
    let whole = text_of(
        engine,
        &["job_id"],
        &["fence", "outcome", "started_at", "ended_at"],
        &[],
        &["error"],
    );
    format!("SELECT {whole} FROM job_attempt ORDER BY job_id, fence")
}

/// Everything that the queue knows of jobs.
pub async fn everything(engine: &Engine) -> Vec<String> {
    let mut all = engine.raw(&jobs_query(engine)).await;
    all.extend(engine.raw(&attempts_query(engine)).await);
    all
}

/// A column of a job as text, `-` where it has no value.
pub async fn column(engine: &Engine, column: &str, id: Uuid) -> String {
    let key = literal(engine, id);
    engine
        .raw(&format!(
            "SELECT COALESCE(CAST({column} AS TEXT), '-') FROM job WHERE id = {key}"
        ))
        .await
        .remove(0)
}

/// Columns of a job.
pub async fn columns<const N: usize>(engine: &Engine, names: [&str; N], id: Uuid) -> [String; N] {
    let mut found = names.map(str::to_owned);
    for (name, value) in names.iter().zip(&mut found) {
        *value = column(engine, name, id).await;
    }
    found
}

/// Two handles on the database, as two processes have them; a SQLite file has one.
pub async fn two_handles(engine: &Engine) -> [Db; 2] {
    let db = engine.open().await;
    let other = match db.dialect() {
        storage::Dialect::Sqlite => db.clone(),
        storage::Dialect::Postgres => engine.open().await,
    };
    [db, other]
}

/// Enqueues children that a running job waits for, in a transaction of the caller's.
pub async fn await_children(tx: &mut Tx, parent: &ClaimedJob, children: &[NewJob]) -> Vec<Uuid> {
    let children: Vec<NewJob> = children
        .iter()
        .map(|child| NewJob {
            parent_id: Some(parent.id),
            awaited: true,
            ..child.clone()
        })
        .collect();
    let ids = job::enqueue(tx, &children).await.unwrap();
    let count = children.len() as i64;
    let held = job::await_children(tx, parent.id, parent.fence, count);
    assert!(held.await.unwrap());
    ids
}
