//! Campuses and what they sell.

pub mod campuses;
pub mod get;
pub mod list;
pub mod payments;
pub mod set_state;

use crate::v1::time::rfc3339;
use domain::allergen::Allergen;
use domain::diet::Diet;
use domain::menu::{CampusState, Forbidden, MenuItemKind, Opening};
use domain::nutrient::Nutrient;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::menu::{FreeSlot, MenuCard};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

/// How a campus takes orders.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CampusStateName {
    /// As always.
    Open,
    /// The kitchen needs more time.
    Busy,
    /// No order is taken.
    Paused,
}

/// Where meals are handed out, and on what terms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Campus {
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its name in your language.
    pub name: String,
    /// ISO 4217; every price there is in minor units of it.
    pub currency: String,
    /// How it takes orders now.
    pub state: CampusStateName,
    /// What a busy kitchen needs beside the usual time.
    pub busy_minutes: Option<i64>,
    /// Until when no order is taken.
    pub paused_until: Option<String>,
    /// When it is open, for each weekday, Monday first; in minutes of its day.
    #[schema(value_type = Vec<Vec<Opening>>)]
    pub hours: [Vec<Opening>; 7],
    /// How long a slot is.
    pub slot_minutes: i64,
    /// How long before a slot at the least an order must come.
    pub lead_minutes: i64,
}

impl Campus {
    /// The campus as it is now.
    pub fn new(ctx: &Ctx, campus: domain::menu::Campus) -> Self {
        let (state, busy_minutes, paused_until) = match campus.state.at(ctx.now()) {
            CampusState::Open => (CampusStateName::Open, None, None),
            CampusState::Busy { minutes } => (CampusStateName::Busy, Some(minutes), None),
            CampusState::Paused { until } => (CampusStateName::Paused, None, Some(rfc3339(until))),
        };
        Self {
            id: campus.id,
            name: campus.name.get(ctx.language).clone(),
            slug: campus.slug,
            currency: campus.currency,
            state,
            busy_minutes,
            paused_until,
            hours: campus.hours.0,
            slot_minutes: campus.slot_minutes,
            lead_minutes: campus.lead_minutes,
        }
    }
}

/// A time at which orders can be collected.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PickupSlot {
    pub starts_at: String,
    /// For how many orders there is room.
    pub left: i64,
}

impl From<FreeSlot> for PickupSlot {
    fn from(free: FreeSlot) -> Self {
        Self {
            starts_at: rfc3339(free.slot.starts_at),
            left: free.left,
        }
    }
}

/// An item on a menu.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MenuItem {
    pub item_id: Uuid,
    /// The dish or product in the catalogue.
    #[serde(flatten)]
    pub kind: MenuItemKind,
    /// Its name in your language.
    pub name: String,
    /// The price of one without options, in minor units of the campus's currency.
    pub price: i64,
    /// How long it takes to make.
    pub minutes: i64,
    /// Whether it is sold at present.
    pub active: bool,
    /// Portions that anybody may have just now.
    pub left: i64,
    /// kcal of one without options.
    pub energy: f64,
    /// Grams of protein in one without options.
    pub protein: f64,
    /// Allergens that it contains or may contain without options.
    pub allergens: BTreeSet<Allergen>,
    /// The patterns that it fits without options.
    pub diets: BTreeSet<Diet>,
    /// Whether there is something to choose.
    pub configurable: bool,
    /// Why your profile forbids it, however it is configured.
    pub forbidden: Vec<Forbidden>,
    /// The earliest slot with room in which it can be collected.
    pub first_slot: Option<String>,
}

impl MenuItem {
    /// The item in the language of whoever asks.
    pub fn new(ctx: &Ctx, card: MenuCard) -> Self {
        let amount = |nutrient: Nutrient| card.contents.nutrients[nutrient].amount.to_decimal();
        Self {
            item_id: card.item.id,
            name: card.item.name.get(ctx.language).clone(),
            price: card.item.price,
            minutes: card.item.minutes,
            active: card.item.active,
            left: card.left,
            energy: amount(Nutrient::Energy),
            protein: amount(Nutrient::Protein),
            allergens: card.contents.allergens,
            diets: card.contents.diets,
            configurable: !card.item.options.is_empty(),
            forbidden: card.forbidden,
            first_slot: card.first_slot.map(|slot| rfc3339(slot.starts_at)),
            kind: card.item.kind,
        }
    }
}
