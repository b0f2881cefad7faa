//! The simulated gateway's own ledger: what it was asked for, and what it decided. It lies in a database
//! of its own, since a gateway knows nothing of those who call it; what it says is the truth that a
//! payment in the institution's database is compared with.
//!
//! A charge and a refund are known by their keys: whoever asks again with the same key gets the same
//! answer. A refund of a charge that was never made calls its key off for good, so that a caller who was
//! given up for dead cannot charge after all.

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Database, Db, Error, Result, Statement, Tx};
use domain::payment::DeclineReason;
use serde::Serialize;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

statements! {
    RECENT(3) = "SELECT unhex(wanted.value) AS account_id, (SELECT COUNT(*) FROM (
            SELECT 1 FROM charge WHERE account_id = unhex(wanted.value) AND at > $2 AND state = 'APPROVED'
            LIMIT $3)) AS charges
        FROM json_each($1) AS wanted"
      | "SELECT wanted.id AS account_id, (SELECT COUNT(*) FROM (
            SELECT 1 FROM charge WHERE account_id = wanted.id AND at > $2 AND state = 'APPROVED'
            LIMIT $3) AS few) AS charges
        FROM (SELECT CAST(value AS UUID) AS id FROM jsonb_array_elements_text($1)) AS wanted";
    CHARGE(1) = "INSERT INTO charge (key, reference, account_id, order_id, amount, currency, state,
            decline_reason, at)
        SELECT value ->> 'key', value ->> 'reference', unhex(value ->> 'accountId'),
            unhex(value ->> 'orderId'), value ->> 'amount', value ->> 'currency', value ->> 'state',
            value ->> 'declineReason', value ->> 'at'
        FROM json_each($1) WHERE true ON CONFLICT DO NOTHING"
      | "INSERT INTO charge (key, reference, account_id, order_id, amount, currency, state,
            decline_reason, at)
        SELECT key, reference, \"accountId\", \"orderId\", amount, currency, state, \"declineReason\", at
        FROM jsonb_to_recordset($1) AS row(key TEXT, reference TEXT, \"accountId\" UUID, \"orderId\" UUID,
            amount BIGINT, currency TEXT, state TEXT, \"declineReason\" TEXT, at BIGINT)
        ORDER BY key ON CONFLICT DO NOTHING";
    REFUND(1) = "INSERT INTO refund (charge_key, key, reference, amount, at)
        SELECT charge.key, value ->> 'key', value ->> 'reference', charge.amount - charge.refunded, value ->> 'at'
        FROM json_each($1) CROSS JOIN charge ON charge.key = value ->> 'chargeKey'
        WHERE charge.state = 'APPROVED' ON CONFLICT DO NOTHING"
      | "INSERT INTO refund (charge_key, key, reference, amount, at)
        SELECT charge.key, row.key, row.reference, charge.amount - charge.refunded, row.at
        FROM jsonb_to_recordset($1) AS row(\"chargeKey\" TEXT, key TEXT, reference TEXT, at BIGINT)
            JOIN charge ON charge.key = row.\"chargeKey\"
        WHERE charge.state = 'APPROVED' ORDER BY charge.key FOR UPDATE OF charge ON CONFLICT DO NOTHING";
    ALL_BACK(1) = "UPDATE charge SET refunded = amount
        WHERE key IN (SELECT value ->> 'chargeKey' FROM json_each($1)) AND state = 'APPROVED' AND refunded < amount"
      | "UPDATE charge SET refunded = amount
        WHERE key = ANY (ARRAY(SELECT value ->> 'chargeKey' FROM jsonb_array_elements($1)))
            AND state = 'APPROVED' AND refunded < amount";
    // A part that is known takes nothing again, and none goes beyond what is left.
    TAKE_PART(3) = "UPDATE charge SET refunded = refunded + $2 WHERE key = $1 AND state = 'APPROVED'
            AND refunded + $2 <= amount AND NOT EXISTS (SELECT 1 FROM part_refund WHERE part_refund.key = $3)";
    PART(5) = "INSERT INTO part_refund (key, charge_key, reference, amount, at) VALUES ($1, $2, $3, $4, $5)";
    PARTS(0) = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT), COUNT(*) FROM part_refund";
    FIND_PART(3) = "SELECT reference FROM part_refund WHERE key = $1 AND charge_key = $2 AND amount = $3";
    FIND(1) = "SELECT charge.key, charge.reference, account_id, order_id, charge.amount, currency, state,
            decline_reason, charge.at, refund.key AS refund_key, refund.reference AS refund_reference
        FROM json_each($1) AS wanted CROSS JOIN charge ON charge.key = wanted.value
            LEFT JOIN refund ON refund.charge_key = charge.key"
      | "SELECT charge.key, charge.reference, account_id, order_id, charge.amount, currency, state,
            decline_reason, charge.at, refund.key AS refund_key, refund.reference AS refund_reference
        FROM jsonb_array_elements_text($1) AS wanted JOIN charge ON charge.key = wanted.value
            LEFT JOIN refund ON refund.charge_key = charge.key";
    LIST(2) = "SELECT charge.key, charge.reference, account_id, order_id, charge.amount, currency, state,
            decline_reason, charge.at, refund.key AS refund_key, refund.reference AS refund_reference
        FROM charge LEFT JOIN refund ON refund.charge_key = charge.key
        WHERE charge.key > $1 ORDER BY charge.key LIMIT $2";
}

/// The ledger of an institution's simulated gateway.
#[derive(Debug, Clone)]
pub struct Ledger {
    db: Db,
}

impl Ledger {
    /// Opens it, makes it where it is absent, and brings its schema up to date.
    ///
    /// # Errors
    /// Where the database can't be reached or its schema can't be brought up to date.
    pub async fn open(database: &Database, institution: &str) -> Result<Self> {
        let db = Db::open_gateway(database, institution).await?;
        Ok(Self { db })
    }

    /// Its database.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Every charge there is, by key: what tests compare the institution's database with.
    ///
    /// # Errors
    /// Where the database does.
    pub async fn charges(&self) -> Result<Vec<Charge>> {
        let mut all: Vec<Charge> = Vec::new();
        let mut tx = self.db.read().await?;
        loop {
            let after = all.last().map_or("", |charge| charge.key.as_str());
            let page = rows!(&mut tx, Row, LIST, after, PAGE)?;
            let last = (page.len() as i64) < PAGE;
            for row in page {
                all.push(row.try_into()?);
            }
            if last {
                return Ok(all);
            }
        }
    }
}

/// How many charges are read at once.
const PAGE: i64 = 1000;

/// The statements of the ledger, for the test that prepares them.
#[must_use]
pub const fn statements() -> &'static [&'static Statement] {
    STATEMENTS
}

/// What the gateway decided of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The money was taken.
    Approved,
    /// It was not, for good.
    Declined(DeclineReason),
    /// It was called off before it was made.
    Void,
}

impl Decision {
    const fn key(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Declined(_) => "DECLINED",
            Self::Void => "VOID",
        }
    }
}

/// A charge to be.
#[derive(Debug, Clone)]
pub struct NewCharge {
    /// The same for the same charge.
    pub key: String,
    /// What the gateway calls it.
    pub reference: String,
    /// Who pays.
    pub account_id: Uuid,
    /// The order that it is for.
    pub order_id: Option<Uuid>,
    /// How much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// What the gateway decided, unless it has decided before.
    pub decision: Decision,
    /// Now, in microseconds.
    pub at: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewChargeRow<'a> {
    key: &'a str,
    reference: &'a str,
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    account_id: Uuid,
    order_id: Option<String>,
    amount: i64,
    currency: &'a str,
    state: &'static str,
    decline_reason: Option<&'static str>,
    at: i64,
}

impl<'a> From<&'a NewCharge> for NewChargeRow<'a> {
    fn from(charge: &'a NewCharge) -> Self {
        Self {
            key: &charge.key,
            reference: &charge.reference,
            account_id: charge.account_id,
            order_id: charge.order_id.map(|id| id.simple().to_string()),
            amount: charge.amount,
            currency: &charge.currency,
            state: charge.decision.key(),
            decline_reason: match charge.decision {
                Decision::Declined(reason) => Some(reason.key()),
                Decision::Approved | Decision::Void => None,
            },
            at: charge.at,
        }
    }
}

/// A refund to be: all of a charge.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRefund {
    /// The key of the charge.
    pub charge_key: String,
    /// The same for the same refund.
    pub key: String,
    /// What the gateway calls it.
    pub reference: String,
    /// Now, in microseconds.
    pub at: i64,
}

/// A charge as the gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The same for the same charge.
    pub key: String,
    /// What the gateway calls it.
    pub reference: String,
    /// Who pays.
    pub account_id: Uuid,
    /// The order that it is for.
    pub order_id: Option<Uuid>,
    /// How much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// What the gateway decided.
    pub decision: Decision,
    /// When, in microseconds.
    pub at: i64,
    /// The key of its refund, where it was given back.
    pub refund_key: Option<String>,
    /// What the gateway calls that.
    pub refund_reference: Option<String>,
}

impl Charge {
    /// Whether the gateway has the money.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.decision == Decision::Approved && self.refund_key.is_none()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    key: String,
    reference: String,
    account_id: Uuid,
    order_id: Option<Uuid>,
    amount: i64,
    currency: String,
    state: String,
    decline_reason: Option<String>,
    at: i64,
    refund_key: Option<String>,
    refund_reference: Option<String>,
}

impl TryFrom<Row> for Charge {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let reason = row.decline_reason.as_deref();
        let reason = reason.and_then(DeclineReason::from_key);
        let decision = match (row.state.as_str(), reason) {
            ("APPROVED", None) => Decision::Approved,
            ("DECLINED", Some(reason)) => Decision::Declined(reason),
            ("VOID", None) => Decision::Void,
            _ => return Err(Error::unreadable(&row.state)),
        };
        Ok(Self {
            key: row.key,
            reference: row.reference,
            account_id: row.account_id,
            order_id: row.order_id,
            amount: row.amount,
            currency: row.currency,
            decision,
            at: row.at,
            refund_key: row.refund_key,
            refund_reference: row.refund_reference,
        })
    }
}

/// How many charges of each account were approved since a moment, none counted further than `most`.
///
/// # Errors
/// Where the database does.
pub async fn recent(
    tx: &mut Tx,
    accounts: &[Uuid],
    since: i64,
    most: i64,
) -> Result<HashMap<Uuid, i64>> {
    let ids: Vec<String> = accounts.iter().map(|id| id.simple().to_string()).collect();
    let counted = rows!(tx, (Uuid, i64), RECENT, Json(&ids), since, most)?;
    Ok(counted.into_iter().collect())
}

/// Writes charges down, all by one statement. A key that is known keeps what was decided of it: see
/// [`find`].
///
/// # Errors
/// Where the database does.
pub async fn charge(tx: &mut Tx, charges: &[NewCharge]) -> Result<()> {
    let rows: Vec<NewChargeRow<'_>> = charges.iter().map(NewChargeRow::from).collect();
    later!(tx, CHARGE, Json(&rows))
}

/// Writes refunds down, all by one statement: of the charges that were approved, each once, whatever key
/// it is asked for again with. What has gone back of a charge in parts does not go back again.
///
/// # Errors
/// Where the database does.
pub async fn refund(tx: &mut Tx, refunds: &[NewRefund]) -> Result<()> {
    later!(tx, REFUND, Json(refunds))?;
    later!(tx, ALL_BACK, Json(refunds))
}

/// Writes down that a part of a charge goes back, and gives what the gateway calls that: the same key again
/// is the same part. Nothing where there is no such charge, so much is not left of it, or the key is that of
/// another part.
///
/// # Errors
/// [`Error::Duplicate`] where another process writes the same part at this moment; on SQLite what follows says so.
pub async fn refund_part(tx: &mut Tx, part: &NewRefund, amount: i64) -> Result<Option<String>> {
    let (key, charge_key) = (part.key.as_str(), part.charge_key.as_str());
    if execute!(tx, TAKE_PART, charge_key, amount, key)? == 1 {
        let reference = part.reference.as_str();
        later!(tx, PART, key, charge_key, reference, amount, part.at)?;
        return Ok(Some(part.reference.clone()));
    }
    let found = optional!(tx, (String,), FIND_PART, key, charge_key, amount)?;
    Ok(found.map(|(reference,)| reference))
}

/// How much has gone back in parts, whatever the currency, and in how many: what tests compare with.
///
/// # Errors
/// Where the database does.
pub async fn parts(tx: &mut Tx) -> Result<(i64, i64)> {
    let sums = optional!(tx, (i64, i64), PARTS)?;
    Ok(sums.unwrap_or_default())
}

/// The charges of keys, as far as there are any.
///
/// # Errors
/// Where the database does.
pub async fn find(tx: &mut Tx, keys: &[&str]) -> Result<HashMap<String, Charge>> {
    rows!(tx, Row, FIND, Json(keys))?
        .into_iter()
        .map(|row| {
            let charge = Charge::try_from(row)?;
            Ok((charge.key.clone(), charge))
        })
        .collect()
}
