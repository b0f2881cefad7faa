//! Server functions of a delivery, and what they send.

use crate::error::AppError;
use crate::pages::admin::deliveries::api::DeliveryLine;
use crate::pages::admin::say::Moment;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A delivery whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// What a list tells of it.
    pub line: DeliveryLine,
    /// What the member is called.
    pub member: String,
    /// "Spanish".
    pub language: String,
    /// Its tag.
    pub lang: String,
    /// What whoever carries it calls it; may be empty.
    pub reference: String,
    /// Whether it stays here, as in the demo.
    pub kept_here: bool,
    /// The address of the order's page for members; may be empty.
    pub order: String,
    /// The jobs that sent it, as the board lists them.
    pub jobs: String,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened what it tells of.
    pub happened: Moment,
    /// When it was sent.
    pub sent: Option<Moment>,
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML, where it is an e-mail.
    pub html: Option<String>,
    /// Whether whoever looks may have it sent again now.
    pub may_repeat: bool,
}

/// A delivery whole.
#[server(endpoint = "admin/delivery")]
pub async fn get_delivery(id: String) -> Result<DeliveryView, AppError> {
    super::build::delivery(&crate::context::ctx()?, &id).await
}

/// Has a delivery sent again, and leads back to it.
#[server(endpoint = "admin/delivery/repeat")]
pub async fn repeat_delivery(#[server(default)] id: String) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&id)?;
    service::notify::send_again(&ctx, id).await?;
    leptos_axum::redirect(&format!("/admin/deliveries/{id}?repeated=1"));
    Ok(())
}
