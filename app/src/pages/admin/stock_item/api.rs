//! Server functions of an item's stock, and what they send.

pub use crate::pages::admin::say::Moment;

use crate::components::chart::ChartData;
use crate::error::AppError;
use domain::stock::MovementDraft;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// An item's stock, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockItemView {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// "Campus Norte · Dish · MX$54.20".
    pub about: String,
    /// Whether it is sold at all.
    pub active: bool,
    /// Portions there are.
    pub on_hand: String,
    /// Portions that are kept for orders.
    pub reserved: String,
    /// Portions that anybody may have.
    pub available: String,
    /// With so many free, or fewer, it is low.
    pub low_mark: String,
    /// The tone and the word of how little is left.
    pub mark: Option<(String, String)>,
    /// How it stood at the end of each day, and what each day did.
    pub charts: Vec<ChartData>,
    /// A page of its movements, newest first.
    pub movements: Vec<MovementLine>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Under which a movement is written down once.
    pub key: String,
}

/// A movement, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementLine {
    /// Its id.
    pub id: String,
    /// "Received".
    pub what: String,
    /// What its colour says.
    pub tone: String,
    /// "+40"; empty where it changes nothing of what is on hand.
    pub on_hand: String,
    /// "−2"; empty where it changes nothing of what is reserved.
    pub reserved: String,
    /// Whose doing it was: a name, or "Order 42".
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub when: Moment,
}

/// An item's stock, with the movements before one.
#[server(endpoint = "admin/stock/item")]
pub async fn get_stock_item(id: String, before: String) -> Result<StockItemView, AppError> {
    super::build::item(&crate::context::ctx()?, &id, &before).await
}

/// Writes a movement of an item down, and leads back to it.
#[server(endpoint = "admin/stock/record")]
pub async fn record_movement(
    #[server(default)] item: String,
    #[server(default)] kind: String,
    #[server(default)] quantity: String,
    #[server(default)] reason: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let item = service::plan::parse_id(&item)?;
    let draft = MovementDraft {
        kind,
        quantity: crate::pages::admin::stock::portions("quantity", &quantity)?,
        reason,
    };
    let key = crate::pages::admin::stock::given(&key);
    service::stock::record(&ctx, item, &draft, key).await?;
    leptos_axum::redirect(&format!("/admin/stock/{item}?recorded=1"));
    Ok(())
}
