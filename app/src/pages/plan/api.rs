//! Server functions of a week's plan, and what they send: ready to be read, in the language of
//! whoever asks.

use crate::error::AppError;
use domain::amount::Amount;
use domain::food::FoodGroup;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A week, whether or not there is a plan for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeekView {
    /// The address of the week and of those beside it.
    pub head: WeekHead,
    /// Whether there is a profile to plan for.
    pub profile: bool,
    /// The job that was asked about, unless it is done.
    pub job: Option<JobView>,
    /// The plan.
    pub plan: Option<PlanView>,
    /// Whether there is a campus that its meals can be ordered from.
    pub orderable: bool,
}

/// Which week it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekHead {
    /// In addresses: `2026-W47`.
    pub week: String,
    /// "Week 47", or "This week · 47".
    pub eyebrow: String,
    /// "16–22 November 2026".
    pub title: String,
    /// The week before, in addresses.
    pub previous: String,
    /// The week after, in addresses.
    pub next: String,
    /// What follows an address to stay with an earlier version: `?plan=…`, or nothing.
    pub query: String,
}

/// A job that is under way or has failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// Whether it has ended, well or not.
    pub ended: bool,
    /// How far it is, from 0 to 1, where that is known.
    pub progress: Option<f64>,
    /// Why there is no plan, once that is known.
    pub trouble: Option<Trouble>,
}

/// Why a week could not be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What happened.
    pub title: String,
    /// What to do.
    pub text: String,
    /// Constraints that do not go together.
    pub conflicts: Vec<String>,
    /// Changes of which any one would help.
    pub relaxations: Vec<String>,
    /// Whether the profile is where to go, rather than trying again.
    pub profile: bool,
}

/// A plan at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanView {
    /// SHA-256 of its JSON.
    pub digest: String,
    /// Whether the profile of today would give another one.
    pub stale: bool,
    /// The day to begin with, 0 is Monday.
    pub first_day: u32,
    /// The day that is today, if it is in this week.
    pub today: Option<u32>,
    /// Monday to Sunday.
    pub days: Vec<DayView>,
    /// The week in numbers.
    pub stats: Vec<StatView>,
    /// What falls short or goes beyond, in words.
    pub warnings: Vec<String>,
    /// What to know of the targets, in words.
    pub notes: Vec<String>,
}

/// A day of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayView {
    /// "Monday".
    pub weekday: String,
    /// "Mon".
    pub short: String,
    /// "16".
    pub number: String,
    /// "16 November".
    pub date: String,
    /// "1 970".
    pub energy: String,
    /// Energy, protein, carbohydrate, fat.
    pub rings: Vec<RingView>,
    /// In the order in which they are eaten.
    pub meals: Vec<MealView>,
    /// Totals against targets.
    pub totals: Vec<TotalView>,
}

/// A ring: closed when the amount is where it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RingView {
    /// `macro-energy`, …
    pub class: String,
    /// What it shows.
    pub label: String,
    /// Share of the target.
    pub value: f64,
    /// The number.
    pub text: String,
    /// Its unit, or what it is measured by.
    pub caption: String,
}

/// A meal of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MealView {
    /// "Lunch".
    pub meal: String,
    /// The dish's id.
    pub dish: String,
    /// Its name.
    pub name: String,
    /// Grams by food group.
    pub groups: Vec<(FoodGroup, Amount)>,
    /// "640 kcal".
    pub energy: String,
    /// "1½ servings".
    pub servings: String,
}

/// An amount of a day against its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TotalView {
    /// What it is.
    pub label: String,
    /// "96 g".
    pub amount: String,
    /// "56–180 g".
    pub target: String,
    /// How it is drawn.
    pub bar: BarView,
}

/// A bar: shares of its track.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BarView {
    /// The amount.
    pub value: f64,
    /// The reference.
    pub mark: Option<f64>,
    /// The limit.
    pub limit: Option<f64>,
    /// Whether it is reached, near, or beyond.
    pub tone: Tone,
}

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Reached.
    Leaf,
    /// Near.
    Saffron,
    /// Short.
    Accent,
    /// Above a limit.
    Beet,
    /// Says nothing.
    None,
}

impl Tone {
    /// Its name in the style sheet.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Saffron => "saffron",
            Self::Accent => "accent",
            Self::Beet => "beet",
            Self::None => "",
        }
    }
}

/// A number of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatView {
    /// "1 970".
    pub value: String,
    /// "kcal a day".
    pub label: String,
    /// "target 2 000".
    pub note: String,
}

/// A week with its plan. An empty `week` is the current one; `job` and `version` may be empty.
#[server(endpoint = "week")]
pub async fn get_week(
    #[server(default)] week: String,
    #[server(default)] job: String,
    #[server(default)] version: String,
) -> Result<WeekView, AppError> {
    super::build::week_view(&crate::context::ctx()?, &week, &job, &version).await
}

/// Asks for the plan of a week and leads to it, or to where its making can be watched.
#[server(endpoint = "request-plan")]
pub async fn request_plan(#[server(default)] week: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let job = service::plan::request(&ctx, service::plan::parse_week(&week)?).await?;
    let job = service::plan::settled(&ctx, job).await?;
    let address = match job.status {
        domain::job::JobStatus::Ready => format!("/plan/{week}"),
        _ => format!("/plan/{week}?job={}", job.id),
    };
    leptos_axum::redirect(&address);
    Ok(())
}
