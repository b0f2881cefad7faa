//! Campuses as administrators edit them.

pub mod get;
pub mod put;

use domain::menu::Opening;
use domain::text::Localized;
use serde::Serialize;
use service::menu::CampusForEdit;
use utoipa::ToSchema;

/// A campus with the version that an edit must name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampusDocument {
    slug: String,
    name: Localized<String>,
    /// ISO 4217.
    currency: String,
    /// When it is open, for each weekday, Monday first; in minutes of its day.
    #[schema(value_type = Vec<Vec<Opening>>)]
    hours: [Vec<Opening>; 7],
    slot_minutes: i64,
    slot_capacity: i64,
    lead_minutes: i64,
    /// Grows with each change.
    version: i64,
}

impl From<CampusForEdit> for CampusDocument {
    fn from(edited: CampusForEdit) -> Self {
        let campus = edited.campus;
        Self {
            slug: campus.slug,
            name: campus.name,
            currency: campus.currency,
            hours: campus.hours.0,
            slot_minutes: campus.slot_minutes,
            slot_capacity: campus.slot_capacity,
            lead_minutes: campus.lead_minutes,
            version: edited.version,
        }
    }
}
