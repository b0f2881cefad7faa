//! Server functions of the kitchen's display, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What of a kitchen somebody looks at, as it stands in an address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// The campus's name in addresses; empty for the first that has something to do.
    pub campus: String,
    /// A station's wire name; empty for all of them.
    pub station: String,
    /// Ids of orders, apart by dots: of the others only that they are there.
    pub only: String,
    /// The order that is about to be refused.
    pub refuse: String,
    /// What of it is out of stock.
    pub item: String,
}

/// What a campus's kitchen has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitchenView {
    /// The campus's name in addresses; empty where there is none.
    pub campus: String,
    /// Its id, as events name it.
    pub campus_id: String,
    /// Every campus: its name in addresses, and for people, and how many orders it has to do today.
    pub campuses: Vec<(String, String, i64)>,
    /// The station that is looked at.
    pub station: String,
    /// "12 to do".
    pub count: String,
    /// One for each state.
    pub columns: Vec<ColumnView>,
    /// What was collected or cancelled last.
    pub ended: Vec<EndedView>,
    /// What is asked before an order is refused.
    pub question: Option<QuestionView>,
}

/// The orders of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnView {
    /// The state, by its name on the wire.
    pub state: String,
    /// "Cooking".
    pub title: String,
    /// How many orders.
    pub count: String,
    /// By slot.
    pub slots: Vec<SlotView>,
}

/// The orders of a state and a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotView {
    /// Names it among the slots.
    pub key: String,
    /// "12:15"; "tomorrow, 12:15" where it is of another day.
    pub title: String,
    /// The orders.
    pub cards: Vec<CardView>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardView {
    /// Its id.
    pub id: String,
    /// What it is; nothing where only others were asked for.
    pub details: Option<DetailsView>,
}

/// An order as whoever cooks it works with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsView {
    /// What is called out.
    pub number: String,
    /// Who ordered.
    pub member: String,
    /// How pressing it is, by its name on the wire.
    pub age: String,
    /// What colour says it.
    pub tone: String,
    /// "Late: 5 min over time".
    pub age_text: String,
    /// What is in it.
    pub lines: Vec<LineView>,
    /// "2 more at other stations"; mostly empty.
    pub elsewhere: String,
    /// What comes next, by its name on the wire.
    pub next: Option<String>,
    /// What its member is asked; mostly empty.
    pub asked: String,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// "2 × Chilaquiles".
    pub title: String,
    /// "Large, oat milk"; may be empty.
    pub options: String,
    /// Where it is made: "Hot".
    pub station: String,
}

/// An order that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedView {
    /// Its id.
    pub id: String,
    /// What was called out.
    pub number: String,
    /// Its slot.
    pub slot: String,
    /// How it ended.
    pub state: crate::pages::order::api::StateView,
}

/// What is asked before an order is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionView {
    /// The order.
    pub id: String,
    /// What is called out.
    pub number: String,
    /// Whether something of it may still be out of stock.
    pub may_run_out: bool,
    /// What may be out of stock: ids and names.
    pub items: Vec<(String, String)>,
    /// What is, and what might be offered in its place.
    pub missing: Option<MissingView>,
}

/// What is out of stock, and what might be offered in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingView {
    /// The item's id.
    pub item: String,
    /// "2 × Chilaquiles".
    pub title: String,
    /// Ids, names, and "MX$40.00 · 12 left".
    pub candidates: Vec<(String, String, String)>,
}

/// What a kitchen has to do.
#[server(endpoint = "kitchen")]
pub async fn get_kitchen(#[server(default)] look: Look) -> Result<KitchenView, AppError> {
    super::build::kitchen(&crate::context::ctx()?, look).await
}

/// Says that something of an order is out of stock and leads back. Its member is asked which of the
/// substitutes they want; with anything in `cancel` the order is cancelled.
#[server(endpoint = "order/refuse")]
pub async fn refuse_order(
    #[server(default)] order: String,
    #[server(default)] item: String,
    #[server(default)] substitutes: Vec<String>,
    #[server(default)] cancel: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    super::build::refuse(&ctx, &order, &item, &substitutes, !cancel.is_empty()).await?;
    leptos_axum::redirect(crate::context::local_path(&back).unwrap_or("/kitchen"));
    Ok(())
}
