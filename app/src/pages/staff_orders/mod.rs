//! What a campus hands out today, for those who cook it and hand it out.

pub mod api;
mod view;

pub use view::StaffOrdersPage;
