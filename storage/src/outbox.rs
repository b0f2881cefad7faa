//! The outbox: what has happened, written in the transaction in which it did, until everybody had it
//! whom it concerns.
//!
//! The events of an aggregate have positions, and each consumer gets them in that order. One that fails
//! holds back those after it until it is given up; other aggregates go on. Whoever appends to an
//! aggregate has inserted, changed or locked its own row in the same transaction, so that two never
//! take the same position.

use crate::board::many;
use crate::statement::{Asked, ask, execute, later, optional, rows, statements};
use crate::{Dialect, Result, Tx};
use domain::event::{EventPayload, OrderEvent};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// Events, and how often each could not be delivered to a consumer; which, is said after it.
macro_rules! events {
    ($consumer:literal) => {
        concat!(
            "SELECT event.id, aggregate, position, kind, payload, account_id, request_id, at,
            COALESCE(attempts, 0) AS failures
        FROM outbox AS event LEFT JOIN outbox_failure ON event_id = event.id AND consumer = '",
            $consumer,
            "'"
        )
    };
}

/// The aggregates of which an event waits for its time.
macro_rules! held {
    ($consumer:literal) => {
        concat!(
            "SELECT held.aggregate FROM outbox_failure AS failure
                    JOIN outbox AS held ON held.id = failure.event_id
                    WHERE failure.consumer = '",
            $consumer,
            "' AND failure.next_at IS NOT NULL"
        )
    };
}

/// What a consumer has not had, by its column and its index. The plus keeps SQLite from reading everything that
/// is due for each aggregate.
macro_rules! due {
    (sqlite, $consumer:literal, $column:literal, $index:literal) => {
        concat!(
            events!($consumer),
            " WHERE aggregate IN (SELECT aggregate FROM (SELECT aggregate FROM outbox INDEXED BY ",
            $index,
            " WHERE ",
            $column,
            " IS NULL AND aggregate NOT IN (",
            held!($consumer),
            " AND failure.next_at > $1)
                ORDER BY id LIMIT $2)) AND +",
            $column,
            " IS NULL
        ORDER BY aggregate, position"
        )
    };
    (postgres, $consumer:literal, $column:literal) => {
        concat!(
            events!($consumer),
            " WHERE aggregate = ANY (ARRAY(SELECT aggregate FROM outbox WHERE ",
            $column,
            " IS NULL AND aggregate <> ALL (ARRAY(",
            held!($consumer),
            " AND failure.next_at > $1))
                ORDER BY id LIMIT $2)) AND ",
            $column,
            " IS NULL
        ORDER BY aggregate, position"
        )
    };
}

/// One event, where a consumer may still have it. With a plus SQLite finds the earlier ones by their aggregate.
macro_rules! again {
    ($consumer:literal, $column:literal, $plus:literal) => {
        concat!(
            events!($consumer),
            " WHERE event.id = $1 AND event.",
            $column,
            " IS NULL AND (next_at IS NULL OR next_at <= $2)
            AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.aggregate = event.aggregate
                AND earlier.position < event.position AND ",
            $plus,
            "earlier.",
            $column,
            " IS NULL)"
        )
    };
}

/// When the oldest event happened that a consumer has not had.
macro_rules! oldest {
    ($consumer:literal, $column:literal, $indexed:literal) => {
        concat!(
            "SELECT * FROM (SELECT at FROM outbox",
            $indexed,
            " WHERE ",
            $column,
            " IS NULL AND aggregate NOT IN (",
            held!($consumer),
            ") ORDER BY id LIMIT 1) AS of_one"
        )
    };
}

/// That a consumer had events, by its column.
macro_rules! settle {
    (sqlite, $column:literal) => {
        concat!(
            "UPDATE outbox SET ",
            $column,
            " = $2 WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND +",
            $column,
            " IS NULL"
        )
    };
    (postgres, $column:literal) => {
        concat!(
            "UPDATE outbox SET ",
            $column,
            " = $2 WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1))) AND ",
            $column,
            " IS NULL"
        )
    };
}

statements! {
    APPEND(1) = "INSERT INTO outbox (id, aggregate, position, kind, payload, account_id, campus_id, request_id, at,
            inbox_at, notice_at)
        SELECT unhex(value ->> 'id'), value ->> 'aggregate',
            COALESCE((SELECT MAX(position) FROM outbox WHERE aggregate = value ->> 'aggregate'), 0) + (value ->> 'step'),
            value ->> 'kind', value -> 'payload', unhex(value ->> 'accountId'), unhex(value ->> 'campusId'),
            value ->> 'requestId', value ->> 'at', value ->> 'inboxAt', value ->> 'noticeAt'
        FROM jsonb_each($1)"
      | "INSERT INTO outbox (id, aggregate, position, kind, payload, account_id, campus_id, request_id, at, inbox_at,
            notice_at)
        SELECT id, aggregate,
            COALESCE((SELECT MAX(position) FROM outbox WHERE outbox.aggregate = row.aggregate), 0) + step,
            kind, payload, \"accountId\", \"campusId\", \"requestId\", at, \"inboxAt\", \"noticeAt\"
        FROM jsonb_to_recordset($1) AS row(id UUID, aggregate TEXT, step BIGINT, kind TEXT, payload JSONB,
            \"accountId\" UUID, \"campusId\" UUID, \"requestId\" TEXT, at BIGINT, \"inboxAt\" BIGINT,
            \"noticeAt\" BIGINT)";
    // One process delivers at a time.
    LOCK(0) = "SELECT TRUE"
      | "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox'))";
    // Whole aggregates: the clocks of two processes may differ, so an event may have a smaller id than
    // one before it.
    DUE_LIVE(2) = (due!(sqlite, "LIVE", "live_at", "outbox_live")) | (due!(postgres, "LIVE", "live_at"));
    DUE_INBOX(2) = (due!(sqlite, "INBOX", "inbox_at", "outbox_inbox")) | (due!(postgres, "INBOX", "inbox_at"));
    DUE_NOTICE(2) = (due!(sqlite, "NOTICE", "notice_at", "outbox_notice"))
      | (due!(postgres, "NOTICE", "notice_at"));
    LIVE_AGAIN(2) = (again!("LIVE", "live_at", "+")) | (again!("LIVE", "live_at", ""));
    INBOX_AGAIN(2) = (again!("INBOX", "inbox_at", "+")) | (again!("INBOX", "inbox_at", ""));
    NOTICE_AGAIN(2) = (again!("NOTICE", "notice_at", "+")) | (again!("NOTICE", "notice_at", ""));
    // Of what nothing holds back: an event whose delivery has failed waits for its time.
    OLDEST(0) = (concat!("SELECT MIN(at) FROM (", oldest!("LIVE", "live_at", " INDEXED BY outbox_live"),
            " UNION ALL ", oldest!("INBOX", "inbox_at", " INDEXED BY outbox_inbox"),
            " UNION ALL ", oldest!("NOTICE", "notice_at", " INDEXED BY outbox_notice"), ") AS undelivered"))
      | (concat!("SELECT MIN(at) FROM (", oldest!("LIVE", "live_at", ""),
            " UNION ALL ", oldest!("INBOX", "inbox_at", ""),
            " UNION ALL ", oldest!("NOTICE", "notice_at", ""), ") AS undelivered"));
    SETTLE_LIVE(2) = (settle!(sqlite, "live_at")) | (settle!(postgres, "live_at"));
    SETTLE_INBOX(2) = (settle!(sqlite, "inbox_at")) | (settle!(postgres, "inbox_at"));
    SETTLE_NOTICE(2) = (settle!(sqlite, "notice_at")) | (settle!(postgres, "notice_at"));
    RECOVER(2) = "DELETE FROM outbox_failure WHERE event_id IN (SELECT unhex(value) FROM json_each($1))
            AND consumer = $2"
      | "DELETE FROM outbox_failure
        WHERE event_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1))) AND consumer = $2";
    FAIL(1) = "INSERT INTO outbox_failure (event_id, consumer, attempts, next_at, dead, error, failed_at)
        SELECT unhex(value ->> 'eventId'), value ->> 'consumer', value ->> 'attempts', value ->> 'nextAt',
            value ->> 'nextAt' IS NULL, value ->> 'error', value ->> 'failedAt'
        FROM json_each($1) WHERE true
        ON CONFLICT (event_id, consumer) DO UPDATE SET attempts = EXCLUDED.attempts, next_at = EXCLUDED.next_at,
            dead = EXCLUDED.dead, error = EXCLUDED.error, failed_at = EXCLUDED.failed_at"
      | "INSERT INTO outbox_failure (event_id, consumer, attempts, next_at, dead, error, failed_at)
        SELECT \"eventId\", consumer, attempts, \"nextAt\", \"nextAt\" IS NULL, error, \"failedAt\"
        FROM jsonb_to_recordset($1) AS row(\"eventId\" UUID, consumer TEXT, attempts BIGINT, \"nextAt\" BIGINT,
            error TEXT, \"failedAt\" BIGINT)
        ON CONFLICT (event_id, consumer) DO UPDATE SET attempts = EXCLUDED.attempts, next_at = EXCLUDED.next_at,
            dead = EXCLUDED.dead, error = EXCLUDED.error, failed_at = EXCLUDED.failed_at";
    DEAD(3) = "SELECT failure.event_id, failure.consumer, failure.attempts, failure.error, failure.failed_at,
            event.aggregate, event.kind, event.request_id, event.at, account.email AS owner
        FROM outbox_failure AS failure JOIN outbox AS event ON event.id = failure.event_id
            LEFT JOIN account ON account.id = event.account_id
        WHERE failure.dead AND (failure.event_id, failure.consumer) < ($1, $2)
        ORDER BY failure.event_id DESC, failure.consumer DESC LIMIT $3";
    COUNT_DEAD(1) = "SELECT COUNT(*) FROM (SELECT 1 FROM outbox_failure WHERE dead LIMIT $1) AS dead";
    // Of a dead letter alone: of one that is still tried nothing is taken back.
    REVIVE(2) = "DELETE FROM outbox_failure WHERE event_id = $1 AND consumer = $2 AND dead";
    UNSETTLE_LIVE(1) = "UPDATE outbox SET live_at = NULL WHERE id = $1";
    UNSETTLE_INBOX(1) = "UPDATE outbox SET inbox_at = NULL WHERE id = $1";
    UNSETTLE_NOTICE(1) = "UPDATE outbox SET notice_at = NULL WHERE id = $1";
    SWEEP(3) = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
        WHERE id < $1 AND live_at IS NOT NULL AND inbox_at IS NOT NULL AND notice_at IS NOT NULL
            AND (id < $2 OR NOT EXISTS (SELECT 1 FROM outbox_failure WHERE event_id = outbox.id))
        ORDER BY id LIMIT $3)";
}

/// An event to be.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id, which grows with time.
    pub id: Uuid,
    /// What it happened to: `order:<id>`, `item:<id>`.
    pub aggregate: String,
    /// What has happened.
    pub kind: OrderEvent,
    /// What it tells.
    pub payload: EventPayload,
    /// Whom it is for; nobody but those who work there, where absent.
    pub account_id: Option<Uuid>,
    /// Where.
    pub campus_id: Option<Uuid>,
    /// The request that caused it.
    pub request_id: String,
    /// When, in microseconds.
    pub at: i64,
}

/// An event's row to be. What is absent is NULL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRow<'a> {
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    id: Uuid,
    aggregate: &'a str,
    /// Its place among those of its aggregate that come with it, from 1.
    step: i64,
    kind: &'static str,
    payload: &'a EventPayload,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "simple")]
    account_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "simple")]
    campus_id: Option<Uuid>,
    request_id: &'a str,
    at: i64,
    /// Set from the start where it is for no inbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_at: Option<i64>,
    /// Set from the start where nobody is told by their channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_at: Option<i64>,
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

/// Who gets events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// Open pages, and whoever else follows.
    Live,
    /// The inbox of whom an event is for.
    Inbox,
    /// The channels of whom an event is for, as e-mail.
    Notice,
}

impl Consumer {
    /// Every consumer.
    pub const ALL: [Self; 3] = [Self::Live, Self::Inbox, Self::Notice];

    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Inbox => "INBOX",
            Self::Notice => "NOTICE",
        }
    }

    /// The consumer of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// An event that a consumer has not had.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Event {
    /// Its id.
    pub id: Uuid,
    /// What it happened to.
    pub aggregate: String,
    /// Its place among the aggregate's events.
    pub position: i64,
    /// What has happened, by its key.
    pub kind: String,
    /// What it tells, as it is stored.
    pub payload: Json<Value>,
    /// Whom it is for.
    pub account_id: Option<Uuid>,
    /// The request that caused it.
    pub request_id: String,
    /// When, in microseconds.
    pub at: i64,
    /// How often its delivery has failed.
    pub failures: i64,
}

/// A delivery that has failed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Of which event.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub event_id: Uuid,
    /// How often by now.
    pub attempts: i64,
    /// When it is tried again, in microseconds; nothing where it is given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<i64>,
    /// Why: a problem in JSON.
    pub error: String,
}

/// A failure's row to be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureRow<'a> {
    consumer: &'static str,
    failed_at: i64,
    #[serde(flatten)]
    failure: &'a Failure,
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DeadEvent {
    /// Its id.
    pub event_id: Uuid,
    /// Who did not get it, by its key.
    pub consumer: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed: a problem in JSON.
    pub error: String,
    /// When it failed last, in microseconds.
    pub failed_at: i64,
    /// What it happened to.
    pub aggregate: String,
    /// What has happened, by its key.
    pub kind: String,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened, in microseconds.
    pub at: i64,
    /// The e-mail address of whom it is for.
    pub owner: Option<String>,
}

/// Writes events, all by one statement, in the transaction in which they happen; the commit wakes the
/// relay. Those of one aggregate get their positions in the order in which they stand here.
///
/// # Errors
/// Where the database does.
pub async fn append(tx: &mut Tx, events: &[NewEvent]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut steps: HashMap<&str, i64> = HashMap::new();
    let rows: Vec<NewRow<'_>> = events
        .iter()
        .map(|event| {
            let step = steps.entry(&event.aggregate).or_default();
            *step += 1;
            let for_inbox = event.kind.reaches_inbox() && event.account_id.is_some();
            let for_channels = event.kind.reaches_channels() && event.account_id.is_some();
            NewRow {
                id: event.id,
                aggregate: &event.aggregate,
                step: *step,
                kind: event.kind.key(),
                payload: &event.payload,
                account_id: event.account_id,
                campus_id: event.campus_id,
                request_id: &event.request_id,
                at: event.at,
                inbox_at: (!for_inbox).then_some(event.at),
                notice_at: (!for_channels).then_some(event.at),
            }
        })
        .collect();
    later!(tx, APPEND, Json(rows))?;
    tx.will_relay().await
}

/// Whether this transaction may deliver events: no other one may until it ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx) -> Result<bool> {
    if tx.dialect() == Dialect::Sqlite {
        // It has one writer in any case.
        return Ok(true);
    }
    Ok(optional!(tx, (bool,), LOCK)?.is_some_and(|(locked,)| locked))
}

/// The oldest events that a consumer has not had and may have now, in order per aggregate: about
/// `limit` of them, and with each all of its aggregate's that are due. None of an aggregate that waits
/// for an event that has failed.
///
/// # Errors
/// Where the database does.
pub async fn due(tx: &mut Tx, consumer: Consumer, now: i64, limit: i64) -> Result<Vec<Event>> {
    ask_due(tx, consumer, now, limit).await?.answer(tx).await
}

/// Asks for [`due`].
///
/// # Errors
/// Where the database does.
pub async fn ask_due(
    tx: &mut Tx,
    consumer: Consumer,
    now: i64,
    limit: i64,
) -> Result<Asked<Vec<Event>>> {
    let events = match consumer {
        Consumer::Live => ask!(tx, Event, DUE_LIVE, now, limit)?,
        Consumer::Inbox => ask!(tx, Event, DUE_INBOX, now, limit)?,
        Consumer::Notice => ask!(tx, Event, DUE_NOTICE, now, limit)?,
    };
    events.map(|events| Ok(in_order(events)))
}

/// An event that a consumer has not had, where it may have it now: it waits neither for its own time nor
/// for an earlier one of its aggregate. Asked under [`lock`], nobody else delivers it meanwhile.
///
/// # Errors
/// Where the database does.
pub async fn still_due(
    tx: &mut Tx,
    consumer: Consumer,
    event: Uuid,
    now: i64,
) -> Result<Option<Event>> {
    match consumer {
        Consumer::Live => optional!(tx, Event, LIVE_AGAIN, event, now),
        Consumer::Inbox => optional!(tx, Event, INBOX_AGAIN, event, now),
        Consumer::Notice => optional!(tx, Event, NOTICE_AGAIN, event, now),
    }
}

/// When the oldest event happened that a consumer has not had though nothing holds it back, in
/// microseconds.
///
/// # Errors
/// Where the database does.
pub async fn oldest(tx: &mut Tx) -> Result<Option<i64>> {
    Ok(optional!(tx, (Option<i64>,), OLDEST)?.and_then(|(at,)| at))
}

/// The statement of [`oldest`], for whoever only looks at a database.
pub(crate) fn oldest_statement() -> &'static crate::Statement {
    &OLDEST
}

/// Puts events that are sorted by aggregate and position into the order in which they happened, as far
/// as that keeps each aggregate's.
fn in_order(events: Vec<Event>) -> Vec<Event> {
    let mut keyed = Vec::with_capacity(events.len());
    let mut newest: Option<(String, Uuid)> = None;
    for event in events {
        let key = match &newest {
            Some((aggregate, before)) if *aggregate == event.aggregate => event.id.max(*before),
            _ => event.id,
        };
        newest = Some((event.aggregate.clone(), key));
        keyed.push((key, event));
    }
    // A stable sort: what has the same key keeps the order of its aggregate.
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, event)| event).collect()
}

/// Notes that a consumer had these events.
///
/// # Errors
/// Where the database does.
pub async fn settle(tx: &mut Tx, consumer: Consumer, events: &[&Event], now: i64) -> Result<()> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    settle_ids(tx, consumer, &ids, now).await?;
    let recovered: Vec<Uuid> = events
        .iter()
        .filter(|event| event.failures > 0)
        .map(|event| event.id)
        .collect();
    if !recovered.is_empty() {
        later!(tx, RECOVER, many(&recovered), consumer.key())?;
    }
    Ok(())
}

async fn settle_ids(tx: &mut Tx, consumer: Consumer, ids: &[Uuid], now: i64) -> Result<()> {
    if !ids.is_empty() {
        match consumer {
            Consumer::Live => later!(tx, SETTLE_LIVE, many(ids), now)?,
            Consumer::Inbox => later!(tx, SETTLE_INBOX, many(ids), now)?,
            Consumer::Notice => later!(tx, SETTLE_NOTICE, many(ids), now)?,
        }
    }
    Ok(())
}

/// Notes that deliveries have failed. What is not tried again is settled: those after it go on.
///
/// # Errors
/// Where the database does.
pub async fn fail(
    tx: &mut Tx,
    consumer: Consumer,
    failures: &[Failure],
    failed_at: i64,
) -> Result<()> {
    let rows: Vec<FailureRow<'_>> = failures
        .iter()
        .map(|failure| FailureRow {
            consumer: consumer.key(),
            failed_at,
            failure,
        })
        .collect();
    later!(tx, FAIL, Json(rows))?;
    let given_up: Vec<Uuid> = failures
        .iter()
        .filter(|failure| failure.next_at.is_none())
        .map(|failure| failure.event_id)
        .collect();
    settle_ids(tx, consumer, &given_up, failed_at).await
}

/// Events that were given up, newest first, after the one where the last page ended.
///
/// # Errors
/// Where the database does.
pub async fn dead(
    tx: &mut Tx,
    before: Option<(Uuid, Consumer)>,
    limit: i64,
) -> Result<Vec<DeadEvent>> {
    // No event has the largest id, so that the first page begins with the newest.
    let (id, consumer) = before.map_or((Uuid::max(), ""), |(id, consumer)| (id, consumer.key()));
    rows!(tx, DeadEvent, DEAD, id, consumer, limit)
}

/// How many events were given up; at most `most`.
///
/// # Errors
/// Where the database does.
pub async fn count_dead(tx: &mut Tx, most: i64) -> Result<i64> {
    Ok(optional!(tx, (i64,), COUNT_DEAD, most)?.map_or(0, |(dead,)| dead))
}

/// Has an event that was given up delivered anew, as if it had never failed; false where there is no
/// such dead letter. It comes after those of its aggregate that have gone on without it.
///
/// # Errors
/// Where the database does.
pub async fn repeat(tx: &mut Tx, event: Uuid, consumer: Consumer) -> Result<bool> {
    if execute!(tx, REVIVE, event, consumer.key())? == 0 {
        return Ok(false);
    }
    match consumer {
        Consumer::Live => execute!(tx, UNSETTLE_LIVE, event)?,
        Consumer::Inbox => execute!(tx, UNSETTLE_INBOX, event)?,
        Consumer::Notice => execute!(tx, UNSETTLE_NOTICE, event)?,
    };
    tx.will_relay().await?;
    Ok(true)
}

/// Deletes up to `limit` events that everybody had, of those before the id `before`; dead letters only
/// where they are before `dead_before`. Gives how many there were.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, before: Uuid, dead_before: Uuid, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, before, dead_before, limit)
}
