//! How the installation was.

pub mod get;
