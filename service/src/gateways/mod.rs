//! Payment gateways: who takes money and gives it back, each behind a circuit breaker.
//!
//! Every call carries a key and may be repeated: the same key has one effect, whoever asks and however
//! often. A charge that timed out may have been made; the same charge again, or a look-up, tells.
//! A refund gives back all of a charge, and calls one that was not made off for good.
//!
//! While a gateway's breaker is open, a call is not made but told when to come back. A job then waits
//! until that moment ([`crate::jobs::JobError::Later`]) instead of using up an attempt.

pub mod settings;
mod simulated;
pub mod stripe;
mod wallet;

pub use settings::{Act, Asked, GatewaySettings, Operation, Script};
pub use stripe::StripeSettings;

use crate::clock::{Clock, Ids};
use crate::ctx::Ctx;
use crate::guard::Guard;
use crate::{Error, Result};
use domain::account::Role;
use domain::breaker::BreakerState;
use domain::payment::{DeclineReason, GatewayKind};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use storage::breaker::{self, StoredBreaker};
use storage::ledger::Ledger;
use storage::{Database, Db};
use uuid::Uuid;

/// How long a gateway may take for a call: longer than it ever does when it is well, and shorter than
/// its breaker waits for a probe.
const CALL_MOST: Duration = Duration::from_secs(10);

/// A charge that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRequest {
    /// The same for the same charge. It is stored before anything is asked for.
    pub key: String,
    /// How much, in minor units; not less than nothing.
    pub amount: i64,
    /// Of which currency, three letters.
    pub currency: String,
    /// Who pays.
    pub account: Uuid,
    /// The order that it is for.
    pub order: Option<Uuid>,
    /// The gateway's name of the card, where it needs one.
    pub method: Option<String>,
    /// How often it was asked for before, in vain.
    pub attempt: i64,
}

/// A refund that somebody asks for: all of a charge, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// The same for the same refund. It is stored before anything is asked for.
    pub key: String,
    /// The key of the charge.
    pub charge_key: String,
    /// How much was to be charged, in minor units; of a part how much is to go back.
    pub amount: i64,
    /// Of which currency, three letters.
    pub currency: String,
    /// Who was to pay.
    pub account: Uuid,
    /// The order that it was for.
    pub order: Option<Uuid>,
    /// How often it was asked for before, in vain.
    pub attempt: i64,
}

/// A charge that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charged {
    /// What the gateway calls it.
    pub reference: String,
}

/// A refund that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// What the gateway calls it; nothing where no money had been taken, and none ever will be.
    pub reference: Option<String>,
}

/// Why a gateway did not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(
    tag = "error",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum GatewayError {
    /// It failed and did nothing; it may not fail later.
    #[error("the gateway failed")]
    Transient,
    /// It did not answer in time: it may have done it or not, or still be about to.
    #[error("the gateway did not answer in time")]
    TimedOut,
    /// It says no, for good.
    #[error("the gateway declined: {}", .reason.key())]
    Declined {
        /// Why.
        reason: DeclineReason,
    },
    /// It was not asked, since it has failed again and again.
    #[error("the gateway is not asked before {until}")]
    BreakerOpen {
        /// When it is asked again, in microseconds.
        until: i64,
    },
    /// It can't be reached.
    #[error("the gateway is unavailable")]
    Unavailable,
    /// It was asked for something else under a key that it knows, or for less than nothing: a fault of
    /// whoever asks. What was done under the key stands.
    #[error("the gateway was asked for what can't be")]
    Refused,
    /// It gave money back, and the card's bank did not take it: the money is here again, all of it or some.
    /// Asked again under the same key it says the same.
    #[error("the card's bank did not take back what the gateway gave")]
    ReturnFailed,
}

impl GatewayError {
    /// Whether the gateway itself is not well. That it says no is an answer.
    const fn is_failure(self) -> bool {
        matches!(self, Self::Transient | Self::TimedOut | Self::Unavailable)
    }
}

/// What a gateway answers.
pub type Answer<T> = std::result::Result<T, GatewayError>;

/// Who takes money and gives it back. Each call is idempotent by its key.
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// Takes money. A key that is known is answered as it was decided, where the money is still here.
    fn charge<'a>(&'a self, request: &'a ChargeRequest) -> BoxFuture<'a, Answer<Charged>>;

    /// Gives back all of a charge but what went back before in parts, or calls it off for good where it
    /// was never made.
    fn refund<'a>(&'a self, request: &'a RefundRequest) -> BoxFuture<'a, Answer<Refunded>>;

    /// Gives back a part of a charge: as much as is asked for, once a key. Where so much is not left of
    /// it, it is refused and nothing goes back.
    fn refund_part<'a>(&'a self, request: &'a RefundRequest) -> BoxFuture<'a, Answer<Refunded>>;

    /// The charge of a key, where it was made and its money is still here.
    fn look_up<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Answer<Option<Charged>>>;
}

/// Where gateways take time and ids from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<Ids>,
}

impl Source {
    fn next_id(&self) -> Uuid {
        self.ids.next(self.clock.now())
    }
}

/// A gateway and the breaker before it.
#[derive(Debug)]
struct Guarded {
    kind: GatewayKind,
    gateway: Arc<dyn PaymentGateway>,
    guard: Arc<Guard>,
}

impl Guarded {
    /// Makes a call where the breaker lets it through, and learns from what comes of it.
    async fn call<T>(&self, call: impl Future<Output = Answer<T>>) -> Answer<T> {
        let admitted = self.guard.admit().await;
        let admitted = admitted.map_err(|until| GatewayError::BreakerOpen { until })?;
        let answer = match tokio::time::timeout(CALL_MOST, call).await {
            Ok(answer) => answer,
            Err(_) => Err(GatewayError::TimedOut),
        };
        let failed = answer.as_ref().is_err_and(|error| error.is_failure());
        admitted.end(failed).await;
        answer
    }
}

/// The gateways of an institution.
#[derive(Debug, Clone)]
pub struct Gateways {
    gateways: Arc<[Guarded]>,
    ledger: Ledger,
    stripe: Option<Arc<StripeSettings>>,
}

impl Gateways {
    /// Opens the gateways of an institution, each behind its breaker as that last stood.
    ///
    /// # Errors
    /// Where a database can't be opened or read.
    pub(crate) async fn open(
        settings: &GatewaySettings,
        database: &Database,
        slug: &str,
        db: &Db,
        source: Source,
    ) -> Result<Self> {
        let ledger = Ledger::open(database, slug).await?;
        let stored = breaker::all(&mut db.read().await?).await?;
        let simulated: Arc<dyn PaymentGateway> = Arc::new(simulated::Simulator::start(
            settings.clone(),
            ledger.clone(),
            source.clone(),
        ));
        let wallet: Arc<dyn PaymentGateway> =
            Arc::new(wallet::WalletGateway::new(db.clone(), source.clone()));
        let mut gateways = vec![
            (GatewayKind::Simulated, simulated),
            (GatewayKind::Wallet, wallet),
        ];
        if let Some(stripe) = &settings.stripe {
            let gateway = stripe::StripeGateway::new(stripe.clone(), db.clone(), source.clone())?;
            let gateway: Arc<dyn PaymentGateway> = Arc::new(gateway);
            gateways.push((GatewayKind::Stripe, gateway));
        }
        let gateways = gateways.into_iter().map(|(kind, gateway)| Guarded {
            kind,
            gateway,
            guard: Guard::new(kind.key(), &stored, db.clone(), Arc::clone(&source.clock)),
        });
        Ok(Self {
            gateways: gateways.collect(),
            ledger,
            stripe: settings.stripe.clone().map(Arc::new),
        })
    }

    /// Whether there is such a gateway here.
    #[must_use]
    pub fn has(&self, kind: GatewayKind) -> bool {
        self.gateways.iter().any(|one| one.kind == kind)
    }

    /// How Stripe is reached, where it is.
    #[must_use]
    pub fn stripe(&self) -> Option<&StripeSettings> {
        self.stripe.as_deref()
    }

    /// What the simulated gateway knows, past everything that is the institution's.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes money.
    ///
    /// # Errors
    /// Why it was not taken, or is not known to have been.
    pub async fn charge(&self, kind: GatewayKind, request: &ChargeRequest) -> Answer<Charged> {
        if request.amount < 0 {
            tracing::error!(key = request.key, "a charge of less than nothing");
            return Err(GatewayError::Refused);
        }
        let one = self.of(kind)?;
        one.call(one.gateway.charge(request)).await
    }

    /// Gives back all of a charge, or calls it off for good where it was never made.
    ///
    /// # Errors
    /// [`GatewayError::ReturnFailed`] where the money is here again; else why it was not given back, or is not
    /// known to have been. It is never declined.
    pub async fn refund(&self, kind: GatewayKind, request: &RefundRequest) -> Answer<Refunded> {
        let one = self.of(kind)?;
        one.call(one.gateway.refund(request)).await
    }

    /// Gives back a part of a charge.
    ///
    /// # Errors
    /// [`GatewayError::Refused`] where so much is not left of it; [`GatewayError::ReturnFailed`] where the
    /// money is here again; else why it was not given back, or is not known to have been.
    pub async fn refund_part(
        &self,
        kind: GatewayKind,
        request: &RefundRequest,
    ) -> Answer<Refunded> {
        if request.amount <= 0 {
            tracing::error!(key = request.key, "a part of nothing");
            return Err(GatewayError::Refused);
        }
        let one = self.of(kind)?;
        one.call(one.gateway.refund_part(request)).await
    }

    /// The charge of a key, where it was made and its money is still here.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn look_up(&self, kind: GatewayKind, key: &str) -> Answer<Option<Charged>> {
        let one = self.of(kind)?;
        one.call(one.gateway.look_up(key)).await
    }

    fn of(&self, kind: GatewayKind) -> Answer<&Guarded> {
        let found = self.gateways.iter().find(|one| one.kind == kind);
        found.ok_or(GatewayError::Unavailable)
    }
}

/// Who may see how gateways are.
const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];

/// How a gateway's breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOverview {
    /// The gateway.
    pub gateway: GatewayKind,
    /// How it stands.
    pub state: BreakerState,
    /// Since when, in microseconds; since ever, where absent.
    pub since: Option<i64>,
    /// While it is open: when the next call is tried, in microseconds.
    pub until: Option<i64>,
}

/// How the breakers of all gateways stand, as whichever process changed them last knows it.
///
/// # Errors
/// [`domain::problem::Problem::Forbidden`] for all but administrators and operators.
pub async fn breakers(ctx: &Ctx) -> Result<Vec<BreakerOverview>> {
    ctx.allow(&VIEWERS)?;
    let stored = breaker::all(&mut ctx.read().await?).await?;
    let overview = |gateway: GatewayKind| {
        let last = stored.iter().find(|last| last.name == gateway.key());
        let state = last.map_or(BreakerState::Closed, |last| last.breaker.state());
        let open = |last: &&StoredBreaker| last.breaker.state() == BreakerState::Open;
        BreakerOverview {
            gateway,
            state,
            since: last.map(|last| last.changed_at),
            until: last.filter(open).and_then(|last| last.breaker.until()),
        }
    };
    let gateways = &ctx.institution.gateways;
    let here = GatewayKind::ALL
        .into_iter()
        .filter(|gateway| gateways.has(*gateway));
    Ok(here.map(overview).collect())
}

/// What a fault of a database is to whoever asked a gateway.
fn unavailable(error: impl Into<Error>) -> GatewayError {
    let error = error.into();
    tracing::warn!(%error, "a gateway's database refused");
    GatewayError::Unavailable
}
