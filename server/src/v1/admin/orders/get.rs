use super::RefundDocument;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use crate::v1::orders::get::OrderDocument;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Value;
use service::{Ctx, order};
use utoipa::ToSchema;
use uuid::Uuid;

/// An order with all that those who run the place see of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderDetailDocument {
    #[serde(flatten)]
    order: OrderDocument,
    account_id: Uuid,
    /// Who ordered.
    member: String,
    email: String,
    refunds: Vec<RefundDocument>,
    /// What somebody gave back at the gateway's own pages, in minor units.
    returned_elsewhere: i64,
    /// How much you may still give back, in minor units.
    refundable: i64,
    /// What happened to it, as far as it is still known.
    events: Vec<EventDocument>,
}

/// Something that happened to an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventDocument {
    kind: String,
    payload: Value,
    request_id: String,
    at: String,
}

/// An order with its steps, payment, refunds and events. For staff, administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/orders/{orderId}", tag = "admin", params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = OrderDetailDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor administrator nor operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<OrderDetailDocument>, ApiError> {
    let detail = order::detail(&ctx, id).await?;
    let member = detail.view.member.clone().unwrap_or_default();
    Ok(Json(OrderDetailDocument {
        order: detail.view.into(),
        account_id: detail.account_id,
        member,
        email: detail.email,
        refunds: detail
            .refunds
            .into_iter()
            .map(RefundDocument::from)
            .collect(),
        returned_elsewhere: detail.elsewhere,
        refundable: detail.refundable,
        events: detail
            .events
            .into_iter()
            .map(|event| EventDocument {
                kind: event.kind,
                payload: event.payload,
                request_id: event.request_id,
                at: rfc3339(event.at),
            })
            .collect(),
    }))
}
