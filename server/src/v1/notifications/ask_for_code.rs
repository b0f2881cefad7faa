use crate::http::problem::{ApiError, ProblemDocument};
use axum::Extension;
use axum::http::StatusCode;
use service::{Ctx, notify};

/// Has another code sent to your phone, to confirm that it is yours. The one before is not taken any more.
#[utoipa::path(
    post, path = "/v1/notifications/phone/code", tag = "notifications",
    responses(
        (status = 202, description = "It will be sent"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No short messages are sent here", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "No number of yours waits to be confirmed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "You, or the number, got three within an hour; `Retry-After` says when to ask again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask_for_code(Extension(ctx): Extension<Ctx>) -> Result<StatusCode, ApiError> {
    notify::ask_for_code(&ctx).await?;
    Ok(StatusCode::ACCEPTED)
}
