//! The server function of the list of orders, and what it sends.

pub use crate::pages::order::api::StateView;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which orders, as it stands in an address. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// What is called out.
    pub number: String,
    /// A name or an address.
    pub person: String,
    /// A state's name on the wire.
    pub state: String,
    /// A campus' slug.
    pub campus: String,
    /// On the institution's clocks: `2026-11-22T14:00`.
    pub since: String,
    /// On the institution's clocks.
    pub until: String,
    /// `SLOT`, or by when they were placed.
    pub sort: String,
    /// `ASC`, or the newest or latest first.
    pub order: String,
    /// Rows a page.
    pub size: String,
    /// The last order of the page before.
    pub after: String,
}

/// A page of orders, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersView {
    /// The orders.
    pub items: Vec<OrderLine>,
    /// "12 entries".
    pub count: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Where what matches is to be had as a file.
    pub file: String,
    /// Every campus: its name in addresses, and for people.
    pub campuses: Vec<(String, String)>,
}

/// An order in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Its id.
    pub id: String,
    /// What is called out.
    pub number: String,
    /// Who ordered, and their address.
    pub member: (String, String),
    /// How it stands.
    pub state: StateView,
    /// Why it was cancelled; mostly empty.
    pub remark: String,
    /// Where it is collected.
    pub campus: String,
    /// "16 November, 12:15".
    pub slot: String,
    /// "MX$230.00".
    pub total: String,
    /// "Card".
    pub gateway: String,
    /// When it was placed.
    pub placed: crate::pages::admin::say::Moment,
}

/// A page of everybody's orders.
#[server(endpoint = "admin/orders")]
pub async fn get_orders(#[server(default)] filter: Filter) -> Result<OrdersView, AppError> {
    super::build::orders(&crate::context::ctx()?, &filter).await
}
