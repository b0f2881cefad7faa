//! An item's stock: how it stands, its ledger, its last days as charts, and what staff write down.

pub mod api;
mod build;
mod view;

pub use view::StockItemPage;
