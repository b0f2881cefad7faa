//! Orders: how they stand, who may move them on, and what a request for one must look like.

use crate::invalid::{InvalidCode, InvalidField};
use crate::menu::{BrokenRule, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The most lines of an order.
pub const LINES_MOST: i64 = 30;
/// The most portions of one line.
pub const QUANTITY_MOST: i64 = 20;
/// The most options that a line may choose: more than any item offers.
pub const OPTIONS_MOST: i64 = 50;
/// The longest idempotency key, in characters.
const KEY_MOST: i64 = 200;
/// The longest note that somebody writes when they cancel, in characters.
pub const NOTE_MOST: i64 = 300;
/// How long portions are kept for an order that is being paid, in microseconds: ten minutes.
pub const RESERVED: i64 = 600_000_000;

/// How an order stands.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderState {
    /// Accepted; stock and payment are being seen to.
    Pending,
    /// Paid; the kitchen has it.
    Confirmed,
    /// Being cooked.
    Preparing,
    /// To be collected.
    Ready,
    /// Collected.
    Collected,
    /// Cancelled; what was paid is or will be refunded.
    Cancelled,
}

impl OrderState {
    /// Every state, in the order in which they come.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Confirmed,
        Self::Preparing,
        Self::Ready,
        Self::Collected,
        Self::Cancelled,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Confirmed => "CONFIRMED",
            Self::Preparing => "PREPARING",
            Self::Ready => "READY",
            Self::Collected => "COLLECTED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether it takes a place in its slot and something is still to come.
    #[must_use]
    pub const fn is_living(self) -> bool {
        !matches!(self, Self::Collected | Self::Cancelled)
    }

    /// Whether whoever ordered may cancel: until cooking starts.
    #[must_use]
    pub const fn member_may_cancel(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed)
    }

    /// Whether staff may cancel: until it is collected.
    #[must_use]
    pub const fn staff_may_cancel(self) -> bool {
        self.is_living()
    }

    /// Whether the kitchen may say that something of it is out of stock: once it has the order, and
    /// until the meal stands on the counter.
    #[must_use]
    pub const fn kitchen_may_refuse(self) -> bool {
        matches!(self, Self::Confirmed | Self::Preparing)
    }
}

/// What staff do with an order.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Advance {
    /// Cooking starts.
    Start,
    /// It can be collected.
    Ready,
    /// It was collected.
    Collected,
}

impl Advance {
    /// Every one, in order.
    pub const ALL: [Self; 3] = [Self::Start, Self::Ready, Self::Collected];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Ready => "READY",
            Self::Collected => "COLLECTED",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    /// The state in which it can be done, and the one after it.
    #[must_use]
    pub const fn states(self) -> (OrderState, OrderState) {
        match self {
            Self::Start => (OrderState::Confirmed, OrderState::Preparing),
            Self::Ready => (OrderState::Preparing, OrderState::Ready),
            Self::Collected => (OrderState::Ready, OrderState::Collected),
        }
    }

    /// The state after this; nothing where it can't be done: the order stands otherwise, or its member
    /// has been asked what is to be in it and has not answered.
    #[must_use]
    pub fn after(self, state: OrderState, asked: bool) -> Option<OrderState> {
        let (from, to) = self.states();
        (state == from && !asked).then_some(to)
    }

    /// What comes next for an order in a state.
    #[must_use]
    pub fn of(state: OrderState) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.states().0 == state)
    }
}

/// Why an order was cancelled.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelReason {
    /// There was not enough of something.
    OutOfStock,
    /// The payment was declined.
    PaymentDeclined,
    /// The payment could not be made: the gateway did not answer as it should, again and again.
    PaymentUnavailable,
    /// Whoever ordered wanted it.
    Member,
    /// Staff did, and said why.
    Staff,
    /// The portions were kept for long enough.
    Expired,
    /// Something else went wrong, again and again.
    Failed,
}

impl CancelReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::OutOfStock,
        Self::PaymentDeclined,
        Self::PaymentUnavailable,
        Self::Member,
        Self::Staff,
        Self::Expired,
        Self::Failed,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::PaymentDeclined => "PAYMENT_DECLINED",
            Self::PaymentUnavailable => "PAYMENT_UNAVAILABLE",
            Self::Member => "MEMBER",
            Self::Staff => "STAFF",
            Self::Expired => "EXPIRED",
            Self::Failed => "FAILED",
        }
    }

    /// The reason of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

/// A line of an order that is asked for.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineDraft {
    /// The menu item.
    pub item_id: Uuid,
    /// How many portions.
    pub quantity: i64,
    /// The keys of the options chosen.
    #[serde(default)]
    pub options: BTreeSet<String>,
    /// What one portion with these options is believed to cost, in minor units. It decides nothing: where
    /// it is not the price of the moment, the order is refused, and both are told.
    pub unit_price: i64,
}

/// Checks the name that a caller gives to a request, so that it is done once.
///
/// # Errors
/// The code of what is wrong.
pub fn check_key(key: &str) -> Result<(), InvalidCode> {
    if key.is_empty() {
        return Err(InvalidCode::Required);
    }
    if key.chars().count() as i64 > KEY_MOST {
        return Err(InvalidCode::TooLong { max: KEY_MOST });
    }
    if key.chars().any(char::is_control) {
        return Err(InvalidCode::Malformed);
    }
    Ok(())
}

/// Why an order can't be taken as it was asked for, though nothing in it is wrong as such.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum OrderRefusal {
    /// A line costs something else now.
    StalePrice {
        /// The line's place, from 0.
        line: i64,
        /// What the request says that one costs, in minor units.
        offered: i64,
        /// What one costs.
        price: i64,
    },
    /// There is not enough of a line's item.
    SoldOut {
        /// The line's place, from 0.
        line: i64,
        /// How many portions there are for the whole order.
        available: i64,
    },
    /// A line's options break rules of its item.
    BrokenRules {
        /// The line's place, from 0.
        line: i64,
        /// Which.
        rules: Vec<BrokenRule>,
    },
    /// Nothing, or not this line, can be collected then.
    NotCollectable {
        /// The line's place, from 0, where it is about one.
        line: Option<i64>,
        /// Why.
        refusal: Refusal,
    },
    /// The slot has no place left.
    SlotFull,
}

/// Checks what can be checked of lines without knowing the menu.
#[must_use]
pub fn check_lines(lines: &[LineDraft]) -> Vec<InvalidField> {
    if lines.is_empty() {
        return vec![InvalidField::new("lines", InvalidCode::Required)];
    }
    if lines.len() as i64 > LINES_MOST {
        let code = InvalidCode::TooLong { max: LINES_MOST };
        return vec![InvalidField::new("lines", code)];
    }
    let mut fields = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        if !(1..=QUANTITY_MOST).contains(&line.quantity) {
            let code = InvalidCode::OutOfRange {
                min: 1,
                max: QUANTITY_MOST,
            };
            fields.push(InvalidField::new(format!("lines[{place}].quantity"), code));
        }
        if line.options.len() as i64 > OPTIONS_MOST {
            let code = InvalidCode::TooLong { max: OPTIONS_MOST };
            fields.push(InvalidField::new(format!("lines[{place}].options"), code));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kitchen_goes_one_step_at_a_time_and_none_while_the_member_is_asked() {
        for advance in Advance::ALL {
            for state in OrderState::ALL {
                let (from, to) = advance.states();
                let expected = (state == from).then_some(to);
                assert_eq!(
                    advance.after(state, false),
                    expected,
                    "{advance:?} {state:?}"
                );
                assert_eq!(advance.after(state, true), None, "{advance:?} {state:?}");
            }
        }
        // Whatever is pressed how often: nothing is passed over, and nothing comes back.
        let mut state = OrderState::Confirmed;
        for advance in [
            Advance::Ready,
            Advance::Start,
            Advance::Start,
            Advance::Collected,
        ] {
            state = advance.after(state, false).unwrap_or(state);
        }
        assert_eq!(state, OrderState::Preparing);
    }

    #[test]
    fn an_order_moves_on_one_state_at_a_time() {
        let mut state = OrderState::Confirmed;
        for advance in Advance::ALL {
            assert_eq!(Advance::of(state), Some(advance));
            state = advance.states().1;
        }
        assert_eq!(state, OrderState::Collected);
        assert_eq!(Advance::of(state), None);
        assert_eq!(Advance::of(OrderState::Pending), None);
    }

    #[test]
    fn quantities_that_nobody_can_mean_are_refused() {
        let line = |quantity| LineDraft {
            item_id: Uuid::nil(),
            quantity,
            options: BTreeSet::new(),
            unit_price: 0,
        };
        for bad in [0, -1, 21, 1_000_000_000] {
            let fields = check_lines(&[line(1), line(bad)]);
            assert_eq!(fields[0].field, "lines[1].quantity", "{bad}");
        }
        assert!(check_lines(&[line(1), line(20)]).is_empty());
        assert_eq!(check_lines(&[])[0].code, InvalidCode::Required);
    }
}
