use super::filter;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::Extension;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use service::{Ctx, notify};
use utoipa::IntoParams;

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// The beginning of a member's e-mail address, a phone number, or an order's number.
    text: Option<String>,
    /// `EMAIL`, `SMS` or `PUSH`.
    channel: Option<String>,
    /// `QUEUED`, `SENT` or `FAILED`.
    state: Option<String>,
    /// `CONFIRMED`, `DECLINED`, `CANCELLED`, `SUBSTITUTE`, `READY` or `CODE`.
    template: Option<String>,
    /// The oldest instead of the newest.
    oldest: Option<bool>,
}

const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
    (header::CACHE_CONTROL, "private, no-cache"),
    (
        header::CONTENT_DISPOSITION,
        "attachment; filename=\"nutriflow-deliveries.csv\"",
    ),
];

/// What members were told, for a spreadsheet: the newest 10,000 at most, or the oldest. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/deliveries/export", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "A file of UTF-8 with a comma between", body = String, content_type = "text/csv"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    Extension(ctx): Extension<Ctx>,
    Parameters(wanted): Parameters<Choice>,
) -> Result<impl IntoResponse, ApiError> {
    let filter = filter(wanted.text, wanted.channel, wanted.state, wanted.template)?;
    let file = notify::export_csv(&ctx, &filter, wanted.oldest.unwrap_or_default()).await?;
    Ok((HEADERS, file))
}
