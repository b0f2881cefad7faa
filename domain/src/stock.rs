//! Stock: how many portions of a menu item there are, and the ledger that says how it came to that.
//!
//! Nothing is ever overwritten: every movement is an entry, and what is on hand is the sum of them.
//! Of what is on hand some may be reserved for orders; the rest is available.

use crate::invalid::{InvalidCode, InvalidField};
use crate::text::check_reason;
use serde::{Deserialize, Serialize};

/// The most portions of one movement that is written down by hand.
pub const QUANTITY_MOST: i64 = 100_000;
/// The longest reason, in characters.
pub const REASON_MOST: i64 = 200;

/// What can happen to portions.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MovementKind {
    /// They came in.
    Received,
    /// They are kept for an order.
    Reserved,
    /// They are kept for it no more.
    Released,
    /// What was kept for an order is that order's.
    Sold,
    /// What an order had is kept for it again: the sale was taken back, and a release follows.
    Restored,
    /// They were thrown away.
    Wasted,
    /// Somebody counted, and there were more or fewer.
    Corrected,
}

impl MovementKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Received,
        Self::Reserved,
        Self::Released,
        Self::Sold,
        Self::Restored,
        Self::Wasted,
        Self::Corrected,
    ];
    /// What people write down themselves; the rest comes of orders.
    pub const BY_HAND: [Self; 3] = [Self::Received, Self::Wasted, Self::Corrected];

    /// The name in the database, on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Reserved => "RESERVED",
            Self::Released => "RELEASED",
            Self::Sold => "SOLD",
            Self::Restored => "RESTORED",
            Self::Wasted => "WASTED",
            Self::Corrected => "CORRECTED",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// What so many portions change. The quantity is positive; of a correction it is the difference,
    /// negative where there were fewer.
    #[must_use]
    pub const fn change(self, quantity: i64) -> Change {
        let (on_hand, reserved) = match self {
            Self::Received | Self::Corrected => (quantity, 0),
            Self::Reserved => (0, quantity),
            Self::Released => (0, -quantity),
            Self::Sold => (-quantity, -quantity),
            Self::Restored => (quantity, quantity),
            Self::Wasted => (-quantity, 0),
        };
        Change { on_hand, reserved }
    }
}

/// What a movement adds to a level, in portions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// To what is on hand.
    pub on_hand: i64,
    /// To what is reserved of it.
    pub reserved: i64,
}

/// How many portions of an item there are. There are never fewer than none, and never more reserved
/// than there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    on_hand: i64,
    reserved: i64,
}

impl Level {
    /// A level; nothing where it can't be one.
    #[must_use]
    pub const fn new(on_hand: i64, reserved: i64) -> Option<Self> {
        if 0 <= reserved && reserved <= on_hand {
            Some(Self { on_hand, reserved })
        } else {
            None
        }
    }

    /// Portions there are.
    #[must_use]
    pub const fn on_hand(self) -> i64 {
        self.on_hand
    }

    /// Portions that are kept for orders.
    #[must_use]
    pub const fn reserved(self) -> i64 {
        self.reserved
    }

    /// Portions that anybody may have.
    #[must_use]
    pub const fn available(self) -> i64 {
        self.on_hand - self.reserved
    }

    /// The level after a change; nothing where the change can't be made.
    #[must_use]
    pub fn after(self, change: Change) -> Option<Self> {
        Self::new(
            self.on_hand.checked_add(change.on_hand)?,
            self.reserved.checked_add(change.reserved)?,
        )
    }

    /// Whether so few are left that somebody should see to it.
    #[must_use]
    pub const fn is_low(self, low_mark: i64) -> bool {
        self.available() <= low_mark
    }
}

/// What the ledger says of an order's portions: which movements it has made. Each is made once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    reserved: bool,
    released: bool,
    sold: bool,
    restored: bool,
}

/// Whether an order's portions can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It can be done.
    Do,
    /// It was done, and nothing remains to do.
    Done,
    /// It can't: the order has not what it takes, or no more.
    Never,
}

impl Holding {
    /// Notes a movement that was made. What people write down is nothing to an order.
    pub const fn note(&mut self, kind: MovementKind) {
        match kind {
            MovementKind::Reserved => self.reserved = true,
            MovementKind::Released => self.released = true,
            MovementKind::Sold => self.sold = true,
            MovementKind::Restored => self.restored = true,
            MovementKind::Received | MovementKind::Wasted | MovementKind::Corrected => {}
        }
    }

    /// Whether portions are kept for the order.
    #[must_use]
    pub const fn is_held(self) -> bool {
        self.reserved && !self.released && !self.is_sold()
    }

    /// Whether the order has portions.
    #[must_use]
    pub const fn is_sold(self) -> bool {
        self.sold && !self.restored
    }

    /// Whether a movement can be made, or was.
    ///
    /// An order reserves once: when that has ended it gets no other reservation. It is sold what is
    /// kept for it, and what was taken back is not sold again.
    #[must_use]
    pub const fn step(self, kind: MovementKind) -> Step {
        let (can, was) = match kind {
            MovementKind::Reserved => (!self.reserved, self.is_held() || self.is_sold()),
            MovementKind::Released => (self.is_held(), self.released),
            MovementKind::Sold => (self.is_held() && !self.sold, self.is_sold()),
            MovementKind::Restored => (self.is_sold(), self.restored),
            MovementKind::Received | MovementKind::Wasted | MovementKind::Corrected => {
                (false, false)
            }
        };
        if can {
            Step::Do
        } else if was {
            Step::Done
        } else {
            Step::Never
        }
    }
}

/// A movement as somebody writes it down.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MovementDraft {
    /// `RECEIVED`, `WASTED` or `CORRECTED`.
    pub kind: String,
    /// How many portions; of a correction how many more, negative where there are fewer.
    pub quantity: Option<i64>,
    /// Why. A delivery needs no reason.
    pub reason: String,
}

/// A movement that may be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// What happened.
    pub kind: MovementKind,
    /// To how many portions; of a correction the difference.
    pub quantity: i64,
    /// Why.
    pub reason: String,
}

impl MovementDraft {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that is refused.
    pub fn validate(&self) -> Result<Movement, Vec<InvalidField>> {
        let mut fields = Vec::new();
        let mut refuse = |field: &str, code| fields.push(InvalidField::new(field, code));
        let kind = MovementKind::from_key(self.kind.trim())
            .filter(|kind| MovementKind::BY_HAND.contains(kind));
        match (kind, self.kind.trim()) {
            (Some(_), _) => {}
            (None, "") => refuse("kind", InvalidCode::Required),
            (None, _) => refuse("kind", InvalidCode::UnknownChoice),
        }
        let least = match kind {
            Some(MovementKind::Corrected) => -QUANTITY_MOST,
            _ => 1,
        };
        match self.quantity {
            None => refuse("quantity", InvalidCode::Required),
            // A count that was right changes nothing, and is not written down.
            Some(0) if least < 0 => refuse("quantity", InvalidCode::NothingToCorrect),
            Some(quantity) if !(least..=QUANTITY_MOST).contains(&quantity) => refuse(
                "quantity",
                InvalidCode::OutOfRange {
                    min: least,
                    max: QUANTITY_MOST,
                },
            ),
            Some(_) => {}
        }
        let reason = match check_reason(&self.reason, REASON_MOST) {
            Ok(reason) => reason,
            Err(InvalidCode::Required)
                if kind.is_none_or(|kind| kind == MovementKind::Received) =>
            {
                ""
            }
            Err(code) => {
                refuse("reason", code);
                ""
            }
        };
        match (kind, self.quantity) {
            (Some(kind), Some(quantity)) if fields.is_empty() => Ok(Movement {
                kind,
                quantity,
                reason: reason.to_owned(),
            }),
            _ => Err(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const OF_ORDERS: [MovementKind; 4] = [
        MovementKind::Reserved,
        MovementKind::Released,
        MovementKind::Sold,
        MovementKind::Restored,
    ];

    fn holding(kinds: &[MovementKind]) -> Holding {
        let mut holding = Holding::default();
        for kind in kinds {
            assert_eq!(holding.step(*kind), Step::Do, "{kind:?} of {kinds:?}");
            holding.note(*kind);
        }
        holding
    }

    /// What each of the four movements would do, in the order of [`OF_ORDERS`].
    fn steps(kinds: &[MovementKind]) -> [Step; 4] {
        OF_ORDERS.map(|kind| holding(kinds).step(kind))
    }

    #[test]
    fn an_order_moves_its_portions_once_and_back_once() {
        use MovementKind::{Released, Reserved, Restored, Sold};
        use Step::{Do, Done, Never};
        assert_eq!(steps(&[]), [Do, Never, Never, Never]);
        assert_eq!(steps(&[Reserved]), [Done, Do, Do, Never]);
        assert_eq!(steps(&[Reserved, Sold]), [Done, Never, Done, Do]);
        assert_eq!(steps(&[Reserved, Released]), [Never, Done, Never, Never]);
        let restored = [Reserved, Sold, Restored];
        assert_eq!(steps(&restored), [Done, Do, Never, Done]);
        let given_up = [Reserved, Sold, Restored, Released];
        assert_eq!(steps(&given_up), [Never, Done, Never, Done]);
    }

    #[test]
    fn what_is_taken_back_is_as_if_it_had_not_been() {
        let level = Level::new(10, 4).unwrap();
        for (there, back) in [
            (MovementKind::Reserved, MovementKind::Released),
            (MovementKind::Sold, MovementKind::Restored),
        ] {
            let after = level.after(there.change(3)).unwrap();
            assert_ne!(after, level);
            assert_eq!(after.after(back.change(3)), Some(level));
        }
    }

    #[test]
    fn there_is_never_less_than_nothing_nor_more_reserved_than_there_is() {
        let level = Level::new(10, 4).unwrap();
        assert_eq!(level.available(), 6);
        for (kind, most) in [
            (MovementKind::Reserved, 6),
            (MovementKind::Wasted, 6),
            (MovementKind::Released, 4),
            (MovementKind::Sold, 4),
        ] {
            assert!(level.after(kind.change(most)).is_some(), "{kind:?}");
            assert!(level.after(kind.change(most + 1)).is_none(), "{kind:?}");
        }
        assert!(level.after(MovementKind::Corrected.change(-6)).is_some());
        assert!(level.after(MovementKind::Corrected.change(-7)).is_none());
        assert!(
            level
                .after(MovementKind::Received.change(i64::MAX))
                .is_none()
        );
        assert_eq!(Level::new(3, 4), None);
        assert_eq!(Level::new(-1, -1), None);
        assert!(level.is_low(6) && !level.is_low(5));
    }

    #[test]
    fn a_draft_is_refused_field_by_field() {
        let draft = |kind: &str, quantity, reason: &str| MovementDraft {
            kind: kind.to_owned(),
            quantity,
            reason: reason.to_owned(),
        };
        let refused = |draft: MovementDraft| draft.validate().unwrap_err();
        let field = InvalidField::new;
        let (min, max) = (1, QUANTITY_MOST);
        assert_eq!(
            draft("RECEIVED", Some(40), " ").validate(),
            Ok(Movement {
                kind: MovementKind::Received,
                quantity: 40,
                reason: String::new(),
            })
        );
        assert!(draft("CORRECTED", Some(-3), "counted").validate().is_ok());
        assert_eq!(
            refused(draft("", None, "")),
            [
                field("kind", InvalidCode::Required),
                field("quantity", InvalidCode::Required),
            ]
        );
        assert_eq!(
            refused(draft("SOLD", Some(1), "by hand")),
            [field("kind", InvalidCode::UnknownChoice)]
        );
        for quantity in [0, -1, QUANTITY_MOST + 1, i64::MIN, i64::MAX] {
            assert_eq!(
                refused(draft("WASTED", Some(quantity), "")),
                [
                    field("quantity", InvalidCode::OutOfRange { min, max }),
                    field("reason", InvalidCode::Required),
                ],
                "{quantity}"
            );
        }
        assert_eq!(
            refused(draft("CORRECTED", Some(0), "a\u{7}b")),
            [
                field("quantity", InvalidCode::NothingToCorrect),
                field("reason", InvalidCode::Malformed),
            ]
        );
        let long = "x".repeat(REASON_MOST as usize + 1);
        assert_eq!(
            refused(draft("RECEIVED", Some(1), &long)),
            [field("reason", InvalidCode::TooLong { max: REASON_MOST })]
        );
    }

    #[test]
    fn kinds_have_names() {
        for kind in MovementKind::ALL {
            assert_eq!(MovementKind::from_key(kind.key()), Some(kind));
            let written = serde_json::to_value(kind).unwrap();
            assert_eq!(written, kind.key());
        }
    }

    /// An item's ledger with its orders, as whoever keeps it applies the rules.
    #[derive(Default)]
    struct Ledger {
        level: Level,
        orders: BTreeMap<u8, (i64, Holding)>,
        movements: Vec<(Option<u8>, MovementKind, Change)>,
    }

    impl Ledger {
        fn order(&mut self, order: u8, kind: MovementKind, quantity: i64) {
            // An order wants the same, however often it asks.
            let (quantity, holding) = self
                .orders
                .entry(order)
                .or_insert((quantity, Holding::default()));
            let change = kind.change(*quantity);
            if holding.step(kind) != Step::Do {
                return;
            }
            let Some(level) = self.level.after(change) else {
                assert_eq!(
                    kind,
                    MovementKind::Reserved,
                    "what was promised is kept for its order"
                );
                return;
            };
            holding.note(kind);
            self.level = level;
            self.movements.push((Some(order), kind, change));
        }

        fn by_hand(&mut self, kind: MovementKind, quantity: i64) {
            let change = kind.change(quantity);
            if let Some(level) = self.level.after(change) {
                self.level = level;
                self.movements.push((None, kind, change));
            }
        }
    }

    proptest! {
        #[test]
        fn the_ledger_adds_up_whatever_is_done_in_whatever_order(
            actions in prop::collection::vec((0..7_usize, 0..5_u8, 1..20_i64), 0..120)
        ) {
            let mut ledger = Ledger::default();
            for (action, order, quantity) in actions {
                match MovementKind::ALL[action] {
                    kind @ (MovementKind::Received | MovementKind::Wasted) => {
                        ledger.by_hand(kind, quantity);
                    }
                    MovementKind::Corrected => {
                        ledger.by_hand(MovementKind::Corrected, quantity - 10);
                    }
                    kind => ledger.order(order, kind, quantity),
                }
                let level = ledger.level;
                prop_assert!(0 <= level.reserved() && level.reserved() <= level.on_hand());
                let changes = || ledger.movements.iter().map(|(_, _, change)| change);
                let on_hand: i64 = changes().map(|change| change.on_hand).sum();
                let reserved: i64 = changes().map(|change| change.reserved).sum();
                prop_assert_eq!((level.on_hand(), level.reserved()), (on_hand, reserved));
                // What is reserved is what orders hold, and nothing else.
                let held: i64 = ledger
                    .orders
                    .values()
                    .filter(|(_, holding)| holding.is_held())
                    .map(|(quantity, _)| quantity)
                    .sum();
                prop_assert_eq!(level.reserved(), held);
                let came: i64 = ledger
                    .movements
                    .iter()
                    .filter(|(order, ..)| order.is_none())
                    .map(|(_, _, change)| change.on_hand)
                    .sum();
                let gone: i64 = ledger
                    .orders
                    .values()
                    .filter(|(_, holding)| holding.is_sold())
                    .map(|(quantity, _)| quantity)
                    .sum();
                prop_assert_eq!(level.on_hand(), came - gone);
            }
            for order in 0..5 {
                for kind in OF_ORDERS {
                    let times = ledger
                        .movements
                        .iter()
                        .filter(|(whose, what, _)| (*whose, *what) == (Some(order), kind))
                        .count();
                    prop_assert!(times <= 1, "order {} {:?} {} times", order, kind, times);
                }
            }
        }
    }
}
