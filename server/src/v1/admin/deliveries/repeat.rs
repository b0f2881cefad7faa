use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::Extension;
use axum::http::StatusCode;
use service::{Ctx, notify};

/// Has a delivery sent again that was sent or given up, as if it had never been tried. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/deliveries/{deliveryId}/repeat", tag = "admin", params(("deliveryId" = uuid::Uuid, Path)),
    responses(
        (status = 202, description = "It will be sent"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such delivery", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is still to be sent", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn repeat(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<StatusCode, ApiError> {
    notify::send_again(&ctx, id).await?;
    Ok(StatusCode::ACCEPTED)
}
