//! People as administrators see them: listed, looked for, and changed.

use crate::board::many;
use crate::statement::{execute, optional, rows, statements};
use crate::{Error, Result, Tx};
use domain::account::Role;
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // The first of each role and standing by one index, then the first of those.
    NEWEST(3) = "SELECT unhex(found.value) AS id FROM json_each($1) AS part,
            json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM account
                WHERE role = part.value ->> 'role' AND active = (part.value ->> 'active') AND id < $2
                ORDER BY id DESC LIMIT $3))) AS found
        ORDER BY found.value DESC LIMIT $3"
      | "SELECT found.id FROM jsonb_to_recordset($1) AS part(role TEXT, active BOOLEAN), LATERAL (SELECT id FROM account
            WHERE account.role = part.role AND (account.active, account.id) < (part.active, $2)
                AND account.active >= part.active
            ORDER BY account.active DESC, account.id DESC LIMIT $3) AS found
        ORDER BY found.id DESC LIMIT $3";
    BY_EMAIL(3) = "SELECT account.id FROM json_each($1) AS part CROSS JOIN account ON account.id IN
            (SELECT id FROM account AS one WHERE one.role = part.value ->> 'role'
                AND one.active = (part.value ->> 'active') AND one.email > $2 ORDER BY one.email LIMIT $3)
        ORDER BY account.email LIMIT $3"
      | "SELECT found.id FROM jsonb_to_recordset($1) AS part(role TEXT, active BOOLEAN), LATERAL (SELECT id, email FROM account
            WHERE account.role = part.role AND (account.active, account.email) > (part.active, $2)
                AND account.active <= part.active
            ORDER BY account.active, account.email LIMIT $3) AS found
        ORDER BY found.email LIMIT $3";
    COUNT(2) = "SELECT CAST(COALESCE(SUM((SELECT COUNT(*) FROM (SELECT 1 FROM account
            WHERE role = part.value ->> 'role' AND active = (part.value ->> 'active') LIMIT $2))), 0) AS BIGINT)
        FROM json_each($1) AS part"
      | "SELECT CAST(COALESCE(SUM(counted.people), 0) AS BIGINT)
        FROM jsonb_to_recordset($1) AS part(role TEXT, active BOOLEAN), LATERAL (SELECT COUNT(*) AS people
            FROM (SELECT 1 FROM account WHERE account.role = part.role AND account.active = part.active
                LIMIT $2) AS few) AS counted";
    // Words that begin so, no more than a bound: whoever looks for less types more. Always the same ones, in the
    // order of the key, so that a list of them goes on where it ended.
    CALLED(4) = "SELECT found.account_id FROM (SELECT DISTINCT account_id FROM (SELECT account_id FROM account_word
            WHERE word >= $1 AND word < $1 || char(1114111) ORDER BY word, account_id LIMIT $4)) AS found
        WHERE NOT EXISTS (SELECT 1 FROM json_each($2) AS other WHERE NOT EXISTS (SELECT 1 FROM account_word AS known
            WHERE known.account_id = found.account_id AND known.word >= other.value
                AND known.word < other.value || char(1114111)))
        ORDER BY found.account_id DESC LIMIT $3"
      | "SELECT found.account_id FROM (SELECT DISTINCT account_id FROM (SELECT account_id FROM account_word
            WHERE word >= $1 AND word < $1 || chr(1114111) ORDER BY word, account_id LIMIT $4) AS few) AS found
        WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text($2) AS other(value)
            WHERE NOT EXISTS (SELECT 1 FROM account_word AS known WHERE known.account_id = found.account_id
                AND known.word >= other.value COLLATE \"C\" AND known.word < other.value || chr(1114111) COLLATE \"C\"))
        ORDER BY found.account_id DESC LIMIT $3";
    LISTED(1) = "SELECT account.id, email, name, role, active, created_at
        FROM json_each($1) AS wanted CROSS JOIN account ON account.id = unhex(wanted.value)"
      | "SELECT account.id, email, name, role, active, created_at
        FROM jsonb_array_elements_text($1) AS wanted(id) JOIN account ON account.id = CAST(wanted.id AS UUID)";
    LOCK(1) = "SELECT account.id, role, active FROM json_each($1) AS wanted
            CROSS JOIN account ON account.id = unhex(wanted.value)"
      | "SELECT account.id, role, active FROM jsonb_array_elements_text($1) AS wanted(id)
            JOIN account ON account.id = CAST(wanted.id AS UUID) ORDER BY account.id FOR UPDATE OF account";
    SET(5) = "UPDATE account SET role = $4, active = $5 WHERE id = $1 AND role = $2 AND active = $3";
}

/// People of a role who may sign in, or who may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The role's name.
    pub role: &'static str,
    /// Whether they may.
    pub active: bool,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their account.
    pub id: Uuid,
    /// Their address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they are here.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
    /// Since when they have an account, in microseconds.
    pub created_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    active: bool,
    created_at: i64,
}

impl TryFrom<Row> for Person {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: Role::from_key(&row.role).ok_or_else(|| Error::unreadable(&row.role))?,
            active: row.active,
            created_at: row.created_at,
        })
    }
}

fn ids(rows: Vec<(Uuid,)>) -> Vec<Uuid> {
    rows.into_iter().map(|(id,)| id).collect()
}

/// The accounts before one, newest first.
///
/// # Errors
/// Where the database does.
pub async fn newest(tx: &mut Tx, parts: &[Part], before: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    rows!(tx, (Uuid,), NEWEST, Json(parts), before, limit).map(ids)
}

/// The accounts after an address, by address.
///
/// # Errors
/// Where the database does.
pub async fn by_email(tx: &mut Tx, parts: &[Part], after: &str, limit: i64) -> Result<Vec<Uuid>> {
    rows!(tx, (Uuid,), BY_EMAIL, Json(parts), after, limit).map(ids)
}

/// How many accounts there are; of each part no more are counted than `most`.
///
/// # Errors
/// Where the database does.
pub async fn count(tx: &mut Tx, parts: &[Part], most: i64) -> Result<i64> {
    let counted = optional!(tx, (i64,), COUNT, Json(parts), most)?;
    Ok(counted.map_or(0, |(count,)| count))
}

/// The accounts, at most so many and the newest first, of which each of some words begins a word of the name
/// or address; among no more than `among` words that begin with the first, which should be the longest. The
/// words are folded and none is empty.
///
/// # Errors
/// Where the database does.
pub async fn called(
    tx: &mut Tx,
    first: &str,
    others: &[&str],
    limit: i64,
    among: i64,
) -> Result<Vec<Uuid>> {
    rows!(tx, (Uuid,), CALLED, first, Json(others), limit, among).map(ids)
}

/// Some accounts, in any order.
///
/// # Errors
/// Where the database does.
pub async fn listed(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<Person>> {
    rows!(tx, Row, LISTED, many(accounts))?
        .into_iter()
        .map(Person::try_from)
        .collect()
}

/// What some people are and whether they may sign in, as it stays until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<(Uuid, String, bool)>> {
    rows!(tx, (Uuid, String, bool), LOCK, many(accounts))
}

/// Makes of what somebody is and whether they may sign in something else; false where that is not what it
/// was.
///
/// # Errors
/// Where the database does.
pub async fn set(
    tx: &mut Tx,
    account: Uuid,
    (role, active): (Role, bool),
    (new_role, now_active): (Role, bool),
) -> Result<bool> {
    let changed = execute!(
        tx,
        SET,
        account,
        role.key(),
        active,
        new_role.key(),
        now_active
    )?;
    Ok(changed == 1)
}
