//! What an institution sold.

pub mod get;
