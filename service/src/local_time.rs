//! What the institution's clocks show: people read and write times as they stand on their walls.

use crate::ctx::Service;
use domain::week::Date;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A date and a time of day on the institution's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// The date.
    pub date: Date,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
}

impl Service {
    /// What the institution's clocks show at a moment, in microseconds since 1970 UTC.
    #[must_use]
    pub fn local_time(&self, micros: i64) -> LocalTime {
        local_time(&self.zone(), micros)
    }

    /// The moment at which the institution's clocks show `2026-11-22T07:30`, in microseconds since
    /// 1970 UTC; nothing where that is no time.
    #[must_use]
    pub fn moment(&self, local: &str) -> Option<i64> {
        moment(self.zone(), local)
    }

    /// The moment at which the institution's clocks show a minute of a date, in microseconds since 1970
    /// UTC: the first one where they show it twice; nothing where they leave it out.
    #[must_use]
    pub fn moment_at(&self, date: Date, minute: i64) -> Option<i64> {
        moment_at(self.zone(), date, minute)
    }

    /// The institution's time zone. Where its name is unknown no schedule can be kept, and the
    /// process does not start; UTC only stands in for it.
    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.settings.time_zone).unwrap_or(TimeZone::UTC)
    }
}

fn local_time(zone: &TimeZone, micros: i64) -> LocalTime {
    let instant = Timestamp::from_microsecond(micros).unwrap_or_default();
    let local = zone.to_datetime(instant);
    LocalTime {
        date: Date {
            year: local.year().into(),
            month: local.month().into(),
            day: local.day().into(),
        },
        hour: local.hour().into(),
        minute: local.minute().into(),
        second: local.second().into(),
    }
}

fn moment(zone: TimeZone, local: &str) -> Option<i64> {
    let local: DateTime = local.parse().ok()?;
    Some(local.to_zoned(zone).ok()?.timestamp().as_microsecond())
}

fn moment_at(zone: TimeZone, date: Date, minute: i64) -> Option<i64> {
    let (year, month, day) = (date.year, date.month, date.day);
    let local = DateTime::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
        minute.div_euclid(60).try_into().ok()?,
        minute.rem_euclid(60).try_into().ok()?,
        0,
        0,
    );
    let local = local.ok()?;
    let shown = local.to_zoned(zone).ok()?;
    // Where the clocks leave a time out, the moment that stands in for it shows another one.
    (shown.datetime() == local).then(|| shown.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_by_the_clocks_of_a_zone() {
        let zone = TimeZone::get("America/Mexico_City").unwrap();
        let micros = moment(zone.clone(), "2026-11-22T07:30").unwrap();
        let utc: Timestamp = "2026-11-22T13:30:00Z".parse().unwrap();
        assert_eq!(micros, utc.as_microsecond());
        let local = local_time(&zone, micros + 5_999_999);
        assert_eq!(local.date.to_string(), "2026-11-22");
        assert_eq!((local.hour, local.minute, local.second), (7, 30, 5));
        assert_eq!(moment(zone, "yesterday"), None);
    }

    #[test]
    fn a_minute_that_clocks_leave_out_is_no_moment_and_one_shown_twice_is_the_first() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        let at = |month, day, minute| {
            let date = Date {
                year: 2027,
                month,
                day,
            };
            moment_at(madrid.clone(), date, minute)
        };
        let utc = |text: &str| Some(text.parse::<Timestamp>().unwrap().as_microsecond());
        assert_eq!(at(3, 28, 119), utc("2027-03-28T00:59:00Z"));
        assert_eq!(at(3, 28, 150), None);
        assert_eq!(at(3, 28, 180), utc("2027-03-28T01:00:00Z"));
        assert_eq!(at(10, 31, 150), utc("2027-10-31T00:30:00Z"));
        assert_eq!(at(2, 29, 0), None);
        assert_eq!(at(1, 1, 1440), None);
    }
}
