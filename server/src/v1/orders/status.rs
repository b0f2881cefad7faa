use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use domain::order::{CancelReason, OrderState};
use serde::Serialize;
use service::{Ctx, order};
use utoipa::ToSchema;
use uuid::Uuid;

/// How an order stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderStatus {
    order_id: Uuid,
    status: OrderState,
    /// What is called out at the counter.
    number: i64,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<CancelReason>,
}

/// How an order of yours stands.
#[utoipa::path(
    get, path = "/v1/orders/{orderId}/status", tag = "orders", params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "How it stands", body = OrderStatus),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn status(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<OrderStatus>, ApiError> {
    let order = order::status(&ctx, id).await?;
    Ok(Json(OrderStatus {
        order_id: order.id,
        status: order.state,
        number: order.number,
        cancel_reason: order.cancel_reason,
    }))
}
