use super::*;
use crate::profile::{Activity, ProfileDraft, Sex};

/// A profile from the fields that differ from an ordinary one.
fn profile(change: impl FnOnce(&mut ProfileDraft)) -> Profile {
    let mut draft = ProfileDraft {
        sex: Some("FEMALE".into()),
        age: Some(35.0),
        height_cm: Some(165.0),
        weight_kg: Some(70.0),
        activity: Some("SEDENTARY".into()),
        ..ProfileDraft::default()
    };
    change(&mut draft);
    draft.validate().unwrap()
}

fn at_least(targets: &Targets, nutrient: Nutrient) -> Amount {
    let target = targets
        .nutrients
        .iter()
        .find(|target| target.nutrient == nutrient)
        .unwrap();
    target.at_least.as_ref().unwrap().amount
}

fn at_most(targets: &Targets, nutrient: Nutrient) -> Option<Amount> {
    let target = targets
        .nutrients
        .iter()
        .find(|target| target.nutrient == nutrient)?;
    target.at_most.as_ref().map(|value| value.amount)
}

/// A published example: a woman of 35 years, 70 kg and 165 cm rests at 1,395.25 kcal.
#[test]
fn mifflin_st_jeor_meets_a_published_example() {
    let targets = targets(&profile(|_| {}));
    assert_eq!(targets.resting_energy, Some(1395));
    // 1,395.25 × 1.2 = 1,674.3.
    assert_eq!(targets.maintenance_energy, 1674);
}

/// A man of 30 years, 80 kg, 180 cm: 800 + 1,125 − 150 + 5.
#[test]
fn activity_multiplies_the_whole_resting_energy() {
    let man = |activity: &str| {
        profile(|draft| {
            draft.sex = Some("MALE".into());
            draft.age = Some(30.0);
            draft.height_cm = Some(180.0);
            draft.weight_kg = Some(80.0);
            draft.activity = Some(activity.into());
        })
    };
    let expected = [
        ("SEDENTARY", 2136),
        ("LIGHT", 2448),
        ("MODERATE", 2759),
        ("ACTIVE", 3071),
        ("VERY_ACTIVE", 3382),
    ];
    for (activity, energy) in expected {
        let targets = targets(&man(activity));
        assert_eq!(targets.resting_energy, Some(1780));
        assert_eq!(targets.maintenance_energy, energy, "{activity}");
        // With the factor on the weight term alone: 80 × 10 × 1.55 + 980 = 2,220 for moderate.
        assert_ne!(targets.maintenance_energy, 2220);
    }
}

/// The equations as Health Canada publishes them (DRI tables: equations to estimate energy
/// requirement), by hand for a man of 40 years, 175 cm, 75 kg and a woman of 30 years, 165 cm, 60 kg.
#[test]
fn eer_2023_by_category() {
    let energy = |sex: &str, activity: &str| {
        let profile = profile(|draft| {
            let (age, cm, kg) = if sex == "MALE" {
                (40.0, 175.0, 75.0)
            } else {
                (30.0, 165.0, 60.0)
            };
            draft.sex = Some(sex.into());
            draft.age = Some(age);
            draft.height_cm = Some(cm);
            draft.weight_kg = Some(kg);
            draft.activity = Some(activity.into());
            draft.energy_equation = Some("EER_2023".into());
        });
        targets(&profile).maintenance_energy
    };
    // 753.07 − 433.2 + 1,137.5 + 1,057.5 = 2,514.87
    assert_eq!(energy("MALE", "SEDENTARY"), 2515);
    assert_eq!(energy("MALE", "LIGHT"), 2515);
    // 581.47 − 433.2 + 1,452.5 + 1,120.5 = 2,721.27
    assert_eq!(energy("MALE", "MODERATE"), 2721);
    // 1,004.82 − 433.2 + 1,141 + 1,193.25 = 2,905.87
    assert_eq!(energy("MALE", "ACTIVE"), 2906);
    // −517.88 − 433.2 + 2,731.75 + 1,433.25 = 3,213.92
    assert_eq!(energy("MALE", "VERY_ACTIVE"), 3214);
    // 584.90 − 210.3 + 943.8 + 702.6 = 2,021.0
    assert_eq!(energy("FEMALE", "SEDENTARY"), 2021);
    // 511.83 − 210.3 + 1,496.55 + 753.6 = 2,551.68
    assert_eq!(energy("FEMALE", "VERY_ACTIVE"), 2552);
}

#[test]
fn each_activity_has_an_eer_category() {
    assert_eq!(Activity::ALL.map(energy::eer_category), [0, 0, 1, 2, 3]);
}

#[test]
fn goals_move_energy_and_never_below_the_floor() {
    let base = targets(&profile(|draft| draft.activity = Some("MODERATE".into())));
    let losing = targets(&profile(|draft| {
        draft.activity = Some("MODERATE".into());
        draft.direction = Some("LOSE".into());
        draft.pace_kcal = Some(500.0);
    }));
    assert_eq!(losing.energy, base.energy - 500);
    assert_eq!(losing.maintenance_energy, base.maintenance_energy);
    let old = targets(&profile(|draft| {
        draft.age = Some(90.0);
        draft.height_cm = Some(150.0);
        draft.weight_kg = Some(45.0);
    }));
    assert_eq!(old.energy, 1200);
    assert!(old.notes.contains(&TargetNote::EnergyRaisedToMinimum));
}

#[test]
fn references_follow_sex_age_and_life_stage() {
    let woman = targets(&profile(|_| {}));
    assert_eq!(at_least(&woman, Nutrient::Iron), Amount::whole(18));
    assert_eq!(at_least(&woman, Nutrient::Fiber), Amount::whole(25));
    let pregnant = targets(&profile(|draft| {
        draft.life_stage = Some("PREGNANCY".into())
    }));
    assert_eq!(at_least(&pregnant, Nutrient::Iron), Amount::whole(27));
    assert_eq!(at_least(&pregnant, Nutrient::Folate), Amount::whole(600));
    assert_eq!(pregnant.energy, woman.energy + 340);
    assert!(pregnant.notes.contains(&TargetNote::LifeStageEnergyAdded));
    let old = targets(&profile(|draft| draft.age = Some(75.0)));
    assert_eq!(at_least(&old, Nutrient::VitaminD), Amount::whole(20));
    assert_eq!(at_least(&old, Nutrient::Iron), Amount::whole(8));
}

#[test]
fn limits_have_their_real_scope_and_unit() {
    let targets = targets(&profile(|_| {}));
    // 10,000 µg and 900 µg, in milligrams.
    assert_eq!(at_most(&targets, Nutrient::Copper), Some(Amount::whole(10)));
    assert_eq!(at_least(&targets, Nutrient::Copper), Amount(900));
    assert_eq!(
        at_most(&targets, Nutrient::Retinol),
        Some(Amount::whole(3000))
    );
    assert_eq!(at_most(&targets, Nutrient::VitaminA), None);
    assert_eq!(
        at_most(&targets, Nutrient::FolicAcid),
        Some(Amount::whole(1000))
    );
    assert_eq!(at_most(&targets, Nutrient::Folate), None);
    for supplements_only in [Nutrient::Magnesium, Nutrient::Niacin, Nutrient::VitaminE] {
        assert_eq!(at_most(&targets, supplements_only), None);
    }
    assert_eq!(
        at_most(&targets, Nutrient::Sodium),
        Some(Amount::whole(2300))
    );
    let sodium = targets
        .nutrients
        .iter()
        .find(|target| target.nutrient == Nutrient::Sodium);
    assert_eq!(sodium.unwrap().at_least, None);
    assert_eq!(
        at_most(&targets, Nutrient::VitaminB6),
        Some(Amount::whole(100))
    );
}

#[test]
fn efsa_by_choice() {
    let efsa = |change: fn(&mut ProfileDraft)| {
        targets(&profile(|draft| {
            draft.reference_set = Some("EFSA".into());
            change(draft);
        }))
    };
    let woman = efsa(|_| {});
    assert_eq!(at_least(&woman, Nutrient::Iron), Amount::whole(16));
    assert_eq!(at_least(&woman, Nutrient::Zinc), Amount(9300));
    assert_eq!(at_least(&woman, Nutrient::Calcium), Amount::whole(950));
    assert_eq!(
        at_most(&woman, Nutrient::VitaminB6),
        Some(Amount::whole(12))
    );
    assert_eq!(at_most(&woman, Nutrient::Sodium), Some(Amount::whole(2000)));
    // 0.83 g × 70 kg.
    assert_eq!(woman.protein.0, Amount(58_100));
    // 0.1 mg/MJ × 1,674 kcal × 4.184 kJ.
    assert_eq!(at_least(&woman, Nutrient::Thiamin), Amount(700));
    assert_eq!(
        at_least(
            &efsa(|draft| draft.diet = Some("VEGAN".into())),
            Nutrient::Zinc
        ),
        Amount::whole(11)
    );
    assert_eq!(
        at_least(&efsa(|draft| draft.age = Some(60.0)), Nutrient::Iron),
        Amount::whole(11)
    );
    assert_eq!(
        at_least(&efsa(|draft| draft.age = Some(20.0)), Nutrient::Calcium),
        Amount::whole(1000)
    );
}

#[test]
fn macronutrients_keep_their_ranges() {
    let woman = targets(&profile(|_| {}));
    // 1,674 kcal: 45 % / 4 = 188.325 g, 35 % / 9 = 65.1 g, a tenth / 9 = 18.6 g.
    assert_eq!(woman.carbohydrate.0, Amount(188_325));
    assert_eq!(woman.fat.1, Amount(65_100));
    assert_eq!(
        at_most(&woman, Nutrient::SaturatedFat),
        Some(Amount(18_600))
    );
    assert_eq!(woman.protein.0, Amount::whole(56));
    let keto = targets(&profile(|draft| draft.diet = Some("KETO".into())));
    assert_eq!(keto.carbohydrate, (Amount::ZERO, Amount::whole(50)));
    assert!(keto.notes.contains(&TargetNote::KetoBreaksReferences));
}

#[test]
fn every_group_of_people_has_references() {
    for sex in Sex::ALL {
        for life_stage in LifeStage::ALL {
            for age in 14..=120 {
                let mut profile = profile(|_| {});
                (profile.sex, profile.age, profile.life_stage) = (sex, age, life_stage);
                let valid = life_stage == LifeStage::None
                    || (sex == Sex::Female && age <= Profile::LIFE_STAGE_AGE_MOST);
                if valid {
                    assert!(
                        targets(&profile).nutrients.len() >= 28,
                        "{sex:?} {age} {life_stage:?}"
                    );
                }
            }
        }
    }
}
