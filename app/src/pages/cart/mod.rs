//! What somebody means to order.

pub mod api;
mod build;
mod parts;
mod view;

pub(crate) use parts::other_campus;
pub use view::CartPage;
