//! Every dish, to look through.

pub mod api;
#[cfg(feature = "ssr")]
mod find;
mod view;
pub use view::DishesPage;
