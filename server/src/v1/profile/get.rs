use super::ProfileResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use axum::{Extension, Json};
use service::Ctx;

/// Your profile, and the targets that follow from it.
#[utoipa::path(
    get, path = "/v1/profile", tag = "profile",
    responses(
        (status = 200, description = "The profile", body = ProfileResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "You have none yet", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(Extension(ctx): Extension<Ctx>) -> Result<Json<ProfileResponse>, ApiError> {
    Ok(Json(service::profile::get(&ctx).await?.into()))
}
