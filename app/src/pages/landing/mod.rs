//! The first page that a visitor sees.

mod api;
mod view;
pub use view::LandingPage;
