//! How the processes of an installation were, by the minute.

use crate::statement::{later, rows, statements};
use crate::{Result, Tx};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // What is counted adds up; the rest is as it was last.
    MEASURE(1) = "INSERT INTO process_time (minute, process_id, measure, value)
        SELECT value ->> 'minute', unhex(value ->> 'processId'), value ->> 'measure', value ->> 'value'
        FROM json_each($1) WHERE true
        ON CONFLICT (minute, process_id, measure) DO UPDATE SET
            value = CASE WHEN EXCLUDED.measure IN ('requests', 'errors') THEN process_time.value ELSE 0 END
                + EXCLUDED.value"
      | "INSERT INTO process_time (minute, process_id, measure, value)
        SELECT minute, \"processId\", measure, value
        FROM jsonb_to_recordset($1) AS row(minute BIGINT, \"processId\" UUID, measure TEXT, value BIGINT)
        ON CONFLICT (minute, process_id, measure) DO UPDATE SET
            value = CASE WHEN EXCLUDED.measure IN ('requests', 'errors') THEN process_time.value ELSE 0 END
                + EXCLUDED.value";
    MEASURED(1) = "SELECT minute, measure, CAST(CASE measure WHEN 'slowest' THEN MAX(value) ELSE SUM(value) END AS BIGINT)
            AS value
        FROM process_time WHERE minute >= $1 GROUP BY minute, measure ORDER BY minute, measure";
    JOBS(1) = "SELECT minute, CAST(SUM(jobs) AS BIGINT) AS jobs FROM job_time
        WHERE minute >= $1 AND measure = 'run' GROUP BY minute ORDER BY minute";
    FORGET(1) = "DELETE FROM process_time WHERE minute < $1";
}

/// What a process measured in a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Minutes since 1970 UTC.
    pub minute: i64,
    /// Which process.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub process_id: Uuid,
    /// `requests`, `errors`, `slowest`, `memory` or `connections`.
    pub measure: &'static str,
    /// How much.
    pub value: i64,
}

/// What all processes together measured in a minute: the sum, and of `slowest` the largest.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Total {
    /// Minutes since 1970 UTC.
    pub minute: i64,
    /// What.
    pub measure: String,
    /// How much.
    pub value: i64,
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
pub async fn measured(tx: &mut Tx, since: i64) -> Result<Vec<Total>> {
    rows!(tx, Total, MEASURED, since)
}

/// How many runs of jobs ended in each minute since one.
///
/// # Errors
/// Where the database does.
pub async fn jobs(tx: &mut Tx, since: i64) -> Result<Vec<(i64, i64)>> {
    rows!(tx, (i64, i64), JOBS, since)
}

/// Forgets what was measured before a minute.
///
/// # Errors
/// Where the database does.
pub async fn forget(tx: &mut Tx, before: i64) -> Result<()> {
    later!(tx, FORGET, before)
}
