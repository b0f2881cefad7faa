use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::Action;
use crate::v1::body::{JsonBody, ResourceId};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::{Ctx, board};
use utoipa::ToSchema;
use uuid::Uuid;

/// What to do to a job.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct JobChangeRequest {
    action: Action,
    /// With `SET_PRIORITY`, from -10,000 to 10,000; smaller is more urgent.
    priority: Option<i64>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobChanged {
    /// Takes it back at `/v1/admin/changes/{changeId}/undo`, for a day.
    change_id: Uuid,
    /// Whether it can be taken back.
    undoable: bool,
}

/// Changes a job. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/jobs/{jobId}/change", tag = "admin", params(("jobId" = uuid::Uuid, Path)),
    request_body = JobChangeRequest,
    responses(
        (status = 200, description = "Done; one that runs was told to stop", body = JobChanged),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such job", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It does not apply to the job as it stands", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    JsonBody(request): JsonBody<JobChangeRequest>,
) -> Result<Json<JobChanged>, ApiError> {
    let change = request.action.change(request.priority)?;
    let changed = board::change(&ctx, id, change).await?;
    Ok(Json(JobChanged {
        change_id: changed.change,
        undoable: changed.undoable,
    }))
}
