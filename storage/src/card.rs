//! What the gateway of cards was asked for, and what it has told.
//!
//! A payment is known by the key of its charge, and by the gateway's own name of it, its intent. The intent
//! is written down before it is confirmed; where two processes make one each, both go on with the one that
//! was written down first, and the other one takes no money.

use crate::statement::{execute, optional, statements};
use crate::{Error, Result, Tx};
use domain::payment::{DeclineReason, Failure, Returns};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    OPEN(8) = "INSERT INTO card_payment (key, account_id, order_id, amount, currency, intent_id, state, at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (key) DO NOTHING";
    BY_KEY(1) = "SELECT key, account_id, order_id, amount, currency, intent_id, state, decline_reason, refund_id,
            told, told_mark, failures, claimed, taken, updated_at
        FROM card_payment WHERE key = $1";
    BY_KEY_LOCKED(1) = "SELECT key, account_id, order_id, amount, currency, intent_id, state, decline_reason, refund_id,
            told, told_mark, failures, claimed, taken, updated_at
        FROM card_payment WHERE key = $1"
      | "SELECT key, account_id, order_id, amount, currency, intent_id, state, decline_reason, refund_id,
            told, told_mark, failures, claimed, taken, updated_at
        FROM card_payment WHERE key = $1 FOR UPDATE";
    // Until the transaction ends nobody else changes it.
    BY_INTENT(1) = "SELECT key, account_id, order_id, amount, currency, intent_id, state, decline_reason, refund_id,
            told, told_mark, failures, claimed, taken, updated_at
        FROM card_payment WHERE intent_id = $1"
      | "SELECT key, account_id, order_id, amount, currency, intent_id, state, decline_reason, refund_id,
            told, told_mark, failures, claimed, taken, updated_at
        FROM card_payment WHERE intent_id = $1 FOR UPDATE";
    // Money that came is money that came, also where nobody expects it any more.
    CHARGED(2) = "UPDATE card_payment SET state = 'CHARGED', decline_reason = NULL, updated_at = $2
        WHERE key = $1 AND intent_id IS NOT NULL AND state IN ('OPEN', 'DECLINED', 'VOID')";
    DECLINED(3) = "UPDATE card_payment SET state = 'DECLINED', decline_reason = $2, updated_at = $3
        WHERE key = $1 AND state = 'OPEN'";
    VOID(2) = "UPDATE card_payment SET state = 'VOID', updated_at = $2 WHERE key = $1 AND state = 'OPEN'";
    REFUNDED(3) = "UPDATE card_payment SET state = 'REFUNDED', decline_reason = NULL,
            refund_id = COALESCE(refund_id, $2), updated_at = $3
        WHERE key = $1 AND intent_id IS NOT NULL";
    RETURNED(5) = "UPDATE card_payment SET told = $2, told_mark = $3, failures = $4, updated_at = $5 WHERE key = $1";
    RECOVERED(2) = "UPDATE card_payment SET state = 'CHARGED', refund_id = NULL, updated_at = $2
        WHERE key = $1 AND state = 'REFUNDED'";
    CLAIMED(4) = "UPDATE card_payment SET claimed = $2, taken = $3, updated_at = $4 WHERE key = $1";
    RECEIVE(4) = "INSERT INTO card_event (id, kind, intent_id, received_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING";
    SWEEP(2) = "DELETE FROM card_event WHERE id IN (SELECT id FROM card_event
        WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
}

/// How a payment by card stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardState {
    /// It has an intent; what became of that is not known here yet.
    Open,
    /// The money is here.
    Charged,
    /// The card was declined, and the intent takes no money any more.
    Declined(DeclineReason),
    /// It was called off: no money will come.
    Void,
    /// The money has gone back.
    Refunded,
}

/// A payment by card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPayment {
    /// The key of its charge.
    pub key: String,
    /// Who pays.
    pub account_id: Uuid,
    /// The order that it is for, where it is for one.
    pub order_id: Option<Uuid>,
    /// How much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// What the gateway calls it; absent where it was called off before the gateway knew of it.
    pub intent_id: Option<String>,
    /// How it stands.
    pub state: CardState,
    /// What the gateway calls its refund, where that is known.
    pub refund_id: Option<String>,
    /// What the gateway has told of how much has gone back.
    pub returns: Returns,
    /// Of a top-up: how much of that was asked of the wallet.
    pub claimed: i64,
    /// Of that: how much the wallet had.
    pub taken: i64,
    /// When it last changed, in microseconds.
    pub updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    key: String,
    account_id: Uuid,
    order_id: Option<Uuid>,
    amount: i64,
    currency: String,
    intent_id: Option<String>,
    state: String,
    decline_reason: Option<String>,
    refund_id: Option<String>,
    told: i64,
    told_mark: i64,
    failures: Json<Vec<Failure>>,
    claimed: i64,
    taken: i64,
    updated_at: i64,
}

impl TryFrom<Row> for CardPayment {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let reason = row.decline_reason.as_deref();
        let state = match (row.state.as_str(), reason) {
            ("OPEN", None) => CardState::Open,
            ("CHARGED", None) => CardState::Charged,
            ("DECLINED", Some(key)) => CardState::Declined(
                DeclineReason::from_key(key).ok_or_else(|| Error::unreadable(key))?,
            ),
            ("VOID", None) => CardState::Void,
            ("REFUNDED", None) => CardState::Refunded,
            _ => return Err(Error::unreadable(&row.state)),
        };
        Ok(Self {
            key: row.key,
            account_id: row.account_id,
            order_id: row.order_id,
            amount: row.amount,
            currency: row.currency,
            intent_id: row.intent_id,
            state,
            refund_id: row.refund_id,
            returns: Returns {
                sum: row.told,
                mark: row.told_mark,
                failures: row.failures.0,
            },
            claimed: row.claimed,
            taken: row.taken,
            updated_at: row.updated_at,
        })
    }
}

/// A payment by card to be.
#[derive(Debug, Clone)]
pub struct NewCardPayment<'a> {
    /// The key of its charge.
    pub key: &'a str,
    /// Who pays.
    pub account_id: Uuid,
    /// The order that it is for, where it is for one.
    pub order_id: Option<Uuid>,
    /// How much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: &'a str,
    /// What the gateway calls it; where it is absent, the payment is called off before there is one.
    pub intent_id: Option<&'a str>,
    /// Now, in microseconds.
    pub at: i64,
}

/// Writes a payment down, or that there will be none under its key; false where the key is known.
///
/// # Errors
/// [`Error::Duplicate`] where another key has the intent. Where the database does.
pub async fn open(tx: &mut Tx, new: &NewCardPayment<'_>) -> Result<bool> {
    let state = if new.intent_id.is_some() {
        "OPEN"
    } else {
        "VOID"
    };
    let inserted = execute!(
        tx,
        OPEN,
        new.key,
        new.account_id,
        new.order_id,
        new.amount,
        new.currency,
        new.intent_id,
        state,
        new.at,
    )?;
    Ok(inserted == 1)
}

/// The payment of a key.
///
/// # Errors
/// Where the database does.
pub async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<CardPayment>> {
    optional!(tx, Row, BY_KEY, key)?
        .map(CardPayment::try_from)
        .transpose()
}

/// The payment of a key; nobody else changes it until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock_by_key(tx: &mut Tx, key: &str) -> Result<Option<CardPayment>> {
    optional!(tx, Row, BY_KEY_LOCKED, key)?
        .map(CardPayment::try_from)
        .transpose()
}

/// The payment of an intent; nobody else changes it until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn by_intent(tx: &mut Tx, intent: &str) -> Result<Option<CardPayment>> {
    optional!(tx, Row, BY_INTENT, intent)?
        .map(CardPayment::try_from)
        .transpose()
}

/// Notes that the money is here, whatever was thought of it; not where it has gone back.
///
/// # Errors
/// Where the database does.
pub async fn charged(tx: &mut Tx, key: &str, now: i64) -> Result<bool> {
    Ok(execute!(tx, CHARGED, key, now)? == 1)
}

/// Notes that the card was declined, of a payment that is open.
///
/// # Errors
/// Where the database does.
pub async fn declined(tx: &mut Tx, key: &str, reason: DeclineReason, now: i64) -> Result<bool> {
    Ok(execute!(tx, DECLINED, key, reason.key(), now)? == 1)
}

/// Notes that a payment that is open was called off.
///
/// # Errors
/// Where the database does.
pub async fn void(tx: &mut Tx, key: &str, now: i64) -> Result<bool> {
    Ok(execute!(tx, VOID, key, now)? == 1)
}

/// Notes that the money has gone back; the first name of the refund that is told stays.
///
/// # Errors
/// Where the database does.
pub async fn refunded(tx: &mut Tx, key: &str, refund: Option<&str>, now: i64) -> Result<bool> {
    Ok(execute!(tx, REFUNDED, key, refund, now)? == 1)
}

/// Notes what was told of how much has gone back.
///
/// # Errors
/// Where the database does, as where it is more than was to be taken.
pub async fn returned(tx: &mut Tx, key: &str, returns: &Returns, now: i64) -> Result<bool> {
    let failures = Json(&returns.failures);
    Ok(execute!(tx, RETURNED, key, returns.sum, returns.mark, failures, now)? == 1)
}

/// Notes that money that had gone back has come again.
///
/// # Errors
/// Where the database does.
pub async fn recovered(tx: &mut Tx, key: &str, now: i64) -> Result<bool> {
    Ok(execute!(tx, RECOVERED, key, now)? == 1)
}

/// Notes how much of what has gone back was asked of the wallet that it had topped up, and how much of that
/// the wallet had.
///
/// # Errors
/// Where the database does.
pub async fn claimed(tx: &mut Tx, key: &str, claimed: i64, taken: i64, now: i64) -> Result<bool> {
    Ok(execute!(tx, CLAIMED, key, claimed, taken, now)? == 1)
}

/// Something that the gateway tells.
#[derive(Debug, Clone)]
pub struct NewCardEvent<'a> {
    /// What the gateway calls it.
    pub id: &'a str,
    /// What has happened.
    pub kind: &'a str,
    /// The intent to which it has.
    pub intent_id: Option<&'a str>,
    /// Now, in microseconds.
    pub received_at: i64,
}

/// Writes down what the gateway has told; false where it has told that before.
///
/// # Errors
/// Where the database does.
pub async fn receive(tx: &mut Tx, event: &NewCardEvent<'_>) -> Result<bool> {
    let received = execute!(
        tx,
        RECEIVE,
        event.id,
        event.kind,
        event.intent_id,
        event.received_at
    )?;
    Ok(received == 1)
}

/// Forgets what was told before a moment; how much, at most `limit`.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, before: i64, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, before, limit)
}
