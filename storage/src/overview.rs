//! What an institution sold in a time: by day, by how long people waited, and by what was sold. Orders are
//! found by their ids, which grow with time; nothing that was placed outside the time is read.

use crate::statement::{optional, rows, statements};
use crate::{Result, Tx};
use domain::text::Localized;
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // What was given back besides cancellations is no revenue.
    DAYS(2) = "SELECT value ->> 'day' AS day, orders.currency, COUNT(*) AS orders,
            CAST(SUM(CASE WHEN orders.state = 'CANCELLED' THEN 1 ELSE 0 END) AS BIGINT) AS cancelled,
            CAST(SUM(CASE WHEN orders.state IN ('CANCELLED', 'PENDING') THEN 0
                ELSE orders.total - COALESCE(payment.refunded, 0) END) AS BIGINT) AS revenue
        FROM json_each($1) AS wanted CROSS JOIN orders ON orders.id >= unhex(value ->> 'from')
                AND orders.id < unhex(value ->> 'until')
            LEFT JOIN payment ON payment.order_id = orders.id
        WHERE $2 IS NULL OR orders.campus_id = $2
        GROUP BY 1, 2 ORDER BY 1, 2"
      | "SELECT wanted.day, orders.currency, COUNT(*) AS orders,
            CAST(SUM(CASE WHEN orders.state = 'CANCELLED' THEN 1 ELSE 0 END) AS BIGINT) AS cancelled,
            CAST(SUM(CASE WHEN orders.state IN ('CANCELLED', 'PENDING') THEN 0
                ELSE orders.total - COALESCE(payment.refunded, 0) END) AS BIGINT) AS revenue
        FROM jsonb_to_recordset($1) AS wanted(day BIGINT, \"from\" UUID, until UUID)
            JOIN orders ON orders.id >= wanted.\"from\" AND orders.id < wanted.until
            LEFT JOIN payment ON payment.order_id = orders.id
        WHERE CAST($2 AS UUID) IS NULL OR orders.campus_id = $2
        GROUP BY 1, 2 ORDER BY 1, 2";
    // The nearest rank: of a hundred waits the fiftieth and the ninety-fifth, the shortest first.
    WAITS(2) = "WITH waited AS (SELECT value ->> 'day' AS day, MAX(orders.ready_at - orders.slot_at, 0) AS late,
                orders.ready_at - orders.preparing_at AS cooked
            FROM json_each($1) AS wanted CROSS JOIN orders ON orders.id >= unhex(value ->> 'from')
                AND orders.id < unhex(value ->> 'until')
            WHERE orders.ready_at IS NOT NULL AND orders.preparing_at IS NOT NULL
                AND ($2 IS NULL OR orders.campus_id = $2)),
        ranked AS (SELECT day, late, cooked, row_number() OVER (PARTITION BY day ORDER BY late) AS late_rank,
                row_number() OVER (PARTITION BY day ORDER BY cooked) AS cooked_rank,
                COUNT(*) OVER (PARTITION BY day) AS orders FROM waited)
        SELECT day, MAX(orders) AS orders,
            MAX(CASE WHEN late_rank = (orders * 50 + 99) / 100 THEN late END) AS late_half,
            MAX(CASE WHEN late_rank = (orders * 95 + 99) / 100 THEN late END) AS late_most,
            MAX(CASE WHEN cooked_rank = (orders * 50 + 99) / 100 THEN cooked END) AS cooked_half,
            MAX(CASE WHEN cooked_rank = (orders * 95 + 99) / 100 THEN cooked END) AS cooked_most
        FROM ranked GROUP BY day ORDER BY day"
      | "WITH waited AS (SELECT wanted.day, GREATEST(orders.ready_at - orders.slot_at, 0) AS late,
                orders.ready_at - orders.preparing_at AS cooked
            FROM jsonb_to_recordset($1) AS wanted(day BIGINT, \"from\" UUID, until UUID)
                JOIN orders ON orders.id >= wanted.\"from\" AND orders.id < wanted.until
            WHERE orders.ready_at IS NOT NULL AND orders.preparing_at IS NOT NULL
                AND (CAST($2 AS UUID) IS NULL OR orders.campus_id = $2)),
        ranked AS (SELECT day, late, cooked, row_number() OVER (PARTITION BY day ORDER BY late) AS late_rank,
                row_number() OVER (PARTITION BY day ORDER BY cooked) AS cooked_rank,
                COUNT(*) OVER (PARTITION BY day) AS orders FROM waited)
        SELECT day, MAX(orders) AS orders,
            MAX(CASE WHEN late_rank = (orders * 50 + 99) / 100 THEN late END) AS late_half,
            MAX(CASE WHEN late_rank = (orders * 95 + 99) / 100 THEN late END) AS late_most,
            MAX(CASE WHEN cooked_rank = (orders * 50 + 99) / 100 THEN cooked END) AS cooked_half,
            MAX(CASE WHEN cooked_rank = (orders * 95 + 99) / 100 THEN cooked END) AS cooked_most
        FROM ranked GROUP BY day ORDER BY day";
    POPULAR(4) = "SELECT sold.item_id, menu_item.kind, menu_item.reference, menu_item.name, campus.slug AS campus,
            campus.name AS campus_name, campus.currency, sold.portions, sold.orders, sold.revenue
        FROM (SELECT order_line.item_id, CAST(SUM(order_line.quantity) AS BIGINT) AS portions,
                COUNT(DISTINCT orders.id) AS orders,
                CAST(SUM(order_line.quantity * order_line.unit_price) AS BIGINT) AS revenue
            FROM orders CROSS JOIN order_line ON order_line.order_id = orders.id
            WHERE orders.id >= $1 AND orders.id < $2 AND orders.state NOT IN ('CANCELLED', 'PENDING')
                AND ($3 IS NULL OR orders.campus_id = $3)
            GROUP BY order_line.item_id ORDER BY 2 DESC, 1 LIMIT $4) AS sold
        CROSS JOIN menu_item ON menu_item.id = sold.item_id CROSS JOIN campus ON campus.id = menu_item.campus_id
        ORDER BY sold.portions DESC, sold.item_id"
      | "SELECT sold.item_id, menu_item.kind, menu_item.reference, menu_item.name, campus.slug AS campus,
            campus.name AS campus_name, campus.currency, sold.portions, sold.orders, sold.revenue
        FROM (SELECT order_line.item_id, CAST(SUM(order_line.quantity) AS BIGINT) AS portions,
                COUNT(DISTINCT orders.id) AS orders,
                CAST(SUM(order_line.quantity * order_line.unit_price) AS BIGINT) AS revenue
            FROM orders JOIN order_line ON order_line.order_id = orders.id
            WHERE orders.id >= $1 AND orders.id < $2 AND orders.state NOT IN ('CANCELLED', 'PENDING')
                AND (CAST($3 AS UUID) IS NULL OR orders.campus_id = $3)
            GROUP BY order_line.item_id ORDER BY 2 DESC, 1 LIMIT $4) AS sold
        JOIN menu_item ON menu_item.id = sold.item_id JOIN campus ON campus.id = menu_item.campus_id
        ORDER BY sold.portions DESC, sold.item_id";
    LIVING(1) = "SELECT CAST(COALESCE(SUM((SELECT COUNT(*) FROM orders WHERE campus_id = campus.id
            AND state IN ('PENDING', 'CONFIRMED', 'PREPARING', 'READY'))), 0) AS BIGINT)
        FROM campus WHERE $1 IS NULL OR campus.id = $1"
      | "SELECT CAST(COALESCE(SUM((SELECT COUNT(*) FROM orders WHERE campus_id = campus.id
            AND state IN ('PENDING', 'CONFIRMED', 'PREPARING', 'READY'))), 0) AS BIGINT)
        FROM campus WHERE CAST($1 AS UUID) IS NULL OR campus.id = $1";
}

/// A time, by the ids of what was placed in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Names it.
    pub day: i64,
    /// From this id on…
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub from: Uuid,
    /// … and before this one.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub until: Uuid,
}

/// What was ordered in a time, of one currency.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DayRow {
    /// The time.
    pub day: i64,
    /// ISO 4217.
    pub currency: String,
    /// How many orders were placed.
    pub orders: i64,
    /// How many of them came to nothing.
    pub cancelled: i64,
    /// What the others paid, without what went back, in minor units.
    pub revenue: i64,
}

/// How long orders took in a time, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct WaitRow {
    /// The time.
    pub day: i64,
    /// How many orders became ready.
    pub orders: i64,
    /// Half of them were ready at most so long after their slot began.
    pub late_half: i64,
    /// Nineteen of twenty were.
    pub late_most: i64,
    /// Half of them were cooked within this.
    pub cooked_half: i64,
    /// Nineteen of twenty were.
    pub cooked_most: i64,
}

/// What was sold of an item in a time.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PopularRow {
    /// The menu item.
    pub item_id: Uuid,
    /// `DISH` or `PRODUCT`.
    pub kind: String,
    /// The dish or product in the catalogue.
    pub reference: String,
    /// What it is called.
    pub name: Json<Localized<String>>,
    /// The slug of the campus that sells it.
    pub campus: String,
    /// What that is called.
    pub campus_name: Json<Localized<String>>,
    /// ISO 4217.
    pub currency: String,
    /// How many portions.
    pub portions: i64,
    /// In how many orders.
    pub orders: i64,
    /// For how much, in minor units.
    pub revenue: i64,
}

/// What was ordered in each of some times, of one campus or all.
///
/// # Errors
/// Where the database does.
pub async fn days(tx: &mut Tx, spans: &[Span], campus: Option<Uuid>) -> Result<Vec<DayRow>> {
    rows!(tx, DayRow, DAYS, Json(spans), campus)
}

/// How long what was ordered in each of some times took, of one campus or all.
///
/// # Errors
/// Where the database does.
pub async fn waits(tx: &mut Tx, spans: &[Span], campus: Option<Uuid>) -> Result<Vec<WaitRow>> {
    rows!(tx, WaitRow, WAITS, Json(spans), campus)
}

/// What was sold most in a time, of one campus or all.
///
/// # Errors
/// Where the database does.
pub async fn popular(
    tx: &mut Tx,
    span: Span,
    campus: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PopularRow>> {
    rows!(
        tx, PopularRow, POPULAR, span.from, span.until, campus, limit
    )
}

/// How many orders have not ended, of one campus or all.
///
/// # Errors
/// Where the database does.
pub async fn living(tx: &mut Tx, campus: Option<Uuid>) -> Result<i64> {
    let counted = optional!(tx, (i64,), LIVING, campus)?;
    Ok(counted.map_or(0, |(count,)| count))
}
