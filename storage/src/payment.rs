//! The payments of orders: one each, with the keys under which its gateway knows it. They are there
//! before anything leaves the process, so that whoever takes over after a crash asks with the same.

use crate::board::many;
use crate::statement::{execute, rows, statements};
use crate::{Error, Result, Tx, refund};
use domain::payment::{DeclineReason, GatewayKind, PaymentState};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    REQUEST(1) = "INSERT INTO payment (order_id, gateway, key, refund_key, amount, currency, state, at, updated_at)
        SELECT unhex(value ->> 'orderId'), value ->> 'gateway', value ->> 'key', value ->> 'refundKey',
            value ->> 'amount', value ->> 'currency', 'REQUESTED', value ->> 'at', value ->> 'at'
        FROM json_each($1) WHERE true ON CONFLICT (order_id) DO NOTHING"
      | "INSERT INTO payment (order_id, gateway, key, refund_key, amount, currency, state, at, updated_at)
        SELECT \"orderId\", gateway, key, \"refundKey\", amount, currency, 'REQUESTED', at, at
        FROM jsonb_to_recordset($1) AS row(\"orderId\" UUID, gateway TEXT, key TEXT, \"refundKey\" TEXT,
            amount BIGINT, currency TEXT, at BIGINT)
        ORDER BY \"orderId\" ON CONFLICT (order_id) DO NOTHING";
    OF_ORDERS(1) = "SELECT order_id, gateway, payment.key, refund_key, amount, currency, state, reference,
            decline_reason, at, updated_at,
            (SELECT orders.payment_method FROM orders WHERE orders.id = payment.order_id) AS method
        FROM json_each($1) AS wanted CROSS JOIN payment ON order_id = unhex(wanted.value)"
      | "SELECT order_id, gateway, key, refund_key, amount, currency, state, reference,
            decline_reason, at, updated_at,
            (SELECT orders.payment_method FROM orders WHERE orders.id = payment.order_id) AS method
        FROM payment WHERE order_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))";
    CHARGED(2) = "UPDATE payment SET state = 'CHARGED', reference = told.reference, updated_at = $2
        FROM (SELECT unhex(value ->> 'orderId') AS id, value ->> 'reference' AS reference
            FROM json_each($1)) AS told
        WHERE order_id = told.id AND (payment.state = 'REQUESTED'
            OR (payment.state = 'CHARGED' AND payment.reference = told.reference))"
      | "UPDATE payment SET state = 'CHARGED', reference = told.reference, updated_at = $2
        FROM jsonb_to_recordset($1) AS told(\"orderId\" UUID, reference TEXT)
        WHERE order_id = told.\"orderId\" AND (payment.state = 'REQUESTED'
            OR (payment.state = 'CHARGED' AND payment.reference = told.reference))";
    DECLINED(2) = "UPDATE payment SET state = 'DECLINED', decline_reason = told.reason, updated_at = $2
        FROM (SELECT unhex(value ->> 'orderId') AS id, value ->> 'reason' AS reason
            FROM json_each($1)) AS told
        WHERE order_id = told.id AND payment.state IN ('REQUESTED', 'DECLINED')"
      | "UPDATE payment SET state = 'DECLINED', decline_reason = told.reason, updated_at = $2
        FROM jsonb_to_recordset($1) AS told(\"orderId\" UUID, reason TEXT)
        WHERE order_id = told.\"orderId\" AND payment.state IN ('REQUESTED', 'DECLINED')";
    REFUNDING(2) = "UPDATE payment SET state = 'REFUNDING', updated_at = $2
        WHERE order_id IN (SELECT unhex(value) FROM json_each($1))
            AND state IN ('REQUESTED', 'CHARGED', 'REFUNDING')"
      | "UPDATE payment SET state = 'REFUNDING', updated_at = $2
        WHERE order_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND state IN ('REQUESTED', 'CHARGED', 'REFUNDING')";
    REFUNDED(2) = "UPDATE payment SET state = 'REFUNDED', updated_at = $2
        WHERE order_id IN (SELECT unhex(value) FROM json_each($1))
            AND state IN ('REFUNDING', 'REFUNDED')"
      | "UPDATE payment SET state = 'REFUNDED', updated_at = $2
        WHERE order_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND state IN ('REFUNDING', 'REFUNDED')";
    RECOVERED(3) = "UPDATE payment SET state = 'CHARGED', decline_reason = NULL, reference = COALESCE(reference, $2),
            updated_at = $3
        WHERE order_id = $1 AND state IN ('REFUNDED', 'DECLINED')";
    HERE_AGAIN(2) = "UPDATE payment SET state = 'CHARGED', updated_at = $2,
            reference = COALESCE(reference, (SELECT intent_id FROM card_payment WHERE card_payment.key = payment.key))
        WHERE order_id IN (SELECT unhex(value) FROM json_each($1)) AND state IN ('REFUNDING', 'REFUNDED')
            AND EXISTS (SELECT 1 FROM card_payment WHERE card_payment.key = payment.key
                AND card_payment.state = 'CHARGED' AND card_payment.failures <> '[]') RETURNING order_id"
      | "UPDATE payment SET state = 'CHARGED', updated_at = $2,
            reference = COALESCE(reference, (SELECT intent_id FROM card_payment WHERE card_payment.key = payment.key))
        WHERE order_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
            AND state IN ('REFUNDING', 'REFUNDED')
            AND EXISTS (SELECT 1 FROM card_payment WHERE card_payment.key = payment.key
                AND card_payment.state = 'CHARGED' AND card_payment.failures <> '[]') RETURNING order_id";
}

/// A payment to be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPayment<'a> {
    /// The order that it is for.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub order_id: Uuid,
    /// Who takes it.
    pub gateway: GatewayKind,
    /// Under which key it is charged.
    pub key: &'a str,
    /// Under which key it is given back.
    pub refund_key: &'a str,
    /// How much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: &'a str,
    /// Now, in microseconds.
    pub at: i64,
}

/// An order's payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The order that it is for.
    pub order_id: Uuid,
    /// Who takes it.
    pub gateway: GatewayKind,
    /// The gateway's name of the card, where it needs one.
    pub method: Option<String>,
    /// Under which key it is charged.
    pub key: String,
    /// Under which key it is given back.
    pub refund_key: String,
    /// How much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// How far it is.
    pub state: PaymentState,
    /// What the gateway calls it, once it was charged.
    pub reference: Option<String>,
    /// Why it was declined.
    pub decline_reason: Option<DeclineReason>,
    /// When it was asked for, in microseconds.
    pub at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    gateway: String,
    key: String,
    refund_key: String,
    amount: i64,
    currency: String,
    state: String,
    reference: Option<String>,
    decline_reason: Option<String>,
    at: i64,
    updated_at: i64,
    method: Option<String>,
}

impl TryFrom<Row> for Payment {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let reason =
            |key: String| DeclineReason::from_key(&key).ok_or_else(|| Error::unreadable(&key));
        Ok(Self {
            order_id: row.order_id,
            gateway: GatewayKind::from_key(&row.gateway)
                .ok_or_else(|| Error::unreadable(&row.gateway))?,
            method: row.method,
            key: row.key,
            refund_key: row.refund_key,
            amount: row.amount,
            currency: row.currency,
            state: PaymentState::from_key(&row.state)
                .ok_or_else(|| Error::unreadable(&row.state))?,
            reference: row.reference,
            decline_reason: row.decline_reason.map(reason).transpose()?,
            at: row.at,
            updated_at: row.updated_at,
        })
    }
}

/// Notes payments that are about to be asked for; an order that has one keeps it.
///
/// # Errors
/// [`Error::Duplicate`] where another order has one of the keys. Where the database does.
pub async fn request(tx: &mut Tx, payments: &[NewPayment<'_>]) -> Result<u64> {
    execute!(tx, REQUEST, Json(payments))
}

/// The payments of orders, as far as there are any.
///
/// # Errors
/// Where the database does.
pub async fn of_orders(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<Payment>> {
    rows!(tx, Row, OF_ORDERS, many(orders))?
        .into_iter()
        .map(Payment::try_from)
        .collect()
}

/// The payment of an order.
///
/// # Errors
/// Where the database does.
pub async fn of_order(tx: &mut Tx, order: Uuid) -> Result<Option<Payment>> {
    Ok(of_orders(tx, &[order]).await?.pop())
}

/// That an order's money is here.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargedOrder {
    /// The order.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub order_id: Uuid,
    /// What the gateway calls the charge.
    pub reference: String,
}

/// Notes that money is here, and gives of how many orders that is so now: the others went another way
/// already. Telling it twice is telling it once.
///
/// # Errors
/// Where the database does.
pub async fn charged(tx: &mut Tx, orders: &[ChargedOrder], now: i64) -> Result<u64> {
    execute!(tx, CHARGED, Json(orders), now)
}

/// That the gateway said no to an order.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclinedOrder {
    /// The order.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub order_id: Uuid,
    /// Why.
    pub reason: DeclineReason,
}

/// Notes that the gateway said no, and gives of how many orders that is so now.
///
/// # Errors
/// Where the database does.
pub async fn declined(tx: &mut Tx, orders: &[DeclinedOrder], now: i64) -> Result<u64> {
    execute!(tx, DECLINED, Json(orders), now)
}

/// Notes that money is to go back, whether it is known to be here or not, and gives of how many orders
/// that is so now: not those that were declined, or of which it has gone back.
///
/// # Errors
/// Where the database does.
pub async fn refunding(tx: &mut Tx, orders: &[Uuid], now: i64) -> Result<u64> {
    execute!(tx, REFUNDING, many(orders), now)
}

/// Notes that money has gone back, or was never taken and never will be, and gives of how many orders
/// that is so now: not those of which it was not to go back.
///
/// # Errors
/// Where the database does.
pub async fn refunded(tx: &mut Tx, orders: &[Uuid], now: i64) -> Result<u64> {
    execute!(tx, REFUNDED, many(orders), now)
}

/// Notes that money that had gone back, or came though it was declined, is here, of a charge that its gateway
/// calls so; false where nothing else was thought.
///
/// # Errors
/// Where the database does.
pub async fn recovered(tx: &mut Tx, order: Uuid, reference: &str, now: i64) -> Result<bool> {
    Ok(execute!(tx, RECOVERED, order, reference, now)? == 1)
}

/// Of orders that were cancelled, and of which money was to go back: notes that it is here again where a refund
/// of their card has failed and no other one was made, and gives the orders of which that is so.
///
/// # Errors
/// Where the database does.
pub async fn here_again(tx: &mut Tx, orders: &[Uuid], now: i64) -> Result<Vec<Uuid>> {
    let here = rows!(tx, (Uuid,), HERE_AGAIN, many(orders), now)?;
    let here: Vec<Uuid> = here.into_iter().map(|(order,)| order).collect();
    for order in &here {
        // Of what is cancelled nothing is owed besides: that is left too.
        refund::reckon_left(tx, *order, now).await?;
    }
    Ok(here)
}
