//! A plan in words: what the server functions of a week send.

use super::api::{DayView, JobView, MealView, PlanView, WeekHead, WeekView};
use super::numbers::{rings, stats, totals};
use super::trouble::trouble;
use crate::context::number;
use crate::error::AppError;
use crate::words::{Words, wire_name};
use domain::catalogue::Catalogue;
use domain::job::JobStatus;
use domain::nutrient::{Nutrient, Unit};
use domain::plan::{Plan, PlanDay, PlannedMeal, Warning};
use domain::problem::Problem;
use domain::target::Targets;
use domain::week::{IsoWeek, weekday_of_micros};
use locales::Key;
use service::Ctx;
use service::plan::{WeekPlan, of_week, parse_id, parse_week};

/// A week as the pages of a plan begin with it.
pub(crate) struct Week {
    pub words: Words,
    pub week: IsoWeek,
    pub head: WeekHead,
    pub found: WeekPlan,
}

/// What the member has for a week; an empty `week` is the current one.
pub(crate) async fn load(ctx: &Ctx, week: &str, version: &str) -> Result<Week, AppError> {
    // Before the address is read: whoever has not signed in learns nothing about it.
    ctx.account_id()?;
    let words = Words(ctx.language);
    let this_week = IsoWeek::of_micros(ctx.now());
    let week = match week {
        "" => this_week,
        week => parse_week(week).map_err(|_| Problem::NotFound)?,
    };
    let found = of_week(
        ctx,
        week,
        Some(version).filter(|version| !version.is_empty()),
    )
    .await?;
    let numbered = words.fill(Key::PlanWeek, &[("number", &week.number().to_string())]);
    let eyebrow = if week == this_week {
        format!("{} · {numbered}", words.t(Key::PlanThisWeek))
    } else {
        numbered
    };
    let head = WeekHead {
        week: week.to_string(),
        eyebrow,
        title: words.week(week),
        previous: week.plus(-1).to_string(),
        next: week.plus(1).to_string(),
        // It was read as an id above, so it needs no escaping.
        query: if version.is_empty() {
            String::new()
        } else {
            format!("?plan={version}")
        },
    };
    Ok(Week {
        words,
        week,
        head,
        found,
    })
}

/// The page of a week.
pub(super) async fn week_view(
    ctx: &Ctx,
    week: &str,
    job: &str,
    version: &str,
) -> Result<WeekView, AppError> {
    let job = match job {
        "" => None,
        // An address with a job of another time or person shows the week all the same.
        job => job_view(ctx, job).await.ok(),
    };
    let Week {
        words,
        week,
        head,
        found,
    } = load(ctx, week, version).await?;
    let catalogue = ctx.service.catalogue();
    let today =
        (week == IsoWeek::of_micros(ctx.now())).then(|| weekday_of_micros(ctx.now()) as u32);
    let campuses = service::menu::campuses(ctx).await?;
    Ok(WeekView {
        orderable: !campuses.is_empty(),
        head,
        profile: found.profile,
        job: job.filter(|job| !job.ended || job.trouble.is_some()),
        plan: found
            .plan
            .map(|owned| plan_view(words, &owned.plan, catalogue, !found.current, today)),
    })
}

/// A job, as whoever waits for it sees it.
pub(super) async fn job_view(ctx: &Ctx, id: &str) -> Result<JobView, AppError> {
    let job = service::plan::job(ctx, parse_id(id)?).await?;
    Ok(JobView {
        id: job.id.to_string(),
        ended: matches!(job.status, JobStatus::Ready | JobStatus::Failed),
        progress: (job.progress > 0).then_some(job.progress as f64 / 100.0),
        trouble: job
            .problem
            .map(|problem| trouble(Words(ctx.language), &problem)),
    })
}

fn plan_view(
    words: Words,
    plan: &Plan,
    catalogue: &Catalogue,
    stale: bool,
    today: Option<u32>,
) -> PlanView {
    let days = plan.days.iter().enumerate();
    PlanView {
        digest: domain::plan::digest(plan),
        stale,
        first_day: today.unwrap_or_default(),
        today,
        days: days
            .map(|(index, day)| day_view(words, index, day, &plan.targets, catalogue))
            .collect(),
        stats: stats(words, plan),
        warnings: plan.warnings.iter().map(|it| warning(words, it)).collect(),
        notes: plan
            .targets
            .notes
            .iter()
            .map(|note| words.name("note", &wire_name(note)))
            .collect(),
    }
}

fn warning(words: Words, warning: &Warning) -> String {
    let say = |name: &str, nutrient: &Nutrient, percent: &i64| {
        let arguments = [
            ("nutrient", &*words.name("nutrient", nutrient.key())),
            ("percent", &percent.to_string()),
        ];
        words.fill_name("warning", name, &arguments)
    };
    match warning {
        Warning::Short { nutrient, percent } => say("SHORT", nutrient, percent),
        Warning::Above { nutrient, percent } => say("ABOVE", nutrient, percent),
        Warning::FewFishDishes { dishes } => words.fill_name(
            "warning",
            "FEW_FISH_DISHES",
            &[("dishes", &dishes.to_string())],
        ),
    }
}

/// A day of a plan, 0 is Monday.
pub(crate) fn day_of(words: Words, plan: &Plan, index: usize, catalogue: &Catalogue) -> DayView {
    day_view(words, index, &plan.days[index], &plan.targets, catalogue)
}

fn day_view(
    words: Words,
    index: usize,
    day: &PlanDay,
    targets: &Targets,
    catalogue: &Catalogue,
) -> DayView {
    DayView {
        weekday: words.weekday(index),
        short: words.weekday_short(index),
        number: day.date.day.to_string(),
        date: words.date(day.date),
        energy: number(day.totals[Nutrient::Energy].rounded()),
        rings: rings(words, day, targets),
        meals: day
            .meals
            .iter()
            .map(|meal| meal_view(words, meal, catalogue))
            .collect(),
        totals: totals(words, day, targets),
    }
}

fn meal_view(words: Words, meal: &PlannedMeal, catalogue: &Catalogue) -> MealView {
    let groups = catalogue.dish(&meal.dish_id).map(|dish| &dish.groups);
    MealView {
        meal: words.name("meal", meal.meal.key()),
        dish: meal.dish_id.0.clone(),
        name: words.of(&meal.name),
        groups: groups
            .into_iter()
            .flatten()
            .map(|(group, grams)| (*group, *grams))
            .collect(),
        energy: words.with_unit(meal.nutrients[Nutrient::Energy], Unit::Kilocalorie),
        servings: words.servings(meal.servings),
    }
}
