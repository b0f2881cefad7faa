//! Numbers, dates and names in words, on the server: what pages get is ready to be read.

use crate::context::{amount, number};
use domain::amount::Amount;
use domain::food::{Aisle, Measure};
use domain::measure;
use domain::nutrient::Unit;
use domain::text::{Language, Localized};
use domain::week::{Date, IsoWeek};
use locales::Key;
use service::LocalTime;

/// Speaks one language.
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Language);

impl Words {
    /// The text of a key.
    #[must_use]
    pub fn t(self, key: Key) -> String {
        locales::text(self.0, key).to_owned()
    }

    /// The text of a key with its arguments filled in.
    #[must_use]
    pub fn fill(self, key: Key, arguments: &[(&str, &str)]) -> String {
        locales::fill(self.0, key, arguments)
    }

    /// The text of a name that is built from data, with its arguments filled in.
    #[must_use]
    pub fn fill_name(self, table: &str, name: &str, arguments: &[(&str, &str)]) -> String {
        locales::key(&format!("{table}.{name}"))
            .map_or_else(|| name.to_owned(), |key| self.fill(key, arguments))
    }

    /// The text of a name that is built from data: `name("nutrient", "vitaminC")`.
    #[must_use]
    pub fn name(self, table: &str, name: &str) -> String {
        self.fill_name(table, name, &[])
    }

    /// The language's part of a text from data.
    #[must_use]
    pub fn of(self, text: &Localized<String>) -> String {
        text.get(self.0).clone()
    }

    /// A weekday of a week, 0 is Monday: "Monday".
    #[must_use]
    pub fn weekday(self, index: usize) -> String {
        self.name("weekday", &(index + 1).to_string())
    }

    /// A weekday of a week, 0 is Monday: "Mon".
    #[must_use]
    pub fn weekday_short(self, index: usize) -> String {
        self.name("weekday_short", &(index + 1).to_string())
    }

    /// "16 November".
    #[must_use]
    pub fn date(self, date: Date) -> String {
        self.fill(
            Key::DateDay,
            &[("day", &date.day.to_string()), ("month", &self.month(date))],
        )
    }

    /// "16 November 2026".
    #[must_use]
    pub fn full_date(self, date: Date) -> String {
        let (day, year) = (date.day.to_string(), date.year.to_string());
        self.fill(
            Key::DateFull,
            &[("day", &day), ("month", &self.month(date)), ("year", &year)],
        )
    }

    /// "16–22 November 2026", "30 November – 6 December 2026".
    #[must_use]
    pub fn week(self, week: IsoWeek) -> String {
        let dates = week.dates();
        let (first, last) = (dates[0], dates[6]);
        if first.month == last.month {
            return self.fill(
                Key::DateRangeInMonth,
                &[
                    ("from", &first.day.to_string()),
                    ("to", &last.day.to_string()),
                    ("month", &self.month(last)),
                    ("year", &last.year.to_string()),
                ],
            );
        }
        let from = if first.year == last.year {
            self.date(first)
        } else {
            self.full_date(first)
        };
        self.fill(
            Key::DateRange,
            &[("from", &from), ("to", &self.full_date(last))],
        )
    }

    fn month(self, date: Date) -> String {
        self.name("month", &date.month.to_string())
    }

    /// "1½ servings".
    #[must_use]
    pub fn servings(self, servings: Amount) -> String {
        let quarters = servings.0 / 250;
        let key = match quarters {
            ..4 => Key::UnitPartOfServing,
            4 => Key::UnitServing,
            _ => Key::UnitServings,
        };
        self.fill(key, &[("count", &measure::quarters(quarters))])
    }

    /// A weight in a kitchen: "4.2 g", "340 g", "1.25 kg".
    #[must_use]
    pub fn grams(self, grams: Amount) -> String {
        if grams >= Amount::whole(1000) {
            // Kilograms to the nearest 10 g.
            let kilograms = Amount((grams.0 + 5_000) / 10_000 * 10);
            let text = format!("{}.{:02}", kilograms.0 / 1000, kilograms.0 % 1000 / 10);
            return format!(
                "{}\u{a0}kg",
                text.trim_end_matches('0').trim_end_matches('.')
            );
        }
        self.with_unit(grams, Unit::Gram)
    }

    /// An amount with its unit: "12 µg".
    #[must_use]
    pub fn with_unit(self, value: Amount, unit: Unit) -> String {
        let value = if unit == Unit::Kilocalorie {
            number(value.rounded())
        } else {
            amount(value)
        };
        format!("{value}\u{a0}{}", unit.symbol())
    }

    /// "3 min ago".
    #[must_use]
    pub fn ago(self, then: i64, now: i64) -> String {
        match now - then {
            ..1_000_000 => self.t(Key::TimeNow),
            passed => self.fill(Key::TimeAgo, &[("duration", &coarse(passed))]),
        }
    }

    /// "in 3 min".
    #[must_use]
    pub fn until(self, then: i64, now: i64) -> String {
        match then - now {
            ..1_000_000 => self.t(Key::TimeNow),
            left => self.fill(Key::TimeIn, &[("duration", &coarse(left))]),
        }
    }

    /// "in 9 h 05 min": a length of time in microseconds as an order's page counts it down, which goes on
    /// from what is written here.
    #[must_use]
    pub fn countdown(self, left: i64) -> String {
        if left <= 0 {
            return self.t(Key::OrderNow);
        }
        let (large, name, small, small_name) = match left {
            ..HOUR => (MINUTE, "min", SECOND, "s"),
            HOUR..DAY => (HOUR, "h", MINUTE, "min"),
            _ => (DAY, "d", HOUR, "h"),
        };
        let (count, rest) = (left / large, left % large / small);
        let duration = format!("{count}\u{a0}{name} {rest:02}\u{a0}{small_name}");
        self.fill(Key::TimeIn, &[("duration", &duration)])
    }

    /// "22 November 2026, 14:05:09".
    #[must_use]
    pub fn moment(self, time: LocalTime) -> String {
        let clock = format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
        self.fill(
            Key::TimeMoment,
            &[("date", &self.full_date(time.date)), ("clock", &clock)],
        )
    }

    /// US cents: "US$54.20".
    #[must_use]
    pub fn money(self, cents: i64) -> String {
        format!("US${}.{:02}", number(cents / 100), cents % 100)
    }

    /// A price in minor units of a currency: "MX$54.20"; in Spanish "$54.20 MXN".
    #[must_use]
    pub fn price(self, minor: i64, currency: &str) -> String {
        locales::price(self.0, minor, currency)
    }

    /// The time of day: "14:05".
    #[must_use]
    pub fn clock(self, time: LocalTime) -> String {
        format!("{:02}:{:02}", time.hour, time.minute)
    }

    /// A day as people speak of it: "today", "tomorrow", "Friday", "16 November".
    #[must_use]
    pub fn near_day(self, date: Date, today: Date) -> String {
        let ahead = (0..7).find(|days| today.plus(*days) == date);
        match ahead {
            Some(0) => self.t(Key::DateToday),
            Some(1) => self.t(Key::DateTomorrow),
            Some(_) => self.weekday(date.weekday() as usize),
            None => self.date(date),
        }
    }

    /// So many quarters of a household measure: "2½ cups, chopped"; empty where there is none.
    #[must_use]
    pub fn measured(self, quarters: i64, measure: &Measure) -> String {
        measure::phrase(quarters, measure, self.0).unwrap_or_default()
    }

    /// Where a shop keeps a food.
    #[must_use]
    pub fn aisle(self, aisle: Aisle) -> String {
        self.name("aisle", &wire_name(&aisle))
    }
}

pub use locales::minor_units;

const MILLISECOND: i64 = 1000;
const SECOND: i64 = 1000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A length of time in microseconds, its unit and the next smaller one: "450 µs", "12 ms", "1.5 s",
/// "3 min 20 s", "2 h 5 min", "3 d 4 h".
#[must_use]
pub fn duration(micros: i64) -> String {
    let micros = micros.max(0);
    match micros {
        ..MILLISECOND => format!("{micros}\u{a0}µs"),
        MILLISECOND..SECOND => format!("{}\u{a0}ms", amount(Amount(micros))),
        SECOND..MINUTE => format!("{}\u{a0}s", amount(Amount(micros / MILLISECOND))),
        MINUTE..HOUR => two_units((micros, MINUTE, "min"), (SECOND, "s")),
        HOUR..DAY => two_units((micros, HOUR, "h"), (MINUTE, "min")),
        _ => two_units((micros, DAY, "d"), (HOUR, "h")),
    }
}

fn two_units((micros, large, name): (i64, i64, &str), (small, small_name): (i64, &str)) -> String {
    let (count, rest) = (micros / large, micros % large / small);
    if rest == 0 {
        format!("{}\u{a0}{name}", number(count))
    } else {
        format!("{}\u{a0}{name} {rest}\u{a0}{small_name}", number(count))
    }
}

/// A length of time in microseconds as people say how long ago something was, in one unit.
#[must_use]
pub fn coarse(micros: i64) -> String {
    let (unit, name) = match micros {
        ..MINUTE => (SECOND, "s"),
        MINUTE..HOUR => (MINUTE, "min"),
        HOUR..DAY => (HOUR, "h"),
        _ => (DAY, "d"),
    };
    format!("{}\u{a0}{name}", number(micros / unit))
}

/// A size in bytes: "312 MiB".
#[must_use]
pub fn bytes(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut thousandths = bytes.max(0).saturating_mul(1000);
    while thousandths >= 1024 * 1000 && unit + 1 < UNITS.len() {
        thousandths /= 1024;
        unit += 1;
    }
    format!("{}\u{a0}{}", amount(Amount(thousandths)), UNITS[unit])
}

/// The name of a value without fields on the wire: `LUNCH`, `dairy_eggs`.
#[must_use]
pub fn wire_name<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: Words = Words(Language::En);
    const SPANISH: Words = Words(Language::Es);

    #[test]
    fn weeks_are_said_as_people_say_them() {
        let say = |words: Words, week: &str| words.week(week.parse().expect("a week"));
        assert_eq!(say(ENGLISH, "2026-W47"), "16–22 November 2026");
        assert_eq!(say(SPANISH, "2026-W47"), "16–22 de noviembre de 2026");
        assert_eq!(say(ENGLISH, "2026-W49"), "30 November – 6 December 2026");
        assert_eq!(
            say(SPANISH, "2026-W53"),
            "28 de diciembre de 2026 – 3 de enero de 2027"
        );
    }

    #[test]
    fn prices_are_written_as_the_language_writes_their_currency() {
        let say = |words: Words, minor, currency: &str| {
            words
                .price(minor, currency)
                .replace(['\u{a0}', '\u{202f}'], " ")
        };
        assert_eq!(say(ENGLISH, 5420, "MXN"), "MX$54.20");
        assert_eq!(say(SPANISH, 5420, "MXN"), "$54.20 MXN");
        assert_eq!(say(ENGLISH, 123_456_705, "EUR"), "€1 234 567.05");
        assert_eq!(say(SPANISH, -5, "EUR"), "−0.05 €");
        assert_eq!(say(ENGLISH, 1500, "JPY"), "JPY 1 500");
        assert_eq!(say(SPANISH, 1500, "CLP"), "$1 500 CLP");
        assert_eq!(say(SPANISH, 200, "USD"), "US$2.00");
    }

    #[test]
    fn days_are_named_by_how_far_they_are() {
        let date = |day| Date {
            year: 2026,
            month: 11,
            day,
        };
        let say = |words: Words, day| words.near_day(date(day), date(21));
        assert_eq!(
            [21, 22, 23, 27, 28, 20].map(|day| say(ENGLISH, day)),
            [
                "today",
                "tomorrow",
                "Monday",
                "Friday",
                "28 November",
                "20 November"
            ]
        );
        assert_eq!(say(SPANISH, 22), "mañana");
    }

    #[test]
    fn servings_are_counted_in_quarters() {
        let say = |words: Words| [250, 1000, 1500].map(|servings| words.servings(Amount(servings)));
        assert_eq!(say(ENGLISH), ["¼ serving", "1 serving", "1½ servings"]);
        assert_eq!(say(SPANISH), ["¼ de porción", "1 porción", "1½ porciones"]);
    }

    #[test]
    fn times_have_the_units_that_people_use() {
        let say = |micros: i64| duration(micros).replace('\u{a0}', " ");
        let (second, hour) = (1_000_000, 3_600_000_000);
        assert_eq!(
            [450, 1_024, 250_000, 1_500_000, 59_999_999, 200 * second].map(say),
            ["450 µs", "1 ms", "250 ms", "1.5 s", "60 s", "3 min 20 s"]
        );
        assert_eq!(
            [2 * hour, 2 * hour + 300 * second, 76 * hour].map(say),
            ["2 h", "2 h 5 min", "3 d 4 h"]
        );
        assert_eq!(ENGLISH.ago(0, 200 * second), "3\u{a0}min ago");
        assert_eq!(SPANISH.ago(0, 200 * second), "hace 3\u{a0}min");
    }

    #[test]
    fn a_countdown_has_two_units_and_does_not_jump() {
        let say = |micros: i64| ENGLISH.countdown(micros);
        let (second, hour) = (1_000_000, 3_600_000_000);
        assert_eq!(
            [
                51 * hour,
                9 * hour + 32 * 60 * second,
                725 * second,
                59 * second,
                1
            ]
            .map(say),
            [
                "in 2\u{a0}d 03\u{a0}h",
                "in 9\u{a0}h 32\u{a0}min",
                "in 12\u{a0}min 05\u{a0}s",
                "in 0\u{a0}min 59\u{a0}s",
                "in 0\u{a0}min 00\u{a0}s"
            ]
        );
        assert_eq!(SPANISH.countdown(hour), "en 1\u{a0}h 00\u{a0}min");
        assert_eq!([0, -second].map(say), ["now", "now"]);
    }

    #[test]
    fn sizes_have_binary_units() {
        let say = |size: i64| bytes(size).replace('\u{a0}', " ");
        assert_eq!(
            [0, 1023, 1536, 312 << 20, 5 << 40].map(say),
            ["0 B", "1\u{202f}023 B", "1.5 KiB", "312 MiB", "5 TiB"]
        );
    }

    #[test]
    fn weights_grow_into_kilograms() {
        let say = |grams: i64| ENGLISH.grams(Amount(grams)).replace('\u{a0}', " ");
        assert_eq!(
            [2_300, 340_000, 1_254_000, 2_000_000].map(say),
            ["2.3 g", "340 g", "1.25 kg", "2 kg"]
        );
    }
}
