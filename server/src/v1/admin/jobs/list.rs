use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::{Filter, JobSummary};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use domain::job::JobState;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::board::{self, JobCount};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which jobs, and which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Of this queue.
    queue: Option<String>,
    /// Of this kind.
    kind: Option<String>,
    /// In this state.
    state: Option<JobState>,
    /// Enqueued in the hour of this time or later.
    since: Option<String>,
    /// Enqueued before the hour of this time.
    until: Option<String>,
    /// In the arguments, as a part of any text or number there that is no secret.
    text: Option<String>,
    /// What it is about, or a member's e-mail address or id.
    subject: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 50 where nothing is said.
    limit: Option<i64>,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    /// Newest first. Where a text is looked for a page may be empty and yet have a next one.
    items: Vec<JobSummary>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
    count: JobCountResponse,
}

/// How many jobs there are: either `exact`, or `found` among the newest `searched`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum JobCountResponse {
    /// All were counted.
    Exact {
        /// So many.
        exact: i64,
    },
    /// Not all were looked at.
    Among {
        /// So many of those.
        found: i64,
        /// How many were looked at for this page.
        searched: i64,
    },
}

impl From<JobCount> for JobCountResponse {
    fn from(count: JobCount) -> Self {
        match count {
            JobCount::Exact(exact) => Self::Exact { exact },
            JobCount::Among { found, searched } => Self::Among { found, searched },
        }
    }
}

/// Jobs of every queue, newest first. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/jobs", tag = "admin", params(Page),
    responses(
        (status = 200, description = "A page of jobs", body = JobPage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<JobPage>, ApiError> {
    let filter = Filter {
        queue: page.queue,
        kind: page.kind,
        state: page.state,
        since: page.since,
        until: page.until,
        text: page.text,
        subject: page.subject,
    };
    let limit = page.limit.unwrap_or(50);
    let list = board::list(&ctx, &filter.try_into()?, page.cursor, limit).await?;
    Ok(Json(JobPage {
        items: list.items.into_iter().map(JobSummary::from).collect(),
        next_cursor: list.next,
        count: list.count.into(),
    }))
}
