//! What the task that places orders knows of menus: campuses, ways to pay, items and what they cost.
//!
//! It is read again whenever anything of it was changed, as the version that each transaction reads tells; where
//! the engine counts none, by each transaction.

use super::place::{OrderedItem, id_of};
use crate::{Result, Service, menu};
use domain::menu::{BrokenRule, Campus, Selection};
use domain::payment::GatewayKind;
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use storage::menu::MenuItemRow;
use storage::{Tx, campus, campus_gateway};
use uuid::Uuid;

/// So many items, and so many choices of them, are known at most.
const MOST: usize = 10_000;

/// What is known.
#[derive(Default)]
pub(super) struct Known {
    /// Of what was read; none where it can't be told whether that still holds.
    version: Option<i64>,
    pub menu: Menu,
    pub prices: Prices,
}

/// What the database says of campuses and of items that were asked for.
#[derive(Default)]
pub(super) struct Menu {
    /// By their slugs.
    campuses: HashMap<String, Campus>,
    accepted: HashMap<Uuid, Vec<GatewayKind>>,
    items: HashMap<Uuid, MenuItemRow>,
}

/// What items cost with options that can be chosen of them.
#[derive(Default)]
pub(super) struct Prices(HashMap<(Uuid, Selection), Priced>);

/// What an item with its options is and costs.
pub(super) struct Priced {
    /// In minor units.
    pub unit_price: i64,
    /// That of the document: the same for the same.
    pub id: Uuid,
    /// An [`OrderedItem`].
    pub document: Value,
}

impl Known {
    /// Sees to it that all of these items are known as they are in this transaction, whose version this is.
    pub async fn refresh(
        &mut self,
        tx: &mut Tx,
        version: Option<i64>,
        items: &[Uuid],
    ) -> Result<()> {
        let holds = version.is_some() && version == self.version;
        if !holds {
            *self = Self::default();
        } else if self.menu.items.len() > MOST {
            self.menu.items.clear();
        }
        let new = items.iter().filter(|id| !self.menu.items.contains_key(id));
        let new: Vec<Uuid> = new.copied().collect();
        let read = match new.is_empty() {
            true => None,
            false => Some(storage::menu::ask_by_ids(tx, &new).await?),
        };
        if !holds {
            let campuses = campus::ask_all(tx).await?;
            let accepted = campus_gateway::ask_all(tx).await?;
            let campuses = campuses.answer(tx).await?.into_iter();
            self.menu.campuses = campuses.map(|one| (one.slug.clone(), one)).collect();
            self.menu.accepted = accepted.answer(tx).await?;
        }
        if let Some(read) = read {
            let read = read.answer(tx).await?.into_iter();
            self.menu.items.extend(read.map(|item| (item.id, item)));
        }
        self.version = version;
        Ok(())
    }
}

impl Menu {
    /// A campus, by its slug.
    pub fn campus(&self, slug: &str) -> Option<&Campus> {
        self.campuses.get(slug)
    }

    /// Which ways to pay a campus takes.
    pub fn accepted(&self, campus: Uuid) -> &[GatewayKind] {
        let accepted = self.accepted.get(&campus).map(Vec::as_slice);
        accepted.unwrap_or(&GatewayKind::USUAL)
    }

    /// An item, where a campus sells it.
    pub fn item(&self, campus: Uuid, id: Uuid) -> Option<&MenuItemRow> {
        self.items.get(&id).filter(|item| item.campus_id == campus)
    }
}

impl Prices {
    /// What an item with these options is and costs, or which rules they break.
    pub fn of(
        &mut self,
        service: &Service,
        item: &MenuItemRow,
        selection: &Selection,
    ) -> std::result::Result<&Priced, Vec<BrokenRule>> {
        if self.0.len() > MOST {
            self.0.clear();
        }
        // What breaks a rule is not kept: of that there is no end.
        match self.0.entry((item.id, selection.clone())) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(price_of(service, item, selection)?)),
        }
    }
}

fn price_of(
    service: &Service,
    item: &MenuItemRow,
    selection: &Selection,
) -> std::result::Result<Priced, Vec<BrokenRule>> {
    let priced = menu::price(service.catalogue(), item, selection)?;
    let unit_price = priced.unit_price;
    // Texts and integers always have a JSON form.
    let document = serde_json::to_value(OrderedItem::from(priced)).unwrap_or_default();
    Ok(Priced {
        unit_price,
        id: id_of(&document),
        document,
    })
}
