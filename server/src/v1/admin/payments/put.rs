use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use domain::payment::GatewayKind;
use serde::Deserialize;
use service::{Ctx, payments};
use utoipa::ToSchema;

/// What a campus takes from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Acceptance {
    /// What you have seen that it takes: its `accepted`.
    seen: Vec<GatewayKind>,
    /// Each of them; at least one.
    gateways: Vec<GatewayKind>,
}

/// Has a campus take these ways to pay, and no others. What was ordered before is paid as it was to be. For
/// administrators.
#[utoipa::path(
    put, path = "/v1/admin/payments/{campus}", tag = "admin", request_body = Acceptance,
    params(("campus" = String, Path, description = "The campus's slug")),
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has chosen since", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "None, or one that is not set up", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
    JsonBody(request): JsonBody<Acceptance>,
) -> Result<StatusCode, ApiError> {
    payments::accept(&ctx, &campus, &request.seen, &request.gateways).await?;
    Ok(StatusCode::NO_CONTENT)
}
