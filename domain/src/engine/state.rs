//! A week under construction, and what changing it costs: sums kept up to date, so that a change is
//! judged by a few dozen additions.

use super::dual::PARTS;
use super::model::{
    DAYS, LIMITS, Limits, Model, NUTRIENT_TERMS, REPEAT_POINTS, TERMS, Terms, WORST_FACTOR,
};

/// Points of one repeat.
pub(super) const REPEAT: i32 = REPEAT_POINTS as i32;

/// How many of the terms an entry repeats: those that the prices say matter most.
pub(super) const CRITICAL: usize = 8;

/// So many quarters of a dish, as one meal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// The dish, by its place among the model's candidates.
    pub candidate: u16,
    pub quarters: i32,
    /// Points that it costs by itself.
    pub linear: i32,
    /// Its reduced cost under the current prices, in parts of a point.
    pub reduced: i64,
    pub energy: i32,
    pub protein: i32,
    pub net_carbohydrate: i32,
}

/// A choice in the list of a meal, with what decides most often that it is not the one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub reduced: i64,
    /// What it adds to the critical terms.
    pub critical: [i32; CRITICAL],
    pub linear: i32,
    pub energy: i32,
    pub choice: u32,
    pub candidate: u16,
}

/// Every choice of a model and what each adds to the terms. Built once, read by each exchange.
#[derive(Debug)]
pub(super) struct Choices {
    /// By candidate, then quarters.
    pub all: Vec<Choice>,
    terms: Vec<Terms>,
    /// What the week's start and bounds are worth under the current prices, in parts of a point.
    pub constant: i64,
    /// By [`crate::dish::Meal`]: the choices that suit it, the least reduced cost first.
    pub by_meal: [Vec<Entry>; 4],
    /// The terms that the prices say matter most.
    critical: [usize; CRITICAL],
    /// How many choices a candidate has.
    per_candidate: usize,
    least_quarters: i32,
}

impl Choices {
    pub fn new(model: &Model) -> Self {
        let (least, most) = model.quarters;
        let per_candidate = (most - least + 1) as usize;
        let count = model.candidates.len() * per_candidate;
        let mut choices = Self {
            all: Vec::with_capacity(count),
            terms: Vec::with_capacity(count),
            constant: 0,
            by_meal: [const { Vec::new() }; 4],
            critical: std::array::from_fn(|place| place),
            per_candidate,
            least_quarters: least,
        };
        for (place, candidate) in model.candidates.iter().enumerate() {
            for quarters in least..=most {
                let linear = candidate.rotation
                    + candidate.less * quarters
                    + model.serving_points[quarters as usize];
                choices.all.push(Choice {
                    candidate: place as u16,
                    quarters,
                    linear,
                    reduced: i64::from(linear) * PARTS,
                    energy: candidate.energy * quarters,
                    protein: candidate.protein * quarters,
                    net_carbohydrate: candidate.net_carbohydrate * quarters,
                });
                let mut terms = candidate.once;
                for (sum, quarter) in terms.iter_mut().zip(&candidate.quarter) {
                    *sum += quarter * quarters;
                }
                choices.terms.push(terms);
            }
        }
        choices
    }

    /// Lists the choices of each meal in the order of their reduced costs.
    pub fn list(&mut self, model: &Model, critical: [usize; CRITICAL]) {
        self.critical = critical;
        for (meal, list) in self.by_meal.iter_mut().enumerate() {
            list.clear();
            for (index, choice) in self.all.iter().enumerate() {
                if model.candidates[usize::from(choice.candidate)].meals[meal] {
                    list.push(Entry {
                        reduced: choice.reduced,
                        critical: critical.map(|term| self.terms[index][term]),
                        linear: choice.linear,
                        energy: choice.energy,
                        choice: index as u32,
                        candidate: choice.candidate,
                    });
                }
            }
            list.sort_unstable_by_key(|entry| (entry.reduced, entry.choice));
        }
    }

    /// The choices of a candidate.
    pub fn of(&self, candidate: usize) -> std::ops::Range<usize> {
        candidate * self.per_candidate..(candidate + 1) * self.per_candidate
    }

    /// The choice of so many quarters of a candidate.
    pub fn index(&self, candidate: usize, quarters: i32) -> u32 {
        (candidate * self.per_candidate) as u32 + (quarters - self.least_quarters) as u32
    }

    #[inline]
    pub fn get(&self, index: u32) -> &Choice {
        &self.all[index as usize]
    }

    #[inline]
    pub fn terms(&self, index: u32) -> &Terms {
        &self.terms[index as usize]
    }
}

/// A meal of the week: where it stands, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Index of [`crate::dish::Meal::ALL`].
    pub meal: u8,
    /// The day, or 0 where days are not told apart.
    pub bin: u8,
    /// Index among [`Choices`].
    pub choice: u32,
}

/// Sums of the meals that share a daily constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bin {
    pub energy: i32,
    pub protein: i32,
    pub net_carbohydrate: i32,
}

impl Bin {
    pub fn add(&mut self, choice: &Choice) {
        self.energy += choice.energy;
        self.protein += choice.protein;
        self.net_carbohydrate += choice.net_carbohydrate;
    }

    pub fn remove(&mut self, choice: &Choice) {
        self.energy -= choice.energy;
        self.protein -= choice.protein;
        self.net_carbohydrate -= choice.net_carbohydrate;
    }
}

/// What a bin must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub energy: (i32, i32),
    pub protein: i32,
    pub net_carbohydrate: i32,
}

/// A gram of protein or net carbohydrate outside its bound weighs like so many kcal, so that shares
/// of a day weigh alike.
const GRAM_WEIGHT: i64 = 32;

impl Bounds {
    /// Of so many days together.
    pub fn of_days(model: &Model, days: i32) -> Self {
        Self {
            energy: (model.energy.0 * days, model.energy.1 * days),
            protein: model.protein * days,
            net_carbohydrate: model.net_carbohydrate.map_or(i32::MAX, |most| most * days),
        }
    }

    /// Of all days together, drawn in a little so that days can be made of them.
    pub fn drawn_in(model: &Model) -> Self {
        let week = Self::of_days(model, DAYS as i32);
        let margin = (week.energy.1 - week.energy.0) / 32;
        Self {
            energy: (week.energy.0 + margin, week.energy.1 - margin),
            protein: week.protein + week.protein / 64,
            net_carbohydrate: match model.net_carbohydrate {
                Some(_) => week.net_carbohydrate - week.net_carbohydrate / 16,
                None => i32::MAX,
            },
        }
    }

    #[inline]
    pub fn hold(&self, bin: &Bin) -> bool {
        self.outside(bin) == 0
    }

    /// How far a bin lies outside, in thousandths of a kcal.
    #[inline]
    pub fn outside(&self, bin: &Bin) -> i64 {
        let over = |excess: i32| i64::from(excess.max(0));
        over(self.energy.0 - bin.energy)
            + over(bin.energy - self.energy.1)
            + GRAM_WEIGHT * over(self.protein - bin.protein)
            + GRAM_WEIGHT * over(bin.net_carbohydrate.saturating_sub(self.net_carbohydrate))
    }
}

/// Points of a week's terms: their sum, and the worst of the nutrients once more, so many times.
#[inline(always)]
pub(super) fn points(week: &Terms, added: &Terms) -> i32 {
    let mut sum = 0;
    let mut worst = 0;
    for place in 0..NUTRIENT_TERMS {
        let value = (week[place] + added[place]).max(0);
        sum += value;
        worst = worst.max(value);
    }
    for place in NUTRIENT_TERMS..TERMS {
        sum += (week[place] + added[place]).max(0);
    }
    sum + worst * WORST_FACTOR as i32
}

/// A lower bound of [`points`], from the critical terms alone.
#[inline(always)]
pub(super) fn critical_points(week: &[i32; CRITICAL], added: &[i32; CRITICAL]) -> i32 {
    let mut sum = 0;
    for place in 0..CRITICAL {
        sum += (week[place] + added[place]).max(0);
    }
    sum
}

/// A week under construction.
#[derive(Debug, Clone)]
pub(super) struct State<'m> {
    pub model: &'m Model,
    pub choices: &'m Choices,
    pub items: Vec<Item>,
    pub bins: Vec<Bin>,
    pub bounds: Bounds,
    /// Whether a bin is a day, which has no dish twice.
    pub by_day: bool,
    pub terms: Terms,
    limits: Limits,
    /// Uses of each candidate.
    pub uses: Vec<i32>,
    /// Points that do not depend on the terms.
    pub linear: i32,
    /// Reduced costs with the bounds' worth: no more than the score of any week that meets them, in
    /// parts of a point.
    pub reduced: i64,
}

impl<'m> State<'m> {
    /// A week of these meals, all in one bin or each in its day's.
    pub fn new(model: &'m Model, choices: &'m Choices, items: Vec<Item>, by_day: bool) -> Self {
        let mut state = Self {
            model,
            choices,
            bins: vec![Bin::default(); if by_day { DAYS } else { 1 }],
            bounds: if by_day {
                Bounds::of_days(model, 1)
            } else {
                Bounds::drawn_in(model)
            },
            by_day,
            terms: model.start,
            limits: [0; LIMITS],
            uses: vec![0; model.candidates.len()],
            linear: 0,
            reduced: choices.constant,
            items,
        };
        for place in 0..state.items.len() {
            state.put(place);
        }
        state
    }

    /// Counts the meal at a place.
    pub fn put(&mut self, place: usize) {
        let Item { bin, choice, .. } = self.items[place];
        let chosen = self.choices.get(choice);
        let candidate = usize::from(chosen.candidate);
        self.bins[usize::from(bin)].add(chosen);
        for (sum, added) in self.terms.iter_mut().zip(self.choices.terms(choice)) {
            *sum += added;
        }
        for (sum, quarter) in self
            .limits
            .iter_mut()
            .zip(&self.model.candidates[candidate].limits)
        {
            *sum += quarter * chosen.quarters;
        }
        let repeat = self.repeat_points(candidate);
        self.linear += chosen.linear + repeat;
        self.reduced += chosen.reduced + i64::from(repeat) * PARTS;
        self.uses[candidate] += 1;
    }

    /// Stops counting the meal at a place; it must be put back before anything but looking.
    pub fn take(&mut self, place: usize) {
        let Item { bin, choice, .. } = self.items[place];
        let chosen = self.choices.get(choice);
        let candidate = usize::from(chosen.candidate);
        self.uses[candidate] -= 1;
        let repeat = self.repeat_points(candidate);
        self.linear -= chosen.linear + repeat;
        self.reduced -= chosen.reduced + i64::from(repeat) * PARTS;
        self.bins[usize::from(bin)].remove(chosen);
        for (sum, added) in self.terms.iter_mut().zip(self.choices.terms(choice)) {
            *sum -= added;
        }
        for (sum, quarter) in self
            .limits
            .iter_mut()
            .zip(&self.model.candidates[candidate].limits)
        {
            *sum -= quarter * chosen.quarters;
        }
    }

    /// Puts another choice at a place.
    pub fn change(&mut self, place: usize, choice: u32) {
        self.take(place);
        self.items[place].choice = choice;
        self.put(place);
    }

    /// Lets two meals change places: day and occasion stay, dishes and servings go.
    pub fn exchange(&mut self, first: usize, second: usize) {
        let (one, other) = (self.items[first].choice, self.items[second].choice);
        self.change(first, other);
        self.change(second, one);
    }

    /// Brings back the choices of an earlier copy of the items.
    pub fn restore(&mut self, items: &[Item]) {
        for (place, item) in items.iter().enumerate() {
            if self.items[place] != *item {
                self.change(place, item.choice);
            }
        }
    }

    /// Points of using a candidate once more.
    #[inline]
    pub fn repeat_points(&self, candidate: usize) -> i32 {
        if self.uses[candidate] > 0 { REPEAT } else { 0 }
    }

    /// Whether a candidate may be used once more.
    #[inline]
    pub fn has_room(&self, candidate: usize) -> bool {
        self.uses[candidate] < self.model.candidates[candidate].most
    }

    /// The critical ones of some terms.
    pub fn critical(&self, terms: &Terms) -> [i32; CRITICAL] {
        self.choices.critical.map(|term| terms[term])
    }

    /// The objective.
    pub fn score(&self) -> i32 {
        self.linear + points(&self.terms, &[0; TERMS])
    }

    /// Whether another meal of the bin, but the places left out, has the candidate.
    #[inline]
    pub fn served(&self, bin: u8, candidate: u16, left_out: [usize; 2]) -> bool {
        self.by_day
            && self.items.iter().enumerate().any(|(place, item)| {
                item.bin == bin
                    && self.choices.get(item.choice).candidate == candidate
                    && !left_out.contains(&place)
            })
    }

    /// How far the weekly limits are exceeded with some choices added, as shares of a day's energy
    /// in thousandths of a kcal, rounded up.
    pub fn above_limits(&self, added: &[u32]) -> i64 {
        let mut above = 0;
        for (place, (_, most)) in self.model.limits.iter().enumerate() {
            let mut sum = self.limits[place];
            for choice in added {
                let choice = self.choices.get(*choice);
                let quarter = self.model.candidates[usize::from(choice.candidate)].limits[place];
                sum += quarter * choice.quarters;
            }
            if sum > *most {
                let excess = i64::from(sum - most) * i64::from(self.model.energy.1);
                above += 1 + excess / i64::from((*most).max(1));
            }
        }
        above
    }

    /// How far all bins but some lie outside their bounds, in thousandths of a kcal.
    pub fn outside_beside(&self, bins: [u8; 2]) -> i64 {
        let others = self
            .bins
            .iter()
            .zip(0..)
            .filter(|(_, bin)| !bins.contains(bin));
        others.map(|(bin, _)| self.bounds.outside(bin)).sum()
    }

    /// What a dish that stands twice in a day weighs, in thousandths of a kcal.
    pub fn twice_weight(&self) -> i64 {
        i64::from(self.model.energy.1) / 10
    }

    /// Dishes twice in a day, but for a place.
    fn twice(&self, left_out: Option<usize>) -> i64 {
        if !self.by_day {
            return 0;
        }
        let repeated = |place: &usize| {
            let item = self.items[*place];
            let candidate = self.choices.get(item.choice).candidate;
            left_out != Some(*place)
                && self.served(item.bin, candidate, [*place, left_out.unwrap_or(*place)])
        };
        (0..self.items.len()).filter(repeated).count() as i64 * self.twice_weight()
    }

    /// The violation of all but the bin of an emptied place, in thousandths of a kcal; the limits
    /// aside.
    pub fn violation_beside(&self, place: usize) -> i64 {
        let bin = self.items[place].bin;
        self.outside_beside([bin; 2]) + self.twice(Some(place))
    }

    /// The violation of an emptied place's bin and of the limits, with a choice put there.
    pub fn violation_with(&self, place: usize, choice: u32) -> i64 {
        let mut filled = self.bins[usize::from(self.items[place].bin)];
        filled.add(self.choices.get(choice));
        self.bounds.outside(&filled) + self.above_limits(&[choice])
    }

    /// How far the week is from meeting every hard constraint, as thousandths of a kcal; 0 where it
    /// does.
    pub fn violation(&self) -> i64 {
        let bins: i64 = self.bins.iter().map(|bin| self.bounds.outside(bin)).sum();
        bins + self.twice(None) + self.above_limits(&[])
    }
}
