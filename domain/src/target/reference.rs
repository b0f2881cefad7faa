//! The reference tables, generated from the data files, and how a profile is looked up in them.

use super::{NutrientTarget, ReferenceKind, ReferenceValue};
use crate::amount::Amount;
use crate::diet::Diet;
use crate::nutrient::Nutrient;
use crate::profile::{LifeStage, Profile, Sex};

include!(concat!(env!("OUT_DIR"), "/reference.rs"));

/// A row of the US tables, by nutrient. Amounts in thousandths of the nutrient's unit, a day.
struct UsValue {
    nutrient: Nutrient,
    target: i64,
    kind: ReferenceKind,
    /// A limit whose scope food can answer for, at the nutrient that it counts.
    limit: Option<(Nutrient, i64, ReferenceKind)>,
    source: &'static str,
}

/// The US values of one group of people.
struct UsBand {
    sex: Sex,
    life_stage: LifeStage,
    /// In years, both inclusive.
    ages: (i64, i64),
    values: &'static [UsValue],
}

/// What an EFSA value is counted by.
#[derive(Clone, Copy)]
enum Basis {
    Day,
    /// Of body weight.
    Kilogram,
    /// Of energy eaten.
    Megajoule,
}

/// A row of EFSA's adult table. Amounts in thousandths of the nutrient's unit.
struct EfsaValue {
    nutrient: Nutrient,
    sex: Sex,
    ages: (i64, i64),
    amount: i64,
    basis: Basis,
    kind: ReferenceKind,
}

/// EFSA's upper level of vitamin B6 of 2023, in thousandths of a milligram a day.
const EFSA_B6_LIMIT: i64 = 12_000;

/// The age from which EFSA's lower iron value, that for women after the menopause, is used: the
/// US tables make the same step there.
const MENOPAUSE_AGE: i64 = 51;

const EFSA_SOURCE: &str = "EFSA DRV";

/// Targets and limits of each nutrient with a reference, by [`Nutrient::ALL`].
///
/// Macronutrients are left to the caller: their ranges depend on the diet.
pub(super) fn nutrients(profile: &Profile, energy: i64) -> [NutrientTarget; Nutrient::COUNT] {
    let mut table = Nutrient::ALL.map(|nutrient| NutrientTarget {
        nutrient,
        at_least: None,
        at_most: None,
    });
    us(profile, &mut table);
    if profile.reference_set == crate::profile::ReferenceSet::Efsa {
        efsa(profile, energy, &mut table);
    }
    table
}

/// The band of a profile. The tables have no pregnancy or lactation beyond fifty, and a valid
/// profile none there either; the youngest and oldest bands take whoever lies outside.
fn us_band(profile: &Profile) -> Option<&'static UsBand> {
    let group = |band: &&UsBand| band.sex == profile.sex && band.life_stage == profile.life_stage;
    US.iter()
        .filter(group)
        .find(|band| profile.age <= band.ages.1)
        .or_else(|| US.iter().rfind(group))
}

fn us(profile: &Profile, table: &mut [NutrientTarget; Nutrient::COUNT]) {
    for value in us_band(profile).map_or(&[][..], |band| band.values) {
        // Sodium's adequate intake is met by any food; chasing it would only add salt.
        if value.nutrient != Nutrient::Sodium {
            table[value.nutrient as usize].at_least = Some(ReferenceValue {
                amount: Amount(value.target),
                kind: value.kind,
                source: value.source.to_owned(),
            });
        }
        if let Some((limited, amount, kind)) = value.limit {
            table[limited as usize].at_most = Some(ReferenceValue {
                amount: Amount(amount),
                kind,
                source: value.source.to_owned(),
            });
        }
    }
}

/// Replaces the US targets by EFSA's. Upper levels stay those of the US tables, which the data has,
/// but for vitamin B6, whose European one is far lower; sodium's limit is EFSA's safe and adequate
/// intake.
fn efsa(profile: &Profile, energy: i64, table: &mut [NutrientTarget; Nutrient::COUNT]) {
    // EFSA gives zinc by the phytate of the diet, 300, 600, 900 and 1,200 mg a day in this order;
    // 600 stands for mixed diets, 900 for those whose protein comes from pulses and grains.
    let zinc_level = match profile.diet {
        Diet::Vegetarian | Diet::Vegan => 2,
        _ => 1,
    };
    // Iron for women: before and after the menopause in this order; for men there is one.
    let iron_level = usize::from(profile.sex == Sex::Female && profile.age >= MENOPAUSE_AGE);
    let mut seen = [0_usize; Nutrient::COUNT];
    for value in &EFSA {
        let (from, to) = value.ages;
        if value.sex != profile.sex || profile.age < from || profile.age > to {
            continue;
        }
        let level = seen[value.nutrient as usize];
        seen[value.nutrient as usize] += 1;
        let wanted = match value.nutrient {
            Nutrient::Zinc => zinc_level,
            Nutrient::Iron => iron_level,
            _ => 0,
        };
        if level != wanted {
            continue;
        }
        let amount = Amount(match value.basis {
            Basis::Day => value.amount,
            Basis::Kilogram => value.amount * profile.weight_kg.0 / 1000,
            // 4.184 kJ a kilocalorie.
            Basis::Megajoule => value.amount * energy * 4184 / 1_000_000,
        });
        let reference = ReferenceValue {
            amount,
            kind: value.kind,
            source: EFSA_SOURCE.to_owned(),
        };
        let target = &mut table[value.nutrient as usize];
        if value.nutrient == Nutrient::Sodium {
            target.at_most = Some(ReferenceValue {
                kind: ReferenceKind::Guideline,
                ..reference
            });
        } else {
            target.at_least = Some(reference);
        }
    }
    table[Nutrient::VitaminB6 as usize].at_most = Some(ReferenceValue {
        amount: Amount(EFSA_B6_LIMIT),
        kind: ReferenceKind::Ul,
        source: EFSA_SOURCE.to_owned(),
    });
}
