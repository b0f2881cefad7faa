//! The kitchen: who makes what, how pressing an order is, and what may be had in place of something
//! that is out of stock.

use crate::order::OrderState;
use serde::{Deserialize, Serialize};

/// The most things that one offer names.
pub const SUBSTITUTES_MOST: i64 = 3;
/// How long a member may think about an offer, in microseconds: ten minutes.
pub const OFFER_LASTS: i64 = 600_000_000;
/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// Where in the kitchen something is made.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Station {
    /// At the stove.
    #[default]
    Hot,
    /// At the cold counter.
    Cold,
    /// Where drinks are poured.
    Drinks,
}

impl Station {
    /// Every station.
    pub const ALL: [Self; 3] = [Self::Hot, Self::Cold, Self::Drinks];

    /// The name on the wire, in addresses and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hot => "HOT",
            Self::Cold => "COLD",
            Self::Drinks => "DRINKS",
        }
    }

    /// The station of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|station| station.key() == key)
    }
}

/// How pressing an order is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Age {
    /// There is time.
    Fresh,
    /// It is to be handed out within [`Age::SOON`].
    Soon,
    /// It is to be handed out within [`Age::DUE`], or has waited at the counter for longer than that.
    Due,
    /// Its slot has begun without it, or it has waited at the counter for longer than [`Age::SOON`].
    Late,
}

impl Age {
    /// Every age, the freshest first.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Soon, Self::Due, Self::Late];
    /// Fifteen minutes, in microseconds.
    pub const SOON: i64 = 15 * MINUTE;
    /// Five minutes, in microseconds.
    pub const DUE: i64 = 5 * MINUTE;

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Fresh => "FRESH",
            Self::Soon => "SOON",
            Self::Due => "DUE",
            Self::Late => "LATE",
        }
    }

    /// How pressing an order is at a moment. What waits at the counter ages from when both it and its
    /// slot were there; everything else by what is left until its slot.
    #[must_use]
    pub fn of(state: OrderState, slot_at: i64, ready_at: Option<i64>, now: i64) -> Self {
        if state == OrderState::Ready {
            return match now - Self::waits_since(slot_at, ready_at) {
                ..Self::DUE => Self::Fresh,
                Self::DUE..Self::SOON => Self::Due,
                _ => Self::Late,
            };
        }
        match slot_at - now {
            ..=0 => Self::Late,
            left if left <= Self::DUE => Self::Due,
            left if left <= Self::SOON => Self::Soon,
            _ => Self::Fresh,
        }
    }

    /// Since when what is ready waits for whoever ordered it, in microseconds.
    #[must_use]
    pub fn waits_since(slot_at: i64, ready_at: Option<i64>) -> i64 {
        ready_at.map_or(slot_at, |ready_at| ready_at.max(slot_at))
    }
}

/// How an offer of something in place of what is out of stock stands.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OfferState {
    /// The member has been asked.
    Offered,
    /// They took one of them.
    Accepted,
    /// They wanted none; the order is cancelled.
    Declined,
    /// They did not answer in time; the order is cancelled.
    Expired,
    /// The order was cancelled otherwise before they answered.
    Withdrawn,
    /// There was nothing to be offered; the order is cancelled.
    Unmet,
}

impl OfferState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Offered,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Withdrawn,
        Self::Unmet,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Accepted => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::Expired => "EXPIRED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Unmet => "UNMET",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What ends an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferEnd {
    /// The member takes one of what was offered.
    Accept,
    /// The member wants none of it.
    Decline,
    /// Its time is over.
    Expire,
    /// The order is cancelled for another reason.
    Withdraw,
}

/// How an offer stands after something that would end it, at a moment; nothing where it can't: it has
/// ended already, or the answer comes too late, or its time is not over yet.
#[must_use]
pub const fn end_offer(
    state: OfferState,
    expires_at: i64,
    end: OfferEnd,
    now: i64,
) -> Option<OfferState> {
    let open = matches!(state, OfferState::Offered);
    let in_time = now < expires_at;
    match end {
        OfferEnd::Accept if open && in_time => Some(OfferState::Accepted),
        // To say no is to cancel, which is what would happen anyhow.
        OfferEnd::Decline if open => Some(OfferState::Declined),
        OfferEnd::Expire if open && !in_time => Some(OfferState::Expired),
        OfferEnd::Withdraw if open => Some(OfferState::Withdrawn),
        _ => None,
    }
}

/// What a line costs with something else in it: the new price of one, and what goes back for all of
/// them, in minor units. Nobody pays more than they agreed to.
#[must_use]
pub fn replaced(unit_price: i64, substitute: i64, quantity: i64) -> (i64, i64) {
    let price = substitute.min(unit_price);
    (price, (unit_price - price) * quantity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_lead_back() {
        for station in Station::ALL {
            assert_eq!(Station::from_key(station.key()), Some(station));
            assert_eq!(serde_json::to_value(station).unwrap(), station.key());
        }
        for state in OfferState::ALL {
            assert_eq!(OfferState::from_key(state.key()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.key());
        }
        for age in Age::ALL {
            assert_eq!(serde_json::to_value(age).unwrap(), age.key());
        }
        assert_eq!(Station::from_key("hot"), None);
    }

    #[test]
    fn an_order_ages_towards_its_slot_and_then_at_the_counter() {
        let at = 1_000 * MINUTE;
        let cooking = |now| Age::of(OrderState::Confirmed, at, None, now);
        assert_eq!(cooking(at - 16 * MINUTE), Age::Fresh);
        assert_eq!(cooking(at - 15 * MINUTE), Age::Soon);
        assert_eq!(cooking(at - 5 * MINUTE), Age::Due);
        assert_eq!(cooking(at), Age::Late);
        // Ready long before its slot: nobody is late.
        let early = |now| Age::of(OrderState::Ready, at, Some(at - 60 * MINUTE), now);
        assert_eq!(early(at - MINUTE), Age::Fresh);
        assert_eq!(early(at + 5 * MINUTE), Age::Due);
        assert_eq!(early(at + 15 * MINUTE), Age::Late);
        let late = Some(at + 30 * MINUTE);
        assert_eq!(Age::waits_since(at, late), at + 30 * MINUTE);
        assert_eq!(
            Age::of(OrderState::Ready, at, late, at + 31 * MINUTE),
            Age::Fresh
        );
    }

    #[test]
    fn nobody_pays_more_for_something_else() {
        assert_eq!(replaced(500, 450, 2), (450, 100));
        assert_eq!(replaced(500, 500, 2), (500, 0));
        assert_eq!(replaced(500, 900, 2), (500, 0));
    }

    #[test]
    fn an_answer_counts_until_the_time_is_over() {
        let end = |end, now| end_offer(OfferState::Offered, 100, end, now);
        assert_eq!(end(OfferEnd::Accept, 99), Some(OfferState::Accepted));
        assert_eq!(end(OfferEnd::Accept, 100), None);
        assert_eq!(end(OfferEnd::Decline, 100), Some(OfferState::Declined));
        assert_eq!(end(OfferEnd::Expire, 99), None);
        assert_eq!(end(OfferEnd::Expire, 100), Some(OfferState::Expired));
        assert_eq!(end(OfferEnd::Withdraw, 1), Some(OfferState::Withdrawn));
    }

    proptest! {
        /// Whatever is tried, in whatever order and at whatever time: it ends once.
        #[test]
        fn an_offer_ends_once(ends in prop::collection::vec((0..4_usize, 0..200_i64), 0..40)) {
            const ENDS: [OfferEnd; 4] =
                [OfferEnd::Accept, OfferEnd::Decline, OfferEnd::Expire, OfferEnd::Withdraw];
            let mut state = OfferState::Offered;
            let mut changes = 0;
            for (end, now) in ends {
                if let Some(next) = end_offer(state, 100, ENDS[end], now) {
                    prop_assert_ne!(next, OfferState::Offered);
                    state = next;
                    changes += 1;
                }
            }
            prop_assert!(changes <= 1);
            prop_assert_eq!(changes == 0, state == OfferState::Offered);
        }

        #[test]
        fn what_is_paid_and_what_goes_back_is_what_was_agreed(
            unit in 0..100_000_i64, other in 0..100_000_i64, quantity in 1..20_i64
        ) {
            let (price, back) = replaced(unit, other, quantity);
            prop_assert!(0 <= back && price <= unit && price <= other);
            prop_assert_eq!(price * quantity + back, unit * quantity);
        }
    }
}
