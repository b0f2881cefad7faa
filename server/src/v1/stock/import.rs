use super::{choice, key};
use crate::http::problem::{ApiError, ProblemDocument, explain};
use crate::v1::body::Parameters;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::{Extension, Json};
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::stock::{self, BadLines, RefusedLine};
use utoipa::{IntoParams, ToSchema};

/// What becomes of bad lines.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// `REFUSE_ALL`: nothing is taken of a file with a bad line; so it is where nothing is said.
    /// `LEAVE_OUT`: the other lines are taken.
    bad_lines: Option<String>,
}

/// What came of a file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileTaken {
    /// How many lines were taken.
    taken: i64,
    /// How many name no movement.
    silent: i64,
    /// How many were left out.
    left_out: i64,
    /// Those, up to two hundred of them.
    refused: Vec<LineLeftOut>,
}

/// A line that was left out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineLeftOut {
    /// Its number in the file; the first line is 1.
    line: i64,
    /// Why.
    errors: Vec<CellProblem>,
}

/// What is wrong with a cell.
#[derive(Serialize, ToSchema)]
pub(crate) struct CellProblem {
    /// Its column.
    field: String,
    /// Why, in your language.
    message: String,
    /// Why, for programs, with the numbers that it is about.
    #[serde(flatten)]
    code: InvalidCode,
}

impl LineLeftOut {
    fn new(line: RefusedLine, ctx: &Ctx) -> Self {
        let errors = line.fields.into_iter().map(|refused| CellProblem {
            message: explain(&refused.code, ctx.language),
            field: refused.field,
            code: refused.code,
        });
        Self {
            line: line.line,
            errors: errors.collect(),
        }
    }
}

/// Takes the movements of a file such as `/v1/stock/export` gives, with its columns `kind`, `quantity`
/// and `reason` filled in. With an `Idempotency-Key`, the same file again is taken once. For staff and
/// administrators.
#[utoipa::path(
    post, path = "/v1/stock/import", tag = "stock",
    params(
        Choice,
        ("idempotency-key" = Option<String>, Header, description = "Up to 200 characters of your own"),
    ),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "Taken, but for the lines that are named", body = FileTaken),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "More than 512 KiB", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Nothing was taken: some lines are refused, `lines[7].quantity`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import(
    Extension(ctx): Extension<Ctx>,
    Parameters(wanted): Parameters<Choice>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FileTaken>, ApiError> {
    let bad = match wanted.bad_lines {
        Some(key) => choice("badLines", BadLines::from_key(&key))?,
        None => BadLines::RefuseAll,
    };
    let file = body.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        _ => Problem::Malformed,
    })?;
    let imported = stock::import_csv(&ctx, &file, bad, key(&headers)?).await?;
    let refused = imported.refused.into_iter();
    Ok(Json(FileTaken {
        taken: imported.taken,
        silent: imported.silent,
        left_out: imported.left_out,
        refused: refused.map(|line| LineLeftOut::new(line, &ctx)).collect(),
    }))
}
