//! Jobs of every queue.

pub mod change;
pub mod change_all;
pub mod get;
pub mod list;
