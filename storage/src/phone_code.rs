//! Codes that were sent to phone numbers, to show whose those are.

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Result, Tx};
use domain::notification::PhoneNumber;
use uuid::Uuid;

statements! {
    // Who counts codes must know of those that others are about to send. SQLite has one writer in any case.
    LOCK(1) = "SELECT $1"
      | "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.phone_code.' || CAST($1 AS TEXT)))";
    OF_ACCOUNT(3) = "SELECT created_at FROM phone_code WHERE account_id = $1 AND created_at > $2
        ORDER BY created_at DESC LIMIT $3";
    OF_PHONE(3) = "SELECT created_at FROM phone_code WHERE phone = $1 AND created_at > $2
        ORDER BY created_at DESC LIMIT $3";
    INSERT(6) = "INSERT INTO phone_code (id, account_id, phone, hash, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    LATEST(1) = "SELECT id, phone, created_at, expires_at FROM phone_code WHERE account_id = $1
        ORDER BY created_at DESC, id DESC LIMIT 1";
    TRY(3) = "UPDATE phone_code SET tries = tries + 1 WHERE id = $1 AND tries < $2 AND expires_at > $3
        RETURNING hash";
    SPEND(2) = "UPDATE phone_code SET expires_at = $2 WHERE id = $1";
    SWEEP(2) = "DELETE FROM phone_code WHERE id IN (SELECT id FROM phone_code WHERE created_at < $1
        ORDER BY created_at LIMIT $2)";
}

/// A code to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// Its id.
    pub id: Uuid,
    /// Who asked for it.
    pub account_id: Uuid,
    /// Where it goes.
    pub phone: PhoneNumber,
    /// What is kept of it.
    pub hash: [u8; 32],
    /// Now, in microseconds.
    pub created_at: i64,
    /// From when on it is not taken any more, in microseconds.
    pub expires_at: i64,
}

/// A code that was sent. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Code {
    /// Its id.
    pub id: Uuid,
    /// Where it went.
    pub phone: String,
    /// When it was asked for.
    pub created_at: i64,
    /// From when on it is not taken any more.
    pub expires_at: i64,
}

/// Waits until nobody else counts or makes codes of an account and for a number, and has nobody do so before
/// the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, account: Uuid, phone: &PhoneNumber) -> Result<()> {
    // Always in this order, so that no two wait for each other.
    let account = account.to_string();
    execute!(tx, LOCK, account.as_str())?;
    execute!(tx, LOCK, phone.as_str()).map(drop)
}

/// When an account asked for codes after a moment: the newest first, up to `limit`.
///
/// # Errors
/// Where the database does.
pub async fn of_account(tx: &mut Tx, account: Uuid, since: i64, limit: i64) -> Result<Vec<i64>> {
    let found = rows!(tx, (i64,), OF_ACCOUNT, account, since, limit)?;
    Ok(found.into_iter().map(|(at,)| at).collect())
}

/// When anybody asked for codes for a number after a moment: the newest first, up to `limit`.
///
/// # Errors
/// Where the database does.
pub async fn of_phone(
    tx: &mut Tx,
    phone: &PhoneNumber,
    since: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    let found = rows!(tx, (i64,), OF_PHONE, phone.as_str(), since, limit)?;
    Ok(found.into_iter().map(|(at,)| at).collect())
}

/// Writes down a code. Those before it are not taken any more: [`latest`] alone counts.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, code: &NewCode) -> Result<()> {
    later!(
        tx,
        INSERT,
        code.id,
        code.account_id,
        code.phone.as_str(),
        code.hash.as_slice(),
        code.created_at,
        code.expires_at
    )
}

/// The code that an account was sent last.
///
/// # Errors
/// Where the database does.
pub async fn latest(tx: &mut Tx, account: Uuid) -> Result<Option<Code>> {
    optional!(tx, Code, LATEST, account)
}

/// Counts that somebody types a code, and gives what is kept of it; nothing where it is not taken any more:
/// it was tried `most` times, or it is too old.
///
/// # Errors
/// Where the database does.
pub async fn attempt(tx: &mut Tx, id: Uuid, most: i64, now: i64) -> Result<Option<Vec<u8>>> {
    let row = optional!(tx, (Vec<u8>,), TRY, id, most, now)?;
    Ok(row.map(|(hash,)| hash))
}

/// Has a code not be taken any more.
///
/// # Errors
/// Where the database does.
pub async fn spend(tx: &mut Tx, id: Uuid, now: i64) -> Result<()> {
    later!(tx, SPEND, id, now)
}

/// Deletes up to `limit` codes that were made before a moment; gives how many.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, before: i64, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, before, limit)
}
