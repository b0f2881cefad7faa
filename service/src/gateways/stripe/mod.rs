//! Stripe as a gateway: members' cards, by names that Stripe gives them.
//!
//! A charge is an intent of Stripe's, and an intent takes money once, whoever confirms it and however often.
//! It is made first and written down under the charge's key; only the intent that is written down is
//! confirmed. So whatever is lost, repeated or done by two processes at once, a key takes money once. What
//! became of an intent is asked of Stripe before anything is done with it again.
//!
//! A card that was declined could be tried again under the same intent, and a charge whose answer was lost
//! may still be made. Before either is called over, its intent is cancelled at Stripe, which then takes no
//! money any more. A refund looks whether there is money, gives it back where there is, and else cancels.
//!
//! What was given back may be here again, since the card's bank did not take it. What Stripe said before of a
//! refund is looked at again before it is believed, and a refund that has failed is not asked for once more.

mod signature;
mod wire;

use super::{
    Answer, ChargeRequest, Charged, GatewayError, PaymentGateway, RefundRequest, Refunded, Source,
    unavailable,
};
use crate::{Error, Result};
use domain::payment::DeclineReason;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use storage::card::{self, CardPayment, CardState, NewCardPayment};
use storage::{Db, Tx};
use wire::{Api, CallError, Fault, Intent, Refund, Refunds, Refusal};

/// Where Stripe is.
pub const STRIPE: &str = "https://api.stripe.com";
/// How long one call may take: two of them fit into what the breaker allows for a charge.
pub const PATIENCE: Duration = Duration::from_millis(4500);
/// How often one charge or refund looks at its intent: it stands otherwise afterwards only where somebody
/// else has done something with it.
const LOOKS: usize = 4;

/// How Stripe is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct StripeSettings {
    /// Proves to Stripe who asks: `sk_…` or `rk_…`.
    pub key: String,
    /// Proves that what comes in comes from Stripe: `whsec_…`.
    pub webhook_secret: String,
    /// Lets pages give a card to Stripe, which gives it a name: `pk_…`. No secret. Absent, pages offer the
    /// cards that Stripe has for tests.
    pub publishable_key: Option<String>,
    /// Where Stripe is; somewhere else in tests.
    pub base: String,
    /// How long one call may take.
    pub timeout: Duration,
}

/// Secrets are for Stripe alone.
impl std::fmt::Debug for StripeSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StripeSettings")
            .field("base", &self.base)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl StripeSettings {
    /// Stripe itself, with a key and the secret of its messages.
    #[must_use]
    pub fn new(key: impl Into<String>, webhook_secret: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            webhook_secret: webhook_secret.into(),
            publishable_key: None,
            base: STRIPE.to_owned(),
            timeout: PATIENCE,
        }
    }

    /// Whether Stripe can be used so.
    ///
    /// # Errors
    /// What to set otherwise.
    pub fn check(&self) -> Result<()> {
        let refused = |said: &str| Err(Error::Internal(said.to_owned()));
        if self.key.is_empty() || self.webhook_secret.is_empty() {
            return refused(
                "Stripe needs both NUTRIFLOW_STRIPE_KEY and NUTRIFLOW_STRIPE_WEBHOOK_SECRET, or neither",
            );
        }
        if !self.is_test() && self.publishable_key.is_none() {
            return refused(
                "Stripe needs NUTRIFLOW_STRIPE_PUBLISHABLE_KEY too, with which pages ask for cards",
            );
        }
        let sound = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !sound(&self.key) || !sound(&self.webhook_secret) {
            return refused(
                "NUTRIFLOW_STRIPE_KEY and NUTRIFLOW_STRIPE_WEBHOOK_SECRET are of letters, digits and signs \
                 only: look for spaces and line breaks in them",
            );
        }
        if !wire::is_safe(&self.base) {
            return refused(
                "NUTRIFLOW_STRIPE_URL must begin with https://, since a secret is sent there; only this \
                 very machine may be reached by http://",
            );
        }
        Ok(())
    }

    /// Whether no real card is ever charged.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.key.starts_with("sk_test_") || self.key.starts_with("rk_test_")
    }

    /// Whether a message is Stripe's, and of now: `header` is its signature, `now` in microseconds.
    pub(crate) fn is_signed(&self, header: &str, body: &[u8], now: i64) -> bool {
        signature::is_sound(&self.webhook_secret, header, body, now)
    }
}

/// Something that Stripe tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StripeEvent {
    /// What Stripe calls it.
    pub id: String,
    /// `payment_intent.succeeded` and others.
    pub kind: String,
    /// When it happened, in seconds: what was told later may have happened before.
    pub created: i64,
    /// What has happened, where it is something that is listened to: to which intent, and what.
    pub told: Option<(String, Told)>,
}

/// What Stripe tells of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// It has taken the money.
    Succeeded,
    /// The card was declined for good.
    Declined,
    /// Some of the money has gone back, or all of it.
    Refunded {
        /// How much in all, in minor units.
        amount: i64,
        /// Whether nothing is left.
        whole: bool,
    },
    /// Money that was to go back, or had gone back, has come again.
    RefundFailed(FailedRefund),
    /// Whoever has the card wants the money back from their bank.
    Disputed(Dispute),
    /// That has ended.
    DisputeClosed(Dispute),
}

/// A refund of which nothing became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedRefund {
    /// What Stripe calls it.
    pub id: String,
    /// The key that it carries, where it was asked for from here.
    pub key: Option<String>,
    /// How much, in minor units.
    pub amount: i64,
    /// `lost_or_stolen_card` and others.
    pub reason: Option<String>,
}

/// A dispute about a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispute {
    /// What Stripe calls it.
    pub id: String,
    /// About how much, in minor units.
    pub amount: i64,
    /// `needs_response`, `won`, `lost` and others.
    pub status: String,
    /// `fraudulent`, `product_not_received` and others.
    pub reason: String,
}

/// Whether a text can be the name of something at Stripe.
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A name in an object of Stripe's.
fn named(object: &Value, field: &str) -> Option<String> {
    let text = object[field].as_str().filter(|text| is_name(text));
    text.map(str::to_owned)
}

impl FailedRefund {
    /// Reads a refund; nothing where it is none, or has not failed.
    fn read(object: &Value) -> Option<Self> {
        let refund: Refund = serde_json::from_value(object.clone()).ok()?;
        if !refund.has_failed() || !is_name(&refund.id) {
            return None;
        }
        Some(Self {
            key: named(&refund.metadata, "key"),
            amount: object["amount"].as_i64()?,
            reason: named(object, "failure_reason"),
            id: refund.id,
        })
    }
}

impl Dispute {
    fn read(object: &Value) -> Option<Self> {
        Some(Self {
            id: named(object, "id")?,
            amount: object["amount"].as_i64()?,
            status: named(object, "status")?,
            reason: named(object, "reason")?,
        })
    }
}

impl StripeEvent {
    /// Reads one; nothing where it is none.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Event {
            id: String,
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            created: i64,
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            // Of each kind of event another one: it is read where it is listened to.
            object: Value,
        }
        let event: Event = serde_json::from_slice(body).ok()?;
        if !is_name(&event.id) || !is_name(&event.kind) {
            return None;
        }
        let object = event.data.object;
        let of = |field: &str, told: Option<Told>| Some((named(&object, field)?, told?));
        let told = match event.kind.as_str() {
            "payment_intent.succeeded" => of("id", Some(Told::Succeeded)),
            "payment_intent.payment_failed" => {
                // What passes is tried again, and each try would be told of.
                let fault = serde_json::from_value(object["last_payment_error"].clone()).ok();
                let refusal = fault.map(|fault: Fault| fault.refusal());
                let declined = matches!(refusal, Some(Refusal::Declined(_)));
                of("id", declined.then_some(Told::Declined))
            }
            "charge.refunded" => {
                let whole = object["refunded"] == true;
                let amount = object["amount_refunded"].as_i64();
                let told = amount.map(|amount| Told::Refunded { amount, whole });
                of("payment_intent", told)
            }
            // One failure is told as each of them, as the version of the endpoint has it.
            "refund.failed" | "refund.updated" | "charge.refund.updated" => {
                let told = FailedRefund::read(&object).map(Told::RefundFailed);
                of("payment_intent", told)
            }
            "charge.dispute.created" => {
                let told = Dispute::read(&object).map(Told::Disputed);
                of("payment_intent", told)
            }
            "charge.dispute.closed" => {
                let told = Dispute::read(&object).map(Told::DisputeClosed);
                of("payment_intent", told)
            }
            _ => None,
        };
        Some(Self {
            id: event.id,
            kind: event.kind,
            created: event.created,
            told,
        })
    }
}

/// How an intent stands, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It can be confirmed.
    Ready,
    /// Its card is being asked.
    Asking,
    /// It has the money.
    Charged,
    /// It had the money.
    Returned,
    /// Its card was declined, and could be tried again.
    Declined(DeclineReason),
    /// It takes no money any more.
    Cancelled,
}

impl Standing {
    fn of(intent: &Intent) -> Self {
        match intent.status.as_str() {
            "succeeded" if intent.latest_charge["refunded"] == true => Self::Returned,
            "succeeded" => Self::Charged,
            "canceled" => Self::Cancelled,
            "processing" | "requires_capture" => Self::Asking,
            // Whoever pays would have to do something, and is not here.
            "requires_action" => Self::Declined(DeclineReason::CardDeclined),
            _ => match intent.last_payment_error.as_ref().map(Fault::refusal) {
                Some(Refusal::Declined(reason)) => Self::Declined(reason),
                Some(Refusal::Passing) | None => Self::Ready,
            },
        }
    }
}

/// Stripe as a gateway.
#[derive(Debug)]
pub(super) struct StripeGateway {
    api: Api,
    db: Db,
    source: Source,
}

fn declined(reason: DeclineReason) -> GatewayError {
    GatewayError::Declined { reason }
}

impl StripeGateway {
    pub fn new(settings: StripeSettings, db: Db, source: Source) -> Result<Self> {
        Ok(Self {
            api: Api::new(settings)?,
            db,
            source,
        })
    }

    async fn write(&self) -> Answer<Tx> {
        self.db.write().await.map_err(unavailable)
    }

    /// What is written down of a key.
    async fn known(&self, key: &str) -> Answer<Option<CardPayment>> {
        let mut tx = self.db.read().await.map_err(unavailable)?;
        card::by_key(&mut tx, key).await.map_err(unavailable)
    }

    /// Writes a payment down, or that there will be none, and gives what is written down under its key.
    async fn open(&self, new: &NewCardPayment<'_>) -> Answer<CardPayment> {
        let mut tx = self.write().await?;
        card::open(&mut tx, new).await.map_err(unavailable)?;
        let known = card::by_key(&mut tx, new.key).await.map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)?;
        known.ok_or(GatewayError::Unavailable)
    }

    /// Writes down how a payment stands; see [`Self::note_refunded`] for one that has gone back.
    async fn note(&self, key: &str, state: CardState) -> Answer<()> {
        let now = self.source.clock.now();
        let mut tx = self.write().await?;
        let noted = match state {
            CardState::Open | CardState::Refunded => Ok(false),
            CardState::Charged => card::charged(&mut tx, key, now).await,
            CardState::Declined(reason) => card::declined(&mut tx, key, reason, now).await,
            CardState::Void => card::void(&mut tx, key, now).await,
        };
        noted.map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)
    }

    /// Writes down that all of a payment's money has gone back; false where a refund of it has failed since it
    /// was read, so that it must be looked at again.
    async fn note_refunded(&self, known: &CardPayment, refund: Option<&str>) -> Answer<bool> {
        let mut tx = self.write().await?;
        let now = card::lock_by_key(&mut tx, &known.key)
            .await
            .map_err(unavailable)?;
        let failures = now.map(|now| now.returns.failures.len());
        if failures != Some(known.returns.failures.len()) {
            return Ok(false);
        }
        card::refunded(&mut tx, &known.key, refund, self.source.clock.now())
            .await
            .map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)?;
        Ok(true)
    }

    /// Writes down which refunds of a payment have failed, as Stripe knows it: the money is here.
    async fn note_failures(&self, key: &str, intent: &str) -> Answer<()> {
        let refunds = self.refunds(intent).await?;
        let mut tx = self.write().await?;
        let known = card::lock_by_key(&mut tx, key).await.map_err(unavailable)?;
        let mut returns = known.ok_or(GatewayError::Unavailable)?.returns;
        let mut news = false;
        for refund in refunds.iter().filter(|refund| refund.has_failed()) {
            news |= returns.fail(&refund.id, refund.amount, None);
        }
        if returns.failures.is_empty() {
            return Err(GatewayError::Transient);
        }
        let now = self.source.clock.now();
        if news {
            card::returned(&mut tx, key, &returns, now)
                .await
                .map_err(unavailable)?;
        }
        card::charged(&mut tx, key, now)
            .await
            .map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)
    }

    /// Makes an intent, which takes no money yet, and writes it down.
    async fn begin(&self, request: &ChargeRequest) -> Answer<CardPayment> {
        let amount = request.amount.to_string();
        let currency = request.currency.to_ascii_lowercase();
        let order = request.order.map(|order| order.to_string());
        let mut form = vec![
            ("amount", amount.as_str()),
            ("currency", currency.as_str()),
            ("payment_method_types[]", "card"),
            ("metadata[key]", request.key.as_str()),
        ];
        if let Some(order) = &order {
            form.push(("metadata[order]", order.as_str()));
        }
        let path = "payment_intents";
        let intent = match self.api.post::<Intent>(path, &form, &request.key).await {
            // It failed at Stripe once and would for ever. Of two intents one is written down.
            Err(CallError::Spent) => {
                let key = format!("{}:begin:{}", request.key, request.attempt);
                self.api.post::<Intent>(path, &form, &key).await?
            }
            answer => answer?,
        };
        self.open(&NewCardPayment {
            key: &request.key,
            account_id: request.account,
            order_id: request.order,
            amount: request.amount,
            currency: &request.currency,
            intent_id: Some(&intent.id),
            at: self.source.clock.now(),
        })
        .await
    }

    /// How an intent stands.
    async fn look(&self, intent: &str) -> Answer<Standing> {
        let path = format!("payment_intents/{intent}?expand%5B%5D=latest_charge");
        Ok(Standing::of(&self.api.get::<Intent>(&path).await?))
    }

    /// Has an intent take the money; nothing where it must be looked at again.
    async fn confirm(
        &self,
        intent: &str,
        method: &str,
        request: &ChargeRequest,
    ) -> Answer<Option<Standing>> {
        let form = [
            ("payment_method", method),
            ("error_on_requires_action", "true"),
        ];
        let key = format!("{}:confirm:{}", request.key, request.attempt);
        let path = format!("payment_intents/{intent}/confirm");
        match self.api.post::<Intent>(&path, &form, &key).await {
            Ok(intent) => Ok(Some(Standing::of(&intent))),
            Err(CallError::Fault(fault)) if fault.is_unexpected_state() => Ok(None),
            Err(error) => match GatewayError::from(error) {
                GatewayError::Declined { reason } => Ok(Some(Standing::Declined(reason))),
                error => Err(error),
            },
        }
    }

    /// Sees to it that an intent takes no money any more; false where it must be looked at again.
    async fn cancel(&self, intent: &str, key: &str, attempt: i64) -> Answer<bool> {
        let path = format!("payment_intents/{intent}/cancel");
        let key = format!("{key}:cancel:{attempt}");
        match self.api.post::<Intent>(&path, &[], &key).await {
            Ok(intent) => Ok(Standing::of(&intent) == Standing::Cancelled),
            Err(CallError::Fault(fault)) if fault.is_unexpected_state() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn take(&self, request: &ChargeRequest) -> Answer<Charged> {
        let Some(method) = request.method.as_deref() else {
            tracing::error!(key = request.key, "a charge names no card");
            return Err(GatewayError::Refused);
        };
        let (known, begun) = match self.known(&request.key).await? {
            Some(known) => (known, false),
            None => (self.begin(request).await?, true),
        };
        if known.amount != request.amount || known.currency != request.currency {
            tracing::error!(key = request.key, "the key of another charge was used");
            return Err(GatewayError::Refused);
        }
        let voided = declined(DeclineReason::Voided);
        let intent = match (known.state, known.intent_id.clone()) {
            (CardState::Charged, Some(reference)) => return Ok(Charged { reference }),
            (CardState::Declined(reason), _) => return Err(declined(reason)),
            (CardState::Open, Some(intent)) => intent,
            _ => return Err(voided),
        };
        let mut standing = begun.then_some(Standing::Ready);
        for _ in 0..LOOKS {
            let found = match standing.take() {
                Some(standing) => standing,
                None => self.look(&intent).await?,
            };
            match found {
                Standing::Ready => standing = self.confirm(&intent, method, request).await?,
                Standing::Asking => return Err(GatewayError::TimedOut),
                Standing::Charged => {
                    self.note(&request.key, CardState::Charged).await?;
                    return Ok(Charged { reference: intent });
                }
                Standing::Returned => {
                    if self.note_refunded(&known, None).await? {
                        return Err(voided);
                    }
                    return Err(GatewayError::Transient);
                }
                Standing::Cancelled => {
                    self.note(&request.key, CardState::Void).await?;
                    return Err(voided);
                }
                Standing::Declined(reason) => {
                    if self.cancel(&intent, &request.key, request.attempt).await? {
                        let state = CardState::Declined(reason);
                        self.note(&request.key, state).await?;
                        return Err(declined(reason));
                    }
                }
            }
        }
        Err(GatewayError::Transient)
    }

    async fn give_back(&self, request: &RefundRequest) -> Answer<Refunded> {
        let key = &request.charge_key;
        for _ in 0..LOOKS {
            let known = self.known_or_void(request).await?;
            let intent = match (known.state, known.intent_id.as_deref()) {
                (CardState::Open | CardState::Charged, Some(intent)) => intent,
                (CardState::Refunded, intent) => {
                    let refund = known.refund_id.as_deref().or(intent);
                    return Ok(Refunded {
                        reference: refund.map(str::to_owned),
                    });
                }
                _ => return Ok(Refunded { reference: None }),
            };
            match self.look(intent).await? {
                Standing::Asking => return Err(GatewayError::TimedOut),
                Standing::Charged => {
                    if let Some(refund) = self.refund_of(intent, request).await?
                        && self.note_refunded(&known, Some(&refund)).await?
                    {
                        return Ok(Refunded {
                            reference: Some(refund),
                        });
                    }
                }
                Standing::Returned => {
                    if self.note_refunded(&known, None).await? {
                        return Ok(Refunded {
                            reference: Some(intent.to_owned()),
                        });
                    }
                }
                Standing::Cancelled => {
                    self.note(key, CardState::Void).await?;
                    return Ok(Refunded { reference: None });
                }
                Standing::Ready | Standing::Declined(_) => {
                    if self.cancel(intent, key, request.attempt).await? {
                        self.note(key, CardState::Void).await?;
                        return Ok(Refunded { reference: None });
                    }
                }
            }
        }
        Err(GatewayError::Transient)
    }

    /// What is written down of a charge that is to go back; that it is void, where nothing was.
    async fn known_or_void(&self, request: &RefundRequest) -> Answer<CardPayment> {
        if let Some(known) = self.known(&request.charge_key).await? {
            return Ok(known);
        }
        // Whoever makes an intent after this finds that its key is void, and does not confirm it.
        self.open(&NewCardPayment {
            key: &request.charge_key,
            account_id: request.account,
            order_id: request.order,
            amount: request.amount,
            currency: &request.currency,
            intent_id: None,
            at: self.source.clock.now(),
        })
        .await
    }

    /// Gives all of an intent's money back; what the refund is called. Nothing where it has gone back already,
    /// so that it must be looked at again.
    async fn refund_of(&self, intent: &str, request: &RefundRequest) -> Answer<Option<String>> {
        // It carries the key, so that what fails of it is told apart from what is given back elsewhere.
        let form = [
            ("payment_intent", intent),
            ("metadata[key]", request.key.as_str()),
        ];
        // Under the key itself it was once asked for without that, and so would be another request.
        let key = format!("{}:all", request.key);
        let first = self
            .api
            .post_or_replay::<Refund>("refunds", &form, &key)
            .await;
        let answer = match first {
            // All of the money goes back once, under whichever key.
            Err(CallError::Spent) => {
                let key = format!("{}:again:{}", request.key, request.attempt);
                self.api
                    .post_or_replay::<Refund>("refunds", &form, &key)
                    .await
            }
            answer => answer,
        };
        let (refund, replayed) = match answer {
            Ok(answer) => answer,
            Err(CallError::Fault(fault)) if fault.is_refunded_already() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let gone = if replayed {
            self.look(intent).await? == Standing::Returned
        } else {
            !refund.has_failed()
        };
        if gone {
            return Ok(Some(refund.id));
        }
        tracing::error!(refund = refund.id, "a gateway could not give money back");
        self.note_failures(&request.charge_key, intent).await?;
        Err(GatewayError::ReturnFailed)
    }

    /// Gives a part of an intent's money back, once a key. Stripe forgets a key after a day, and gives a failure
    /// of its own again each time it is used: the refund carries the key besides, so that whoever asks again
    /// finds it, whether it has failed or not.
    async fn give_back_part(&self, request: &RefundRequest) -> Answer<Refunded> {
        let known = self.known(&request.charge_key).await?;
        let intent = known
            // Of what has gone back whole this part may have been the last.
            .filter(|known| matches!(known.state, CardState::Charged | CardState::Refunded))
            .and_then(|known| known.intent_id)
            .ok_or(GatewayError::Refused)?;
        let before = if request.attempt > 0 {
            self.part(&intent, &request.key).await?
        } else {
            None
        };
        let refund = match before {
            Some(refund) => refund,
            None => self.ask_part(&intent, request).await?,
        };
        if refund.has_failed() {
            tracing::error!(refund = refund.id, "a gateway could not give money back");
            self.note_failures(&request.charge_key, &intent).await?;
            return Err(GatewayError::ReturnFailed);
        }
        Ok(Refunded {
            reference: Some(refund.id),
        })
    }

    /// Asks for a part of an intent's money to be given back; the refund as it is now.
    async fn ask_part(&self, intent: &str, request: &RefundRequest) -> Answer<Refund> {
        let amount = request.amount.to_string();
        let form = [
            ("payment_intent", intent),
            ("amount", amount.as_str()),
            ("metadata[key]", request.key.as_str()),
        ];
        let first = self
            .api
            .post_or_replay::<Refund>("refunds", &form, &request.key)
            .await;
        let answer = match first {
            Err(CallError::Spent) => {
                if let Some(refund) = self.part(intent, &request.key).await? {
                    return Ok(refund);
                }
                let again = format!("{}:again:{}", request.key, request.attempt);
                self.api
                    .post_or_replay::<Refund>("refunds", &form, &again)
                    .await
            }
            answer => answer,
        };
        match answer {
            Ok((refund, false)) => Ok(refund),
            Ok((refund, true)) => {
                let now = self.part(intent, &request.key).await?;
                Ok(now.unwrap_or(refund))
            }
            // So much is not left of it. Anything else, as an empty balance, passes: what was promised
            // goes back.
            Err(CallError::Fault(fault)) if fault.is_more_than_left() => Err(GatewayError::Refused),
            Err(CallError::Fault(fault)) => {
                tracing::error!(code = fault.code, "a gateway does not give money back");
                Err(GatewayError::Transient)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The refund of an intent that carries a key, where there is one; of several one that has not failed.
    async fn part(&self, intent: &str, key: &str) -> Answer<Option<Refund>> {
        let refunds = self.refunds(intent).await?.into_iter();
        let of_key = refunds.filter(|refund| refund.metadata["key"] == *key);
        Ok(of_key.min_by_key(Refund::has_failed))
    }

    /// What of an intent was given back, whether it has failed or not, the newest first.
    async fn refunds(&self, intent: &str) -> Answer<Vec<Refund>> {
        let path = format!("refunds?payment_intent={intent}&limit=100");
        Ok(self.api.get::<Refunds>(&path).await?.data)
    }

    async fn find(&self, key: &str) -> Answer<Option<Charged>> {
        let known = self.known(key).await?;
        let Some((state, Some(intent))) = known.map(|known| (known.state, known.intent_id)) else {
            return Ok(None);
        };
        let charged = match state {
            CardState::Open => self.look(&intent).await? == Standing::Charged,
            CardState::Charged => true,
            CardState::Declined(_) | CardState::Void | CardState::Refunded => false,
        };
        Ok(charged.then_some(Charged { reference: intent }))
    }
}

impl PaymentGateway for StripeGateway {
    fn charge<'a>(&'a self, request: &'a ChargeRequest) -> BoxFuture<'a, Answer<Charged>> {
        self.take(request).boxed()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(json: serde_json::Value) -> Standing {
        Standing::of(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn an_intent_stands_as_it_says() {
        use serde_json::json;
        let with = |status: &str| intent(json!({ "id": "pi_1", "status": status }));
        assert_eq!(with("requires_payment_method"), Standing::Ready);
        assert_eq!(with("requires_confirmation"), Standing::Ready);
        assert_eq!(with("processing"), Standing::Asking);
        assert_eq!(with("succeeded"), Standing::Charged);
        assert_eq!(with("canceled"), Standing::Cancelled);
        let declined = Standing::Declined(DeclineReason::CardDeclined);
        assert_eq!(with("requires_action"), declined);
        for (refunded, standing) in [(true, Standing::Returned), (false, Standing::Charged)] {
            let charge = json!({ "id": "ch_1", "refunded": refunded });
            let whole = json!({ "id": "pi_1", "status": "succeeded", "latest_charge": charge });
            assert_eq!(intent(whole), standing);
        }
        let name = json!({ "id": "pi_1", "status": "succeeded", "latest_charge": "ch_1" });
        assert_eq!(intent(name), Standing::Charged);
        let failed = |decline_code: &str| {
            intent(
                json!({ "id": "pi_1", "status": "requires_payment_method", "last_payment_error":
                { "type": "card_error", "code": "card_declined", "decline_code": decline_code } }),
            )
        };
        let reason = DeclineReason::InsufficientFunds;
        assert_eq!(failed("insufficient_funds"), Standing::Declined(reason));
        assert_eq!(failed("try_again_later"), Standing::Ready);
    }

    #[test]
    fn events_are_read_as_stripe_writes_them() {
        let read = |kind: &str, object: serde_json::Value| {
            let event = serde_json::json!({ "id": "evt_1", "object": "event", "type": kind,
                "created": 1_700_000_000, "livemode": false, "data": { "object": object } });
            StripeEvent::read(event.to_string().as_bytes())
        };
        let told = |kind: &str, object: serde_json::Value| read(kind, object).unwrap().told;
        let object = serde_json::json!({ "id": "pi_1", "object": "payment_intent" });
        assert_eq!(
            told("payment_intent.succeeded", object.clone()),
            Some(("pi_1".to_owned(), Told::Succeeded))
        );
        assert_eq!(told("payment_intent.created", object), None);
        let failed = |decline_code: &str| {
            let error = serde_json::json!({ "type": "card_error", "code": "card_declined",
                "decline_code": decline_code });
            told(
                "payment_intent.payment_failed",
                serde_json::json!({ "id": "pi_1", "last_payment_error": error }),
            )
        };
        let declined = Some(("pi_1".to_owned(), Told::Declined));
        assert_eq!(failed("insufficient_funds"), declined);
        assert_eq!(failed("try_again_later"), None);
        let charge = |refunded: bool| {
            let charge = serde_json::json!({ "id": "ch_1", "object": "charge", "payment_intent": "pi_1",
                "amount": 950, "amount_refunded": if refunded { 950 } else { 50 }, "refunded": refunded });
            told("charge.refunded", charge)
        };
        let back = |amount, whole| Some(("pi_1".to_owned(), Told::Refunded { amount, whole }));
        assert_eq!(charge(true), back(950, true));
        assert_eq!(charge(false), back(50, false));
        let refund = |kind: &str, status: &str| {
            let refund = serde_json::json!({ "id": "re_1", "object": "refund", "amount": 50, "charge": "ch_1",
                "payment_intent": "pi_1", "status": status, "failure_reason": "lost_or_stolen_card",
                "metadata": { "key": "refund:1" } });
            told(kind, refund)
        };
        let failed = Some((
            "pi_1".to_owned(),
            Told::RefundFailed(FailedRefund {
                id: "re_1".to_owned(),
                key: Some("refund:1".to_owned()),
                amount: 50,
                reason: Some("lost_or_stolen_card".to_owned()),
            }),
        ));
        for kind in ["refund.failed", "refund.updated", "charge.refund.updated"] {
            assert_eq!(refund(kind, "failed"), failed, "{kind}");
            assert_eq!(refund(kind, "succeeded"), None, "{kind}");
        }
        let dispute = |kind: &str, status: &str| {
            let dispute = serde_json::json!({ "id": "dp_1", "object": "dispute", "amount": 950, "charge": "ch_1",
                "payment_intent": "pi_1", "status": status, "reason": "fraudulent" });
            told(kind, dispute)
        };
        let disputed = |status: &str| Dispute {
            id: "dp_1".to_owned(),
            amount: 950,
            status: status.to_owned(),
            reason: "fraudulent".to_owned(),
        };
        assert_eq!(
            dispute("charge.dispute.created", "needs_response"),
            Some((
                "pi_1".to_owned(),
                Told::Disputed(disputed("needs_response"))
            ))
        );
        assert_eq!(
            dispute("charge.dispute.closed", "lost"),
            Some(("pi_1".to_owned(), Told::DisputeClosed(disputed("lost"))))
        );
        for body in ["", "{}", "[]", r#"{"id":"evt_1","type":"a"}"#] {
            assert_eq!(StripeEvent::read(body.as_bytes()), None, "{body}");
        }
        let long =
            serde_json::json!({ "id": "e".repeat(300), "type": "a", "data": { "object": {} } });
        assert_eq!(StripeEvent::read(long.to_string().as_bytes()), None);
    }

    #[test]
    fn settings_are_checked_and_keep_their_secrets() {
        let sound = StripeSettings::new("sk_test_1", "whsec_1");
        assert!(sound.check().is_ok() && sound.is_test());
        let live = StripeSettings::new("sk_live_1", "whsec_1");
        assert!(!live.is_test());
        let whole = StripeSettings {
            publishable_key: Some("pk_live_1".to_owned()),
            ..live.clone()
        };
        assert!(whole.check().is_ok());
        let shown = format!("{sound:?}");
        assert!(
            !shown.contains("sk_test_1") && !shown.contains("whsec_1"),
            "{shown}"
        );
        let at = |base: &str| StripeSettings {
            base: base.to_owned(),
            ..sound.clone()
        };
        for bad in [
            StripeSettings::new("", "whsec_1"),
            StripeSettings::new("sk_test_1", ""),
            live,
            StripeSettings::new("sk_test_1\n", "whsec_1"),
            at("http://api.stripe.com"),
        ] {
            let refused = bad.check().unwrap_err().to_string();
            assert!(refused.contains("NUTRIFLOW_STRIPE_"), "{refused}");
            assert!(!refused.contains("sk_test_1"), "{refused}");
        }
    }
}
