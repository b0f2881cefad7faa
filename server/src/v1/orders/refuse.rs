use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::Extension;
use axum::http::StatusCode;
use serde::Deserialize;
use service::{Ctx, order};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is out of stock.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shortage {
    /// The item.
    item_id: Uuid,
    /// What its member is offered in its place, at most three of `/v1/orders/{orderId}/substitutes`.
    /// Without any the order is cancelled, and what was paid goes back.
    #[serde(default)]
    substitutes: Vec<Uuid>,
}

/// Says that an item of an order is out of stock. Nobody can order it until it is counted anew.
#[utoipa::path(
    post, path = "/v1/orders/{orderId}/refuse", tag = "orders", request_body = Shortage,
    params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 204, description = "The member is asked, or the order is cancelled"),
        (status = 403, description = "For staff and administrators", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The kitchen has not got it, it is ready, or its member is asked already", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The order has no such item, or something else is to be offered", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refuse(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    JsonBody(shortage): JsonBody<Shortage>,
) -> Result<StatusCode, ApiError> {
    order::refuse(&ctx, id, shortage.item_id, &shortage.substitutes).await?;
    Ok(StatusCode::NO_CONTENT)
}
