//! The server function of the audit log, and what it sends.

pub use crate::pages::admin::say::Moment;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which entries, as it stands in an address. What is empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// An account's id or address.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// On the institution's clocks: `2026-11-22T14:00`.
    pub since: String,
    /// On the institution's clocks.
    pub until: String,
    /// Rows a page.
    pub size: String,
    /// The last entry of the page before.
    pub after: String,
}

/// A page of the log, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditView {
    /// The entries, newest first.
    pub items: Vec<AuditLine>,
    /// "12 entries".
    pub count: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Where what matches is to be had as a file.
    pub file: String,
    /// What may have been done.
    pub actions: Vec<String>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its id.
    pub id: String,
    /// When.
    pub when: Moment,
    /// Who; their account's id, or empty where it was the installation itself.
    pub actor: (String, String),
    /// What: in words, and by its name.
    pub action: (String, String),
    /// To what, and where that is seen; may be empty.
    pub subject: (String, String),
    /// What it changed: where, before, after.
    pub changes: Vec<(String, String, String)>,
}

/// A page of the audit log.
#[server(endpoint = "admin/audit")]
pub async fn get_audit(#[server(default)] filter: Filter) -> Result<AuditView, AppError> {
    super::build::audit(&crate::context::ctx()?, &filter).await
}
