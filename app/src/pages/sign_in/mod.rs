//! Signing in.

pub mod api;
mod view;
pub use view::SignInPage;
