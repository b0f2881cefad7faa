//! The server function of a week's nutrients, and what it sends.

use crate::error::AppError;
use crate::pages::plan::api::{BarView, Tone, WeekHead};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The nutrients of a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NutrientsView {
    /// Which week.
    pub head: WeekHead,
    /// Whether there is a profile to plan for.
    pub profile: bool,
    /// Macronutrients, minerals, vitamins; empty where there is no plan.
    pub groups: Vec<NutrientGroup>,
    /// The kinds of reference in use and what they are: "RDA", "Recommended …".
    pub kinds: Vec<(String, String)>,
}

/// Nutrients of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NutrientGroup {
    /// "Minerals".
    pub title: String,
    /// The nutrients.
    pub rows: Vec<NutrientRow>,
}

/// A nutrient's mean a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NutrientRow {
    /// Its name.
    pub name: String,
    /// "at least 12 µg".
    pub amount: String,
    /// "86 % known"; empty where everything is.
    pub known: String,
    /// What it is measured by.
    pub references: Vec<ReferenceView>,
    /// How it is drawn; `None` without a reference.
    pub bar: Option<BarView>,
    /// "Reached".
    pub status: String,
    /// The status as a colour.
    pub tone: Tone,
}

/// A reference or a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceView {
    /// "15 µg", "at most 2 300 mg".
    pub amount: String,
    /// "RDA".
    pub kind: String,
    /// What that stands for.
    pub kind_name: String,
    /// "NASEM DRI".
    pub source: String,
}

/// The nutrients of a week's plan.
#[server(endpoint = "week-nutrients")]
pub async fn get_nutrients(
    #[server(default)] week: String,
    #[server(default)] version: String,
) -> Result<NutrientsView, AppError> {
    super::build::nutrients_view(&crate::context::ctx()?, &week, &version).await
}
