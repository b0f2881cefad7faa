//! Who a member is and what they may eat.

use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::diet::Diet;
use crate::dish::DishId;
use crate::food::NdbNo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Sex, as reference values and energy equations distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Sex {
    Female,
    Male,
}

/// Life stage with reference values of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LifeStage {
    #[default]
    None,
    Pregnancy,
    Lactation,
}

/// How much somebody moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Activity {
    Sedentary,
    Light,
    Moderate,
    Active,
    VeryActive,
}

/// The equation that energy is computed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnergyEquation {
    /// Mifflin-St Jeor 1990, times an activity factor.
    #[default]
    MifflinStJeor,
    /// NASEM's Estimated Energy Requirement of 2023, for adults.
    Eer2023,
}

/// Whose reference values are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReferenceSet {
    /// Dietary Reference Intakes of the United States and Canada.
    #[default]
    UsDri,
    /// Dietary Reference Values of the European Food Safety Authority, adults only.
    Efsa,
}

/// What somebody wants their weight to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Lose,
    #[default]
    Maintain,
    Gain,
}

/// A member's profile, every value within its bounds.
///
/// Made by [`ProfileDraft::validate`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Sex.
    pub sex: Sex,
    /// Age in years, 14 to 120.
    pub age: i64,
    /// Height in centimetres, 100 to 250.
    pub height_cm: i64,
    /// Weight in kilograms, 25 to 350.
    pub weight_kg: Amount,
    /// Life stage.
    pub life_stage: LifeStage,
    /// Activity.
    pub activity: Activity,
    /// Energy equation.
    pub energy_equation: EnergyEquation,
    /// Reference values.
    pub reference_set: ReferenceSet,
    /// What the weight shall do.
    pub direction: Direction,
    /// By how much a day, in kcal: 250, 500 or 750; 0 where the weight is kept.
    pub pace_kcal: i64,
    /// Diet pattern.
    pub diet: Diet,
    /// Allergens that no meal may contain.
    pub allergens: Allergens,
    /// Foods that no meal may contain.
    pub disliked_foods: BTreeSet<NdbNo>,
    /// Dishes that no week may contain.
    pub disliked_dishes: BTreeSet<DishId>,
    /// Meals a day, 3 to 6: breakfast, lunch, dinner and up to three snacks.
    pub meals_per_day: i64,
    /// The most that a week may cost, in US cents.
    pub weekly_budget: Option<i64>,
}
