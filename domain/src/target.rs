//! Targets: what a day must reach, and must not exceed, with the source of each number.

use crate::amount::Amount;
use crate::diet::Diet;
use crate::nutrient::Nutrient;
use crate::profile::{Direction, EnergyEquation, LifeStage, Profile, ReferenceSet};
use serde::{Deserialize, Serialize};

mod energy;
mod reference;
#[cfg(test)]
mod tests;

/// What kind of reference value a number is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// Resting energy, in kcal a day; `None` where the equation gives the total only.
    pub resting_energy: Option<i64>,
    /// Energy that keeps the weight, in kcal a day.
    pub maintenance_energy: i64,
    /// Energy to eat, in kcal a day.
    pub energy: i64,
    /// Grams of protein a day: least and most. The least binds each day of a plan.
    pub protein: (Amount, Amount),
    /// Grams of fat a day: least and most.
    pub fat: (Amount, Amount),
    /// Grams of carbohydrate a day: least and most. Of a keto pattern the most is of net
    /// carbohydrate, without fibre, and binds each day of a plan.
    pub carbohydrate: (Amount, Amount),
    /// Nutrients with a reference, in the order of [`Nutrient::ALL`].
    pub nutrients: Vec<NutrientTarget>,
    /// What the member should know of these targets.
    pub notes: Vec<TargetNote>,
}

/// Something to know about a set of targets.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// The equation gives less than the least that any plan sets, 1,200 kcal a day for women and
    /// 1,500 for men; the plan has that least.
    EnergyRaisedToMinimum,
}

/// Least protein for each kilogram of body weight, in grams (RDA of adults, NASEM DRI).
const PROTEIN_A_KILOGRAM: Amount = Amount(800);
/// Ranges for 14 to 18 where they differ from the adults' (IOM 2005), in percent of energy.
const TEEN_FAT_RANGE: (i64, i64) = (25, 35);
const TEEN_PROTEIN_RANGE: (i64, i64) = (10, 30);
/// The most net carbohydrate of a keto day: 50 g, the usual definition of a ketogenic diet, or a
/// tenth of energy where that is more.
const KETO_CARBOHYDRATE_GRAMS: Amount = Amount::whole(50);
const KETO_CARBOHYDRATE_MOST: i64 = 10;
/// What energy is left for fat when protein and carbohydrate stay in a keto day's ranges, in
/// percent: 100 less the most of both, and 100 less the least of both.
const KETO_FAT_RANGE: (i64, i64) = (55, 90);

/// Energy of a gram, in kcal (Atwater's general factors).
const KCAL_A_GRAM_PROTEIN: i64 = 4;
const KCAL_A_GRAM_CARBOHYDRATE: i64 = 4;
const KCAL_A_GRAM_FAT: i64 = 9;

/// The grams that are `percent` of `energy` kcal.
const fn grams(percent: i64, energy: i64, kcal_a_gram: i64) -> Amount {
    Amount(percent * energy * 10 / kcal_a_gram)
}

/// Everything that a profile asks of a day.
///
/// Energy is the equation's, plus what pregnancy or lactation adds, plus or minus the goal's pace,
/// and never below 1,200 kcal (women) or 1,500 kcal (men). Ranges of macronutrients follow from it.
/// Where a range is narrower than a reference in grams allows, the reference wins.
#[must_use]
pub fn targets(profile: &Profile) -> Targets {
    let energy::Energy {
        resting,
        maintenance,
        wanted,
        floor,
    } = energy::energy(profile);
    let energy = wanted.max(floor);
    let teen = profile.age < Profile::ADULT_AGE;
    let keto = profile.diet == Diet::Keto;
    let efsa = profile.reference_set == ReferenceSet::Efsa;
    let mut table = reference::nutrients(profile, energy);
    let reference_of = |nutrient: Nutrient| {
        table[nutrient as usize]
            .at_least
            .as_ref()
            .map_or(Amount::ZERO, |value| value.amount)
    };
    let range = |(least, most): (i64, i64), kcal: i64| {
        (grams(least, energy, kcal), grams(most, energy, kcal))
    };

    let protein_range = if teen {
        TEEN_PROTEIN_RANGE
    } else {
        reference::PROTEIN_RANGE
    };
    let (protein_share, protein_most) = range(protein_range, KCAL_A_GRAM_PROTEIN);
    let protein_least = reference_of(Nutrient::Protein)
        .max(Amount(PROTEIN_A_KILOGRAM.0 * profile.weight_kg.0 / 1000))
        .max(protein_share);
    let protein = (protein_least, protein_most.max(protein_least));
    let fat_range = match (keto, teen, efsa) {
        (true, ..) => KETO_FAT_RANGE,
        (_, true, _) => TEEN_FAT_RANGE,
        (.., true) => reference::EFSA_FAT_RANGE,
        _ => reference::FAT_RANGE,
    };
    let fat = range(fat_range, KCAL_A_GRAM_FAT);
    let carbohydrate = if keto {
        let share = grams(KETO_CARBOHYDRATE_MOST, energy, KCAL_A_GRAM_CARBOHYDRATE);
        (Amount::ZERO, share.max(KETO_CARBOHYDRATE_GRAMS))
    } else {
        let percent = if efsa {
            reference::EFSA_CARBOHYDRATES_RANGE
        } else {
            reference::CARBOHYDRATE_RANGE
        };
        let (least, most) = range(percent, KCAL_A_GRAM_CARBOHYDRATE);
        // EFSA's table has no amount in grams; the US one stands in it then and is not its.
        let reference = if efsa {
            Amount::ZERO
        } else {
            reference_of(Nutrient::Carbohydrate)
        };
        let least = least.max(reference);
        (least, most.max(least))
    };

    let source = if efsa { "EFSA DRV" } else { "NASEM DRI" };
    let value = |amount: Amount, kind: ReferenceKind| {
        Some(ReferenceValue {
            amount,
            kind,
            source: source.to_owned(),
        })
    };
    let mut set = |nutrient: Nutrient, least: Amount, most: Amount| {
        let target = &mut table[nutrient as usize];
        // The published reference keeps its kind where it is the one that binds.
        let published = target
            .at_least
            .take()
            .filter(|reference| reference.amount == least);
        target.at_least = published
            .or_else(|| value(least, ReferenceKind::Range).filter(|_| least > Amount::ZERO));
        target.at_most = value(most, ReferenceKind::Range);
    };
    set(Nutrient::Protein, protein.0, protein.1);
    set(Nutrient::Fat, fat.0, fat.1);
    if keto {
        // The limit counts net carbohydrate, for which there is no row.
        table[Nutrient::Carbohydrate as usize].at_least = None;
    } else {
        set(Nutrient::Carbohydrate, carbohydrate.0, carbohydrate.1);
    }
    table[Nutrient::SaturatedFat as usize].at_most = Some(ReferenceValue {
        amount: grams(reference::SATURATED_FAT_MOST, energy, KCAL_A_GRAM_FAT),
        kind: ReferenceKind::Guideline,
        source: "Dietary Guidelines".to_owned(),
    });

    Targets {
        resting_energy: resting,
        maintenance_energy: maintenance,
        energy,
        protein,
        fat,
        carbohydrate,
        nutrients: table
            .into_iter()
            .filter(|target| target.at_least.is_some() || target.at_most.is_some())
            .collect(),
        notes: notes(profile, wanted < floor),
    }
}

fn notes(profile: &Profile, raised: bool) -> Vec<TargetNote> {
    let mut notes = Vec::new();
    let mut note = |applies: bool, note: TargetNote| {
        if applies {
            notes.push(note);
        }
    };
    note(profile.diet == Diet::Keto, TargetNote::KetoBreaksReferences);
    note(
        matches!(profile.diet, Diet::Halal | Diet::Kosher),
        TargetNote::NotCertified,
    );
    note(profile.diet == Diet::Vegan, TargetNote::VeganB12);
    note(
        profile.age < Profile::ADULT_AGE
            && profile.energy_equation == EnergyEquation::MifflinStJeor,
        TargetNote::AdultEquationForTeen,
    );
    note(
        profile.life_stage != LifeStage::None,
        TargetNote::LifeStageEnergyAdded,
    );
    note(raised, TargetNote::EnergyRaisedToMinimum);
    notes
}

/// The safe minimum in kcal a day, where a goal to lose weight would go below it.
pub(crate) fn below_safe_energy(profile: &Profile) -> Option<i64> {
    let energy = energy::energy(profile);
    (profile.direction == Direction::Lose && energy.wanted < energy.floor).then_some(energy.floor)
}
