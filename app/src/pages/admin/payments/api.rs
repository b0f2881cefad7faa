//! Server functions of the ways to pay, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What campuses take, and one of them to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentsView {
    /// Every campus: its slug, what it is called, and what it takes, in words.
    pub campuses: Vec<(String, String, String)>,
    /// The slug of the one that is shown.
    pub campus: String,
    /// What could be taken.
    pub gateways: Vec<GatewayChoice>,
    /// What it takes: names in data.
    pub accepted: Vec<String>,
}

/// A way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayChoice {
    /// Its name in data.
    pub key: String,
    /// "Wallet".
    pub title: String,
    /// What it is, and what is missing where it is not set up.
    pub note: String,
}

/// What campuses take, and the one of a slug to be changed; the first where none is named.
#[server(endpoint = "admin/payments")]
pub async fn get_payments(#[server(default)] campus: String) -> Result<PaymentsView, AppError> {
    super::build::payments(&crate::context::ctx()?, &campus).await
}

/// Has a campus take these ways to pay, and no others, where it still takes what was seen.
#[server(endpoint = "admin/payments/accept")]
pub async fn accept_payments(
    #[server(default)] campus: String,
    #[server(default)] seen: Vec<String>,
    #[server(default)] gateways: Vec<String>,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let seen = super::build::gateways(&seen)?;
    let gateways = super::build::gateways(&gateways)?;
    service::payments::accept(&ctx, &campus, &seen, &gateways).await?;
    leptos_axum::redirect(&format!("/admin/payments?campus={campus}&saved=1"));
    Ok(())
}
