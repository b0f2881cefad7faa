//! From a model to a week: meals of the whole week first, then days made of them, then both at once.

use super::days::into_days;
use super::dive::{ascend, start};
use super::model::{DAYS, Model};
use super::search::Search;
use super::state::{Bounds, Choices, Item, State};

/// Effort of the search over the week as a whole.
const WEEK_EFFORT: i64 = 300_000;
/// Effort of the search over days.
const DAY_EFFORT: i64 = 200_000;
/// Effort of bringing days within their bounds without giving up much.
const SETTLE_EFFORT: i64 = 60_000;
/// Effort of bringing anything within its bounds at all.
const REPAIR_EFFORT: i64 = 100_000;

/// A week: by day and slot, a candidate and its quarters.
pub type Solution = Vec<Vec<(usize, i32)>>;

/// How long to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Until there is a week.
    Any,
    /// Until there is a good one.
    Full,
}

/// The best week found, or `None` where none was found that meets every hard constraint.
#[must_use]
pub fn solve(model: &Model) -> Option<Solution> {
    find(model, Effort::Full)
}

/// Whether [`solve`] finds a week.
pub(super) fn is_solvable(model: &Model) -> bool {
    find(model, Effort::Any).is_some()
}

fn find(model: &Model, effort: Effort) -> Option<Solution> {
    if model.candidates.is_empty() {
        return None;
    }
    let mut choices = Choices::new(model);
    let start = start(model, &mut choices);
    if start.items.len() < model.slots.len() * DAYS {
        return None;
    }
    let mut week = Search::new(State::new(model, &choices, start.items, false), start.bound);
    let met = bring_within(&mut week);
    // Days of a week beyond even the bounds that are not drawn in cannot keep theirs.
    week.state.bounds = Bounds::of_days(model, DAYS as i32);
    if !met && week.state.violation() > 0 {
        return None;
    }
    week.state.bounds = Bounds::drawn_in(model);
    let first = week.state.clone();
    if met && effort == Effort::Full {
        week.run(WEEK_EFFORT);
    }
    let mut days = days_of(&week.state, start.bound);
    if days.is_none() && week.state.items != first.items {
        days = days_of(&first, start.bound);
    }
    days.map(|mut days| {
        if effort == Effort::Full {
            days.run(DAY_EFFORT);
        }
        solution(&days.state)
    })
}

/// Meets the hard constraints of a week, if that can be done. Whether they are met.
fn bring_within(search: &mut Search) -> bool {
    search.repair(REPAIR_EFFORT) || {
        search.settle(SETTLE_EFFORT);
        search.repair(REPAIR_EFFORT)
    }
}

/// Days of a week that meet every hard constraint.
fn days_of<'m>(week: &State<'m>, bound: i32) -> Option<Search<'m>> {
    let mut days = Search::new(into_days(week), bound);
    // Settling gives up less than repairing, and repairing is surer.
    days.settle(SETTLE_EFFORT);
    days.repair(REPAIR_EFFORT).then_some(days)
}

/// A lower bound of the objective of every week that meets the hard constraints, in points, as the
/// search's own prices prove it.
#[must_use]
pub fn bound(model: &Model) -> i32 {
    ascend(model, &mut Choices::new(model)).0
}

/// The meals in the order of days and slots.
fn solution(days: &State) -> Solution {
    let mut taken = vec![false; days.items.len()];
    let mut day_of = |day: usize| {
        let place_of = |meal: &crate::dish::Meal| {
            let place = (0..days.items.len()).find(|place| {
                let item = days.items[*place];
                !taken[*place] && usize::from(item.bin) == day && item.meal == *meal as u8
            })?;
            taken[place] = true;
            let choice = days.choices.get(days.items[place].choice);
            Some((usize::from(choice.candidate), choice.quarters))
        };
        days.model.slots.iter().filter_map(place_of).collect()
    };
    (0..DAYS).map(&mut day_of).collect()
}

/// The objective of a solution in points, and how far it is from meeting the hard constraints, in
/// thousandths of a kcal (0 where it does).
#[must_use]
pub fn judge(model: &Model, solution: &Solution) -> (i32, i64) {
    let choices = Choices::new(model);
    let mut items = Vec::new();
    for (bin, meals) in (0..).zip(solution) {
        for (meal, (candidate, quarters)) in model.slots.iter().zip(meals) {
            let choice = choices.index(*candidate, *quarters);
            items.push(Item {
                meal: *meal as u8,
                bin,
                choice,
            });
        }
    }
    let state = State::new(model, &choices, items, true);
    (state.score(), state.violation())
}
