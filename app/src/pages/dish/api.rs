//! The server function of a dish, and what it sends.

use crate::error::AppError;
use domain::amount::Amount;
use domain::food::FoodGroup;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A dish in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DishView {
    /// Its name in addresses.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// "Mexican".
    pub cuisine: String,
    /// "Breakfast, snack".
    pub meals: String,
    /// "25 min".
    pub minutes: String,
    /// "US$2.10".
    pub cost: String,
    /// "430 kcal".
    pub energy: String,
    /// Grams by food group, for the plate and its legend.
    pub groups: Vec<GroupView>,
    /// What is in one serving, most first.
    pub foods: Vec<FoodView>,
    /// How to cook it.
    pub steps: Vec<String>,
    /// Names of its allergens.
    pub allergens: Vec<String>,
    /// Diets that it fits, and whether by composition only.
    pub diets: Vec<(String, bool)>,
    /// Protein, carbohydrate and fat: their share of the energy.
    pub shares: Vec<ShareView>,
    /// What a serving contains, by kind of nutrient.
    pub nutrients: Vec<ContentGroup>,
}

/// A food group on the plate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// Which.
    pub group: FoodGroup,
    /// Edible grams.
    pub grams: Amount,
    /// Its name.
    pub name: String,
    /// "120 g".
    pub weight: String,
}

/// An ingredient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoodView {
    /// Its name.
    pub name: String,
    /// "120 g".
    pub grams: String,
    /// "1 cup, chopped"; may be empty.
    pub measure: String,
}

/// A macronutrient's share of the energy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareView {
    /// `protein`, `carbohydrate`, `fat`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// In percent of all three.
    pub percent: u32,
    /// "24 g".
    pub grams: String,
}

/// Nutrients of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentGroup {
    /// "Minerals".
    pub title: String,
    /// The nutrients: name, amount, share known.
    pub rows: Vec<(String, String, String)>,
}

/// The dish of an id.
#[server(endpoint = "dish")]
pub async fn get_dish(#[server(default)] id: String) -> Result<DishView, AppError> {
    super::build::dish_view(&crate::context::ctx()?, id)
}
