//! How much energy: equations, activity, life stage, goal, and the floor that no plan goes below.

use super::reference;
use crate::profile::{Activity, Direction, EnergyEquation, LifeStage, Profile, Sex};

/// Energy added in pregnancy, in kcal a day: the second trimester's (IOM 2005, Dietary Reference
/// Intakes for Energy …, chapter 5; +0, +340 and +452 by trimester). A profile has no trimester, and
/// this one's is the middle.
const PREGNANCY_ENERGY: i64 = 340;
/// Energy added in lactation, in kcal a day: the first six months' (IOM 2005: 500 for the milk less
/// 170 from the body's stores; 400 later on).
const LACTATION_ENERGY: i64 = 330;

/// Energy a day, in whole kcal.
pub(super) struct Energy {
    pub resting: Option<i64>,
    pub maintenance: i64,
    /// What to eat, before the floor.
    pub wanted: i64,
    /// The least that any plan sets.
    pub floor: i64,
}

/// `constant + age + cm + kg` in thousandths of a kcal.
fn linear(terms: [i64; 4], profile: &Profile) -> i64 {
    let [constant, age, cm, kg] = terms;
    constant + age * profile.age + cm * profile.height_cm + kg * profile.weight_kg.0 / 1000
}

fn rounded(thousandths: i64) -> i64 {
    (thousandths + 500).div_euclid(1000)
}

/// The EER category of an activity: the one whose range of physical activity levels holds the
/// activity's factor. Sedentary and light are inactive, moderate is low active, the others keep
/// their names.
pub(super) fn eer_category(activity: Activity) -> usize {
    let factor = reference::ACTIVITY_FACTORS[activity as usize];
    let below = reference::EER_CATEGORY_ENDS
        .iter()
        .filter(|end| factor >= **end)
        .count();
    below.min(reference::EER_CATEGORY_ENDS.len() - 1)
}

pub(super) fn energy(profile: &Profile) -> Energy {
    let sex = profile.sex as usize;
    let (resting, expended) = match profile.energy_equation {
        EnergyEquation::MifflinStJeor => {
            let resting = linear(reference::MIFFLIN[sex], profile);
            // The factor multiplies the whole of the resting energy, not its weight term alone.
            let factor = reference::ACTIVITY_FACTORS[profile.activity as usize];
            (Some(rounded(resting)), resting * factor / 1000)
        }
        EnergyEquation::Eer2023 => {
            let category = eer_category(profile.activity);
            (None, linear(reference::EER[sex][category], profile))
        }
    };
    let added = match profile.life_stage {
        LifeStage::None => 0,
        LifeStage::Pregnancy => PREGNANCY_ENERGY,
        LifeStage::Lactation => LACTATION_ENERGY,
    };
    let maintenance = rounded(expended) + added;
    let change = match profile.direction {
        Direction::Lose => -profile.pace_kcal,
        Direction::Maintain => 0,
        Direction::Gain => profile.pace_kcal,
    };
    let floor = match profile.sex {
        Sex::Female => reference::FEMALE_ENERGY_LEAST,
        Sex::Male => reference::MALE_ENERGY_LEAST,
    };
    Energy {
        resting,
        maintenance,
        wanted: maintenance + change,
        floor,
    }
}
