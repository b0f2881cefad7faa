//! A member's orders.

pub mod api;
mod view;

pub use view::OrdersPage;
