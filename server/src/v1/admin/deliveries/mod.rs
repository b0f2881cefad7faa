//! What members were told, and how that went.

pub mod export;
pub mod get;
pub mod list;
pub mod repeat;

use crate::http::problem::ApiError;
use crate::v1::time::rfc3339;
use domain::invalid::InvalidCode;
use domain::notification::{Channel, DeliveryState, Template};
use domain::text::Language;
use serde::Serialize;
use service::Error;
use service::notify::{Delivery, DeliveryFilter};
use utoipa::ToSchema;
use uuid::Uuid;

/// A message to a member by one channel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryItem {
    delivery_id: Uuid,
    channel: Channel,
    /// What it says.
    template: Template,
    state: DeliveryState,
    /// `en` or `es`.
    #[schema(value_type = String)]
    language: Language,
    /// An address, a phone number, or the host of a push service.
    recipient: String,
    /// Which order it is about.
    order_id: Option<Uuid>,
    /// What that is called at the counter; zero where it is about none.
    number: i64,
    /// How often sending has begun.
    attempts: i64,
    /// Why it failed last: `UNAVAILABLE`, `TIMED_OUT`, `UNANSWERED`, `POSTPONED`, `REFUSED`, `GONE`,
    /// `UNCERTAIN`, `EXPIRED`, `CLOSED`, `STOPPED`, `LIMITED` or `UNCONFIRMED`, and what was said.
    error: Option<String>,
    /// What whoever carries it calls it.
    reference: Option<String>,
    /// The job that sends it.
    job_id: Uuid,
    /// The request that caused it, as it stands in the log.
    request_id: String,
    /// When it happened what it tells of.
    at: String,
    /// When it was to be sent, for the first time or again.
    queued_at: String,
    /// When it was sent.
    sent_at: Option<String>,
}

impl From<Delivery> for DeliveryItem {
    fn from(delivery: Delivery) -> Self {
        Self {
            delivery_id: delivery.id,
            channel: delivery.channel,
            template: delivery.template,
            state: delivery.state,
            language: delivery.language,
            recipient: delivery.recipient,
            order_id: delivery.payload.order_id,
            number: delivery.number,
            attempts: delivery.attempts,
            error: delivery.error,
            reference: delivery.reference,
            job_id: delivery.job_id,
            request_id: delivery.request_id,
            at: rfc3339(delivery.at),
            queued_at: rfc3339(delivery.queued_at),
            sent_at: delivery.sent_at.map(rfc3339),
        }
    }
}

/// What a parameter names, where it names something.
fn choice<T>(
    field: &str,
    name: Option<String>,
    of: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let Some(name) = name else {
        return Ok(None);
    };
    match of(&name) {
        Some(found) => Ok(Some(found)),
        None => Err(Error::invalid(field, InvalidCode::UnknownChoice).into()),
    }
}

/// The filter that parameters describe.
fn filter(
    text: Option<String>,
    channel: Option<String>,
    state: Option<String>,
    template: Option<String>,
) -> Result<DeliveryFilter, ApiError> {
    Ok(DeliveryFilter {
        text,
        channel: choice("channel", channel, Channel::from_key)?,
        state: choice("state", state, DeliveryState::from_key)?,
        template: choice("template", template, Template::from_key)?,
    })
}
