use super::JobResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use service::{Ctx, plan};

/// How far the computing of a plan is.
#[utoipa::path(
    get, path = "/v1/diet/jobs/{jobId}", tag = "diet", params(("jobId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The job", body = JobResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No job of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_job(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<JobResponse>, ApiError> {
    Ok(Json(JobResponse::new(plan::job(&ctx, id).await?, &ctx)))
}
