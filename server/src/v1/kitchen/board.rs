use crate::http::problem::{ApiError, ProblemDocument};
use axum::extract::Path;
use axum::{Extension, Json};
use serde::Serialize;
use service::{Ctx, order};
use utoipa::ToSchema;

/// The numbers that are called out at a campus.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CalledNumbers {
    /// What is being cooked.
    cooking: Vec<i64>,
    /// What can be collected.
    ready: Vec<i64>,
}

/// The numbers that are called out at a campus just now, for everybody: for a screen in the hall.
#[utoipa::path(
    get, path = "/v1/campuses/{campus}/board", tag = "orders", security(()),
    params(("campus" = String, Path, description = "The campus's slug")),
    responses(
        (status = 200, description = "The numbers", body = CalledNumbers),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn board(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
) -> Result<Json<CalledNumbers>, ApiError> {
    let called = order::called(&ctx, &campus).await?;
    Ok(Json(CalledNumbers {
        cooking: called.cooking,
        ready: called.ready,
    }))
}
