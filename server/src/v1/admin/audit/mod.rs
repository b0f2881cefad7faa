//! Who did what, and what that changed.

pub mod export;
pub mod list;

use crate::http::problem::ApiError;
use crate::v1::time;
use serde::Deserialize;
use service::audit::AuditFilter;
use utoipa::IntoParams;
use uuid::Uuid;

/// Which entries, and which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// By this person: their account's id or e-mail address.
    actor: Option<String>,
    /// Called so: `menu.edit`.
    action: Option<String>,
    /// About this: an id, a campus' slug.
    subject: Option<String>,
    /// From this time on.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// The `nextCursor` of the page before; of no effect on a file.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 50 where nothing is said. Of no effect on a file.
    limit: Option<i64>,
}

impl Choice {
    fn filter(&self) -> Result<AuditFilter, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let at = |field, text: &Option<String>| -> Result<Option<i64>, ApiError> {
            given(text)
                .map(|text| time::micros(field, &text))
                .transpose()
        };
        Ok(AuditFilter {
            actor: given(&self.actor),
            action: given(&self.action),
            subject: given(&self.subject),
            since: at("since", &self.since)?,
            until: at("until", &self.until)?,
        })
    }
}
