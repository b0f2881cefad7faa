//! The stock table: found and put in order by what stands in the address, corrected in place, and a
//! file for a spreadsheet out and in.

pub mod api;
mod build;
mod filter;
mod import;
mod view;

pub use import::StockImportPage;
pub use view::StockPage;

pub(super) use build::{given, kind_name, portions, shortage_mark};
