use super::RefundDocument;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{IdempotencyKey, JsonBody, ResourceId};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use service::order::RefundDraft;
use service::{Ctx, order};
use utoipa::ToSchema;

/// How much goes back, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundRequestBody {
    /// In minor units; all that is left of the payment where nothing is said.
    #[serde(default)]
    amount: Option<i64>,
    /// Why.
    reason: String,
}

/// Gives back what was paid for an order, or a part of it; never more than was paid. The same key and
/// request again is the same refund. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/orders/{orderId}/refunds", tag = "admin", request_body = RefundRequestBody,
    params(
        ("orderId" = uuid::Uuid, Path, description = "The order"),
        ("idempotency-key" = String, Header, description = "Up to 200 characters of your own"),
    ),
    responses(
        (status = 202, description = "It is promised: a job asks the gateway", body = RefundDocument),
        (status = 400, description = "No idempotency key", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Nothing is paid, or nothing is left", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "More than is left, or no reason", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refund(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(body): JsonBody<RefundRequestBody>,
) -> Result<(StatusCode, Json<RefundDocument>), ApiError> {
    let draft = RefundDraft {
        key,
        amount: body.amount,
        reason: body.reason,
    };
    let refund = order::refund(&ctx, id, &draft).await?;
    Ok((StatusCode::ACCEPTED, Json(refund.into())))
}
