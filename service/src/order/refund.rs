//! What administrators give back of a payment, whole or in parts, with a reason: never more than was paid.

use super::settle;
use crate::ctx::{Actor, Ctx};
use crate::jobs::{self, refund_payment::RefundPayment};
use crate::{Error, Result};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::InvalidCode;
use domain::order::NOTE_MOST;
use domain::payment::PaymentState;
use domain::problem::Problem;
use domain::saga::Phase;
use domain::text::check_reason;
use serde_json::{Value, json};
use storage::refund::{self as table, Left, NewRefund, RefundRow};
use storage::saga::SagaRow;
use storage::{Tx, card, order, payment};
use uuid::Uuid;

/// Who may give money back.
const GIVERS: [Role; 1] = [Role::Admin];
/// How many refunds of an order are shown.
pub const REFUNDS_MOST: i64 = 100;

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// The gateway is or will be asked.
    Requested,
    /// The money has gone back.
    Done,
    /// It has not: a cancellation gave back all that was left, or the gateway could not and the money came again.
    Refused,
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Requested, Self::Done, Self::Refused];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// A refund that somebody asks for.
#[derive(Debug, Clone)]
pub struct RefundDraft {
    /// The same for the same refund of whoever asks.
    pub key: String,
    /// How much, in minor units; all that is left where absent.
    pub amount: Option<i64>,
    /// Why; whoever ordered is told the amount, administrators read the reason.
    pub reason: String,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: Uuid,
    /// How much, in minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// How far it is.
    pub state: RefundState,
    /// What whoever asked for it is called; nothing where it was the installation itself.
    pub actor: Option<String>,
    /// When it was asked for, in microseconds.
    pub at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

impl TryFrom<RefundRow> for Refund {
    type Error = Error;
    fn try_from(row: RefundRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            amount: row.amount,
            currency: row.currency,
            reason: row.reason,
            state: RefundState::from_key(&row.state)
                .ok_or_else(|| Error::Internal(format!("no refund is {}", row.state)))?,
            actor: row.actor,
            at: row.at,
            updated_at: row.updated_at,
        })
    }
}

/// Whether whoever asks may give money back, so that pages show the form only to them.
#[must_use]
pub fn may_refund(ctx: &Ctx) -> bool {
    ctx.allow(&GIVERS).is_ok()
}

/// Gives back what was paid for an order, or a part of it. It is promised when this returns; a job asks the
/// gateway. The same key and request again is the same refund.
///
/// # Errors
/// [`Problem::KeyMissing`] without a key, [`InvalidCode::KeyReused`] for a key that came with another
/// request; [`InvalidCode::MoreThanPaid`] at `amount` for more than is left, and for nothing or less
/// [`InvalidCode::OutOfRange`]; [`Problem::Conflict`] where nothing is paid or nothing is left;
/// [`Problem::NotFound`] where there is no such order; for others than administrators as [`Ctx::allow`].
pub async fn refund(ctx: &Ctx, id: Uuid, draft: &RefundDraft) -> Result<Refund> {
    ctx.allow(&GIVERS)?;
    super::check_key(&draft.key)?;
    let reason = check_reason(&draft.reason, NOTE_MOST);
    let reason = reason.map_err(|code| Error::invalid("reason", code))?;
    // The same key of somebody else is another one.
    let request_key = match ctx.actor {
        Actor::Account { id, .. } => format!("{id}:{}", draft.key),
        Actor::Anonymous | Actor::System => draft.key.clone(),
    };
    let request = json!({ "order": id, "amount": draft.amount, "reason": reason }).to_string();
    let mut tx = ctx.write().await?;
    if let Some(before) = table::by_request(&mut tx, &request_key).await? {
        if before.request != request {
            return Err(Error::invalid("idempotencyKey", InvalidCode::KeyReused));
        }
        return before.try_into();
    }
    let row = order::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let left = table::left(&mut tx, id)
        .await?
        .filter(|left| left.state == PaymentState::Charged && left.amount > 0)
        .ok_or(Error::Problem(Problem::Conflict))?;
    let amount = draft.amount.unwrap_or(left.amount);
    if amount < 1 {
        let code = InvalidCode::OutOfRange {
            min: 1,
            max: left.amount,
        };
        return Err(Error::invalid("amount", code));
    }
    let too_much = || {
        let code = InvalidCode::MoreThanPaid { left: left.amount };
        Error::invalid("amount", code)
    };
    if amount > left.amount {
        return Err(too_much());
    }
    let refund_id = ctx.service.next_id();
    let key = format!("refund:{refund_id}");
    let new = NewRefund {
        id: refund_id,
        order_id: id,
        key: &key,
        request_key: &request_key,
        request: &request,
        amount,
        currency: &left.currency,
        reason,
        actor_id: ctx.account_id().ok(),
        at: ctx.now(),
    };
    // Somebody else may have given back some of it since the look above.
    if !table::request(&mut tx, &new).await? {
        return Err(too_much());
    }
    let job = RefundPayment {
        refund: refund_id,
        order: id,
    };
    jobs::enqueue(ctx, &mut tx, Some(row.account_id), &job).await?;
    let before = json!({ "left": left.amount, "reason": null });
    let after = json!({ "left": left.amount - amount, "reason": reason });
    let about = id.to_string();
    ctx.audit_change(&mut tx, ("order.refund", &about), &before, &after)
        .await?;
    let made = table::get(&mut tx, refund_id).await?;
    tx.commit().await?;
    made.ok_or_else(|| Error::Internal("a refund is not there".to_owned()))?
        .try_into()
}

/// Notes that a refund was made, and tells whoever ordered.
///
/// # Errors
/// Where the database does.
pub(crate) async fn refund_made(
    ctx: &Ctx,
    tx: &mut Tx,
    refund: &RefundRow,
    reference: Option<&str>,
) -> Result<Value> {
    // The kitchen may say something of the order at the same moment: one of both is told first.
    let locked = storage::saga::lock(tx, &[refund.order_id]).await?;
    let row = locked.first().ok_or(Error::Problem(Problem::NotFound))?;
    if !table::done(tx, refund.id, reference, ctx.now()).await? {
        return Ok(json!({ "late": true }));
    }
    let payload = EventPayload {
        amount: Some(refund.amount),
        currency: Some(refund.currency.clone()),
        ..EventPayload::default()
    };
    super::tell(ctx, tx, row, OrderEvent::PaymentRefunded, payload).await?;
    Ok(json!({ "refunded": refund.amount }))
}

/// Notes that a refund will not be made, and that so much more is left of the payment, as far as it has not
/// gone back elsewhere.
///
/// # Errors
/// Where the database does.
pub(crate) async fn refund_refused(ctx: &Ctx, tx: &mut Tx, refund: &RefundRow) -> Result<Value> {
    let locked = storage::saga::lock(tx, &[refund.order_id]).await?;
    let before = table::lock_left(tx, refund.order_id).await?;
    if !table::refused(tx, refund, ctx.now()).await? {
        return Ok(json!({ "late": true }));
    }
    if let Some(row) = locked.first() {
        let payment = payment::of_order(tx, row.order_id).await?;
        let known = match payment {
            Some(payment) => card::by_key(tx, &payment.key).await?,
            None => None,
        };
        let returned = known.map_or(0, |card| card.returns.returned());
        returned_elsewhere(ctx, tx, row, returned).await?;
        super::pay_back_again(ctx, tx, row).await?;
    }
    let after = table::left(tx, refund.order_id).await?;
    let told = |state: RefundState, left: Option<Left>| {
        let ended = json!({ refund.id.to_string(): state.key() });
        json!({ "refund": ended, "left": left.map_or(0, |left| left.amount) })
    };
    let before = told(RefundState::Requested, before);
    let after = told(RefundState::Refused, after);
    let about = refund.order_id.to_string();
    ctx.audit_change(tx, ("order.refund_refused", &about), &before, &after)
        .await?;
    Ok(json!({ "refused": true }))
}

/// Reckons anew what is left of an order's payment, of which the gateway has told that so much has gone back in
/// all. By how much what went back elsewhere has grown. What a cancellation gives back does not count.
///
/// # Errors
/// Where the database does.
pub(crate) async fn reckon(ctx: &Ctx, tx: &mut Tx, row: &SagaRow, returned: i64) -> Result<i64> {
    let Some(left) = table::lock_left(tx, row.order_id).await? else {
        return Ok(0);
    };
    let kept = matches!(
        settle::state_of(row)?.phase,
        Phase::Forward(_) | Phase::Completed
    );
    if !kept && !matches!(left.state, PaymentState::Requested | PaymentState::Charged) {
        return Ok(0);
    }
    Ok(table::reckon(tx, row.order_id, returned, ctx.now()).await?)
}

/// Notes that so much of an order's payment has gone back in all, and tells whoever ordered of what of that
/// nobody here asked for and they do not know of. The order goes its way.
///
/// # Errors
/// Where the database does.
pub(crate) async fn returned_elsewhere(
    ctx: &Ctx,
    tx: &mut Tx,
    row: &SagaRow,
    returned: i64,
) -> Result<()> {
    let grown = reckon(ctx, tx, row, returned).await?;
    if grown == 0 {
        return Ok(());
    }
    let about = row.order_id.to_string();
    let after = json!({ "amount": grown });
    ctx.audit_change(tx, ("payment.returned", &about), &json!({}), &after)
        .await?;
    let payload = EventPayload {
        amount: Some(grown),
        currency: Some(row.currency.clone()),
        ..EventPayload::default()
    };
    super::tell(ctx, tx, row, OrderEvent::PaymentRefunded, payload).await
}
