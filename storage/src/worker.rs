//! Workers: processes that run jobs, and how it is known that one lives.
//!
//! A worker makes its `beat` grow. Whoever has seen it stand still for long enough, by the time of
//! its own that no clock's jump changes, removes the worker and with it its hold on its jobs.

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use uuid::Uuid;

statements! {
    INSERT(5) = "INSERT INTO worker (id, host, process, role, started_at, seen_at)
        VALUES ($1, $2, $3, $4, $5, $5)";
    BEAT(2) = "UPDATE worker SET beat = beat + 1, seen_at = $2 WHERE id = $1";
    ALL(0) = "SELECT id, host, process, role, beat, started_at, seen_at FROM worker ORDER BY id";
    // Once one process removes it, its row is locked: no other takes its jobs as well.
    REMOVE(2) = "DELETE FROM worker WHERE id = $1 AND beat = $2 RETURNING id";
    LEAVE(1) = "DELETE FROM worker WHERE id = $1";
}

/// A process that runs jobs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Worker {
    /// Its id.
    pub id: Uuid,
    /// The machine.
    pub host: String,
    /// The process on it.
    pub process: i64,
    /// `all` or `worker`.
    pub role: String,
    /// Grows while it lives.
    pub beat: i64,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// When it was heard of last.
    pub seen_at: i64,
}

/// Adds a worker.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, worker: &Worker) -> Result<()> {
    later!(
        tx,
        INSERT,
        worker.id,
        &worker.host,
        worker.process,
        &worker.role,
        worker.started_at
    )
}

/// Shows that a worker lives; false where it has been removed.
///
/// # Errors
/// Where the database does.
pub async fn beat(tx: &mut Tx, id: Uuid, now: i64) -> Result<bool> {
    Ok(execute!(tx, BEAT, id, now)? == 1)
}

/// Every worker.
///
/// # Errors
/// Where the database does.
pub async fn all(tx: &mut Tx) -> Result<Vec<Worker>> {
    rows!(tx, Worker, ALL)
}

/// Removes a worker whose beat still is `beat`; whether it was.
///
/// # Errors
/// Where the database does.
pub async fn remove(tx: &mut Tx, id: Uuid, beat: i64) -> Result<bool> {
    Ok(optional!(tx, (Uuid,), REMOVE, id, beat)?.is_some())
}

/// Removes a worker that stops.
///
/// # Errors
/// Where the database does.
pub async fn leave(tx: &mut Tx, id: Uuid) -> Result<()> {
    later!(tx, LEAVE, id)
}
