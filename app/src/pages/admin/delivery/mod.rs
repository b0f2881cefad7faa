//! A message to a member: what it says, and how it went.

pub mod api;
mod build;
mod view;

pub use view::DeliveryPage;
