//! A plan: a week of meals, as it is stored, sent and shown.

use crate::amount::Amount;
use crate::dish::{DishId, Meal};
use crate::nutrient::{Nutrient, Nutrients};
use crate::target::Targets;
use crate::text::Localized;
use crate::week::{Date, IsoWeek};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A week of meals that meets the targets of a profile.
///
/// The same profile, week, catalogue and engine give the same bytes of JSON.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The week.
    pub week: IsoWeek,
    /// What it was computed from: see [`crate::engine::input_hash`].
    pub input_hash: String,
    /// Version of the engine.
    pub engine_version: i64,
    /// Version of the catalogue.
    pub catalogue_version: String,
    /// What a day had to reach.
    pub targets: Targets,
    /// Monday to Sunday.
    pub days: Vec<PlanDay>,
    /// The whole week against the targets, in the order of [`Nutrient::ALL`].
    pub adherence: Vec<Adherence>,
    /// Grams of the week by nutritional group are in the dishes; the cost is here, in US cents.
    pub cost: i64,
    /// What falls short, in words' stead.
    pub warnings: Vec<Warning>,
    /// The objective's value: penalty points, 0 is best.
    pub score: i64,
}

/// A day of a plan.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanDay {
    /// The date.
    pub date: Date,
    /// In the order in which they are eaten.
    pub meals: Vec<PlannedMeal>,
    /// Sum of the meals.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<Nutrient, Amount>))]
    pub totals: Nutrients<Amount>,
}

/// A dish at its place in a day.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedMeal {
    /// The occasion.
    pub meal: Meal,
    /// The dish.
    pub dish_id: DishId,
    /// Its name when the plan was made.
    pub name: Localized<String>,
    /// Servings, in steps of a quarter.
    pub servings: Amount,
    /// What these servings contain.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<Nutrient, Amount>))]
    pub nutrients: Nutrients<Amount>,
}

/// A nutrient of the week, a day in the mean, against its target.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adherence {
    /// The nutrient.
    pub nutrient: Nutrient,
    /// The mean a day over foods whose value is known: "at least".
    pub mean: Amount,
    /// Share of the week's weight whose value is known, in thousandths.
    pub known_permille: i64,
    /// Where it stands.
    pub status: AdherenceStatus,
}

/// Where a nutrient stands against its reference.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AdherenceStatus {
    /// No reference.
    NoReference,
    /// The known foods alone reach it.
    Reached,
    /// Within a tenth below it.
    Near,
    /// Short of it, or unknown for too much of the week to say.
    Short,
    /// Above its limit.
    AboveLimit,
}

/// What the member should know of a plan.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Warning {
    /// A nutrient stays short, in percent of its target.
    Short {
        /// Which.
        nutrient: Nutrient,
        /// Percent reached.
        percent: i64,
    },
    /// A nutrient exceeds a limit that is a goal, not a safety bound, in percent of it.
    Above {
        /// Which.
        nutrient: Nutrient,
        /// Percent of the limit.
        percent: i64,
    },
    /// Fewer than two fish dishes although the pattern allows them.
    FewFishDishes {
        /// How many.
        dishes: i64,
    },
}

/// SHA-256, in hexadecimal, of a plan's JSON: the same wherever the same plan was computed.
#[must_use]
pub fn digest(plan: &Plan) -> String {
    // Strings, integers and finite numbers always have a JSON form.
    let json = serde_json::to_vec(plan).unwrap_or_default();
    crate::engine::hexadecimal(&Sha256::digest(json))
}
