//! A solution as a plan that people read: amounts, totals, adherence, warnings.

use super::model::{Model, is_fish};
use super::solve::{Solution, judge};
use super::{VERSION, input_hash};
use crate::amount::Amount;
use crate::catalogue::Catalogue;
use crate::dish::Dish;
use crate::nutrient::{Nutrient, Nutrients};
use crate::plan::{Adherence, AdherenceStatus, Plan, PlanDay, PlannedMeal, Warning};
use crate::profile::Profile;
use crate::target::{NutrientTarget, ReferenceKind, Targets};
use crate::week::IsoWeek;

/// From this share of its target on, in percent, a nutrient is near it.
const NEAR_PERCENT: i64 = 90;
/// Fish dishes below which a week is said to have few.
const FEW_FISH: i64 = 2;

/// The plan of a solution.
pub(super) fn report(
    profile: &Profile,
    week: IsoWeek,
    catalogue: &Catalogue,
    targets: Targets,
    model: &Model,
    solution: &Solution,
) -> Plan {
    let dish = |candidate: usize| &catalogue.dishes[model.candidates[candidate].dish];
    let mut weights = WeekWeights::default();
    let mut quarter_cents = 0;
    let mut fish = 0;
    let mut days = Vec::with_capacity(solution.len());
    for (date, chosen) in week.dates().into_iter().zip(solution) {
        let mut totals = Nutrients::<Amount>::default();
        let mut meals = Vec::with_capacity(chosen.len());
        for (meal, (candidate, quarters)) in model.slots.iter().zip(chosen) {
            let (dish, quarters) = (dish(*candidate), i64::from(*quarters));
            let nutrients = amounts(dish, quarters);
            totals.add(&nutrients);
            weights.add(dish, quarters);
            quarter_cents += dish.cost * quarters;
            fish += i64::from(is_fish(dish));
            meals.push(PlannedMeal {
                meal: *meal,
                dish_id: dish.id.clone(),
                name: dish.name.clone(),
                servings: Amount(quarters * 250),
                nutrients,
            });
        }
        days.push(PlanDay {
            date,
            meals,
            totals,
        });
    }
    let adherence = adherence(&targets, &days, &weights);
    let fish_allowed = model
        .candidates
        .iter()
        .any(|candidate| is_fish(&catalogue.dishes[candidate.dish]));
    let mut warnings = warnings(&targets, &adherence);
    if fish_allowed && fish < FEW_FISH {
        warnings.push(Warning::FewFishDishes { dishes: fish });
    }
    Plan {
        week,
        input_hash: input_hash(profile, week, &catalogue.version),
        engine_version: VERSION,
        catalogue_version: catalogue.version.clone(),
        targets,
        days,
        adherence,
        cost: (quarter_cents + 3) / 4,
        warnings,
        score: i64::from(judge(model, solution).0),
    }
}

/// What so many quarters of a serving contain: exact, since a dish's amounts are multiples of four
/// thousandths.
fn amounts(dish: &Dish, quarters: i64) -> Nutrients<Amount> {
    Nutrients(
        Nutrient::ALL.map(|nutrient| Amount(dish.nutrients[nutrient].amount.0 * quarters / 4)),
    )
}

/// The week's weight, and how much of it each nutrient is known for.
#[derive(Default)]
struct WeekWeights {
    all: i64,
    known_permille: Nutrients<i64>,
}

impl WeekWeights {
    fn add(&mut self, dish: &Dish, quarters: i64) {
        let weight: Amount = dish.foods.iter().map(|portion| portion.grams).sum();
        self.all += weight.0 * quarters;
        for (nutrient, content) in dish.nutrients.iter() {
            self.known_permille[nutrient] += weight.0 * quarters * content.known_permille;
        }
    }
}

fn adherence(targets: &Targets, days: &[PlanDay], weights: &WeekWeights) -> Vec<Adherence> {
    let count = days.len().max(1) as i64;
    Nutrient::ALL
        .into_iter()
        .map(|nutrient| {
            let sum: Amount = days.iter().map(|day| day.totals[nutrient]).sum();
            let mean = Amount(sum.0 / count);
            Adherence {
                nutrient,
                mean,
                known_permille: weights.known_permille[nutrient] / weights.all.max(1),
                status: status(targets, nutrient, mean),
            }
        })
        .collect()
}

fn status(targets: &Targets, nutrient: Nutrient, mean: Amount) -> AdherenceStatus {
    if nutrient == Nutrient::Energy {
        // The hard constraint, in the mean.
        return AdherenceStatus::Reached;
    }
    let target = targets
        .nutrients
        .iter()
        .find(|target| target.nutrient == nutrient);
    match target {
        None => AdherenceStatus::NoReference,
        Some(target) if above(target, mean) => AdherenceStatus::AboveLimit,
        Some(NutrientTarget {
            at_least: Some(least),
            ..
        }) if mean < least.amount => {
            if mean.0 * 100 >= least.amount.0 * NEAR_PERCENT {
                AdherenceStatus::Near
            } else {
                AdherenceStatus::Short
            }
        }
        Some(_) => AdherenceStatus::Reached,
    }
}

fn above(target: &NutrientTarget, mean: Amount) -> bool {
    target
        .at_most
        .as_ref()
        .is_some_and(|most| mean > most.amount)
}

fn warnings(targets: &Targets, adherence: &[Adherence]) -> Vec<Warning> {
    let percent = |mean: Amount, of: Amount| mean.0 * 100 / of.0.max(1);
    targets
        .nutrients
        .iter()
        .filter_map(|target| {
            let nutrient = target.nutrient;
            let row = adherence.iter().find(|row| row.nutrient == nutrient)?;
            match row.status {
                AdherenceStatus::Short => {
                    let least = target.at_least.as_ref()?.amount;
                    Some(Warning::Short {
                        nutrient,
                        percent: percent(row.mean, least),
                    })
                }
                AdherenceStatus::AboveLimit => {
                    // Upper levels are never exceeded.
                    let most = target
                        .at_most
                        .as_ref()
                        .filter(|most| most.kind != ReferenceKind::Ul)?;
                    Some(Warning::Above {
                        nutrient,
                        percent: percent(row.mean, most.amount),
                    })
                }
                _ => None,
            }
        })
        .collect()
}
