use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::payment::{DeclineReason, TopUpStatus};
use serde::Serialize;
use service::{Ctx, wallet};
use utoipa::ToSchema;
use uuid::Uuid;

/// A top-up by card.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopUpResponse {
    top_up_id: Uuid,
    status: TopUpStatus,
    /// Why your card was declined.
    decline_reason: Option<DeclineReason>,
    /// In minor units.
    amount: i64,
    /// ISO 4217.
    currency: String,
    created_at: String,
}

/// A top-up of yours.
#[utoipa::path(
    get, path = "/v1/wallet/top-ups/{topUpId}", tag = "wallet", params(("topUpId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The top-up", body = TopUpResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No top-up of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_top_up(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<TopUpResponse>, ApiError> {
    let top_up = wallet::top_up_by_id(&ctx, id).await?;
    Ok(Json(TopUpResponse {
        top_up_id: top_up.id,
        status: top_up.status,
        decline_reason: top_up.declined,
        amount: top_up.amount,
        currency: top_up.currency,
        created_at: rfc3339(top_up.created_at),
    }))
}
