//! A folder for each feature: `view.rs` draws it, `api.rs` has its server functions.

pub mod account;
pub mod dish;
pub mod dishes;
pub mod landing;
pub mod not_found;
pub mod nutrients;
pub mod plan;
pub mod plans;
pub mod profile;
pub mod shopping;
pub mod sign_in;
pub mod sign_up;
