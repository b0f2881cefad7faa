//! Events: what happens to orders, payments and stock, as those who follow it get to know it.

use crate::text::Localized;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What has happened.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderEvent {
    /// An order was accepted.
    OrderCreated,
    /// A step of an order was done or undone.
    OrderStep,
    /// An order is paid, and its portions are its own.
    OrderConfirmed,
    /// The kitchen has begun.
    OrderPreparing,
    /// A meal waits at the counter.
    OrderReady,
    /// A meal was handed out.
    OrderCollected,
    /// An order came to nothing.
    OrderCancelled,
    /// An order was paid for.
    PaymentCharged,
    /// A payment was refused.
    PaymentDeclined,
    /// What was paid was given back.
    PaymentRefunded,
    /// Few portions of something are left.
    StockLow,
    /// Something of an order is out of stock, and its member is asked what they want in its place.
    SubstituteOffered,
    /// They have chosen.
    SubstituteAccepted,
}

impl OrderEvent {
    /// Every kind, in the order in which they happen.
    pub const ALL: [Self; 13] = [
        Self::OrderCreated,
        Self::OrderStep,
        Self::OrderConfirmed,
        Self::OrderPreparing,
        Self::OrderReady,
        Self::OrderCollected,
        Self::OrderCancelled,
        Self::PaymentCharged,
        Self::PaymentDeclined,
        Self::PaymentRefunded,
        Self::StockLow,
        Self::SubstituteOffered,
        Self::SubstituteAccepted,
    ];

    /// The stable name, SCREAMING_SNAKE_CASE, in the database and on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::OrderCreated => "ORDER_CREATED",
            Self::OrderStep => "ORDER_STEP",
            Self::OrderConfirmed => "ORDER_CONFIRMED",
            Self::OrderPreparing => "ORDER_PREPARING",
            Self::OrderReady => "ORDER_READY",
            Self::OrderCollected => "ORDER_COLLECTED",
            Self::OrderCancelled => "ORDER_CANCELLED",
            Self::PaymentCharged => "PAYMENT_CHARGED",
            Self::PaymentDeclined => "PAYMENT_DECLINED",
            Self::PaymentRefunded => "PAYMENT_REFUNDED",
            Self::StockLow => "STOCK_LOW",
            Self::SubstituteOffered => "SUBSTITUTE_OFFERED",
            Self::SubstituteAccepted => "SUBSTITUTE_ACCEPTED",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether whom it is for finds it in their inbox: what they would want to know of while they look
    /// elsewhere. A declined payment is told with the cancellation that follows from it.
    #[must_use]
    pub const fn reaches_inbox(self) -> bool {
        matches!(
            self,
            Self::OrderConfirmed
                | Self::OrderReady
                | Self::OrderCancelled
                | Self::PaymentRefunded
                | Self::SubstituteOffered
        )
    }

    /// Whether whom it is for is told by their channels: [`crate::notification::Template::of`] says what.
    #[must_use]
    pub const fn reaches_channels(self) -> bool {
        matches!(
            self,
            Self::OrderConfirmed
                | Self::OrderReady
                | Self::OrderCancelled
                | Self::SubstituteOffered
        )
    }
}

/// What an event tells besides its kind. Each kind has what it is about; the rest is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventPayload {
    /// Which order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    /// What is called out at the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Where, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campus: Option<Localized<String>>,
    /// When it is to be collected, in microseconds UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot_at: Option<i64>,
    /// Which step of the order's saga, by its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// `DO` or `UNDO`, of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Why, by its key: of a cancellation or of a declined payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How much was charged or given back, in minor units of the currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// ISO 4217, of the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Which menu item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<Uuid>,
    /// What that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<Localized<String>>,
    /// How many portions of it nobody has reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<i64>,
}

/// Seconds from a failed delivery of an event to the next, by how many have failed.
const REDELIVERIES: [i64; 4] = [5, 25, 125, 625];

/// In how many seconds an event is delivered again whose delivery has failed so many times, this one
/// counted; nothing where it is given up.
#[must_use]
pub fn redelivered_in(failures: i64) -> Option<i64> {
    let index = usize::try_from(failures.max(1) - 1).ok()?;
    REDELIVERIES.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_kind_and_is_the_one_on_the_wire() {
        for kind in OrderEvent::ALL {
            assert_eq!(OrderEvent::from_key(kind.key()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
        }
        assert_eq!(OrderEvent::from_key("ORDER_EATEN"), None);
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let payload = EventPayload {
            number: Some(42),
            slot_at: Some(7),
            ..EventPayload::default()
        };
        let json = serde_json::to_value(&payload).unwrap();
        assert_eq!(json, serde_json::json!({ "number": 42, "slotAt": 7 }));
        assert_eq!(
            serde_json::from_value::<EventPayload>(json).unwrap(),
            payload
        );
    }

    #[test]
    fn a_delivery_is_tried_five_times() {
        let times: Vec<Option<i64>> = (1..=6).map(redelivered_in).collect();
        assert_eq!(times, [Some(5), Some(25), Some(125), Some(625), None, None]);
    }
}
