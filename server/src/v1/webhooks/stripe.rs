use crate::http::problem::{ApiError, ProblemDocument};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use domain::problem::Problem;
use service::{Ctx, card};

/// Takes an event of Stripe's. Signed with the secret of this address, and not more than five minutes ago;
/// the same event again changes nothing. Events that nothing here listens to are taken and forgotten.
#[utoipa::path(
    post, path = "/v1/webhooks/stripe", tag = "webhooks", security(()),
    request_body(content = String, content_type = "application/json", description = "The event, as Stripe signed it"),
    params(("stripe-signature" = String, Header, description = "`t=…,v1=…`")),
    responses(
        (status = 204, description = "Taken"),
        (status = 400, description = "Not signed by Stripe, signed too long ago, or no event: nothing is changed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "Stripe is not used here", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "Larger than any event", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Not written down: send it again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stripe(
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let body = body.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError(Problem::TooLarge),
        _ => ApiError(Problem::Malformed),
    })?;
    let signature = headers.get("stripe-signature");
    let signature = signature.and_then(|value| value.to_str().ok());
    card::stripe_event(&ctx, signature.unwrap_or_default(), &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
