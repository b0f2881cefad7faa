//! The people of the institution.

pub mod export;
pub mod get;
pub mod list;
pub mod patch;

use crate::http::problem::ApiError;
use crate::v1::time::rfc3339;
use domain::account::Role;
use domain::invalid::InvalidCode;
use serde::{Deserialize, Serialize};
use service::Error;
use service::people::{PeopleFilter, PeopleSort, Person};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which people, and which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// Beginnings of words of the name or e-mail address.
    text: Option<String>,
    /// `MEMBER`, `STAFF`, `ADMIN` or `OPERATOR`.
    role: Option<String>,
    /// Who may sign in, or may not.
    active: Option<bool>,
    /// `NEWEST` or `EMAIL`; the newest first where nothing is said.
    sort: Option<String>,
    /// The `nextCursor` of the page before; of no effect on a file.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 50 where nothing is said. Of no effect on a file.
    limit: Option<i64>,
}

impl Choice {
    fn filter(&self) -> Result<PeopleFilter, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let unknown = |field| Error::invalid(field, InvalidCode::UnknownChoice);
        let role = match given(&self.role) {
            None => None,
            Some(key) => Some(role("role", &key)?),
        };
        let sort = match given(&self.sort) {
            None => PeopleSort::default(),
            Some(key) => PeopleSort::from_key(&key).ok_or_else(|| unknown("sort"))?,
        };
        Ok(PeopleFilter {
            text: given(&self.text),
            role,
            active: self.active,
            sort,
        })
    }
}

/// The role of a name, as it stands in a field.
fn role(field: &str, key: &str) -> Result<Role, ApiError> {
    Role::from_key(key).ok_or_else(|| Error::invalid(field, InvalidCode::UnknownChoice).into())
}

/// Somebody.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonDocument {
    account_id: Uuid,
    name: String,
    email: String,
    /// `MEMBER`, `STAFF`, `ADMIN` or `OPERATOR`.
    role: &'static str,
    /// Whether they may sign in.
    active: bool,
    created_at: String,
}

impl From<Person> for PersonDocument {
    fn from(person: Person) -> Self {
        Self {
            account_id: person.id,
            name: person.name,
            email: person.email,
            role: person.role.key(),
            active: person.active,
            created_at: rfc3339(person.created_at),
        }
    }
}
