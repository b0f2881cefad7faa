//! Dishes: foods in grams, cooked to a recipe.

use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::diet::Diet;
use crate::food::{FoodGroup, NdbNo};
#[cfg(feature = "openapi")]
use crate::nutrient::Nutrient;
use crate::nutrient::Nutrients;
use crate::text::Localized;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A dish's name in addresses and files: `chilaquiles-verdes`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DishId(pub String);

impl fmt::Display for DishId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An occasion that a dish suits.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Meal {
    Breakfast,
    Lunch,
    Dinner,
    Snack,
}

impl Meal {
    /// Every occasion, in the order of the day.
    pub const ALL: [Self; 4] = [Self::Breakfast, Self::Lunch, Self::Dinner, Self::Snack];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Breakfast => "BREAKFAST",
            Self::Lunch => "LUNCH",
            Self::Dinner => "DINNER",
            Self::Snack => "SNACK",
        }
    }

    /// The occasion of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|meal| meal.key().eq_ignore_ascii_case(key))
    }
}

/// So much of a food in one serving.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Portion {
    /// The food.
    pub ndb_no: NdbNo,
    /// Edible weight, in grams.
    pub grams: Amount,
}

/// A nutrient of a dish: at least `amount`, known for `known_permille` of its weight.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The sum over the foods whose value is known, in the nutrient's unit, a serving. A multiple
    /// of four thousandths, so that a quarter serving is exact.
    pub amount: Amount,
    /// The share of the dish's weight whose value is known, in thousandths.
    pub known_permille: i64,
}

/// How to cook a dish.
pub type Steps = Localized<Vec<String>>;

/// A dish of the catalogue. All but the first fields follow from its foods.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dish {
    /// Its name in addresses.
    pub id: DishId,
    /// Its name for people.
    pub name: Localized<String>,
    /// Where it comes from: `mexican`, `mediterranean`, …
    pub cuisine: String,
    /// The occasions that it suits.
    pub meals: BTreeSet<Meal>,
    /// Time to make it, in minutes.
    pub minutes: i64,
    /// An illustrative cost of the ingredients of one serving, in US cents.
    pub cost: i64,
    /// What is in one serving, most first.
    pub foods: Vec<Portion>,
    /// The union of its foods' allergens.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeSet<crate::allergen::Allergen>))]
    pub allergens: Allergens,
    /// The patterns that its composition allows.
    pub diets: BTreeSet<Diet>,
    /// Edible grams by nutritional group.
    pub groups: BTreeMap<FoodGroup, Amount>,
    /// What one serving contains.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<Nutrient, Content>))]
    pub nutrients: Nutrients<Content>,
}
