//! What members were told: found by what stands in the address, and a file for a spreadsheet.

pub mod api;
mod build;
mod filter;
mod view;

pub(super) use build::line;
pub use view::DeliveriesPage;
