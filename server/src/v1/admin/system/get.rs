use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::system::{self, MinuteOfSystem};
use utoipa::{IntoParams, ToSchema};

/// How far back.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Period {
    /// 1 to 24; 1 where nothing is said.
    hours: Option<i64>,
}

/// How the installation was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemResponse {
    /// By the minute, oldest first.
    minutes: Vec<SystemMinute>,
}

/// A minute, all processes together.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SystemMinute {
    /// When it began.
    at: String,
    /// Requests that were answered.
    requests: i64,
    /// How many of them with 500 or more.
    errors: i64,
    /// The 95th percentile of the time until an answer began, in microseconds, of the slowest process:
    /// the true one does not exceed it and is more than half of it.
    duration_p95: i64,
    /// Memory that is not swapped out.
    memory_bytes: i64,
    /// Open connections.
    connections: i64,
    /// Runs of jobs that ended.
    jobs: i64,
}

impl From<MinuteOfSystem> for SystemMinute {
    fn from(minute: MinuteOfSystem) -> Self {
        Self {
            at: rfc3339(minute.minute * 60_000_000),
            requests: minute.requests,
            errors: minute.errors,
            duration_p95: minute.slowest,
            memory_bytes: minute.memory_bytes,
            connections: minute.connections,
            jobs: minute.jobs,
        }
    }
}

/// How the installation was over the last hours. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/system", tag = "admin", params(Period),
    responses(
        (status = 200, description = "Minutes", body = SystemResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Not 1 to 24 hours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Parameters(period): Parameters<Period>,
) -> Result<Json<SystemResponse>, ApiError> {
    let minutes = system::history(&ctx, period.hours.unwrap_or(1)).await?;
    Ok(Json(SystemResponse {
        minutes: minutes.into_iter().map(SystemMinute::from).collect(),
    }))
}
