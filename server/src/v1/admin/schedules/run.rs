use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::{JobAccepted, accepted};
use axum::Extension;
use axum::extract::Path;
use axum::response::IntoResponse;
use service::{Ctx, board};

/// Does now what is done again and again. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/schedules/{kind}/run", tag = "admin", params(("kind" = String, Path)),
    responses(
        (status = 202, description = "Accepted", body = JobAccepted, headers(("location" = String, description = "The job"))),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such schedule", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn run(
    Extension(ctx): Extension<Ctx>,
    Path(kind): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(accepted(board::run_schedule(&ctx, &kind).await?))
}
