//! A screen in the hall: the numbers that are being cooked and that can be collected.

pub mod api;
mod view;

pub use view::HallPage;
