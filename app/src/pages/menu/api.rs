//! Server functions of campuses and their menus, and what they send: ready to be read, in the language
//! of whoever asks.

pub use super::filter::Filter;

use crate::error::AppError;
use domain::amount::Amount;
use domain::food::FoodGroup;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A campus at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampusView {
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// `leaf`, `saffron` or `beet`.
    pub tone: String,
    /// "Open", "Busy", "Paused until 14:30".
    pub state: String,
    /// "Today 07:30–20:00".
    pub hours: String,
    /// "Next pickup today, 12:15"; empty where there is none in the next days.
    pub next: String,
}

/// A menu, as far as a filter lets it through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuView {
    /// Whose it is.
    pub campus: CampusView,
    /// The other campuses: their names in addresses, and for people.
    pub others: Vec<(String, String)>,
    /// What is sold.
    pub items: Vec<ItemCard>,
    /// "41 of 62 dishes and products".
    pub count: String,
    /// What the campus's prices are written in: "MXN".
    pub currency: String,
    /// Whether whoever asks has a profile that forbids something.
    pub restricted: bool,
    /// "3 are hidden"; empty where nothing is.
    pub hidden: String,
    /// The name of what was just put into the cart.
    pub added: Option<String>,
}

/// An item of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCard {
    /// Its id.
    pub id: String,
    /// Its dish or product, which its plate is drawn from.
    pub reference: String,
    /// Its name for people.
    pub name: String,
    /// Grams by food group.
    pub groups: Vec<(FoodGroup, Amount)>,
    /// "MX$54.20".
    pub price: String,
    /// "430 kcal · 24 g protein · 15 min".
    pub meta: String,
    /// Names of its allergens.
    pub allergens: Vec<String>,
    /// Names of the diets that it fits.
    pub diets: Vec<String>,
    /// How much of it there is.
    pub stock: StockView,
    /// Why the profile forbids it.
    pub forbidden: Vec<String>,
    /// Whether there is nothing to choose about it, so that it can be put into the cart at once.
    pub simple: bool,
}

/// How much of an item there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    /// `leaf`, `saffron` or `beet`.
    pub tone: String,
    /// "Available", "Only 3 left", "Sold out".
    pub text: String,
    /// Whether any can be ordered.
    pub any: bool,
}

/// Every campus.
#[server(endpoint = "campuses")]
pub async fn get_campuses() -> Result<Vec<CampusView>, AppError> {
    super::build::campuses(&crate::context::ctx()?).await
}

/// The menu of a campus, as far as a filter lets it through; `added` is an item that was just put into
/// the cart.
#[server(endpoint = "menu")]
pub async fn get_menu(
    campus: String,
    #[server(default)] filter: Filter,
    #[server(default)] added: String,
) -> Result<MenuView, AppError> {
    super::build::menu(&crate::context::ctx()?, &campus, &filter, &added).await
}
