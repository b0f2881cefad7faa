//! What somebody has here: balance, statement, topping up.

pub mod api;
mod build;
mod view;

pub use view::WalletPage;
