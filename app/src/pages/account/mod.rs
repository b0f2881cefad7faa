//! Who somebody is here, and how they wish to be told of their orders.

pub mod api;
mod build;
mod notifications;
mod view;
pub use api::get_me;
pub use view::AccountPage;
