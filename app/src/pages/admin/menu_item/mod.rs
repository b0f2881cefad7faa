//! The editor of a menu item: price, when it is sold, and what may be chosen of it.

pub mod api;
mod build;
mod options;
mod view;

pub(super) use build::minute;
pub use view::{MenuItemEditorPage, NewMenuItemPage};
