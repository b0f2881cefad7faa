//! Server functions of the checkout, and what they send.

pub use crate::components::card_entry::CardEntry;

use crate::error::AppError;
use domain::order::OrderRefusal;
use domain::problem::Problem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is about to be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutView {
    /// Where: the campus's name in addresses, and for people.
    pub campus: (String, String),
    /// What.
    pub lines: Vec<CheckoutLine>,
    /// The same as the order asks for it, as JSON.
    pub document: String,
    /// What it costs.
    pub total: String,
    /// Names this order: pressed twice, it is placed once.
    pub key: String,
    /// When it can be collected, by day.
    pub days: Vec<DayView>,
    /// Where not everything can be collected at the same time, all parts: what is in them, and whether
    /// it is this one.
    pub parts: Vec<(String, bool)>,
    /// What the campus takes, cards before the wallet: names in data.
    pub gateways: Vec<String>,
    /// How a card is named, where the campus takes cards that must be.
    pub card: Option<CardEntry>,
    /// "Balance MX$120.00", and whether that is enough.
    pub wallet: (String, bool),
    /// Whether all of it can be ordered, as far as is known here.
    pub orderable: bool,
    /// Why it could not be ordered a moment ago.
    pub refusals: Vec<String>,
}

/// A line of what is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutLine {
    /// "2 × Chilaquiles".
    pub title: String,
    /// "Large, oat milk"; may be empty.
    pub options: String,
    /// "MX$108.40".
    pub price: String,
}

/// The slots of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayView {
    /// "Today".
    pub title: String,
    /// The slots.
    pub slots: Vec<SlotView>,
}

/// A slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotView {
    /// When it begins, in microseconds.
    pub value: String,
    /// "12:15".
    pub time: String,
    /// "3 left"; empty where there is room for many.
    pub note: String,
    /// Whether it has no place left.
    pub full: bool,
}

/// What is about to be ordered: of what can't be collected at the same time the part of this number, from
/// 0. `refused` says why it was refused a moment ago, and `asked` what was asked for then.
#[server(endpoint = "checkout")]
pub async fn get_checkout(
    #[server(default)] part: String,
    #[server(default)] refused: Vec<OrderRefusal>,
    #[server(default)] asked: String,
) -> Result<CheckoutView, AppError> {
    super::build::checkout(&crate::context::ctx()?, &part, &refused, &asked).await
}

/// Places an order and leads to it. `lines` are those of the page, as JSON, so that nobody pays another
/// price than they saw.
#[server(endpoint = "order/place")]
pub async fn place_order(
    #[server(default)] campus: String,
    #[server(default)] lines: String,
    #[server(default)] slot: String,
    #[server(default)] gateway: String,
    #[server(default)] payment_method: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let order = super::build::order(campus, &lines, &slot, (&gateway, payment_method), key)?;
    let placed = service::order::place(&ctx, order).await;
    let accepted = placed.map_err(|error| super::build::as_asked(Problem::from(error)))?;
    super::build::empty_cart(&ctx, &lines).await?;
    leptos_axum::redirect(&format!("/orders/{}", accepted.order_id));
    Ok(())
}
