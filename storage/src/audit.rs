//! The audit log: who did what, and what that changed.

use crate::statement::{later, optional, rows, statements};
use crate::{Result, Tx};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    INSERT(7) = "INSERT INTO audit (id, at, actor_id, action, subject, request_id, difference)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    INSERT_ALL(1) = "INSERT INTO audit (id, at, actor_id, action, subject, request_id, difference)
        SELECT unhex(value ->> 'id'), value ->> 'at', unhex(value ->> 'actorId'), value ->> 'action',
            value ->> 'subject', value ->> 'requestId', value -> 'difference'
        FROM json_each($1)"
      | "INSERT INTO audit (id, at, actor_id, action, subject, request_id, difference)
        SELECT id, at, \"actorId\", action, subject, \"requestId\", difference
        FROM jsonb_to_recordset($1) AS row(id UUID, at BIGINT, \"actorId\" UUID, action TEXT, subject TEXT,
            \"requestId\" TEXT, difference JSONB)";
    // Of each the newest before one, by the index of what is asked for; on PostgreSQL an order that begins
    // with the index' first column keeps it from reading all entries by their ids, to find a few.
    ALL(3) = "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id ORDER BY entry.id DESC";
    BY_ACTOR(4) = "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE actor_id = $4 AND id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id ORDER BY entry.id DESC"
      | "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE (actor_id, id) < ($4, $1) AND actor_id >= $4
            ORDER BY actor_id DESC, id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id WHERE entry.id >= $2 ORDER BY entry.id DESC";
    BY_ACTION(4) = "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE action = $4 AND id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id ORDER BY entry.id DESC"
      | "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE (action, id) < ($4, $1) AND action >= $4
            ORDER BY action DESC, id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id WHERE entry.id >= $2 ORDER BY entry.id DESC";
    BY_BOTH(5) = "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE actor_id = $4 AND action = $5 AND id < $1 AND id >= $2
            ORDER BY id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id ORDER BY entry.id DESC"
      | "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE actor_id = $4 AND (action, id) < ($5, $1) AND action >= $5
            ORDER BY action DESC, id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id WHERE entry.id >= $2 ORDER BY entry.id DESC";
    // What was done to one thing is little: who did it and how it is called is looked for among that.
    BY_SUBJECT(6) = "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE subject = $4 AND id < $1 AND id >= $2 AND ($5 IS NULL OR actor_id = $5)
            AND ($6 IS NULL OR action = $6) ORDER BY id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id ORDER BY entry.id DESC"
      | "SELECT entry.id, at, actor_id, account.name AS actor, action, subject, request_id, difference
        FROM (SELECT * FROM audit WHERE (subject, id) < ($4, $1) AND subject >= $4
            AND (CAST($5 AS UUID) IS NULL OR actor_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
            ORDER BY subject DESC, id DESC LIMIT $3) AS entry
        LEFT JOIN account ON account.id = actor_id WHERE entry.id >= $2 ORDER BY entry.id DESC";
    COUNT(3) = "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE id >= $1 AND id < $2 LIMIT $3)"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE id >= $1 AND id < $2 LIMIT $3) AS counted";
    COUNT_BY_ACTOR(4) = "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE actor_id = $3 AND id >= $1 AND id < $2 LIMIT $4)"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE actor_id = $3 AND id >= $1 AND id < $2 LIMIT $4) AS counted";
    COUNT_BY_ACTION(4) = "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE action = $3 AND id >= $1 AND id < $2 LIMIT $4)"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE action = $3 AND id >= $1 AND id < $2 LIMIT $4) AS counted";
    COUNT_BY_BOTH(5) = "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE actor_id = $3 AND action = $4 AND id >= $1
            AND id < $2 LIMIT $5)"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE actor_id = $3 AND action = $4 AND id >= $1
            AND id < $2 LIMIT $5) AS counted";
    COUNT_BY_SUBJECT(6) = "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE subject = $3 AND id >= $1 AND id < $2
            AND ($4 IS NULL OR actor_id = $4) AND ($5 IS NULL OR action = $5) LIMIT $6)"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE subject = $3 AND id >= $1 AND id < $2
            AND (CAST($4 AS UUID) IS NULL OR actor_id = $4) AND (CAST($5 AS TEXT) IS NULL OR action = $5)
            LIMIT $6) AS counted";
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
    /// What it changed, where it changed something that was there: before and after, by path.
    pub difference: Option<&'a Value>,
}

/// An entry as it was written.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Its id, which grows with time.
    pub id: Uuid,
    /// When, in microseconds.
    pub at: i64,
    /// Who; nobody where the installation itself did it.
    pub actor_id: Option<Uuid>,
    /// What they are called.
    pub actor: Option<String>,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The request that caused it.
    pub request_id: String,
    /// What it changed.
    pub difference: Option<Json<Value>>,
}

/// Which entries. What is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this person.
    pub actor: Option<Uuid>,
    /// Called so.
    pub action: Option<String>,
    /// About this.
    pub subject: Option<String>,
    /// Not before this id.
    pub since: Uuid,
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
        difference,
    } = entry;
    later!(
        tx,
        INSERT,
        id,
        at,
        actor_id,
        *action,
        *subject,
        *request_id,
        difference.map(Json)
    )
}

/// Writes entries, in the transaction that does what they tell.
///
/// # Errors
/// Where the database does.
pub async fn insert_all(tx: &mut Tx, entries: &[Entry<'_>]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = entries.iter().map(row).collect();
    later!(tx, INSERT_ALL, Json(rows))
}

/// An entry as [`INSERT_ALL`] reads it: what is absent is NULL.
fn row(entry: &Entry<'_>) -> Value {
    let mut row = json!({
        "id": entry.id.simple().to_string(),
        "at": entry.at,
        "action": entry.action,
        "subject": entry.subject,
        "requestId": entry.request_id,
    });
    if let Some(actor) = entry.actor_id {
        row["actorId"] = actor.simple().to_string().into();
    }
    if let Some(difference) = entry.difference {
        row["difference"] = difference.clone();
    }
    row
}

/// The newest entries before an id that a filter lets through, newest first.
///
/// # Errors
/// Where the database does.
pub async fn list(
    tx: &mut Tx,
    filter: &AuditFilter,
    before: Uuid,
    limit: i64,
) -> Result<Vec<AuditRow>> {
    let since = filter.since;
    let action = filter.action.as_deref();
    match (filter.subject.as_deref(), filter.actor, action) {
        (Some(subject), actor, action) => rows!(
            tx, AuditRow, BY_SUBJECT, before, since, limit, subject, actor, action
        ),
        (None, Some(actor), Some(action)) => {
            rows!(tx, AuditRow, BY_BOTH, before, since, limit, actor, action)
        }
        (None, Some(actor), None) => rows!(tx, AuditRow, BY_ACTOR, before, since, limit, actor),
        (None, None, Some(action)) => rows!(tx, AuditRow, BY_ACTION, before, since, limit, action),
        (None, None, None) => rows!(tx, AuditRow, ALL, before, since, limit),
    }
}

/// How many entries before an id a filter lets through, counted no further than `most`.
///
/// # Errors
/// Where the database does.
pub async fn count(tx: &mut Tx, filter: &AuditFilter, before: Uuid, most: i64) -> Result<i64> {
    let since = filter.since;
    let action = filter.action.as_deref();
    let counted = match (filter.subject.as_deref(), filter.actor, action) {
        (Some(subject), actor, action) => optional!(
            tx,
            (i64,),
            COUNT_BY_SUBJECT,
            since,
            before,
            subject,
            actor,
            action,
            most
        )?,
        (None, Some(actor), Some(action)) => optional!(
            tx,
            (i64,),
            COUNT_BY_BOTH,
            since,
            before,
            actor,
            action,
            most
        )?,
        (None, Some(actor), None) => {
            optional!(tx, (i64,), COUNT_BY_ACTOR, since, before, actor, most)?
        }
        (None, None, Some(action)) => {
            optional!(tx, (i64,), COUNT_BY_ACTION, since, before, action, most)?
        }
        (None, None, None) => optional!(tx, (i64,), COUNT, since, before, most)?,
    };
    Ok(counted.map_or(0, |(count,)| count))
}
