//! An order's saga: what is done for it step by step, and undone where it cannot be.
//!
//! Pure and versioned: a stored saga goes on by the rules of its [`Saga::version`]. [`next`] takes what
//! has happened and says what is to be done; it never waits, and what comes late or twice changes
//! nothing. Whoever performs the steps makes each of them idempotent.
//!
//! | step | does | undone by | queue |
//! |---|---|---|---|
//! | verify stock | looks whether there is enough | – | inventory |
//! | reserve | keeps the portions | releasing them | inventory |
//! | pay | charges | refunding | payment |
//! | confirm reservation | takes the portions from stock | restoring them | inventory |
//! | send confirmation | tells the member | telling of the cancellation | notification |
//! | complete | hands the order to the kitchen | cancelling it | order |
//!
//! Once a saga turns back the order is cancelled and its slot is free; the member hears of it first,
//! then what was done is undone: the stock before the payment, since others wait for the portions and a
//! gateway may be away for hours. A step that was *refused* has done nothing; one whose attempts are
//! *exhausted* may have done all, so it is undone as well.

use crate::order::CancelReason;
use serde::{Deserialize, Serialize};

/// The version of these rules.
pub const VERSION: i64 = 1;

/// What is done for an order.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Looks whether there is enough of everything.
    VerifyStock,
    /// Keeps the portions for this order.
    Reserve,
    /// Charges.
    Pay,
    /// Takes the reserved portions from stock.
    ConfirmReservation,
    /// Tells the member.
    SendConfirmation,
    /// Hands the order to the kitchen.
    Complete,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 6] = [
        Self::VerifyStock,
        Self::Reserve,
        Self::Pay,
        Self::ConfirmReservation,
        Self::SendConfirmation,
        Self::Complete,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::VerifyStock => "VERIFY_STOCK",
            Self::Reserve => "RESERVE",
            Self::Pay => "PAY",
            Self::ConfirmReservation => "CONFIRM_RESERVATION",
            Self::SendConfirmation => "SEND_CONFIRMATION",
            Self::Complete => "COMPLETE",
        }
    }

    /// The step of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.key() == key)
    }

    fn after(self) -> Option<Self> {
        let place = Self::ALL.iter().position(|step| *step == self)?;
        Self::ALL.get(place + 1).copied()
    }

    /// What leaves something to undo behind, in the order in which it is undone.
    const UNDONE: [Self; 3] = [Self::ConfirmReservation, Self::Reserve, Self::Pay];

    /// What is to be undone after this step was, where as much as `reached` may have been done.
    fn undone_next(self, reached: Option<Self>) -> Option<Self> {
        // The member is told before anything is undone.
        let from = Self::UNDONE
            .iter()
            .position(|step| *step == self)
            .map_or(0, |place| place + 1);
        Self::UNDONE[from..]
            .iter()
            .copied()
            .find(|step| reached.is_some_and(|reached| *step <= reached))
    }

    fn before(self) -> Option<Self> {
        let place = Self::ALL.iter().position(|step| *step == self)?;
        place.checked_sub(1).map(|place| Self::ALL[place])
    }
}

/// Whether a step is done or undone.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// Forward.
    Do,
    /// Back.
    Undo,
}

impl Direction {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Do => "DO",
            Self::Undo => "UNDO",
        }
    }

    /// The direction of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Do, Self::Undo]
            .into_iter()
            .find(|one| one.key() == key)
    }
}

/// Where a saga is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// This step is being done.
    Forward(Step),
    /// This step is being undone.
    Back {
        /// Which.
        step: Step,
        /// The last one whose effects may exist; none where nothing was done.
        reached: Option<Step>,
    },
    /// Everything was done.
    Completed,
    /// Everything that was done is undone.
    Cancelled,
}

impl Phase {
    /// The name in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Forward(_) => "FORWARD",
            Self::Back { .. } => "BACK",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The step that is being done or undone.
    #[must_use]
    pub const fn step(self) -> Option<Step> {
        match self {
            Self::Forward(step) | Self::Back { step, .. } => Some(step),
            Self::Completed | Self::Cancelled => None,
        }
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

/// A saga's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Saga {
    /// Of the rules that it began with.
    pub version: i64,
    /// Where it is.
    pub phase: Phase,
    /// Why it turned back, or is to turn back once the step that runs has ended.
    pub reason: Option<CancelReason>,
}

impl Saga {
    /// A saga that begins.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            version: VERSION,
            phase: Phase::Forward(Step::VerifyStock),
            reason: None,
        }
    }
}

impl Default for Saga {
    fn default() -> Self {
        Self::new()
    }
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A step was done.
    Done(Step),
    /// A step can't be done, and has done nothing.
    Refused(Step, CancelReason),
    /// A step was tried often enough, and may have done something all the same.
    Exhausted(Step, CancelReason),
    /// A step was undone.
    Undone(Step),
    /// Somebody wants the order cancelled.
    Cancel(CancelReason),
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Do this step.
    Do(Step),
    /// The order is cancelled from now on; undo this step.
    TurnBack(Step),
    /// Undo this step.
    Undo(Step),
    /// Nothing until the step that runs has ended.
    Wait,
    /// Nothing: it has ended.
    End,
}

/// The state after an event and what is to be done; nothing where the event does not concern the state,
/// as when it comes late or a second time.
#[must_use]
pub fn next(saga: Saga, event: Event) -> Option<(Saga, Effect)> {
    match (saga.phase, event) {
        (Phase::Forward(now), Event::Done(step)) if step == now => Some(match saga.reason {
            // Somebody asked while it ran.
            Some(reason) => turn_back(saga, Some(step), reason),
            None => match step.after() {
                Some(following) => (at(saga, Phase::Forward(following)), Effect::Do(following)),
                None => (at(saga, Phase::Completed), Effect::End),
            },
        }),
        (Phase::Forward(now), Event::Refused(step, reason)) if step == now => Some(turn_back(
            saga,
            step.before(),
            saga.reason.unwrap_or(reason),
        )),
        (Phase::Forward(now), Event::Exhausted(step, reason)) if step == now => {
            Some(turn_back(saga, Some(step), saga.reason.unwrap_or(reason)))
        }
        (Phase::Forward(_), Event::Cancel(reason)) if saga.reason.is_none() => {
            let reason = Some(reason);
            Some((Saga { reason, ..saga }, Effect::Wait))
        }
        (Phase::Completed, Event::Cancel(reason)) => {
            Some(turn_back(saga, Some(Step::Complete), reason))
        }
        (Phase::Back { step: now, reached }, Event::Undone(step)) if step == now => {
            Some(match step.undone_next(reached) {
                Some(step) => (at(saga, Phase::Back { step, reached }), Effect::Undo(step)),
                None => (at(saga, Phase::Cancelled), Effect::End),
            })
        }
        _ => None,
    }
}

fn at(saga: Saga, phase: Phase) -> Saga {
    Saga { phase, ..saga }
}

fn turn_back(saga: Saga, reached: Option<Step>, reason: CancelReason) -> (Saga, Effect) {
    let step = Step::SendConfirmation;
    let turned = Saga {
        phase: Phase::Back { step, reached },
        reason: Some(reason),
        ..saga
    };
    (turned, Effect::TurnBack(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(events: &[Event]) -> (Saga, Vec<Effect>) {
        let mut saga = Saga::new();
        let mut effects = Vec::new();
        for event in events {
            if let Some((state, effect)) = next(saga, *event) {
                saga = state;
                effects.push(effect);
            }
        }
        (saga, effects)
    }

    #[test]
    fn an_order_that_nothing_hinders_is_completed() {
        let (saga, effects) = run(&Step::ALL.map(Event::Done));
        assert_eq!(saga.phase, Phase::Completed);
        let expected: Vec<Effect> = Step::ALL[1..]
            .iter()
            .map(|step| Effect::Do(*step))
            .chain([Effect::End])
            .collect();
        assert_eq!(effects, expected);
    }

    #[test]
    fn a_declined_payment_releases_and_refunds_nothing() {
        let (saga, effects) = run(&[
            Event::Done(Step::VerifyStock),
            Event::Done(Step::Reserve),
            Event::Refused(Step::Pay, CancelReason::PaymentDeclined),
            Event::Undone(Step::SendConfirmation),
            Event::Undone(Step::Reserve),
        ]);
        assert_eq!(saga.phase, Phase::Cancelled);
        assert_eq!(saga.reason, Some(CancelReason::PaymentDeclined));
        assert_eq!(
            effects[2..],
            [
                Effect::TurnBack(Step::SendConfirmation),
                Effect::Undo(Step::Reserve),
                Effect::End
            ]
        );
    }

    #[test]
    fn a_payment_that_may_have_been_made_is_refunded() {
        let (_, effects) = run(&[
            Event::Done(Step::VerifyStock),
            Event::Done(Step::Reserve),
            Event::Exhausted(Step::Pay, CancelReason::PaymentUnavailable),
            Event::Undone(Step::SendConfirmation),
            Event::Undone(Step::Reserve),
        ]);
        assert_eq!(effects.last(), Some(&Effect::Undo(Step::Pay)));
    }

    #[test]
    fn a_completed_order_gives_its_portions_back_before_its_money() {
        let mut events = Step::ALL.map(Event::Done).to_vec();
        events.push(Event::Cancel(CancelReason::Member));
        for step in [
            Step::SendConfirmation,
            Step::ConfirmReservation,
            Step::Reserve,
            Step::Pay,
        ] {
            events.push(Event::Undone(step));
        }
        let (saga, effects) = run(&events);
        assert_eq!(saga.phase, Phase::Cancelled);
        assert_eq!(
            effects[6..],
            [
                Effect::TurnBack(Step::SendConfirmation),
                Effect::Undo(Step::ConfirmReservation),
                Effect::Undo(Step::Reserve),
                Effect::Undo(Step::Pay),
                Effect::End
            ]
        );
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop::sample::select(Step::ALL.to_vec())
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let reason = || prop::sample::select(CancelReason::ALL.to_vec());
        prop_oneof![
            6 => any_step().prop_map(Event::Done),
            6 => any_step().prop_map(Event::Undone),
            1 => (any_step(), reason()).prop_map(|(step, reason)| Event::Refused(step, reason)),
            1 => (any_step(), reason()).prop_map(|(step, reason)| Event::Exhausted(step, reason)),
            1 => reason().prop_map(Event::Cancel),
        ]
    }

    proptest! {
        /// Whatever comes, in whatever order and however often: steps are done in their order, what may
        /// have been done is undone once, and nothing is done after turning back.
        #[test]
        fn everything_done_is_undone_or_kept(events in prop::collection::vec(any_event(), 0..200)) {
            let mut saga = Saga::new();
            let mut doing = vec![Step::VerifyStock];
            let mut undone = Vec::new();
            let mut refused = None;
            let mut turned = false;
            for event in events {
                let Some((state, effect)) = next(saga, event) else { continue };
                prop_assert!(!saga.phase.has_ended() || matches!(event, Event::Cancel(_)));
                if let Event::Refused(step, _) = event {
                    refused = Some(step);
                }
                match effect {
                    Effect::Do(step) => {
                        prop_assert!(!turned);
                        prop_assert_eq!(Some(step), doing.last().and_then(|last| last.after()));
                        doing.push(step);
                    }
                    Effect::TurnBack(step) => {
                        prop_assert!(!turned);
                        turned = true;
                        undone.push(step);
                        prop_assert!(state.reason.is_some());
                    }
                    Effect::Undo(step) => {
                        prop_assert!(turned && doing.contains(&step) && !undone.contains(&step));
                        prop_assert_ne!(Some(step), refused);
                        undone.push(step);
                    }
                    Effect::Wait => prop_assert!(state.reason.is_some() && !turned),
                    Effect::End => {}
                }
                saga = state;
            }
            if saga.phase == Phase::Cancelled {
                for step in [Step::Reserve, Step::Pay, Step::ConfirmReservation] {
                    let done = doing.contains(&step) && refused != Some(step);
                    prop_assert_eq!(done, undone.contains(&step), "{:?}", step);
                }
            }
        }
    }
}
