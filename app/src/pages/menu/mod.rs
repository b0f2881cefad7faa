//! What campuses sell.

pub mod api;
mod build;
mod filter;
mod parts;
mod view;

pub(crate) use build::{against, allergens as allergen_names, card, when};
pub(crate) use parts::{allergens, diets, forbidden, stock_chip};
pub use view::{CampusesPage, MenuPage};
