//! The diet engine: from a profile, a week and a catalogue to a plan.
//!
//! [`plan`] builds a [`model::Model`], an integer program without its variables; [`solve()`] searches
//! it; a report turns the solution into a [`Plan`]. Where there is none, everything said about why
//! was tried. Nothing here knows a clock or makes randomness, all sums are of integers, and each
//! loop is bounded by a count: the same input gives the same bytes, natively and in a browser.
//!
//! # The model
//!
//! It is written down so that it can be rebuilt in a MILP solver; the `bench` crate does that.
//! Names in `CAPITALS` are constants of [`model`].
//!
//! ## Sets and parameters
//!
//! | | |
//! |---|---|
//! | `D` | seven days |
//! | `S` | the meals of a day: breakfast, lunch, dinner, and one to three snacks ([`model::slots`]) |
//! | `I` | candidates: dishes of the profile's diet without its allergens, disliked foods and disliked dishes |
//! | `I(s) ⊆ I` | those whose `meals` hold the occasion of `s` |
//! | `Q` | quarters of a serving, `QUARTERS`: 2 to 10, which is half a serving to two and a half. Where a meal has more than 1,000 kcal in the mean, the most is one quarter higher for each 100 kcal begun, so that very high needs stay within reach of three meals |
//! | `c(i,n)` | content of nutrient `n` in a quarter serving of `i`, in thousandths of its unit: a quarter of the dish's amount, which is a multiple of four thousandths, so that it is exact. An unknown content counts as nothing |
//! | `E` | target energy in kcal; `P` the least protein of a day in g; `T(n)`, `L(n)` target and limit of a day |
//!
//! ## Variables
//!
//! `x(d,s,i,q) ∈ {0,1}`: the meal `s` of day `d` is `q` quarters of `i`.
//!
//! ## Hard constraints
//!
//! 1. Each meal is one dish: `Σ x(d,s,·,·) = 1` over `I(s) × Q`.
//! 2. A dish at most once a day, and in a week at most twice; three times where it suits breakfasts
//!    and snacks alone.
//! 3. Energy of each day within five percent: `950·E ≤ Σ q·c(i,energy)·x ≤ 1050·E` thousandths.
//! 4. Protein of each day: `Σ q·c(i,protein)·x ≥ 1000·P`, where `P` is the greatest of the reference,
//!    0.8 g a kilogram, and a tenth of energy ([`Targets::protein`]).
//! 5. Net carbohydrate of each day, for keto alone: carbohydrate less fibre, dish by dish and never
//!    below nothing, `≤ max(50 g, a tenth of energy)`.
//! 6. Upper levels a week: `Σ q·c(i,n)·x ≤ 7·L(n)` for each limit of kind UL whose scope food can
//!    answer for.
//! 7. The budget a week: `Σ q·cost(i)·x ≤ 4·cents`.
//!
//! ## Objective: minimise, in points
//!
//! The sum of
//!
//! 1. `Σ_k max(0, t(k)) + WORST_FACTOR · max_{k nutrient} max(0, t(k))` over the terms `k` below,
//!    each `t(k) = start(k) + Σ (once(i,k) + q·quarter(i,k))·x`. The worst nutrient counts again, so
//!    that none is given up for the sum's sake;
//! 2. `Σ (rotation(i) + q·less(i) + serving(q))·x`;
//! 3. `REPEAT_POINTS` for each use of a dish after its first.
//!
//! | term | start | quarter | once |
//! |---|---|---|---|
//! | shortfall of a nutrient, weight `w` | `w·POINTS` | `−round(c(i,n)·w·POINTS / 7·T(n))` | |
//! | excess of a nutrient, weight `w` | `−w·POINTS` | `+round(c(i,n)·w·POINTS / 7·L(n))` | |
//! | the week's energy, shortfall and excess, weight ½, `T = L = E` | as above | as above | |
//! | a food group, wanted `m` times | `m·GROUP_POINTS` | | `−GROUP_POINTS` where a serving has enough of it |
//! | fish, wanted twice | `2·RULE_POINTS` | | `−RULE_POINTS` where a serving has 40 g of fish or seafood |
//! | red meat, at most three times (once for Mediterranean) | `−3·RULE_POINTS` | | `+RULE_POINTS` where a serving has 40 g of it |
//!
//! So a point is a hundred-thousandth of a nutrient that is wholly missing. Weights, groups and their
//! amounts stand in tables of [`model`], with their reasons. A term without a reference, or a group
//! that no candidate has, is always 0. `round` is to the nearest integer, halves up, of the positive
//! quotient.
//!
//! `less(i)` is what is the better the less there is: saturated fat and sodium below their limits
//! too. `serving(q)` is `SERVING_POINTS` for each quarter outside `COMFORTABLE`. `rotation(i)` is
//! this week's own preference, 0 to `ROTATION_POINTS − 1`, from a hash of week and dish: it brings
//! other dishes in other weeks, and weighs little beside nutrients.
//!
//! # The search
//!
//! Days matter to hard constraints only, so meals are chosen for the week first and dealt out to
//! days then. Prices from the Lagrangian dual of the week (module `dual`) prove a lower bound that
//! is mostly within a percent of the linear relaxation's, and give each choice a reduced cost. A
//! dive along the prices makes a first week (`dive`); local search exchanges one meal or two where
//! reduced costs leave room (`search`); days are balanced by exchanges (`days`), and searched
//! again with their constraints.

mod days;
mod dive;
mod dual;
mod explain;
mod infeasible;
pub mod model;
mod report;
mod search;
mod solve;
mod state;

pub use infeasible::{Conflict, Infeasible, Relaxation};
pub use solve::{Solution, bound, judge, solve};

use crate::catalogue::Catalogue;
use crate::plan::Plan;
use crate::profile::Profile;
use crate::target;
#[cfg(doc)]
use crate::target::Targets;
use crate::week::IsoWeek;
use model::Model;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The version of the model and of the search. Any change that can change a plan raises it.
pub const VERSION: i64 = 1;

/// What identifies a plan: SHA-256, in hexadecimal, over the JSON of everything that it is computed
/// from.
///
/// The encoding is canonical: fields in the order of declaration, sets sorted, and the one number
/// that may be a fraction, the weight, has three decimal places at most.
#[must_use]
pub fn input_hash(profile: &Profile, week: IsoWeek, catalogue_version: &str) -> String {
    #[derive(Serialize)]
    struct Input<'a> {
        engine: i64,
        catalogue: &'a str,
        week: IsoWeek,
        profile: &'a Profile,
    }
    let input = Input {
        engine: VERSION,
        catalogue: catalogue_version,
        week,
        profile,
    };
    // Strings, integers and finite numbers always have a JSON form.
    let json = serde_json::to_vec(&input).unwrap_or_default();
    hexadecimal(&Sha256::digest(json))
}

/// Bytes in lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string never fails.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The week of meals for a profile.
///
/// The catalogue's dishes must be sorted by id, as [`crate::catalogue`] makes them.
///
/// # Errors
/// [`Infeasible`] where no week was found that meets every hard constraint, with the reasons. Finding
/// these takes some dozen searches, about a second.
pub fn plan(profile: &Profile, week: IsoWeek, catalogue: &Catalogue) -> Result<Plan, Infeasible> {
    let targets = target::targets(profile);
    let model = Model::new(profile, &targets, week, catalogue);
    match solve(&model) {
        Some(solution) => Ok(report::report(
            profile, week, catalogue, targets, &model, &solution,
        )),
        None => Err(explain::explain(profile, week, catalogue, &targets, &model)),
    }
}
