//! An order: where it stands, and what has been done for it.

pub mod api;
mod build;
mod view;

pub(crate) use build::{line_text, slot_text, state_view};
pub use view::OrderPage;
pub(crate) use view::state_chip;
