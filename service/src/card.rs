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
//!   is noted as refunded, and a step that pays looks at once.

use crate::ctx::{Actor, Ctx};
use crate::gateways::stripe::{StripeEvent, Told};
use crate::jobs::{self, return_card::ReturnCard};
use crate::order::settle::{self, Found, StepEnd};
use crate::{Error, Result};
use domain::payment::PaymentState;
use domain::problem::Problem;
use domain::saga::{Direction, Phase, Step};
use serde_json::json;
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
        take(&ctx, &mut tx, &card, &intent, told).await?;
    }
    tx.commit().await?;
    tracing::info!(event_id = event.id, kind = event.kind, "a gateway told");
    Ok(())
}

async fn take(ctx: &Ctx, tx: &mut Tx, card: &CardPayment, intent: &str, told: Told) -> Result<()> {
    // Nobody moves it on meanwhile.
    let saga = match card.order_id {
        Some(order) => saga::lock(tx, &[order]).await?.pop(),
        None => None,
    };
    match told {
        Told::Succeeded => succeeded(ctx, tx, card, intent, saga.as_ref()).await,
        Told::Declined => declined(ctx, tx, card, saga.as_ref()).await,
        Told::Refunded => refunded(ctx, tx, card, saga.as_ref()).await,
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
    ctx.audit_change(tx, (action, &subject), &told(before, 0), &after)
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
