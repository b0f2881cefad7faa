//! An item of a menu: what it is, and what may be chosen of it.

pub mod api;
mod build;
mod view;

pub use view::MenuItemPage;
