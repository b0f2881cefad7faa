//! The steps of orders' sagas as jobs, each in the queue of what it touches.
//!
//! A step that only writes to the database runs in the transaction that acknowledges it; paying and
//! refunding call a gateway first. Each may run twice: the keys of a payment exist before anything is
//! asked of the gateway, and a step whose saga has gone on changes nothing.

use super::{Job, JobError, Outcome, Queue, Retry, Run, Share, Unique, new_job};
use crate::ctx::Ctx;
use crate::gateways::{ChargeRequest, GatewayError, RefundRequest};
use crate::order::settle::{self, Found, StepEnd, subject};
use crate::{Error, Result};
use domain::order::CancelReason;
use domain::problem::Problem;
use domain::saga::{Direction, Phase, Step};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use storage::job::{NewJob, Scope};
use storage::{payment, saga};
use uuid::Uuid;

/// How many sagas are looked after at once.
const CHUNK: i64 = 500;
/// How long a saga without a job may stand still before it is taken up again, in microseconds.
const STRANDED: i64 = 60_000_000;

/// A step to be done or undone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    order: Uuid,
    step: Step,
    direction: Direction,
}

impl Task {
    fn end(&self, run: &Run, found: Found) -> Share {
        Arc::new(StepEnd {
            ctx: run.ctx.clone(),
            order: self.order,
            step: self.step,
            direction: self.direction,
            found,
            failures: run.failures,
            started_at: run.started_at,
        })
    }

    fn ended(&self, run: &Run, found: Found) -> Outcome {
        Outcome::Shared(settle::write, self.end(run, found))
    }
}

/// Declares a kind of step.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident($kind:literal, $queue:ident, $retry:expr, $run:path);)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Task);

        impl Job for $name {
            const KIND: &'static str = $kind;
            const QUEUE: Queue = Queue::$queue;
            const RETRY: Retry = $retry;

            fn subject(&self) -> Option<String> {
                Some(subject(self.0.order))
            }

            fn run(self, run: Run) -> BoxFuture<'static, std::result::Result<Outcome, JobError>> {
                $run(self.0, run).boxed()
            }
        })*
    };
}

/// A gateway gets some time to recover; meanwhile a member waits.
const PAYING: Retry = Retry::Exponential {
    base: Duration::from_millis(500),
    most: Duration::from_secs(20),
    attempts: 6,
};
/// Money that has to go back goes back, however long it takes.
pub(super) const RETURNING: Retry = Retry::Exponential {
    base: Duration::from_secs(1),
    most: Duration::from_secs(600),
    attempts: 100_000,
};

steps! {
    /// Looks for, keeps, takes or gives back portions.
    OrderStock("order.stock", InventoryProcessing, Retry::USUAL, write_here);
    /// Charges.
    OrderPay("order.pay", PaymentProcessing, PAYING, pay);
    /// Refunds.
    OrderRefund("order.refund", PaymentProcessing, RETURNING, refund);
    /// Tells the member.
    OrderNotify("order.notify", NotificationSending, Retry::USUAL, write_here);
    /// Hands an order to the kitchen.
    OrderComplete("order.complete", OrderProcessing, Retry::USUAL, write_here);
}

/// The job of a step.
pub(crate) fn job(
    ctx: &Ctx,
    owner: Uuid,
    order: Uuid,
    step: Step,
    direction: Direction,
) -> Result<NewJob> {
    let task = Task {
        order,
        step,
        direction,
    };
    let owner = Some(owner);
    match (step, direction) {
        (Step::VerifyStock | Step::Reserve | Step::ConfirmReservation, _) => {
            new_job(ctx, owner, &OrderStock(task), ctx.job)
        }
        (Step::Pay, Direction::Do) => new_job(ctx, owner, &OrderPay(task), ctx.job),
        (Step::Pay, Direction::Undo) => new_job(ctx, owner, &OrderRefund(task), ctx.job),
        (Step::SendConfirmation, _) => new_job(ctx, owner, &OrderNotify(task), ctx.job),
        (Step::Complete, _) => new_job(ctx, owner, &OrderComplete(task), ctx.job),
    }
}

async fn write_here(task: Task, run: Run) -> std::result::Result<Outcome, JobError> {
    Ok(task.ended(&run, Found::Here))
}

/// The order's payment, where the step is still to be run, and whether it is to be given up.
async fn pending(
    task: &Task,
    run: &Run,
) -> Result<Option<(payment::Payment, Option<CancelReason>)>> {
    let mut tx = run.ctx.read().await?;
    let Some(row) = saga::get(&mut tx, task.order).await? else {
        return Ok(None);
    };
    let state = settle::state_of(&row)?;
    let now = match (state.phase, task.direction) {
        (Phase::Forward(step), Direction::Do) | (Phase::Back { step, .. }, Direction::Undo) => {
            step == task.step
        }
        _ => false,
    };
    let known = if now {
        payment::of_order(&mut tx, task.order).await?
    } else {
        None
    };
    Ok(known.map(|payment| (payment, state.reason)))
}

async fn pay(task: Task, run: Run) -> std::result::Result<Outcome, JobError> {
    let Some((payment, reason)) = pending(&task, &run).await? else {
        return Ok(Outcome::Result(json!({ "late": true })));
    };
    if let Some(reason) = reason {
        // Cancelled or expired before it was paid, or while the answer was lost: nothing is asked any
        // more, and what may have been charged goes back.
        return Ok(task.ended(
            &run,
            Found::Exhausted(reason, json!({ "reason": reason.key() })),
        ));
    }
    let request = ChargeRequest {
        key: payment.key,
        amount: payment.amount,
        currency: payment.currency,
        account: run.owner.ok_or(JobError::Final(Problem::NotFound))?,
        order: Some(task.order),
        method: payment.method,
        attempt: run.failures,
    };
    let gateways = &run.ctx.institution.gateways;
    match gateways.charge(payment.gateway, &request).await {
        Ok(charged) => Ok(task.ended(&run, Found::Charged(charged.reference))),
        Err(GatewayError::Declined { reason }) => Ok(task.ended(&run, Found::Declined(reason))),
        Err(error) => failed(&task, &run, error, Some(CancelReason::PaymentUnavailable)),
    }
}

async fn refund(task: Task, run: Run) -> std::result::Result<Outcome, JobError> {
    let Some((payment, _)) = pending(&task, &run).await? else {
        return Ok(Outcome::Result(json!({ "late": true })));
    };
    let request = RefundRequest {
        key: payment.refund_key,
        charge_key: payment.key,
        amount: payment.amount,
        currency: payment.currency,
        account: run.owner.ok_or(JobError::Final(Problem::NotFound))?,
        order: Some(task.order),
        attempt: run.failures,
    };
    // What went back before, in parts, does not go back again.
    let returned = storage::refund::returned(
        &mut run.ctx.read().await.map_err(JobError::from)?,
        task.order,
    )
    .await
    .map_err(Error::from)?;
    let rest = payment.amount - returned;
    let gateways = &run.ctx.institution.gateways;
    match gateways.refund(payment.gateway, &request).await {
        Ok(refunded) => {
            let given = refunded.reference.map(|_| rest).filter(|rest| *rest > 0);
            Ok(task.ended(&run, Found::Refunded(given)))
        }
        // Whoever ends the step finds that the money is here.
        Err(GatewayError::ReturnFailed) => Ok(task.ended(&run, Found::Refunded(None))),
        Err(error) => failed(&task, &run, error, None),
    }
}

/// Waits while a breaker is open; otherwise has the failure noted at the step, and gives up after the last
/// one where it may.
fn failed(
    task: &Task,
    run: &Run,
    error: GatewayError,
    give_up: Option<CancelReason>,
) -> std::result::Result<Outcome, JobError> {
    if let GatewayError::BreakerOpen { until } = error {
        return Err(JobError::Later(until));
    }
    let told = json!({ "gateway": error.to_string() });
    run.log(&error.to_string());
    if let (true, Some(reason)) = (run.last, give_up) {
        return Ok(task.ended(run, Found::Exhausted(reason, told)));
    }
    Ok(Outcome::Failed(
        Error::Internal(error.to_string()),
        settle::write,
        task.end(run, Found::Failed(told)),
    ))
}

/// Ends reservations that were kept for long enough and offers that nobody answered, and takes up sagas and
/// top-ups again that nothing moves any more, as where a job was given up because its worker had died again
/// and again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TendOrders {}

impl Job for TendOrders {
    const KIND: &'static str = "order.tend";
    const QUEUE: Queue = Queue::OrderProcessing;
    const PRIORITY: i64 = 50;

    fn unique(&self) -> Option<Unique> {
        Some(Unique {
            key: String::new(),
            scope: Scope::Living,
            period: None,
        })
    }

    fn run(self, run: Run) -> BoxFuture<'static, std::result::Result<Outcome, JobError>> {
        async move {
            let mut expired = 0;
            loop {
                let seen = crate::order::expire(&run.ctx, CHUNK).await?;
                expired += seen;
                if seen < CHUNK as usize {
                    break;
                }
            }
            let mut unanswered = 0;
            loop {
                let seen = crate::order::expire_offers(&run.ctx, CHUNK).await?;
                unanswered += seen;
                if seen < CHUNK as usize {
                    break;
                }
            }
            let mut stranded = 0;
            loop {
                let seen = crate::order::take_up(&run.ctx, STRANDED, CHUNK).await?;
                stranded += seen;
                if seen < CHUNK as usize {
                    break;
                }
            }
            let top_ups = crate::wallet::revive(&run.ctx).await?;
            Ok(Outcome::Result(json!({
                "expired": expired,
                "unanswered": unanswered,
                "takenUp": stranded,
                "topUps": top_ups,
            })))
        }
        .boxed()
    }
}
