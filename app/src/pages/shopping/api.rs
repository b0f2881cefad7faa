//! The server function of a shopping list, and what it sends.

use crate::error::AppError;
use crate::pages::plan::api::WeekHead;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What to buy for a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShoppingView {
    /// Which week.
    pub head: WeekHead,
    /// Whether there is a profile to plan for.
    pub profile: bool,
    /// "41 foods".
    pub count: String,
    /// By aisle; empty where there is no plan.
    pub aisles: Vec<AisleView>,
}

/// The foods of an aisle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AisleView {
    /// "Vegetables".
    pub name: String,
    /// The foods, the heaviest first.
    pub items: Vec<ItemView>,
}

/// A food to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemView {
    /// "Carrots".
    pub name: String,
    /// "2½ cups, chopped"; may be empty.
    pub measure: String,
    /// "340 g", as bought.
    pub bought: String,
    /// "300 g edible", where that is another weight.
    pub edible: String,
}

/// What to buy for a week's plan.
#[server(endpoint = "week-shopping")]
pub async fn get_shopping(
    #[server(default)] week: String,
    #[server(default)] version: String,
) -> Result<ShoppingView, AppError> {
    use crate::pages::plan::build::{Week, load};
    use domain::shopping::shopping_list;
    use locales::Key;

    let ctx = crate::context::ctx()?;
    let Week {
        words, head, found, ..
    } = load(&ctx, &week, &version).await?;
    let list = found
        .plan
        .map(|owned| shopping_list(&owned.plan, ctx.service.catalogue()))
        .unwrap_or_default();
    let aisles = list
        .chunk_by(|a, b| a.aisle == b.aisle)
        .map(|items| AisleView {
            name: items
                .first()
                .map(|item| words.aisle(item.aisle))
                .unwrap_or_default(),
            items: items
                .iter()
                .map(|item| ItemView {
                    name: words.of(&item.name),
                    measure: words.measured(item.quarters, &item.measure),
                    bought: words.grams(item.bought),
                    edible: if item.bought == item.grams {
                        String::new()
                    } else {
                        words.fill(Key::ShoppingEdible, &[("grams", &words.grams(item.grams))])
                    },
                })
                .collect(),
        })
        .collect();
    let count = words.fill(Key::ShoppingItems, &[("count", &list.len().to_string())]);
    Ok(ShoppingView {
        head,
        profile: found.profile,
        count,
        aisles,
    })
}
