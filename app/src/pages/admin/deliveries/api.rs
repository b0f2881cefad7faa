//! Server functions of the list of deliveries, and what they send.

pub use super::filter::Filter;

use crate::error::AppError;
use crate::pages::admin::say::Moment;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A page of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveriesView {
    /// Its rows.
    pub items: Vec<DeliveryLine>,
    /// "52 messages".
    pub count: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// How the channels stand.
    pub channels: Vec<ChannelLine>,
}

/// A delivery, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryLine {
    /// Its id.
    pub id: String,
    /// "Meal ready".
    pub what: String,
    /// "Order 42"; empty where it is about none.
    pub order: String,
    /// "E-mail".
    pub channel: String,
    /// An address, a phone number, or the host of a push service.
    pub recipient: String,
    /// Its state's colour.
    pub tone: String,
    /// "Sent".
    pub state: String,
    /// "2 attempts"; empty before the first.
    pub attempts: String,
    /// Why it failed last, in a sentence; mostly empty.
    pub why: String,
    /// When it was to be sent.
    pub queued: Moment,
}

/// How a channel stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLine {
    /// "E-mail".
    pub name: String,
    /// Its colour.
    pub tone: String,
    /// "Well", "Paused until 14:05".
    pub state: String,
}

/// A page of deliveries.
#[server(endpoint = "admin/deliveries")]
pub async fn get_deliveries(#[server(default)] filter: Filter) -> Result<DeliveriesView, AppError> {
    super::build::deliveries(&crate::context::ctx()?, &filter).await
}
