//! Server functions of people, and what they send.

pub use crate::pages::admin::say::Moment;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which people, as it stands in an address. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Beginnings of words of the name or address.
    pub text: String,
    /// A role's name on the wire.
    pub role: String,
    /// `yes` or `no`.
    pub active: String,
    /// `EMAIL`, or the newest first.
    pub sort: String,
    /// Rows a page.
    pub size: String,
    /// The last one of the page before.
    pub after: String,
}

/// A page of people, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleView {
    /// The people.
    pub items: Vec<PersonLine>,
    /// "12 entries".
    pub count: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Where what matches is to be had as a file.
    pub file: String,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLine {
    /// Their account.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role: its name on the wire, and for people.
    pub role: (String, String),
    /// Whether they may sign in.
    pub active: bool,
    /// Whether it is whoever looks.
    pub own: bool,
    /// Since when they have an account.
    pub since: Moment,
}

/// A page of people.
#[server(endpoint = "admin/people")]
pub async fn get_people(#[server(default)] filter: Filter) -> Result<PeopleView, AppError> {
    super::build::people(&crate::context::ctx()?, &filter).await
}

/// Somebody.
#[server(endpoint = "admin/person")]
pub async fn get_person(id: String) -> Result<PersonLine, AppError> {
    super::build::person(&crate::context::ctx()?, &id).await
}

/// Gives somebody another role, lets them sign in or not, and leads back.
#[server(endpoint = "admin/person/edit")]
pub async fn edit_person(
    #[server(default)] person: String,
    #[server(default)] seen_role: String,
    #[server(default)] seen_active: String,
    #[server(default)] role: String,
    #[server(default)] active: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&person)?;
    let edit = service::people::PersonEdit {
        seen: (
            super::build::role("role", &seen_role)?,
            seen_active == "true",
        ),
        role: super::build::role("role", &role)?,
        active: active == "true",
    };
    service::people::edit(&ctx, id, edit).await?;
    leptos_axum::redirect(&format!("/admin/people/{id}?saved=1"));
    Ok(())
}
