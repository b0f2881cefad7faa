//! All nutrients of a week against their references.

pub mod api;
#[cfg(feature = "ssr")]
mod build;
mod view;
#[cfg(feature = "ssr")]
pub(crate) use build::GROUPS;
pub use view::NutrientsPage;
