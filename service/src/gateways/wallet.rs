//! The wallet as a gateway: members pay from their balance here.
//!
//! Each call is one transaction on the institution's database. A charge is the transfer of its key, and
//! its refund one under a key that follows from that, so that there is one at most. A charge that is
//! called off before it was made leaves a transfer of nothing under its key.

use super::{
    Answer, ChargeRequest, Charged, GatewayError, PaymentGateway, RefundRequest, Refunded, Source,
    unavailable,
};
use domain::payment::DeclineReason;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use storage::wallet::{self, House, Moved, NewTransfer, Transfer, TransferKind};
use storage::{Db, Tx};
use uuid::Uuid;

/// The wallet as a gateway.
#[derive(Debug)]
pub(super) struct WalletGateway {
    db: Db,
    source: Source,
}

/// The key of a charge's refund.
fn refund_key(charge_key: &str) -> String {
    format!("{charge_key}:back")
}

fn reference(id: Uuid) -> String {
    id.simple().to_string()
}

/// What a payment took from the member, in minor units.
fn paid(transfer: &Transfer) -> i64 {
    let gained = transfer.member.as_ref().map_or(0, |(.., gained)| *gained);
    -gained
}

impl WalletGateway {
    pub const fn new(db: Db, source: Source) -> Self {
        Self { db, source }
    }

    async fn write(&self) -> Answer<Tx> {
        self.db.write().await.map_err(unavailable)
    }

    fn new_transfer<'a>(
        &self,
        key: &'a str,
        kind: TransferKind,
        owner: Uuid,
        order: Option<Uuid>,
    ) -> NewTransfer<'a> {
        NewTransfer {
            id: self.source.next_id(),
            account_ids: [self.source.next_id(), self.source.next_id()],
            key,
            kind,
            owner,
            house: House::Sales,
            amount: 0,
            currency: "",
            balance_most: i64::MAX,
            order_id: order,
            actor_id: None,
            note: "",
            at: self.source.clock.now(),
        }
    }

    async fn pay(&self, request: &ChargeRequest) -> Answer<Charged> {
        let mut tx = self.write().await?;
        let new = NewTransfer {
            amount: -request.amount,
            currency: &request.currency,
            ..self.new_transfer(
                &request.key,
                TransferKind::Payment,
                request.account,
                request.order,
            )
        };
        match wallet::transfer(&mut tx, &new).await.map_err(unavailable)? {
            Moved::Now => {
                tx.commit().await.map_err(unavailable)?;
                Ok(Charged {
                    reference: reference(new.id),
                })
            }
            Moved::Refused => {
                drop(tx);
                self.decline(request).await
            }
            Moved::Before(before) => known(&mut tx, request, &before).await,
        }
    }

    /// Declines for good what the balance did not suffice for: whoever asks again under the key is told
    /// the same, also after a top-up, since the order may have been given up by then.
    async fn decline(&self, request: &ChargeRequest) -> Answer<Charged> {
        let mut tx = self.write().await?;
        let reason = DeclineReason::InsufficientFunds;
        let nothing = NewTransfer {
            note: reason.key(),
            ..self.new_transfer(
                &request.key,
                TransferKind::Refund,
                request.account,
                request.order,
            )
        };
        let noted = wallet::transfer(&mut tx, &nothing).await;
        match noted.map_err(unavailable)? {
            Moved::Now => {
                tx.commit().await.map_err(unavailable)?;
                Err(GatewayError::Declined { reason })
            }
            // Another worker was faster.
            Moved::Before(before) => known(&mut tx, request, &before).await,
            // A transfer of nothing asks nothing of a balance.
            Moved::Refused => Err(GatewayError::Unavailable),
        }
    }

    async fn give_back(&self, request: &RefundRequest) -> Answer<Refunded> {
        let mut tx = self.write().await?;
        let (owner, order) = (request.account, request.order);
        let void = self.new_transfer(&request.charge_key, TransferKind::Refund, owner, order);
        if wallet::void(&mut tx, &void).await.map_err(unavailable)? {
            tx.commit().await.map_err(unavailable)?;
            return Ok(Refunded { reference: None });
        }
        let charge = wallet::by_key(&mut tx, &request.charge_key).await;
        let charge = charge
            .map_err(unavailable)?
            .ok_or(GatewayError::Unavailable)?;
        let key = refund_key(&request.charge_key);
        let refund = self.new_transfer(&key, TransferKind::Refund, owner, order);
        let refund = match &charge.member {
            Some((owner, currency, gained)) => {
                // Of two who give back for the same member, the second sees what the first has given.
                wallet::lock_owner(&mut tx, *owner)
                    .await
                    .map_err(unavailable)?;
                let left = match order {
                    Some(order) => wallet::paid(&mut tx, order).await.map_err(unavailable)?,
                    None => -gained,
                };
                NewTransfer {
                    owner: *owner,
                    currency,
                    amount: left.clamp(0, -gained),
                    ..refund
                }
            }
            None => refund,
        };
        let id = match wallet::transfer(&mut tx, &refund)
            .await
            .map_err(unavailable)?
        {
            Moved::Now => {
                tx.commit().await.map_err(unavailable)?;
                refund.id
            }
            Moved::Before(before) => before.id,
            Moved::Refused => {
                tracing::error!(key = request.key, "a wallet took no refund");
                return Err(GatewayError::Refused);
            }
        };
        Ok(Refunded {
            reference: Some(reference(id)),
        })
    }

    /// Gives back a part of what an order was paid with, under the key of the part.
    async fn give_back_part(&self, request: &RefundRequest) -> Answer<Refunded> {
        let order = request.order.ok_or(GatewayError::Refused)?;
        let mut tx = self.write().await?;
        let owner = request.account;
        wallet::lock_owner(&mut tx, owner)
            .await
            .map_err(unavailable)?;
        let before = wallet::by_key(&mut tx, &request.key).await;
        if let Some(before) = before.map_err(unavailable)? {
            let same = before.order_id == request.order
                && matches!(&before.member, Some((.., gained)) if *gained == request.amount);
            if !same {
                tracing::error!(key = request.key, "the key of another transfer was used");
                return Err(GatewayError::Refused);
            }
            return Ok(Refunded {
                reference: Some(reference(before.id)),
            });
        }
        let left = wallet::paid(&mut tx, order).await.map_err(unavailable)?;
        if request.amount > left {
            return Err(GatewayError::Refused);
        }
        let part = NewTransfer {
            amount: request.amount,
            currency: &request.currency,
            ..self.new_transfer(&request.key, TransferKind::Refund, owner, request.order)
        };
        match wallet::transfer(&mut tx, &part)
            .await
            .map_err(unavailable)?
        {
            Moved::Now => {
                tx.commit().await.map_err(unavailable)?;
                Ok(Refunded {
                    reference: Some(reference(part.id)),
                })
            }
            Moved::Before(_) | Moved::Refused => {
                tracing::error!(key = request.key, "a wallet took no part of a refund");
                Err(GatewayError::Refused)
            }
        }
    }

    async fn find(&self, key: &str) -> Answer<Option<Charged>> {
        let mut tx = self.db.read().await.map_err(unavailable)?;
        let found = wallet::by_key(&mut tx, key).await.map_err(unavailable)?;
        let made = found.filter(|transfer| transfer.kind == TransferKind::Payment);
        let Some(charge) = made else {
            return Ok(None);
        };
        if is_refunded(&mut tx, key).await? {
            return Ok(None);
        }
        Ok(Some(Charged {
            reference: reference(charge.id),
        }))
    }
}

/// What came of a charge whose key is known already.
async fn known(tx: &mut Tx, request: &ChargeRequest, before: &Transfer) -> Answer<Charged> {
    if before.kind != TransferKind::Payment {
        let declined = before.note == DeclineReason::InsufficientFunds.key();
        return Err(GatewayError::Declined {
            reason: if declined {
                DeclineReason::InsufficientFunds
            } else {
                DeclineReason::Voided
            },
        });
    }
    if is_refunded(tx, &request.key).await? {
        return Err(GatewayError::Declined {
            reason: DeclineReason::Voided,
        });
    }
    let same = match &before.member {
        Some((owner, currency, _)) => *owner == request.account && *currency == request.currency,
        None => true,
    };
    if !same || paid(before) != request.amount {
        tracing::error!(key = request.key, "the key of another charge was used");
        return Err(GatewayError::Refused);
    }
    Ok(Charged {
        reference: reference(before.id),
    })
}

async fn is_refunded(tx: &mut Tx, charge_key: &str) -> Answer<bool> {
    let refund = wallet::by_key(tx, &refund_key(charge_key)).await;
    Ok(refund.map_err(unavailable)?.is_some())
}

impl PaymentGateway for WalletGateway {
    fn charge<'a>(&'a self, request: &'a ChargeRequest) -> BoxFuture<'a, Answer<Charged>> {
        self.pay(request).boxed()
    }

    fn refund<'a>(&'a self, request: &'a RefundRequest) -> BoxFuture<'a, Answer<Refunded>> {
        self.give_back(request).boxed()
    }

    fn refund_part<'a>(&'a self, request: &'a RefundRequest) -> BoxFuture<'a, Answer<Refunded>> {
        self.give_back_part(request).boxed()
    }

    fn look_up<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Answer<Option<Charged>>> {
        self.find(key).boxed()
    }
}
