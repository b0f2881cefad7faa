//! ISO 8601 weeks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An ISO week, written `2026-W31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoWeek {
    year: i64,
    week: i64,
}

/// A calendar date, written `2026-07-27`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Gregorian year.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

impl Date {
    /// The weekday; 0 is Monday.
    #[must_use]
    pub const fn weekday(self) -> i64 {
        // 1970-01-01 was a Thursday, three days after a Monday.
        (days_from_civil(self.year, self.month, self.day) + 3).rem_euclid(7)
    }

    /// The date so many days later, or earlier where negative.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        civil_from_days(days_from_civil(self.year, self.month, self.day) + days)
    }
}

/// A week that its year does not have, or text that is not a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such ISO week")]
pub struct NoSuchWeek;

/// Days since 1970-01-01 of a Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn civil_from_days(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    Date { year, month, day }
}

/// The Monday of week 1, in days since 1970: the week that holds 4 January.
const fn first_monday(year: i64) -> i64 {
    let fourth = days_from_civil(year, 1, 4);
    // 1970-01-01 was a Thursday, three days after a Monday.
    fourth - (fourth + 3).rem_euclid(7)
}

impl IsoWeek {
    /// The years that a week may lie in.
    pub const YEARS: std::ops::RangeInclusive<i64> = 2000..=2199;

    /// Week `week` of ISO year `year`.
    ///
    /// # Errors
    /// [`NoSuchWeek`] where the year has no such week (53 exists in some years only).
    pub fn new(year: i64, week: i64) -> Result<Self, NoSuchWeek> {
        if !Self::YEARS.contains(&year) {
            return Err(NoSuchWeek);
        }
        let weeks = (first_monday(year + 1) - first_monday(year)) / 7;
        if (1..=weeks).contains(&week) {
            Ok(Self { year, week })
        } else {
            Err(NoSuchWeek)
        }
    }

    /// The week of a moment, in microseconds since 1970 UTC.
    #[must_use]
    pub const fn of_micros(micros: i64) -> Self {
        let day = micros.div_euclid(86_400_000_000);
        // A week belongs to the year of its Thursday.
        let thursday = day - (day + 3).rem_euclid(7) + 3;
        let year = civil_from_days(thursday).year;
        Self {
            year,
            week: (thursday - first_monday(year)) / 7 + 1,
        }
    }

    /// The ISO year.
    #[must_use]
    pub const fn year(self) -> i64 {
        self.year
    }

    /// The number in the year, 1 to 53.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.week
    }

    /// The week `weeks` later, or earlier where negative.
    #[must_use]
    pub const fn plus(self, weeks: i64) -> Self {
        let monday = first_monday(self.year) + (self.week - 1 + weeks) * 7;
        Self::of_micros(monday * 86_400_000_000)
    }

    /// The seven dates, Monday first.
    #[must_use]
    pub fn dates(self) -> [Date; 7] {
        let monday = first_monday(self.year) + (self.week - 1) * 7;
        std::array::from_fn(|day| civil_from_days(monday + day as i64))
    }
}

impl fmt::Display for IsoWeek {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-W{:02}", self.year, self.week)
    }
}

impl FromStr for IsoWeek {
    type Err = NoSuchWeek;
    fn from_str(text: &str) -> Result<Self, NoSuchWeek> {
        let (year, week) = text.split_once("-W").ok_or(NoSuchWeek)?;
        let digits = |part: &str, length: usize| {
            (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse().ok())
                .flatten()
                .ok_or(NoSuchWeek)
        };
        Self::new(digits(year, 4)?, digits(week, 2)?)
    }
}

impl Serialize for IsoWeek {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IsoWeek {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.day
        )
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let mut parts = text.splitn(3, '-').map(str::parse);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) => Ok(Self { year, month, day }),
            _ => Err(serde::de::Error::custom("not a date")),
        }
    }
}

/// The weekday of an instant in microseconds since 1970 UTC; 0 is Monday.
#[must_use]
pub const fn weekday_of_micros(micros: i64) -> usize {
    // 1970-01-01 was a Thursday, three days after a Monday.
    (micros.div_euclid(86_400_000_000) + 3).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_follow_iso_8601() {
        assert!("2026-W53".parse::<IsoWeek>().is_ok());
        assert!("2025-W53".parse::<IsoWeek>().is_err());
        assert!("2026-W54".parse::<IsoWeek>().is_err());
        assert!("2026-W1".parse::<IsoWeek>().is_err());
        let week: IsoWeek = "2026-W53".parse().unwrap();
        assert_eq!(week.dates()[0].to_string(), "2026-12-28");
        assert_eq!(week.plus(1).to_string(), "2027-W01");
        assert_eq!(week.plus(1).plus(-1), week);
        let sunday = week.dates()[6];
        assert_eq!(
            (sunday.to_string().as_str(), sunday.weekday()),
            ("2027-01-03", 6)
        );
        assert_eq!(sunday.plus(-6), week.dates()[0]);
        assert_eq!(sunday.plus(60).to_string(), "2027-03-04");
        // 2026-11-21 is a Saturday of week 47.
        assert_eq!(
            IsoWeek::of_micros(1_795_219_200_000_000).to_string(),
            "2026-W47"
        );
    }
}
