//! Orders in lists of those who run the place, however many there are: the newest of each campus and state
//! by one index, then the newest of those. No more are read than parts times the limit.

use crate::board::many;
use crate::statement::{optional, rows, statements};
use crate::{Result, Tx};
use domain::text::Localized;
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // As with the board's lists: on PostgreSQL an order that begins with the index' second column keeps it
    // from reading all orders by their ids, to find a few. What lies beyond a bound is left out afterwards.
    NEWEST(4) = "SELECT unhex(found.value) AS id FROM json_each($1) AS part,
            json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM orders
                WHERE campus_id = unhex(part.value ->> 'campus') AND state = part.value ->> 'state'
                    AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4))) AS found
        ORDER BY found.value DESC LIMIT $4"
      | "SELECT found.id FROM jsonb_to_recordset($1) AS part(campus UUID, state TEXT), LATERAL (SELECT id FROM orders
            WHERE orders.campus_id = part.campus AND (orders.state, orders.id) < (part.state, $2)
                AND orders.state >= part.state
            ORDER BY orders.state DESC, orders.id DESC LIMIT $4) AS found
        WHERE found.id >= $3 ORDER BY found.id DESC LIMIT $4";
    OLDEST(4) = "SELECT unhex(found.value) AS id FROM json_each($1) AS part,
            json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM orders
                WHERE campus_id = unhex(part.value ->> 'campus') AND state = part.value ->> 'state'
                    AND id > $2 AND id < $3 ORDER BY id LIMIT $4))) AS found
        ORDER BY found.value LIMIT $4"
      | "SELECT found.id FROM jsonb_to_recordset($1) AS part(campus UUID, state TEXT), LATERAL (SELECT id FROM orders
            WHERE orders.campus_id = part.campus AND (orders.state, orders.id) > (part.state, $2)
                AND orders.state <= part.state
            ORDER BY orders.state, orders.id LIMIT $4) AS found
        WHERE found.id < $3 ORDER BY found.id LIMIT $4";
    LATEST(5) = "SELECT unhex(substr(found.value, 21)) AS id FROM json_each($1) AS part,
            json_each((SELECT json_group_array(printf('%020d', slot_at) || hex(id)) FROM (SELECT slot_at, id FROM orders
                WHERE campus_id = unhex(part.value ->> 'campus') AND state = part.value ->> 'state'
                    AND (slot_at, id) < ($2, $3) AND slot_at >= $4 ORDER BY slot_at DESC, id DESC LIMIT $5))) AS found
        ORDER BY found.value DESC LIMIT $5"
      | "SELECT found.id FROM jsonb_to_recordset($1) AS part(campus UUID, state TEXT),
            LATERAL (SELECT slot_at, id FROM orders
            WHERE orders.campus_id = part.campus AND (orders.state, orders.slot_at, orders.id) < (part.state, $2, $3)
                AND orders.state >= part.state
            ORDER BY orders.state DESC, orders.slot_at DESC, orders.id DESC LIMIT $5) AS found
        WHERE found.slot_at >= $4 ORDER BY found.slot_at DESC, found.id DESC LIMIT $5";
    SOONEST(5) = "SELECT unhex(substr(found.value, 21)) AS id FROM json_each($1) AS part,
            json_each((SELECT json_group_array(printf('%020d', slot_at) || hex(id)) FROM (SELECT slot_at, id FROM orders
                WHERE campus_id = unhex(part.value ->> 'campus') AND state = part.value ->> 'state'
                    AND (slot_at, id) > ($2, $3) AND slot_at < $4 ORDER BY slot_at, id LIMIT $5))) AS found
        ORDER BY found.value LIMIT $5"
      | "SELECT found.id FROM jsonb_to_recordset($1) AS part(campus UUID, state TEXT),
            LATERAL (SELECT slot_at, id FROM orders
            WHERE orders.campus_id = part.campus AND (orders.state, orders.slot_at, orders.id) > (part.state, $2, $3)
                AND orders.state <= part.state
            ORDER BY orders.state, orders.slot_at, orders.id LIMIT $5) AS found
        WHERE found.slot_at < $4 ORDER BY found.slot_at, found.id LIMIT $5";
    COUNT_PLACED(4) = "SELECT CAST(COALESCE(SUM((SELECT COUNT(*) FROM (SELECT 1 FROM orders
            WHERE campus_id = unhex(part.value ->> 'campus') AND state = part.value ->> 'state'
                AND id >= $2 AND id < $3 LIMIT $4))), 0) AS BIGINT) FROM json_each($1) AS part"
      | "SELECT CAST(COALESCE(SUM(counted.orders), 0) AS BIGINT)
        FROM jsonb_to_recordset($1) AS part(campus UUID, state TEXT), LATERAL (SELECT COUNT(*) AS orders
            FROM (SELECT 1 FROM orders WHERE orders.campus_id = part.campus AND orders.state = part.state
                AND id >= $2 AND id < $3 LIMIT $4) AS few) AS counted";
    COUNT_DUE(4) = "SELECT CAST(COALESCE(SUM((SELECT COUNT(*) FROM (SELECT 1 FROM orders
            WHERE campus_id = unhex(part.value ->> 'campus') AND state = part.value ->> 'state'
                AND slot_at >= $2 AND slot_at < $3 LIMIT $4))), 0) AS BIGINT) FROM json_each($1) AS part"
      | "SELECT CAST(COALESCE(SUM(counted.orders), 0) AS BIGINT)
        FROM jsonb_to_recordset($1) AS part(campus UUID, state TEXT), LATERAL (SELECT COUNT(*) AS orders
            FROM (SELECT 1 FROM orders WHERE orders.campus_id = part.campus AND orders.state = part.state
                AND slot_at >= $2 AND slot_at < $3 LIMIT $4) AS few) AS counted";
    BY_NUMBER(2) = "SELECT id, campus_id, state, slot_at, account_id FROM orders WHERE number = $1
        ORDER BY id DESC LIMIT $2"
      | "SELECT id, campus_id, state, slot_at, account_id FROM orders WHERE (number, id) <= ($1, CAST('ffffffff-ffff-ffff-ffff-ffffffffffff' AS UUID))
            AND number >= $1
        ORDER BY number DESC, id DESC LIMIT $2";
    OF_PEOPLE(2) = "SELECT orders.id, campus_id, state, slot_at, account_id FROM json_each($1) AS person
            CROSS JOIN orders ON orders.id IN (SELECT id FROM orders AS own WHERE own.account_id = unhex(person.value)
                ORDER BY id DESC LIMIT $2)
        ORDER BY orders.id DESC LIMIT $2"
      | "SELECT found.id, found.campus_id, found.state, found.slot_at, found.account_id
        FROM jsonb_array_elements_text($1) AS person(id), LATERAL (SELECT id, campus_id, state, slot_at, account_id
            FROM orders WHERE account_id = CAST(person.id AS UUID) ORDER BY orders.id DESC LIMIT $2) AS found
        ORDER BY found.id DESC LIMIT $2";
    LISTED(1) = "SELECT orders.id, orders.number, orders.state, campus.slug AS campus, campus.name AS campus_name,
            orders.account_id, account.name AS member, account.email, orders.slot_at, orders.placed_at, orders.total,
            orders.currency, orders.gateway, orders.cancel_reason
        FROM json_each($1) AS wanted CROSS JOIN orders ON orders.id = unhex(wanted.value)
            CROSS JOIN campus ON campus.id = orders.campus_id CROSS JOIN account ON account.id = orders.account_id"
      | "SELECT orders.id, orders.number, orders.state, campus.slug AS campus, campus.name AS campus_name,
            orders.account_id, account.name AS member, account.email, orders.slot_at, orders.placed_at, orders.total,
            orders.currency, orders.gateway, orders.cancel_reason
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN orders ON orders.id = CAST(wanted.id AS UUID)
            JOIN campus ON campus.id = orders.campus_id JOIN account ON account.id = orders.account_id";
    EVENTS(2) = "SELECT id, kind, payload, request_id, at FROM outbox WHERE aggregate = $1 ORDER BY position LIMIT $2";
}

/// Orders of a campus that stand so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The campus.
    #[serde(with = "uuid::serde::simple")]
    pub campus: Uuid,
    /// The state's name.
    pub state: &'static str,
}

/// What is needed of an order to choose among a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it is collected, in microseconds.
    pub slot_at: i64,
    /// The order.
    pub id: Uuid,
}

/// An order that was found by its number or by who ordered.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundRow {
    /// The order.
    pub id: Uuid,
    /// Where it is collected.
    pub campus_id: Uuid,
    /// How it stands.
    pub state: String,
    /// When it is collected.
    pub slot_at: i64,
    /// Who ordered.
    pub account_id: Uuid,
}

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedRow {
    /// Its id.
    pub id: Uuid,
    /// What is called out.
    pub number: i64,
    /// How it stands.
    pub state: String,
    /// The campus' slug.
    pub campus: String,
    /// The campus' name.
    pub campus_name: Json<Localized<String>>,
    /// Who ordered.
    pub account_id: Uuid,
    /// What they are called.
    pub member: String,
    /// Their address.
    pub email: String,
    /// When it is collected, in microseconds.
    pub slot_at: i64,
    /// When it was placed.
    pub placed_at: i64,
    /// In minor units.
    pub total: i64,
    /// Of this currency.
    pub currency: String,
    /// How it is paid.
    pub gateway: String,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
}

/// An event of an order.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct EventRow {
    /// Its id.
    pub id: Uuid,
    /// What happened.
    pub kind: String,
    /// What it tells.
    pub payload: Json<serde_json::Value>,
    /// The request that caused it.
    pub request_id: String,
    /// When, in microseconds.
    pub at: i64,
}

fn ids(rows: Vec<(Uuid,)>) -> Vec<Uuid> {
    rows.into_iter().map(|(id,)| id).collect()
}

/// The newest orders before one and not before another, by when they were placed, newest first.
///
/// # Errors
/// Where the database does.
pub async fn newest(
    tx: &mut Tx,
    parts: &[Part],
    before: Uuid,
    since: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>> {
    rows!(tx, (Uuid,), NEWEST, Json(parts), before, since, limit).map(ids)
}

/// The oldest orders after one and before another, by when they were placed, oldest first.
///
/// # Errors
/// Where the database does.
pub async fn oldest(
    tx: &mut Tx,
    parts: &[Part],
    after: Uuid,
    until: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>> {
    rows!(tx, (Uuid,), OLDEST, Json(parts), after, until, limit).map(ids)
}

/// The orders before a place whose slots are not before a moment, the latest slot first.
///
/// # Errors
/// Where the database does.
pub async fn latest(
    tx: &mut Tx,
    parts: &[Part],
    before: Place,
    since: i64,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let (slot_at, id) = (before.slot_at, before.id);
    rows!(tx, (Uuid,), LATEST, Json(parts), slot_at, id, since, limit).map(ids)
}

/// The orders after a place whose slots are before a moment, the soonest slot first.
///
/// # Errors
/// Where the database does.
pub async fn soonest(
    tx: &mut Tx,
    parts: &[Part],
    after: Place,
    until: i64,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let (slot_at, id) = (after.slot_at, after.id);
    rows!(tx, (Uuid,), SOONEST, Json(parts), slot_at, id, until, limit).map(ids)
}

/// How many orders were placed from one id on and before another; of each part no more are counted than
/// `most`.
///
/// # Errors
/// Where the database does.
pub async fn count_placed(
    tx: &mut Tx,
    parts: &[Part],
    since: Uuid,
    until: Uuid,
    most: i64,
) -> Result<i64> {
    let counted = optional!(tx, (i64,), COUNT_PLACED, Json(parts), since, until, most)?;
    Ok(counted.map_or(0, |(count,)| count))
}

/// How many orders have slots from a moment on and before another; of each part no more are counted than
/// `most`.
///
/// # Errors
/// Where the database does.
pub async fn count_due(
    tx: &mut Tx,
    parts: &[Part],
    since: i64,
    until: i64,
    most: i64,
) -> Result<i64> {
    let counted = optional!(tx, (i64,), COUNT_DUE, Json(parts), since, until, most)?;
    Ok(counted.map_or(0, |(count,)| count))
}

/// The newest orders that are called out by a number.
///
/// # Errors
/// Where the database does.
pub async fn by_number(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<FoundRow>> {
    rows!(tx, FoundRow, BY_NUMBER, number, limit)
}

/// The newest orders of some people.
///
/// # Errors
/// Where the database does.
pub async fn of_people(tx: &mut Tx, people: &[Uuid], limit: i64) -> Result<Vec<FoundRow>> {
    rows!(tx, FoundRow, OF_PEOPLE, many(people), limit)
}

/// What a list shows of orders, in any order.
///
/// # Errors
/// Where the database does.
pub async fn listed(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<ListedRow>> {
    rows!(tx, ListedRow, LISTED, many(orders))
}

/// What happened to an aggregate, in its order, as far as it is still known.
///
/// # Errors
/// Where the database does.
pub async fn events(tx: &mut Tx, aggregate: &str, limit: i64) -> Result<Vec<EventRow>> {
    rows!(tx, EventRow, EVENTS, aggregate, limit)
}
