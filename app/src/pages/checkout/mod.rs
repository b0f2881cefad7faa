//! From the cart to an order: when it is collected and how it is paid.

pub mod api;
mod build;
mod view;

pub use view::CheckoutPage;
