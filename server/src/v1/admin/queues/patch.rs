use super::list::Rate;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use service::Ctx;
use service::board::{self, QueueSettings};
use utoipa::ToSchema;

/// What to set of a queue; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QueuePatch {
    /// Whether nothing of it is begun.
    paused: Option<bool>,
    /// How many of its jobs one process runs at once, 1 to 1,000.
    concurrency: Option<i64>,
    /// How many of its jobs may be begun, all processes together; null lifts the limit.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Rate>)]
    rate: Option<Option<Rate>>,
}

/// What is given, also where it is null: that says something else than nothing.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Rate>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Pauses or resumes a queue, or changes how much of it is run. For administrators.
#[utoipa::path(
    patch, path = "/v1/admin/queues/{name}", tag = "admin", params(("name" = String, Path)),
    request_body = QueuePatch,
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such queue", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn patch(
    Extension(ctx): Extension<Ctx>,
    Path(name): Path<String>,
    JsonBody(patch): JsonBody<QueuePatch>,
) -> Result<StatusCode, ApiError> {
    let settings = QueueSettings {
        paused: patch.paused,
        concurrency: patch.concurrency,
        // Beyond what is allowed either way, a saturated one is refused as well.
        rate: patch
            .rate
            .map(|rate| rate.map(|rate| (rate.jobs, rate.seconds.saturating_mul(1_000_000)))),
    };
    board::set(&ctx, &name, settings).await?;
    Ok(StatusCode::NO_CONTENT)
}
