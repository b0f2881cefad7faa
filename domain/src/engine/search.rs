//! Local search: exchange one meal or two for others as long as that lowers the score.

use super::model::Terms;
use super::state::{Choices, State, points};

/// The most judgements of a search: a bound on its work that no clock sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort(pub i64);

impl Effort {
    fn spent(self) -> bool {
        self.0 <= 0
    }
}

/// Exchanges meals until no exchange of one or two lowers the score, or the effort is spent.
/// Hard constraints hold throughout, where they held before.
pub(super) fn descend(state: &mut State, effort: &mut Effort) {
    loop {
        while singles(state, effort) {}
        if effort.spent() || !pairs(state, effort) {
            return;
        }
    }
}

/// Exchanges each meal for the best other choice, once. Whether anything changed.
pub(super) fn singles(state: &mut State, effort: &mut Effort) -> bool {
    let mut changed = false;
    for place in 0..state.items.len() {
        if effort.spent() {
            return false;
        }
        let best = state.score();
        if let Some(choice) =
            state.without(&[place], |state| best_single(state, place, best, effort))
        {
            state.change(place, choice);
            changed = true;
        }
    }
    changed
}

/// The choice for an emptied place that brings the score lowest, if below `best`.
fn best_single(state: &State, place: usize, mut best: i32, effort: &mut Effort) -> Option<u32> {
    let choices = state.choices;
    let item = state.items[place];
    let bin = state.bins[usize::from(item.bin)];
    let (least, most) = (
        state.bounds.energy.0 - bin.energy,
        state.bounds.energy.1 - bin.energy,
    );
    let mut found = None;
    for index in &choices.by_meal[usize::from(item.meal)] {
        let choice = choices.get(*index);
        if state.linear + choice.linear >= best {
            break;
        }
        if choice.energy < least || choice.energy > most {
            continue;
        }
        let candidate = usize::from(choice.candidate);
        if !state.has_room(candidate) || state.served(item.bin, choice.candidate, &[place]) {
            continue;
        }
        effort.0 -= 1;
        let score = state.linear
            + choice.linear
            + state.repeat_points(candidate)
            + points(&state.terms, choices.terms(*index));
        if score < best {
            let mut filled = bin;
            filled.add(choice);
            if state.bounds.hold(&filled) && state.limits_hold(&[*index]) {
                best = score;
                found = Some(*index);
            }
        }
    }
    found
}

/// Exchanges two meals together, for the first pair of places where that helps, and goes on from
/// there until every pair was looked at once. Whether anything changed.
pub(super) fn pairs(state: &mut State, effort: &mut Effort) -> bool {
    let mut changed = false;
    for first in 0..state.items.len() {
        for second in 0..first {
            if effort.spent() {
                return changed;
            }
            let best = state.score();
            let places = [first, second];
            let found = state.without(&places, |state| best_pair(state, places, best, effort));
            if let Some([one, other]) = found {
                state.change(first, one);
                state.change(second, other);
                changed = true;
            }
        }
    }
    changed
}

/// The cheapest choice of a list by itself.
fn cheapest(choices: &Choices, list: &[u32]) -> i32 {
    list.first().map_or(0, |index| choices.get(*index).linear)
}

/// The two choices for two emptied places that bring the score lowest, if below `best`.
fn best_pair(
    state: &State,
    places: [usize; 2],
    mut best: i32,
    effort: &mut Effort,
) -> Option<[u32; 2]> {
    let choices = state.choices;
    let items = places.map(|place| state.items[place]);
    let lists = items.map(|item| &choices.by_meal[usize::from(item.meal)][..]);
    let bins = items.map(|item| state.bins[usize::from(item.bin)]);
    let together = items[0].bin == items[1].bin;
    let (least, most) = state.bounds.energy;
    let cheapest_other = cheapest(choices, lists[1]);
    let mut found = None;
    for one_index in lists[0] {
        let one = choices.get(*one_index);
        if state.linear + one.linear + cheapest_other >= best {
            break;
        }
        let one_candidate = usize::from(one.candidate);
        if !state.has_room(one_candidate) || state.served(items[0].bin, one.candidate, &places) {
            continue;
        }
        let one_energy = bins[0].energy + one.energy;
        if one_energy > most || (!together && one_energy < least) {
            continue;
        }
        let linear = state.linear + one.linear + state.repeat_points(one_candidate);
        let other_energy = if together { one_energy } else { bins[1].energy };
        let mut terms: Terms = state.terms;
        for (sum, added) in terms.iter_mut().zip(choices.terms(*one_index)) {
            *sum += added;
        }
        for other_index in lists[1] {
            let other = choices.get(*other_index);
            if linear + other.linear >= best {
                break;
            }
            let energy = other_energy + other.energy;
            if energy < least || energy > most {
                continue;
            }
            let other_candidate = usize::from(other.candidate);
            let same = other.candidate == one.candidate;
            if same {
                let uses = state.uses[one_candidate] + 2;
                if uses > state.model.candidates[one_candidate].most || (state.by_day && together) {
                    continue;
                }
            } else if !state.has_room(other_candidate)
                || state.served(items[1].bin, other.candidate, &places)
            {
                continue;
            }
            effort.0 -= 1;
            let repeat = if same {
                super::state::REPEAT
            } else {
                state.repeat_points(other_candidate)
            };
            let score =
                linear + other.linear + repeat + points(&terms, choices.terms(*other_index));
            if score < best {
                let mut filled = bins;
                filled[0].add(one);
                if together {
                    filled[0].add(other);
                    filled[1] = filled[0];
                } else {
                    filled[1].add(other);
                }
                if filled.iter().all(|bin| state.bounds.hold(bin))
                    && state.limits_hold(&[*one_index, *other_index])
                {
                    best = score;
                    found = Some([*one_index, *other_index]);
                }
            }
        }
    }
    found
}

/// Exchanges single meals until the hard constraints hold, or nothing brings them nearer. Among
/// exchanges that bring them equally near, the cheapest. Whether they hold.
pub(super) fn repair(state: &mut State, effort: &mut Effort) -> bool {
    loop {
        let before = (state.violation(), state.score());
        if before.0 == 0 {
            return true;
        }
        let mut best = before;
        let mut found = None;
        for place in 0..state.items.len() {
            if effort.spent() {
                return false;
            }
            state.without(&[place], |state| {
                let item = state.items[place];
                let bin = state.bins[usize::from(item.bin)];
                let elsewhere = state.violation_beside(item.bin, place);
                for index in &state.choices.by_meal[usize::from(item.meal)] {
                    let choice = state.choices.get(*index);
                    let candidate = usize::from(choice.candidate);
                    if !state.has_room(candidate)
                        || state.served(item.bin, choice.candidate, &[place])
                    {
                        continue;
                    }
                    effort.0 -= 1;
                    let mut filled = bin;
                    filled.add(choice);
                    let violation = elsewhere
                        + state.bounds.violation(&filled)
                        + state.limit_violation(&[*index]);
                    if violation > best.0 {
                        continue;
                    }
                    let score = state.linear
                        + choice.linear
                        + state.repeat_points(candidate)
                        + points(&state.terms, state.choices.terms(*index));
                    if (violation, score) < best {
                        best = (violation, score);
                        found = Some((place, *index));
                    }
                }
            });
        }
        match found {
            // The score may only rise where the violation falls, so this ends.
            Some((place, choice)) if best.0 < before.0 => state.change(place, choice),
            _ => return false,
        }
    }
}
