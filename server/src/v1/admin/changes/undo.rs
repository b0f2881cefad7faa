use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use serde::Serialize;
use service::{Ctx, board};
use utoipa::ToSchema;

/// What was taken back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeUndone {
    /// How many jobs are what they were before. Of more than a thousand a job takes care: how many it
    /// looks at.
    jobs: i64,
}

/// Takes a change back where the jobs still stand as it left them. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/changes/{changeId}/undo", tag = "admin", params(("changeId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "Done", body = ChangeUndone),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such change, or not any more", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is still being made", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<ChangeUndone>, ApiError> {
    let jobs = board::undo(&ctx, id).await?;
    Ok(Json(ChangeUndone { jobs }))
}
