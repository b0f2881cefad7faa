use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::Extension;
use axum::http::StatusCode;
use service::{Ctx, notify};

/// Has one of your browsers take notifications no more.
#[utoipa::path(
    delete, path = "/v1/notifications/browsers/{browserId}", tag = "notifications", params(("browserId" = uuid::Uuid, Path)),
    responses(
        (status = 204, description = "It takes none any more"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such browser of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn unsubscribe(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<StatusCode, ApiError> {
    notify::unsubscribe(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
