//! Stock: a level for each menu item, and the ledger of everything that ever changed it.
//!
//! Whoever moves portions first locks the levels, in the order of the items: of two who want the same
//! ones the second waits, and decides by what the first has left. What may be moved is decided by
//! [`domain::stock`]; the levels are then changed by one statement and only where they can be, and the
//! movements written by another, however many orders they are of. A movement's `cause` is unique, and
//! what was done before is not done again.

use crate::board::many;
use crate::statement::{Asked, ask, execute, later, optional, rows, statements};
use crate::{Result, Tx};
use domain::stock::{Change, Holding, Level, MovementKind, Step};
use domain::text::Localized;
use serde::Serialize;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

statements! {
    OPEN(1) = "INSERT INTO stock (item_id, low_mark)
        SELECT unhex(value ->> 'itemId'), value ->> 'lowMark' FROM json_each($1) WHERE true
        ON CONFLICT (item_id) DO NOTHING"
      | "INSERT INTO stock (item_id, low_mark)
        SELECT \"itemId\", \"lowMark\" FROM jsonb_to_recordset($1) AS row(\"itemId\" UUID, \"lowMark\" BIGINT)
        ORDER BY \"itemId\"
        ON CONFLICT (item_id) DO NOTHING";
    LEVELS(1) = "SELECT stock.item_id, on_hand, reserved, low_mark
        FROM json_each($1) AS wanted CROSS JOIN stock ON stock.item_id = unhex(wanted.value)"
      | "SELECT item_id, on_hand, reserved, low_mark FROM stock
        WHERE item_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))";
    // Only one writes to SQLite at a time. On PostgreSQL rows are locked after they were put in order.
    LOCK(1) = "SELECT stock.item_id, on_hand, reserved, low_mark
        FROM json_each($1) AS wanted CROSS JOIN stock ON stock.item_id = unhex(wanted.value)"
      | "SELECT item_id, on_hand, reserved, low_mark FROM stock
        WHERE item_id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))
        ORDER BY item_id FOR NO KEY UPDATE";
    MADE(1) = "SELECT cause FROM json_each($1) AS wanted CROSS JOIN stock_movement ON cause = wanted.value"
      | "SELECT cause FROM stock_movement WHERE cause = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
    MOVE(1) = "UPDATE stock SET on_hand = stock.on_hand + change.on_hand, reserved = stock.reserved + change.reserved
        FROM (SELECT unhex(value ->> 'itemId') AS item_id, value ->> 'onHand' AS on_hand,
            value ->> 'reserved' AS reserved FROM json_each($1)) AS change
        WHERE stock.item_id = change.item_id AND stock.reserved + change.reserved >= 0
            AND stock.reserved + change.reserved <= stock.on_hand + change.on_hand"
      | "UPDATE stock SET on_hand = stock.on_hand + change.\"onHand\", reserved = stock.reserved + change.reserved
        FROM jsonb_to_recordset($1) AS change(\"itemId\" UUID, \"onHand\" BIGINT, reserved BIGINT)
        WHERE stock.item_id = change.\"itemId\" AND stock.reserved + change.reserved >= 0
            AND stock.reserved + change.reserved <= stock.on_hand + change.\"onHand\"";
    INSERT(1) = "INSERT INTO stock_movement (id, item_id, kind, quantity, on_hand_change, reserved_change, cause,
            order_id, actor_id, note, at)
        SELECT unhex(value ->> 'id'), unhex(value ->> 'itemId'), value ->> 'kind', value ->> 'quantity',
            value ->> 'onHand', value ->> 'reserved', value ->> 'cause', unhex(value ->> 'orderId'),
            unhex(value ->> 'actorId'), value ->> 'note', value ->> 'at'
        FROM json_each($1)"
      | "INSERT INTO stock_movement (id, item_id, kind, quantity, on_hand_change, reserved_change, cause,
            order_id, actor_id, note, at)
        SELECT id, \"itemId\", kind, quantity, \"onHand\", reserved, cause, \"orderId\", \"actorId\", note, at
        FROM jsonb_to_recordset($1) AS row(id UUID, \"itemId\" UUID, kind TEXT, quantity BIGINT, \"onHand\" BIGINT,
            reserved BIGINT, cause TEXT, \"orderId\" UUID, \"actorId\" UUID, note TEXT, at BIGINT)";
    BY_CAUSE(1) = "SELECT stock_movement.id, item_id, kind, quantity, on_hand_change, reserved_change, order_id,
            CAST(NULL AS BIGINT) AS order_number, account.name AS actor, note, at
        FROM stock_movement LEFT JOIN account ON account.id = actor_id WHERE cause = $1";
    OF_ITEM(3) = "SELECT stock_movement.id, item_id, kind, quantity, on_hand_change, reserved_change, order_id,
            orders.number AS order_number, account.name AS actor, note, at
        FROM stock_movement LEFT JOIN orders ON orders.id = order_id LEFT JOIN account ON account.id = actor_id
        WHERE item_id = $1 AND stock_movement.id < $2 ORDER BY stock_movement.id DESC LIMIT $3"
      | "SELECT stock_movement.id, item_id, kind, quantity, on_hand_change, reserved_change, order_id,
            orders.number AS order_number, account.name AS actor, note, at
        FROM (SELECT * FROM stock_movement WHERE (item_id, id) < ($1, $2) AND item_id >= $1
            ORDER BY item_id DESC, id DESC LIMIT $3) AS stock_movement
        LEFT JOIN orders ON orders.id = order_id LEFT JOIN account ON account.id = actor_id
        ORDER BY stock_movement.id DESC";
    NEWEST_BY_HAND(1) = "SELECT id FROM stock_movement
        WHERE item_id = $1 AND kind IN ('RECEIVED', 'WASTED', 'CORRECTED') ORDER BY item_id DESC, id DESC LIMIT 1";
    SUMS(3) = "SELECT at / $3 AS period, kind, CAST(SUM(on_hand_change) AS BIGINT) AS on_hand,
            CAST(SUM(reserved_change) AS BIGINT) AS reserved
        FROM stock_movement WHERE item_id = $1 AND id >= $2 GROUP BY 1, 2 ORDER BY 1, 2";
    LIST(3) = "SELECT stock.item_id, campus.slug AS campus, campus.name AS campus_name, currency, menu_item.kind,
            reference, menu_item.name, price, active, on_hand, reserved, low_mark
        FROM campus CROSS JOIN menu_item ON menu_item.campus_id = campus.id
            CROSS JOIN stock ON stock.item_id = menu_item.id
        WHERE ($1 = '' OR campus.slug = $1) AND ($2 = '' OR menu_item.kind = $2)
        ORDER BY campus.slug, menu_item.position, menu_item.id LIMIT $3"
      | "SELECT stock.item_id, campus.slug AS campus, campus.name AS campus_name, currency, menu_item.kind,
            reference, menu_item.name, price, active, on_hand, reserved, low_mark
        FROM campus JOIN menu_item ON menu_item.campus_id = campus.id JOIN stock ON stock.item_id = menu_item.id
        WHERE ($1 = '' OR campus.slug = $1) AND ($2 = '' OR menu_item.kind = $2)
        ORDER BY campus.slug, menu_item.position, menu_item.id LIMIT $3";
    GET(1) = "SELECT stock.item_id, campus.slug AS campus, campus.name AS campus_name, currency, menu_item.kind,
            reference, menu_item.name, price, active, on_hand, reserved, low_mark
        FROM stock JOIN menu_item ON menu_item.id = stock.item_id JOIN campus ON campus.id = menu_item.campus_id
        WHERE stock.item_id = $1";
    SOLD_WHERE(1) = "SELECT menu_item.id AS item_id, campus_id, menu_item.name, campus.name AS campus_name
        FROM json_each($1) AS wanted CROSS JOIN menu_item ON menu_item.id = unhex(wanted.value)
            CROSS JOIN campus ON campus.id = campus_id"
      | "SELECT menu_item.id AS item_id, campus_id, menu_item.name, campus.name AS campus_name
        FROM menu_item JOIN campus ON campus.id = campus_id
        WHERE menu_item.id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))";
}

/// An item whose portions are to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewStock {
    /// The menu item.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub item_id: Uuid,
    /// With so many available, or fewer, somebody should see to it.
    pub low_mark: i64,
}

/// A movement to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMovement {
    /// Its id, which grows with time.
    pub id: Uuid,
    /// Of which item.
    pub item_id: Uuid,
    /// What happens.
    pub kind: MovementKind,
    /// To how many portions; of a correction the difference.
    pub quantity: i64,
    /// What makes it: no other movement has the same.
    pub cause: String,
    /// The order that it is for.
    pub order_id: Option<Uuid>,
    /// Who wrote it down.
    pub actor_id: Option<Uuid>,
    /// Why.
    pub note: String,
    /// Now, in microseconds.
    pub at: i64,
}

/// What an order wants of each item. Lines of the same item are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLines {
    order_id: Uuid,
    items: BTreeMap<Uuid, i64>,
}

impl OrderLines {
    /// An order's items with so many portions each.
    #[must_use]
    pub fn new(order_id: Uuid, lines: impl IntoIterator<Item = (Uuid, i64)>) -> Self {
        let mut items = BTreeMap::new();
        for (item, quantity) in lines {
            *items.entry(item).or_default() += quantity;
        }
        Self { order_id, items }
    }

    /// Which order.
    #[must_use]
    pub const fn order_id(&self) -> Uuid {
        self.order_id
    }

    /// The items that it wants, each once.
    pub fn items(&self) -> impl Iterator<Item = Uuid> {
        self.items.keys().copied()
    }
}

/// What became of an order's portions, or of a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// They were moved.
    Now,
    /// They had been moved before: nothing changed.
    Before,
    /// There are too few of these items, or some of them are not counted at all: nothing changed.
    Short(Vec<Uuid>),
    /// What it takes is not there, or no more: there is no reservation to be sold or released, no sale
    /// to be taken back, or the reservation has ended. Nothing changed.
    Never,
}

impl Moved {
    /// Whether it is as it was asked to be.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Now | Self::Before)
    }
}

/// An item that just became low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BecameLow {
    /// The item.
    pub item_id: Uuid,
    /// Portions that anybody may have.
    pub available: i64,
    /// With so many, or fewer, it is low.
    pub low_mark: i64,
}

/// What came of moving portions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves {
    /// What became of each, in the order in which they were given.
    pub outcomes: Vec<Moved>,
    /// Items that were not low before and are now.
    pub low: Vec<BecameLow>,
}

/// How an item stands.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LevelRow {
    /// The item.
    pub item_id: Uuid,
    /// With so many available, or fewer, it is low.
    pub low_mark: i64,
    on_hand: i64,
    reserved: i64,
}

impl LevelRow {
    /// How many portions there are.
    #[must_use]
    pub fn level(&self) -> Level {
        // The table refuses what is no level.
        Level::new(self.on_hand, self.reserved).unwrap_or_default()
    }
}

/// An item of the stock table.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StockRow {
    /// The menu item.
    pub item_id: Uuid,
    /// The slug of the campus that sells it.
    pub campus: String,
    /// What that is called.
    pub campus_name: Json<Localized<String>>,
    /// The currency of its price.
    pub currency: String,
    /// `DISH` or `PRODUCT`.
    pub kind: String,
    /// The dish or product in the catalogue.
    pub reference: String,
    /// What it is called.
    pub name: Json<Localized<String>>,
    /// In minor units.
    pub price: i64,
    /// Whether it is sold at all.
    pub active: bool,
    /// Portions there are.
    pub on_hand: i64,
    /// Portions that are kept for orders.
    pub reserved: i64,
    /// With so many available, or fewer, it is low.
    pub low_mark: i64,
}

/// A movement of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MovementRow {
    /// Its id.
    pub id: Uuid,
    /// Of which item.
    pub item_id: Uuid,
    /// What happened.
    pub kind: String,
    /// To how many portions; of a correction the difference.
    pub quantity: i64,
    /// What that added to what is on hand.
    pub on_hand_change: i64,
    /// What that added to what is reserved.
    pub reserved_change: i64,
    /// The order that it was for.
    pub order_id: Option<Uuid>,
    /// What that order is called out as; only in a list.
    pub order_number: Option<i64>,
    /// What whoever wrote it down is called.
    pub actor: Option<String>,
    /// Why.
    pub note: String,
    /// When, in microseconds.
    pub at: i64,
}

/// Where an item is sold.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SoldWhere {
    /// The item.
    pub item_id: Uuid,
    /// What it is called.
    pub name: Json<Localized<String>>,
    /// The campus.
    pub campus_id: Uuid,
    /// What that is called.
    pub campus_name: Json<Localized<String>>,
}

/// What the movements of a kind changed within a period.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PeriodSum {
    /// Which period, counted since 1970 UTC.
    pub period: i64,
    /// What happened.
    pub kind: String,
    /// What that added to what is on hand.
    pub on_hand: i64,
    /// What that added to what is reserved.
    pub reserved: i64,
}

/// A level's change to be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LevelChange {
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    item_id: Uuid,
    on_hand: i64,
    reserved: i64,
}

/// A movement's row to be. What is absent is NULL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRow<'a> {
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    id: Uuid,
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    item_id: Uuid,
    kind: &'static str,
    quantity: i64,
    on_hand: i64,
    reserved: i64,
    cause: &'a str,
    order_id: Option<String>,
    actor_id: Option<String>,
    note: &'a str,
    at: i64,
}

impl<'a> From<&'a NewMovement> for NewRow<'a> {
    fn from(movement: &'a NewMovement) -> Self {
        let Change { on_hand, reserved } = movement.kind.change(movement.quantity);
        let simple = |id: Option<Uuid>| id.map(|id| id.simple().to_string());
        Self {
            id: movement.id,
            item_id: movement.item_id,
            kind: movement.kind.key(),
            quantity: movement.quantity,
            on_hand,
            reserved,
            cause: &movement.cause,
            order_id: simple(movement.order_id),
            actor_id: simple(movement.actor_id),
            note: &movement.note,
            at: movement.at,
        }
    }
}

/// Levels that nobody else changes until the transaction ends, and what is to be written of them.
struct Ledger {
    before: BTreeMap<Uuid, LevelRow>,
    now: BTreeMap<Uuid, Level>,
    movements: Vec<NewMovement>,
}

impl Ledger {
    /// Locks the levels of items.
    async fn lock(tx: &mut Tx, items: BTreeSet<Uuid>) -> Result<Self> {
        let rows = lock(tx, items).await?;
        let before: BTreeMap<Uuid, LevelRow> =
            rows.into_iter().map(|row| (row.item_id, row)).collect();
        Ok(Self {
            now: before.iter().map(|(id, row)| (*id, row.level())).collect(),
            before,
            movements: Vec::new(),
        })
    }

    /// Makes all of the movements, of different items, or none of them: then it gives the items of
    /// which there are too few.
    fn make(&mut self, movements: Vec<NewMovement>) -> std::result::Result<(), Vec<Uuid>> {
        let mut after = Vec::with_capacity(movements.len());
        let mut short = Vec::new();
        for movement in &movements {
            let item = movement.item_id;
            let level = self.now.get(&item);
            match level.and_then(|level| level.after(movement.kind.change(movement.quantity))) {
                Some(level) => after.push((item, level)),
                None => short.push(item),
            }
        }
        if !short.is_empty() {
            return Err(short);
        }
        self.now.extend(after);
        self.movements.extend(movements);
        Ok(())
    }

    /// Writes levels and movements; gives the items that became low.
    async fn write(self, tx: &mut Tx) -> Result<Vec<BecameLow>> {
        if self.movements.is_empty() {
            return Ok(Vec::new());
        }
        let levels: Vec<(&LevelRow, Level)> = self
            .before
            .values()
            .map(|row| (row, self.now[&row.item_id]))
            .collect();
        let changes: Vec<LevelChange> = levels
            .iter()
            .filter(|(row, now)| row.level() != *now)
            .map(|(row, now)| LevelChange {
                item_id: row.item_id,
                on_hand: now.on_hand() - row.on_hand,
                reserved: now.reserved() - row.reserved,
            })
            .collect();
        if !changes.is_empty() && execute!(tx, MOVE, Json(&changes))? != changes.len() as u64 {
            // Nobody can have changed what is locked.
            return Err(sqlx::Error::RowNotFound.into());
        }
        let rows: Vec<NewRow<'_>> = self.movements.iter().map(NewRow::from).collect();
        later!(tx, INSERT, Json(rows))?;
        Ok(levels
            .into_iter()
            .filter(|(row, now)| now.is_low(row.low_mark) && !row.level().is_low(row.low_mark))
            .map(|(row, now)| BecameLow {
                item_id: row.item_id,
                available: now.available(),
                low_mark: row.low_mark,
            })
            .collect())
    }
}

/// Which of these causes have made a movement.
///
/// # Errors
/// Where the database does.
pub async fn made(tx: &mut Tx, causes: &[String]) -> Result<HashSet<String>> {
    let rows = rows!(tx, (String,), MADE, Json(causes))?;
    Ok(rows.into_iter().map(|(cause,)| cause).collect())
}

/// What an order does to an item's portions, and can do once.
fn cause(order: Uuid, kind: MovementKind, item: Uuid) -> String {
    let does = match kind {
        MovementKind::Reserved => "reserve",
        MovementKind::Released => "release",
        MovementKind::Sold => "sell",
        MovementKind::Restored => "restore",
        // Nothing that an order does.
        MovementKind::Received => "receive",
        MovementKind::Wasted => "waste",
        MovementKind::Corrected => "correct",
    };
    format!("order:{order}:{does}:{item}")
}

/// Has the portions of some items counted from now on, beginning with none; leaves alone what is counted
/// already. What there is comes by [`record`].
///
/// # Errors
/// Where the database does.
pub async fn open(tx: &mut Tx, items: &[NewStock]) -> Result<()> {
    later!(tx, OPEN, Json(items))
}

/// How many portions of each item anybody may have just now. An item that is not counted is absent.
///
/// # Errors
/// Where the database does.
pub async fn available(tx: &mut Tx, items: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    ask_available(tx, items).await?.answer(tx).await
}

/// Asks for [`available`].
///
/// # Errors
/// Where the database does.
pub async fn ask_available(tx: &mut Tx, items: &[Uuid]) -> Result<Asked<HashMap<Uuid, i64>>> {
    ask!(tx, LevelRow, LEVELS, many(items))?.map(|rows| {
        let rows = rows.iter();
        Ok(rows
            .map(|row| (row.item_id, row.level().available()))
            .collect())
    })
}

/// How each item stands just now. An item that is not counted is absent.
///
/// # Errors
/// Where the database does.
pub async fn levels(tx: &mut Tx, items: &[Uuid]) -> Result<Vec<LevelRow>> {
    rows!(tx, LevelRow, LEVELS, many(items))
}

/// How items stand, locked until the transaction ends: nobody else moves them meanwhile. Whoever moves
/// portions more than once in a transaction locks all of their items first, so that no two transactions
/// wait for each other.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, items: BTreeSet<Uuid>) -> Result<Vec<LevelRow>> {
    let items: Vec<Uuid> = items.into_iter().collect();
    rows!(tx, LevelRow, LOCK, many(&items))
}

/// Keeps portions for orders, each of them all that it wants or nothing. Who comes first is served
/// first. An order whose reservation has ended gets no other one: [`Moved::Never`].
///
/// # Errors
/// Where the database does.
pub async fn reserve(
    tx: &mut Tx,
    orders: &[OrderLines],
    at: i64,
    next_id: impl FnMut() -> Uuid,
) -> Result<Moves> {
    move_orders(tx, MovementKind::Reserved, orders, at, next_id).await
}

/// Gives back what is kept for orders; [`Moved::Never`] where nothing is, as where it was sold.
///
/// # Errors
/// Where the database does.
pub async fn release(
    tx: &mut Tx,
    orders: &[OrderLines],
    at: i64,
    next_id: impl FnMut() -> Uuid,
) -> Result<Moves> {
    move_orders(tx, MovementKind::Released, orders, at, next_id).await
}

/// Makes what is kept for orders theirs; [`Moved::Never`] where nothing is, as where the reservation
/// has expired meanwhile.
///
/// # Errors
/// Where the database does.
pub async fn sell(
    tx: &mut Tx,
    orders: &[OrderLines],
    at: i64,
    next_id: impl FnMut() -> Uuid,
) -> Result<Moves> {
    move_orders(tx, MovementKind::Sold, orders, at, next_id).await
}

/// Takes sales back: the portions are reserved as they were before [`sell`], and [`release`] gives them
/// to others. [`Moved::Never`] where nothing was sold.
///
/// # Errors
/// Where the database does.
pub async fn restore(
    tx: &mut Tx,
    orders: &[OrderLines],
    at: i64,
    next_id: impl FnMut() -> Uuid,
) -> Result<Moves> {
    move_orders(tx, MovementKind::Restored, orders, at, next_id).await
}

async fn move_orders(
    tx: &mut Tx,
    kind: MovementKind,
    orders: &[OrderLines],
    at: i64,
    mut next_id: impl FnMut() -> Uuid,
) -> Result<Moves> {
    const KINDS: [MovementKind; 4] = [
        MovementKind::Reserved,
        MovementKind::Released,
        MovementKind::Sold,
        MovementKind::Restored,
    ];
    let items = orders.iter().flat_map(OrderLines::items);
    let mut ledger = Ledger::lock(tx, items.collect()).await?;
    // An order's items are moved together: what was done of one was done of all.
    let marks = |order: &OrderLines| {
        let item = order.items.keys().next().copied().unwrap_or_default();
        KINDS.map(|kind| (kind, cause(order.order_id, kind, item)))
    };
    let causes: Vec<String> = orders
        .iter()
        .flat_map(|order| marks(order).map(|(_, cause)| cause))
        .collect();
    let mut done = made(tx, &causes).await?;
    let mut outcomes = Vec::with_capacity(orders.len());
    for order in orders {
        let mut holding = Holding::default();
        for (kind, cause) in marks(order) {
            if done.contains(&cause) {
                holding.note(kind);
            }
        }
        let outcome = match holding.step(kind) {
            Step::Done => Moved::Before,
            Step::Never => Moved::Never,
            Step::Do => {
                let movements: Vec<NewMovement> = order
                    .items
                    .iter()
                    .map(|(item, quantity)| NewMovement {
                        id: next_id(),
                        item_id: *item,
                        kind,
                        quantity: *quantity,
                        cause: cause(order.order_id, kind, *item),
                        order_id: Some(order.order_id),
                        actor_id: None,
                        note: String::new(),
                        at,
                    })
                    .collect();
                let mark = movements.first().map(|movement| movement.cause.clone());
                match ledger.make(movements) {
                    Ok(()) => {
                        // The same order may come twice in one call.
                        done.extend(mark);
                        Moved::Now
                    }
                    Err(short) => Moved::Short(short),
                }
            }
        };
        outcomes.push(outcome);
    }
    Ok(Moves {
        outcomes,
        low: ledger.write(tx).await?,
    })
}

/// Writes movements down, each for itself, in their order; one whose cause has made one before changes
/// nothing.
///
/// # Errors
/// [`crate::Error::Duplicate`] where another transaction used a cause for another item just now, and
/// where the database does. On SQLite what follows says so.
pub async fn record(tx: &mut Tx, movements: Vec<NewMovement>) -> Result<Moves> {
    let items = movements.iter().map(|movement| movement.item_id).collect();
    let mut ledger = Ledger::lock(tx, items).await?;
    let causes: Vec<String> = movements
        .iter()
        .map(|movement| movement.cause.clone())
        .collect();
    let mut done = made(tx, &causes).await?;
    let mut outcomes = Vec::with_capacity(movements.len());
    for (movement, cause) in movements.into_iter().zip(causes) {
        if done.contains(&cause) {
            outcomes.push(Moved::Before);
            continue;
        }
        outcomes.push(match ledger.make(vec![movement]) {
            Ok(()) => {
                done.insert(cause);
                Moved::Now
            }
            Err(short) => Moved::Short(short),
        });
    }
    Ok(Moves {
        outcomes,
        low: ledger.write(tx).await?,
    })
}

/// The movement that a cause has made. Its order's number is not looked up.
///
/// # Errors
/// Where the database does.
pub async fn by_cause(tx: &mut Tx, cause: &str) -> Result<Option<MovementRow>> {
    optional!(tx, MovementRow, BY_CAUSE, cause)
}

/// The movements of an item before an id, newest first.
///
/// # Errors
/// Where the database does.
pub async fn of_item(
    tx: &mut Tx,
    item: Uuid,
    before: Uuid,
    limit: i64,
) -> Result<Vec<MovementRow>> {
    rows!(tx, MovementRow, OF_ITEM, item, before, limit)
}

/// The newest movement of an item that somebody wrote down.
///
/// # Errors
/// Where the database does.
pub async fn newest_by_hand(tx: &mut Tx, item: Uuid) -> Result<Option<Uuid>> {
    Ok(optional!(tx, (Uuid,), NEWEST_BY_HAND, item)?.map(|(id,)| id))
}

/// What the movements of an item since an id changed, by kind and by periods of so many microseconds.
///
/// # Errors
/// Where the database does.
pub async fn sums(tx: &mut Tx, item: Uuid, since: Uuid, period: i64) -> Result<Vec<PeriodSum>> {
    rows!(tx, PeriodSum, SUMS, item, since, period)
}

/// Everything that is counted, by campus and place on its menu; of one campus, by its slug, and of one kind
/// where those are named.
///
/// # Errors
/// Where the database does.
pub async fn list(
    tx: &mut Tx,
    campus: Option<&str>,
    kind: Option<&str>,
    limit: i64,
) -> Result<Vec<StockRow>> {
    // No slug and no kind is empty.
    let (campus, kind) = (campus.unwrap_or_default(), kind.unwrap_or_default());
    rows!(tx, StockRow, LIST, campus, kind, limit)
}

/// An item of the stock table.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, item: Uuid) -> Result<Option<StockRow>> {
    optional!(tx, StockRow, GET, item)
}

/// Where each of these items is sold.
///
/// # Errors
/// Where the database does.
pub async fn sold_where(tx: &mut Tx, items: &[Uuid]) -> Result<Vec<SoldWhere>> {
    rows!(tx, SoldWhere, SOLD_WHERE, many(items))
}
