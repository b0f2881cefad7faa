use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{IdempotencyKey, JsonBody};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use domain::payment::TopUpStatus;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::wallet::{self, TopUp};
use utoipa::ToSchema;
use uuid::Uuid;

/// How much.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TopUpRequest {
    /// In minor units: 100 to 50,000.
    amount: i64,
    /// ISO 4217, of a currency that a campus sells in.
    currency: String,
    /// Where Stripe asks cards: yours, by the name that Stripe gives it, `pm_…`. Never a number.
    #[serde(default)]
    payment_method: Option<String>,
}

/// The top-up that was accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopUpAccepted {
    /// To be followed at `/v1/wallet/top-ups/{topUpId}`.
    top_up_id: Uuid,
    /// `PENDING`: your card is asked in the background.
    status: TopUpStatus,
}

/// Asks your card for money. It is promised when this answers; the same key and body again is the same
/// top-up.
#[utoipa::path(
    post, path = "/v1/wallet/top-ups", tag = "wallet", request_body = TopUpRequest,
    params(("idempotency-key" = String, Header, description = "Your name for this request, 1 to 200 characters")),
    responses(
        (status = 202, description = "Accepted", body = TopUpAccepted, headers(("location" = String, description = "The top-up"))),
        (status = 400, description = "No idempotency key, or unreadable", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused, the wallet would hold too much, or the key came with another body", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn top_up(
    Extension(ctx): Extension<Ctx>,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(request): JsonBody<TopUpRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let top_up = TopUp {
        key,
        amount: request.amount,
        currency: request.currency,
        method: request.payment_method,
    };
    let accepted = wallet::top_up(&ctx, top_up).await?;
    let location = format!("/v1/wallet/top-ups/{}", accepted.id);
    // Whatever has become of it since: the same request gets the same answer.
    let answer = TopUpAccepted {
        top_up_id: accepted.id,
        status: TopUpStatus::Pending,
    };
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(answer),
    ))
}
