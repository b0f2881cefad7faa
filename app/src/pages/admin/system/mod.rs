//! How the installation is, and how it has been in the last hours.

pub mod api;
mod build;
mod view;

pub use view::SystemPage;
