//! Orders.

pub(crate) mod advance;
pub(crate) mod answer;
pub(crate) mod cancel;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod place;
pub(crate) mod refuse;
pub(crate) mod status;
pub(crate) mod substitutes;
pub(crate) mod today;

use crate::v1::time::rfc3339;
use domain::order::{CancelReason, OrderState};
use domain::payment::GatewayKind;
use serde::Serialize;
use service::order::OrderItem;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderSummary {
    order_id: Uuid,
    /// What is called out at the counter.
    number: i64,
    status: OrderState,
    /// The campus' id.
    campus_id: Uuid,
    /// When it is collected.
    slot_at: String,
    payment: GatewayKind,
    /// In minor units of the currency.
    total: i64,
    /// ISO 4217.
    currency: String,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<CancelReason>,
    /// What staff said of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_note: Option<String>,
    placed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preparing_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collected_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<String>,
}

impl From<OrderItem> for OrderSummary {
    fn from(order: OrderItem) -> Self {
        Self {
            order_id: order.id,
            number: order.number,
            status: order.state,
            campus_id: order.campus,
            slot_at: rfc3339(order.slot_at),
            payment: order.gateway,
            total: order.total,
            currency: order.currency,
            cancel_reason: order.cancel_reason,
            cancel_note: order.cancel_note,
            placed_at: rfc3339(order.placed_at),
            confirmed_at: order.confirmed_at.map(rfc3339),
            preparing_at: order.preparing_at.map(rfc3339),
            ready_at: order.ready_at.map(rfc3339),
            collected_at: order.collected_at.map(rfc3339),
            cancelled_at: order.cancelled_at.map(rfc3339),
        }
    }
}
