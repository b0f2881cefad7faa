//! What the gateway of cards tells by itself.
//!
//! A message may come before, during or after the answer that it is about, again, and in any order. Each has
//! its effect once, and only as far as the order's saga has not gone on:
//!
//! - that money came settles the step that pays, where that is being done. Where the payment was called over
//!   already, the money goes back;
//! - that a card was declined has the step that pays look at once, instead of at its next try: the card may
//!   have been tried again since;
//! - that money went back settles the step that gives it back. Where nothing here asked for that, the payment
//!   is noted as refunded, or a part of it, and a step that pays looks at once. What had topped a wallet up is
//!   taken out of it again;
//! - that a refund failed has the payment, or the part, be here again, for administrators to see and to give
//!   back otherwise. While a cancellation gives a payment back, its step decides, and looks at this. Where the
//!   order was collected, what is owed of it is paid now; what was to top a wallet up and was called over is in
//!   it after all;
//! - that whoever has the card disputes the charge is written down for administrators.
//!
//! How much went back is told as a sum, of which the newest counts: what happened before is older, whenever it
//! is told.

use crate::ctx::{Actor, Ctx};
use crate::gateways::stripe::{Dispute, FailedRefund, StripeEvent, Told};
use crate::jobs::{self, return_card::ReturnCard};
use crate::order::settle::{self, Found, StepEnd};
use crate::{Error, Result, order, wallet};
use domain::payment::PaymentState;
use domain::problem::Problem;
use domain::saga::{Direction, Phase, Step};
use serde_json::{Value, json};
use storage::card::{self, CardPayment, CardState, NewCardEvent};
use storage::saga::{self, SagaRow};
use storage::{Tx, payment, refund};

/// Takes a message of Stripe's: its body as it came, and the signature that came with it. When this returns,
/// whatever it tells is written down, with its effect.
///
/// # Errors
/// [`Problem::NotFound`] where Stripe is not used here; [`Problem::SignatureRefused`] where the message is
/// not Stripe's, or of more than five minutes ago; [`Problem::Malformed`] where it can't be read. Nothing is
/// changed then.
pub async fn stripe_event(ctx: &Ctx, signature: &str, body: &[u8]) -> Result<()> {
    let stripe = ctx.institution.gateways.stripe();
    let stripe = stripe.ok_or(Error::Problem(Problem::NotFound))?;
    if !stripe.is_signed(signature, body, ctx.now()) {
        return Err(Problem::SignatureRefused.into());
    }
    let event = StripeEvent::read(body).ok_or(Error::Problem(Problem::Malformed))?;
    // Whoever it is about has not asked for anything now: the installation itself acts.
    let ctx = Ctx {
        actor: Actor::System,
        ..ctx.clone()
    };
    let Some((intent, told)) = event.told else {
        return Ok(());
    };
    let mut tx = ctx.write().await?;
    let new = NewCardEvent {
        id: &event.id,
        kind: &event.kind,
        intent_id: Some(&intent),
        received_at: ctx.now(),
    };
    if !card::receive(&mut tx, &new).await? {
        return Ok(());
    }
    // Stripe may tell of payments of others who use the same account.
    if let Some(card) = card::by_intent(&mut tx, &intent).await? {
        let message = Message {
            id: &event.id,
            intent: &intent,
            created: event.created,
        };
        take(&ctx, &mut tx, &card, &message, told).await?;
    }
    tx.commit().await?;
    tracing::info!(event_id = event.id, kind = event.kind, "a gateway told");
    Ok(())
}

/// What every message has.
struct Message<'a> {
    /// What Stripe calls it.
    id: &'a str,
    /// What it is about.
    intent: &'a str,
    /// When that happened, in seconds.
    created: i64,
}

impl Message<'_> {
    /// Puts what is told of a sum in order. A failure comes after what else happened in its second.
    fn mark(&self, failure: bool) -> i64 {
        self.created
            .saturating_mul(2)
            .saturating_add(i64::from(failure))
    }
}

async fn take(
    ctx: &Ctx,
    tx: &mut Tx,
    card: &CardPayment,
    message: &Message<'_>,
    told: Told,
) -> Result<()> {
    // Nobody moves it on meanwhile.
    let saga = match card.order_id {
        Some(order) => saga::lock(tx, &[order]).await?.pop(),
        None => None,
    };
    match told {
        Told::Succeeded => succeeded(ctx, tx, card, message.intent, saga.as_ref()).await,
        Told::Declined => declined(ctx, tx, card, saga.as_ref()).await,
        Told::Refunded { amount, whole } => {
            let mark = message.mark(false);
            let mut known = card.returns.clone();
            if !known.take(mark, amount.clamp(0, card.amount)) {
                return Ok(());
            }
            let returned = known.returned();
            card::returned(tx, &card.key, &known, ctx.now()).await?;
            // Some of it may have failed since.
            if whole && returned == card.amount {
                refunded(ctx, tx, card, saga.as_ref()).await?;
            } else if let Some(row) = &saga {
                order::returned_elsewhere(ctx, tx, row, returned).await?;
            }
            follow(ctx, tx, card, message).await
        }
        Told::RefundFailed(failed) => {
            refund_failed(ctx, tx, card, message, (saga.as_ref(), &failed)).await
        }
        Told::Disputed(dispute) => {
            let about = subject(card);
            disputed(ctx, tx, ("payment.disputed", &about), &dispute).await
        }
        Told::DisputeClosed(dispute) => {
            let about = subject(card);
            disputed(ctx, tx, ("payment.dispute_closed", &about), &dispute).await
        }
    }
}

/// The money came.
async fn succeeded(
    ctx: &Ctx,
    tx: &mut Tx,
    card: &CardPayment,
    intent: &str,
    saga: Option<&SagaRow>,
) -> Result<()> {
    if !card::charged(tx, &card.key, ctx.now()).await? {
        // It is known, or has gone back since.
        return Ok(());
    }
    if card.state != CardState::Open {
        // It was called over: whoever paid gets it back.
        let owner = Some(card.account_id);
        let job = ReturnCard::of(card);
        jobs::enqueue(ctx, tx, owner, &job).await?;
        // What was called over has come all the same.
        audit_state(ctx, tx, "payment.return", card, PaymentState::Charged).await?;
        return Ok(());
    }
    if let Some(saga) = saga
        && is_at(saga, Phase::Forward(Step::Pay))?
    {
        let found = Found::Charged(intent.to_owned());
        end(ctx, tx, saga, Direction::Do, found).await?;
    }
    Ok(())
}

/// The card was declined for good, when it was last asked.
async fn declined(
    ctx: &Ctx,
    tx: &mut Tx,
    card: &CardPayment,
    saga: Option<&SagaRow>,
) -> Result<()> {
    if let (CardState::Open, Some(saga)) = (card.state, saga)
        && is_at(saga, Phase::Forward(Step::Pay))?
    {
        settle::run_again(ctx, tx, saga, Step::Pay, Direction::Do).await?;
    }
    Ok(())
}

/// All of the money went back.
async fn refunded(
    ctx: &Ctx,
    tx: &mut Tx,
    card: &CardPayment,
    saga: Option<&SagaRow>,
) -> Result<()> {
    card::refunded(tx, &card.key, None, ctx.now()).await?;
    let Some(row) = saga else {
        return Ok(());
    };
    match settle::state_of(row)?.phase {
        // Whoever pays finds that the money is gone.
        Phase::Forward(Step::Pay) => {
            settle::run_again(ctx, tx, row, Step::Pay, Direction::Do).await
        }
        Phase::Back {
            step: Step::Pay, ..
        } => {
            // What went back before, in parts, is told already.
            let rest = row.total - refund::returned(tx, row.order_id).await?;
            let found = Found::Refunded((rest > 0).then_some(rest));
            end(ctx, tx, row, Direction::Undo, found).await
        }
        // The step that gives it back comes, and finds that it has gone back.
        Phase::Back { .. } => Ok(()),
        Phase::Forward(_) | Phase::Completed | Phase::Cancelled => {
            if settle::returned(ctx, tx, row).await? {
                audit_state(ctx, tx, "payment.returned", card, PaymentState::Refunded).await?;
            }
            Ok(())
        }
    }
}

/// Has the wallet that was topped up, where one was, follow what has gone back.
async fn follow(ctx: &Ctx, tx: &mut Tx, card: &CardPayment, message: &Message<'_>) -> Result<()> {
    match card.order_id {
        Some(_) => Ok(()),
        None => wallet::follow_card(ctx, tx, &card.key, message.id).await,
    }
}

/// Money that was to go back, or had gone back, is here again.
async fn refund_failed(
    ctx: &Ctx,
    tx: &mut Tx,
    card: &CardPayment,
    message: &Message<'_>,
    (saga, failed): (Option<&SagaRow>, &FailedRefund),
) -> Result<()> {
    let now = ctx.now();
    let amount = failed.amount.clamp(0, card.amount);
    let mut known = card.returns.clone();
    // One failure is told by messages of several kinds.
    if !known.fail(&failed.id, amount, Some(message.mark(true))) {
        return Ok(());
    }
    let returned = known.returned();
    card::returned(tx, &card.key, &known, now).await?;
    // Another one may have given it back since.
    let recovered = returned < card.amount && card::recovered(tx, &card.key, now).await?;
    let mut states = if recovered {
        stays(ctx, tx, card, saga).await?
    } else {
        (Value::Null, Value::Null)
    };
    if let Some(row) = saga {
        let order = row.order_id;
        let key = failed.key.as_deref();
        match refund::of_gateway(tx, order, &failed.id, key).await? {
            // Nothing else is asked for under its key: what has failed is final.
            Some(ours) => {
                refund::failed(tx, &ours, now).await?;
                states = (json!(ours.state), json!("REFUSED"));
            }
            // It was given back at the gateway's own pages.
            None if key.is_none() => refund::came_again(tx, order, amount, now).await?,
            // A cancellation gave it back, or it is refused already.
            None => {}
        }
        order::reckon(ctx, tx, row, returned).await?;
        order::pay_back_again(ctx, tx, row).await?;
    }
    let before = json!({ "state": states.0 });
    let after = json!({ "state": states.1, "refund": failed.id, "amount": amount, "reason": failed.reason });
    let about = subject(card);
    ctx.audit_change(tx, ("payment.refund_failed", &about), &before, &after)
        .await?;
    follow(ctx, tx, card, message).await
}

/// Notes that what came though it was called over stays here, since its card's bank did not take it back.
/// `cause` is another one each time.
///
/// # Errors
/// Where the database does.
pub(crate) async fn kept(ctx: &Ctx, tx: &mut Tx, key: &str, cause: &str) -> Result<Value> {
    let Some(card) = card::by_key(tx, key).await? else {
        return Ok(json!({ "late": true }));
    };
    let saga = match card.order_id {
        Some(order) => saga::lock(tx, &[order]).await?.pop(),
        None => None,
    };
    let (before, after) = stays(ctx, tx, &card, saga.as_ref()).await?;
    let before = json!({ "state": before });
    let after = json!({ "state": after, "amount": card.amount });
    let about = subject(&card);
    ctx.audit_change(tx, ("payment.refund_failed", &about), &before, &after)
        .await?;
    if card.order_id.is_none() {
        wallet::follow_card(ctx, tx, key, cause).await?;
    }
    Ok(json!({ "kept": card.amount }))
}

/// Gives money that could not go back to its card to whom it is for: an order's payment has it again, or the
/// wallet that it was to top up. How the order's payment stood, and stands.
async fn stays(
    ctx: &Ctx,
    tx: &mut Tx,
    card: &CardPayment,
    saga: Option<&SagaRow>,
) -> Result<(Value, Value)> {
    let nothing = (Value::Null, Value::Null);
    let Some(row) = saga else {
        if card.order_id.is_none() {
            wallet::credit_card(ctx, tx, card).await?;
        }
        return Ok(nothing);
    };
    let (order, now) = (row.order_id, ctx.now());
    let before = payment::of_order(tx, order).await?;
    let intent = card.intent_id.as_deref().unwrap_or_default();
    if !payment::recovered(tx, order, intent, now).await? {
        return Ok(nothing);
    }
    let before = json!(before.map(|payment| payment.state.key()));
    let after = match settle::state_of(row)?.phase {
        // It was given back elsewhere: the step that gives it back has it to do.
        Phase::Back {
            reached: Some(reached),
            ..
        } if reached >= Step::Pay => {
            payment::refunding(tx, &[order], now).await?;
            PaymentState::Refunding
        }
        _ => PaymentState::Charged,
    };
    Ok((before, json!(after.key())))
}

/// Whoever has the card asks their bank for the money, or has done so: administrators are to see it.
async fn disputed(ctx: &Ctx, tx: &mut Tx, action: (&str, &str), dispute: &Dispute) -> Result<()> {
    let after = json!({ "dispute": dispute.id, "amount": dispute.amount, "status": dispute.status,
        "reason": dispute.reason });
    ctx.audit_change(tx, action, &json!({}), &after).await
}

/// What the audit log names a payment by: its order, where it is for one.
fn subject(card: &CardPayment) -> String {
    card.order_id
        .map_or_else(|| card.key.clone(), |order| order.to_string())
}

/// Writes what has become of a payment by card that nobody here asked for.
async fn audit_state(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &str,
    card: &CardPayment,
    now: PaymentState,
) -> Result<()> {
    let before = match card.state {
        CardState::Open => "OPEN",
        CardState::Charged => PaymentState::Charged.key(),
        CardState::Declined(_) => PaymentState::Declined.key(),
        CardState::Void => "VOID",
        CardState::Refunded => PaymentState::Refunded.key(),
    };
    let told = |state: &str, returned: i64| json!({ "state": state, "returned": returned });
    let subject = subject(card);
    let after = told(now.key(), card.amount);
    ctx.audit_change(
        tx,
        (action, &subject),
        &told(before, card.returns.returned()),
        &after,
    )
    .await
}

fn is_at(row: &SagaRow, phase: Phase) -> Result<bool> {
    Ok(settle::state_of(row)?.phase == phase)
}

/// Ends the step that pays or gives back, as its job would.
async fn end(
    ctx: &Ctx,
    tx: &mut Tx,
    row: &SagaRow,
    direction: Direction,
    found: Found,
) -> Result<()> {
    let asked_at = payment::of_order(tx, row.order_id).await?;
    let end = StepEnd {
        ctx: ctx.clone(),
        order: row.order_id,
        step: Step::Pay,
        direction,
        found,
        failures: 0,
        started_at: asked_at.map_or(ctx.now(), |payment| payment.updated_at),
    };
    settle::end(tx, &end).await
}
