//! Server functions of the profile.

use super::form::Answers;
use super::preview::PlannerAddresses;
use crate::error::AppError;
use domain::food::Aisle;
use domain::week::IsoWeek;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What somebody may leave out: a food or a dish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// A food's number or a dish's id.
    pub id: String,
    /// Its name in the page's language.
    pub name: String,
    /// Whether it is a dish.
    pub dish: bool,
    /// Whether any dish is made of it.
    pub used: bool,
}

/// The page's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileData {
    /// What is stored, as the form shows it.
    pub saved: Option<Answers>,
    /// The names of what is left out.
    pub left_out: Vec<Item>,
    /// The foods that dishes are made of, by number and name.
    pub foods: Vec<(Aisle, Vec<(String, String)>)>,
    /// The week that the plan page shows.
    pub week: IsoWeek,
    /// Where the browser finds the engine.
    pub planner: PlannerAddresses,
}

/// The member's profile and what the form offers; `None` where nobody has signed in.
#[server(endpoint = "profile")]
pub async fn get_profile() -> Result<Option<ProfileData>, AppError> {
    use super::form::names;
    use crate::components::form::Submitted;
    use domain::dish::DishId;
    use domain::food::NdbNo;
    let ctx = crate::context::ctx()?;
    if ctx.account_id().is_err() {
        return Ok(None);
    }
    let profile = service::profile::find(&ctx).await?;
    let catalogue = ctx.service.catalogue();
    let assets: crate::Assets = expect_context();
    let (mut foods, mut dishes) = profile
        .as_ref()
        .map(|it| (it.disliked_foods.clone(), it.disliked_dishes.clone()))
        .unwrap_or_default();
    // A refused form is shown again: what it leaves out needs its names, too.
    if let Some(typed) = crate::context::request_extension::<Submitted>() {
        let of = |name: &'static str| {
            let values = typed.values.iter().filter(move |(field, _)| field == name);
            values.map(|(_, id)| id.clone())
        };
        foods.extend(of(names::DISLIKED_FOODS).map(NdbNo));
        dishes.extend(of(names::DISLIKED_DISHES).map(DishId));
    }
    let left_out = super::search::left_out(&ctx, &foods, &dishes).await?;
    Ok(Some(ProfileData {
        saved: profile.as_ref().map(Answers::from),
        left_out,
        foods: super::search::by_aisle(catalogue, ctx.language),
        week: IsoWeek::of_micros(ctx.now()),
        planner: PlannerAddresses {
            script: assets.planner_js.to_string(),
            module: assets.planner_wasm.to_string(),
            catalogue: format!("/v1/catalogue/{}", catalogue.version),
        },
    }))
}

/// Stores the profile and leads on to the plan.
#[server(endpoint = "save-profile")]
pub async fn save_profile(#[server(default)] profile: Answers) -> Result<(), AppError> {
    use domain::problem::Problem;
    let ctx = crate::context::ctx()?;
    service::profile::put(&ctx, &profile.draft())
        .await
        .map_err(|error| {
            AppError::from(match Problem::from(error) {
                Problem::Invalid { fields } => Problem::Invalid {
                    fields: super::form::in_form_units(fields),
                },
                other => other,
            })
        })?;
    leptos_axum::redirect("/plan");
    Ok(())
}

/// Foods and dishes by the beginnings of the words of their names.
#[server(endpoint = "search-dislikes")]
pub async fn search_dislikes(#[server(default)] text: String) -> Result<Vec<Item>, AppError> {
    let ctx = crate::context::ctx()?;
    ctx.account_id()?;
    Ok(super::search::search(&ctx, &text).await?)
}
