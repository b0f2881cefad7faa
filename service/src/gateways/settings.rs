//! Which gateways there are, and how the simulated one behaves.

use super::stripe::StripeSettings;
use domain::payment::{DeclineReason, FraudRules, Rates};
use std::sync::Arc;
use uuid::Uuid;

/// Which gateways there are, and how the simulated one behaves.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Whether the simulated gateway takes payments also where an installation is to be used. It takes no
    /// money.
    pub simulated_in_production: bool,
    /// Where cards are asked for money; nowhere, where absent.
    pub stripe: Option<StripeSettings>,
    /// What chance is made from: the same seed gives the same answers to the same calls.
    pub seed: u64,
    /// Whether it takes its time.
    pub delay: bool,
    /// How often it does what.
    pub rates: Rates,
    /// What it takes for fraud; nothing, where absent.
    pub fraud: Option<FraudRules>,
    /// Decides instead of chance.
    pub script: Script,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            simulated_in_production: false,
            stripe: None,
            seed: 0,
            delay: true,
            rates: Rates::USUAL,
            fraud: Some(FraudRules::USUAL),
            script: Script::default(),
        }
    }
}

impl GatewaySettings {
    /// The simulated one approves of everything, at once: for benchmarks, and for tests of something else.
    #[must_use]
    pub fn kind() -> Self {
        Self {
            simulated_in_production: true,
            stripe: None,
            seed: 0,
            delay: false,
            rates: Rates::KIND,
            fraud: None,
            script: Script::default(),
        }
    }

    /// The simulated one does what a function says of each call, and approves at once where that says
    /// nothing.
    #[must_use]
    pub fn scripted(script: impl Fn(&Asked<'_>) -> Option<Act> + Send + Sync + 'static) -> Self {
        Self {
            script: Script::new(script),
            ..Self::kind()
        }
    }
}

/// What the simulated gateway is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// To take money.
    Charge,
    /// To give it back.
    Refund,
    /// To tell whether it was taken.
    LookUp,
}

/// A call, as a script sees it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it is asked to do.
    pub operation: Operation,
    /// Under which key.
    pub key: &'a str,
    /// How much, in minor units; nothing for a look-up.
    pub amount: i64,
    /// The order that it is for, where there is one and the call tells.
    pub order: Option<Uuid>,
    /// How often it was asked before, in vain; nothing for a look-up.
    pub attempt: i64,
}

/// What a script has the gateway do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Do it.
    Approve,
    /// Say no, and remember. A refund or look-up does not: it is done.
    Decline(DeclineReason),
    /// Fail, and do nothing.
    Transient,
    /// Be out of reach, and do nothing.
    Unavailable,
    /// Let the caller wait in vain, and do nothing.
    TimeOutBefore,
    /// Do it, and let the caller wait in vain.
    TimeOutAfter,
}

type Decide = dyn Fn(&Asked<'_>) -> Option<Act> + Send + Sync;

/// Decides what the gateway does with a call, instead of chance.
#[derive(Clone, Default)]
pub struct Script(Option<Arc<Decide>>);

impl Script {
    /// Asks a function of every call; where that says nothing, chance decides.
    #[must_use]
    pub fn new(decide: impl Fn(&Asked<'_>) -> Option<Act> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(decide)))
    }

    pub(super) fn act(&self, asked: &Asked<'_>) -> Option<Act> {
        self.0.as_ref().and_then(|decide| decide(asked))
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let written = if self.0.is_some() {
            "Script(…)"
        } else {
            "Script(none)"
        };
        f.write_str(written)
    }
}
