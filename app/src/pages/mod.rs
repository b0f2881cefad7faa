//! A folder for each feature: `view.rs` draws it, `api.rs` has its server functions.

pub mod account;
pub mod landing;
pub mod not_found;
pub mod profile;
pub mod sign_in;
pub mod sign_up;
