//! Wallets: double entry. What leaves one account arrives at another, so that all balances add up to
//! nothing, and a member's never falls below it.
//!
//! A transfer is known by its key: the same key again changes nothing. It locks the member's account
//! first and the institution's own after it, so that two transfers never wait for each other.

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Error, Result, Tx};
use uuid::Uuid;

statements! {
    TRANSFER(7) = "INSERT INTO wallet_transfer (id, key, kind, order_id, actor_id, note, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING";
    ENTRY(3) = "INSERT INTO wallet_entry (transfer_id, account_id, amount) VALUES ($1, $2, $3)";
    OPEN(4) = "INSERT INTO wallet_account (id, kind, owner_id, currency) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    MOVE_OF_MEMBER(4) = "UPDATE wallet_account SET balance = balance + $3
        WHERE owner_id = $1 AND currency = $2 AND balance + $3 BETWEEN 0 AND $4 RETURNING id";
    MOVE_OF_HOUSE(3) = "UPDATE wallet_account SET balance = balance + $3
        WHERE kind = $1 AND currency = $2 AND owner_id IS NULL RETURNING id";
    BY_KEY(1) = "SELECT t.id, t.kind, t.order_id, t.note, t.at, e.amount, a.kind AS account_kind, a.owner_id,
            a.currency
        FROM wallet_transfer t LEFT JOIN wallet_entry e ON e.transfer_id = t.id
            LEFT JOIN wallet_account a ON a.id = e.account_id
        WHERE t.key = $1";
    PAID(1) = "SELECT CAST(COALESCE(-SUM(e.amount), 0) AS BIGINT) FROM wallet_transfer t
            JOIN wallet_entry e ON e.transfer_id = t.id JOIN wallet_account a ON a.id = e.account_id
        WHERE t.order_id = $1 AND a.kind = 'MEMBER'";
    MOVED(2) = "SELECT CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) FROM wallet_transfer t
            JOIN wallet_entry e ON e.transfer_id = t.id JOIN wallet_account a ON a.id = e.account_id
        WHERE t.order_id = $1 AND t.key LIKE $2 || '%' AND a.kind = 'MEMBER'";
    BALANCES(1) = "SELECT id, currency, balance FROM wallet_account WHERE owner_id = $1 ORDER BY currency";
    LOCK_OWNER(1) = "SELECT id FROM account WHERE id = $1"
      | "SELECT id FROM account WHERE id = $1 FOR NO KEY UPDATE";
    LOCK_BALANCE(2) = "SELECT balance FROM wallet_account WHERE owner_id = $1 AND currency = $2"
      | "SELECT balance FROM wallet_account WHERE owner_id = $1 AND currency = $2 FOR UPDATE";
    // SQLite's index of members has the jobs of orders left out.
    COMING(3) = "SELECT CAST(COALESCE(SUM(arguments ->> 'amount'), 0) AS BIGINT) AS amount FROM job
        WHERE owner_id = $1 AND substr(kind, 1, 6) <> 'order.' AND kind = $2 AND finished_at IS NULL
            AND arguments ->> 'currency' = $3"
      | "SELECT CAST(COALESCE(SUM(CAST(arguments ->> 'amount' AS BIGINT)), 0) AS BIGINT) AS amount FROM job
        WHERE owner_id = $1 AND kind = $2 AND finished_at IS NULL AND arguments ->> 'currency' = $3";
    CURRENCIES(1) = "SELECT DISTINCT currency FROM campus ORDER BY currency LIMIT $1";
    STATEMENT(3) = "SELECT e.transfer_id AS id, t.kind, t.order_id, t.note, t.at, e.amount, (
            SELECT a.kind FROM wallet_entry o JOIN wallet_account a ON a.id = o.account_id
            WHERE o.transfer_id = e.transfer_id AND o.account_id <> e.account_id) AS other
        FROM wallet_entry e JOIN wallet_transfer t ON t.id = e.transfer_id
        WHERE e.account_id = $1 AND e.transfer_id < $2
        ORDER BY e.transfer_id DESC LIMIT $3";
    ONE(2) = "SELECT e.transfer_id AS id, t.kind, t.at, a.currency, e.amount
        FROM wallet_entry e JOIN wallet_account a ON a.id = e.account_id
            JOIN wallet_transfer t ON t.id = e.transfer_id
        WHERE e.transfer_id = $1 AND a.owner_id = $2";
    UNEVEN(0) = "SELECT CAST((SELECT COALESCE(SUM(balance), 0) FROM wallet_account) AS BIGINT) AS balances,
        (SELECT COUNT(*) FROM wallet_account a WHERE a.balance <> COALESCE(
            (SELECT SUM(e.amount) FROM wallet_entry e WHERE e.account_id = a.id), 0)) AS accounts,
        (SELECT COUNT(*) FROM (SELECT transfer_id FROM wallet_entry GROUP BY transfer_id
            HAVING SUM(amount) <> 0 OR COUNT(*) <> 2) AS uneven) AS transfers,
        (SELECT COUNT(*) FROM wallet_account WHERE kind = 'MEMBER' AND balance < 0) AS overdrawn";
}

/// Why money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferKind {
    /// Into a member's wallet.
    TopUp,
    /// Out of it, for an order.
    Payment,
    /// Back into it; or out of it, where a top-up has gone back to the card. Under the key of a payment that was
    /// never made: it never will be.
    Refund,
}

impl TransferKind {
    const ALL: [Self; 3] = [Self::TopUp, Self::Payment, Self::Refund];

    /// The name in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::TopUp => "TOP_UP",
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
        }
    }

    fn read(key: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.key() == key);
        found.ok_or_else(|| Error::unreadable(key))
    }
}

/// The institution's own accounts, one of each a currency: where members' money comes from and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum House {
    /// What came by card.
    Card,
    /// What was paid for orders.
    Sales,
    /// What staff was handed, or gave.
    Staff,
}

impl House {
    const ALL: [Self; 3] = [Self::Card, Self::Sales, Self::Staff];

    /// The name in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Sales => "SALES",
            Self::Staff => "STAFF",
        }
    }

    fn read(key: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|house| house.key() == key);
        found.ok_or_else(|| Error::unreadable(key))
    }
}

/// A transfer to be, between a member and the institution.
#[derive(Debug, Clone)]
pub struct NewTransfer<'a> {
    /// Its id.
    pub id: Uuid,
    /// Ids for the member's account and the other one, where there are none yet.
    pub account_ids: [Uuid; 2],
    /// The same for the same transfer.
    pub key: &'a str,
    /// Why.
    pub kind: TransferKind,
    /// Whose wallet.
    pub owner: Uuid,
    /// The other account.
    pub house: House,
    /// What the member gains, in minor units; less than nothing where they pay.
    pub amount: i64,
    /// Of which currency.
    pub currency: &'a str,
    /// The most that the member may hold afterwards.
    pub balance_most: i64,
    /// The order that it is for.
    pub order_id: Option<Uuid>,
    /// Who did it, where that was not the member.
    pub actor_id: Option<Uuid>,
    /// Why, in somebody's own words.
    pub note: &'a str,
    /// Now, in microseconds.
    pub at: i64,
}

/// A transfer as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: Uuid,
    /// Why.
    pub kind: TransferKind,
    /// Whose wallet, of which currency, and what they gained; nothing where no money moved.
    pub member: Option<(Uuid, String, i64)>,
    /// The order that it is for.
    pub order_id: Option<Uuid>,
    /// Why, in somebody's own words.
    pub note: String,
    /// When, in microseconds.
    pub at: i64,
}

/// What came of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It was made.
    Now,
    /// One with its key had been made before, and this is it; nothing has changed.
    Before(Transfer),
    /// The member would hold too little or too much. Something was written: the transaction must not be
    /// committed.
    Refused,
}

/// What a member has of a currency.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Balance {
    /// The account.
    pub id: Uuid,
    /// Three letters.
    pub currency: String,
    /// In minor units.
    pub balance: i64,
}

/// A line of a member's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The transfer.
    pub id: Uuid,
    /// Why.
    pub kind: TransferKind,
    /// Where the money came from or went.
    pub other: House,
    /// What the member gained, in minor units.
    pub amount: i64,
    /// The order that it was for.
    pub order_id: Option<Uuid>,
    /// Why, in somebody's own words.
    pub note: String,
    /// When, in microseconds.
    pub at: i64,
}

/// A transfer, as the member sees it whose money it moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTransfer {
    /// Its id.
    pub id: Uuid,
    /// Why.
    pub kind: TransferKind,
    /// Of which currency.
    pub currency: String,
    /// What the member gained, in minor units.
    pub amount: i64,
    /// When, in microseconds.
    pub at: i64,
}

/// What does not add up, each of which must be nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct Uneven {
    /// The sum of all balances, in minor units of whatever currency.
    pub balances: i64,
    /// Accounts whose balance is not the sum of their entries.
    pub accounts: i64,
    /// Transfers whose entries are not two that add up to nothing.
    pub transfers: i64,
    /// Members who have less than nothing.
    pub overdrawn: i64,
}

#[derive(sqlx::FromRow)]
struct TransferRow {
    id: Uuid,
    kind: String,
    order_id: Option<Uuid>,
    note: String,
    at: i64,
    amount: Option<i64>,
    account_kind: Option<String>,
    owner_id: Option<Uuid>,
    currency: Option<String>,
}

#[derive(sqlx::FromRow)]
struct OwnRow {
    id: Uuid,
    kind: String,
    currency: String,
    amount: i64,
    at: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    kind: String,
    order_id: Option<Uuid>,
    note: String,
    at: i64,
    amount: i64,
    other: String,
}

/// Moves money between a member's wallet and the institution, or tells that it was moved before. A
/// transfer of nothing is only noted.
///
/// # Errors
/// Where the database does.
pub async fn transfer(tx: &mut Tx, new: &NewTransfer<'_>) -> Result<Moved> {
    if !note(tx, new).await? {
        let before = by_key(tx, new.key).await?;
        return before
            .map(Moved::Before)
            .ok_or_else(|| Error::unreadable(new.key));
    }
    if new.amount == 0 {
        return Ok(Moved::Now);
    }
    let [member_id, house_id] = new.account_ids;
    if new.amount > 0 {
        later!(tx, OPEN, member_id, "MEMBER", Some(new.owner), new.currency)?;
    }
    let most = new.balance_most;
    let Some((member,)) = optional!(
        tx,
        (Uuid,),
        MOVE_OF_MEMBER,
        new.owner,
        new.currency,
        new.amount,
        most
    )?
    else {
        return Ok(Moved::Refused);
    };
    let house = match move_of_house(tx, new).await? {
        Some(house) => house,
        None => {
            let nobody = None::<Uuid>;
            later!(tx, OPEN, house_id, new.house.key(), nobody, new.currency)?;
            let opened = move_of_house(tx, new).await?;
            opened.ok_or_else(|| Error::unreadable(new.house.key()))?
        }
    };
    later!(tx, ENTRY, new.id, member, new.amount)?;
    later!(tx, ENTRY, new.id, house, -new.amount)?;
    Ok(Moved::Now)
}

/// Keeps others from topping up a member's wallet until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock_owner(tx: &mut Tx, owner: Uuid) -> Result<()> {
    optional!(tx, (Uuid,), LOCK_OWNER, owner).map(drop)
}

/// What a member has of a currency, in minor units; nobody else changes it until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock_balance(tx: &mut Tx, owner: Uuid, currency: &str) -> Result<i64> {
    let balance = optional!(tx, (i64,), LOCK_BALANCE, owner, currency)?;
    Ok(balance.map_or(0, |(balance,)| balance))
}

/// What jobs of a kind that have not ended will put into a member's wallet, in minor units.
///
/// # Errors
/// Where the database does.
pub async fn coming(tx: &mut Tx, owner: Uuid, kind: &str, currency: &str) -> Result<i64> {
    let amount = optional!(tx, (i64,), COMING, owner, kind, currency)?;
    Ok(amount.map_or(0, |(amount,)| amount))
}

/// Notes that no transfer is ever to be made under a key: true where that is so now, false where one
/// was made.
///
/// # Errors
/// Where the database does.
pub async fn void(tx: &mut Tx, new: &NewTransfer<'_>) -> Result<bool> {
    if note(tx, new).await? {
        return Ok(true);
    }
    let before = by_key(tx, new.key).await?;
    Ok(before.is_some_and(|transfer| transfer.kind == TransferKind::Refund))
}

async fn note(tx: &mut Tx, new: &NewTransfer<'_>) -> Result<bool> {
    let noted = execute!(
        tx,
        TRANSFER,
        new.id,
        new.key,
        new.kind.key(),
        new.order_id,
        new.actor_id,
        new.note,
        new.at
    )?;
    Ok(noted == 1)
}

async fn move_of_house(tx: &mut Tx, new: &NewTransfer<'_>) -> Result<Option<Uuid>> {
    let moved = optional!(
        tx,
        (Uuid,),
        MOVE_OF_HOUSE,
        new.house.key(),
        new.currency,
        -new.amount
    )?;
    Ok(moved.map(|(id,)| id))
}

/// The transfer of a key.
///
/// # Errors
/// Where the database does.
pub async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<Transfer>> {
    let rows = rows!(tx, TransferRow, BY_KEY, key)?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let of_member = rows
        .iter()
        .find(|row| row.account_kind.as_deref() == Some("MEMBER"));
    let member = of_member.and_then(|row| {
        let currency = row.currency.clone()?;
        Some((row.owner_id?, currency, row.amount?))
    });
    Ok(Some(Transfer {
        id: first.id,
        kind: TransferKind::read(&first.kind)?,
        member,
        order_id: first.order_id,
        note: first.note.clone(),
        at: first.at,
    }))
}

/// What a member has paid for an order and not got back, in minor units.
///
/// # Errors
/// Where the database does.
pub async fn paid(tx: &mut Tx, order: Uuid) -> Result<i64> {
    let sum = optional!(tx, (i64,), PAID, order)?;
    Ok(sum.map_or(0, |(amount,)| amount))
}

/// What a member has gained by an order's transfers whose keys begin so, in minor units.
///
/// # Errors
/// Where the database does.
pub async fn moved(tx: &mut Tx, order: Uuid, key: &str) -> Result<i64> {
    let sum = optional!(tx, (i64,), MOVED, order, key)?;
    Ok(sum.map_or(0, |(amount,)| amount))
}

/// What a member has, by currency; nothing where they never had any.
///
/// # Errors
/// Where the database does.
pub async fn balances(tx: &mut Tx, owner: Uuid) -> Result<Vec<Balance>> {
    rows!(tx, Balance, BALANCES, owner)
}

/// The currencies that the campuses sell in, at most so many.
///
/// # Errors
/// Where the database does.
pub async fn currencies(tx: &mut Tx, most: i64) -> Result<Vec<String>> {
    let rows = rows!(tx, (String,), CURRENCIES, most)?;
    Ok(rows.into_iter().map(|(currency,)| currency).collect())
}

/// The lines of an account before a transfer, newest first.
///
/// # Errors
/// Where the database does.
pub async fn statement(tx: &mut Tx, account: Uuid, before: Uuid, limit: i64) -> Result<Vec<Line>> {
    let line = |row: LineRow| {
        Ok(Line {
            id: row.id,
            kind: TransferKind::read(&row.kind)?,
            other: House::read(&row.other)?,
            amount: row.amount,
            order_id: row.order_id,
            note: row.note,
            at: row.at,
        })
    };
    rows!(tx, LineRow, STATEMENT, account, before, limit)?
        .into_iter()
        .map(line)
        .collect()
}

/// A transfer of a member's own.
///
/// # Errors
/// Where the database does.
pub async fn of_owner(tx: &mut Tx, owner: Uuid, id: Uuid) -> Result<Option<OwnTransfer>> {
    optional!(tx, OwnRow, ONE, id, owner)?
        .map(|row| {
            Ok(OwnTransfer {
                id: row.id,
                kind: TransferKind::read(&row.kind)?,
                currency: row.currency,
                amount: row.amount,
                at: row.at,
            })
        })
        .transpose()
}

/// What does not add up. It reads every entry.
///
/// # Errors
/// Where the database does.
pub async fn uneven(tx: &mut Tx) -> Result<Uneven> {
    let row = optional!(tx, Uneven, UNEVEN)?;
    Ok(row.unwrap_or_default())
}
