use super::ProfileResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::{Extension, Json};
use domain::profile::ProfileDraft;
use service::Ctx;

/// Replaces your profile.
#[utoipa::path(
    put, path = "/v1/profile", tag = "profile",
    request_body(content = ProfileDraft, description = "A profile: sex, age, heightCm, weightKg and activity are required"),
    responses(
        (status = 200, description = "The profile as it is stored", body = ProfileResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    Extension(ctx): Extension<Ctx>,
    JsonBody(draft): JsonBody<ProfileDraft>,
) -> Result<Json<ProfileResponse>, ApiError> {
    Ok(Json(service::profile::put(&ctx, &draft).await?.into()))
}
