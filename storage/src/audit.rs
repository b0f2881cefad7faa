//! The audit log: who did what.

use crate::statement::{execute, statements};
use crate::{Result, Tx};
use uuid::Uuid;

statements! {
    INSERT(6) = "INSERT INTO audit (id, at, actor_id, action, subject, request_id)
        VALUES ($1, $2, $3, $4, $5, $6)";
}

/// An entry.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: Uuid,
    /// When, in microseconds.
    pub at: i64,
    /// Who; nobody where the installation itself did it.
    pub actor_id: Option<Uuid>,
    /// What: `account.register`.
    pub action: &'a str,
    /// To what: an id or an address within the institution.
    pub subject: &'a str,
    /// The request that caused it.
    pub request_id: &'a str,
}

/// Writes an entry, in the transaction that does what it tells.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, entry: &Entry<'_>) -> Result<()> {
    let Entry {
        id,
        at,
        actor_id,
        action,
        subject,
        request_id,
    } = entry;
    execute!(tx, INSERT, id, at, actor_id, *action, *subject, *request_id).map(drop)
}
