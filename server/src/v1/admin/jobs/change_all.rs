use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::{Action, Filter, JobAccepted, accepted};
use crate::v1::body::JsonBody;
use axum::Extension;
use axum::response::IntoResponse;
use serde::Deserialize;
use service::{Ctx, board};
use utoipa::ToSchema;

/// What to do to which jobs.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct JobsChangeRequest {
    /// Which; `{}` for all.
    filter: Filter,
    action: Action,
    /// With `SET_PRIORITY`, from -10,000 to 10,000; smaller is more urgent.
    priority: Option<i64>,
}

/// Changes all jobs that match and were enqueued before now, by a job of its own whose id is the
/// change's too. Those to which it does not apply as they stand are left alone. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/jobs/change", tag = "admin", request_body = JobsChangeRequest,
    responses(
        (status = 202, description = "Accepted", body = JobAccepted, headers(("location" = String, description = "The job"))),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change_all(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<JobsChangeRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let change = request.action.change(request.priority)?;
    let filter = request.filter.try_into()?;
    Ok(accepted(board::change_all(&ctx, filter, change).await?))
}
