//! Queues.

pub mod list;
pub mod patch;
