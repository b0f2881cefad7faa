//! Events that were given up, beside the jobs that were.

pub mod api;
mod build;
mod view;

pub use view::DeadEventsPage;
