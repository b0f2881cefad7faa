use super::Campus;
use crate::http::problem::ApiError;
use axum::{Extension, Json};
use serde::Serialize;
use service::{Ctx, menu};
use utoipa::ToSchema;

/// The campuses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampusList {
    /// By slug.
    items: Vec<Campus>,
    /// Always null: the campuses are one page.
    next_cursor: Option<String>,
}

/// Where meals are handed out.
#[utoipa::path(
    get, path = "/v1/campuses", tag = "menu", security(()),
    responses((status = 200, description = "The campuses", body = CampusList))
)]
pub(crate) async fn campuses(Extension(ctx): Extension<Ctx>) -> Result<Json<CampusList>, ApiError> {
    let campuses = menu::campuses(&ctx).await?;
    let items = campuses
        .into_iter()
        .map(|campus| Campus::new(&ctx, campus))
        .collect();
    Ok(Json(CampusList {
        items,
        next_cursor: None,
    }))
}
