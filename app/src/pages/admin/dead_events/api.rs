//! Server functions of the events that were given up, and what they send.

use crate::error::AppError;
use crate::pages::admin::say::Moment;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A page of events that were given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadEventsView {
    /// The newest first.
    pub items: Vec<DeadEventLine>,
    /// "3 events".
    pub count: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Whether whoever looks may have them delivered again.
    pub may_repeat: bool,
}

/// An event that was given up, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadEventLine {
    /// Which, and who did not get it.
    pub id: String,
    /// "Meal ready".
    pub title: String,
    /// `ORDER_READY`.
    pub kind: String,
    /// "Inbox".
    pub consumer: String,
    /// Whom it is for; empty where it is for those who work there.
    pub owner: String,
    /// What it happened to: `order:…`.
    pub aggregate: String,
    /// "5".
    pub attempts: String,
    /// Why, in a sentence.
    pub why: String,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened.
    pub happened: Moment,
    /// When it failed last.
    pub failed: Moment,
}

/// Events that were given up, the newest first, after the one where the last page ended.
#[server(endpoint = "admin/dead-events")]
pub async fn get_dead_events(#[server(default)] after: String) -> Result<DeadEventsView, AppError> {
    super::build::dead_events(&crate::context::ctx()?, &after).await
}

/// Has an event delivered again, and leads back to the list.
#[server(endpoint = "admin/dead-events/repeat")]
pub async fn repeat_event(#[server(default)] id: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    service::outbox::repeat(&ctx, id.parse()?).await?;
    leptos_axum::redirect("/admin/dead-events?repeated=1");
    Ok(())
}
