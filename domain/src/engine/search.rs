//! Local search: exchange one meal or two as long as that lowers the value, then kick some meals out
//! and try again.
//!
//! An exchange is looked at only where the week's reduced cost would stay below a ceiling. No week
//! with a lower value lies above its value (see [`super::dual`]), so a ceiling there loses nothing;
//! a lower one looks where better weeks are likely, for a fraction of the work.

use super::dual::PARTS;
use super::model::Terms;
use super::state::{REPEAT, State, critical_points, points};

/// How far above the lower bound to look, in sixteenths of the distance to the value.
const BREADTH: i64 = 2;
/// Meals that a kick exchanges.
const KICKED: usize = 3;
/// What a kick counts as, so that a week in which nothing can be kicked ends too.
const KICK_EFFORT: i64 = 10;
/// Sharpness that a search begins with; it doubles up to [`SHARP`].
const BLUNT: i64 = 4;
/// Sharpness at which the value is the score.
const SHARP: i64 = 16;
/// Prices of a kcal outside the bounds, in points: the first, and above which none is tried. The
/// first is a little more than what energy at its bound is worth in most weeks.
const PENALTIES: (i64, i64) = (4, 4096);

/// A fixed sequence of numbers that look unordered (xorshift, Marsaglia 2003): the same each time.
#[derive(Debug)]
struct Sequence(u64);

impl Sequence {
    /// The next number below `most`.
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % most.max(1) as u64) as usize
    }
}

/// What a search minimises: the reduced cost, and of what the score adds to it so many sixteenths.
/// A blunt aim lets a week pass through others that miss their nutrients.
#[derive(Debug, Clone, Copy)]
struct Aim {
    sharpness: i64,
    /// Points of a kcal outside the bounds; 0 where no exchange may leave them.
    penalty: i64,
}

impl Aim {
    /// The value of a reduced cost and a score, in parts.
    #[inline(always)]
    fn blend(self, reduced: i64, score: i32) -> i64 {
        (reduced * (SHARP - self.sharpness) + i64::from(score) * PARTS * self.sharpness) / SHARP
    }

    /// What lies outside, in thousandths of a kcal, adds so much to the value.
    #[inline(always)]
    fn penalty(self, outside: i64) -> i64 {
        outside * self.penalty * PARTS / 1000
    }

    /// How far outside its bounds an exchange may bring a bin's energy.
    fn slack(self, state: &State) -> i32 {
        if self.penalty > 0 {
            state.bounds.energy.0 / 8
        } else {
            0
        }
    }
}

/// A search over a week.
#[derive(Debug)]
pub(super) struct Search<'m> {
    pub state: State<'m>,
    /// A lower bound of every score.
    floor: i32,
    /// Exchanges left to look at: a bound on the work that no clock sets.
    effort: i64,
    aim: Aim,
    /// Places whose pairs are worth a look.
    fresh: Vec<bool>,
    sequence: Sequence,
}

impl<'m> Search<'m> {
    pub fn new(state: State<'m>, floor: i32) -> Self {
        let places = state.items.len();
        Self {
            state,
            floor,
            effort: 0,
            aim: Aim {
                sharpness: SHARP,
                penalty: 0,
            },
            fresh: vec![true; places],
            sequence: Sequence(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// Searches from the state on, with so much effort at most. The state, which must keep the hard
    /// constraints, ends as the best week found.
    pub fn run(&mut self, effort: i64) {
        self.effort = effort;
        let mut best = self.state.score();
        let mut kept = self.state.items.clone();
        self.aim.sharpness = BLUNT;
        while self.aim.sharpness < SHARP {
            self.fresh.fill(true);
            self.descend();
            self.aim.sharpness *= 2;
        }
        self.aim.sharpness = SHARP;
        self.fresh.fill(true);
        loop {
            self.descend();
            let score = self.state.score();
            if score < best {
                best = score;
                kept.clone_from(&self.state.items);
            } else {
                self.state.restore(&kept);
            }
            if self.effort <= 0 {
                return;
            }
            self.kick(best);
        }
    }

    /// Brings the week within its bounds, at ever higher prices for what lies outside.
    pub fn settle(&mut self, effort: i64) {
        self.effort = effort;
        self.aim.penalty = PENALTIES.0;
        while self.state.violation() > 0 && self.effort > 0 && self.aim.penalty <= PENALTIES.1 {
            self.fresh.fill(true);
            self.descend();
            self.aim.penalty *= 4;
        }
        self.aim.penalty = 0;
    }

    /// Exchanges single meals until the hard constraints hold, or nothing brings them nearer. Among
    /// exchanges that bring them equally near, the cheapest. Whether they hold.
    pub fn repair(&mut self, effort: i64) -> bool {
        self.effort = effort;
        loop {
            let before = (self.state.violation(), self.state.score());
            if before.0 == 0 {
                return true;
            }
            let mut best = before;
            let mut found = None;
            for place in 0..self.state.items.len() {
                if self.effort <= 0 {
                    return false;
                }
                self.state.take(place);
                if let Some(choice) = nearest(&self.state, place, &mut best, &mut self.effort) {
                    found = Some((place, choice));
                }
                self.state.put(place);
            }
            match found {
                // The score may only rise where the violation falls, so this ends.
                Some((place, choice)) if best.0 < before.0 => self.change(place, choice),
                _ => return false,
            }
        }
    }

    fn value(&self) -> i64 {
        let outside: i64 = self
            .state
            .bins
            .iter()
            .map(|bin| self.state.bounds.outside(bin))
            .sum();
        self.aim.blend(self.state.reduced, self.state.score()) + self.aim.penalty(outside)
    }

    /// The reduced cost that no exchange may bring the week to.
    fn ceiling(&self, value: i64) -> i64 {
        let floor = i64::from(self.floor) * PARTS;
        let above = (value - floor).max(PARTS);
        // A week that is itself far up must at least be able to move.
        let here = self.state.reduced + above * BREADTH / 64;
        here.max(floor + above * BREADTH / 16).min(value)
    }

    fn change(&mut self, place: usize, choice: u32) {
        self.state.change(place, choice);
        self.fresh[place] = true;
    }

    /// Exchanges until nothing helps any more.
    fn descend(&mut self) {
        loop {
            while self.singles() {}
            if self.effort <= 0 || !self.pairs() {
                return;
            }
        }
    }

    /// Exchanges each meal for the best other choice, once. Whether anything changed.
    fn singles(&mut self) -> bool {
        let mut changed = false;
        for place in 0..self.state.items.len() {
            if self.effort <= 0 {
                return false;
            }
            let best = self.value();
            let ceiling = self.ceiling(best);
            self.state.take(place);
            let found = best_single(
                &self.state,
                place,
                best,
                ceiling,
                self.aim,
                &mut self.effort,
            );
            self.state.put(place);
            if let Some(choice) = found {
                self.change(place, choice);
                changed = true;
            }
        }
        changed
    }

    /// Looks at the pairs of each fresh place; stops at the first exchange that helps. Whether
    /// there was one.
    fn pairs(&mut self) -> bool {
        let best = self.value();
        let ceiling = self.ceiling(best);
        for first in 0..self.state.items.len() {
            if !self.fresh[first] {
                continue;
            }
            self.state.take(first);
            for second in 0..self.state.items.len() {
                // A pair of fresh places is looked at once.
                if second == first || (self.fresh[second] && second < first) {
                    continue;
                }
                if self.effort <= 0 {
                    self.state.put(first);
                    return false;
                }
                self.state.take(second);
                let places = [first, second];
                let found = best_pair(
                    &self.state,
                    places,
                    best,
                    ceiling,
                    self.aim,
                    &mut self.effort,
                );
                self.state.put(second);
                if let Some([one, other]) = found {
                    self.state.put(first);
                    self.change(first, one);
                    self.change(second, other);
                    return true;
                }
            }
            self.state.put(first);
            self.fresh[first] = false;
        }
        false
    }

    /// Gives some meals other choices that keep the hard constraints.
    fn kick(&mut self, best: i32) {
        self.effort -= KICK_EFFORT;
        let ceiling = i64::from(best) * PARTS;
        for _ in 0..KICKED {
            let place = self.sequence.below(self.state.items.len());
            let state = &mut self.state;
            state.take(place);
            let item = state.items[place];
            let list = &state.choices.by_meal[usize::from(item.meal)];
            let reach = list.partition_point(|entry| state.reduced + entry.reduced < ceiling);
            let entry = &list[self.sequence.below(reach)];
            let mut filled = state.bins[usize::from(item.bin)];
            filled.add(state.choices.get(entry.choice));
            let fits = state.has_room(usize::from(entry.candidate))
                && !state.served(item.bin, entry.candidate, [place; 2])
                && state.bounds.hold(&filled)
                && state.above_limits(&[entry.choice]) == 0;
            let choice = entry.choice;
            state.put(place);
            if fits {
                self.change(place, choice);
            }
        }
    }
}

/// The choice for an emptied place that brings the value lowest, if below `best`.
fn best_single(
    state: &State,
    place: usize,
    mut best: i64,
    ceiling: i64,
    aim: Aim,
    effort: &mut i64,
) -> Option<u32> {
    let item = state.items[place];
    let bin = state.bins[usize::from(item.bin)];
    let slack = aim.slack(state);
    let least = state.bounds.energy.0 - bin.energy - slack;
    let most = state.bounds.energy.1 - bin.energy + slack;
    let outside = if slack > 0 {
        state.outside_beside([item.bin; 2])
    } else {
        0
    };
    let critical = state.critical(&state.terms);
    let mut found = None;
    for entry in &state.choices.by_meal[usize::from(item.meal)] {
        let reduced = state.reduced + entry.reduced;
        if reduced >= ceiling {
            break;
        }
        *effort -= 1;
        if entry.energy < least || entry.energy > most {
            continue;
        }
        let linear = state.linear + entry.linear;
        if aim.blend(
            reduced,
            linear + critical_points(&critical, &entry.critical),
        ) >= best
        {
            continue;
        }
        let candidate = usize::from(entry.candidate);
        if !state.has_room(candidate) || state.served(item.bin, entry.candidate, [place; 2]) {
            continue;
        }
        let repeat = state.repeat_points(candidate);
        let score = linear + repeat + points(&state.terms, state.choices.terms(entry.choice));
        let mut value = aim.blend(reduced + i64::from(repeat) * PARTS, score);
        if value >= best {
            continue;
        }
        let mut filled = bin;
        filled.add(state.choices.get(entry.choice));
        let outside = outside + state.bounds.outside(&filled) + state.above_limits(&[entry.choice]);
        value += aim.penalty(outside);
        if value < best && (aim.penalty > 0 || outside == 0) {
            best = value;
            found = Some(entry.choice);
        }
    }
    found
}

/// The two choices for two emptied places that bring the value lowest, if below `best`.
fn best_pair(
    state: &State,
    places: [usize; 2],
    mut best: i64,
    ceiling: i64,
    aim: Aim,
    effort: &mut i64,
) -> Option<[u32; 2]> {
    let choices = state.choices;
    let items = places.map(|place| state.items[place]);
    let lists = items.map(|item| &choices.by_meal[usize::from(item.meal)][..]);
    let bins = items.map(|item| state.bins[usize::from(item.bin)]);
    let together = items[0].bin == items[1].bin;
    let slack = aim.slack(state);
    let (least, most) = (state.bounds.energy.0 - slack, state.bounds.energy.1 + slack);
    let outside = if slack > 0 {
        state.outside_beside(items.map(|item| item.bin))
    } else {
        0
    };
    let cheapest = lists[1].first().map_or(0, |entry| entry.reduced);
    let mut found = None;
    for one in lists[0] {
        if state.reduced + one.reduced + cheapest >= ceiling {
            break;
        }
        *effort -= 1;
        let candidate = usize::from(one.candidate);
        if !state.has_room(candidate) || state.served(items[0].bin, one.candidate, places) {
            continue;
        }
        let energy = bins[0].energy + one.energy;
        if energy > most || (!together && energy < least) {
            continue;
        }
        let repeat = state.repeat_points(candidate);
        let one_linear = state.linear + one.linear + repeat;
        let one_reduced = state.reduced + one.reduced + i64::from(repeat) * PARTS;
        let energy = if together { energy } else { bins[1].energy };
        let (least, most) = (least - energy, most - energy);
        let mut terms: Terms = state.terms;
        for (sum, added) in terms.iter_mut().zip(choices.terms(one.choice)) {
            *sum += added;
        }
        let critical = state.critical(&terms);
        for other in lists[1] {
            let reduced = one_reduced + other.reduced;
            if reduced >= ceiling {
                break;
            }
            *effort -= 1;
            if other.energy < least || other.energy > most {
                continue;
            }
            let linear = one_linear + other.linear;
            if aim.blend(
                reduced,
                linear + critical_points(&critical, &other.critical),
            ) >= best
            {
                continue;
            }
            let candidate = usize::from(other.candidate);
            let same = other.candidate == one.candidate;
            let uses = state.uses[candidate] + i32::from(same);
            if uses >= state.model.candidates[candidate].most
                || (same && together && state.by_day)
                || state.served(items[1].bin, other.candidate, places)
            {
                continue;
            }
            let repeat = if uses > 0 { REPEAT } else { 0 };
            let score = linear + repeat + points(&terms, choices.terms(other.choice));
            let mut value = aim.blend(reduced + i64::from(repeat) * PARTS, score);
            if value >= best {
                continue;
            }
            let mut filled = bins;
            filled[0].add(choices.get(one.choice));
            filled[usize::from(!together)].add(choices.get(other.choice));
            let mut outside = outside + state.bounds.outside(&filled[0]);
            if !together {
                outside += state.bounds.outside(&filled[1]);
            }
            outside += state.above_limits(&[one.choice, other.choice]);
            value += aim.penalty(outside);
            if value < best && (aim.penalty > 0 || outside == 0) {
                best = value;
                found = Some([one.choice, other.choice]);
            }
        }
    }
    found
}

/// The choice for an emptied place that brings violation and score lowest, if below `best`, which
/// it lowers.
fn nearest(state: &State, place: usize, best: &mut (i64, i32), effort: &mut i64) -> Option<u32> {
    let item = state.items[place];
    let elsewhere = state.violation_beside(place);
    let mut found = None;
    for entry in &state.choices.by_meal[usize::from(item.meal)] {
        let candidate = usize::from(entry.candidate);
        if !state.has_room(candidate) || state.served(item.bin, entry.candidate, [place; 2]) {
            continue;
        }
        *effort -= 1;
        let violation = elsewhere + state.violation_with(place, entry.choice);
        if violation > best.0 {
            continue;
        }
        let score = state.linear
            + entry.linear
            + state.repeat_points(candidate)
            + points(&state.terms, state.choices.terms(entry.choice));
        if (violation, score) < *best {
            *best = (violation, score);
            found = Some(entry.choice);
        }
    }
    found
}
