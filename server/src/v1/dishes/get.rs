use crate::http::problem::{ApiError, ProblemDocument};
use axum::extract::Path;
use axum::{Extension, Json};
use domain::dish::{Dish, DishId, Steps};
use domain::text::Localized;
use serde::Serialize;
use service::{Ctx, catalogue};
use utoipa::ToSchema;

/// A dish: foods, nutrients with the share that is known, allergens, steps.
#[derive(Serialize, ToSchema)]
pub(crate) struct DishResponse {
    #[serde(flatten)]
    dish: Dish,
    /// How to cook it, in each language.
    #[schema(value_type = Option<Localized<Vec<String>>>)]
    steps: Option<Steps>,
}

/// A dish of the catalogue.
#[utoipa::path(
    get, path = "/v1/dishes/{dishId}", tag = "catalogue", security(()), params(("dishId" = String, Path)),
    responses(
        (status = 200, description = "The dish", body = DishResponse),
        (status = 404, description = "No such dish", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Path(id): Path<String>,
) -> Result<Json<DishResponse>, ApiError> {
    let id = DishId(id);
    let dish = catalogue::dish(&ctx, &id)?.clone();
    let steps = ctx.service.catalogue().steps(&id).cloned();
    Ok(Json(DishResponse { dish, steps }))
}
