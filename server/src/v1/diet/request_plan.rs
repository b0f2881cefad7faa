use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use domain::job::JobStatus;
use serde::{Deserialize, Serialize};
use service::{Ctx, plan};
use utoipa::ToSchema;
use uuid::Uuid;

/// The week that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanRequest {
    /// An ISO week: `2026-W48`.
    week: String,
}

/// The job that computes it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanAccepted {
    /// To be followed at `/v1/diet/jobs/{jobId}`.
    job_id: Uuid,
    /// `PENDING`, or further where the same input was asked for before.
    status: JobStatus,
}

/// Asks for the plan of a week. The same profile and week again is the same job and plan.
#[utoipa::path(
    post, path = "/v1/diet/plans", tag = "diet", request_body = PlanRequest,
    responses(
        (status = 202, description = "Accepted", body = PlanAccepted, headers(("location" = String, description = "The job"))),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "You have no profile yet", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "There is no such week", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn request_plan(
    Extension(ctx): Extension<Ctx>,
    JsonBody(PlanRequest { week }): JsonBody<PlanRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let job = plan::request(&ctx, plan::parse_week(&week)?).await?;
    let location = [(header::LOCATION, format!("/v1/diet/jobs/{}", job.id))];
    Ok((
        StatusCode::ACCEPTED,
        location,
        Json(PlanAccepted {
            job_id: job.id,
            status: job.status,
        }),
    ))
}
