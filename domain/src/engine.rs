//! The diet engine.

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
use crate::week::IsoWeek;
use model::Model;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The version of the model and of the search. Any change that can change a plan raises it.
pub const VERSION: i64 = 1;

/// What identifies a plan: SHA-256, in hexadecimal, over the JSON of everything that it is computed
/// from.
///
/// The encoding is canonical: fields in the order of declaration, sets sorted, numbers of a
/// profile's weight in thousandths at most.
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
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
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
/// # Errors
/// [`Infeasible`] where no week was found that meets every hard constraint.
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
