//! Sagas of orders: where each is, and how its steps went.

use crate::board::many;
use crate::statement::{later, optional, rows, statements};
use crate::{Result, Tx};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    BEGIN(2) = "INSERT INTO saga (order_id, version, phase, step, updated_at)
        SELECT unhex(value), $2 ->> 'version', 'FORWARD', $2 ->> 'step', $2 ->> 'now' FROM json_each($1)"
      | "INSERT INTO saga (order_id, version, phase, step, updated_at)
        SELECT CAST(id AS UUID), CAST(beginning.document ->> 'version' AS BIGINT), 'FORWARD',
            beginning.document ->> 'step', CAST(beginning.document ->> 'now' AS BIGINT)
        FROM jsonb_array_elements_text($1) AS wanted(id), (SELECT CAST($2 AS JSONB) AS document) AS beginning";
    // Sorted, so that two processes never wait for one another.
    LOCK(1) = "SELECT saga.order_id, version, phase, step, reached, reason, orders.account_id, orders.campus_id,
            orders.number, orders.slot_at, orders.state, orders.gateway, orders.total, orders.currency,
            orders.placed_at
        FROM json_each($1) AS wanted CROSS JOIN saga ON saga.order_id = unhex(wanted.value)
            CROSS JOIN orders ON orders.id = saga.order_id"
      | "SELECT saga.order_id, version, phase, step, reached, reason, orders.account_id, orders.campus_id,
            orders.number, orders.slot_at, orders.state, orders.gateway, orders.total, orders.currency,
            orders.placed_at
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN saga ON saga.order_id = CAST(wanted.id AS UUID)
            JOIN orders ON orders.id = saga.order_id
        ORDER BY saga.order_id FOR UPDATE OF saga, orders";
    WRITE(1) = "UPDATE saga SET phase = wanted.phase, step = wanted.step, reached = wanted.reached,
            reason = wanted.reason, reserved_until = CASE wanted.reserved WHEN -1 THEN NULL WHEN 0 THEN reserved_until
                ELSE wanted.reserved END, updated_at = wanted.now
        FROM (SELECT unhex(value ->> 'orderId') AS order_id, value ->> 'phase' AS phase, value ->> 'step' AS step,
                value ->> 'reached' AS reached, value ->> 'reason' AS reason, value ->> 'reserved' AS reserved,
                value ->> 'now' AS now FROM jsonb_each($1)) AS wanted
        WHERE saga.order_id = wanted.order_id"
      | "UPDATE saga SET phase = wanted.phase, step = wanted.step, reached = wanted.reached,
            reason = wanted.reason, reserved_until = CASE wanted.reserved WHEN -1 THEN NULL WHEN 0 THEN reserved_until
                ELSE wanted.reserved END, updated_at = wanted.now
        FROM jsonb_to_recordset($1) AS wanted(\"orderId\" UUID, phase TEXT, step TEXT, reached TEXT, reason TEXT,
            reserved BIGINT, now BIGINT)
        WHERE saga.order_id = wanted.\"orderId\"";
    STEPS(1) = "INSERT INTO saga_step (order_id, step, direction, state, attempts, error, started_at, ended_at)
        SELECT unhex(value ->> 'orderId'), value ->> 'step', value ->> 'direction', value ->> 'state',
            value ->> 'attempts', value -> 'error', value ->> 'startedAt', value ->> 'endedAt'
        FROM jsonb_each($1) WHERE true
        ON CONFLICT (order_id, step, direction) DO UPDATE SET state = excluded.state,
            attempts = MAX(excluded.attempts, saga_step.attempts),
            error = COALESCE(excluded.error, saga_step.error), ended_at = excluded.ended_at"
      | "INSERT INTO saga_step (order_id, step, direction, state, attempts, error, started_at, ended_at)
        SELECT \"orderId\", step, direction, state, attempts, error, \"startedAt\", \"endedAt\"
        FROM jsonb_to_recordset($1) AS row(\"orderId\" UUID, step TEXT, direction TEXT, state TEXT,
            attempts BIGINT, error JSONB, \"startedAt\" BIGINT, \"endedAt\" BIGINT)
        ON CONFLICT (order_id, step, direction) DO UPDATE SET state = excluded.state,
            attempts = GREATEST(excluded.attempts, saga_step.attempts),
            error = COALESCE(excluded.error, saga_step.error), ended_at = excluded.ended_at";
    GET(1) = "SELECT saga.order_id, version, phase, step, reached, reason, orders.account_id, orders.campus_id,
            orders.number, orders.slot_at, orders.state, orders.gateway, orders.total, orders.currency,
            orders.placed_at
        FROM saga JOIN orders ON orders.id = saga.order_id WHERE saga.order_id = $1";
    OF_ORDER(1) = "SELECT step, direction, state, attempts, error, started_at, ended_at FROM saga_step
        WHERE order_id = $1 ORDER BY started_at, direction, ended_at";
    EXPIRED(2) = "SELECT order_id FROM saga WHERE reserved_until <= $1 AND phase = 'FORWARD' AND step = 'PAY'
            AND reason IS NULL ORDER BY reserved_until LIMIT $2";
    // A saga that has a living job goes on by itself.
    STRANDED(2) = "SELECT order_id FROM saga WHERE phase IN ('FORWARD', 'BACK') AND updated_at <= $1
            AND NOT EXISTS (SELECT 1 FROM job WHERE subject = 'order:' || lower(
                    substr(hex(saga.order_id), 1, 8) || '-' || substr(hex(saga.order_id), 9, 4) || '-'
                    || substr(hex(saga.order_id), 13, 4) || '-' || substr(hex(saga.order_id), 17, 4) || '-'
                    || substr(hex(saga.order_id), 21, 12))
                AND state IN ('scheduled', 'ready', 'running', 'retrying'))
        ORDER BY updated_at LIMIT $2"
      | "SELECT order_id FROM saga WHERE phase IN ('FORWARD', 'BACK') AND updated_at <= $1
            AND NOT EXISTS (SELECT 1 FROM job WHERE subject = 'order:' || CAST(saga.order_id AS TEXT)
                AND state IN ('scheduled', 'ready', 'running', 'retrying'))
        ORDER BY updated_at LIMIT $2";
}

/// A saga and its order.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SagaRow {
    /// The order.
    pub order_id: Uuid,
    /// Of the rules that it began with.
    pub version: i64,
    /// Its phase.
    pub phase: String,
    /// The step that is done or undone.
    pub step: Option<String>,
    /// The last step whose effects may exist, once it has turned back.
    pub reached: Option<String>,
    /// Why it turned back or is to.
    pub reason: Option<String>,
    /// Who ordered.
    pub account_id: Uuid,
    /// Where it is collected.
    pub campus_id: Uuid,
    /// What is called out.
    pub number: i64,
    /// When it is collected, in microseconds.
    pub slot_at: i64,
    /// How the order stands.
    pub state: String,
    /// How it is paid.
    pub gateway: String,
    /// In minor units.
    pub total: i64,
    /// Of this currency.
    pub currency: String,
    /// When it was placed.
    pub placed_at: i64,
}

/// What becomes of how long a saga's portions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// As it was.
    Unchanged,
    /// Until then, in microseconds.
    Until(i64),
    /// They are not.
    Never,
}

impl Serialize for Reserved {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_i64(match self {
            Self::Unchanged => 0,
            Self::Until(at) => *at,
            Self::Never => -1,
        })
    }
}

/// Where a saga is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SagaChange {
    /// The order.
    #[serde(with = "uuid::serde::simple")]
    pub order_id: Uuid,
    /// Its phase.
    pub phase: &'static str,
    /// The step.
    pub step: Option<&'static str>,
    /// The last step whose effects may exist.
    pub reached: Option<&'static str>,
    /// Why it turned back or is to.
    pub reason: Option<&'static str>,
    /// How long its portions are kept.
    pub reserved: Reserved,
    /// Now, in microseconds.
    pub now: i64,
}

/// How a step goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepChange {
    /// The order.
    #[serde(with = "uuid::serde::simple")]
    pub order_id: Uuid,
    /// The step.
    pub step: &'static str,
    /// `DO` or `UNDO`.
    pub direction: &'static str,
    /// `PENDING`, `DONE`, `REFUSED` or `EXHAUSTED`.
    pub state: &'static str,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// When it began, in microseconds; kept where the step is known already.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// A step of an order.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StepRow {
    /// The step.
    pub step: String,
    /// `DO` or `UNDO`.
    pub direction: String,
    /// How it went.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub error: Option<Json<Value>>,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// Begins sagas at a step.
///
/// # Errors
/// Where the database does.
pub async fn begin(tx: &mut Tx, orders: &[Uuid], version: i64, step: &str, now: i64) -> Result<()> {
    let beginning = serde_json::json!({ "version": version, "step": step, "now": now });
    later!(tx, BEGIN, many(orders), Json(beginning))
}

/// The sagas of some orders; nobody else changes them or the orders until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<SagaRow>> {
    rows!(tx, SagaRow, LOCK, many(orders))
}

/// Writes where sagas are.
///
/// # Errors
/// Where the database does.
pub async fn write(tx: &mut Tx, changes: &[SagaChange]) -> Result<()> {
    later!(tx, WRITE, Json(changes))
}

/// Writes how steps go. Of one step of one order there may be one change.
///
/// # Errors
/// Where the database does.
pub async fn write_steps(tx: &mut Tx, changes: &[StepChange]) -> Result<()> {
    later!(tx, STEPS, Json(changes))
}

/// The saga of an order.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, order: Uuid) -> Result<Option<SagaRow>> {
    optional!(tx, SagaRow, GET, order)
}

/// The steps of an order, in the order in which they began.
///
/// # Errors
/// Where the database does.
pub async fn steps(tx: &mut Tx, order: Uuid) -> Result<Vec<StepRow>> {
    rows!(tx, StepRow, OF_ORDER, order)
}

/// The orders whose portions were kept until before a moment, and which are neither done nor about to
/// turn back.
///
/// # Errors
/// Where the database does.
pub async fn expired(tx: &mut Tx, now: i64, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), EXPIRED, now, limit)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The orders whose sagas have not ended, have not moved since a moment, and have no job that would
/// move them.
///
/// # Errors
/// Where the database does.
pub async fn stranded(tx: &mut Tx, before: i64, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), STRANDED, before, limit)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
