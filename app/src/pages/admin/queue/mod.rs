//! One queue: its limits.

mod view;

pub use view::QueuePage;
