//! Weeks of meals.

pub mod get_job;
pub mod get_plan;
pub mod list_plans;
pub mod request_plan;

use crate::http::problem::ProblemDocument;
use crate::v1::time::rfc3339;
use domain::job::JobStatus;
use serde::Serialize;
use service::Ctx;
use service::plan::PlanJob;
use utoipa::ToSchema;
use uuid::Uuid;

/// The job that computes a plan.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobResponse {
    /// Its id.
    job_id: Uuid,
    /// Always `DIET_PLAN`.
    r#type: &'static str,
    /// `PENDING`, `RUNNING`, `READY` or `FAILED`.
    status: JobStatus,
    /// Percent done.
    progress: i64,
    /// The plan, once it is `READY`.
    plan_id: Option<Uuid>,
    /// Why it is `FAILED`: `INFEASIBLE`, …
    error_code: Option<&'static str>,
    /// Why it is `FAILED`, in your language.
    error_message: Option<String>,
    /// Which constraints conflict and what would help, where it is `INFEASIBLE`.
    error: Option<ProblemDocument>,
    /// When it was asked for.
    created_at: String,
    /// When it was begun.
    started_at: Option<String>,
    /// When it ended.
    finished_at: Option<String>,
}

impl JobResponse {
    fn new(job: PlanJob, ctx: &Ctx) -> Self {
        let error = job
            .problem
            .as_ref()
            .map(|problem| ProblemDocument::new(problem, ctx.language, &ctx.request_id));
        Self {
            job_id: job.id,
            r#type: "DIET_PLAN",
            status: job.status,
            progress: job.progress,
            plan_id: job.plan_id,
            error_code: job.problem.as_ref().map(domain::problem::Problem::code),
            error_message: error.as_ref().map(ProblemDocument::sentence),
            error,
            created_at: rfc3339(job.created_at),
            started_at: job.started_at.map(rfc3339),
            finished_at: job.finished_at.map(rfc3339),
        }
    }
}
