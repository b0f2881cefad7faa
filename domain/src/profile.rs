//! Who a member is and what they may eat.

use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::diet::Diet;
use crate::dish::DishId;
use crate::food::NdbNo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

mod draft;

pub use draft::ProfileDraft;

/// Sex, as reference values and energy equations distinguish it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    /// Every value, in the order in which a form shows them.
    pub const ALL: [Self; 2] = [Self::Female, Self::Male];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Female => "FEMALE",
            Self::Male => "MALE",
        }
    }

    /// The value of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.key().eq_ignore_ascii_case(key))
    }
}

/// Life stage with reference values of its own.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LifeStage {
    #[default]
    None,
    Pregnancy,
    Lactation,
}

impl LifeStage {
    /// Every value, in the order in which a form shows them.
    pub const ALL: [Self; 3] = [Self::None, Self::Pregnancy, Self::Lactation];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Pregnancy => "PREGNANCY",
            Self::Lactation => "LACTATION",
        }
    }

    /// The value of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.key().eq_ignore_ascii_case(key))
    }
}

/// How much somebody moves.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

impl Activity {
    /// Every value, in the order in which a form shows them.
    pub const ALL: [Self; 5] = [
        Self::Sedentary,
        Self::Light,
        Self::Moderate,
        Self::Active,
        Self::VeryActive,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sedentary => "SEDENTARY",
            Self::Light => "LIGHT",
            Self::Moderate => "MODERATE",
            Self::Active => "ACTIVE",
            Self::VeryActive => "VERY_ACTIVE",
        }
    }

    /// The value of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.key().eq_ignore_ascii_case(key))
    }
}

/// The equation that energy is computed by.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnergyEquation {
    /// Mifflin-St Jeor 1990, times an activity factor.
    #[default]
    MifflinStJeor,
    /// NASEM's Estimated Energy Requirement of 2023, for adults.
    #[serde(rename = "EER_2023")]
    Eer2023,
}

impl EnergyEquation {
    /// Every value, in the order in which a form shows them.
    pub const ALL: [Self; 2] = [Self::MifflinStJeor, Self::Eer2023];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::MifflinStJeor => "MIFFLIN_ST_JEOR",
            Self::Eer2023 => "EER_2023",
        }
    }

    /// The value of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.key().eq_ignore_ascii_case(key))
    }
}

/// Whose reference values are used.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReferenceSet {
    /// Dietary Reference Intakes of the United States and Canada.
    #[default]
    UsDri,
    /// Dietary Reference Values of the European Food Safety Authority, adults only.
    Efsa,
}

impl ReferenceSet {
    /// Every value, in the order in which a form shows them.
    pub const ALL: [Self; 2] = [Self::UsDri, Self::Efsa];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::UsDri => "US_DRI",
            Self::Efsa => "EFSA",
        }
    }

    /// The value of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.key().eq_ignore_ascii_case(key))
    }
}

/// What somebody wants their weight to do.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Lose,
    #[default]
    Maintain,
    Gain,
}

impl Direction {
    /// Every value, in the order in which a form shows them.
    pub const ALL: [Self; 3] = [Self::Lose, Self::Maintain, Self::Gain];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Lose => "LOSE",
            Self::Maintain => "MAINTAIN",
            Self::Gain => "GAIN",
        }
    }

    /// The value of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.key().eq_ignore_ascii_case(key))
    }
}

/// A member's profile, every value within its bounds.
///
/// Made by [`ProfileDraft::validate`] alone.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeSet<crate::allergen::Allergen>))]
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

impl Profile {
    /// Ages in years: the reference tables begin at 14.
    pub const AGES: (i64, i64) = (14, 120);
    /// Heights in centimetres.
    pub const HEIGHTS_CM: (i64, i64) = (100, 250);
    /// Weights in kilograms.
    pub const WEIGHTS_KG: (i64, i64) = (25, 350);
    /// Meals a day.
    pub const MEALS_PER_DAY: (i64, i64) = (3, 6);
    /// Weekly budgets, in US cents.
    pub const WEEKLY_BUDGETS: (i64, i64) = (1000, 100_000);
    /// Changes of energy that a goal may ask for, in kcal a day.
    pub const PACES_KCAL: [i64; 3] = [250, 500, 750];
    /// The age from which equations and references count somebody as an adult.
    pub const ADULT_AGE: i64 = 19;
    /// The last age with reference values for pregnancy and lactation.
    pub const LIFE_STAGE_AGE_MOST: i64 = 50;
}

/// Whether the body mass index lies below 18.5 kg/m², computed without a division.
fn underweight(height_cm: i64, weight_kg: Amount) -> bool {
    // kg / (cm/100)² < 18.5, and the weight is in grams.
    weight_kg.0 * 100 * 100 < 18_500 * height_cm * height_cm
}
