//! Server functions of the wallet, and what they send.

pub use crate::components::card_entry::CardEntry;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A member's wallet, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletView {
    /// What they have, by currency; none where nothing is sold here.
    pub holdings: Vec<HoldingView>,
    /// The currency of the statement.
    pub currency: String,
    /// How money came and went, the newest first.
    pub entries: Vec<EntryView>,
    /// Where the next page of entries is.
    pub next: Option<String>,
    /// Where the first page of entries is, on a later one.
    pub newest: Option<String>,
    /// Names the next top-up, so that sending its form twice is sending it once.
    pub key: String,
    /// Whether anybody asks cards.
    pub takes_cards: bool,
    /// How a card is named, where it must be.
    pub card: Option<CardEntry>,
    /// What came of the top-up that the address names.
    pub top_up: Option<TopUpNotice>,
}

/// What somebody has of a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingView {
    /// Three letters.
    pub currency: String,
    /// "MX$54.20".
    pub balance: String,
    /// Where its statement is; nothing where that is shown.
    pub href: Option<String>,
}

/// An entry, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    /// Its id.
    pub id: String,
    /// For machines, on the institution's clocks: `2026-11-22T14:05:09`.
    pub datetime: String,
    /// "22 November 2026, 14:05".
    pub when: String,
    /// "Topped up by card".
    pub what: String,
    /// What whoever did it wrote; may be empty.
    pub note: String,
    /// The page of the order that it was for.
    pub order: Option<String>,
    /// "+MX$54.20", "−MX$9.50".
    pub amount: String,
}

/// What came of a top-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpNotice {
    /// `blue`, `leaf` or `beet`.
    pub tone: String,
    /// What it says first.
    pub title: String,
    /// What it says then.
    pub text: String,
    /// Whether it is still to come.
    pub pending: bool,
}

/// The wallet of whoever asks: the statement of a currency after an entry, and a top-up to tell of.
#[server(endpoint = "wallet")]
pub async fn get_wallet(
    #[server(default)] currency: String,
    #[server(default)] after: String,
    #[server(default)] top_up: String,
) -> Result<WalletView, AppError> {
    super::build::wallet(&crate::context::ctx()?, &currency, &after, &top_up).await
}

/// Asks the card of whoever asks for money, and leads to what comes of it.
#[server(endpoint = "wallet/top-up")]
pub async fn top_up_wallet(
    #[server(default)] key: String,
    #[server(default)] amount: String,
    #[server(default)] currency: String,
    #[server(default)] payment_method: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let top_up = super::build::top_up(&ctx, key, &amount, currency, payment_method).await?;
    leptos_axum::redirect(&format!(
        "/wallet?currency={}&top-up={}",
        top_up.currency, top_up.id
    ));
    Ok(())
}
