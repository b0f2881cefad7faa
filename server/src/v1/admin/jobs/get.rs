use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::{Action, JobSummary};
use crate::v1::body::ResourceId;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::problem::Problem;
use serde::Serialize;
use serde_json::Value;
use service::Ctx;
use service::board::{self, JobDetail};
use utoipa::ToSchema;
use uuid::Uuid;

/// A job whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobWhole {
    job: JobSummary,
    /// What it was enqueued with; what stands under the name of a secret is masked.
    arguments: Value,
    /// What came of it, masked likewise.
    result: Option<Value>,
    /// What went wrong last.
    error: Option<ProblemDocument>,
    /// What no other job of its kind has.
    unique_key: Option<String>,
    /// The request that caused it.
    request_id: String,
    /// Who runs it.
    worker_id: Option<Uuid>,
    /// The token of the newest claim.
    fence: i64,
    /// Those that did not succeed, newest first, the latest 50.
    attempts: Vec<AttemptItem>,
    /// What it wrote about itself, at most 1,000 lines.
    log: Vec<LogItem>,
    /// What caused it, from the first cause to the parent, at most 10.
    causes: Vec<JobSummary>,
    /// What it has caused, the first 100.
    children: Vec<JobSummary>,
    /// How many jobs it waits for.
    children_left: i64,
    /// What you can do to it now.
    actions: Vec<Action>,
}

/// An attempt that did not succeed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AttemptItem {
    /// The token of the claim.
    fence: i64,
    /// Whether its worker died, which is no failure of the job.
    died: bool,
    /// Why it failed.
    error: Option<ProblemDocument>,
    started_at: Option<String>,
    ended_at: String,
}

/// A line that a job wrote about itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogItem {
    at: String,
    message: String,
}

impl JobWhole {
    /// The wire's form of a job, in the language of whoever asks.
    pub fn new(detail: JobDetail, ctx: &Ctx) -> Self {
        let document =
            |problem: &Problem| ProblemDocument::new(problem, ctx.language, &ctx.request_id);
        let all = |jobs: Vec<board::JobItem>| jobs.into_iter().map(JobSummary::from).collect();
        Self {
            job: detail.job.into(),
            arguments: detail.arguments,
            result: detail.result,
            error: detail.problem.as_ref().map(document),
            unique_key: detail.unique_key,
            request_id: detail.request_id,
            worker_id: detail.worker,
            fence: detail.fence,
            attempts: detail
                .attempts
                .into_iter()
                .map(|attempt| AttemptItem {
                    fence: attempt.fence,
                    died: attempt.died,
                    error: attempt.problem.as_ref().map(document),
                    started_at: attempt.started_at.map(rfc3339),
                    ended_at: rfc3339(attempt.ended_at),
                })
                .collect(),
            log: detail
                .log
                .into_iter()
                .map(|line| LogItem {
                    at: rfc3339(line.at),
                    message: line.message,
                })
                .collect(),
            causes: all(detail.causes),
            children: all(detail.children),
            children_left: detail.children_left,
            actions: detail.changes.into_iter().map(Action::from).collect(),
        }
    }
}

/// A job whole. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/jobs/{jobId}", tag = "admin", params(("jobId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The job", body = JobWhole),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such job", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<JobWhole>, ApiError> {
    Ok(Json(JobWhole::new(board::get(&ctx, id).await?, &ctx)))
}
