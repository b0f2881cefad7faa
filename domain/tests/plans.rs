//! What holds for every plan, over a thousand people, checked without the engine's own code.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{CATALOGUE, Sequence, profile};
use domain::amount::Amount;
use domain::catalogue::Catalogue;
use domain::diet::Diet;
use domain::dish::{Dish, DishId, Meal};
use domain::engine::{input_hash, plan};
use domain::nutrient::Nutrient;
use domain::plan::{AdherenceStatus, Plan};
use domain::profile::Profile;
use domain::target::{ReferenceKind, targets};
use domain::week::IsoWeek;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: usize = 1000;
const THREADS: usize = 4;

fn week() -> IsoWeek {
    "2026-W31".parse().unwrap()
}

/// Every hard constraint of the engine's documentation that a plan breaks.
fn broken(profile: &Profile, catalogue: &Catalogue, plan: &Plan) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            broken.push(what);
        }
    };
    let targets = targets(profile);
    check(
        plan.targets == targets,
        "targets are not the profile's".into(),
    );
    check(plan.days.len() == 7, "not seven days".into());

    let expected: &[Meal] = match profile.meals_per_day {
        3 => &[Meal::Breakfast, Meal::Lunch, Meal::Dinner],
        4 => &[Meal::Breakfast, Meal::Lunch, Meal::Snack, Meal::Dinner],
        5 => &[
            Meal::Breakfast,
            Meal::Snack,
            Meal::Lunch,
            Meal::Snack,
            Meal::Dinner,
        ],
        _ => &[
            Meal::Breakfast,
            Meal::Snack,
            Meal::Lunch,
            Meal::Snack,
            Meal::Dinner,
            Meal::Snack,
        ],
    };
    let above = (targets.energy - 1000 * profile.meals_per_day).max(0);
    let step = 100 * profile.meals_per_day;
    let most_servings = Amount(2500 + 250 * ((above + step - 1) / step));

    let mut uses: BTreeMap<&DishId, usize> = BTreeMap::new();
    let mut week = [0_i64; Nutrient::COUNT];
    let mut quarter_cents = 0;
    for (number, day) in plan.days.iter().enumerate() {
        let meals: Vec<Meal> = day.meals.iter().map(|meal| meal.meal).collect();
        check(meals == expected, format!("day {number}: meals {meals:?}"));
        let different: BTreeSet<&DishId> = day.meals.iter().map(|meal| &meal.dish_id).collect();
        check(
            different.len() == day.meals.len(),
            format!("day {number}: a dish twice"),
        );
        let mut totals = [0_i64; Nutrient::COUNT];
        let mut net_carbohydrate = 0;
        for meal in &day.meals {
            let Some(dish) = catalogue.dish(&meal.dish_id) else {
                check(false, format!("no dish {}", meal.dish_id));
                continue;
            };
            *uses.entry(&dish.id).or_default() += 1;
            check(
                dish.meals.contains(&meal.meal),
                format!("{} as {:?}", dish.id, meal.meal),
            );
            for fault in forbidden(profile, dish) {
                check(false, fault);
            }
            let servings = meal.servings;
            check(
                servings.0 % 250 == 0 && servings >= Amount(500) && servings <= most_servings,
                format!("{}: {servings:?} servings", dish.id),
            );
            for nutrient in Nutrient::ALL {
                let exact = dish.nutrients[nutrient].amount.0 * servings.0;
                check(
                    exact % 1000 == 0,
                    format!("{}: {nutrient:?} is not exact", dish.id),
                );
                let amount = exact / 1000;
                check(
                    meal.nutrients[nutrient] == Amount(amount),
                    format!("{}: {nutrient:?} of the meal", dish.id),
                );
                totals[nutrient as usize] += amount;
            }
            let net = dish.nutrients[Nutrient::Carbohydrate].amount.0
                - dish.nutrients[Nutrient::Fiber].amount.0;
            net_carbohydrate += net.max(0) * servings.0 / 1000;
            quarter_cents += dish.cost * servings.0 / 250;
        }
        for nutrient in Nutrient::ALL {
            check(
                day.totals[nutrient] == Amount(totals[nutrient as usize]),
                format!("day {number}: total of {nutrient:?}"),
            );
            week[nutrient as usize] += totals[nutrient as usize];
        }
        let energy = totals[Nutrient::Energy as usize];
        check(
            (energy - targets.energy * 1000).abs() * 20 <= targets.energy * 1000,
            format!("day {number}: {energy} of {} kcal", targets.energy),
        );
        check(
            Amount(totals[Nutrient::Protein as usize]) >= targets.protein.0,
            format!("day {number}: protein"),
        );
        if profile.diet == Diet::Keto {
            check(
                Amount(net_carbohydrate) <= targets.carbohydrate.1,
                format!("day {number}: {net_carbohydrate} mg of net carbohydrate"),
            );
        }
    }
    for (id, count) in uses {
        let meals = &catalogue.dish(id).unwrap().meals;
        let main = meals.contains(&Meal::Lunch) || meals.contains(&Meal::Dinner);
        check(
            count <= if main { 2 } else { 3 },
            format!("{id}: {count} times"),
        );
    }
    for target in &targets.nutrients {
        if let Some(most) = target
            .at_most
            .as_ref()
            .filter(|most| most.kind == ReferenceKind::Ul)
        {
            let sum = week[target.nutrient as usize];
            check(
                sum <= most.amount.0 * 7,
                format!("upper level of {:?}", target.nutrient),
            );
        }
    }
    if let Some(budget) = profile.weekly_budget {
        check(
            quarter_cents <= budget * 4,
            format!("{quarter_cents} quarter cents of {budget}"),
        );
    }
    check(plan.cost == (quarter_cents + 3) / 4, "cost".into());
    for row in &plan.adherence {
        check(
            row.mean == Amount(week[row.nutrient as usize] / 7),
            format!("{:?}", row.nutrient),
        );
        check(
            (0..=1000).contains(&row.known_permille),
            format!("{:?} known", row.nutrient),
        );
    }
    broken
}

/// Why a profile may not eat a dish, from its foods.
fn forbidden(profile: &Profile, dish: &Dish) -> Vec<String> {
    let mut faults = Vec::new();
    if profile.disliked_dishes.contains(&dish.id) {
        faults.push(format!("{} is disliked", dish.id));
    }
    if !dish.diets.contains(&profile.diet) {
        faults.push(format!("{} is not {:?}", dish.id, profile.diet));
    }
    for portion in &dish.foods {
        let food = CATALOGUE.food(&portion.ndb_no).unwrap();
        if profile.disliked_foods.contains(&food.ndb_no) {
            faults.push(format!("{}: {} is disliked", dish.id, food.name.en));
        }
        if !food.allergens.is_disjoint(&profile.allergens) {
            faults.push(format!("{}: {} is an allergen", dish.id, food.name.en));
        }
    }
    faults
}

#[test]
fn no_hard_constraint_is_ever_broken() {
    let outcomes: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut sequence = Sequence(0x5bd1_e995_0000_0001 + thread as u64);
                    let (mut plans, mut without) = (0, 0);
                    for number in 0..PEOPLE / THREADS {
                        let profile = sequence.profile(&CATALOGUE);
                        let week = week().plus(number as i64 % 60);
                        match plan(&profile, week, &CATALOGUE) {
                            Ok(plan) => {
                                let broken = broken(&profile, &CATALOGUE, &plan);
                                assert!(broken.is_empty(), "{profile:?}: {broken:?}");
                                plans += 1;
                            }
                            Err(infeasible) => {
                                assert!(!infeasible.conflicts.is_empty(), "{profile:?}");
                                without += 1;
                            }
                        }
                    }
                    (plans, without)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let plans: usize = outcomes.iter().map(|outcome| outcome.0).sum();
    let without: usize = outcomes.iter().map(|outcome| outcome.1).sum();
    println!("{plans} plans, {without} without");
    assert_eq!(plans + without, PEOPLE);
    // People like these can nearly always be fed.
    assert!(plans * 100 >= PEOPLE * 95, "{without} without a plan");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let profile = profile(json!({}));
    let bytes = |week: IsoWeek| serde_json::to_vec(&plan(&profile, week, &CATALOGUE).unwrap());
    assert_eq!(bytes(week()).unwrap(), bytes(week()).unwrap());
    // The browser's copy of the catalogue plans the same.
    let browser: Catalogue =
        serde_json::from_slice(&serde_json::to_vec(&CATALOGUE.for_browser()).unwrap()).unwrap();
    let there = plan(&profile, week(), &browser).unwrap();
    assert_eq!(serde_json::to_vec(&there).unwrap(), bytes(week()).unwrap());
    // And a plan survives the wire.
    let back: Plan = serde_json::from_slice(&bytes(week()).unwrap()).unwrap();
    assert_eq!(back, there);
}

#[test]
fn another_week_gives_another_menu() {
    let profile = profile(json!({}));
    let menu = |week: IsoWeek| -> BTreeSet<DishId> {
        let plan = plan(&profile, week, &CATALOGUE).unwrap();
        plan.days
            .into_iter()
            .flat_map(|day| day.meals)
            .map(|meal| meal.dish_id)
            .collect()
    };
    let first = menu(week());
    for later in 1..=8 {
        let other = menu(week().plus(later));
        let new = other.difference(&first).count();
        assert!(
            new * 3 >= other.len(),
            "week {later}: {new} of {} are new",
            other.len()
        );
    }
}

#[test]
fn each_input_changes_the_hash() {
    let version = &CATALOGUE.version;
    let base = profile(json!({"direction": "LOSE", "paceKcal": 250}));
    let mut hashes = BTreeSet::from([input_hash(&base, week(), version)]);
    assert_eq!(hashes.first().unwrap().len(), 64);
    let changes = [
        json!({"direction": "LOSE", "paceKcal": 500}),
        json!({"direction": "GAIN", "paceKcal": 250}),
        json!({"direction": "LOSE", "paceKcal": 250, "age": 31}),
        json!({"direction": "LOSE", "paceKcal": 250, "heightCm": 169}),
        json!({"direction": "LOSE", "paceKcal": 250, "weightKg": 64.5}),
        json!({"direction": "LOSE", "paceKcal": 250, "sex": "MALE"}),
        json!({"direction": "LOSE", "paceKcal": 250, "activity": "LIGHT"}),
        json!({"direction": "LOSE", "paceKcal": 250, "diet": "HALAL"}),
        json!({"direction": "LOSE", "paceKcal": 250, "mealsPerDay": 5}),
        json!({"direction": "LOSE", "paceKcal": 250, "weeklyBudget": 9000}),
        json!({"direction": "LOSE", "paceKcal": 250, "allergens": ["EGG"]}),
        json!({"direction": "LOSE", "paceKcal": 250, "dislikedFoods": ["11090"]}),
        json!({"direction": "LOSE", "paceKcal": 250, "dislikedDishes": ["a-dish"]}),
        json!({"direction": "LOSE", "paceKcal": 250, "energyEquation": "EER_2023"}),
        json!({"direction": "LOSE", "paceKcal": 250, "referenceSet": "EFSA"}),
    ];
    let count = changes.len();
    hashes.extend(changes.map(|change| input_hash(&profile(change), week(), version)));
    hashes.insert(input_hash(&base, week().plus(1), version));
    hashes.insert(input_hash(&base, week(), "another"));
    assert_eq!(hashes.len(), count + 3);
}

#[test]
fn a_week_reaches_its_nutrients() {
    for diet in [
        "OMNIVORE",
        "MEDITERRANEAN",
        "PESCATARIAN",
        "VEGETARIAN",
        "HALAL",
        "KOSHER",
    ] {
        let plan = plan(&profile(json!({"diet": diet})), week(), &CATALOGUE).unwrap();
        let short: Vec<Nutrient> = plan
            .adherence
            .iter()
            .filter(|row| row.status == AdherenceStatus::Short)
            .map(|row| row.nutrient)
            .collect();
        assert!(short.is_empty(), "{diet}: short of {short:?}");
        assert!(plan.warnings.is_empty(), "{diet}: {:?}", plan.warnings);
    }
}
