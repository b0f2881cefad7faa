//! The server function of the list of dishes, and what it sends.

use crate::error::AppError;
use domain::amount::Amount;
use domain::food::FoodGroup;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What dishes are looked for. Everything empty is every dish.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Words of a name or an ingredient.
    pub text: String,
    /// An occasion's wire name.
    pub meal: String,
    /// A diet's wire name.
    pub diet: String,
    /// A cuisine's name.
    pub cuisine: String,
    /// Wire names of allergens to be absent.
    pub without: Vec<String>,
    /// How many to show.
    pub show: u32,
}

/// The dishes that were looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DishesView {
    /// The first of them.
    pub items: Vec<DishCard>,
    /// How many there are.
    pub found: u32,
    /// "41 of 190 dishes".
    pub count: String,
    /// Every cuisine: its name in addresses, and for people.
    pub cuisines: Vec<(String, String)>,
}

/// A dish in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DishCard {
    /// Its name in addresses.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// "Mexican".
    pub cuisine: String,
    /// "430 kcal · 25 min".
    pub meta: String,
    /// Grams by food group.
    pub groups: Vec<(FoodGroup, Amount)>,
}

/// The dishes that a filter lets through.
#[server(endpoint = "dishes")]
pub async fn get_dishes(#[server(default)] filter: Filter) -> Result<DishesView, AppError> {
    let ctx = crate::context::ctx()?;
    Ok(super::find::find(
        ctx.service.catalogue(),
        ctx.language,
        &filter,
    ))
}
