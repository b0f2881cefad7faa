use super::PersonDocument;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use service::{Ctx, people};

/// Somebody. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/people/{accountId}", tag = "admin",
    params(("accountId" = uuid::Uuid, Path, description = "Their account")),
    responses(
        (status = 200, description = "Somebody", body = PersonDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "Nobody", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<PersonDocument>, ApiError> {
    Ok(Json(people::get(&ctx, id).await?.into()))
}
