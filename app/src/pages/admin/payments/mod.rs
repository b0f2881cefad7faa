//! Which ways to pay each campus takes.

pub mod api;
mod build;
mod view;

pub use view::PaymentsPage;
