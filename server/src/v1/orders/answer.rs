use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::Extension;
use axum::http::StatusCode;
use domain::invalid::InvalidCode;
use serde::Deserialize;
use service::order::Answer;
use service::{Ctx, order};
use utoipa::ToSchema;
use uuid::Uuid;

/// What you say to an offer.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Reply {
    /// You take one of them.
    Accept,
    /// You want none of them: the order is cancelled, and what you paid goes back.
    Decline,
}

/// Your answer.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OfferAnswer {
    answer: Reply,
    /// Which of them you take.
    #[serde(default)]
    item_id: Option<Uuid>,
}

/// Answers the offer that your order waits for: see `offers` of the order.
#[utoipa::path(
    post, path = "/v1/orders/{orderId}/answer", tag = "orders", request_body = OfferAnswer,
    params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 204, description = "It is in the order, or the order is cancelled"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order of yours", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Nothing is offered, or no more; or it has been sold out meanwhile: `refusals` say so", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "That was not offered", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn answer(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    JsonBody(body): JsonBody<OfferAnswer>,
) -> Result<StatusCode, ApiError> {
    let refused = |code| service::Error::invalid("itemId", code);
    let answer = match (body.answer, body.item_id) {
        (Reply::Accept, Some(item)) => Answer::Accept(item),
        (Reply::Accept, None) => return Err(refused(InvalidCode::Required).into()),
        (Reply::Decline, None) => Answer::Decline,
        (Reply::Decline, Some(_)) => return Err(refused(InvalidCode::UnknownField).into()),
    };
    order::answer(&ctx, id, answer).await?;
    Ok(StatusCode::NO_CONTENT)
}
