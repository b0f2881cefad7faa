use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::Extension;
use axum::http::StatusCode;
use serde::Deserialize;
use service::{Ctx, order};
use utoipa::ToSchema;

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Cancellation {
    /// What staff tell whoever ordered; members need not say anything.
    #[serde(default)]
    reason: Option<String>,
}

/// Cancels an order: you until cooking starts, staff until it is collected. What was paid goes back.
#[utoipa::path(
    post, path = "/v1/orders/{orderId}/cancel", tag = "orders", request_body = Cancellation,
    params(("orderId" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 202, description = "It is cancelled, or will be once the step that runs has ended"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order of yours", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Too late, or cancelled already", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Staff must say why", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    JsonBody(request): JsonBody<Cancellation>,
) -> Result<StatusCode, ApiError> {
    order::cancel(&ctx, id, request.reason.as_deref()).await?;
    Ok(StatusCode::ACCEPTED)
}
