//! The kitchen's display: what a campus has to cook and to hand out.

pub mod api;
mod build;
mod view;

pub use view::KitchenPage;
