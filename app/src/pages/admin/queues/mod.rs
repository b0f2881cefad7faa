//! How the queues are, who works on them, and what runs when.

pub mod api;
mod build;
mod parts;
mod view;

pub(super) use view::{oldest, states, timing};
pub use view::QueuesPage;
