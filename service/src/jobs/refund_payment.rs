//! Gives back a part of a payment, or what is left of it: the job is the promise that whoever was promised
//! money gets it, once. Its key is the refund's, which was stored before the gateway is asked.

use super::{Job, JobError, Outcome, Queue, Retry, Run};
use crate::Error;
use crate::gateways::{GatewayError, RefundRequest};
use crate::order::settle::subject;
use domain::problem::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use storage::{payment, refund};
use uuid::Uuid;

/// Gives back what a refund promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundPayment {
    /// The refund.
    pub refund: Uuid,
    /// The order.
    pub order: Uuid,
}

impl Job for RefundPayment {
    const KIND: &'static str = "payment.refund";
    const QUEUE: Queue = Queue::PaymentProcessing;
    // Money that has to go back goes back, however long it takes.
    const RETRY: Retry = Retry::Exponential {
        base: Duration::from_secs(1),
        most: Duration::from_secs(600),
        attempts: 100_000,
    };

    fn subject(&self) -> Option<String> {
        Some(subject(self.order))
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move {
            let mut tx = run.ctx.read().await?;
            let row = refund::get(&mut tx, self.refund)
                .await
                .map_err(Error::from)?;
            let row = row.ok_or(JobError::Final(Problem::NotFound))?;
            let payment = payment::of_order(&mut tx, self.order)
                .await
                .map_err(Error::from)?;
            let payment = payment.ok_or(JobError::Final(Problem::NotFound))?;
            drop(tx);
            if row.state != "REQUESTED" {
                return Ok(Outcome::Result(json!({ "late": true })));
            }
            let request = RefundRequest {
                key: row.key.clone(),
                charge_key: payment.key,
                amount: row.amount,
                currency: row.currency.clone(),
                account: run.owner.ok_or(JobError::Final(Problem::NotFound))?,
                order: Some(self.order),
                attempt: run.failures,
            };
            let gateways = &run.ctx.institution.gateways;
            let reference = match gateways.refund_part(payment.gateway, &request).await {
                Ok(refunded) => refunded.reference,
                // A cancellation has given all of it back meanwhile; or the card's bank did not take it, and
                // would not either the next time.
                Err(
                    GatewayError::Refused
                    | GatewayError::ReturnFailed
                    | GatewayError::Declined { .. },
                ) => {
                    let known = Arc::new((run.ctx.clone(), row));
                    return Ok(Outcome::Effect(Box::new(move |tx| {
                        let known = Arc::clone(&known);
                        async move { crate::order::refund_refused(&known.0, tx, &known.1).await }
                            .boxed()
                    })));
                }
                Err(GatewayError::BreakerOpen { until }) => return Err(JobError::Later(until)),
                Err(error) => {
                    run.log(&error.to_string());
                    return Err(JobError::Passing(Error::Internal(error.to_string())));
                }
            };
            let known = Arc::new((run.ctx.clone(), row, reference));
            Ok(Outcome::Effect(Box::new(move |tx| {
                let known = Arc::clone(&known);
                async move {
                    let (ctx, row, reference) = &*known;
                    crate::order::refund_made(ctx, tx, row, reference.as_deref()).await
                }
                .boxed()
            })))
        }
        .boxed()
    }
}
