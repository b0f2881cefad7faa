use super::{MovementResponse, StockItemResponse, key};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, Parameters, ResourceId};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use domain::stock::MovementDraft;
use serde::{Deserialize, Serialize};
use service::{Ctx, stock};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What you have seen.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Seen {
    /// The newest movement that you know of those that somebody wrote down (`RECEIVED`, `WASTED`,
    /// `CORRECTED`), or the id of zeros where there is none: where somebody has written another one down
    /// since, yours is not. Where nothing is said it is in any case.
    last_movement: Option<Uuid>,
}

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
        Seen,
        ("idempotency-key" = Option<String>, Header, description = "Up to 200 characters of your own"),
    ),
    request_body = MovementDraft,
    responses(
        (status = 201, description = "Written down", body = MovementRecorded),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such item", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody has written another movement down since `lastMovement`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused, or so many portions are not free", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn record(
    Extension(ctx): Extension<Ctx>,
    ResourceId(item): ResourceId,
    Parameters(seen): Parameters<Seen>,
    headers: HeaderMap,
    JsonBody(draft): JsonBody<MovementDraft>,
) -> Result<(StatusCode, Json<MovementRecorded>), ApiError> {
    let key = key(&headers)?;
    let recorded = stock::record_after(&ctx, item, seen.last_movement, &draft, key).await?;
    Ok((
        StatusCode::CREATED,
        Json(MovementRecorded {
            movement: recorded.movement.into(),
            item: StockItemResponse::new(recorded.item, &ctx),
        }),
    ))
}
