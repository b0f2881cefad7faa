//! What a member was told.

pub mod api;
mod build;
mod view;

pub(crate) use build::unread_number;
pub use view::InboxPage;
