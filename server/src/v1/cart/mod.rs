//! What somebody means to order.

pub mod add;
pub mod add_plan;
pub mod clear;
pub mod get;
pub mod remove;
pub mod set_quantity;

use crate::v1::menu::Campus;
use domain::allergen::Allergen;
use domain::diet::Diet;
use domain::menu::{Forbidden, MenuItemKind};
use domain::nutrient::Nutrient;
use serde::Serialize;
use service::Ctx;
use service::cart::{CartView, LineView, Trouble};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

/// A cart, with what its things are and cost just now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartResponse {
    /// Where it would be ordered; null where it is empty.
    campus: Option<Campus>,
    /// What is in it, in the order in which it was put in.
    lines: Vec<CartLine>,
    /// How many portions there are.
    portions: i64,
    /// What all of it costs, in minor units of the campus's currency.
    total: i64,
    /// Whether all of it can be ordered.
    orderable: bool,
}

/// A line of a cart.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartLine {
    line_id: Uuid,
    item_id: Uuid,
    /// The dish or product in the catalogue.
    #[serde(flatten)]
    kind: MenuItemKind,
    /// Its name in your language.
    name: String,
    /// The keys of the options chosen.
    options: BTreeSet<String>,
    /// Their names in your language.
    option_names: Vec<String>,
    quantity: i64,
    /// What one costs with its options.
    unit_price: i64,
    /// What all of them cost.
    price: i64,
    /// kcal of one with its options.
    energy: f64,
    /// Grams of protein in one with its options.
    protein: f64,
    /// Allergens that it contains or may contain.
    allergens: BTreeSet<Allergen>,
    /// The patterns that it fits.
    diets: BTreeSet<Diet>,
    /// `NOT_SOLD`, `OPTIONS_CHANGED` or `NOT_ENOUGH`, where it can't be ordered so.
    trouble: Option<&'static str>,
    /// How many portions there are, where those are not enough.
    available: Option<i64>,
    /// Why your profile forbids it.
    forbidden: Vec<Forbidden>,
}

impl CartResponse {
    fn new(ctx: &Ctx, cart: CartView) -> Self {
        Self {
            portions: cart.portions(),
            total: cart.total(),
            orderable: cart.is_orderable(),
            campus: cart.campus.map(|campus| Campus::new(ctx, campus)),
            lines: cart
                .lines
                .into_iter()
                .map(|line| CartLine::new(ctx, line))
                .collect(),
        }
    }
}

impl CartLine {
    fn new(ctx: &Ctx, line: LineView) -> Self {
        let amount = |nutrient: Nutrient| line.contents.nutrients[nutrient].amount.to_decimal();
        let (trouble, available) = match line.trouble {
            Some(Trouble::NotSold) => (Some("NOT_SOLD"), None),
            Some(Trouble::OptionsChanged) => (Some("OPTIONS_CHANGED"), None),
            Some(Trouble::NotEnough { available }) => (Some("NOT_ENOUGH"), Some(available)),
            None => (None, None),
        };
        Self {
            line_id: line.id,
            item_id: line.item,
            name: line.name.get(ctx.language).clone(),
            options: line.selection,
            option_names: line
                .options
                .iter()
                .map(|option| option.name.get(ctx.language).clone())
                .collect(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            price: line.unit_price * line.quantity,
            energy: amount(Nutrient::Energy),
            protein: amount(Nutrient::Protein),
            allergens: line.contents.allergens,
            diets: line.contents.diets,
            kind: line.kind,
            trouble,
            available,
            forbidden: line.forbidden,
        }
    }
}
