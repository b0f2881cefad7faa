//! What members were told.

pub mod list;
pub mod read;

use crate::v1::time::rfc3339;
use domain::event::OrderEvent;
use domain::text::Localized;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A message. What its kind is not about is absent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxMessage {
    message_id: Uuid,
    /// What has happened.
    kind: OrderEvent,
    /// When.
    at: String,
    /// When it was read; null before.
    read_at: Option<String>,
    /// Which order.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// What is called out at the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    /// Where, by its name in each language.
    #[serde(skip_serializing_if = "Option::is_none")]
    campus: Option<Localized<String>>,
    /// When it is to be collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_at: Option<String>,
    /// What is out of stock, in each language.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Localized<String>>,
    /// Why it was cancelled, or given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How much was given back, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// ISO 4217, of the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

impl From<service::inbox::Message> for InboxMessage {
    fn from(message: service::inbox::Message) -> Self {
        let payload = message.payload;
        Self {
            message_id: message.id,
            kind: message.kind,
            at: rfc3339(message.at),
            read_at: message.read_at.map(rfc3339),
            order_id: payload.order_id,
            number: payload.number,
            campus: payload.campus,
            slot_at: payload.slot_at.map(rfc3339),
            item: payload.item,
            reason: payload.reason,
            amount: payload.amount,
            currency: payload.currency,
        }
    }
}
