//! Campuses: when they hand out meals, and whether something can be collected at a moment.

use crate::text::Localized;
use crate::week::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// How many days of 24 hours ahead a slot may lie.
pub const DAYS_AHEAD: i64 = 7;
/// How many days a campus may be paused for at once.
pub const PAUSE_DAYS_MOST: i64 = 7;

/// How a campus takes orders just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum CampusState {
    /// As always.
    #[default]
    Open,
    /// The kitchen needs more time.
    Busy {
        /// How much more, in minutes, 1 to [`CampusState::BUSY_MINUTES_MOST`].
        minutes: i64,
    },
    /// No order is taken.
    Paused {
        /// Until when, in microseconds since 1970 UTC.
        until: i64,
    },
}

impl CampusState {
    /// The most minutes that a busy kitchen may add.
    pub const BUSY_MINUTES_MOST: i64 = 240;

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Busy { .. } => "BUSY",
            Self::Paused { .. } => "PAUSED",
        }
    }

    /// What it is at a moment: a pause that is over is none.
    #[must_use]
    pub const fn at(self, now: i64) -> Self {
        match self {
            Self::Paused { until } if until <= now => Self::Open,
            other => other,
        }
    }

    /// What it adds to the time that something takes, in minutes.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Busy { minutes } => minutes,
            Self::Open | Self::Paused { .. } => 0,
        }
    }
}

/// From `opens` on and before `closes`, in minutes of the local day.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// 0 to 1,439.
    pub opens: i64,
    /// After that, up to 1,440.
    pub closes: i64,
}

/// When a campus hands out meals: for each weekday, Monday first, the times between which it is open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpeningHours(pub [Vec<Opening>; 7]);

/// Opening hours of a weekday that are out of the day, empty, out of order or that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the opening hours of weekday {weekday} are no times of a day in their order")]
pub struct HoursFault {
    /// 0 is Monday.
    pub weekday: i64,
}

impl OpeningHours {
    /// The times of a weekday; 0 is Monday.
    #[must_use]
    pub fn on(&self, weekday: i64) -> &[Opening] {
        &self.0[weekday.rem_euclid(7) as usize]
    }

    /// Whether it is open at a minute of a weekday.
    #[must_use]
    pub fn open_at(&self, weekday: i64, minute: i64) -> bool {
        self.on(weekday)
            .iter()
            .any(|opening| (opening.opens..opening.closes).contains(&minute))
    }

    /// Checks that each day's times lie in the day, one after the other.
    ///
    /// # Errors
    /// The first weekday whose times do not.
    pub fn check(&self) -> Result<(), HoursFault> {
        for (weekday, openings) in (0..).zip(&self.0) {
            let mut before = 0;
            for opening in openings {
                if opening.opens < before || opening.closes <= opening.opens || opening.closes > DAY
                {
                    return Err(HoursFault { weekday });
                }
                before = opening.closes;
            }
        }
        Ok(())
    }
}

/// The slots of a date: the minutes of the day at which one begins, from each opening on, as many as
/// end before it closes.
#[must_use]
pub fn slots(hours: &OpeningHours, slot_minutes: i64, date: Date) -> Vec<i64> {
    let step = slot_minutes.max(1);
    hours
        .on(date.weekday())
        .iter()
        .flat_map(|opening| {
            let fit = (opening.closes - opening.opens) / step;
            (0..fit).map(move |slot| opening.opens + slot * step)
        })
        .collect()
}

/// A moment at which something could be collected, as the campus's clocks show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// When it begins, in microseconds since 1970 UTC.
    pub starts_at: i64,
    /// The date there.
    pub date: Date,
    /// The minute of the day there, 0 to 1,439.
    pub minute: i64,
}

/// When an item is sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    /// On these weekdays; 0 is Monday.
    pub days: BTreeSet<i64>,
    /// To be collected from this minute of the local day on…
    pub from: i64,
    /// … and before this one.
    pub until: i64,
}

impl Sale {
    /// Whenever the campus is open.
    #[must_use]
    pub fn always() -> Self {
        Self {
            days: (0..7).collect(),
            from: 0,
            until: DAY,
        }
    }

    /// Whether it is sold at a minute of a weekday; 0 is Monday.
    #[must_use]
    pub fn allows(&self, weekday: i64, minute: i64) -> bool {
        self.days.contains(&weekday) && (self.from..self.until).contains(&minute)
    }

    /// Whether its days are weekdays and its times lie in the day, one after the other.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.days.iter().all(|day| (0..7).contains(day))
            && 0 <= self.from
            && self.from < self.until
            && self.until <= DAY
    }
}

/// Where meals are handed out, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campus {
    /// Its id.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: Localized<String>,
    /// ISO 4217; every amount here is in minor units of it.
    pub currency: String,
    /// How it takes orders, as it was set; [`CampusState::at`] says what that is now.
    pub state: CampusState,
    /// When it hands out meals.
    pub hours: OpeningHours,
    /// How long a slot is.
    pub slot_minutes: i64,
    /// How many orders one slot takes.
    pub slot_capacity: i64,
    /// How long before a slot at the least an order must come, in minutes.
    pub lead_minutes: i64,
}

/// Why something can't be collected at a moment.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(
    tag = "reason",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Refusal {
    /// The campus takes no orders just now.
    #[error("the campus is paused for {minutes} minutes more")]
    CampusPaused {
        /// For so many minutes more, the last one begun.
        minutes: i64,
    },
    /// The campus is closed then.
    #[error("the campus is closed then")]
    CampusClosed,
    /// No slot begins then.
    #[error("no slot begins then")]
    NoSuchSlot,
    /// The kitchen can't be ready by then.
    #[error("the kitchen needs {minutes} minutes")]
    SlotTooSoon {
        /// What the kitchen needs from now on.
        minutes: i64,
    },
    /// No orders are taken for so far ahead.
    #[error("more than {days} days ahead")]
    SlotTooFar {
        /// How many days ahead at the most.
        days: i64,
    },
    /// The item is not sold at present.
    #[error("the item is not sold at present")]
    NotSold,
    /// The item is not sold on that day, or not at that time of day.
    #[error("the item is not sold then")]
    NotOnSale,
}

impl Campus {
    /// How long something takes here that takes so many minutes to make.
    #[must_use]
    pub fn minutes_needed(&self, now: i64, minutes: i64) -> i64 {
        self.lead_minutes.max(minutes) + self.state.at(now).minutes()
    }

    /// Whether anything can be collected here in a slot, ordered now, that takes so many minutes to
    /// make. `None` is a moment at which the clocks there show no whole minute.
    ///
    /// Whether the slot has room is counted where an order is placed.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn takes(&self, now: i64, minutes: i64, slot: Option<Slot>) -> Result<(), Refusal> {
        if let CampusState::Paused { until } = self.state.at(now) {
            return Err(Refusal::CampusPaused {
                minutes: (until - now + MINUTE - 1) / MINUTE,
            });
        }
        let slot = slot.ok_or(Refusal::NoSuchSlot)?;
        if slot.starts_at.saturating_sub(now) > DAYS_AHEAD * DAY * MINUTE {
            return Err(Refusal::SlotTooFar { days: DAYS_AHEAD });
        }
        if !self.hours.open_at(slot.date.weekday(), slot.minute) {
            return Err(Refusal::CampusClosed);
        }
        if !slots(&self.hours, self.slot_minutes, slot.date).contains(&slot.minute) {
            return Err(Refusal::NoSuchSlot);
        }
        let needed = self.minutes_needed(now, minutes);
        if slot.starts_at < now.saturating_add(needed * MINUTE) {
            return Err(Refusal::SlotTooSoon { minutes: needed });
        }
        Ok(())
    }

    /// Whether an item can be collected here in a slot, ordered now: one that takes so many minutes to
    /// make, is sold at present, and at which times.
    ///
    /// # Errors
    /// The first reason against it, the campus's before the item's.
    pub fn sells(
        &self,
        now: i64,
        slot: Option<Slot>,
        active: bool,
        minutes: i64,
        sale: &Sale,
    ) -> Result<(), Refusal> {
        self.takes(now, minutes, slot)?;
        if !active {
            return Err(Refusal::NotSold);
        }
        match slot {
            Some(slot) if sale.allows(slot.date.weekday(), slot.minute) => Ok(()),
            _ => Err(Refusal::NotOnSale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * MINUTE;
    /// 2026-11-23 is a Monday; 00:00 UTC.
    const MONDAY: i64 = 1_795_392_000_000_000;

    fn hours(openings: &[(i64, i64)]) -> OpeningHours {
        let day: Vec<Opening> = openings
            .iter()
            .map(|&(opens, closes)| Opening { opens, closes })
            .collect();
        let mut hours = OpeningHours::default();
        for weekday in 0..5 {
            hours.0[weekday] = day.clone();
        }
        hours
    }

    fn campus(state: CampusState) -> Campus {
        Campus {
            id: Uuid::nil(),
            slug: "north".to_owned(),
            name: Localized::default(),
            currency: "USD".to_owned(),
            state,
            hours: hours(&[(480, 600), (720, 900)]),
            slot_minutes: 15,
            slot_capacity: 10,
            lead_minutes: 20,
        }
    }

    /// A slot so many days after that Monday, on clocks that show UTC.
    fn slot(day: i64, minute: i64) -> Option<Slot> {
        let date = Date {
            year: 2026,
            month: 11,
            day: 23,
        };
        Some(Slot {
            starts_at: MONDAY + day * 24 * HOUR + minute * MINUTE,
            date: date.plus(day),
            minute,
        })
    }

    fn date(day: i64) -> Date {
        slot(day, 0).unwrap().date
    }

    #[test]
    fn slots_fill_each_opening_and_end_with_it() {
        let hours = hours(&[(480, 525), (720, 750)]);
        assert_eq!(slots(&hours, 15, date(0)), [480, 495, 510, 720, 735]);
        // One of forty minutes fits once, and not into the second.
        assert_eq!(slots(&hours, 40, date(4)), [480]);
        assert!(slots(&hours, 15, date(5)).is_empty());
        assert_eq!(slots(&hours, 15, date(7)), slots(&hours, 15, date(0)));
    }

    #[test]
    fn hours_are_times_of_a_day_in_their_order() {
        assert_eq!(hours(&[(0, 1), (1, DAY)]).check(), Ok(()));
        assert_eq!(OpeningHours::default().check(), Ok(()));
        for wrong in [
            &[(-1, 5)][..],
            &[(5, 5)],
            &[(6, 5)],
            &[(5, DAY + 1)],
            &[(10, 20), (19, 30)],
            &[(10, 20), (5, 8)],
        ] {
            let fault = hours(wrong).check().unwrap_err();
            assert_eq!(fault.weekday, 0, "{wrong:?}");
        }
        let mut sunday = OpeningHours::default();
        sunday.0[6].push(Opening {
            opens: 9,
            closes: 8,
        });
        assert_eq!(sunday.check(), Err(HoursFault { weekday: 6 }));
    }

    #[test]
    fn hours_are_read_and_written_as_lists_of_a_week() {
        let json = r#"[[{"opens":480,"closes":600}],[],[],[],[],[],[]]"#;
        let read: OpeningHours = serde_json::from_str(json).unwrap();
        assert!(read.open_at(0, 480) && read.open_at(0, 599));
        assert!(!read.open_at(0, 600) && !read.open_at(0, 479) && !read.open_at(1, 480));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert!(serde_json::from_str::<OpeningHours>("[[],[]]").is_err());
    }

    #[test]
    fn a_slot_is_taken_within_its_bounds_only() {
        let open = campus(CampusState::Open);
        let now = MONDAY + 8 * HOUR;
        let takes = |day, minute| open.takes(now, 0, slot(day, minute));
        // Twenty minutes of lead: the slot at 8:15 is too soon, and also that which began already.
        let soon = Err(Refusal::SlotTooSoon { minutes: 20 });
        assert_eq!(takes(0, 480), soon);
        assert_eq!(takes(0, 495), soon);
        assert_eq!(takes(0, 510), Ok(()));
        assert_eq!(open.takes(now + 10 * MINUTE, 0, slot(0, 510)), Ok(()));
        assert_eq!(open.takes(now + 10 * MINUTE + 1, 0, slot(0, 510)), soon);
        assert_eq!(takes(0, 511), Err(Refusal::NoSuchSlot));
        assert_eq!(open.takes(now, 0, None), Err(Refusal::NoSuchSlot));
        assert_eq!(takes(0, 600), Err(Refusal::CampusClosed));
        assert_eq!(takes(5, 510), Err(Refusal::CampusClosed));
        assert_eq!(takes(7, 480), Ok(()));
        let far = Err(Refusal::SlotTooFar { days: 7 });
        assert_eq!(takes(7, 495), far);
        assert_eq!(takes(400_000, 510), far);
        // Yesterday is too soon, however it is written.
        assert_eq!(takes(-3, 510), soon);
    }

    #[test]
    fn what_takes_longer_or_a_busy_kitchen_needs_a_later_slot() {
        let now = MONDAY + 8 * HOUR;
        let busy = campus(CampusState::Busy { minutes: 25 });
        let needed = |minutes| busy.takes(now, minutes, slot(0, 510));
        assert_eq!(needed(0), Err(Refusal::SlotTooSoon { minutes: 45 }));
        assert_eq!(needed(30), Err(Refusal::SlotTooSoon { minutes: 55 }));
        assert_eq!(busy.takes(now, 30, slot(0, 540)), Ok(()));
    }

    #[test]
    fn a_pause_ends_by_itself() {
        let now = MONDAY + 8 * HOUR;
        let paused = campus(CampusState::Paused {
            until: now + 90 * MINUTE + 1,
        });
        let takes = |now| paused.takes(now, 0, slot(0, 720));
        assert_eq!(takes(now), Err(Refusal::CampusPaused { minutes: 91 }));
        assert_eq!(
            takes(now + 90 * MINUTE),
            Err(Refusal::CampusPaused { minutes: 1 })
        );
        assert_eq!(takes(now + 90 * MINUTE + 1), Ok(()));
    }

    #[test]
    fn an_item_is_sold_on_its_days_at_its_hours() {
        let open = campus(CampusState::Open);
        let now = MONDAY;
        let breakfast = Sale {
            days: [0, 2].into(),
            from: 480,
            until: 600,
        };
        let sells = |active, slot| open.sells(now, slot, active, 5, &breakfast);
        assert_eq!(sells(true, slot(0, 585)), Ok(()));
        assert_eq!(sells(true, slot(0, 720)), Err(Refusal::NotOnSale));
        assert_eq!(sells(true, slot(1, 585)), Err(Refusal::NotOnSale));
        assert_eq!(sells(false, slot(0, 585)), Err(Refusal::NotSold));
        assert_eq!(sells(false, slot(0, 600)), Err(Refusal::CampusClosed));
        assert!(Sale::always().allows(6, DAY - 1) && Sale::always().is_sound());
        let sound = |days: &[i64], from, until| {
            let days = days.iter().copied().collect();
            Sale { days, from, until }.is_sound()
        };
        assert!(sound(&[], 0, DAY));
        assert!(!sound(&[7], 0, DAY) && !sound(&[0], 5, 5) && !sound(&[0], 0, DAY + 1));
        assert!(!sound(&[0], -1, 5));
    }
}
