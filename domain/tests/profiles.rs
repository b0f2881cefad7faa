//! What a profile may be, and what is said of one that may not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{CATALOGUE, Sequence, profile};
use domain::amount::Amount;
use domain::invalid::{InvalidCode, InvalidField};
use domain::profile::{Direction, Profile, ProfileDraft};
use serde_json::{Value, json};

fn draft(change: Value) -> ProfileDraft {
    let mut draft = json!({
        "sex": "FEMALE", "age": 30, "heightCm": 168, "weightKg": 64, "activity": "MODERATE"
    });
    draft
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    serde_json::from_value(draft).unwrap()
}

fn refused(change: Value) -> Vec<InvalidField> {
    draft(change).validate().unwrap_err()
}

fn only(change: Value) -> (String, InvalidCode) {
    let mut fields = refused(change);
    assert_eq!(fields.len(), 1, "{fields:?}");
    let field = fields.remove(0);
    (field.field, field.code)
}

#[test]
fn what_is_missing_has_a_default_or_is_required() {
    let profile = draft(json!({})).validate().unwrap();
    assert_eq!(profile.meals_per_day, 3);
    assert_eq!(profile.direction, Direction::Maintain);
    assert_eq!(profile.pace_kcal, 0);
    let fields = ProfileDraft::default().validate().unwrap_err();
    let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(names, ["sex", "age", "heightCm", "weightKg", "activity"]);
    assert!(
        fields
            .iter()
            .all(|field| field.code == InvalidCode::Required)
    );
}

#[test]
fn all_bad_fields_are_named_at_once() {
    let fields = refused(json!({
        "age": 300, "heightCm": 0, "weightKg": 64.25, "activity": "FLYING",
        "allergens": ["EGG", "KRYPTONITE"], "dislikedFoods": ["1"], "dislikedDishes": ["Ñ"],
        "mealsPerDay": 2.5, "weeklyBudget": 1
    }));
    let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    let expected = [
        "age",
        "heightCm",
        "activity",
        "allergens[1]",
        "dislikedFoods[0]",
        "dislikedDishes[0]",
        "mealsPerDay",
        "weeklyBudget",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        fields[0].code,
        InvalidCode::OutOfRange { min: 14, max: 120 }
    );
    assert_eq!(fields[2].code, InvalidCode::UnknownChoice);
    assert_eq!(fields[6].code, InvalidCode::OutOfRange { min: 3, max: 6 });
}

#[test]
fn numbers_are_whole_where_they_must_be() {
    let (field, code) = only(json!({"age": 30.5}));
    assert_eq!((field.as_str(), code), ("age", InvalidCode::Malformed));
    assert_eq!(
        draft(json!({"weightKg": 64.55}))
            .validate()
            .unwrap()
            .weight_kg,
        Amount(64_550)
    );
    let too_many: Vec<String> = (0..201).map(|number| format!("dish-{number}")).collect();
    let (field, code) = only(json!({"dislikedDishes": too_many}));
    assert_eq!(
        (field.as_str(), code),
        ("dislikedDishes", InvalidCode::TooLong { max: 200 })
    );
}

#[test]
fn unknown_fields_are_refused() {
    let error = serde_json::from_value::<ProfileDraft>(json!({"agee": 3})).unwrap_err();
    assert!(error.to_string().contains("agee"), "{error}");
}

#[test]
fn life_stages_have_their_people() {
    let male = json!({"sex": "MALE", "lifeStage": "PREGNANCY"});
    assert_eq!(
        only(male),
        ("lifeStage".into(), InvalidCode::LifeStageNeedsFemale)
    );
    let old = json!({"age": 51, "lifeStage": "LACTATION"});
    assert_eq!(only(old), ("lifeStage".into(), InvalidCode::LifeStageAge));
    let young = json!({"age": 18, "energyEquation": "EER_2023", "referenceSet": "EFSA"});
    let fields = refused(young);
    assert_eq!(
        fields[0],
        InvalidField::new("energyEquation", InvalidCode::FormulaNeedsAdult)
    );
    assert_eq!(
        fields[1],
        InvalidField::new("referenceSet", InvalidCode::ReferenceNeedsAdult)
    );
    let pregnant = json!({"lifeStage": "PREGNANCY", "referenceSet": "EFSA"});
    assert_eq!(
        only(pregnant),
        ("referenceSet".into(), InvalidCode::ReferenceNeedsAdult)
    );
}

#[test]
fn unsafe_losses_are_refused() {
    let losing = |change: Value| {
        let mut fields = json!({"direction": "LOSE", "paceKcal": 250});
        fields
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        fields
    };
    assert!(draft(losing(json!({}))).validate().is_ok());
    // 168 cm: 18.5 kg/m² are 52.21 kg.
    let light = losing(json!({"weightKg": 52.2}));
    assert_eq!(
        only(light),
        ("direction".into(), InvalidCode::LossUnderweight)
    );
    assert!(draft(losing(json!({"weightKg": 52.3}))).validate().is_ok());
    let pregnant = losing(json!({"lifeStage": "PREGNANCY"}));
    assert_eq!(
        only(pregnant),
        ("direction".into(), InvalidCode::LossLifeStage)
    );
    assert_eq!(
        only(losing(json!({"age": 18}))),
        ("direction".into(), InvalidCode::LossUnder19)
    );
    let little = losing(json!({"activity": "SEDENTARY", "paceKcal": 750}));
    assert_eq!(
        only(little),
        (
            "paceKcal".into(),
            InvalidCode::BelowSafeEnergy { minimum: 1200 }
        )
    );
    let (field, code) = only(losing(json!({"paceKcal": 100})));
    assert_eq!(
        (field.as_str(), code),
        ("paceKcal", InvalidCode::UnknownChoice)
    );
}

#[test]
fn a_profile_is_its_own_draft() {
    let mut sequence = Sequence(11);
    for _ in 0..200 {
        let profile = sequence.profile(&CATALOGUE);
        assert_eq!(ProfileDraft::from(&profile).validate().unwrap(), profile);
        let json = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
        // The names on the wire are the same.
        let draft: ProfileDraft = serde_json::from_str(&json).unwrap();
        assert_eq!(draft.validate().unwrap(), profile);
    }
    assert_eq!(
        profile(json!({"diet": "vegan"})).diet,
        domain::diet::Diet::Vegan
    );
}
