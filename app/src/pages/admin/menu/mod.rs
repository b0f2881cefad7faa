//! The menu of a campus as administrators see it.

pub mod api;
mod build;
mod view;

pub(super) use build::clock;
pub use view::AdminMenuPage;
