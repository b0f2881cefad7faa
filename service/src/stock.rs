//! Stock: what there is of each menu item, its ledger, and what staff write down.
//!
//! What orders do to it is moved in their own transactions, by [`storage::stock`].

mod file;
mod list;
mod movements;
mod record;

pub use file::{
    BadLines, COLUMNS, FILE_MOST, Imported, LINES_MOST, RefusedLine, export_csv, import_csv,
};
pub use list::{
    ITEMS_MOST, PAGE_MOST, Shortage, StockFilter, StockItem, StockList, StockQuery, StockSort, get,
    list, to_correct,
};
pub use movements::{
    DAYS, MOVEMENTS_MOST, MovementItem, MovementList, StockDay, history, movements,
};
pub use record::{Count, Recorded, correct, record, record_after};

use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent};
use domain::order::check_key;
use std::collections::HashMap;
use storage::outbox::{self, NewEvent};
use storage::stock::BecameLow;
use storage::{Tx, stock};
use uuid::Uuid;

/// Who may look, and write movements down.
const KEEPERS: [Role; 2] = [Role::Staff, Role::Admin];

/// Whether whoever asks keeps the stock, so that pages show the way only to them.
#[must_use]
pub fn may_keep(ctx: &Ctx) -> bool {
    check_keeper(ctx).is_ok()
}

/// Lets only those pass who keep the stock, as to a page that has nothing of it yet.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`].
pub fn check_keeper(ctx: &Ctx) -> Result<()> {
    ctx.allow(&KEEPERS)
}

/// Tells those who work there that items have become low, in the transaction that made them so.
///
/// # Errors
/// Where the database does.
pub(crate) async fn tell_low(ctx: &Ctx, tx: &mut Tx, low: &[BecameLow]) -> Result<()> {
    if low.is_empty() {
        return Ok(());
    }
    let items: Vec<Uuid> = low.iter().map(|one| one.item_id).collect();
    let sold: HashMap<Uuid, _> = stock::sold_where(tx, &items)
        .await?
        .into_iter()
        .map(|item| (item.item_id, item))
        .collect();
    let events: Vec<NewEvent> = low
        .iter()
        .filter_map(|one| Some((one, sold.get(&one.item_id)?)))
        .map(|(one, item)| NewEvent {
            id: ctx.service.next_id(),
            aggregate: format!("item:{}", one.item_id),
            kind: OrderEvent::StockLow,
            payload: EventPayload {
                campus: Some(item.campus_name.0.clone()),
                item_id: Some(one.item_id),
                item: Some(item.name.0.clone()),
                available: Some(one.available),
                ..EventPayload::default()
            },
            account_id: None,
            campus_id: Some(item.campus_id),
            request_id: ctx.request_id.to_string(),
            at: ctx.now(),
        })
        .collect();
    Ok(outbox::append(tx, &events).await?)
}

/// The key under which whoever asks does something once; one of its own where they name none.
fn own_key(ctx: &Ctx, key: Option<&str>) -> Result<String> {
    let Some(key) = key else {
        return Ok(ctx.service.next_id().to_string());
    };
    check_key(key).map_err(|code| Error::invalid("idempotencyKey", code))?;
    // The same key of somebody else is another one.
    Ok(match ctx.account_id() {
        Ok(account) => format!("{account}:{key}"),
        Err(_) => key.to_owned(),
    })
}
