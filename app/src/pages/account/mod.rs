//! Who somebody is here.

pub mod api;
mod view;
pub use api::get_me;
pub use view::AccountPage;
