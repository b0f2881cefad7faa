//! Days out of a week's meals.

use super::model::DAYS;
use super::state::{Item, State};
use crate::dish::Meal;

/// Exchanges of [`balance`].
const EXCHANGES: usize = 300;
/// For how many exchanges a meal that was moved stays where it is.
const REST: usize = 9;

/// Makes days of a week's meals: dealt out by energy, then exchanged between days.
pub(super) fn into_days<'m>(week: &State<'m>) -> State<'m> {
    let mut items = Vec::with_capacity(week.items.len());
    for meal in Meal::ALL {
        let of_meal = week.items.iter().filter(|item| item.meal == meal as u8);
        let mut of_meal: Vec<Item> = of_meal.copied().collect();
        of_meal.sort_unstable_by_key(|item| (week.choices.get(item.choice).energy, item.choice));
        // Back and forth, so that no day gets all the large ones.
        for (place, mut item) in of_meal.into_iter().enumerate() {
            let (round, step) = (place / DAYS, place % DAYS);
            let forth = (round + meal as usize).is_multiple_of(2);
            item.bin = if forth { step } else { DAYS - 1 - step } as u8;
            items.push(item);
        }
    }
    let mut days = State::new(week.model, week.choices, items, true);
    balance(&mut days);
    days
}

/// Lets meals change places between days until the daily constraints hold: the exchange that brings
/// them nearest, or keeps them least far, but not of meals that were moved just before (tabu search,
/// Glover 1989). Ends with the best days seen.
fn balance(days: &mut State) {
    let mut rest = vec![0; days.items.len()];
    let mut violation = days.violation();
    let mut best = violation;
    let mut kept = days.items.clone();
    for round in 1..=EXCHANGES {
        if best == 0 {
            break;
        }
        let mut found: Option<(i64, usize, usize)> = None;
        for first in 0..days.items.len() {
            for second in 0..first {
                if !exchangeable(days, first, second) {
                    continue;
                }
                let moved = violation + added_violation(days, first, second);
                let resting = rest[first] > round || rest[second] > round;
                let allowed = !resting || moved < best;
                if allowed && found.is_none_or(|(least, ..)| moved < least) {
                    found = Some((moved, first, second));
                }
            }
        }
        let Some((moved, first, second)) = found else {
            break;
        };
        days.exchange(first, second);
        violation = moved;
        rest[first] = round + REST;
        // Not the same for both, so that the walk does not turn in a circle.
        rest[second] = round + REST + round % 4;
        if violation < best {
            best = violation;
            kept.clone_from(&days.items);
        }
    }
    days.restore(&kept);
}

/// Whether two meals of different days may change places.
fn exchangeable(days: &State, first: usize, second: usize) -> bool {
    let (one, other) = (days.items[first], days.items[second]);
    let suits = |item: Item, meal: u8| {
        let candidate = usize::from(days.choices.get(item.choice).candidate);
        days.model.candidates[candidate].meals[usize::from(meal)]
    };
    one.bin != other.bin
        && (one.meal == other.meal || (suits(one, other.meal) && suits(other, one.meal)))
}

/// What letting two meals of different days change places adds to the violation.
fn added_violation(days: &State, first: usize, second: usize) -> i64 {
    let moved = |place: usize, comes: usize| {
        let (stays, comes) = (days.items[place], days.items[comes]);
        let (out, into) = (
            days.choices.get(stays.choice),
            days.choices.get(comes.choice),
        );
        let mut sums = days.bins[usize::from(stays.bin)];
        let before = days.bounds.outside(&sums);
        sums.remove(out);
        sums.add(into);
        // Both meals of a pair are counted.
        let twice = |candidate: u16| {
            let served = days.served(stays.bin, candidate, [place; 2]);
            2 * i64::from(served) * days.twice_weight()
        };
        days.bounds.outside(&sums) - before + twice(into.candidate) - twice(out.candidate)
    };
    moved(first, second) + moved(second, first)
}
