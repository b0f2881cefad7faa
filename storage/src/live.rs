//! Events as they are followed: numbered without a gap in the order in which they were delivered, so
//! that whoever was away asks for those after the last that they know.

use crate::board::many;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // The newest stays when the others are forgotten, so that no number is given twice. Whoever follows
    // is told what the campus is called.
    DELIVER(1) = "INSERT INTO live_event (sequence, event_id, account_id, campus_id, kind, payload, at)
        SELECT COALESCE((SELECT MAX(sequence) FROM live_event), 0) + ROW_NUMBER() OVER (ORDER BY wanted.key),
            event.id, event.account_id, event.campus_id, event.kind,
            CASE WHEN campus.id IS NULL OR json_type(event.payload) <> 'object' THEN event.payload
                ELSE json_patch(json_object('campus', json(campus.name)), event.payload) END, event.at
        FROM json_each($1) AS wanted CROSS JOIN outbox AS event ON event.id = unhex(wanted.value)
            LEFT JOIN campus ON campus.id = event.campus_id
        WHERE NOT EXISTS (SELECT 1 FROM live_event AS known WHERE known.event_id = event.id)"
      | "INSERT INTO live_event (sequence, event_id, account_id, campus_id, kind, payload, at)
        SELECT COALESCE((SELECT MAX(sequence) FROM live_event), 0) + ROW_NUMBER() OVER (ORDER BY wanted.place),
            event.id, event.account_id, event.campus_id, event.kind,
            CASE WHEN campus.id IS NULL OR jsonb_typeof(event.payload) <> 'object' THEN event.payload
                ELSE jsonb_build_object('campus', campus.name) || event.payload END, event.at
        FROM jsonb_array_elements_text($1) WITH ORDINALITY AS wanted(value, place)
            JOIN outbox AS event ON event.id = CAST(wanted.value AS UUID)
            LEFT JOIN campus ON campus.id = event.campus_id
        WHERE NOT EXISTS (SELECT 1 FROM live_event AS known WHERE known.event_id = event.id)";
    ENDS(0) = "SELECT COALESCE((SELECT MIN(sequence) FROM live_event), 1) AS first,
            COALESCE((SELECT MAX(sequence) FROM live_event), 0) AS last";
    BETWEEN(3) = "SELECT sequence, event_id, account_id, campus_id, kind, payload, at FROM live_event
        WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3";
    // SQLite cannot know that few of what lies between are one member's.
    BETWEEN_OF(4) = "SELECT sequence, event_id, account_id, campus_id, kind, payload, at
        FROM live_event INDEXED BY live_event_account
        WHERE account_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4"
      | "SELECT sequence, event_id, account_id, campus_id, kind, payload, at FROM live_event
        WHERE account_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4";
    // The newest are looked at: whoever has had so many meals since is not waiting for an older one.
    WAITS(2) = "SELECT EXISTS (SELECT 1 FROM (SELECT state FROM orders
            WHERE id IN (SELECT own.id FROM orders AS own WHERE own.account_id = $1) ORDER BY id DESC LIMIT $2)
        AS newest WHERE state NOT IN ('COLLECTED', 'CANCELLED'))"
      | "SELECT EXISTS (SELECT 1 FROM (SELECT state FROM orders WHERE account_id = $1 ORDER BY id DESC LIMIT $2)
        AS newest WHERE state NOT IN ('COLLECTED', 'CANCELLED'))";
    // They come in about the order of their times: the first that is young enough ends it.
    SWEEP(2) = "DELETE FROM live_event WHERE sequence IN (SELECT sequence FROM live_event
        WHERE sequence < COALESCE((SELECT sequence FROM live_event WHERE at >= $1 ORDER BY sequence LIMIT 1),
            (SELECT MAX(sequence) FROM live_event))
        ORDER BY sequence LIMIT $2)";
}

/// An event as it is followed.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct LiveEvent {
    /// Its number.
    pub sequence: i64,
    /// Its id.
    pub event_id: Uuid,
    /// Whom it is for.
    pub account_id: Option<Uuid>,
    /// Where.
    pub campus_id: Option<Uuid>,
    /// What has happened, by its key.
    pub kind: String,
    /// What it tells, as it is stored.
    pub payload: Json<Value>,
    /// When it happened, in microseconds.
    pub at: i64,
}

/// What is kept of the events that are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Ends {
    /// The smallest number that is kept, or would be.
    pub first: i64,
    /// The largest; one less than the first where there is none.
    pub last: i64,
}

/// Numbers events of the outbox in the order in which they stand here, and wakes those who follow. One
/// that has a number keeps it. The caller holds [`crate::outbox::lock`].
///
/// # Errors
/// Where the database does.
pub async fn deliver(tx: &mut Tx, events: &[Uuid]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    later!(tx, DELIVER, many(events))?;
    tx.will_broadcast().await
}

/// Which numbers there are.
///
/// # Errors
/// Where the database does.
pub async fn ends(tx: &mut Tx) -> Result<Ends> {
    let ends = optional!(tx, Ends, ENDS)?;
    Ok(ends.unwrap_or(Ends { first: 1, last: 0 }))
}

/// Up to `limit` events after the number `after` and up to `last`, oldest first.
///
/// # Errors
/// Where the database does.
pub async fn between(tx: &mut Tx, after: i64, last: i64, limit: i64) -> Result<Vec<LiveEvent>> {
    rows!(tx, LiveEvent, BETWEEN, after, last, limit)
}

/// Those of [`between`] that are for one account.
///
/// # Errors
/// Where the database does.
pub async fn between_of(
    tx: &mut Tx,
    account: Uuid,
    after: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<LiveEvent>> {
    rows!(tx, LiveEvent, BETWEEN_OF, account, after, last, limit)
}

/// Whether an account waits for one of its `newest` orders.
///
/// # Errors
/// Where the database does.
pub async fn waits(tx: &mut Tx, account: Uuid, newest: i64) -> Result<bool> {
    Ok(optional!(tx, (bool,), WAITS, account, newest)?.is_some_and(|(waits,)| waits))
}

/// Forgets up to `limit` of the oldest events, of those before `before`, in microseconds; never the
/// newest. Gives how many.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, before: i64, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, before, limit)
}
