//! What administrators give back of payments, besides cancellations: each with a key of its own under which
//! its gateway is asked. Together they never are more than was paid: the payment's row refuses it. What somebody
//! gave back at the gateway's own pages is counted there too.

use crate::statement::{execute, later, optional, rows, statements};
use crate::{Error, Result, Tx};
use domain::payment::{GivenBack, PaymentState};
use uuid::Uuid;

statements! {
    TAKE(3) = "UPDATE payment SET refunded = refunded + $2, updated_at = $3
        WHERE order_id = $1 AND state = 'CHARGED' AND refunded + $2 <= amount";
    GIVE_BACK(3) = "UPDATE payment SET refunded = refunded - $2, updated_at = $3 WHERE order_id = $1";
    LEFT(1) = "SELECT state, amount - refunded, currency FROM payment WHERE order_id = $1";
    LEFT_LOCKED(1) = "SELECT state, amount - refunded, currency FROM payment WHERE order_id = $1"
      | "SELECT state, amount - refunded, currency FROM payment WHERE order_id = $1 FOR UPDATE";
    INSERT(10) = "INSERT INTO refund (id, order_id, key, request_key, request, amount, currency, reason, state,
            actor_id, at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'REQUESTED', $9, $10, $10)";
    GET(1) = "SELECT refund.id, order_id, key, request, amount, currency, reason, state, reference, actor_id,
            account.name AS actor, at, updated_at
        FROM refund LEFT JOIN account ON account.id = actor_id WHERE refund.id = $1";
    BY_REQUEST(1) = "SELECT refund.id, order_id, key, request, amount, currency, reason, state, reference, actor_id,
            account.name AS actor, at, updated_at
        FROM refund LEFT JOIN account ON account.id = actor_id WHERE request_key = $1";
    OF_ORDER(2) = "SELECT refund.id, order_id, key, request, amount, currency, reason, state, reference, actor_id,
            account.name AS actor, at, updated_at
        FROM refund LEFT JOIN account ON account.id = actor_id WHERE order_id = $1 ORDER BY refund.id LIMIT $2";
    OF_GATEWAY(3) = "SELECT refund.id, order_id, key, request, amount, currency, reason, state, reference, actor_id,
            account.name AS actor, at, updated_at
        FROM refund LEFT JOIN account ON account.id = actor_id
        WHERE order_id = $1 AND (reference = $2 OR (state = 'REQUESTED' AND key = $3))
        ORDER BY CASE WHEN reference = $2 THEN 0 ELSE 1 END LIMIT 1";
    RETURNED(1) = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM refund
        WHERE order_id = $1 AND state = 'DONE'";
    ELSEWHERE(1) = "SELECT elsewhere FROM payment WHERE order_id = $1";
    RECKONED(1) = "SELECT amount, elsewhere FROM payment WHERE order_id = $1"
      | "SELECT amount, elsewhere FROM payment WHERE order_id = $1 FOR UPDATE";
    RECKON(4) = "UPDATE payment SET elsewhere = $2, refunded = $3, updated_at = $4 WHERE order_id = $1";
    ASKED(1) = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM refund
        WHERE order_id = $1 AND state <> 'REFUSED'";
    FAILED(2) = "UPDATE refund SET state = 'REFUSED', updated_at = $2 WHERE id = $1 AND state <> 'REFUSED'";
    END(4) = "UPDATE refund SET state = $2, reference = $3, updated_at = $4 WHERE id = $1 AND state = 'REQUESTED'";
}

/// A refund to be.
#[derive(Debug)]
pub struct NewRefund<'a> {
    /// Its id.
    pub id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Under which the gateway is asked.
    pub key: &'a str,
    /// What whoever asks calls the request.
    pub request_key: &'a str,
    /// What they ask for, so that the same key for something else is noticed.
    pub request: &'a str,
    /// How much, in minor units.
    pub amount: i64,
    /// Of this currency.
    pub currency: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who asks; nobody where it is the installation itself.
    pub actor_id: Option<Uuid>,
    /// Now, in microseconds.
    pub at: i64,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RefundRow {
    /// Its id.
    pub id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Under which the gateway is asked.
    pub key: String,
    /// What was asked for.
    pub request: String,
    /// How much, in minor units.
    pub amount: i64,
    /// Of this currency.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// `REQUESTED`, `DONE` or `REFUSED`.
    pub state: String,
    /// What the gateway calls it.
    pub reference: Option<String>,
    /// Who asked.
    pub actor_id: Option<Uuid>,
    /// What they are called.
    pub actor: Option<String>,
    /// When, in microseconds.
    pub at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

/// What is left of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// How far the payment is.
    pub state: PaymentState,
    /// How much of it may still go back, in minor units.
    pub amount: i64,
    /// Of this currency.
    pub currency: String,
}

/// What is left of an order's payment; nothing where there is none.
///
/// # Errors
/// Where the database does.
pub async fn left(tx: &mut Tx, order: Uuid) -> Result<Option<Left>> {
    read_left(optional!(tx, (String, i64, String), LEFT, order)?)
}

/// The same, and nobody else gives any of it back until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock_left(tx: &mut Tx, order: Uuid) -> Result<Option<Left>> {
    read_left(optional!(tx, (String, i64, String), LEFT_LOCKED, order)?)
}

fn read_left(row: Option<(String, i64, String)>) -> Result<Option<Left>> {
    row.map(|(state, amount, currency)| {
        Ok(Left {
            state: PaymentState::from_key(&state).ok_or_else(|| Error::unreadable(&state))?,
            amount,
            currency,
        })
    })
    .transpose()
}

/// Notes that so much of an order's payment is promised to whoever ordered, and so is no more left of it;
/// false where that is more than is left, or the payment is not here.
///
/// # Errors
/// Where the database does.
pub async fn take(tx: &mut Tx, order: Uuid, amount: i64, now: i64) -> Result<bool> {
    Ok(execute!(tx, TAKE, order, amount, now)? == 1)
}

/// Notes a refund to be, and that so much less is left of its payment; false where that is more than is
/// left, or the payment is not here.
///
/// # Errors
/// [`Error::Duplicate`] where its keys are those of another; on SQLite what follows says so.
pub async fn request(tx: &mut Tx, new: &NewRefund<'_>) -> Result<bool> {
    if !take(tx, new.order_id, new.amount, new.at).await? {
        return Ok(false);
    }
    later!(
        tx,
        INSERT,
        new.id,
        new.order_id,
        new.key,
        new.request_key,
        new.request,
        new.amount,
        new.currency,
        new.reason,
        new.actor_id,
        new.at
    )?;
    Ok(true)
}

/// A refund.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<RefundRow>> {
    optional!(tx, RefundRow, GET, id)
}

/// The refund of a request.
///
/// # Errors
/// Where the database does.
pub async fn by_request(tx: &mut Tx, request_key: &str) -> Result<Option<RefundRow>> {
    optional!(tx, RefundRow, BY_REQUEST, request_key)
}

/// The refunds of an order, in their order, at most so many.
///
/// # Errors
/// Where the database does.
pub async fn of_order(tx: &mut Tx, order: Uuid, limit: i64) -> Result<Vec<RefundRow>> {
    rows!(tx, RefundRow, OF_ORDER, order, limit)
}

/// The refund of an order that its gateway calls so; or that it asks for under a key, where that is not known
/// to have been made.
///
/// # Errors
/// Where the database does.
pub async fn of_gateway(
    tx: &mut Tx,
    order: Uuid,
    reference: &str,
    key: Option<&str>,
) -> Result<Option<RefundRow>> {
    optional!(tx, RefundRow, OF_GATEWAY, order, reference, key)
}

/// How much of an order's payment has gone back besides a cancellation, in minor units.
///
/// # Errors
/// Where the database does.
pub async fn returned(tx: &mut Tx, order: Uuid) -> Result<i64> {
    let sum = optional!(tx, (i64,), RETURNED, order)?;
    Ok(sum.map_or(0, |(amount,)| amount) + elsewhere(tx, order).await?)
}

/// How much of an order's payment has gone back that is no refund of its own, in minor units: somebody gave
/// it back at the gateway.
///
/// # Errors
/// Where the database does.
pub async fn elsewhere(tx: &mut Tx, order: Uuid) -> Result<i64> {
    let amount = optional!(tx, (i64,), ELSEWHERE, order)?;
    Ok(amount.map_or(0, |(amount,)| amount))
}

/// Notes how much of an order's payment has gone back in all, as its gateway tells, and reckons anew how much
/// of it is left. By how much what was given back elsewhere has grown; see [`GivenBack::take`].
///
/// # Errors
/// Where the database does.
pub async fn reckon(tx: &mut Tx, order: Uuid, returned: i64, now: i64) -> Result<i64> {
    let Some(mut back) = given_back(tx, order).await? else {
        return Ok(0);
    };
    let grown = back.take(returned);
    set_given_back(tx, order, back, now).await?;
    Ok(grown)
}

/// Notes that so much of what was given back elsewhere has come again.
///
/// # Errors
/// Where the database does.
pub async fn came_again(tx: &mut Tx, order: Uuid, amount: i64, now: i64) -> Result<()> {
    let Some(mut back) = given_back(tx, order).await? else {
        return Ok(());
    };
    back.come_again(amount);
    set_given_back(tx, order, back, now).await
}

/// Reckons anew how much of an order's payment is left, as where nothing is owed of it any more.
///
/// # Errors
/// Where the database does.
pub(crate) async fn reckon_left(tx: &mut Tx, order: Uuid, now: i64) -> Result<()> {
    match given_back(tx, order).await? {
        Some(back) => set_given_back(tx, order, back, now).await,
        None => Ok(()),
    }
}

/// What of an order's payment goes back; nobody else changes that until the transaction ends.
async fn given_back(tx: &mut Tx, order: Uuid) -> Result<Option<GivenBack>> {
    let Some((paid, elsewhere)) = optional!(tx, (i64, i64), RECKONED, order)? else {
        return Ok(None);
    };
    Ok(Some(GivenBack {
        paid,
        asked: asked(tx, order).await?,
        owed: crate::substitution::owed(tx, order).await?,
        elsewhere,
    }))
}

async fn set_given_back(tx: &mut Tx, order: Uuid, back: GivenBack, now: i64) -> Result<()> {
    later!(tx, RECKON, order, back.elsewhere, back.in_all(), now)
}

/// How much of an order's payment goes or has gone back by refunds of its own, in minor units.
///
/// # Errors
/// Where the database does.
pub async fn asked(tx: &mut Tx, order: Uuid) -> Result<i64> {
    let sum = optional!(tx, (i64,), ASKED, order)?;
    Ok(sum.map_or(0, |(amount,)| amount))
}

/// Notes that a refund was made; false where it has ended already.
///
/// # Errors
/// Where the database does.
pub async fn done(tx: &mut Tx, id: Uuid, reference: Option<&str>, now: i64) -> Result<bool> {
    Ok(execute!(tx, END, id, "DONE", reference, now)? == 1)
}

/// Notes that a refund won't be made, and that so much more is left of its payment; false where it has
/// ended already.
///
/// # Errors
/// Where the database does.
pub async fn refused(tx: &mut Tx, refund: &RefundRow, now: i64) -> Result<bool> {
    if execute!(tx, END, refund.id, "REFUSED", None::<&str>, now)? == 0 {
        return Ok(false);
    }
    later!(tx, GIVE_BACK, refund.order_id, refund.amount, now)?;
    Ok(true)
}

/// Notes that a refund came to nothing at the gateway, whatever was thought of it, and that so much more is
/// left of its payment; false where that is known.
///
/// # Errors
/// Where the database does.
pub async fn failed(tx: &mut Tx, refund: &RefundRow, now: i64) -> Result<bool> {
    if execute!(tx, FAILED, refund.id, now)? == 0 {
        return Ok(false);
    }
    later!(tx, GIVE_BACK, refund.order_id, refund.amount, now)?;
    Ok(true)
}
