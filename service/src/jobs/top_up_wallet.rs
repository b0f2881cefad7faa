//! Tops a wallet up by card: the job is the promise that whoever was charged gets the money.
//!
//! The card is charged under a key that follows from the member's; then the wallet is credited in the
//! transaction that acknowledges the job. Where that does not come about, the job runs again and is told
//! the same by the gateway. Where the gateway does not answer as it should again and again, the last
//! attempt charges no more: what was charged is credited, else the charge is called off for good. The job
//! is not over before the gateway has told which.

use super::{Job, JobError, Outcome, Queue, Retry, Run, Unique, micros};
use crate::Error;
use crate::gateways::{ChargeRequest, GatewayError, RefundRequest};
use domain::payment::{DeclineReason, GatewayKind};
use domain::problem::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use storage::card;
use storage::job::Scope;
use storage::wallet::{self, NewTransfer, TransferKind};
use uuid::Uuid;

/// How long the last attempt waits before it asks again.
const PAUSE: Duration = Duration::from_secs(5);

/// Tops the owner's wallet up by card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopUpWallet {
    /// What the member named it by.
    pub name: String,
    /// By how much, in minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// Who asks the card.
    #[serde(default = "simulated")]
    pub gateway: GatewayKind,
    /// The gateway's name of the card, where it needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// Who asked cards when that was not written down.
const fn simulated() -> GatewayKind {
    GatewayKind::Simulated
}

/// What came of it, as its result tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TopUpResult {
    /// The money is in the wallet, by this transfer.
    Transfer(Uuid),
    /// The card was declined.
    Declined(DeclineReason),
    /// The card could not be asked; nothing was taken.
    CalledOff,
}

impl TopUpResult {
    /// What a job's result tells.
    #[must_use]
    pub fn of(result: Value) -> Option<Self> {
        serde_json::from_value(result).ok()
    }
}

/// Under which key the card is charged, and the wallet credited.
#[must_use]
pub fn key(owner: Uuid, name: &str) -> String {
    format!("top-up:{owner}:{name}")
}

impl Job for TopUpWallet {
    const KIND: &'static str = "wallet.top_up";
    const QUEUE: Queue = Queue::PaymentProcessing;
    // Somebody waits for it.
    const RETRY: Retry = Retry::Exponential {
        base: Duration::from_millis(500),
        most: Duration::from_secs(30),
        attempts: 6,
    };
    const PRIORITY: i64 = 50;

    fn unique(&self) -> Option<Unique> {
        Some(Unique {
            key: self.name.clone(),
            scope: Scope::Kept,
            period: None,
        })
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move {
            let owner = run.owner.ok_or(JobError::Final(Problem::NotFound))?;
            let key = key(owner, &self.name);
            if run.last {
                return self.settle(run, owner, key).await;
            }
            let gateways = &run.ctx.institution.gateways;
            let request = ChargeRequest {
                key: key.clone(),
                amount: self.amount,
                currency: self.currency.clone(),
                account: owner,
                order: None,
                method: self.method.clone(),
                attempt: run.failures,
            };
            match gateways.charge(self.gateway, &request).await {
                Ok(_) => Ok(self.credit(run, owner, key)),
                Err(GatewayError::Declined { reason }) => result(&TopUpResult::Declined(reason)),
                Err(GatewayError::BreakerOpen { until }) => Err(JobError::Later(until)),
                Err(
                    GatewayError::Transient
                    | GatewayError::TimedOut
                    | GatewayError::Unavailable
                    | GatewayError::Refused
                    | GatewayError::ReturnFailed,
                ) => Err(JobError::Passing(Problem::Unavailable.into())),
            }
        }
        .boxed()
    }
}

fn result(result: &TopUpResult) -> Result<Outcome, JobError> {
    let value = serde_json::to_value(result).map_err(Error::internal)?;
    Ok(Outcome::Result(value))
}

impl TopUpWallet {
    /// Credits the wallet, once, whatever it holds: the card was charged.
    fn credit(self, run: Run, owner: Uuid, key: String) -> Outcome {
        let known = Arc::new((self, run, key));
        Outcome::Effect(Box::new(move |tx| {
            let known = Arc::clone(&known);
            async move {
                let (job, run, key) = &*known;
                if job.gateway == GatewayKind::Stripe {
                    // First, as whoever hears of the card does: otherwise each may wait for the other.
                    card::lock_by_key(tx, key).await?;
                }
                let paid = (job.amount, job.currency.as_str());
                let new = NewTransfer {
                    id: run.id,
                    ..crate::wallet::by_card(&run.ctx, TransferKind::TopUp, owner, key, paid)
                };
                let transfer = match wallet::transfer(tx, &new).await? {
                    wallet::Moved::Now => {
                        if job.gateway == GatewayKind::Stripe {
                            // Some of it may have gone back already.
                            crate::wallet::follow_card(&run.ctx, tx, key, "credit").await?;
                        }
                        new.id
                    }
                    wallet::Moved::Before(transfer) => transfer.id,
                    wallet::Moved::Refused => {
                        return Err(Error::internal("a wallet took no top-up"));
                    }
                };
                Ok(json!(TopUpResult::Transfer(transfer)))
            }
            .boxed()
        }))
    }

    /// Finds out whether the card was charged, or else sees to it that it never will be.
    async fn settle(self, run: Run, owner: Uuid, key: String) -> Result<Outcome, JobError> {
        let gateways = &run.ctx.institution.gateways;
        let found = gateways.look_up(self.gateway, &key).await;
        if found.map_err(|error| later(&run, error))?.is_some() {
            return Ok(self.credit(run, owner, key));
        }
        let request = RefundRequest {
            key: format!("{key}:off"),
            charge_key: key.clone(),
            amount: self.amount,
            currency: self.currency.clone(),
            account: owner,
            order: None,
            // It runs again without a failure more: the moment tells the attempts apart.
            attempt: run.started_at,
        };
        match gateways.refund(self.gateway, &request).await {
            Ok(_) => result(&TopUpResult::CalledOff),
            // The card was charged, and the money could not go back.
            Err(GatewayError::ReturnFailed) => Ok(self.credit(run, owner, key)),
            Err(error) => Err(later(&run, error)),
        }
    }
}

/// When the last attempt asks again.
fn later(run: &Run, error: GatewayError) -> JobError {
    JobError::Later(match error {
        GatewayError::BreakerOpen { until } => until,
        _ => run.ctx.now() + micros(PAUSE),
    })
}
