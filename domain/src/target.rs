//! Targets: what a day must reach, and must not exceed, with the source of each number.

use crate::amount::Amount;
use crate::nutrient::Nutrient;
use serde::{Deserialize, Serialize};

/// What kind of reference value a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReferenceKind {
    /// Recommended Dietary Allowance.
    Rda,
    /// Adequate Intake.
    Ai,
    /// EFSA's Population Reference Intake.
    Pri,
    /// Reference intake range, as a share of energy.
    Range,
    /// Tolerable Upper Intake Level.
    Ul,
    /// Chronic Disease Risk Reduction intake (sodium).
    Cdrr,
    /// A guideline's limit (saturated fat below a tenth of energy).
    Guideline,
}

/// A reference value of a nutrient, a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceValue {
    /// In the nutrient's unit, a day.
    pub amount: Amount,
    /// What kind of value it is.
    pub kind: ReferenceKind,
    /// Whose it is: "NASEM DRI", "NASEM 2019", "EFSA DRV".
    pub source: String,
}

/// What a nutrient shall reach and stay below, a day in the mean of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NutrientTarget {
    /// The nutrient.
    pub nutrient: Nutrient,
    /// What it shall reach.
    pub at_least: Option<ReferenceValue>,
    /// What it shall not exceed. Present only where the limit's scope can be computed from food
    /// (the upper level of vitamin A stands at [`Nutrient::Retinol`], that of folate at
    /// [`Nutrient::FolicAcid`]; those that count supplements only are left out).
    pub at_most: Option<ReferenceValue>,
}

/// Everything that a profile asks of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// Resting energy, in kcal a day; `None` where the equation gives the total only.
    pub resting_energy: Option<i64>,
    /// Energy that keeps the weight, in kcal a day.
    pub maintenance_energy: i64,
    /// Energy to eat, in kcal a day.
    pub energy: i64,
    /// Grams of protein a day: least and most.
    pub protein: (Amount, Amount),
    /// Grams of fat a day: least and most.
    pub fat: (Amount, Amount),
    /// Grams of carbohydrate a day: least and most.
    pub carbohydrate: (Amount, Amount),
    /// Nutrients with a reference, in the order of [`Nutrient::ALL`].
    pub nutrients: Vec<NutrientTarget>,
    /// What the member should know of these targets.
    pub notes: Vec<TargetNote>,
}

/// Something to know about a set of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetNote {
    /// Keto breaks the AMDR and the carbohydrate RDA.
    KetoBreaksReferences,
    /// Halal and kosher are excluded by composition, never certified.
    NotCertified,
    /// Vegans should take vitamin B12 from fortified foods or a supplement.
    VeganB12,
    /// Reference values for 14 to 18 with an energy equation for adults.
    AdultEquationForTeen,
    /// Energy needs of pregnancy and lactation are added to the equation's.
    LifeStageEnergyAdded,
}
