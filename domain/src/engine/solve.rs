//! From a model to a week: meals of the whole week first, then days made of them, then both at once.

use super::model::{DAYS, Model};
use super::search::{Effort, descend, repair};
use super::state::{Bin, Choices, Item, State};
use crate::dish::Meal;

/// Judgements of the search over the week as a whole.
const WEEK_EFFORT: i64 = 400_000;
/// Judgements of the search over days.
const DAY_EFFORT: i64 = 200_000;
/// Judgements of one attempt to meet the hard constraints.
const REPAIR_EFFORT: i64 = 200_000;

/// A week that meets every hard constraint: by day and slot, a candidate and its quarters.
pub type Solution = Vec<Vec<(usize, i32)>>;

/// The best week found, or `None` where none was found that meets every hard constraint.
#[must_use]
pub fn solve(model: &Model) -> Option<Solution> {
    let choices = Choices::new(model);
    let start = first_week(model, &choices)?;
    let mut week = State::new(model, &choices, start, false);
    let mut effort = Effort(REPAIR_EFFORT);
    repair(&mut week, &mut effort);
    let mut effort = Effort(WEEK_EFFORT);
    descend(&mut week, &mut effort);
    let mut days = into_days(&week);
    let mut effort = Effort(REPAIR_EFFORT);
    if !repair(&mut days, &mut effort) {
        return None;
    }
    let mut effort = Effort(DAY_EFFORT);
    descend(&mut days, &mut effort);
    Some(solution(&days))
}

/// A week that uses every dish as little as it can, cheapest first, in servings that come near the
/// energy of a day. `None` where too few dishes suit an occasion.
fn first_week(model: &Model, choices: &Choices) -> Option<Vec<Item>> {
    let mut uses = vec![0; model.candidates.len()];
    let mut items = Vec::with_capacity(model.slots.len() * DAYS);
    let share = (model.energy.0 + model.energy.1) / 2 / model.slots.len() as i32;
    for _ in 0..DAYS {
        for meal in &model.slots {
            let suits = |place: &usize| {
                let candidate = &model.candidates[*place];
                candidate.meals[*meal as usize] && uses[*place] < candidate.most
            };
            let cost = |place: &usize| {
                let candidate = &model.candidates[*place];
                (
                    uses[*place],
                    candidate.rotation + 4 * candidate.less,
                    *place,
                )
            };
            let chosen = (0..model.candidates.len()).filter(suits).min_by_key(cost)?;
            uses[chosen] += 1;
            let quarter = model.candidates[chosen].energy.max(1);
            // Snacks are small; the other meals share what they leave.
            let share = if *meal == Meal::Snack {
                share / 2
            } else {
                share
            };
            let quarters = (share / quarter).clamp(model.quarters.0, model.quarters.1);
            items.push(Item {
                meal: *meal as u8,
                bin: 0,
                choice: choices.index(chosen, quarters),
            });
        }
    }
    Some(items)
}

/// Makes days of a week's meals: dealt out, then exchanged between days as long as that brings the
/// daily constraints nearer.
fn into_days<'m>(week: &State<'m>) -> State<'m> {
    let slots = week.model.slots.len();
    let mut items = Vec::with_capacity(week.items.len());
    for meal in Meal::ALL {
        let mut of_meal: Vec<Item> = week
            .items
            .iter()
            .filter(|item| item.meal == meal as u8)
            .copied()
            .collect();
        of_meal.sort_by_key(|item| (week.choices.get(item.choice).energy, item.choice));
        // Back and forth, so that no day gets all the large ones.
        for (place, mut item) in of_meal.into_iter().enumerate() {
            let (round, step) = (place / DAYS, place % DAYS);
            let forth = (round + meal as usize) % 2 == 0;
            item.bin = if forth { step } else { DAYS - 1 - step } as u8;
            items.push(item);
        }
    }
    debug_assert_eq!(items.len(), slots * DAYS);
    let mut days = State::new(week.model, week.choices, items, true);
    while days.violation() > 0 && exchange(&mut days) {}
    days
}

/// The exchange of two meals between days that brings the daily constraints nearest. Whether there
/// was one.
fn exchange(days: &mut State) -> bool {
    let before = days.violation();
    let mut best = before;
    let mut found = None;
    let bounds = days.bounds;
    for first in 0..days.items.len() {
        for second in 0..first {
            let (one, other) = (days.items[first], days.items[second]);
            if one.bin == other.bin || !exchangeable(days, one, other) {
                continue;
            }
            let moved = |bin: u8, out: Item, into: Item| {
                let mut sums: Bin = days.bins[usize::from(bin)];
                sums.remove(days.choices.get(out.choice));
                sums.add(days.choices.get(into.choice));
                bounds.violation(&sums) - bounds.violation(&days.bins[usize::from(bin)])
            };
            let violation = before + moved(one.bin, one, other) + moved(other.bin, other, one);
            if violation < best {
                best = violation;
                found = Some((first, second));
            }
        }
    }
    let Some((first, second)) = found else {
        return false;
    };
    days.swap(first, second);
    if days.violation() < before {
        return true;
    }
    // A dish came to stand twice in a day.
    days.swap(first, second);
    false
}

/// Whether two meals may change places.
fn exchangeable(days: &State, one: Item, other: Item) -> bool {
    let suits = |item: Item, meal: u8| {
        let candidate = usize::from(days.choices.get(item.choice).candidate);
        days.model.candidates[candidate].meals[usize::from(meal)]
    };
    suits(one, other.meal) && suits(other, one.meal)
}

/// The meals in the order of days and slots.
fn solution(days: &State) -> Solution {
    (0..DAYS)
        .map(|day| {
            let mut taken = vec![false; days.items.len()];
            days.model
                .slots
                .iter()
                .filter_map(|meal| {
                    let place = (0..days.items.len()).find(|place| {
                        let item = days.items[*place];
                        !taken[*place] && usize::from(item.bin) == day && item.meal == *meal as u8
                    })?;
                    taken[place] = true;
                    let choice = days.choices.get(days.items[place].choice);
                    Some((usize::from(choice.candidate), choice.quarters))
                })
                .collect()
        })
        .collect()
}

/// The objective of a solution, and how far it is from meeting the hard constraints (0 where it
/// does).
#[must_use]
pub fn judge(model: &Model, solution: &Solution) -> (i32, i64) {
    let choices = Choices::new(model);
    let mut items = Vec::new();
    for (day, meals) in solution.iter().enumerate() {
        for (meal, (candidate, quarters)) in model.slots.iter().zip(meals) {
            items.push(Item {
                meal: *meal as u8,
                bin: day as u8,
                choice: choices.index(*candidate, *quarters),
            });
        }
    }
    let state = State::new(model, &choices, items, true);
    (state.score(), state.violation())
}
