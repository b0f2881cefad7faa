//! A job whole: what it was given, what came of it, and what can be done about it.

pub mod api;
mod build;
mod parts;
mod view;

pub use view::JobPage;
