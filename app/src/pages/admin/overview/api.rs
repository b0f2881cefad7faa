//! The server function of the overview, and what it sends.

use crate::components::chart::ChartData;
use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The overview, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewView {
    /// Label and value: "Orders", "1 234".
    pub facts: Vec<(String, String)>,
    /// Orders, revenue and waits by day.
    pub charts: Vec<ChartData>,
    /// What was sold most.
    pub popular: Vec<PopularLine>,
    /// Every campus: its name in addresses, and for people.
    pub campuses: Vec<(String, String)>,
}

/// What was sold of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PopularLine {
    /// The item's id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Which campus sells it.
    pub campus: String,
    /// How many portions.
    pub portions: String,
    /// In how many orders.
    pub orders: String,
    /// "MX$1 230.00".
    pub revenue: String,
    /// Its portions as a share of the most, from 0 to 1000.
    pub share: i64,
}

/// What was sold in the last days, of a campus or all.
#[server(endpoint = "admin/overview")]
pub async fn get_overview(
    #[server(default)] days: i64,
    #[server(default)] campus: String,
) -> Result<OverviewView, AppError> {
    super::build::overview(&crate::context::ctx()?, days, &campus).await
}
