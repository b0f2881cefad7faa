//! The people of the institution: found, given other roles, deactivated.

pub mod api;
mod build;
mod person;
mod view;

pub use person::PersonPage;
pub use view::PeoplePage;
