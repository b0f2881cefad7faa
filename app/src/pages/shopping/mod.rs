//! What to buy for a week.

pub mod api;
mod view;
pub use view::ShoppingPage;
