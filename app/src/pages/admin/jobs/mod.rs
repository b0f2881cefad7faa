//! Every job: found by filters in the address, and changed all at once.

pub mod api;
pub(super) mod build;
mod change;
mod filter;
mod view;

pub use change::ChangeAllPage;
pub use view::JobsPage;
