//! Server functions of the inbox, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxView {
    /// The newest first.
    pub items: Vec<MessageView>,
    /// "3 unread messages".
    pub count: String,
    /// When the last message was delivered, where some of all are not read: what was delivered up to then
    /// can be marked as read.
    pub newest: Option<String>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// Its id.
    pub id: String,
    /// "Order 42 is ready".
    pub title: String,
    /// "Collect it at the counter: Central Campus."
    pub text: String,
    /// For machines, on the institution's clocks: `2026-11-22T14:05:09`.
    pub datetime: String,
    /// "today, 14:05".
    pub when: String,
    /// `leaf`, `blue`, `beet`.
    pub tone: String,
    /// The order's page.
    pub href: String,
    /// Whether it is not read.
    pub unread: bool,
}

/// What the member was told, the newest first, after the message where the last page ended.
#[server(endpoint = "inbox")]
pub async fn get_inbox(#[server(default)] after: String) -> Result<InboxView, AppError> {
    super::build::inbox(&crate::context::ctx()?, &after).await
}

/// Marks a message as read, and leads to its order.
#[server(endpoint = "inbox/read")]
pub async fn read_message(#[server(default)] id: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let message = service::inbox::read(&ctx, service::plan::parse_id(&id)?).await?;
    leptos_axum::redirect(&super::build::href(&message));
    Ok(())
}

/// Marks everything that was delivered up to `newest` as read, and leads back to the inbox.
#[server(endpoint = "inbox/read-all")]
pub async fn read_all_messages(#[server(default)] newest: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let newest = newest
        .parse()
        .map_err(|_| domain::problem::Problem::Malformed)?;
    service::inbox::read_all(&ctx, newest).await?;
    leptos_axum::redirect("/inbox");
    Ok(())
}
