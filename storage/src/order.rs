//! Orders with their lines, the slots that they take and the numbers that are called out.
//!
//! What is written here is written for many orders at once: placing is committed in groups.

use crate::board::many;
use crate::statement::{Asked, ask, execute, later, optional, rows, statements};
use crate::{Dialect, Result, Tx};
use domain::kitchen::Station;
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    PLACED(1) = "SELECT orders.account_id, orders.idempotency_key, orders.id, orders.request_hash
        FROM jsonb_each($1) CROSS JOIN orders ON orders.account_id = unhex(value ->> 'accountId')
            AND orders.idempotency_key = value ->> 'key'"
      | "SELECT orders.account_id, orders.idempotency_key, orders.id, orders.request_hash
        FROM jsonb_to_recordset($1) AS row(\"accountId\" UUID, key TEXT)
        JOIN orders ON orders.account_id = row.\"accountId\" AND orders.idempotency_key = row.key";
    OPEN_SLOTS(1) = "INSERT INTO slot (campus_id, starts_at, capacity, taken)
        SELECT unhex(value ->> 'campusId'), value ->> 'startsAt', value ->> 'capacity', 0 FROM jsonb_each($1) WHERE true
        ON CONFLICT (campus_id, starts_at) DO UPDATE SET capacity = MAX(excluded.capacity, slot.taken)
            WHERE slot.capacity <> excluded.capacity"
      | "INSERT INTO slot (campus_id, starts_at, capacity, taken)
        SELECT \"campusId\", \"startsAt\", capacity, 0
        FROM jsonb_to_recordset($1) AS row(\"campusId\" UUID, \"startsAt\" BIGINT, capacity BIGINT)
        ORDER BY 1, 2
        ON CONFLICT (campus_id, starts_at) DO UPDATE SET capacity = GREATEST(excluded.capacity, slot.taken)
            WHERE slot.capacity <> excluded.capacity";
    LOCK_SLOTS(1) = "SELECT slot.campus_id, slot.starts_at, slot.capacity, slot.taken
        FROM jsonb_each($1) CROSS JOIN slot ON slot.campus_id = unhex(value ->> 'campusId')
            AND slot.starts_at = value ->> 'startsAt'"
      | "SELECT slot.campus_id, slot.starts_at, slot.capacity, slot.taken
        FROM jsonb_to_recordset($1) AS row(\"campusId\" UUID, \"startsAt\" BIGINT)
        JOIN slot ON slot.campus_id = row.\"campusId\" AND slot.starts_at = row.\"startsAt\"
        ORDER BY 1, 2 FOR UPDATE OF slot";
    LOCK_SLOTS_OF(1) = "SELECT slot.campus_id, slot.starts_at, slot.capacity, slot.taken
        FROM jsonb_each($1) CROSS JOIN campus ON campus.slug = value ->> 'campus'
            CROSS JOIN slot ON slot.campus_id = campus.id AND slot.starts_at = value ->> 'startsAt'"
      | "SELECT slot.campus_id, slot.starts_at, slot.capacity, slot.taken
        FROM jsonb_to_recordset($1) AS row(campus TEXT, \"startsAt\" BIGINT)
        JOIN campus ON campus.slug = row.campus
        JOIN slot ON slot.campus_id = campus.id AND slot.starts_at = row.\"startsAt\"
        ORDER BY 1, 2 FOR UPDATE OF slot";
    TAKE_SLOTS(1) = "UPDATE slot SET taken = slot.taken + change.orders
        FROM (SELECT unhex(value ->> 'campusId') AS campus_id, value ->> 'startsAt' AS starts_at,
            value ->> 'orders' AS orders FROM jsonb_each($1)) AS change
        WHERE slot.campus_id = change.campus_id AND slot.starts_at = change.starts_at"
      | "UPDATE slot SET taken = slot.taken + change.orders
        FROM jsonb_to_recordset($1) AS change(\"campusId\" UUID, \"startsAt\" BIGINT, orders BIGINT)
        WHERE slot.campus_id = change.\"campusId\" AND slot.starts_at = change.\"startsAt\"";
    LOCK_NUMBERS(1) = "SELECT DISTINCT pickup_number.campus_id, pickup_number.day, pickup_number.last
        FROM jsonb_each($1) CROSS JOIN campus ON campus.slug = value ->> 'campus'
            CROSS JOIN pickup_number ON pickup_number.campus_id = campus.id AND pickup_number.day = value ->> 'day'"
      | "SELECT pickup_number.campus_id, pickup_number.day, pickup_number.last
        FROM pickup_number WHERE (campus_id, day) IN (SELECT campus.id, row.day
            FROM jsonb_to_recordset($1) AS row(campus TEXT, day TEXT) JOIN campus ON campus.slug = row.campus)
        ORDER BY 1, 2 FOR UPDATE";
    NUMBERS(1) = "INSERT INTO pickup_number (campus_id, day, last)
        SELECT unhex(value ->> 'campusId'), value ->> 'day', value ->> 'orders' FROM json_each($1) WHERE true
        ON CONFLICT (campus_id, day) DO UPDATE SET last = pickup_number.last + excluded.last
        RETURNING campus_id, day, last"
      | "INSERT INTO pickup_number (campus_id, day, last)
        SELECT \"campusId\", day, orders
        FROM jsonb_to_recordset($1) AS row(\"campusId\" UUID, day TEXT, orders BIGINT) ORDER BY 1, 2
        ON CONFLICT (campus_id, day) DO UPDATE SET last = pickup_number.last + excluded.last
        RETURNING campus_id, day, last";
    INSERT(1) = "INSERT INTO orders (id, number, account_id, campus_id, slot_at, state, gateway, payment_method,
            total, currency, idempotency_key, request_hash, placed_at, request_id)
        SELECT unhex(value ->> 'id'), value ->> 'number', unhex(value ->> 'accountId'), unhex(value ->> 'campusId'),
            value ->> 'slotAt', 'PENDING', value ->> 'gateway', value ->> 'paymentMethod', value ->> 'total',
            value ->> 'currency', value ->> 'key', value ->> 'requestHash', value ->> 'placedAt',
            value ->> 'requestId'
        FROM jsonb_each($1)"
      | "INSERT INTO orders (id, number, account_id, campus_id, slot_at, state, gateway, payment_method, total,
            currency, idempotency_key, request_hash, placed_at, request_id)
        SELECT id, number, \"accountId\", \"campusId\", \"slotAt\", 'PENDING', gateway, \"paymentMethod\", total,
            currency, key, \"requestHash\", \"placedAt\", \"requestId\"
        FROM jsonb_to_recordset($1) AS row(id UUID, number BIGINT, \"accountId\" UUID, \"campusId\" UUID,
            \"slotAt\" BIGINT, gateway TEXT, \"paymentMethod\" TEXT, total BIGINT, currency TEXT, key TEXT,
            \"requestHash\" TEXT, \"placedAt\" BIGINT, \"requestId\" TEXT)
        ORDER BY \"accountId\", key ON CONFLICT (account_id, idempotency_key) DO NOTHING";
    INSERT_ITEMS(1) = "INSERT INTO ordered_item (id, document)
        SELECT unhex(value ->> 'id'), value -> 'document' FROM jsonb_each($1) WHERE true
        ON CONFLICT (id) DO NOTHING"
      | "INSERT INTO ordered_item (id, document)
        SELECT id, document FROM jsonb_to_recordset($1) AS row(id UUID, document JSONB) ORDER BY id
        ON CONFLICT (id) DO NOTHING";
    INSERT_LINES(1) = "INSERT INTO order_line (order_id, position, item_id, quantity, unit_price, ordered_item_id)
        SELECT unhex(value ->> 'orderId'), value ->> 'position', unhex(value ->> 'itemId'), value ->> 'quantity',
            value ->> 'unitPrice', unhex(value ->> 'orderedItemId')
        FROM jsonb_each($1)"
      | "INSERT INTO order_line (order_id, position, item_id, quantity, unit_price, ordered_item_id)
        SELECT \"orderId\", position, \"itemId\", quantity, \"unitPrice\", \"orderedItemId\"
        FROM jsonb_to_recordset($1) AS row(\"orderId\" UUID, position BIGINT, \"itemId\" UUID, quantity BIGINT,
            \"unitPrice\" BIGINT, \"orderedItemId\" UUID)";
    LINES(1) = "SELECT order_line.order_id, position, item_id, quantity, unit_price, document
        FROM json_each($1) AS wanted CROSS JOIN order_line ON order_line.order_id = unhex(wanted.value)
            CROSS JOIN ordered_item ON ordered_item.id = order_line.ordered_item_id
        ORDER BY order_line.order_id, position"
      | "SELECT order_line.order_id, position, item_id, quantity, unit_price, document
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN order_line ON order_line.order_id = CAST(wanted.id AS UUID)
            JOIN ordered_item ON ordered_item.id = order_line.ordered_item_id
        ORDER BY order_line.order_id, position";
    QUANTITIES(1) = "SELECT order_line.order_id, item_id, CAST(SUM(quantity) AS BIGINT) AS quantity
        FROM json_each($1) AS wanted CROSS JOIN order_line ON order_line.order_id = unhex(wanted.value)
        GROUP BY order_line.order_id, item_id ORDER BY order_line.order_id, item_id"
      | "SELECT order_line.order_id, item_id, CAST(SUM(quantity) AS BIGINT) AS quantity
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN order_line ON order_line.order_id = CAST(wanted.id AS UUID)
        GROUP BY order_line.order_id, item_id ORDER BY order_line.order_id, item_id";
    GET(1) = "SELECT id, number, account_id, campus_id, slot_at, state, gateway, total, currency, cancel_reason,
            cancel_note, placed_at, confirmed_at, preparing_at, ready_at, collected_at, cancelled_at
        FROM orders WHERE id = $1";
    // The state is one of few: a page of one's own orders is found by the member's index alone. SQLite reads the ids
    // from the index of the keys, which begins with the member too: an index more would be a page more that each
    // order of another member writes.
    OF_MEMBER(4) = "SELECT id, number, account_id, campus_id, slot_at, state, gateway, total, currency, cancel_reason,
            cancel_note, placed_at, confirmed_at, preparing_at, ready_at, collected_at, cancelled_at
        FROM orders WHERE id IN (SELECT own.id FROM orders AS own WHERE own.account_id = $1 AND own.id < $2)
            AND ($3 IS NULL OR state = $3)
        ORDER BY id DESC LIMIT $4"
      | "SELECT id, number, account_id, campus_id, slot_at, state, gateway, total, currency, cancel_reason,
            cancel_note, placed_at, confirmed_at, preparing_at, ready_at, collected_at, cancelled_at
        FROM orders WHERE account_id = $1 AND id < $2 AND (CAST($3 AS TEXT) IS NULL OR state = $3)
        ORDER BY id DESC LIMIT $4";
    // Every state is named: the index of slots begins with it.
    OF_SLOTS(4) = "SELECT id, number, account_id, campus_id, slot_at, state, gateway, total, currency, cancel_reason,
            cancel_note, placed_at, confirmed_at, preparing_at, ready_at, collected_at, cancelled_at
        FROM orders WHERE campus_id = $1 AND slot_at >= $2 AND slot_at < $3
            AND state IN ('PENDING', 'CONFIRMED', 'PREPARING', 'READY', 'COLLECTED', 'CANCELLED')
        ORDER BY state IN ('COLLECTED', 'CANCELLED'), slot_at, id LIMIT $4";
    // SQLite uses the kitchen's index only where its own words stand in the condition.
    KITCHEN(4) = "SELECT id, number, account_id, campus_id, slot_at, state, gateway, total, currency, cancel_reason,
            cancel_note, placed_at, confirmed_at, preparing_at, ready_at, collected_at, cancelled_at
        FROM orders WHERE campus_id = $1 AND slot_at >= $2 AND slot_at < $3
            AND state IN ('CONFIRMED', 'PREPARING', 'READY')
        ORDER BY slot_at, id LIMIT $4";
    ENDED(4) = "SELECT id, number, account_id, campus_id, slot_at, state, gateway, total, currency, cancel_reason,
            cancel_note, placed_at, confirmed_at, preparing_at, ready_at, collected_at, cancelled_at
        FROM orders WHERE campus_id = $1 AND slot_at >= $2 AND slot_at < $3 AND state IN ('COLLECTED', 'CANCELLED')
        ORDER BY slot_at DESC, id DESC LIMIT $4";
    CALLED(4) = "SELECT number, state FROM orders WHERE campus_id = $1 AND slot_at >= $2 AND slot_at < $3
            AND state IN ('CONFIRMED', 'PREPARING', 'READY') AND state <> 'CONFIRMED'
        ORDER BY slot_at, id LIMIT $4";
    AT_STATION(2) = "SELECT DISTINCT order_line.order_id
        FROM json_each($1) AS wanted CROSS JOIN order_line ON order_line.order_id = unhex(wanted.value)
            CROSS JOIN menu_item ON menu_item.id = item_id
        WHERE station = $2"
      | "SELECT DISTINCT order_line.order_id
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN order_line ON order_line.order_id = CAST(wanted.id AS UUID)
            JOIN menu_item ON menu_item.id = item_id
        WHERE station = $2";
    STATION_LINES(1) = "SELECT order_line.order_id, order_line.position, item_id, quantity, unit_price, document, station
        FROM json_each($1) AS wanted CROSS JOIN order_line ON order_line.order_id = unhex(wanted.value)
            CROSS JOIN ordered_item ON ordered_item.id = order_line.ordered_item_id
            CROSS JOIN menu_item ON menu_item.id = item_id
        ORDER BY order_line.order_id, order_line.position"
      | "SELECT order_line.order_id, order_line.position, item_id, quantity, unit_price, document, station
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN order_line ON order_line.order_id = CAST(wanted.id AS UUID)
            JOIN ordered_item ON ordered_item.id = order_line.ordered_item_id
            JOIN menu_item ON menu_item.id = item_id
        ORDER BY order_line.order_id, order_line.position";
    REPLACE(5) = "UPDATE order_line SET item_id = $3, unit_price = MIN(unit_price, $4), ordered_item_id = $5
        WHERE order_id = $1 AND item_id = $2"
      | "UPDATE order_line SET item_id = $3, unit_price = LEAST(unit_price, $4), ordered_item_id = $5
        WHERE order_id = $1 AND item_id = $2";
    TO_DO(2) = "SELECT campus.id, COUNT(orders.id) FROM campus LEFT JOIN orders ON orders.campus_id = campus.id
            AND orders.slot_at >= $1 AND orders.slot_at < $2
            AND orders.state IN ('PENDING', 'CONFIRMED', 'PREPARING', 'READY')
        GROUP BY campus.id";
    MOVE(4) = "UPDATE orders SET state = $3,
            preparing_at = CASE WHEN $3 = 'PREPARING' THEN $4 ELSE preparing_at END,
            ready_at = CASE WHEN $3 = 'READY' THEN $4 ELSE ready_at END,
            collected_at = CASE WHEN $3 = 'COLLECTED' THEN $4 ELSE collected_at END
        WHERE id = $1 AND state = $2"
      | "UPDATE orders SET state = CAST($3 AS TEXT),
            preparing_at = CASE WHEN $3 = 'PREPARING' THEN $4 ELSE preparing_at END,
            ready_at = CASE WHEN $3 = 'READY' THEN $4 ELSE ready_at END,
            collected_at = CASE WHEN $3 = 'COLLECTED' THEN $4 ELSE collected_at END
        WHERE id = $1 AND state = $2";
    CONFIRM(2) = "UPDATE orders SET state = 'CONFIRMED', confirmed_at = $2
        WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND state = 'PENDING'"
      | "UPDATE orders SET state = 'CONFIRMED', confirmed_at = $2
        FROM jsonb_array_elements_text($1) AS wanted(id)
        WHERE orders.id = CAST(wanted.id AS UUID) AND state = 'PENDING'";
    NOTE(1) = "UPDATE orders SET cancel_note = wanted.note
        FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS note FROM json_each($1)) AS wanted
        WHERE orders.id = wanted.id"
      | "UPDATE orders SET cancel_note = wanted.value ->> 1
        FROM jsonb_array_elements($1) AS wanted(value) WHERE orders.id = CAST(wanted.value ->> 0 AS UUID)";
    CANCEL(2) = "UPDATE orders SET state = 'CANCELLED', cancelled_at = $2, cancel_reason = wanted.reason,
            cancel_note = COALESCE(wanted.note, cancel_note)
        FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'reason' AS reason, value ->> 'note' AS note
            FROM json_each($1)) AS wanted
        WHERE orders.id = wanted.id AND state NOT IN ('COLLECTED', 'CANCELLED')
        RETURNING orders.campus_id, orders.slot_at"
      | "UPDATE orders SET state = 'CANCELLED', cancelled_at = $2, cancel_reason = wanted.reason,
            cancel_note = COALESCE(wanted.note, cancel_note)
        FROM jsonb_to_recordset($1) AS wanted(id UUID, reason TEXT, note TEXT)
        WHERE orders.id = wanted.id AND state NOT IN ('COLLECTED', 'CANCELLED')
        RETURNING orders.campus_id, orders.slot_at";
}

/// Names a request for an order: whose, and by which key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestKey {
    /// Who ordered.
    #[serde(with = "uuid::serde::simple")]
    pub account_id: Uuid,
    /// The idempotency key.
    pub key: String,
}

/// An order that was placed with a key.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Placed {
    /// Who ordered.
    pub account_id: Uuid,
    /// The idempotency key.
    pub idempotency_key: String,
    /// The order.
    pub id: Uuid,
    /// What was asked for, hashed.
    pub request_hash: String,
}

/// A slot that orders may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSlot {
    /// Where.
    #[serde(with = "uuid::serde::simple")]
    pub campus_id: Uuid,
    /// When, in microseconds.
    pub starts_at: i64,
    /// How many orders it takes.
    pub capacity: i64,
}

/// A slot and how much of it is taken.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SlotRow {
    /// Where.
    pub campus_id: Uuid,
    /// When, in microseconds.
    pub starts_at: i64,
    /// How many orders it takes.
    pub capacity: i64,
    /// How many living or collected orders it has.
    pub taken: i64,
}

/// So many more orders of a slot, or fewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotChange {
    /// Where.
    #[serde(with = "uuid::serde::simple")]
    pub campus_id: Uuid,
    /// When, in microseconds.
    pub starts_at: i64,
    /// How many more.
    pub orders: i64,
}

/// A slot that is asked for, which may not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotWanted {
    /// The campus, by its slug.
    pub campus: String,
    /// When, in microseconds.
    pub starts_at: i64,
    /// The date there.
    pub day: String,
}

/// So many numbers of a campus' day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumbersWanted {
    /// Where.
    #[serde(with = "uuid::serde::simple")]
    pub campus_id: Uuid,
    /// The date of the slot there.
    pub day: String,
    /// How many.
    pub orders: i64,
    /// The last that was given before, as [`ask_numbers`] has told; 0 where none was.
    #[serde(skip)]
    pub after: i64,
}

/// An order to be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// Its id.
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    /// What is called out.
    pub number: i64,
    /// Who ordered.
    #[serde(with = "uuid::serde::simple")]
    pub account_id: Uuid,
    /// Where it is collected.
    #[serde(with = "uuid::serde::simple")]
    pub campus_id: Uuid,
    /// When, in microseconds.
    pub slot_at: i64,
    /// How it is paid.
    pub gateway: &'static str,
    /// The gateway's name of the card, where it needs one.
    pub payment_method: Option<String>,
    /// The sum of its lines, in minor units.
    pub total: i64,
    /// Of this currency.
    pub currency: String,
    /// The idempotency key.
    pub key: String,
    /// What was asked for, hashed.
    pub request_hash: String,
    /// When, in microseconds.
    pub placed_at: i64,
    /// The request that placed it.
    pub request_id: String,
}

/// A line of an order to be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLine {
    /// The order.
    #[serde(with = "uuid::serde::simple")]
    pub order_id: Uuid,
    /// Its place there, from 0.
    pub position: i64,
    /// The menu item.
    #[serde(with = "uuid::serde::simple")]
    pub item_id: Uuid,
    /// How many portions.
    pub quantity: i64,
    /// What one costs, in minor units.
    pub unit_price: i64,
    /// What it was when it was ordered.
    #[serde(with = "uuid::serde::simple")]
    pub ordered_item_id: Uuid,
}

/// An item as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewItem<'a> {
    /// That of the document: the same for the same.
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    /// Its name, options, allergens and nutrients.
    pub document: &'a Value,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct LineRow {
    /// The order.
    pub order_id: Uuid,
    /// Its place there.
    pub position: i64,
    /// The menu item.
    pub item_id: Uuid,
    /// How many portions.
    pub quantity: i64,
    /// What one costs, in minor units.
    pub unit_price: i64,
    /// What it was when it was ordered.
    pub document: Json<Value>,
}

/// A line of an order, and where in the kitchen it is made.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct StationLine {
    /// The line.
    #[sqlx(flatten)]
    pub line: LineRow,
    /// The station, by its key.
    pub station: String,
}

/// How many portions of an item an order has.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Quantity {
    /// The order.
    pub order_id: Uuid,
    /// The menu item.
    pub item_id: Uuid,
    /// How many portions, over all its lines.
    pub quantity: i64,
}

/// An order. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OrderRow {
    /// Its id.
    pub id: Uuid,
    /// What is called out.
    pub number: i64,
    /// Who ordered.
    pub account_id: Uuid,
    /// Where it is collected.
    pub campus_id: Uuid,
    /// When.
    pub slot_at: i64,
    /// How it stands.
    pub state: String,
    /// How it is paid.
    pub gateway: String,
    /// In minor units.
    pub total: i64,
    /// Of this currency.
    pub currency: String,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// What staff said of that.
    pub cancel_note: Option<String>,
    /// When it was placed.
    pub placed_at: i64,
    /// When it was paid and handed to the kitchen.
    pub confirmed_at: Option<i64>,
    /// When cooking began.
    pub preparing_at: Option<i64>,
    /// When it could be collected.
    pub ready_at: Option<i64>,
    /// When it was collected.
    pub collected_at: Option<i64>,
    /// When it was cancelled.
    pub cancelled_at: Option<i64>,
}

/// An order to cancel.
#[derive(Debug, Clone, Serialize)]
pub struct Cancelled {
    /// Which.
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    /// Why.
    pub reason: &'static str,
    /// What staff say.
    pub note: Option<String>,
}

/// Asks for the orders that were placed with some keys.
///
/// # Errors
/// Where the database does.
pub async fn ask_placed(tx: &mut Tx, keys: &[RequestKey]) -> Result<Asked<Vec<Placed>>> {
    ask!(tx, Placed, PLACED, Json(keys))
}

/// Asks for slots as they are; nobody else takes of them until the transaction ends. Of those that nobody has ever
/// ordered for there is none.
///
/// # Errors
/// Where the database does.
pub async fn ask_slots(tx: &mut Tx, wanted: &[SlotWanted]) -> Result<Asked<Vec<SlotRow>>> {
    ask!(tx, SlotRow, LOCK_SLOTS_OF, Json(wanted))
}

/// Asks for the last number of each campus' day; nobody else takes any until the transaction ends, but where none was
/// taken yet.
///
/// # Errors
/// Where the database does.
pub async fn ask_numbers(
    tx: &mut Tx,
    wanted: &[SlotWanted],
) -> Result<Asked<Vec<(Uuid, String, i64)>>> {
    ask!(tx, (Uuid, String, i64), LOCK_NUMBERS, Json(wanted))
}

/// Makes slots that are new, and gives those whose campus changed its mind the new capacity, though
/// never less than is taken.
///
/// # Errors
/// Where the database does.
pub async fn open_slots(tx: &mut Tx, slots: &[NewSlot]) -> Result<()> {
    later!(tx, OPEN_SLOTS, Json(slots))
}

/// Slots, by campus and beginning, as they are; nobody else takes of them until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock_slots(tx: &mut Tx, slots: &[(Uuid, i64)]) -> Result<Vec<SlotRow>> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Slot {
        #[serde(with = "uuid::serde::simple")]
        campus_id: Uuid,
        starts_at: i64,
    }
    let slots: Vec<Slot> = slots
        .iter()
        .map(|(campus_id, starts_at)| Slot {
            campus_id: *campus_id,
            starts_at: *starts_at,
        })
        .collect();
    rows!(tx, SlotRow, LOCK_SLOTS, Json(slots))
}

/// Takes places of slots that are locked, or gives them back. Of one slot there may be one change.
///
/// # Errors
/// Where the database does, and where a slot would have more than it takes.
pub async fn take_slots(tx: &mut Tx, changes: &[SlotChange]) -> Result<()> {
    later!(tx, TAKE_SLOTS, Json(changes))
}

/// Takes so many numbers of each campus' day; false where another process has just now taken the first of the day.
///
/// # Errors
/// Where the database does.
pub async fn take_numbers(tx: &mut Tx, wanted: &[NumbersWanted]) -> Result<bool> {
    if tx.dialect() == Dialect::Sqlite {
        // Its file has one writer.
        later!(tx, NUMBERS, Json(wanted))?;
        return Ok(true);
    }
    let taken = rows!(tx, (Uuid, String, i64), NUMBERS, Json(wanted))?;
    Ok(taken.iter().all(|(campus, day, last)| {
        wanted.iter().any(|wanted| {
            (wanted.campus_id, &wanted.day) == (*campus, day)
                && wanted.after + wanted.orders == *last
        })
    }))
}

/// Writes orders whose keys were not told by [`ask_placed`] in this transaction; false where another process has used one of
/// them just now.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, orders: &[NewOrder]) -> Result<bool> {
    if tx.dialect() == Dialect::Sqlite {
        // Its file has one writer: what was looked for in this transaction is not there.
        later!(tx, INSERT, Json(orders))?;
        return Ok(true);
    }
    Ok(execute!(tx, INSERT, Json(orders))? == orders.len() as u64)
}

/// Writes what items are when they are ordered, where that is new.
///
/// # Errors
/// Where the database does.
pub async fn insert_items(tx: &mut Tx, items: &[NewItem<'_>]) -> Result<()> {
    later!(tx, INSERT_ITEMS, Json(items))
}

/// Writes lines of orders, whose items are written.
///
/// # Errors
/// Where the database does.
pub async fn insert_lines(tx: &mut Tx, lines: &[NewLine]) -> Result<()> {
    later!(tx, INSERT_LINES, Json(lines))
}

/// The lines of some orders, in order.
///
/// # Errors
/// Where the database does.
pub async fn lines(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<LineRow>> {
    rows!(tx, LineRow, LINES, many(orders))
}

/// How many portions of each item some orders have.
///
/// # Errors
/// Where the database does.
pub async fn quantities(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<Quantity>> {
    rows!(tx, Quantity, QUANTITIES, many(orders))
}

/// An order.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<OrderRow>> {
    optional!(tx, OrderRow, GET, id)
}

/// A member's orders before one, newest first, in a state where one is named.
///
/// # Errors
/// Where the database does.
pub async fn of_member(
    tx: &mut Tx,
    account: Uuid,
    before: Uuid,
    state: Option<&str>,
    limit: i64,
) -> Result<Vec<OrderRow>> {
    rows!(tx, OrderRow, OF_MEMBER, account, before, state, limit)
}

/// The orders of a campus whose slots are in a time, by slot.
///
/// # Errors
/// Where the database does.
pub async fn of_slots(
    tx: &mut Tx,
    campus: Uuid,
    since: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<OrderRow>> {
    rows!(tx, OrderRow, OF_SLOTS, campus, since, until, limit)
}

/// The orders of a campus whose slots are in a time and which its kitchen has, by slot.
///
/// # Errors
/// Where the database does.
pub async fn in_kitchen(
    tx: &mut Tx,
    campus: Uuid,
    since: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<OrderRow>> {
    rows!(tx, OrderRow, KITCHEN, campus, since, until, limit)
}

/// The orders of a campus whose slots are in a time and which were collected or cancelled, the latest
/// slot first.
///
/// # Errors
/// Where the database does.
pub async fn ended(
    tx: &mut Tx,
    campus: Uuid,
    since: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<OrderRow>> {
    rows!(tx, OrderRow, ENDED, campus, since, until, limit)
}

/// The numbers of a campus's orders with slots in a time that are being cooked or can be collected, with
/// their states, by slot.
///
/// # Errors
/// Where the database does.
pub async fn called(
    tx: &mut Tx,
    campus: Uuid,
    since: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    rows!(tx, (i64, String), CALLED, campus, since, until, limit)
}

/// Which of some orders have something that is made at a station.
///
/// # Errors
/// Where the database does.
pub async fn at_station(tx: &mut Tx, orders: &[Uuid], station: Station) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), AT_STATION, many(orders), station.key())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The lines of some orders, in order, with where each is made.
///
/// # Errors
/// Where the database does.
pub async fn station_lines(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<StationLine>> {
    rows!(tx, StationLine, STATION_LINES, many(orders))
}

/// Puts another item into the lines of an order that have one: what one of it costs at the most, and what it
/// is, which is written. Gives how many lines that are.
///
/// # Errors
/// Where the database does.
pub async fn replace(
    tx: &mut Tx,
    order: Uuid,
    item: Uuid,
    (substitute, unit_price, ordered_item): (Uuid, i64, Uuid),
) -> Result<u64> {
    execute!(
        tx,
        REPLACE,
        order,
        item,
        substitute,
        unit_price,
        ordered_item
    )
}

/// How many orders with slots in a time each campus has still to hand out.
///
/// # Errors
/// Where the database does.
pub async fn to_do(tx: &mut Tx, since: i64, until: i64) -> Result<Vec<(Uuid, i64)>> {
    rows!(tx, (Uuid, i64), TO_DO, since, until)
}

/// Moves an order from one state to the next; false where it is in another.
///
/// # Errors
/// Where the database does.
pub async fn advance(tx: &mut Tx, id: Uuid, from: &str, to: &str, now: i64) -> Result<bool> {
    Ok(execute!(tx, MOVE, id, from, to, now)? == 1)
}

/// Hands orders that are pending to the kitchen.
///
/// # Errors
/// Where the database does.
pub async fn confirm(tx: &mut Tx, orders: &[Uuid], now: i64) -> Result<u64> {
    execute!(tx, CONFIRM, many(orders), now)
}

/// Keeps what staff say of orders that are cancelled later, once the step that runs has ended.
///
/// # Errors
/// Where the database does.
pub async fn note(tx: &mut Tx, notes: &[(Uuid, String)]) -> Result<()> {
    let notes: Vec<(String, &str)> = notes
        .iter()
        .map(|(id, note)| (id.simple().to_string(), note.as_str()))
        .collect();
    later!(tx, NOTE, Json(notes))
}

/// Cancels orders that are neither collected nor cancelled; the places of their slots that are free now.
///
/// # Errors
/// Where the database does.
pub async fn cancel(tx: &mut Tx, orders: &[Cancelled], now: i64) -> Result<Vec<(Uuid, i64)>> {
    rows!(tx, (Uuid, i64), CANCEL, Json(orders), now)
}
