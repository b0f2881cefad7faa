//! Sign-ins: sessions of browsers, and refresh tokens of API clients. Only hashes are stored.

use crate::account::Account;
use crate::statement::{execute, later, optional, statements};
use crate::{Result, Tx};
use uuid::Uuid;

statements! {
    INSERT(4) = "INSERT INTO session (token_hash, account_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4)";
    ACCOUNT(2) = "SELECT a.id, a.email, a.name, a.password_hash, a.role, a.active
        FROM session s JOIN account a ON a.id = s.account_id
        WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.active";
    HOLD(2) = "SELECT account_id FROM session WHERE token_hash = $1 AND account_id = $2"
      | "SELECT account_id FROM session WHERE token_hash = $1 AND account_id = $2 FOR KEY SHARE";
    LOCK(1) = "SELECT account_id FROM session WHERE token_hash = $1"
      | "SELECT account_id FROM session WHERE token_hash = $1 FOR UPDATE";
    DELETE(1) = "DELETE FROM session WHERE token_hash = $1";
    DELETE_OF(1) = "DELETE FROM session WHERE account_id = $1";
    DELETE_REFRESH_OF(1) = "DELETE FROM refresh_token WHERE account_id = $1";
    DELETE_EXPIRED(1) = "DELETE FROM session WHERE expires_at <= $1";
    INSERT_REFRESH(5) = "INSERT INTO refresh_token (token_hash, family_id, account_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    USE_REFRESH(2) = "UPDATE refresh_token SET used_at = $2
        WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
        RETURNING family_id, account_id";
    FAMILY(1) = "SELECT family_id, account_id FROM refresh_token WHERE token_hash = $1";
    DELETE_FAMILY(1) = "DELETE FROM refresh_token WHERE family_id = $1";
    DELETE_EXPIRED_REFRESH(1) = "DELETE FROM refresh_token WHERE expires_at <= $1";
}

/// Remembers a browser's sign-in until `expires_at`.
///
/// # Errors
/// Where the database does.
pub async fn insert(
    tx: &mut Tx,
    token_hash: &[u8],
    account: Uuid,
    now: i64,
    expires_at: i64,
) -> Result<()> {
    later!(tx, INSERT, token_hash, account, now, expires_at)
}

/// Who signed in with a token that is still good.
///
/// # Errors
/// Where the database does.
pub async fn account(tx: &mut Tx, token_hash: &[u8], now: i64) -> Result<Option<Account>> {
    optional!(tx, Account, ACCOUNT, token_hash, now)
}

/// Keeps a sign-in of an account from being forgotten until the transaction ends; false where there is none.
///
/// # Errors
/// Where the database does.
pub async fn hold(tx: &mut Tx, token_hash: &[u8], account: Uuid) -> Result<bool> {
    Ok(optional!(tx, (Uuid,), HOLD, token_hash, account)?.is_some())
}

/// Has nobody else use a sign-in, as by allowing a browser in it, until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, token_hash: &[u8]) -> Result<()> {
    optional!(tx, (Uuid,), LOCK, token_hash).map(drop)
}

/// Forgets a sign-in, and the browsers that were allowed in it to take notifications.
///
/// # Errors
/// Where the database does.
pub async fn delete(tx: &mut Tx, token_hash: &[u8]) -> Result<()> {
    later!(tx, DELETE, token_hash)
}

/// Forgets every sign-in of an account, of browsers and of API clients.
///
/// # Errors
/// Where the database does.
pub async fn delete_all_of(tx: &mut Tx, account: Uuid) -> Result<()> {
    later!(tx, DELETE_OF, account)?;
    later!(tx, DELETE_REFRESH_OF, account)
}

/// Forgets what has expired, of browsers and of API clients.
///
/// # Errors
/// Where the database does.
pub async fn delete_expired(tx: &mut Tx, now: i64) -> Result<u64> {
    Ok(execute!(tx, DELETE_EXPIRED, now)? + execute!(tx, DELETE_EXPIRED_REFRESH, now)?)
}

/// Whom a refresh token belongs to, and the sign-in that it descends from.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Family {
    /// All tokens that follow from one sign-in.
    pub family_id: Uuid,
    /// Whose they are.
    pub account_id: Uuid,
}

/// Remembers a refresh token.
///
/// # Errors
/// Where the database does.
pub async fn insert_refresh(
    tx: &mut Tx,
    token_hash: &[u8],
    family: Family,
    now: i64,
    expires_at: i64,
) -> Result<()> {
    later!(
        tx,
        INSERT_REFRESH,
        token_hash,
        family.family_id,
        family.account_id,
        now,
        expires_at
    )
}

/// Uses a refresh token up; nothing where it is unknown, expired or used already.
///
/// # Errors
/// Where the database does.
pub async fn use_refresh(tx: &mut Tx, token_hash: &[u8], now: i64) -> Result<Option<Family>> {
    optional!(tx, Family, USE_REFRESH, token_hash, now)
}

/// The family of a refresh token, used or not.
///
/// # Errors
/// Where the database does.
pub async fn family(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Family>> {
    optional!(tx, Family, FAMILY, token_hash)
}

/// Ends a family: none of its tokens is good any more.
///
/// # Errors
/// Where the database does.
pub async fn delete_family(tx: &mut Tx, family_id: Uuid) -> Result<()> {
    // On PostgreSQL the first deletion may have waited for a token that was just being exchanged;
    // the one that came of it is seen by the next.
    while execute!(tx, DELETE_FAMILY, family_id)? > 0 {}
    Ok(())
}
