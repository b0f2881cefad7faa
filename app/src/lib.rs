//! The pages: shell, routes, components, and the server functions that they call.
//!
//! In the browser only `domain` and `locales` are beneath; on the server, `service`.

// Component macros make functions whose docs are their props'.
#![allow(missing_docs)]

pub mod components;
pub mod context;
pub mod error;
pub mod pages;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod words;

#[cfg(feature = "ssr")]
pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};
