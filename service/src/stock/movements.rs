//! An item's ledger: its movements one by one, and by the day.

use super::KEEPERS;
use crate::ctx::Ctx;
use crate::jobs::first_id_of;
use crate::{Error, Result};
use domain::problem::Problem;
use domain::stock::{Level, MovementKind};
use domain::week::Date;
use std::collections::BTreeMap;
use storage::stock::{self, MovementRow};
use uuid::Uuid;

/// How many movements a page may hold.
pub const MOVEMENTS_MOST: i64 = 100;
/// How many days are looked back on, today among them.
pub const DAYS: i64 = 14;

/// Every zone's days begin at a quarter of an hour of UTC.
const QUARTER: i64 = 900_000_000;
const DAY: i64 = 96 * QUARTER;

/// A movement of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementItem {
    /// Its id.
    pub id: Uuid,
    /// What happened.
    pub kind: MovementKind,
    /// To how many portions; of a correction the difference.
    pub quantity: i64,
    /// What that added to what is on hand.
    pub on_hand_change: i64,
    /// What that added to what is reserved.
    pub reserved_change: i64,
    /// The order that it was for.
    pub order_id: Option<Uuid>,
    /// What that order is called out as, where it is known.
    pub order_number: Option<i64>,
    /// What whoever wrote it down is called; nobody where an order did it.
    pub actor: Option<String>,
    /// Why.
    pub reason: String,
    /// When, in microseconds.
    pub at: i64,
}

pub(super) fn kind_of(key: &str) -> Result<MovementKind> {
    MovementKind::from_key(key)
        .ok_or_else(|| Error::Internal(format!("no movement is called {key}")))
}

impl TryFrom<MovementRow> for MovementItem {
    type Error = Error;
    fn try_from(row: MovementRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            kind: kind_of(&row.kind)?,
            quantity: row.quantity,
            on_hand_change: row.on_hand_change,
            reserved_change: row.reserved_change,
            order_id: row.order_id,
            order_number: row.order_number,
            actor: row.actor,
            reason: row.note,
            at: row.at,
        })
    }
}

/// A page of an item's movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementList {
    /// Newest first.
    pub items: Vec<MovementItem>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
}

/// What a day did to an item. A day is the institution's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockDay {
    /// Which day.
    pub date: Date,
    /// Portions that came in.
    pub received: i64,
    /// Portions that were sold, without those that were taken back.
    pub sold: i64,
    /// Portions that were thrown away.
    pub wasted: i64,
    /// By how much counts differed.
    pub corrected: i64,
    /// How the item stood at the end of the day; now, on the last.
    pub level: Level,
}

/// The movements of an item, newest first, after the one where the last page ended.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such item, [`InvalidCode::OutOfRange`] where `limit` is not 1
/// to 100; for others than staff and administrators as [`Ctx::allow`].
pub async fn movements(
    ctx: &Ctx,
    item: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<MovementList> {
    ctx.allow(&KEEPERS)?;
    crate::error::check_limit(limit, MOVEMENTS_MOST)?;
    let mut tx = ctx.read().await?;
    if stock::get(&mut tx, item).await?.is_none() {
        return Err(Problem::NotFound.into());
    }
    // One more than asked for tells whether there is a next page.
    let before = before.unwrap_or(Uuid::max());
    let mut rows = stock::of_item(&mut tx, item, before, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    Ok(MovementList {
        next: rows.last().map(|row| row.id).filter(|_| more),
        items: rows
            .into_iter()
            .map(MovementItem::try_from)
            .collect::<Result<_>>()?,
    })
}

/// What the last [`DAYS`] days did to an item, oldest first.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such item; for others than staff and administrators as
/// [`Ctx::allow`].
pub async fn history(ctx: &Ctx, item: Uuid) -> Result<Vec<StockDay>> {
    ctx.allow(&KEEPERS)?;
    let now = ctx.now();
    // A day more than is shown: the oldest one shown has begun before now less so many days.
    let since = now - (DAYS + 1) * DAY;
    let mut tx = ctx.read().await?;
    let sums = stock::sums(&mut tx, item, first_id_of(since), QUARTER).await?;
    let row = stock::get(&mut tx, item).await?;
    let row = row.ok_or(Error::Problem(Problem::NotFound))?;
    drop(tx);

    let mut days: BTreeMap<Date, StockDay> = BTreeMap::new();
    let mut reserved: BTreeMap<Date, i64> = BTreeMap::new();
    for sum in sums {
        let date = ctx.service.local_time(sum.period * QUARTER).date;
        let day = days.entry(date).or_insert_with(|| empty(date));
        match kind_of(&sum.kind)? {
            MovementKind::Received => day.received += sum.on_hand,
            MovementKind::Sold | MovementKind::Restored => day.sold -= sum.on_hand,
            MovementKind::Wasted => day.wasted -= sum.on_hand,
            MovementKind::Corrected => day.corrected += sum.on_hand,
            MovementKind::Reserved | MovementKind::Released => {}
        }
        *reserved.entry(date).or_default() += sum.reserved;
    }
    // From now backwards: what a day did is taken off to know how the one before ended.
    let today = ctx.service.local_time(now).date;
    let (mut on_hand, mut held) = (row.on_hand, row.reserved);
    let mut shown: Vec<StockDay> = (0..DAYS)
        .map(|back| {
            let date = today.plus(-back);
            let mut day = days.get(&date).copied().unwrap_or_else(|| empty(date));
            day.level = Level::new(on_hand, held).unwrap_or_default();
            on_hand -= day.received + day.corrected - day.sold - day.wasted;
            held -= reserved.get(&date).copied().unwrap_or_default();
            day
        })
        .collect();
    shown.reverse();
    Ok(shown)
}

fn empty(date: Date) -> StockDay {
    StockDay {
        date,
        received: 0,
        sold: 0,
        wasted: 0,
        corrected: 0,
        level: Level::default(),
    }
}
