use super::MovementResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{Parameters, ResourceId};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::{Ctx, stock};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the ledger.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The `nextCursor` of the page before.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 50 where nothing is said.
    limit: Option<i64>,
}

/// A page of an item's ledger.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovementPage {
    /// Newest first.
    items: Vec<MovementResponse>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
}

/// Everything that ever moved of an item. For staff and administrators.
#[utoipa::path(
    get, path = "/v1/stock/{item}/movements", tag = "stock", params(("item" = uuid::Uuid, Path), Page),
    responses(
        (status = 200, description = "A page of the ledger", body = MovementPage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such item", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn movements(
    Extension(ctx): Extension<Ctx>,
    ResourceId(item): ResourceId,
    Parameters(page): Parameters<Page>,
) -> Result<Json<MovementPage>, ApiError> {
    let limit = page.limit.unwrap_or(50);
    let list = stock::movements(&ctx, item, page.cursor, limit).await?;
    Ok(Json(MovementPage {
        items: list.items.into_iter().map(MovementResponse::from).collect(),
        next_cursor: list.next,
    }))
}
