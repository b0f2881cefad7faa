//! Server functions of the cart, and what they send.

use crate::error::AppError;
use domain::amount::Amount;
use domain::food::FoodGroup;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A cart, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    /// Where it would be ordered: the campus's name in addresses, and for people.
    pub campus: Option<(String, String)>,
    /// What is in it.
    pub lines: Vec<CartLineView>,
    /// "4 portions".
    pub count: String,
    /// "MX$230.00".
    pub total: String,
    /// "1 230 kcal · 54 g protein".
    pub energy: String,
    /// Names of all allergens in it.
    pub allergens: Vec<String>,
    /// Whether all of it can be ordered.
    pub orderable: bool,
    /// What the plan put into it, and what it could not.
    pub plan: Option<PlanAdded>,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLineView {
    /// Its id.
    pub id: String,
    /// Its item's page.
    pub href: String,
    /// Its dish or product, which its plate is drawn from.
    pub reference: String,
    /// Grams by food group.
    pub groups: Vec<(FoodGroup, Amount)>,
    /// Its name for people.
    pub name: String,
    /// "Large, oat milk"; empty where nothing was chosen.
    pub options: String,
    /// Portions.
    pub quantity: i64,
    /// "MX$54.20 each".
    pub each: String,
    /// "MX$108.40".
    pub price: String,
    /// "430 kcal · 24 g protein".
    pub energy: String,
    /// Names of its allergens.
    pub allergens: Vec<String>,
    /// Why it can't be ordered so; mostly empty.
    pub trouble: String,
    /// Why the profile forbids it.
    pub forbidden: Vec<String>,
}

/// What a plan put into the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAdded {
    /// "3 dishes of your plan are in the cart", or that none is.
    pub text: String,
    /// Dishes that are not in it, and why: "Lentil soup: not sold here".
    pub missing: Vec<String>,
    /// Other campuses, where the same can be ordered instead: names in addresses, and what the button
    /// says.
    pub others: Vec<(String, String)>,
    /// Which meals they were, for asking again: week, version, day, meal.
    pub meals: PlanMeals,
}

/// Meals of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanMeals {
    /// The week: `2026-W47`.
    pub week: String,
    /// The version of its plan, where it is not the newest.
    pub plan: String,
    /// The day, 0 is Monday.
    pub day: String,
    /// The place of the meal in the day, from 0; all of them where empty.
    pub meal: String,
}

/// The cart of whoever asks; `meals` are those that a plan just put into it, `missing` the dishes of
/// them that are not in it.
#[server(endpoint = "cart")]
pub async fn get_cart(
    #[server(default)] meals: PlanMeals,
    #[server(default)] added: String,
    #[server(default)] missing: Vec<String>,
) -> Result<CartView, AppError> {
    super::build::cart(&crate::context::ctx()?, meals, &added, &missing).await
}

/// How many portions are in the cart of whoever asks.
#[server(endpoint = "cart/count")]
pub async fn get_cart_count() -> Result<i64, AppError> {
    Ok(service::cart::count(&crate::context::ctx()?).await?)
}

/// Puts an item into the cart and leads back, or to the cart. `choices` are the options chosen, by
/// group. `replace` names an item for which the cart is emptied first, where it is of another campus.
#[server(endpoint = "cart/add")]
pub async fn add_to_cart(
    #[server(default)] item: String,
    #[server(default)] quantity: String,
    #[server(default)] choices: BTreeMap<String, Vec<String>>,
    #[server(default)] replace: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let command = super::build::addition(&item, &quantity, choices, &replace)?;
    let item = command.item;
    let added = service::cart::add(&ctx, command).await?;
    super::build::keep(&ctx, added.visitor.as_deref());
    let way = super::build::way_back(&back, item);
    leptos_axum::redirect(&way);
    Ok(())
}

/// Changes how many portions a line has: `set` is `<line>:<portions>`, and none takes it out.
#[server(endpoint = "cart/set")]
pub async fn change_cart(#[server(default)] set: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let (line, quantity) = super::build::change(&set)?;
    match quantity {
        0 => service::cart::remove(&ctx, line).await?,
        quantity => service::cart::set_quantity(&ctx, line, quantity).await?,
    }
    leptos_axum::redirect("/cart");
    Ok(())
}

/// Takes everything out.
#[server(endpoint = "cart/clear")]
pub async fn clear_cart() -> Result<(), AppError> {
    service::cart::clear(&crate::context::ctx()?).await?;
    leptos_axum::redirect("/cart");
    Ok(())
}

/// Puts meals of the plan into the cart: those of a day, or `order` names one: `<day>` or
/// `<day>:<meal>`. An empty `campus` is that of the cart, or the one that sells most of them; another
/// one than the cart's empties the cart first.
#[server(endpoint = "cart/plan")]
pub async fn order_plan(
    #[server(default)] week: String,
    #[server(default)] plan: String,
    #[server(default)] order: String,
    #[server(default)] campus: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let way = super::build::order_plan(&ctx, &week, &plan, &order, &campus).await?;
    leptos_axum::redirect(&way);
    Ok(())
}
