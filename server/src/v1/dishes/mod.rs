//! The dishes of the catalogue.

pub mod get;
pub mod list;
