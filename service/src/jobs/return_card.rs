//! Gives money back that came from a card though its payment was called over: nobody waits for it any more.
//! Where the card's bank does not take it, it stays, for whom it was for.

use super::order_steps::RETURNING;
use super::{Job, JobError, Outcome, Queue, Retry, Run, Unique};
use crate::Error;
use crate::gateways::{GatewayError, RefundRequest};
use domain::payment::GatewayKind;
use domain::problem::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use storage::card::CardPayment;
use storage::job::Scope;
use uuid::Uuid;

/// Gives a charge of the owner's card back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnCard {
    /// The key of the charge.
    key: String,
    /// How much, in minor units.
    amount: i64,
    /// Of which currency.
    currency: String,
    /// The order that it was for.
    order: Option<Uuid>,
}

impl ReturnCard {
    /// Of this payment.
    #[must_use]
    pub fn of(card: &CardPayment) -> Self {
        Self {
            key: card.key.clone(),
            amount: card.amount,
            currency: card.currency.clone(),
            order: card.order_id,
        }
    }
}

impl Job for ReturnCard {
    const KIND: &'static str = "card.return";
    const QUEUE: Queue = Queue::PaymentProcessing;
    const RETRY: Retry = RETURNING;

    fn unique(&self) -> Option<Unique> {
        Some(Unique {
            key: self.key.clone(),
            scope: Scope::Living,
            period: None,
        })
    }

    fn subject(&self) -> Option<String> {
        self.order.map(crate::order::settle::subject)
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move {
            let known = Arc::new((run.ctx.clone(), self.key.clone(), run.id));
            let request = RefundRequest {
                key: format!("{}:return", self.key),
                charge_key: self.key,
                amount: self.amount,
                currency: self.currency,
                account: run.owner.ok_or(JobError::Final(Problem::NotFound))?,
                order: self.order,
                attempt: run.failures,
            };
            let gateways = &run.ctx.institution.gateways;
            match gateways.refund(GatewayKind::Stripe, &request).await {
                Ok(refunded) => Ok(Outcome::Result(json!({ "refund": refunded.reference }))),
                Err(GatewayError::ReturnFailed) => Ok(Outcome::Effect(Box::new(move |tx| {
                    let known = Arc::clone(&known);
                    async move {
                        let (ctx, key, job) = &*known;
                        crate::card::kept(ctx, tx, key, &job.to_string()).await
                    }
                    .boxed()
                }))),
                Err(GatewayError::BreakerOpen { until }) => Err(JobError::Later(until)),
                Err(error) => Err(JobError::Passing(Error::Internal(error.to_string()))),
            }
        }
        .boxed()
    }
}
