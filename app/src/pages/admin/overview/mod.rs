//! What the institution sold, how long people waited and what they liked.

pub mod api;
mod build;
mod view;

pub use view::OverviewPage;
