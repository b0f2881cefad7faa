//! Events that were given up.

pub mod list;
pub mod repeat;

use serde::{Deserialize, Serialize};
use service::outbox::Consumer;
use utoipa::ToSchema;

/// Who gets events.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventConsumer {
    /// Open pages, and whoever else follows.
    Live,
    /// The inbox of whom an event is for.
    Inbox,
    /// The channels of whom an event is for, as e-mail.
    Notice,
}

impl From<Consumer> for EventConsumer {
    fn from(consumer: Consumer) -> Self {
        match consumer {
            Consumer::Live => Self::Live,
            Consumer::Inbox => Self::Inbox,
            Consumer::Notice => Self::Notice,
        }
    }
}

impl From<EventConsumer> for Consumer {
    fn from(consumer: EventConsumer) -> Self {
        match consumer {
            EventConsumer::Live => Self::Live,
            EventConsumer::Inbox => Self::Inbox,
            EventConsumer::Notice => Self::Notice,
        }
    }
}
