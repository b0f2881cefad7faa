//! A day of the plan that a profile would get, small enough to be shown while somebody types.

use crate::amount::Amount;
use crate::catalogue::Catalogue;
use crate::dish::{DishId, Meal};
use crate::engine::{self, Infeasible};
use crate::food::FoodGroup;
use crate::nutrient::Nutrient;
use crate::plan::{self, Plan};
use crate::profile::Profile;
use crate::text::Language;
use crate::week::IsoWeek;
use serde::{Deserialize, Serialize};

/// What is to be previewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// For whom.
    pub profile: Profile,
    /// Which week; its first day is shown.
    pub week: IsoWeek,
    /// The language of the dishes' names.
    pub language: Language,
}

/// What would be on the plate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Preview {
    /// The first day.
    Day(Day),
    /// There is no week.
    Infeasible(Infeasible),
}

/// The first day of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// Of the whole plan: see [`plan::digest`].
    pub digest: String,
    /// In the order in which they are eaten.
    pub meals: Vec<DayMeal>,
    /// In kcal.
    pub energy: i64,
    /// In kcal.
    pub target: i64,
}

/// A dish of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayMeal {
    /// The occasion.
    pub meal: Meal,
    /// The dish.
    pub dish_id: DishId,
    /// Its name.
    pub name: String,
    /// What it is made of, in grams a serving.
    pub groups: Vec<(FoodGroup, Amount)>,
    /// In kcal.
    pub energy: i64,
}

/// Plans the week and shows its first day.
#[must_use]
pub fn preview(request: &Request, catalogue: &Catalogue) -> Preview {
    match engine::plan(&request.profile, request.week, catalogue) {
        Ok(plan) => Preview::Day(first_day(&plan, request.language, catalogue)),
        Err(infeasible) => Preview::Infeasible(infeasible),
    }
}

/// The first day of a plan as a preview shows it.
#[must_use]
pub fn first_day(plan: &Plan, language: Language, catalogue: &Catalogue) -> Day {
    let groups = |id: &DishId| {
        catalogue
            .dish(id)
            .map(|dish| {
                dish.groups
                    .iter()
                    .map(|(group, grams)| (*group, *grams))
                    .collect()
            })
            .unwrap_or_default()
    };
    let day = plan.days.first();
    let meals = day.map_or(&[][..], |day| &day.meals).iter();
    Day {
        digest: plan::digest(plan),
        meals: meals
            .map(|meal| DayMeal {
                meal: meal.meal,
                dish_id: meal.dish_id.clone(),
                name: meal.name.get(language).clone(),
                groups: groups(&meal.dish_id),
                energy: meal.nutrients[Nutrient::Energy].rounded(),
            })
            .collect(),
        energy: day.map_or(0, |day| day.totals[Nutrient::Energy].rounded()),
        target: plan.targets.energy,
    }
}
