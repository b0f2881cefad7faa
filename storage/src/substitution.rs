//! What of an order is out of stock, what its member was offered in its place, and what came of that.

use crate::board::many;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Error, Result, Tx};
use domain::kitchen::OfferState;
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    INSERT(11) = "INSERT INTO substitution (id, order_id, item_id, quantity, name, choices, state, actor_id,
            offered_at, expires_at, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    OPEN(1) = "SELECT substitution.id, order_id, item_id, quantity, name, choices, state, chosen_id, difference,
            offered_at, expires_at, ended_at
        FROM json_each($1) AS wanted CROSS JOIN substitution ON order_id = unhex(wanted.value) AND state = 'OFFERED'"
      | "SELECT id, order_id, item_id, quantity, name, choices, state, chosen_id, difference, offered_at, expires_at,
            ended_at
        FROM substitution WHERE state = 'OFFERED'
            AND order_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))";
    OF_ORDER(1) = "SELECT id, order_id, item_id, quantity, name, choices, state, chosen_id, difference, offered_at,
            expires_at, ended_at
        FROM substitution WHERE order_id = $1 ORDER BY offered_at, id";
    ACCEPT(4) = "UPDATE substitution SET state = 'ACCEPTED', chosen_id = $2, difference = $3, ended_at = $4
        WHERE id = $1 AND state = 'OFFERED'";
    END(3) = "UPDATE substitution SET state = $2, ended_at = $3
        WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND state = 'OFFERED'"
      | "UPDATE substitution SET state = $2, ended_at = $3
        WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1))) AND state = 'OFFERED'";
    DUE(2) = "SELECT order_id FROM substitution WHERE state = 'OFFERED' AND expires_at <= $1
        ORDER BY expires_at, order_id LIMIT $2";
    OWED(1) = "SELECT CAST(COALESCE(SUM(difference), 0) AS BIGINT) FROM substitution
        WHERE order_id = $1 AND state = 'ACCEPTED' AND NOT EXISTS (SELECT 1 FROM orders
            WHERE orders.id = substitution.order_id AND orders.state = 'CANCELLED')";
}

/// Something that may be had instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChoiceRow {
    /// The menu item.
    pub item_id: Uuid,
    /// What one of it cost when it was offered, in minor units.
    pub unit_price: i64,
    /// What it was then.
    pub document: Value,
}

/// An offer to be, or something that is missing and in whose place there is nothing.
#[derive(Debug, Clone)]
pub struct NewSubstitution<'a> {
    /// Its id.
    pub id: Uuid,
    /// Of which order.
    pub order_id: Uuid,
    /// What is out of stock.
    pub item_id: Uuid,
    /// How many portions of it the order has.
    pub quantity: i64,
    /// What it is called there.
    pub name: &'a Localized<String>,
    /// What may be had instead.
    pub choices: &'a [ChoiceRow],
    /// Who says so.
    pub actor_id: Option<Uuid>,
    /// Now, in microseconds.
    pub offered_at: i64,
    /// Until when the member may answer.
    pub expires_at: i64,
}

/// An offer, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// Its id.
    pub id: Uuid,
    /// Of which order.
    pub order_id: Uuid,
    /// What is out of stock.
    pub item_id: Uuid,
    /// How many portions of it the order had.
    pub quantity: i64,
    /// What it was called there.
    pub name: Localized<String>,
    /// What might be had instead.
    pub choices: Vec<ChoiceRow>,
    /// How it stands.
    pub state: OfferState,
    /// What the member took.
    pub chosen_id: Option<Uuid>,
    /// What goes back to them once the order is collected, in minor units.
    pub difference: i64,
    /// When they were asked, in microseconds.
    pub offered_at: i64,
    /// Until when they might answer.
    pub expires_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    item_id: Uuid,
    quantity: i64,
    name: Json<Localized<String>>,
    choices: Json<Vec<ChoiceRow>>,
    state: String,
    chosen_id: Option<Uuid>,
    difference: i64,
    offered_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Substitution {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            item_id: row.item_id,
            quantity: row.quantity,
            name: row.name.0,
            choices: row.choices.0,
            state: OfferState::from_key(&row.state).ok_or_else(|| Error::unreadable(&row.state))?,
            chosen_id: row.chosen_id,
            difference: row.difference,
            offered_at: row.offered_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<Substitution>> {
    rows.into_iter().map(Substitution::try_from).collect()
}

/// Writes down what is out of stock of an order: as an offer where something may be had instead, else as
/// something that has ended.
///
/// # Errors
/// [`Error::Duplicate`] where the same has been said of that item of the order before, or another offer
/// waits for its answer; on SQLite what follows says so.
pub async fn insert(tx: &mut Tx, new: &NewSubstitution<'_>) -> Result<()> {
    let (state, ended_at) = if new.choices.is_empty() {
        (OfferState::Unmet, Some(new.offered_at))
    } else {
        (OfferState::Offered, None)
    };
    later!(
        tx,
        INSERT,
        new.id,
        new.order_id,
        new.item_id,
        new.quantity,
        Json(new.name),
        Json(new.choices),
        state.key(),
        new.actor_id,
        new.offered_at,
        new.expires_at,
        ended_at,
    )
}

/// The offers of some orders that wait for an answer: one of each at the most.
///
/// # Errors
/// Where the database does.
pub async fn open(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<Substitution>> {
    read(rows!(tx, Row, OPEN, many(orders))?)
}

/// Everything that was out of stock of an order, in the order in which it was said.
///
/// # Errors
/// Where the database does.
pub async fn of_order(tx: &mut Tx, order: Uuid) -> Result<Vec<Substitution>> {
    read(rows!(tx, Row, OF_ORDER, order)?)
}

/// Notes which of an offer the member takes, and what goes back to them; false where it has ended.
///
/// # Errors
/// Where the database does.
pub async fn accept(
    tx: &mut Tx,
    id: Uuid,
    chosen: Uuid,
    difference: i64,
    now: i64,
) -> Result<bool> {
    Ok(execute!(tx, ACCEPT, id, chosen, difference, now)? == 1)
}

/// Ends offers of which nothing was taken; gives how many had not ended before.
///
/// # Errors
/// Where the database does.
pub async fn end(tx: &mut Tx, offers: &[Uuid], state: OfferState, now: i64) -> Result<u64> {
    execute!(tx, END, many(offers), state.key(), now)
}

/// The orders of offers whose time is over.
///
/// # Errors
/// Where the database does.
pub async fn due(tx: &mut Tx, now: i64, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), DUE, now, limit)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What goes back to a member once their order is collected, in minor units.
///
/// # Errors
/// Where the database does.
pub async fn owed(tx: &mut Tx, order: Uuid) -> Result<i64> {
    Ok(optional!(tx, (i64,), OWED, order)?.map_or(0, |(owed,)| owed))
}
