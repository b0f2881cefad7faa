use super::{MovementResponse, StockItemResponse, key};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use domain::stock::MovementDraft;
use serde::Serialize;
use service::{Ctx, stock};
use utoipa::ToSchema;

/// A movement that was written down.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovementRecorded {
    movement: MovementResponse,
    /// How the item stands since.
    item: StockItemResponse,
}

/// Writes down what moved of an item. With an `Idempotency-Key`, the same request again is the same
/// movement. For staff and administrators.
#[utoipa::path(
    post, path = "/v1/stock/{item}/movements", tag = "stock",
    params(
        ("item" = uuid::Uuid, Path),
        ("idempotency-key" = Option<String>, Header, description = "Up to 200 characters of your own"),
    ),
    request_body = MovementDraft,
    responses(
        (status = 201, description = "Written down", body = MovementRecorded),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such item", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused, or so many portions are not free", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn record(
    Extension(ctx): Extension<Ctx>,
    ResourceId(item): ResourceId,
    headers: HeaderMap,
    JsonBody(draft): JsonBody<MovementDraft>,
) -> Result<(StatusCode, Json<MovementRecorded>), ApiError> {
    let recorded = stock::record(&ctx, item, &draft, key(&headers)?).await?;
    Ok((
        StatusCode::CREATED,
        Json(MovementRecorded {
            movement: recorded.movement.into(),
            item: StockItemResponse::new(recorded.item, &ctx),
        }),
    ))
}
