//! Prices: what a point of each term and a unit of each weekly bound is worth, found by ascending
//! the Lagrangian dual of the week. With them each choice has a reduced cost, and the sum of a
//! week's reduced costs bounds its score from below; the search looks no further than that bound
//! allows.
//!
//! The dual: every term's `max(0, t)` is at least `p·t` for a price `p` from 0 to 1, `F` times the
//! worst nutrient at least `Σ o·t` where `Σ o ≤ F`, and a bound `Σ c ≤ b` that holds costs
//! `r·(Σ c − b) ≤ 0`. What is left is linear in the choices, and its least week is picked dish by
//! dish. The prices climb by AdaGrad (Duchi et al. 2011) with momentum, in integers.

use super::model::{DAYS, LIMITS, Model, NUTRIENT_TERMS, TERMS, WORST_FACTOR};
use super::state::{Bounds, CRITICAL, Choices, REPEAT};
use crate::dish::Meal;

/// Fixed point of prices and reduced costs: so many parts of a point.
pub(super) const PARTS: i64 = 4096;
/// Fixed point of the prices of the bounds' own units, which are small.
const FINE: i64 = 1 << 20;
/// Bounds are scaled to this, so that a step moves their prices like those of terms.
const SCALE: i64 = 100_000;
/// Length of a step, in parts: 0.45 of a price for a gradient that has not changed yet.
const STEP: i64 = PARTS * 45 / 100;
/// Points of a repeat, in parts.
const REPEAT_PARTS: i64 = REPEAT as i64 * PARTS;

/// Rows of the bounds: energy (least and most), protein, net carbohydrate, and the limits.
const ROWS: usize = 4 + LIMITS;
/// Pools that meals draw from.
pub(super) const POOLS: usize = 3;

/// The pool that a meal draws from: lunch and dinner share one.
pub(super) const fn pool(meal: Meal) -> usize {
    match meal {
        Meal::Breakfast => 0,
        Meal::Lunch | Meal::Dinner => 1,
        Meal::Snack => 2,
    }
}

/// Prices that are feasible in the dual.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    /// Of a point of each term, in parts.
    terms: [i64; TERMS],
    /// Of each row as if its bound were [`SCALE`], in parts.
    rows: [i64; ROWS],
}

impl Prices {
    /// Back to where the objective allows: a term is worth at most a point a point, and nutrients
    /// beyond that share what the worst one counts for.
    fn project(&mut self) {
        for price in &mut self.terms[NUTRIENT_TERMS..] {
            *price = (*price).min(PARTS);
        }
        let nutrients = &mut self.terms[..NUTRIENT_TERMS];
        let beyond: i64 = nutrients.iter().map(|price| (price - PARTS).max(0)).sum();
        let most = WORST_FACTOR * PARTS;
        if beyond > most {
            for price in nutrients.iter_mut().filter(|price| **price > PARTS) {
                *price = PARTS + (*price - PARTS) * most / beyond;
            }
        }
    }

    /// The terms with the highest prices.
    pub fn critical(&self) -> [usize; CRITICAL] {
        let mut terms: [usize; TERMS] = std::array::from_fn(|term| term);
        terms.sort_by_key(|term| -self.terms[*term]);
        std::array::from_fn(|place| terms[place])
    }
}

/// The week's bounds as `Σ content ≤ bound`.
#[derive(Debug, Clone)]
struct Rows {
    /// By candidate, a quarter serving.
    quarter: Vec<[i64; ROWS]>,
    bounds: [i64; ROWS],
    /// What each bound is measured by: itself, before anything is fixed; 0 is not in use.
    scales: [i64; ROWS],
}

impl Rows {
    fn new(model: &Model) -> Self {
        let week = Bounds::of_days(model, DAYS as i32);
        let keto = model.net_carbohydrate.is_some();
        let mut bounds = [0; ROWS];
        bounds[0] = -i64::from(week.energy.0);
        bounds[1] = i64::from(week.energy.1);
        bounds[2] = -i64::from(week.protein);
        bounds[3] = if keto {
            i64::from(week.net_carbohydrate)
        } else {
            0
        };
        for (bound, (_, most)) in bounds[4..].iter_mut().zip(&model.limits) {
            *bound = i64::from(*most);
        }
        let quarter = model.candidates.iter().map(|candidate| {
            let mut quarter = [0; ROWS];
            quarter[0] = -i64::from(candidate.energy);
            quarter[1] = i64::from(candidate.energy);
            quarter[2] = -i64::from(candidate.protein);
            quarter[3] = if keto {
                i64::from(candidate.net_carbohydrate)
            } else {
                0
            };
            for (content, limit) in quarter[4..].iter_mut().zip(&candidate.limits) {
                *content = i64::from(*limit);
            }
            quarter
        });
        Self {
            quarter: quarter.collect(),
            scales: bounds.map(i64::abs),
            bounds,
        }
    }
}

/// An ascent of the dual, with some meals perhaps fixed.
#[derive(Debug)]
pub(super) struct Ascent<'m> {
    pub model: &'m Model,
    pub prices: Prices,
    rows: Rows,
    /// The terms before anything is chosen.
    start: [i64; TERMS],
    /// Meals still to be chosen, by pool.
    pub wanted: [usize; POOLS],
    /// Uses of candidates that are fixed.
    pub uses: Vec<i32>,
    /// Gradients: the terms of the relaxed week, and how far its rows exceed their bounds.
    terms: [i64; TERMS],
    excess: [i64; ROWS],
    /// Momentum, and sums of squared gradients.
    direction: [i64; TERMS + ROWS],
    squares: [u64; TERMS + ROWS],
    /// Cost and choice of each further use of a candidate, by pool.
    copies: [Vec<(i64, u32)>; POOLS],
}

impl<'m> Ascent<'m> {
    pub fn new(model: &'m Model) -> Self {
        let mut wanted = [0; POOLS];
        for meal in &model.slots {
            wanted[pool(*meal)] += DAYS;
        }
        Self {
            model,
            prices: Prices {
                terms: [0; TERMS],
                rows: [0; ROWS],
            },
            rows: Rows::new(model),
            start: model.start.map(i64::from),
            wanted,
            uses: vec![0; model.candidates.len()],
            terms: [0; TERMS],
            excess: [0; ROWS],
            direction: [0; TERMS + ROWS],
            squares: [1; TERMS + ROWS],
            copies: [const { Vec::new() }; POOLS],
        }
    }

    /// One round: gives the choices their reduced costs, picks the cheapest week under them, and
    /// moves the prices. The week's value, which is a lower bound of every score, in parts.
    pub fn round(&mut self, choices: &mut Choices) -> i64 {
        self.price(choices);
        let value = self.relax(choices);
        self.step();
        value
    }

    /// The choices of the last round's week.
    pub fn chosen(&self) -> impl Iterator<Item = u32> {
        let pools = self.copies.iter().zip(self.wanted);
        pools.flat_map(|(copies, wanted)| copies.iter().take(wanted).map(|(_, index)| *index))
    }

    /// Lets the next steps be longer again.
    pub fn loosen(&mut self) {
        for square in &mut self.squares {
            *square = *square / 8 + 1;
        }
    }

    /// Fixes a meal: what is left to choose adapts to it.
    pub fn fix(&mut self, choices: &Choices, index: u32, meal: Meal) {
        self.wanted[pool(meal)] -= 1;
        let choice = choices.get(index);
        let place = usize::from(choice.candidate);
        self.uses[place] += 1;
        for (sum, added) in self.start.iter_mut().zip(choices.terms(index)) {
            *sum += i64::from(*added);
        }
        for (bound, content) in self.rows.bounds.iter_mut().zip(&self.rows.quarter[place]) {
            *bound -= content * i64::from(choice.quarters);
        }
    }

    /// Gives the choices their reduced costs under the prices, and the start and the bounds their
    /// worth.
    pub fn price(&self, choices: &mut Choices) {
        let units: [i64; ROWS] = std::array::from_fn(|row| match self.rows.scales[row] {
            0 => 0,
            scale => {
                (i128::from(self.prices.rows[row]) * i128::from(FINE * SCALE) / i128::from(scale))
                    as i64
            }
        });
        // Few terms have a price, and few rows.
        let mut priced = [0; TERMS];
        let mut count = 0;
        let mut constant = 0;
        for term in 0..TERMS {
            if self.prices.terms[term] > 0 {
                priced[count] = term;
                count += 1;
                constant += self.prices.terms[term] * self.start[term];
            }
        }
        let priced = &priced[..count];
        let worth: i128 = units
            .iter()
            .zip(&self.rows.bounds)
            .map(|(unit, bound)| i128::from(*unit) * i128::from(*bound))
            .sum();
        // Rounded down, as is each choice's cost below, so that the sum stays a lower bound.
        choices.constant = constant - 1 - (worth / i128::from(FINE)) as i64;
        let (least, most) = self.model.quarters;
        for (place, candidate) in self.model.candidates.iter().enumerate() {
            let mut once = 0;
            let mut quarter = 0;
            for term in priced {
                once += self.prices.terms[*term] * i64::from(candidate.once[*term]);
                quarter += self.prices.terms[*term] * i64::from(candidate.quarter[*term]);
            }
            let held = units.iter().zip(&self.rows.quarter[place]);
            quarter += held
                .map(|(unit, content)| unit * content)
                .sum::<i64>()
                .div_euclid(FINE);
            let all = choices.of(place);
            for (choice, quarters) in choices.all[all].iter_mut().zip(least..=most) {
                choice.reduced =
                    i64::from(choice.linear) * PARTS + once + quarter * i64::from(quarters);
            }
        }
    }

    /// The cheapest week under the reduced costs, and its value.
    fn relax(&mut self, choices: &Choices) -> i64 {
        for copies in &mut self.copies {
            copies.clear();
        }
        for (place, candidate) in self.model.candidates.iter().enumerate() {
            let used = self.uses[place];
            let all = choices.of(place);
            let costs = choices.all[all.clone()].iter().zip(all);
            let cheapest = costs
                .map(|(choice, index)| (choice.reduced, index as u32))
                .min();
            let Some((cost, index)) = cheapest.filter(|_| used < candidate.most) else {
                continue;
            };
            let [breakfast, lunch, dinner, snack] = candidate.meals;
            for (pool, suits) in [breakfast, lunch || dinner, snack].into_iter().enumerate() {
                if suits && self.wanted[pool] > 0 {
                    let first = if used > 0 { cost + REPEAT_PARTS } else { cost };
                    self.copies[pool].push((first, index));
                    for _ in used + 1..candidate.most {
                        self.copies[pool].push((cost + REPEAT_PARTS, index));
                    }
                }
            }
        }
        let mut value = choices.constant;
        self.terms = self.start;
        let mut used = [0_i64; ROWS];
        for (copies, wanted) in self.copies.iter_mut().zip(self.wanted) {
            if (1..copies.len()).contains(&wanted) {
                copies.select_nth_unstable(wanted - 1);
            }
            for (cost, index) in copies.iter().take(wanted) {
                value += cost;
                let choice = choices.get(*index);
                for (sum, added) in self.terms.iter_mut().zip(choices.terms(*index)) {
                    *sum += i64::from(*added);
                }
                let quarter = &self.rows.quarter[usize::from(choice.candidate)];
                for (sum, content) in used.iter_mut().zip(quarter) {
                    *sum += content * i64::from(choice.quarters);
                }
            }
        }
        let rows = used.iter().zip(&self.rows.bounds).zip(&self.rows.scales);
        for (excess, ((used, bound), scale)) in self.excess.iter_mut().zip(rows) {
            *excess = if *scale == 0 {
                0
            } else {
                (used - bound) * SCALE / scale
            };
        }
        value
    }

    /// Moves the prices along the gradient.
    fn step(&mut self) {
        let gradients = self.terms.iter().chain(&self.excess);
        let prices = self.prices.terms.iter_mut().chain(&mut self.prices.rows);
        let memory = self.direction.iter_mut().zip(&mut self.squares);
        for ((gradient, price), (direction, squares)) in gradients.zip(prices).zip(memory) {
            // A price of nothing that would fall stays, and so must not slow later steps.
            let gradient = if *price == 0 {
                (*gradient).max(0)
            } else {
                *gradient
            };
            *direction = (*direction * 7 + gradient) / 8;
            *squares = squares.saturating_add(gradient.unsigned_abs().saturating_pow(2));
            let change = STEP * *direction / (squares.isqrt().max(1) as i64);
            *price = (*price + change).max(0);
        }
        self.prices.project();
    }
}
