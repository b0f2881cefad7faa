//! What is said where there is no plan, and that it is true.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{CATALOGUE, profile};
use domain::diet::Diet;
use domain::engine::{Conflict, Infeasible, Relaxation, plan};
use domain::profile::Profile;
use domain::week::IsoWeek;
use serde_json::json;

fn refused(profile: &Profile) -> Infeasible {
    let week: IsoWeek = "2026-W31".parse().unwrap();
    plan(profile, week, &CATALOGUE).unwrap_err()
}

fn works(profile: &Profile) -> bool {
    plan(profile, "2026-W31".parse().unwrap(), &CATALOGUE).is_ok()
}

#[test]
fn a_budget_that_is_too_low_names_the_least_that_works() {
    let mut poor = profile(json!({"weeklyBudget": 2000}));
    let reason = refused(&poor);
    assert!(
        reason.conflicts.contains(&Conflict::Budget { cents: 2000 }),
        "{reason}"
    );
    let least = reason.relaxations.iter().find_map(|one| match one {
        Relaxation::Budget { at_least } => Some(*at_least),
        _ => None,
    });
    poor.weekly_budget = least;
    assert!(least.is_some() && works(&poor), "{reason}");
}

#[test]
fn too_few_dishes_name_the_meal_and_the_diet() {
    let allergens = json!([
        "GLUTEN",
        "SOY",
        "TREE_NUTS",
        "SESAME",
        "PEANUT",
        "MILK",
        "EGG"
    ]);
    let narrow = profile(json!({"diet": "KETO", "allergens": allergens}));
    let reason = refused(&narrow);
    let few = reason
        .conflicts
        .iter()
        .any(|one| matches!(one, Conflict::FewDishes { .. }));
    assert!(few, "{reason}");
    assert!(
        reason
            .conflicts
            .contains(&Conflict::Diet { diet: Diet::Keto }),
        "{reason}"
    );
    for relaxation in &reason.relaxations {
        if let Relaxation::Diet { diet } = relaxation {
            let mut wider = narrow.clone();
            wider.diet = *diet;
            assert!(works(&wider), "{reason}");
        }
    }
}

#[test]
fn disliking_every_breakfast_names_the_dislikes() {
    let mut picky = profile(json!({}));
    let breakfasts = CATALOGUE
        .dishes
        .iter()
        .filter(|dish| dish.meals.contains(&domain::dish::Meal::Breakfast));
    picky.disliked_dishes = breakfasts.map(|dish| dish.id.clone()).collect();
    let reason = refused(&picky);
    assert!(
        reason.conflicts.contains(&Conflict::DislikedDishes),
        "{reason}"
    );
    assert!(
        reason
            .relaxations
            .contains(&Relaxation::AllowDislikedDishes),
        "{reason}"
    );
}

#[test]
fn reasons_survive_the_wire() {
    let reason = refused(&profile(json!({"weeklyBudget": 1000})));
    let json = serde_json::to_string(&reason).unwrap();
    assert_eq!(serde_json::from_str::<Infeasible>(&json).unwrap(), reason);
    assert!(
        reason.to_string().starts_with("no week meets all of: "),
        "{reason}"
    );
}
