use super::Choice;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::file::csv;
use crate::v1::body::Parameters;
use axum::Extension;
use axum::response::IntoResponse;
use service::{Ctx, people};

/// The first 10,000 people who match, for a spreadsheet. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/people/export", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "A file of UTF-8 with a comma between", body = String, content_type = "text/csv"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    Extension(ctx): Extension<Ctx>,
    Parameters(choice): Parameters<Choice>,
) -> Result<impl IntoResponse, ApiError> {
    let file = people::export_csv(&ctx, &choice.filter()?).await?;
    Ok(csv("people", file))
}
