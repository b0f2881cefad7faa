use super::filter;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::Extension;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use service::{Ctx, stock};
use utoipa::IntoParams;

/// Which items.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// Words of the name, in any language.
    text: Option<String>,
    /// Sold at this campus, by its slug.
    campus: Option<String>,
    /// `DISH` or `PRODUCT`.
    kind: Option<String>,
    /// `LOW`: few are available, or none. `OUT`: none is.
    shortage: Option<String>,
}

const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
    (header::CACHE_CONTROL, "private, no-cache"),
    (
        header::CONTENT_DISPOSITION,
        "attachment; filename=\"nutriflow-stock.csv\"",
    ),
];

/// The stock table for a spreadsheet, with empty columns for what has moved: filled in, it goes to
/// `/v1/stock/import`. For staff and administrators.
#[utoipa::path(
    get, path = "/v1/stock/export", tag = "stock", params(Choice),
    responses(
        (status = 200, description = "A file of UTF-8 with a comma between", body = String, content_type = "text/csv"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    Extension(ctx): Extension<Ctx>,
    Parameters(wanted): Parameters<Choice>,
) -> Result<impl IntoResponse, ApiError> {
    let filter = filter(wanted.text, wanted.campus, wanted.kind, wanted.shortage)?;
    let file = stock::export_csv(&ctx, &filter).await?;
    Ok((HEADERS, file))
}
