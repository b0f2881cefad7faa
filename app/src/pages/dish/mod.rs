//! A dish: what is in it, how to cook it, what it contains.

pub mod api;
#[cfg(feature = "ssr")]
mod build;
mod view;
pub use view::DishPage;
