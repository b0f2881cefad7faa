//! Why there is no plan, and what would help.

use crate::allergen::Allergen;
use crate::diet::Diet;
use crate::dish::Meal;
use crate::nutrient::Nutrient;
use serde::{Deserialize, Serialize};
use std::fmt;

/// No week was found that meets every hard constraint.
///
/// The engine searches and does not prove: where constraints leave hardly any week, it may miss the
/// last ones. What it says of conflicts and relaxations was tried with the same search.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Infeasible {
    /// Constraints for which together no week was found, while without any one of them one is.
    /// [`Conflict::FewDishes`] stands before them where it is what they lead to. Never empty.
    pub conflicts: Vec<Conflict>,
    /// Single changes of the profile with each of which the engine does find a week. Leaving out
    /// an allergen is never among them, nor giving up a religious pattern.
    pub relaxations: Vec<Relaxation>,
}

/// A constraint that takes part in a conflict.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Conflict {
    /// The diet pattern.
    Diet {
        /// Which.
        diet: Diet,
    },
    /// An allergen that no meal may contain.
    Allergen {
        /// Which.
        allergen: Allergen,
    },
    /// The disliked foods.
    DislikedFoods,
    /// The disliked dishes.
    DislikedDishes,
    /// The weekly budget, in US cents.
    Budget {
        /// What is allowed.
        cents: i64,
    },
    /// So many meals a day.
    MealsPerDay {
        /// How many.
        meals: i64,
    },
    /// Too few dishes are left for an occasion, each at most two or three times a week.
    FewDishes {
        /// The occasion.
        meal: Meal,
        /// How many are left.
        dishes: i64,
    },
    /// Daily energy within five percent of the target, in kcal.
    Energy {
        /// The target.
        kcal: i64,
    },
    /// Daily protein of at least the reference, in whole grams.
    Protein {
        /// The reference.
        grams: i64,
    },
    /// A weekly upper level.
    UpperLevel {
        /// Of which nutrient.
        nutrient: Nutrient,
    },
    /// The daily limit on net carbohydrate of a keto pattern, in whole grams.
    NetCarbohydrate {
        /// The limit.
        grams: i64,
    },
}

/// A change of the profile that makes a week possible: each was tried.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Relaxation {
    /// Another diet pattern.
    Diet {
        /// The closest one that works.
        diet: Diet,
    },
    /// Allow the disliked foods.
    AllowDislikedFoods,
    /// Allow the disliked dishes.
    AllowDislikedDishes,
    /// Another number of meals a day.
    MealsPerDay {
        /// The nearest one that works.
        meals: i64,
    },
    /// A higher budget, in US cents a week.
    Budget {
        /// The least that the engine found a week for, rounded up to a whole dollar.
        at_least: i64,
    },
    /// A slower change of weight, in kcal a day; 0 keeps the weight.
    Pace {
        /// The fastest one that works.
        pace_kcal: i64,
    },
}

impl fmt::Display for Infeasible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no week meets all of: ")?;
        list(formatter, &self.conflicts)?;
        if !self.relaxations.is_empty() {
            formatter.write_str("; one of these would help: ")?;
            list(formatter, &self.relaxations)?;
        }
        Ok(())
    }
}

impl std::error::Error for Infeasible {}

fn list<T: fmt::Display>(formatter: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            formatter.write_str(", ")?;
        }
        item.fmt(formatter)?;
    }
    Ok(())
}

impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Diet { diet } => write!(formatter, "diet {}", diet.key()),
            Self::Allergen { allergen } => write!(formatter, "without {}", allergen.key()),
            Self::DislikedFoods => formatter.write_str("without the disliked foods"),
            Self::DislikedDishes => formatter.write_str("without the disliked dishes"),
            Self::Budget { cents } => {
                write!(
                    formatter,
                    "at most US${}.{:02} a week",
                    cents / 100,
                    cents % 100
                )
            }
            Self::MealsPerDay { meals } => write!(formatter, "{meals} meals a day"),
            Self::FewDishes { meal, dishes } => {
                write!(formatter, "only {dishes} dishes for {meal:?}")
            }
            Self::Energy { kcal } => write!(formatter, "{kcal} kcal a day"),
            Self::Protein { grams } => write!(formatter, "{grams} g protein a day"),
            Self::UpperLevel { nutrient } => {
                write!(formatter, "upper level of {}", nutrient.key())
            }
            Self::NetCarbohydrate { grams } => {
                write!(formatter, "at most {grams} g net carbohydrate a day")
            }
        }
    }
}

impl fmt::Display for Relaxation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Diet { diet } => write!(formatter, "diet {}", diet.key()),
            Self::AllowDislikedFoods => formatter.write_str("allow the disliked foods"),
            Self::AllowDislikedDishes => formatter.write_str("allow the disliked dishes"),
            Self::MealsPerDay { meals } => write!(formatter, "{meals} meals a day"),
            Self::Budget { at_least } => {
                write!(
                    formatter,
                    "US${}.{:02} a week",
                    at_least / 100,
                    at_least % 100
                )
            }
            Self::Pace { pace_kcal } => write!(formatter, "{pace_kcal} kcal a day of change"),
        }
    }
}
