//! Server functions of a campus' menu, and what they send.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which items, as it stands in an address. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// A campus' slug; the first one's where empty.
    pub campus: String,
    /// Words of the name.
    pub text: String,
    /// `DISH` or `PRODUCT`.
    pub kind: String,
    /// `ACTIVE`, `INACTIVE` or `DELETED`.
    pub standing: String,
    /// `NAME` or `PRICE`; as on the menu where empty.
    pub sort: String,
    /// `DESC`, or from the first to the last.
    pub order: String,
    /// Rows a page.
    pub size: String,
    /// Which page, from 1.
    pub page: String,
}

/// A page of a campus' items, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuView {
    /// The campus: its name in addresses, and for people; empty where there is none.
    pub campus: (String, String),
    /// Every campus likewise.
    pub campuses: Vec<(String, String)>,
    /// The items.
    pub items: Vec<MenuLine>,
    /// "12 entries".
    pub count: String,
    /// How many pages there are.
    pub pages: i64,
    /// Where what matches is to be had as a file.
    pub file: String,
    /// Whether whoever looks may change something.
    pub may_edit: bool,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuLine {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// "Dish".
    pub kind: String,
    /// "MX$54.20".
    pub price: String,
    /// "Mon–Fri, 11:30–17:00".
    pub sale: String,
    /// How many groups of options it has.
    pub groups: String,
    /// Portions that anybody may have.
    pub left: String,
    /// The tone of its standing, and the standing in words.
    pub standing: (String, String),
}

/// A page of a campus' items.
#[server(endpoint = "admin/menu")]
pub async fn get_menu_items(#[server(default)] filter: Filter) -> Result<MenuView, AppError> {
    super::build::menu(&crate::context::ctx()?, &filter).await
}
