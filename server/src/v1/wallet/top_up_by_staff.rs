use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{IdempotencyKey, JsonBody, ResourceId};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::wallet::{self, StaffTopUp};
use utoipa::ToSchema;
use uuid::Uuid;

/// How much, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StaffTopUpRequest {
    /// In minor units: 100 to 50,000.
    amount: i64,
    /// ISO 4217, of a currency that a campus sells in.
    currency: String,
    /// Why, in up to 200 characters; the member reads it.
    reason: String,
}

/// The entry that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffTopUpMade {
    entry_id: Uuid,
}

/// Puts money into a member's wallet. The same key and body again is the same top-up. For staff and
/// administrators.
#[utoipa::path(
    post, path = "/v1/wallets/{account}/top-ups", tag = "wallet", request_body = StaffTopUpRequest,
    params(
        ("account" = uuid::Uuid, Path),
        ("idempotency-key" = String, Header, description = "Your name for this request, 1 to 200 characters"),
    ),
    responses(
        (status = 201, description = "Made", body = StaffTopUpMade),
        (status = 400, description = "No idempotency key, or unreadable", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such account", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused, the wallet would hold too much, or the key came with another body", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn top_up_by_staff(
    Extension(ctx): Extension<Ctx>,
    ResourceId(account): ResourceId,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(request): JsonBody<StaffTopUpRequest>,
) -> Result<(StatusCode, Json<StaffTopUpMade>), ApiError> {
    let top_up = StaffTopUp {
        account,
        key,
        amount: request.amount,
        currency: request.currency,
        reason: request.reason,
    };
    let entry_id = wallet::top_up_by_staff(&ctx, top_up).await?;
    Ok((StatusCode::CREATED, Json(StaffTopUpMade { entry_id })))
}
