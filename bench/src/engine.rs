//! Time a week, and distance to a lower bound.

use crate::profiles::profiles;
use anyhow::Context;
use domain::catalogue::{self, Catalogue};
use domain::engine::model::{Model, POINTS};
use domain::profile::Profile;
use domain::target::targets;
use domain::week::IsoWeek;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The median gap that is allowed.
const GAP_GOAL: f64 = 0.03;
/// The median time a week that is allowed.
const TIME_GOAL: Duration = Duration::from_millis(30);
/// Weeks that each profile is timed for; the first is the one whose score is compared.
const WEEKS: i64 = 5;
/// A gap is a share of the bound, or of a hundredth of what one nutrient missing all week costs,
/// where the bound is less: below that a share says nothing.
const FLOOR: f64 = POINTS as f64 / 100.0;

/// Prints the table.
///
/// # Errors
/// Where a profile has no plan, or a median misses its goal.
pub fn run() -> anyhow::Result<()> {
    let catalogue = catalogue()?;
    let first: IsoWeek = "2026-W31".parse()?;
    let profiles = profiles()?;
    println!(
        "{} dishes, {} foods",
        catalogue.dishes.len(),
        catalogue.foods.len()
    );
    let mut times = Vec::new();
    let mut measured = Vec::new();
    // All timing comes before any solving of bounds.
    for (name, profile) in &profiles {
        let mut of_profile = Vec::new();
        let mut score = 0;
        for later in 0..WEEKS {
            let begin = Instant::now();
            let plan = domain::engine::plan(profile, first.plus(later), &catalogue)
                .with_context(|| name.to_string())?;
            of_profile.push(begin.elapsed());
            if later == 0 {
                score = plan.score;
            }
        }
        times.extend_from_slice(&of_profile);
        measured.push((*name, profile, score, median(of_profile)));
    }

    println!(
        "{:<28}{:>6}{:>9}{:>9}{:>9}{:>9}  bound by",
        "profile", "kcal", "ms", "score", "bound", "gap %"
    );
    let mut gaps = Vec::new();
    for (name, profile, score, time) in measured {
        let (bound, by) = bound(profile, first, &catalogue);
        let gap = (score as f64 - bound).max(0.0) / bound.max(FLOOR);
        gaps.push(gap);
        println!(
            "{name:<28}{:>6}{:>9.1}{score:>9}{bound:>9.0}{:>9.2}  {by}",
            targets(profile).energy,
            time.as_secs_f64() * 1000.0,
            gap * 100.0
        );
    }
    gaps.sort_by(f64::total_cmp);
    let gap = (gaps[(gaps.len() - 1) / 2] + gaps[gaps.len() / 2]) / 2.0;
    let time = median(times);
    println!(
        "median gap {:.2} % (goal {:.0} %)",
        gap * 100.0,
        GAP_GOAL * 100.0
    );
    println!(
        "median time {:.1} ms (goal {} ms)",
        time.as_secs_f64() * 1000.0,
        TIME_GOAL.as_millis()
    );
    if gap > GAP_GOAL {
        anyhow::bail!("the gap misses its goal");
    }
    if time > TIME_GOAL {
        anyhow::bail!("the time misses its goal");
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A lower bound of every plan's score, and what proved it.
fn bound(profile: &Profile, week: IsoWeek, catalogue: &Catalogue) -> (f64, String) {
    let model = Model::new(profile, &targets(profile), week, catalogue);
    let own = f64::from(domain::engine::bound(&model));
    #[cfg(feature = "optimum")]
    {
        let proved = crate::optimum::bound(&model);
        if proved.bound > own {
            return (proved.bound, proved.by);
        }
    }
    (own, "the engine's prices".to_owned())
}

fn catalogue() -> anyhow::Result<Catalogue> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let mut files: Vec<_> = fs::read_dir(data.join("dishes"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let dishes: Vec<String> = files
        .iter()
        .map(fs::read_to_string)
        .collect::<Result<_, _>>()?;
    let dishes: Vec<&str> = dishes.iter().map(String::as_str).collect();
    Ok(catalogue::load(
        &fs::read_to_string(data.join("sr28_foods.csv"))?,
        &fs::read_to_string(data.join("food_facts.csv"))?,
        &dishes,
    )?)
}
