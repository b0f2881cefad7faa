//! The fixed profiles: each diet, life stage and reference set, light and heavy needs, few and many
//! meals, tight and loose budgets.

use domain::profile::{Profile, ProfileDraft};
use serde_json::json;

/// The profiles with their names, in the order of the table.
pub fn profiles() -> anyhow::Result<Vec<(&'static str, Profile)>> {
    let person = |sex: &str, age: i64, height_cm: i64, weight_kg: i64, activity: &str| {
        json!({
            "sex": sex, "age": age, "heightCm": height_cm, "weightKg": weight_kg,
            "activity": activity
        })
    };
    let drafts = [
        (
            "omnivore, 3 meals",
            person("MALE", 30, 180, 80, "MODERATE"),
            json!({}),
        ),
        (
            "omnivore, 4 meals",
            person("FEMALE", 25, 165, 60, "LIGHT"),
            json!({"mealsPerDay": 4}),
        ),
        (
            "losing 250 kcal",
            person("FEMALE", 40, 160, 70, "SEDENTARY"),
            json!({"mealsPerDay": 4, "direction": "LOSE", "paceKcal": 250}),
        ),
        (
            "vegan, 5 meals",
            person("FEMALE", 22, 170, 62, "MODERATE"),
            json!({"mealsPerDay": 5, "diet": "VEGAN"}),
        ),
        (
            "Mediterranean, 3 meals",
            person("MALE", 55, 175, 90, "SEDENTARY"),
            json!({"diet": "MEDITERRANEAN"}),
        ),
        (
            "keto, 4 meals",
            person("MALE", 45, 178, 85, "LIGHT"),
            json!({"mealsPerDay": 4, "diet": "KETO"}),
        ),
        (
            "pregnant, 5 meals",
            person("FEMALE", 30, 168, 65, "LIGHT"),
            json!({"mealsPerDay": 5, "lifeStage": "PREGNANCY"}),
        ),
        (
            "athlete, 6 meals",
            person("MALE", 20, 185, 85, "VERY_ACTIVE"),
            json!({"mealsPerDay": 6}),
        ),
        (
            "vegetarian, little energy",
            person("FEMALE", 70, 160, 60, "SEDENTARY"),
            json!({"diet": "VEGETARIAN"}),
        ),
        (
            "budget of 55 dollars",
            person("MALE", 28, 175, 75, "MODERATE"),
            json!({"mealsPerDay": 4, "weeklyBudget": 5500}),
        ),
        (
            "lactating, pescatarian",
            person("FEMALE", 33, 172, 68, "MODERATE"),
            json!({"mealsPerDay": 5, "lifeStage": "LACTATION", "diet": "PESCATARIAN"}),
        ),
        (
            "halal, 4 meals",
            person("MALE", 35, 176, 78, "ACTIVE"),
            json!({"mealsPerDay": 4, "diet": "HALAL"}),
        ),
        (
            "kosher, without egg",
            person("FEMALE", 50, 163, 66, "MODERATE"),
            json!({"mealsPerDay": 4, "diet": "KOSHER", "allergens": ["EGG"]}),
        ),
        (
            "without gluten and milk",
            person("FEMALE", 29, 167, 58, "ACTIVE"),
            json!({"mealsPerDay": 4, "allergens": ["GLUTEN", "MILK"]}),
        ),
        (
            "EFSA, EER 2023",
            person("MALE", 42, 182, 84, "LIGHT"),
            json!({"mealsPerDay": 4, "referenceSet": "EFSA", "energyEquation": "EER_2023"}),
        ),
        (
            "EFSA, vegetarian",
            person("FEMALE", 27, 166, 59, "MODERATE"),
            json!({"mealsPerDay": 5, "referenceSet": "EFSA", "diet": "VEGETARIAN"}),
        ),
        (
            "teenager",
            person("MALE", 16, 174, 63, "ACTIVE"),
            json!({"mealsPerDay": 5}),
        ),
        (
            "gaining 500 kcal",
            person("MALE", 23, 178, 68, "ACTIVE"),
            json!({"mealsPerDay": 6, "direction": "GAIN", "paceKcal": 500}),
        ),
        (
            "old, little energy",
            person("MALE", 80, 168, 65, "SEDENTARY"),
            json!({"mealsPerDay": 4}),
        ),
        (
            "without nuts and fish",
            person("MALE", 38, 170, 72, "MODERATE"),
            json!({"mealsPerDay": 4, "allergens": ["PEANUT", "TREE_NUTS", "FISH"]}),
        ),
    ];
    let mut profiles = Vec::new();
    for (name, mut draft, more) in drafts {
        if let (Some(draft), Some(more)) = (draft.as_object_mut(), more.as_object()) {
            draft.extend(more.clone());
        }
        let draft: ProfileDraft = serde_json::from_value(draft)?;
        let profile = draft
            .validate()
            .map_err(|fields| anyhow::anyhow!("{name}: {fields:?}"))?;
        profiles.push((name, profile));
    }
    Ok(profiles)
}
