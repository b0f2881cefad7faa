use super::Choice;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::order::{CancelReason, OrderState};
use domain::payment::GatewayKind;
use serde::Serialize;
use service::order::OrderRecord;
use service::{Ctx, order};
use utoipa::ToSchema;
use uuid::Uuid;

/// An order in the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRecordDocument {
    order_id: Uuid,
    /// What is called out at the counter.
    number: i64,
    status: OrderState,
    /// The campus' slug.
    campus: String,
    account_id: Uuid,
    /// Who ordered.
    member: String,
    email: String,
    slot_at: String,
    placed_at: String,
    /// In minor units of the currency.
    total: i64,
    /// ISO 4217.
    currency: String,
    payment: GatewayKind,
    /// Why it was cancelled.
    cancel_reason: Option<CancelReason>,
}

impl From<OrderRecord> for OrderRecordDocument {
    fn from(order: OrderRecord) -> Self {
        Self {
            order_id: order.id,
            number: order.number,
            status: order.state,
            campus: order.campus,
            account_id: order.account_id,
            member: order.member,
            email: order.email,
            slot_at: rfc3339(order.slot_at),
            placed_at: rfc3339(order.placed_at),
            total: order.total,
            currency: order.currency,
            payment: order.gateway,
            cancel_reason: order.cancel_reason,
        }
    }
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRecords {
    items: Vec<OrderRecordDocument>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// How many orders match; 1,000 stands for that and more.
    count: i64,
}

/// Everybody's orders. For staff, administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/orders", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "A page of orders", body = OrderRecords),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor administrator nor operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(choice): Parameters<Choice>,
) -> Result<Json<OrderRecords>, ApiError> {
    let limit = choice.limit.unwrap_or(50);
    let found = order::find(&ctx, &choice.filter()?, choice.cursor()?, limit).await?;
    Ok(Json(OrderRecords {
        items: found
            .items
            .into_iter()
            .map(OrderRecordDocument::from)
            .collect(),
        next_cursor: found.next.map(|cursor| cursor.text()),
        count: found.count,
    }))
}
