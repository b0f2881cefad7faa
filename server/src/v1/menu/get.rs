use super::{Campus, MenuItem, PickupSlot};
use crate::http::problem::{ApiError, ProblemDocument};
use axum::extract::Path;
use axum::{Extension, Json};
use domain::dish::Content;
use domain::menu::{Forbidden, Options, Sale, Selection};
use domain::nutrient::{Nutrient, Nutrients};
use domain::problem::Problem;
use serde::Serialize;
use service::{Ctx, menu};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// An item with all that whoever orders it must know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MenuItemResponse {
    campus: Campus,
    #[serde(flatten)]
    item: MenuItem,
    /// What one contains without options, with the share of its weight of which that is known.
    #[schema(value_type = BTreeMap<Nutrient, Content>)]
    nutrients: Nutrients<Content>,
    /// When it is sold.
    sale: SaleTimes,
    /// What may be chosen of it, and the rules between options.
    options: Options,
    /// A choice that keeps the rules, with what your profile allows where that can be.
    #[schema(value_type = Option<BTreeSet<String>>)]
    simplest: Option<Selection>,
    /// Options that your profile forbids, by key, with the reasons.
    forbidden_options: BTreeMap<String, Vec<Forbidden>>,
    /// The slots in which it can be collected.
    slots: Vec<PickupSlot>,
}

/// When an item is sold.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SaleTimes {
    /// On these weekdays; 0 is Monday.
    days: BTreeSet<i64>,
    /// To be collected from this minute of the campus's day on…
    from: i64,
    /// … and before this one.
    until: i64,
}

impl From<Sale> for SaleTimes {
    fn from(sale: Sale) -> Self {
        Self {
            days: sale.days,
            from: sale.from,
            until: sale.until,
        }
    }
}

/// An item of a campus's menu, with its options.
#[utoipa::path(
    get, path = "/v1/campuses/{campus}/menu/{item}", tag = "menu", security(()),
    params(("campus" = String, Path, description = "The campus's slug"), ("item" = Uuid, Path)),
    responses(
        (status = 200, description = "The item", body = MenuItemResponse),
        (status = 404, description = "No such campus, or it has no such item", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Path((campus, item)): Path<(String, String)>,
) -> Result<Json<MenuItemResponse>, ApiError> {
    // What is no id names nothing.
    let id: Uuid = item.parse().map_err(|_| ApiError(Problem::NotFound))?;
    let detail = menu::item(&ctx, &campus, id).await?;
    let marks = detail.marks.into_iter();
    Ok(Json(MenuItemResponse {
        campus: Campus::new(&ctx, detail.campus),
        nutrients: detail.card.contents.nutrients.clone(),
        sale: detail.card.item.sale.clone().into(),
        options: detail.card.item.options.clone(),
        item: MenuItem::new(&ctx, detail.card),
        simplest: detail.simplest,
        forbidden_options: marks.map(|mark| (mark.option, mark.forbidden)).collect(),
        slots: detail.slots.into_iter().map(PickupSlot::from).collect(),
    }))
}
