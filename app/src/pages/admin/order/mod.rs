//! An order whole: what was done for it, what was paid and given back, and what happened.

pub mod api;
mod build;
mod view;

pub use view::AdminOrderPage;
