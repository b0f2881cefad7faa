//! Campuses: opening hours, slots, and how each takes orders just now.

pub mod api;
mod build;
mod campus;
mod view;

pub use campus::CampusEditorPage;
pub use view::AdminCampusesPage;
