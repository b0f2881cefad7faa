use super::NotificationPreferences;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::{Extension, Json};
use serde::Deserialize;
use service::{Ctx, notify};
use utoipa::ToSchema;

/// What came to your phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmationRequest {
    /// Six digits.
    code: String,
}

/// Confirms that your phone is yours, by the code that went there. It is taken for ten minutes, and five times
/// at most.
#[utoipa::path(
    post, path = "/v1/notifications/phone/confirmation", tag = "notifications", request_body = ConfirmationRequest,
    responses(
        (status = 200, description = "Your preferences as they are stored", body = NotificationPreferences),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "No number of yours waits to be confirmed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "It is another code, or not taken any more", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm_phone(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<ConfirmationRequest>,
) -> Result<Json<NotificationPreferences>, ApiError> {
    notify::confirm_phone(&ctx, &request.code).await?;
    Ok(Json(notify::preferences(&ctx).await?.into()))
}
