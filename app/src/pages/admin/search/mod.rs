//! One field that finds pages, orders, dishes, people and jobs: the palette, and its page without a script.

pub mod api;
mod build;
mod view;

pub use view::{Palette, SearchPage};
