//! Who did what, and what that changed.

pub mod api;
mod build;
mod view;

pub use view::AuditPage;
