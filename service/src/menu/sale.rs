//! What an item is, what it costs, and when it can be collected: for menus, carts and orders alike.

use crate::ctx::Service;
use domain::catalogue::Catalogue;
use domain::menu::{
    self, BrokenRule, Campus, Contents, DAYS_AHEAD, PricedItem, Refusal, Selection, Slot,
};
use storage::campus::SlotRow;
use storage::menu::MenuItemRow;

/// A slot that orders are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSlot {
    /// When it is.
    pub slot: Slot,
    /// How many orders it has room for; it is shown also where that is none.
    pub left: i64,
}

/// What one of an item is before anything is chosen; nothing where the catalogue has it no more.
#[must_use]
pub fn contents(catalogue: &Catalogue, item: &MenuItemRow) -> Option<Contents> {
    Contents::of(catalogue, &item.kind)
}

/// What one of an item is and costs with the options that were chosen.
///
/// Of an item that the catalogue has no more nothing is known: it counts as containing everything.
/// [`available_at`] refuses it.
///
/// # Errors
/// Every rule that the choice breaks.
pub fn price(
    catalogue: &Catalogue,
    item: &MenuItemRow,
    selection: &Selection,
) -> Result<PricedItem, Vec<BrokenRule>> {
    let contents = contents(catalogue, item).unwrap_or_else(Contents::unknown);
    menu::price(&item.name, item.price, &contents, &item.options, selection)
}

/// The slot that begins at a moment by the institution's clocks; nothing where they show no whole
/// minute then, or show it for the second time.
#[must_use]
pub fn slot_at(service: &Service, micros: i64) -> Option<Slot> {
    let local = service.local_time(micros);
    let minute = local.hour * 60 + local.minute;
    (service.moment_at(local.date, minute) == Some(micros)).then_some(Slot {
        starts_at: micros,
        date: local.date,
        minute,
    })
}

/// Whether an item can be collected at a moment, ordered at another: the campus takes orders and is
/// open, the moment is one of its slots and neither too soon nor too far, and the item is sold then.
/// Whether the slot has room and the item portions is counted where the order is placed.
///
/// # Errors
/// The first reason against it.
pub fn available_at(
    service: &Service,
    campus: &Campus,
    item: &MenuItemRow,
    now: i64,
    slot_at: i64,
) -> Result<(), Refusal> {
    let slot = self::slot_at(service, slot_at);
    let sold =
        item.active && item.campus_id == campus.id && contents(service.catalogue(), item).is_some();
    campus.sells(now, slot, sold, item.minutes, &item.sale)
}

/// The slots that a campus takes orders for at a moment, from the earliest on; `taken` are those that
/// somebody has ordered for already.
#[must_use]
pub fn free_slots(
    service: &Service,
    campus: &Campus,
    now: i64,
    taken: &[SlotRow],
) -> Vec<FreeSlot> {
    let today = service.local_time(now).date;
    let mut free = Vec::new();
    for date in (0..=DAYS_AHEAD).map(|days| today.plus(days)) {
        for minute in menu::slots(&campus.hours, campus.slot_minutes, date) {
            let Some(starts_at) = service.moment_at(date, minute) else {
                continue;
            };
            let slot = Slot {
                starts_at,
                date,
                minute,
            };
            if campus.takes(now, 0, Some(slot)).is_ok() {
                let row = taken.binary_search_by_key(&starts_at, |row| row.starts_at);
                let left = row.map_or(campus.slot_capacity, |index| {
                    taken[index].capacity - taken[index].taken
                });
                free.push(FreeSlot { slot, left });
            }
        }
    }
    free
}
