//! Payments: the gateways that take them, why one may decline, and how the simulated one decides.

use crate::invalid::InvalidCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who takes a payment.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GatewayKind {
    /// Stands for a company that takes cards.
    Simulated,
    /// The member's own balance here.
    Wallet,
    /// Stripe, which takes cards.
    Stripe,
}

impl GatewayKind {
    /// Every gateway.
    pub const ALL: [Self; 3] = [Self::Simulated, Self::Wallet, Self::Stripe];
    /// What a campus accepts until an administrator says otherwise.
    pub const USUAL: [Self; 2] = [Self::Simulated, Self::Wallet];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Simulated => "SIMULATED",
            Self::Wallet => "WALLET",
            Self::Stripe => "STRIPE",
        }
    }

    /// The gateway of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether whoever pays must name the card that is asked.
    #[must_use]
    pub const fn needs_method(self) -> bool {
        matches!(self, Self::Stripe)
    }

    /// Checks the card that a payment names: there is one where this gateway needs it, and only there,
    /// and it is the gateway's name of one. A number of a card is none.
    ///
    /// # Errors
    /// The code of what is wrong.
    pub fn check_method(self, method: Option<&str>) -> Result<(), InvalidCode> {
        match (self.needs_method(), method) {
            (true, None | Some("")) => Err(InvalidCode::Required),
            (true, Some(method)) => {
                let name = method.strip_prefix("pm_").unwrap_or_default();
                let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                if name.is_empty() || method.len() > METHOD_MOST || !name.bytes().all(sound) {
                    return Err(InvalidCode::Malformed);
                }
                Ok(())
            }
            (false, None) => Ok(()),
            (false, Some(_)) => Err(InvalidCode::UnknownField),
        }
    }
}

/// The longest name of a card at its gateway, in bytes.
const METHOD_MOST: usize = 100;

/// How far an order's payment is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentState {
    /// Its keys exist; the gateway may know of it or not.
    Requested,
    /// The money is here.
    Charged,
    /// The gateway said no.
    Declined,
    /// The money is to go back.
    Refunding,
    /// The money has gone back, or was never taken and never will be.
    Refunded,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Requested,
        Self::Charged,
        Self::Declined,
        Self::Refunding,
        Self::Refunded,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Charged => "CHARGED",
            Self::Declined => "DECLINED",
            Self::Refunding => "REFUNDING",
            Self::Refunded => "REFUNDED",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// Why a gateway declines for good. Each has a sentence in every language.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeclineReason {
    /// There is not enough money.
    InsufficientFunds,
    /// The card's bank says no.
    CardDeclined,
    /// It looks as if somebody else used the card.
    SuspectedFraud,
    /// More than one payment, or one wallet, may hold.
    LimitExceeded,
    /// It was called off before it was made.
    Voided,
}

impl DeclineReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::InsufficientFunds,
        Self::CardDeclined,
        Self::SuspectedFraud,
        Self::LimitExceeded,
        Self::Voided,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Self::CardDeclined => "CARD_DECLINED",
            Self::SuspectedFraud => "SUSPECTED_FRAUD",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::Voided => "VOIDED",
        }
    }

    /// The reason of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

/// What the simulated gateway makes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does what it was asked for.
    Approved,
    /// It fails now, and may not fail later.
    Transient,
    /// It says no.
    Declined(DeclineReason),
}

/// How the simulated gateway answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulated {
    /// How long it takes, in milliseconds: 100 to 2,000.
    pub delay_ms: i64,
    /// What it makes of it.
    pub verdict: Verdict,
    /// Whether its answer gets lost after it did what it was asked for.
    pub answer_lost: bool,
}

/// How often the simulated gateway does what, in percent of its calls; the rest is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Fails now, and may not fail later.
    pub transient: i64,
    /// Says no.
    pub declined: i64,
    /// Of those approved: does it, and its answer gets lost.
    pub answers_lost: i64,
}

impl Rates {
    /// As the world is taken to be: 80 % approved, 15 % transient, 5 % declined.
    pub const USUAL: Self = Self {
        transient: 15,
        declined: 5,
        answers_lost: 0,
    };
    /// Everything is approved.
    pub const KIND: Self = Self {
        transient: 0,
        declined: 0,
        answers_lost: 0,
    };

    /// Rates that can be: each a percentage, those that exclude each other at most all together.
    #[must_use]
    pub const fn new(transient: i64, declined: i64, answers_lost: i64) -> Option<Self> {
        let each = 0 <= transient && 0 <= declined && 0 <= answers_lost && answers_lost <= 100;
        if each && transient <= 100 && declined <= 100 && transient + declined <= 100 {
            Some(Self {
                transient,
                declined,
                answers_lost,
            })
        } else {
            None
        }
    }

    /// How the gateway answers: always the same to the same call. `attempt` tells a repeated call from
    /// the one before, so that what was transient may pass.
    #[must_use]
    pub fn simulate(self, seed: u64, key: &str, amount: i64, attempt: i64) -> Simulated {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(amount.to_le_bytes());
        hash.update(attempt.to_le_bytes());
        hash.update(key.as_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        let draw = |place: usize, sides: u64| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[8 * place..8 * place + 8]);
            // Of so many numbers a few more or less make no difference.
            i64::try_from(u64::from_le_bytes(number) % sides).unwrap_or_default()
        };
        let lot = draw(0, 100);
        let verdict = if lot < self.transient {
            Verdict::Transient
        } else if lot < self.transient + self.declined {
            Verdict::Declined(if draw(3, 2) == 0 {
                DeclineReason::InsufficientFunds
            } else {
                DeclineReason::CardDeclined
            })
        } else {
            Verdict::Approved
        };
        Simulated {
            delay_ms: 100 + draw(1, 1901),
            verdict,
            answer_lost: verdict == Verdict::Approved && draw(2, 100) < self.answers_lost,
        }
    }
}

/// What the simulated gateway takes for fraud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FraudRules {
    /// The most that one charge may be, in minor units.
    pub amount_most: i64,
    /// The most charges of one account…
    pub charges_most: i64,
    /// … in so many microseconds.
    pub period: i64,
}

impl FraudRules {
    /// A thousand of the larger unit at once, twenty charges a minute.
    pub const USUAL: Self = Self {
        amount_most: 100_000,
        charges_most: 20,
        period: 60_000_000,
    };

    /// Looks at a charge, of an account with so many in the period before.
    ///
    /// # Errors
    /// Why it is declined.
    pub const fn check(&self, amount: i64, recent: i64) -> Result<(), DeclineReason> {
        if amount > self.amount_most {
            Err(DeclineReason::LimitExceeded)
        } else if recent >= self.charges_most {
            Err(DeclineReason::SuspectedFraud)
        } else {
            Ok(())
        }
    }
}

/// The least that a wallet is topped up by, in minor units.
pub const TOP_UP_LEAST: i64 = 100;
/// The most that a wallet is topped up by at once, in minor units.
pub const TOP_UP_MOST: i64 = 50_000;
/// The most that a wallet may hold, in minor units: it is for meals, not for savings.
pub const BALANCE_MOST: i64 = 200_000;
/// The longest reason that staff may give, in characters.
pub const REASON_MOST: i64 = 200;

/// How far a top-up by card is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TopUpStatus {
    /// The card is being asked.
    Pending,
    /// The money is in the wallet.
    Done,
    /// The card was declined.
    Declined,
    /// The card could not be asked. Nothing was taken, and nothing will be.
    Failed,
}

impl TopUpStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Done => "DONE",
            Self::Declined => "DECLINED",
            Self::Failed => "FAILED",
        }
    }
}

/// Reads an amount as people type it, `12`, `12.5` or `12,50`, in minor units of a currency, of which
/// one whole unit has a hundred, or one where there are none smaller.
///
/// # Errors
/// The code of what is wrong.
pub fn parse_amount(typed: &str, minor_units: i64) -> Result<i64, InvalidCode> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(InvalidCode::Required);
    }
    let places = if minor_units > 1 { 2 } else { 0 };
    let (whole, part) = typed.split_once(['.', ',']).unwrap_or((typed, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty());
    if !sound || part.len() > places || typed.ends_with(['.', ',']) {
        return Err(InvalidCode::Malformed);
    }
    // More digits than any amount has: it is refused by its size.
    if whole.len() > 12 {
        return Ok(i64::MAX);
    }
    let number = format!("{whole}{part:0<width$}", width = places);
    number.parse().map_err(|_| InvalidCode::Malformed)
}

/// Checks the amount of a top-up, in minor units.
///
/// # Errors
/// The code of what is wrong.
pub const fn check_top_up(amount: i64) -> Result<(), InvalidCode> {
    if amount < TOP_UP_LEAST || amount > TOP_UP_MOST {
        return Err(InvalidCode::OutOfRange {
            min: TOP_UP_LEAST,
            max: TOP_UP_MOST,
        });
    }
    Ok(())
}

/// What the gateway has told of how much has gone back, in whatever order that came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Returns {
    /// The newest sum.
    pub sum: i64,
    /// When that was: what comes with a lower mark is older.
    pub mark: i64,
    /// Every refund that failed: none of them is believed again, whatever was said of it before.
    pub failures: Vec<Failure>,
}

/// A refund of which nothing became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What the gateway calls it.
    pub refund: String,
    /// How much, in minor units.
    pub amount: i64,
    /// When it failed, as [`Returns::mark`]; absent where that was seen at the gateway, which has not told of
    /// it: no sum is taken to know of it until then.
    pub mark: Option<i64>,
}

impl Returns {
    /// How much has gone back.
    #[must_use]
    pub fn returned(&self) -> i64 {
        let unknown = |failure: &&Failure| failure.mark.is_none_or(|mark| mark > self.mark);
        let failed = self.failures.iter().filter(unknown);
        (self.sum - failed.map(|failure| failure.amount).sum::<i64>()).max(0)
    }

    /// Takes a sum, which knows of what failed before; false where a newer one is known. Of two with the same
    /// mark the larger is the newer.
    #[must_use]
    pub fn take(&mut self, mark: i64, sum: i64) -> bool {
        if mark < self.mark {
            return false;
        }
        self.sum = if mark > self.mark {
            sum
        } else {
            sum.max(self.sum)
        };
        self.mark = mark;
        true
    }

    /// Takes a refund that failed, and when, where the gateway tells of it; false where that is known already.
    #[must_use]
    pub fn fail(&mut self, refund: &str, amount: i64, mark: Option<i64>) -> bool {
        let mut known = self.failures.iter_mut();
        match known.find(|known| known.refund == refund) {
            Some(known) if known.mark.is_none() && mark.is_some() => {
                known.mark = mark;
                true
            }
            Some(_) => false,
            None => {
                self.failures.push(Failure {
                    refund: refund.to_owned(),
                    amount,
                    mark,
                });
                true
            }
        }
    }
}

/// What of a payment goes back or has gone back, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenBack {
    /// How much was paid.
    pub paid: i64,
    /// How much was asked for here, whether it has gone back or not.
    pub asked: i64,
    /// How much is owed of it besides: it is on its way back too.
    pub owed: i64,
    /// How much somebody gave back at the gateway.
    pub elsewhere: i64,
}

impl GivenBack {
    /// Takes how much has gone back in all, as the gateway tells: what is more than was asked for here was
    /// given back elsewhere. What was is not told twice, and grows only. By how much it has grown.
    #[must_use]
    pub fn take(&mut self, returned: i64) -> i64 {
        let before = self.elsewhere;
        self.elsewhere = (returned - self.asked).min(self.paid).max(before);
        self.elsewhere - before
    }

    /// Takes that so much of what was given back elsewhere has come again.
    pub fn come_again(&mut self, amount: i64) {
        self.elsewhere = (self.elsewhere - amount).max(0);
    }

    /// How much of the payment is not left. It is never more than was paid.
    #[must_use]
    pub fn in_all(&self) -> i64 {
        (self.asked + self.owed + self.elsewhere).min(self.paid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_calls_are_approved_and_some_are_not() {
        let calls = 100_000;
        let (mut approved, mut transient, mut declined) = (0, 0, 0);
        for number in 0..calls {
            match Rates::USUAL
                .simulate(7, &format!("order:{number}:charge"), 950, 1)
                .verdict
            {
                Verdict::Approved => approved += 1,
                Verdict::Transient => transient += 1,
                Verdict::Declined(_) => declined += 1,
            }
        }
        // Five standard deviations of a hundred thousand draws are 0.6 % and less.
        assert!((79_300..=80_700).contains(&approved), "{approved}");
        assert!((14_400..=15_600).contains(&transient), "{transient}");
        assert!((4_600..=5_400).contains(&declined), "{declined}");
    }

    #[test]
    fn rates_are_percentages() {
        assert_eq!(Rates::new(15, 5, 0), Some(Rates::USUAL));
        assert_eq!(Rates::new(60, 41, 0), None);
        assert_eq!(Rates::new(-1, 5, 0), None);
        assert_eq!(Rates::new(0, 0, 101), None);
        assert_eq!(Rates::new(i64::MAX, i64::MAX, 0), None);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in GatewayKind::ALL {
            assert_eq!(GatewayKind::from_key(kind.key()), Some(kind));
        }
        for state in PaymentState::ALL {
            assert_eq!(PaymentState::from_key(state.key()), Some(state));
        }
        for reason in DeclineReason::ALL {
            assert_eq!(DeclineReason::from_key(reason.key()), Some(reason));
        }
        assert_eq!(GatewayKind::from_key("wallet"), None);
    }

    #[test]
    fn a_card_is_named_where_it_must_be_and_never_by_its_number() {
        let stripe = GatewayKind::Stripe;
        for sound in ["pm_card_visa", "pm_1MoWfQLkdIwHu7ix"] {
            assert_eq!(stripe.check_method(Some(sound)), Ok(()), "{sound}");
        }
        for none in [None, Some("")] {
            assert_eq!(stripe.check_method(none), Err(InvalidCode::Required));
        }
        let long = format!("pm_{}", "x".repeat(98));
        for bad in [
            "pm_",
            "4242424242424242",
            "tok_visa",
            "pm_a b",
            "pm_a&amount=1",
            "pm_ñ",
            &long,
        ] {
            let refused = stripe.check_method(Some(bad));
            assert_eq!(refused, Err(InvalidCode::Malformed), "{bad}");
        }
        for other in GatewayKind::USUAL {
            assert_eq!(other.check_method(None), Ok(()));
            let refused = other.check_method(Some("pm_card_visa"));
            assert_eq!(refused, Err(InvalidCode::UnknownField));
        }
    }

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (typed, units, minor) in [
            ("12", 100, 1200),
            (" 12.5 ", 100, 1250),
            ("12,50", 100, 1250),
            (".5", 100, 50),
            ("1500", 1, 1500),
            ("0", 100, 0),
            ("9999999999999", 100, i64::MAX),
        ] {
            assert_eq!(parse_amount(typed, units), Ok(minor), "{typed} {units}");
        }
        for (typed, units) in [
            ("12.505", 100),
            ("12.5", 1),
            ("-3", 100),
            ("+3", 100),
            ("1e3", 100),
            ("12.", 100),
            (".", 100),
            ("1 000", 100),
            ("1.2.3", 100),
            ("٣", 100),
        ] {
            let refused = Err(InvalidCode::Malformed);
            assert_eq!(parse_amount(typed, units), refused, "{typed} {units}");
        }
        assert_eq!(parse_amount("  ", 100), Err(InvalidCode::Required));
    }

    #[test]
    fn large_and_frequent_charges_are_suspected() {
        let rules = FraudRules::USUAL;
        assert_eq!(rules.check(100_000, 19), Ok(()));
        assert_eq!(rules.check(100_001, 0), Err(DeclineReason::LimitExceeded));
        assert_eq!(rules.check(1, 20), Err(DeclineReason::SuspectedFraud));
    }

    proptest! {
        #[test]
        fn the_same_call_is_answered_the_same(
            seed: u64, key in "[a-z0-9:]{1,40}", amount in 0..10_000_000_i64, attempt in 1..20_i64,
            transient in 0..=100_i64, lost in 0..=100_i64,
        ) {
            let rates = Rates::new(transient, (100 - transient) / 2, lost).unwrap();
            let answer = rates.simulate(seed, &key, amount, attempt);
            prop_assert_eq!(answer, rates.simulate(seed, &key, amount, attempt));
            prop_assert!((100..=2000).contains(&answer.delay_ms));
            // Nothing that was not done can have been done without being told.
            prop_assert!(!answer.answer_lost || answer.verdict == Verdict::Approved);
            if transient == 100 {
                prop_assert_eq!(answer.verdict, Verdict::Transient);
            }
            let kind = Rates::KIND.simulate(seed, &key, amount, attempt);
            prop_assert_eq!(kind.verdict, Verdict::Approved);
            prop_assert_eq!(kind.delay_ms, answer.delay_ms);
        }
    }

    #[test]
    fn what_goes_back_and_fails_is_told_in_any_order() {
        // A part goes back, then the rest, which fails: a sum by its mark, or what failed.
        let messages = [(2, 300, false), (4, 1000, false), (7, 700, true)];
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let mut told = Returns::default();
            for (mark, amount, failed) in order.map(|index| messages[index]) {
                let _ = if failed {
                    told.fail("re_1", amount, Some(mark))
                } else {
                    told.take(mark, amount)
                };
            }
            assert_eq!(told.returned(), 300, "{order:?}");
            assert!(told.take(8, 500), "a sum that knows of it");
            assert_eq!(told.returned(), 500, "{order:?}");
            assert!(!told.fail("re_1", 700, Some(7)), "it is known");
            assert!(!told.take(6, 900), "older");
            assert!(told.fail("re_2", 100, Some(5)), "the sum knows of it");
            assert_eq!(told.returned(), 500);
        }
    }

    #[test]
    fn a_failure_that_was_seen_is_told_once() {
        let mut told = Returns::default();
        assert!(told.fail("re_1", 700, None));
        assert!(!told.fail("re_1", 700, None), "it is known");
        // Until it is told when it was, no sum knows of it.
        assert!(told.take(4, 1000));
        assert_eq!(told.returned(), 300);
        assert!(told.take(8, 500));
        assert_eq!(told.returned(), 0);
        assert!(told.fail("re_1", 700, Some(7)));
        assert_eq!(told.returned(), 500);
        assert!(!told.fail("re_1", 700, Some(9)), "by another name");
        assert!(!told.fail("re_1", 700, None));
        assert_eq!((told.returned(), told.failures.len()), (500, 1));
    }

    #[test]
    fn what_nobody_here_asked_for_went_back_elsewhere() {
        let mut back = GivenBack {
            paid: 1000,
            asked: 600,
            owed: 50,
            elsewhere: 0,
        };
        assert_eq!(back.take(500), 0, "not all that was asked for has gone");
        assert_eq!(back.take(700), 100);
        assert_eq!(back.take(700), 0, "it is known");
        assert_eq!(back.take(650), 0, "it grows only");
        assert_eq!((back.elsewhere, back.in_all()), (100, 750));
        back.come_again(40);
        assert_eq!((back.elsewhere, back.in_all()), (60, 710));
        assert_eq!(back.take(5000), 940);
        assert_eq!((back.elsewhere, back.in_all()), (1000, 1000));
        back.come_again(5000);
        assert_eq!((back.elsewhere, back.in_all()), (0, 650));
    }
}
