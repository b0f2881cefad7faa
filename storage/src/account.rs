//! Accounts.

use crate::board::many;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use domain::account::Role;
use domain::text::folded;
use sqlx::types::Json;
use std::collections::BTreeSet;
use uuid::Uuid;

statements! {
    NAMES(1) = "SELECT DISTINCT account.id, account.name FROM json_each($1) AS wanted
            CROSS JOIN account ON account.id = unhex(wanted.value)"
      | "SELECT DISTINCT account.id, account.name FROM jsonb_array_elements_text($1) AS wanted(id)
            JOIN account ON account.id = CAST(wanted.id AS UUID)";
    INSERT(6) = "INSERT INTO account (id, email, name, password_hash, role, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING";
    BY_EMAIL(1) = "SELECT id, email, name, password_hash, role, active FROM account WHERE email = $1";
    BY_ID(1) = "SELECT id, email, name, password_hash, role, active FROM account WHERE id = $1";
    WORDS(2) = "INSERT INTO account_word (word, account_id) SELECT value, $1 FROM json_each($2) WHERE true
        ON CONFLICT DO NOTHING"
      | "INSERT INTO account_word (word, account_id) SELECT value, CAST($1 AS UUID) FROM jsonb_array_elements_text($2) AS word(value)
        ON CONFLICT DO NOTHING";
}

/// A person's account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Lower-case address.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// The password's hash in PHC form.
    pub password_hash: String,
    /// Whether they may sign in.
    pub active: bool,
    #[sqlx(try_from = "String")]
    role: StoredRole,
}

#[derive(Debug, Clone, Copy)]
struct StoredRole(Role);

impl TryFrom<String> for StoredRole {
    type Error = String;
    fn try_from(text: String) -> std::result::Result<Self, String> {
        [Role::Member, Role::Staff, Role::Admin, Role::Operator]
            .into_iter()
            .find(|role| role.key() == text)
            .map(Self)
            .ok_or(text)
    }
}

impl Account {
    /// What the person is here.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role.0
    }
}

/// An account to be.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: Uuid,
    /// Lower-case address.
    pub email: &'a str,
    /// What the person is called.
    pub name: &'a str,
    /// The password's hash in PHC form.
    pub password_hash: &'a str,
    /// What the person is here.
    pub role: Role,
    /// Now, in microseconds.
    pub created_at: i64,
}

/// Makes an account; false where the address has one already.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, account: &NewAccount<'_>) -> Result<bool> {
    let NewAccount {
        id,
        email,
        name,
        password_hash,
        role,
        created_at,
    } = account;
    let inserted = execute!(
        tx,
        INSERT,
        id,
        *email,
        *name,
        *password_hash,
        role.key(),
        created_at
    )?;
    if inserted == 1 {
        later!(tx, WORDS, id, Json(words(name, email)))?;
    }
    Ok(inserted == 1)
}

/// What somebody is looked for by: each word of their name, their address, and what it begins with.
fn words(name: &str, email: &str) -> BTreeSet<String> {
    let name = folded(name);
    let email = folded(email);
    let parts = email.split(['@', '.', '-', '_', '+']);
    name.split_whitespace()
        .chain(parts)
        .chain([email.as_str()])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The account of a lower-case address.
///
/// # Errors
/// Where the database does.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    optional!(tx, Account, BY_EMAIL, email)
}

/// The account of an id.
///
/// # Errors
/// Where the database does.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Account>> {
    optional!(tx, Account, BY_ID, id)
}

/// The names of some accounts.
///
/// # Errors
/// Where the database does.
pub async fn names(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    rows!(tx, (Uuid, String), NAMES, many(ids))
}
