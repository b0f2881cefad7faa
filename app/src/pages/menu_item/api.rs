//! The server function of a menu's item, and what it sends.

pub use crate::pages::menu::api::ItemCard;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// An item with what may be chosen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemView {
    /// The campus: its name in addresses, and for people.
    pub campus: (String, String),
    /// What the menu shows of it.
    pub card: ItemCard,
    /// The page of its dish; empty for a product.
    pub dish: String,
    /// Label and value: "Energy", "430 kcal".
    pub facts: Vec<(String, String)>,
    /// "Next pickup today, 12:15"; says also that there is none.
    pub pickup: String,
    /// What may be chosen.
    pub groups: Vec<GroupView>,
    /// Which options go together, in words.
    pub rules: Vec<String>,
    /// The item and the words for what is chosen of it, for the `chooser` module, as JSON.
    pub choice: (String, String),
    /// Whether it can be ordered just now.
    pub orderable: bool,
}

/// Options of which some may or must be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// Names it within the item.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// "Choose one", "Choose up to 3".
    pub hint: String,
    /// Whether several may be chosen.
    pub several: bool,
    /// Whether nothing may be chosen.
    pub optional: bool,
    /// The options.
    pub options: Vec<OptionView>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionView {
    /// Names it within the item.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// "+ MX$10.00 · 60 kcal · milk".
    pub note: String,
    /// Whether it is chosen where nobody has chosen.
    pub chosen: bool,
    /// Why the profile forbids it.
    pub forbidden: Vec<String>,
}

/// An item of a campus.
#[server(endpoint = "menu/item")]
pub async fn get_item(campus: String, id: String) -> Result<ItemView, AppError> {
    super::build::item(&crate::context::ctx()?, &campus, &id).await
}
