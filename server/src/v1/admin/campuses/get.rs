use super::CampusDocument;
use crate::http::problem::{ApiError, ProblemDocument};
use axum::extract::Path;
use axum::{Extension, Json};
use service::{Ctx, menu};

/// A campus as its editor needs it. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/campuses/{campus}", tag = "admin",
    params(("campus" = String, Path, description = "The campus's slug")),
    responses(
        (status = 200, description = "The campus", body = CampusDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
) -> Result<Json<CampusDocument>, ApiError> {
    Ok(Json(menu::campus_for_edit(&ctx, &campus).await?.into()))
}
