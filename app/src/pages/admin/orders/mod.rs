//! Everybody's orders: found by what stands in the address.

pub mod api;
mod build;
mod view;

pub use view::AdminOrdersPage;
