//! How members wish to be told, and the browsers that take notifications for them.

use crate::board::many;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Error, Result, Tx};
use domain::notification::{PhoneNumber, Preferences};
use domain::text::Language;
use uuid::Uuid;

statements! {
    GET(1) = "SELECT language, by_inbox, by_email, by_sms, by_push, phone, phone_confirmed_at
        FROM contact WHERE account_id = $1";
    PUT(8) = "INSERT INTO contact (account_id, language, by_inbox, by_email, by_sms, by_push, phone, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (account_id) DO UPDATE SET language = excluded.language, by_inbox = excluded.by_inbox,
            by_email = excluded.by_email, by_sms = excluded.by_sms, by_push = excluded.by_push,
            phone = excluded.phone, updated_at = excluded.updated_at,
            phone_confirmed_at = CASE WHEN contact.phone = excluded.phone THEN contact.phone_confirmed_at END";
    CONFIRM(3) = "UPDATE contact SET phone_confirmed_at = $3, updated_at = $3 WHERE account_id = $1 AND phone = $2";
    NOTE_LANGUAGE(3) = "INSERT INTO contact (account_id, language, updated_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO NOTHING";
    SET_LANGUAGE(3) = "INSERT INTO contact (account_id, language, updated_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET language = excluded.language, updated_at = excluded.updated_at
            WHERE contact.language <> excluded.language";
    // A browser has one endpoint, and is whoever's who allowed it last.
    SUBSCRIBE(7) = "INSERT INTO push_subscription (id, account_id, endpoint, public_key, auth, created_at, session_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (endpoint) DO UPDATE SET account_id = excluded.account_id, public_key = excluded.public_key,
            auth = excluded.auth, created_at = excluded.created_at, session_hash = excluded.session_hash
        RETURNING id";
    TRIM(2) = "DELETE FROM push_subscription WHERE id IN (SELECT id FROM push_subscription
        WHERE account_id = $1 ORDER BY id DESC LIMIT 1000 OFFSET $2)";
    BROWSERS(1) = "SELECT id, account_id, endpoint, public_key, auth, created_at FROM push_subscription
        WHERE account_id = $1 ORDER BY id";
    BROWSERS_OF(1) = "SELECT push_subscription.id, account_id, endpoint, public_key, auth, created_at
        FROM json_each($1) AS wanted CROSS JOIN push_subscription ON account_id = unhex(wanted.value)
        ORDER BY push_subscription.id"
      | "SELECT push_subscription.id, account_id, endpoint, public_key, auth, created_at
        FROM jsonb_array_elements_text($1) AS wanted(id)
            JOIN push_subscription ON account_id = CAST(wanted.id AS UUID)
        ORDER BY push_subscription.id";
    BROWSER(2) = "SELECT id, account_id, endpoint, public_key, auth, created_at FROM push_subscription
        WHERE id = $1 AND account_id = $2";
    UNSUBSCRIBE(2) = "DELETE FROM push_subscription WHERE id = $1 AND account_id = $2";
    UNSUBSCRIBE_SESSION(1) = "DELETE FROM push_subscription WHERE session_hash = $1
        RETURNING id, account_id, endpoint, public_key, auth, created_at";
}

/// The most browsers that take notifications for one member; the oldest make room.
pub const BROWSERS_MOST: i64 = 10;

#[derive(sqlx::FromRow)]
struct Row {
    language: String,
    by_inbox: bool,
    by_email: bool,
    by_sms: bool,
    by_push: bool,
    phone: Option<String>,
    phone_confirmed_at: Option<i64>,
}

impl TryFrom<Row> for Preferences {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let phone = row.phone.map(|phone| {
            PhoneNumber::parse(&phone).map_err(|_| Error::unreadable("a phone number"))
        });
        Ok(Self {
            inbox: row.by_inbox,
            email: row.by_email,
            sms: row.by_sms,
            push: row.by_push,
            phone: phone.transpose()?,
            confirmed: row.phone_confirmed_at.is_some(),
            language: language_of(&row.language)?,
        })
    }
}

/// The language of a column.
pub(crate) fn language_of(tag: &str) -> Result<Language> {
    Language::ALL
        .into_iter()
        .find(|language| language.tag() == tag)
        .ok_or_else(|| Error::unreadable(tag))
}

/// How an account wishes to be told; nothing where it never said.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, account: Uuid) -> Result<Option<Preferences>> {
    optional!(tx, Row, GET, account)?
        .map(Preferences::try_from)
        .transpose()
}

/// Writes down how an account wishes to be told. A phone number stays confirmed as long as it stays the same;
/// another one is not, whatever is given.
///
/// # Errors
/// Where the database does.
pub async fn put(tx: &mut Tx, account: Uuid, preferences: &Preferences, now: i64) -> Result<()> {
    later!(
        tx,
        PUT,
        account,
        preferences.language.tag(),
        preferences.inbox,
        preferences.email,
        preferences.sms,
        preferences.push,
        preferences.phone.as_ref().map(PhoneNumber::as_str),
        now
    )
}

/// Notes that a phone number is an account's; false where it has another one by now.
///
/// # Errors
/// Where the database does.
pub async fn confirm(tx: &mut Tx, account: Uuid, phone: &PhoneNumber, now: i64) -> Result<bool> {
    Ok(execute!(tx, CONFIRM, account, phone.as_str(), now)? == 1)
}

/// Notes the language that an account speaks, where nothing is known of it.
///
/// # Errors
/// Where the database does.
pub async fn note_language(tx: &mut Tx, account: Uuid, language: Language, now: i64) -> Result<()> {
    later!(tx, NOTE_LANGUAGE, account, language.tag(), now)
}

/// Notes the language that an account has chosen.
///
/// # Errors
/// Where the database does.
pub async fn set_language(tx: &mut Tx, account: Uuid, language: Language, now: i64) -> Result<()> {
    later!(tx, SET_LANGUAGE, account, language.tag(), now)
}

/// A browser that takes notifications.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Browser {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// Where its push service takes what is for it.
    pub endpoint: String,
    /// Its public key: an uncompressed point of P-256.
    pub public_key: Vec<u8>,
    /// Its secret.
    pub auth: Vec<u8>,
    /// Since when, in microseconds.
    pub created_at: i64,
}

/// Notes that a browser takes notifications for an account, and gives its id: that which it had, where it
/// was known. Of more than [`BROWSERS_MOST`] the oldest are forgotten. Where it was allowed by somebody who
/// had signed in there, it is forgotten with that sign-in, which must be held: see
/// [`crate::session::hold`].
///
/// # Errors
/// Where the database does.
pub async fn subscribe(tx: &mut Tx, browser: &Browser, session: Option<&[u8]>) -> Result<Uuid> {
    let row = optional!(
        tx,
        (Uuid,),
        SUBSCRIBE,
        browser.id,
        browser.account_id,
        browser.endpoint.as_str(),
        browser.public_key.as_slice(),
        browser.auth.as_slice(),
        browser.created_at,
        session
    )?;
    later!(tx, TRIM, browser.account_id, BROWSERS_MOST)?;
    Ok(row.map_or(browser.id, |(id,)| id))
}

/// The browsers that take notifications for an account, the oldest first.
///
/// # Errors
/// Where the database does.
pub async fn browsers(tx: &mut Tx, account: Uuid) -> Result<Vec<Browser>> {
    rows!(tx, Browser, BROWSERS, account)
}

/// The browsers that take notifications for some accounts.
///
/// # Errors
/// Where the database does.
pub async fn browsers_of(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<Browser>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    rows!(tx, Browser, BROWSERS_OF, many(accounts))
}

/// A browser, where it is this account's.
///
/// # Errors
/// Where the database does.
pub async fn browser(tx: &mut Tx, id: Uuid, account: Uuid) -> Result<Option<Browser>> {
    optional!(tx, Browser, BROWSER, id, account)
}

/// Forgets a browser; false where it is not this account's.
///
/// # Errors
/// Where the database does.
pub async fn unsubscribe(tx: &mut Tx, id: Uuid, account: Uuid) -> Result<bool> {
    Ok(execute!(tx, UNSUBSCRIBE, id, account)? == 1)
}

/// Forgets the browsers that were allowed in a sign-in, and gives them.
///
/// # Errors
/// Where the database does.
pub async fn unsubscribe_session(tx: &mut Tx, session: &[u8]) -> Result<Vec<Browser>> {
    rows!(tx, Browser, UNSUBSCRIBE_SESSION, session)
}
