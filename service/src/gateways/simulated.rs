//! The simulated gateway: it takes its time, says no now and then, and keeps a ledger of its own.
//!
//! One task writes the ledger. It takes what has come while its last transaction ran and does all of it
//! in the next one, in a handful of statements: see [`crate::jobs::engine`]. Look-ups go the same way, so
//! that one that comes after a charge sees it.

use super::settings::{Act, Asked, GatewaySettings, Operation};
use super::{
    Answer, ChargeRequest, Charged, GatewayError, PaymentGateway, RefundRequest, Refunded, Source,
    unavailable,
};
use crate::{Error, Result};
use domain::payment::{DeclineReason, FraudRules, Verdict};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use storage::ledger::{self, Charge, Decision, Ledger, NewCharge, NewRefund};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The most that one transaction takes in: a bound to how long the others wait for it.
const BATCH_MOST: usize = 512;
/// How many calls may wait; whoever has more to ask waits with them.
const CALLS: usize = 4096;

/// The simulated gateway.
#[derive(Debug)]
pub(super) struct Simulator {
    settings: GatewaySettings,
    ledger: Ledger,
    calls: mpsc::Sender<Call>,
    source: Source,
}

/// What the ledger is asked.
#[derive(Debug)]
struct Call {
    what: What,
    /// Takes the charge as it stands afterwards, where there is one.
    reply: oneshot::Sender<Answer<Option<Charge>>>,
}

#[derive(Debug)]
enum What {
    /// To write a charge down.
    Charge(NewCharge),
    /// To write a refund down; before it, where there is no such charge, that there never will be one.
    Refund(NewRefund, NewCharge),
    /// Nothing.
    LookUp(String),
}

impl What {
    fn charge_key(&self) -> &str {
        match self {
            Self::Charge(charge) => &charge.key,
            Self::Refund(refund, _) => &refund.charge_key,
            Self::LookUp(key) => key,
        }
    }
}

/// What is made of a call.
struct Course {
    act: Act,
    delay: Duration,
}

impl Simulator {
    /// Starts the task that writes the ledger. It ends when nobody holds the gateway any more.
    pub fn start(settings: GatewaySettings, ledger: Ledger, source: Source) -> Self {
        let (sender, calls) = mpsc::channel(CALLS);
        let writer = Writer {
            ledger: ledger.clone(),
            fraud: settings.fraud,
            calls,
        };
        tokio::spawn(writer.run());
        Self {
            settings,
            ledger,
            calls: sender,
            source,
        }
    }

    /// What the script says, or else chance.
    fn course(&self, asked: &Asked<'_>) -> Course {
        let Asked {
            operation,
            key,
            amount,
            attempt,
            ..
        } = *asked;
        let drawn = self
            .settings
            .rates
            .simulate(self.settings.seed, key, amount, attempt);
        let chance = match drawn.verdict {
            // It would be the same each time.
            _ if operation == Operation::LookUp => Act::Approve,
            Verdict::Approved if drawn.answer_lost => Act::TimeOutAfter,
            Verdict::Approved => Act::Approve,
            Verdict::Transient => Act::Transient,
            Verdict::Declined(reason) => Act::Decline(reason),
        };
        let act = self.settings.script.act(asked).unwrap_or(chance);
        let delay = if self.settings.delay {
            // Half of it before anything is done, and half after.
            Duration::from_millis(u64::try_from(drawn.delay_ms / 2).unwrap_or_default())
        } else {
            Duration::ZERO
        };
        Course { act, delay }
    }

    /// Does what a call asks for, unless its course is another.
    async fn follow(&self, course: &Course, what: What) -> Answer<Option<Charge>> {
        pause(course.delay).await;
        match course.act {
            Act::Transient => return Err(GatewayError::Transient),
            Act::Unavailable => return Err(GatewayError::Unavailable),
            Act::TimeOutBefore => return Err(GatewayError::TimedOut),
            Act::Approve | Act::Decline(_) | Act::TimeOutAfter => {}
        }
        let (reply, answer) = oneshot::channel();
        let call = Call { what, reply };
        if self.calls.send(call).await.is_err() {
            return Err(GatewayError::Unavailable);
        }
        let charge = answer.await.unwrap_or(Err(GatewayError::Unavailable))?;
        pause(course.delay).await;
        if course.act == Act::TimeOutAfter {
            return Err(GatewayError::TimedOut);
        }
        Ok(charge)
    }

    /// Writes a part down that goes back. Parts are few: each is a transaction of its own.
    async fn write_part(&self, part: &NewRefund, amount: i64) -> Answer<Option<String>> {
        let mut tx = self.ledger.db().write().await.map_err(unavailable)?;
        let reference = ledger::refund_part(&mut tx, part, amount).await;
        let reference = reference.map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)?;
        Ok(reference)
    }

    fn reference(&self, kind: &str) -> String {
        format!("{kind}_{}", self.source.next_id().simple())
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

impl PaymentGateway for Simulator {
    fn charge<'a>(&'a self, request: &'a ChargeRequest) -> BoxFuture<'a, Answer<Charged>> {
        async move {
            let course = self.course(&Asked {
                operation: Operation::Charge,
                key: &request.key,
                amount: request.amount,
                order: request.order,
                attempt: request.attempt,
            });
            let decision = match course.act {
                Act::Decline(reason) => Decision::Declined(reason),
                _ => Decision::Approved,
            };
            let charge = NewCharge {
                reference: self.reference("charge"),
                key: request.key.clone(),
                account_id: request.account,
                order_id: request.order,
                amount: request.amount,
                currency: request.currency.clone(),
                decision,
                at: self.source.clock.now(),
            };
            let charge = self.follow(&course, What::Charge(charge)).await?;
            let charge = charge.ok_or(GatewayError::Unavailable)?;
            if charge.amount != request.amount || charge.currency != request.currency {
                tracing::error!(key = charge.key, "the key of another charge was used");
                return Err(GatewayError::Refused);
            }
            match charge.decision {
                Decision::Declined(reason) => Err(GatewayError::Declined { reason }),
                Decision::Approved if charge.is_kept() => Ok(Charged {
                    reference: charge.reference,
                }),
                Decision::Approved | Decision::Void => Err(GatewayError::Declined {
                    reason: DeclineReason::Voided,
                }),
            }
        }
        .boxed()
    }

    fn refund<'a>(&'a self, request: &'a RefundRequest) -> BoxFuture<'a, Answer<Refunded>> {
        async move {
            let course = self.course(&Asked {
                operation: Operation::Refund,
                key: &request.key,
                amount: request.amount,
                order: request.order,
                attempt: request.attempt,
            });
            let at = self.source.clock.now();
            let refund = NewRefund {
                charge_key: request.charge_key.clone(),
                key: request.key.clone(),
                reference: self.reference("refund"),
                at,
            };
            let void = NewCharge {
                key: request.charge_key.clone(),
                reference: self.reference("void"),
                account_id: request.account,
                order_id: request.order,
                amount: request.amount,
                currency: request.currency.clone(),
                decision: Decision::Void,
                at,
            };
            let charge = self.follow(&course, What::Refund(refund, void)).await?;
            let charge = charge.ok_or(GatewayError::Unavailable)?;
            if charge.is_kept() {
                tracing::error!(key = charge.key, "the key of another refund was used");
                return Err(GatewayError::Refused);
            }
            Ok(Refunded {
                reference: charge.refund_reference,
            })
        }
        .boxed()
    }

    fn refund_part<'a>(&'a self, request: &'a RefundRequest) -> BoxFuture<'a, Answer<Refunded>> {
        async move {
            let course = self.course(&Asked {
                operation: Operation::Refund,
                key: &request.key,
                amount: request.amount,
                order: request.order,
                attempt: request.attempt,
            });
            pause(course.delay).await;
            match course.act {
                Act::Transient => return Err(GatewayError::Transient),
                Act::Unavailable => return Err(GatewayError::Unavailable),
                Act::TimeOutBefore => return Err(GatewayError::TimedOut),
                Act::Approve | Act::Decline(_) | Act::TimeOutAfter => {}
            }
            let part = NewRefund {
                charge_key: request.charge_key.clone(),
                key: request.key.clone(),
                reference: self.reference("part"),
                at: self.source.clock.now(),
            };
            let reference = self.write_part(&part, request.amount).await?;
            pause(course.delay).await;
            if course.act == Act::TimeOutAfter {
                return Err(GatewayError::TimedOut);
            }
            match reference {
                Some(reference) => Ok(Refunded {
                    reference: Some(reference),
                }),
                None => Err(GatewayError::Refused),
            }
        }
        .boxed()
    }

    fn look_up<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Answer<Option<Charged>>> {
        async move {
            let course = self.course(&Asked {
                operation: Operation::LookUp,
                key,
                amount: 0,
                order: None,
                attempt: 0,
            });
            let charge = self.follow(&course, What::LookUp(key.to_owned())).await?;
            Ok(charge.filter(Charge::is_kept).map(|charge| Charged {
                reference: charge.reference,
            }))
        }
        .boxed()
    }
}

/// Writes the ledger.
struct Writer {
    ledger: Ledger,
    fraud: Option<FraudRules>,
    calls: mpsc::Receiver<Call>,
}

impl Writer {
    async fn run(mut self) {
        while let Some(first) = self.calls.recv().await {
            let mut batch = vec![first];
            while batch.len() < BATCH_MOST {
                match self.calls.try_recv() {
                    Ok(call) => batch.push(call),
                    Err(_) => break,
                }
            }
            self.settle(batch).await;
        }
    }

    /// Does what was asked for, and tells everybody.
    async fn settle(&self, batch: Vec<Call>) {
        match self.write(&batch).await {
            Ok(charges) => deliver(batch, &charges),
            // One of them cannot be written: each is tried by itself, so that the others can.
            Err(error) if batch.len() > 1 && !error.is_passing() => {
                for call in batch {
                    let alone = [call];
                    match self.write(&alone).await {
                        Ok(charges) => deliver(alone, &charges),
                        Err(error) => refuse(alone, error),
                    }
                }
            }
            Err(error) => refuse(batch, error),
        }
    }

    /// Does everything in one transaction, and gives all charges that were asked for as they stand then.
    async fn write(&self, batch: &[Call]) -> Result<HashMap<String, Charge>> {
        let keys: HashSet<&str> = batch.iter().map(|call| call.what.charge_key()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut charges = Vec::new();
        let mut voids = Vec::new();
        let mut refunds = Vec::new();
        for call in batch {
            match &call.what {
                What::Charge(charge) => charges.push(charge.clone()),
                What::Refund(refund, void) => {
                    refunds.push(refund.clone());
                    voids.push(void.clone());
                }
                What::LookUp(_) => {}
            }
        }
        if charges.is_empty() && refunds.is_empty() {
            let mut tx = self.ledger.db().read().await?;
            return Ok(ledger::find(&mut tx, &keys).await?);
        }
        let mut tx = self.ledger.db().write().await?;
        if let Some(rules) = &self.fraud {
            suspect(&mut tx, rules, &keys, &mut charges).await?;
        }
        charges.extend(voids);
        ledger::charge(&mut tx, &charges).await?;
        if !refunds.is_empty() {
            ledger::refund(&mut tx, &refunds).await?;
        }
        let found = ledger::find(&mut tx, &keys).await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// Declines what looks like fraud. What was decided before is not looked at again.
async fn suspect(
    tx: &mut storage::Tx,
    rules: &FraudRules,
    keys: &[&str],
    charges: &mut [NewCharge],
) -> Result<()> {
    let known = ledger::find(tx, keys).await?;
    let accounts: HashSet<Uuid> = charges.iter().map(|charge| charge.account_id).collect();
    let accounts: Vec<Uuid> = accounts.into_iter().collect();
    let Some(now) = charges.iter().map(|charge| charge.at).max() else {
        return Ok(());
    };
    let since = now - rules.period;
    let mut recent = ledger::recent(tx, &accounts, since, rules.charges_most).await?;
    let mut seen = HashSet::new();
    for charge in charges {
        let new = !known.contains_key(&charge.key) && seen.insert(charge.key.clone());
        if !new || charge.decision != Decision::Approved {
            continue;
        }
        let so_far = recent.entry(charge.account_id).or_default();
        match rules.check(charge.amount, *so_far) {
            Ok(()) => *so_far += 1,
            Err(reason) => charge.decision = Decision::Declined(reason),
        }
    }
    Ok(())
}

fn deliver(batch: impl IntoIterator<Item = Call>, charges: &HashMap<String, Charge>) {
    for call in batch {
        let charge = charges.get(call.what.charge_key()).cloned();
        // Whoever asked may have gone; what was done stands.
        let _ = call.reply.send(Ok(charge));
    }
}

fn refuse(batch: impl IntoIterator<Item = Call>, error: Error) {
    let error = unavailable(error);
    for call in batch {
        let _ = call.reply.send(Err(error));
    }
}
