//! The inbox: what a member was told, until they have read it and long after.

use crate::board::many;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // A message keeps what the campus was called then; those who want none have none. It comes after all that
    // the account has, whatever the clock of whoever delivers shows.
    DELIVER(2) = "INSERT INTO inbox_message (event_id, account_id, kind, payload, at, delivered_at)
        SELECT event.id, event.account_id, event.kind,
            CASE WHEN campus.id IS NULL THEN event.payload
                ELSE json_patch(json_object('campus', json(campus.name)), event.payload) END, event.at,
            MAX($2, COALESCE((SELECT MAX(delivered_at) + 1 FROM inbox_message AS known
                WHERE known.account_id = event.account_id), 0))
        FROM json_each($1) AS wanted CROSS JOIN outbox AS event ON event.id = unhex(wanted.value)
            LEFT JOIN campus ON campus.id = event.campus_id
        WHERE event.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.account_id = event.account_id AND NOT contact.by_inbox)
        ON CONFLICT (event_id) DO NOTHING"
      | "INSERT INTO inbox_message (event_id, account_id, kind, payload, at, delivered_at)
        SELECT event.id, event.account_id, event.kind,
            CASE WHEN campus.id IS NULL THEN event.payload
                ELSE jsonb_build_object('campus', campus.name) || event.payload END, event.at,
            GREATEST($2, COALESCE((SELECT MAX(delivered_at) + 1 FROM inbox_message AS known
                WHERE known.account_id = event.account_id), 0))
        FROM jsonb_array_elements_text($1) AS wanted(value)
            JOIN outbox AS event ON event.id = CAST(wanted.value AS UUID)
            LEFT JOIN campus ON campus.id = event.campus_id
        WHERE event.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.account_id = event.account_id AND NOT contact.by_inbox)
        ON CONFLICT (event_id) DO NOTHING";
    LIST(3) = "SELECT event_id, kind, payload, at, read_at FROM inbox_message
        WHERE account_id = $1 AND event_id < $2 ORDER BY event_id DESC LIMIT $3";
    COUNT_UNREAD(2) = "SELECT COUNT(*) FROM (SELECT 1 FROM inbox_message
        WHERE account_id = $1 AND read_at IS NULL LIMIT $2) AS unread";
    READ(3) = "UPDATE inbox_message SET read_at = COALESCE(read_at, $3) WHERE event_id = $2 AND account_id = $1
        RETURNING event_id, kind, payload, at, read_at";
    NEWEST(1) = "SELECT COALESCE(MAX(delivered_at), 0) FROM inbox_message WHERE account_id = $1";
    READ_ALL(3) = "UPDATE inbox_message SET read_at = $3
        WHERE account_id = $1 AND delivered_at <= $2 AND read_at IS NULL";
    SWEEP(2) = "DELETE FROM inbox_message WHERE event_id IN (SELECT event_id FROM inbox_message
        WHERE event_id < $1 ORDER BY event_id LIMIT $2)";
}

/// A message.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct MessageRow {
    /// The event that it tells of, whose id is the message's.
    pub event_id: Uuid,
    /// What has happened, by its key.
    pub kind: String,
    /// What it tells, as it is stored.
    pub payload: Json<Value>,
    /// When it happened, in microseconds.
    pub at: i64,
    /// When it was read.
    pub read_at: Option<i64>,
}

/// Puts events of the outbox into the inboxes of those whom they are for. One that is there already
/// stays as it is. The caller holds [`crate::outbox::lock`].
///
/// # Errors
/// Where the database does.
pub async fn deliver(tx: &mut Tx, events: &[Uuid], now: i64) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    later!(tx, DELIVER, many(events), now)
}

/// Up to `limit` messages of an account whose ids are smaller than `before`, newest first.
///
/// # Errors
/// Where the database does.
pub async fn list(tx: &mut Tx, account: Uuid, before: Uuid, limit: i64) -> Result<Vec<MessageRow>> {
    rows!(tx, MessageRow, LIST, account, before, limit)
}

/// How many messages of an account are not read; at most `most`.
///
/// # Errors
/// Where the database does.
pub async fn count_unread(tx: &mut Tx, account: Uuid, most: i64) -> Result<i64> {
    let unread = optional!(tx, (i64,), COUNT_UNREAD, account, most)?;
    Ok(unread.map_or(0, |(unread,)| unread))
}

/// Notes that an account has read one of its messages, and gives it; nothing where it has no such one.
///
/// # Errors
/// Where the database does.
pub async fn read(
    tx: &mut Tx,
    account: Uuid,
    message: Uuid,
    now: i64,
) -> Result<Option<MessageRow>> {
    optional!(tx, MessageRow, READ, account, message, now)
}

/// When the last of an account's messages was delivered, in microseconds; 0 where it has none. Whatever is
/// delivered later has a larger number.
///
/// # Errors
/// Where the database does.
pub async fn newest(tx: &mut Tx, account: Uuid) -> Result<i64> {
    let newest = optional!(tx, (i64,), NEWEST, account)?;
    Ok(newest.map_or(0, |(newest,)| newest))
}

/// Notes that an account has read what was delivered up to a moment, and gives how many messages that were.
///
/// # Errors
/// Where the database does.
pub async fn read_all(tx: &mut Tx, account: Uuid, newest: i64, now: i64) -> Result<u64> {
    execute!(tx, READ_ALL, account, newest, now)
}

/// Deletes up to `limit` messages whose ids are smaller than `before`; gives how many.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, before: Uuid, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, before, limit)
}
