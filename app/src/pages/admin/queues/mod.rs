//! How the queues are, who works on them, and what runs when.

pub mod api;
mod build;
mod parts;
mod view;

pub use view::QueuesPage;
pub(super) use view::{numbers, states};
