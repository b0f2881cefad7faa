//! A first week: what the ascent of the dual chooses most often, fixed a few meals at a time while
//! the prices of the rest adapt (a Lagrangian dive).

use super::dual::{Ascent, PARTS, Prices};
use super::model::{DAYS, Model};
use super::state::{Choices, Item};
use crate::dish::Meal;

/// Rounds of the ascent: the bound is then within a percent of the best one for most profiles.
const ROUNDS: usize = 80;
/// Rounds between two fixings.
const DIVE_ROUNDS: usize = 15;
/// The share of the meals left that are fixed at once: one in so many, and one more.
const FIXED_SHARE: usize = 6;

/// What the ascent found.
#[derive(Debug)]
pub(super) struct Start {
    /// A lower bound of every score, in points.
    pub bound: i32,
    /// A week that may break hard constraints; not full where too few dishes suit an occasion.
    pub items: Vec<Item>,
}

/// Ascends the dual, dives, and leaves the choices priced at the best bound and listed.
pub(super) fn start(model: &Model, choices: &mut Choices) -> Start {
    let (bound, prices) = ascend(model, choices);
    let mut ascent = Ascent::new(model);
    ascent.prices = prices.clone();
    let items = dive(&mut ascent, choices);
    let mut last = Ascent::new(model);
    last.prices = prices;
    last.price(choices);
    choices.list(model, last.prices.critical());
    Start { bound, items }
}

/// The best prices found, and the bound of every score that they prove, in points.
pub(super) fn ascend(model: &Model, choices: &mut Choices) -> (i32, Prices) {
    let mut ascent = Ascent::new(model);
    let mut best = (i64::MIN, ascent.prices.clone());
    for _ in 0..ROUNDS {
        let prices = ascent.prices.clone();
        let value = ascent.round(choices);
        if value > best.0 {
            best = (value, prices);
        }
    }
    // Scores are whole points.
    let bound = -(-best.0).div_euclid(PARTS);
    (bound as i32, best.1)
}

fn dive(ascent: &mut Ascent, choices: &mut Choices) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut often = vec![0_i32; choices.all.len()];
    let mut ranked = Vec::new();
    loop {
        let left: usize = ascent.wanted.iter().sum();
        often.fill(0);
        ascent.loosen();
        for _ in 0..DIVE_ROUNDS {
            ascent.round(choices);
            for index in ascent.chosen() {
                often[index as usize] += 1;
            }
        }
        // By dish, so that its servings do not compete with each other.
        ranked.clear();
        for place in 0..ascent.model.candidates.len() {
            let total: i32 = often[choices.of(place)].iter().sum();
            let favourite = choices.of(place).max_by_key(|index| often[*index]);
            if let Some(favourite) = favourite.filter(|_| total > 0) {
                let choice = favourite as u32;
                ranked.push((-total, choices.get(choice).reduced, choice, place));
            }
        }
        ranked.sort_unstable();
        let before = items.len();
        for (_, _, choice, place) in &ranked {
            if items.len() - before > left / FIXED_SHARE {
                break;
            }
            if let Some(meal) = open_meal(ascent, *place, &items) {
                items.push(Item {
                    meal: meal as u8,
                    bin: 0,
                    choice: *choice,
                });
                ascent.fix(choices, *choice, meal);
            }
        }
        if items.len() == before {
            return items;
        }
    }
}

/// A meal that a candidate suits and that is not full, the emptiest first.
fn open_meal(ascent: &Ascent, place: usize, items: &[Item]) -> Option<Meal> {
    let candidate = &ascent.model.candidates[place];
    let free = |meal: Meal| {
        let slots = ascent
            .model
            .slots
            .iter()
            .filter(|slot| **slot == meal)
            .count()
            * DAYS;
        slots - items.iter().filter(|item| item.meal == meal as u8).count()
    };
    let suits = |meal: &Meal| candidate.meals[*meal as usize] && free(*meal) > 0;
    if ascent.uses[place] >= candidate.most {
        return None;
    }
    Meal::ALL
        .into_iter()
        .filter(suits)
        .max_by_key(|meal| free(*meal))
}
