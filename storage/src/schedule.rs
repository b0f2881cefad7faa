//! Schedules: what is to be done again and again.

use crate::statement::{execute, later, rows, statements};
use crate::{Result, Tx};
use uuid::Uuid;

statements! {
    ENSURE(4) = "INSERT INTO schedule (name, cron, time_zone, next_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET cron = EXCLUDED.cron, time_zone = EXCLUDED.time_zone,
            next_at = EXCLUDED.next_at
        WHERE schedule.cron <> EXCLUDED.cron OR schedule.time_zone <> EXCLUDED.time_zone";
    ALL(0) = "SELECT name, cron, time_zone, next_at, last_at, last_job_id FROM schedule ORDER BY name";
    // Whoever changes the row is the one that fires it.
    ADVANCE(5) = "UPDATE schedule SET next_at = $3, last_at = $4, last_job_id = $5
        WHERE name = $1 AND next_at = $2";
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Schedule {
    /// The kind of job.
    pub name: String,
    /// Minute, hour, day of month, month, day of week.
    pub cron: String,
    /// By whose clocks: `America/Mexico_City`.
    pub time_zone: String,
    /// When it is due, in microseconds.
    pub next_at: i64,
    /// When it was due last.
    pub last_at: Option<i64>,
    /// The job of that time.
    pub last_job_id: Option<Uuid>,
}

/// Adds a schedule, or changes it where it is another now.
///
/// # Errors
/// Where the database does.
pub async fn ensure(
    tx: &mut Tx,
    name: &str,
    cron: &str,
    time_zone: &str,
    next_at: i64,
) -> Result<()> {
    later!(tx, ENSURE, name, cron, time_zone, next_at)
}

/// Every schedule.
///
/// # Errors
/// Where the database does.
pub async fn all(tx: &mut Tx) -> Result<Vec<Schedule>> {
    rows!(tx, Schedule, ALL)
}

/// Moves a schedule on from `due` to `next_at`; false where another process did.
///
/// # Errors
/// Where the database does.
pub async fn advance(tx: &mut Tx, name: &str, due: i64, next_at: i64, job: Uuid) -> Result<bool> {
    Ok(execute!(tx, ADVANCE, name, due, next_at, due, job)? == 1)
}
