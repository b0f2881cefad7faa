//! Signing up.

pub mod api;
mod view;
pub use view::SignUpPage;
