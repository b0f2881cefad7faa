//! The page of addresses that lead nowhere.

mod view;
pub use view::NotFoundPage;
