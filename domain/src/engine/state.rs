//! A week under construction, and what changing it costs: sums kept up to date, so that a change is
//! judged by a few dozen additions.

use super::model::{
    DAYS, LIMITS, Limits, Model, NUTRIENT_TERMS, REPEAT_POINTS, Terms, WORST_FACTOR,
};

/// Points of one repeat.
pub(super) const REPEAT: i32 = REPEAT_POINTS as i32;

/// So many quarters of a dish, as one meal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// The dish, by its place among the model's candidates.
    pub candidate: u16,
    pub quarters: i32,
    /// Points that it costs by itself.
    pub linear: i32,
    pub energy: i32,
    pub protein: i32,
    pub net_carbohydrate: i32,
}

/// Every choice of a model and what each adds to the terms. Built once, read by each move.
#[derive(Debug)]
pub(super) struct Choices {
    /// By candidate, then quarters.
    pub all: Vec<Choice>,
    pub terms: Vec<Terms>,
    /// By [`crate::dish::Meal`]: the choices that suit it, cheapest first.
    pub by_meal: [Vec<u32>; 4],
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
            by_meal: [const { Vec::new() }; 4],
            per_candidate,
            least_quarters: least,
        };
        for (place, candidate) in model.candidates.iter().enumerate() {
            for quarters in least..=most {
                for (meal, suits) in candidate.meals.iter().enumerate() {
                    if *suits {
                        choices.by_meal[meal].push(choices.all.len() as u32);
                    }
                }
                choices.all.push(Choice {
                    candidate: place as u16,
                    quarters,
                    linear: candidate.rotation
                        + candidate.less * quarters
                        + model.serving_points[quarters as usize],
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
        for list in &mut choices.by_meal {
            list.sort_by_key(|index| (choices.all[*index as usize].linear, *index));
        }
        choices
    }

    /// The choice of so many quarters of a candidate.
    pub fn index(&self, candidate: usize, quarters: i32) -> u32 {
        (candidate * self.per_candidate) as u32 + (quarters - self.least_quarters) as u32
    }

    pub fn get(&self, index: u32) -> &Choice {
        &self.all[index as usize]
    }

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

impl Bounds {
    /// Of a day.
    pub fn day(model: &Model) -> Self {
        Self {
            energy: model.energy,
            protein: model.protein,
            net_carbohydrate: model.net_carbohydrate.unwrap_or(i32::MAX),
        }
    }

    /// Of all days together, drawn in a little so that days can be made of them.
    pub fn week(model: &Model) -> Self {
        let days = DAYS as i32;
        let (least, most) = model.energy;
        let margin = (most - least) / 8;
        Self {
            energy: ((least + margin) * days, (most - margin) * days),
            protein: (model.protein + model.protein / 32) * days,
            net_carbohydrate: model
                .net_carbohydrate
                .map_or(i32::MAX, |most| (most - most / 16) * days),
        }
    }

    pub fn hold(&self, bin: &Bin) -> bool {
        self.violation(bin) == 0
    }

    /// How far a bin lies outside, in thousandths of each bound, summed; rounded up, so that
    /// nothing stands for nothing only.
    pub fn violation(&self, bin: &Bin) -> i64 {
        let over = |excess: i32, bound: i32| {
            if excess <= 0 {
                0
            } else {
                1 + i64::from(excess) * 1000 / i64::from(bound.max(1))
            }
        };
        over(self.energy.0 - bin.energy, self.energy.0)
            + over(bin.energy - self.energy.1, self.energy.1)
            + over(self.protein - bin.protein, self.protein)
            + if self.net_carbohydrate == i32::MAX {
                0
            } else {
                over(
                    bin.net_carbohydrate - self.net_carbohydrate,
                    self.net_carbohydrate,
                )
            }
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
    for place in NUTRIENT_TERMS..week.len() {
        sum += (week[place] + added[place]).max(0);
    }
    sum + worst * WORST_FACTOR as i32
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
    pub limits: Limits,
    /// Uses of each candidate.
    pub uses: Vec<i32>,
    /// Points that do not depend on the terms.
    pub linear: i32,
}

impl<'m> State<'m> {
    /// A week of these meals.
    pub fn new(model: &'m Model, choices: &'m Choices, items: Vec<Item>, by_day: bool) -> Self {
        let mut state = Self {
            model,
            choices,
            bins: vec![Bin::default(); if by_day { DAYS } else { 1 }],
            bounds: if by_day {
                Bounds::day(model)
            } else {
                Bounds::week(model)
            },
            by_day,
            terms: model.start,
            limits: [0; LIMITS],
            uses: vec![0; model.candidates.len()],
            linear: 0,
            items,
        };
        for place in 0..state.items.len() {
            state.put(place);
        }
        state
    }

    /// Counts the meal at a place.
    fn put(&mut self, place: usize) {
        let Item { bin, choice, .. } = self.items[place];
        let chosen = *self.choices.get(choice);
        let candidate = usize::from(chosen.candidate);
        self.bins[usize::from(bin)].add(&chosen);
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
        self.linear += chosen.linear + self.repeat_points(candidate);
        self.uses[candidate] += 1;
    }

    /// Stops counting the meal at a place.
    fn take(&mut self, place: usize) {
        let Item { bin, choice, .. } = self.items[place];
        let chosen = *self.choices.get(choice);
        let candidate = usize::from(chosen.candidate);
        self.uses[candidate] -= 1;
        self.linear -= chosen.linear + self.repeat_points(candidate);
        self.bins[usize::from(bin)].remove(&chosen);
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

    /// Runs `look` with some meals taken out, then puts them back.
    pub fn without<T>(&mut self, places: &[usize], look: impl FnOnce(&mut Self) -> T) -> T {
        for place in places {
            self.take(*place);
        }
        let found = look(self);
        for place in places {
            self.put(*place);
        }
        found
    }

    /// Puts another choice at a place.
    pub fn change(&mut self, place: usize, choice: u32) {
        self.take(place);
        self.items[place].choice = choice;
        self.put(place);
    }

    /// Lets two meals change places: day and occasion stay, dishes and servings go.
    pub fn swap(&mut self, first: usize, second: usize) {
        self.take(first);
        self.take(second);
        let choice = self.items[first].choice;
        self.items[first].choice = self.items[second].choice;
        self.items[second].choice = choice;
        self.put(first);
        self.put(second);
    }

    /// The objective.
    pub fn score(&self) -> i32 {
        self.linear + points(&self.terms, &[0; super::model::TERMS])
    }

    /// Whether another meal of the bin, but the places left out, has the candidate.
    #[inline]
    pub fn served(&self, bin: u8, candidate: u16, left_out: &[usize]) -> bool {
        self.by_day
            && self.items.iter().enumerate().any(|(place, item)| {
                item.bin == bin
                    && self.choices.get(item.choice).candidate == candidate
                    && !left_out.contains(&place)
            })
    }

    /// Whether the weekly limits hold with some choices added.
    pub fn limits_hold(&self, added: &[u32]) -> bool {
        self.limit_violation(added) == 0
    }

    /// How far the weekly limits are exceeded with some choices added, in thousandths, rounded up.
    pub fn limit_violation(&self, added: &[u32]) -> i64 {
        let mut violation = 0;
        for (place, (_, most)) in self.model.limits.iter().enumerate() {
            let mut sum = self.limits[place];
            for choice in added {
                let choice = self.choices.get(*choice);
                let quarter = self.model.candidates[usize::from(choice.candidate)].limits[place];
                sum += quarter * choice.quarters;
            }
            if sum > *most {
                violation += 1 + i64::from(sum - most) * 1000 / i64::from((*most).max(1));
            }
        }
        violation
    }

    /// The violation of all bins but one, and of dishes served twice, without a place.
    pub fn violation_beside(&self, bin: u8, place: usize) -> i64 {
        let others = self
            .bins
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != usize::from(bin));
        others
            .map(|(_, bin)| self.bounds.violation(bin))
            .sum::<i64>()
            + self.twice(Some(place))
    }

    /// Dishes twice in a day, without a place, each like a twentieth of a day's energy.
    fn twice(&self, left_out: Option<usize>) -> i64 {
        if !self.by_day {
            return 0;
        }
        let repeated = |place: &usize| {
            let item = self.items[*place];
            let candidate = self.choices.get(item.choice).candidate;
            left_out != Some(*place)
                && self.served(item.bin, candidate, &[*place, left_out.unwrap_or(*place)])
        };
        (0..self.items.len()).filter(repeated).count() as i64 * 50
    }

    /// How far the week is from meeting every hard constraint; 0 where it does.
    pub fn violation(&self) -> i64 {
        let bins: i64 = self.bins.iter().map(|bin| self.bounds.violation(bin)).sum();
        bins + self.twice(None) + self.limit_violation(&[])
    }
}
