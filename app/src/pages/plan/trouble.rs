//! Why a week could not be planned, in words.

use super::api::Trouble;
use crate::context::number;
use crate::words::Words;
use domain::engine::{Conflict, Infeasible, Relaxation};
use domain::problem::Problem;
use locales::Key;

/// A problem, and where a week is infeasible its conflicts and what would help.
pub(crate) fn trouble(words: Words, problem: &Problem) -> Trouble {
    let code = problem.code();
    let base = Trouble {
        title: words.name("problem", code),
        text: words.name("problem_help", code),
        conflicts: vec![],
        relaxations: vec![],
        profile: matches!(
            problem,
            Problem::ProfileMissing | Problem::Infeasible { .. }
        ),
    };
    match problem {
        Problem::Infeasible {
            reason:
                Infeasible {
                    conflicts,
                    relaxations,
                },
        } => Trouble {
            title: words.t(Key::PlanInfeasible),
            text: if relaxations.is_empty() {
                words.t(Key::PlanNoRelaxation)
            } else {
                String::new()
            },
            conflicts: conflicts.iter().map(|it| conflict(words, it)).collect(),
            relaxations: relaxations.iter().map(|it| relaxation(words, it)).collect(),
            ..base
        },
        _ => base,
    }
}

/// Whole dollars, or dollars and cents where there are some.
fn dollars(cents: i64) -> String {
    if cents % 100 == 0 {
        number(cents / 100)
    } else {
        format!("{}.{:02}", number(cents / 100), cents % 100)
    }
}

fn conflict(words: Words, conflict: &Conflict) -> String {
    let say = |name: &str, arguments: &[(&str, &str)]| words.fill_name("conflict", name, arguments);
    match conflict {
        Conflict::Diet { diet } => say("diet", &[("diet", &words.name("diet", diet.key()))]),
        Conflict::Allergen { allergen } => say(
            "allergen",
            &[("allergen", &words.name("allergen", allergen.key()))],
        ),
        Conflict::DislikedFoods => say("disliked_foods", &[]),
        Conflict::DislikedDishes => say("disliked_dishes", &[]),
        Conflict::Budget { cents } => say("budget", &[("dollars", &dollars(*cents))]),
        Conflict::MealsPerDay { meals } => say("meals_per_day", &[("meals", &meals.to_string())]),
        Conflict::FewDishes { meal, dishes } => say(
            "few_dishes",
            &[
                ("meal", &words.name("meal", meal.key())),
                ("dishes", &dishes.to_string()),
            ],
        ),
        Conflict::Energy { kcal } => say("energy", &[("kcal", &number(*kcal))]),
        Conflict::Protein { grams } => say("protein", &[("grams", &grams.to_string())]),
        Conflict::UpperLevel { nutrient } => say(
            "upper_level",
            &[("nutrient", &words.name("nutrient", nutrient.key()))],
        ),
        Conflict::NetCarbohydrate { grams } => {
            say("net_carbohydrate", &[("grams", &grams.to_string())])
        }
    }
}

fn relaxation(words: Words, relaxation: &Relaxation) -> String {
    let say =
        |name: &str, arguments: &[(&str, &str)]| words.fill_name("relaxation", name, arguments);
    match relaxation {
        Relaxation::Diet { diet } => say("diet", &[("diet", &words.name("diet", diet.key()))]),
        Relaxation::AllowDislikedFoods => say("allow_disliked_foods", &[]),
        Relaxation::AllowDislikedDishes => say("allow_disliked_dishes", &[]),
        Relaxation::MealsPerDay { meals } => say("meals_per_day", &[("meals", &meals.to_string())]),
        Relaxation::Budget { at_least } => say("budget", &[("dollars", &dollars(*at_least))]),
        Relaxation::Pace { pace_kcal: 0 } => say("keep_weight", &[]),
        Relaxation::Pace { pace_kcal } => say("pace", &[("kcal", &number(*pace_kcal))]),
    }
}
