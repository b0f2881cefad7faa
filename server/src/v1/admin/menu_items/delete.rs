use super::Seen;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{Parameters, ResourceId};
use axum::Extension;
use axum::http::StatusCode;
use service::{Ctx, menu};

/// Takes an item off its menu: what was ordered of it keeps its line. For administrators.
#[utoipa::path(
    delete, path = "/v1/admin/menu-items/{itemId}", tag = "admin",
    params(("itemId" = uuid::Uuid, Path, description = "The item"), Seen),
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such item", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has changed it since", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    Parameters(seen): Parameters<Seen>,
) -> Result<StatusCode, ApiError> {
    menu::delete_item(&ctx, id, seen.version).await?;
    Ok(StatusCode::NO_CONTENT)
}
