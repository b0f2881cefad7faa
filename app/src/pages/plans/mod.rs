//! Every week that was planned for somebody.

pub mod api;
mod view;
pub use view::PlansPage;
