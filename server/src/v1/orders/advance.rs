use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::Extension;
use axum::http::StatusCode;
use domain::order::Advance;
use serde::Deserialize;
use service::{Ctx, order};
use utoipa::ToSchema;

/// What is done with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advancement {
    /// `START`, `READY` or `COLLECTED`, in this order.
    advance: Advance,
}

/// Moves an order on in the kitchen.
#[utoipa::path(
    post, path = "/v1/orders/{orderId}/advance", tag = "orders", request_body = Advancement,
    params(("orderId" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 204, description = "It is moved on"),
        (status = 403, description = "For staff and administrators", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It stands otherwise", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn advance(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    JsonBody(request): JsonBody<Advancement>,
) -> Result<StatusCode, ApiError> {
    order::advance(&ctx, id, request.advance).await?;
    Ok(StatusCode::NO_CONTENT)
}
