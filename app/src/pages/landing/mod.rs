//! The first page that a visitor sees.

mod view;
pub use view::LandingPage;
