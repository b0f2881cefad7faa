//! Every sentence that NutriFlow says, in each language.
//!
//! The texts are in `en.toml` and `es.toml`; `plan.week_of` there is [`Key::PlanWeekOf`] here.
//! A text may hold arguments in braces: `"{minutes} min"`.

use domain::text::Language;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The text of a key.
#[must_use]
pub fn text(language: Language, key: Key) -> &'static str {
    match language {
        Language::En => ENGLISH[key as usize],
        Language::Es => SPANISH[key as usize],
    }
}

/// The text of a key with its arguments filled in.
#[must_use]
pub fn fill(language: Language, key: Key, arguments: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text(language, key);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match arguments.iter().find(|(argument, _)| *argument == name) {
            Some((_, value)) => filled.push_str(value),
            None => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// The key of a dotted name, for names that are built from data: `nutrient.vitaminC`.
#[must_use]
pub fn key(name: &str) -> Option<Key> {
    KEYS.binary_search_by(|(known, _)| (*known).cmp(name))
        .ok()
        .map(|index| KEYS[index].1)
}

/// A whole number with its thousands apart: `12 345`, with narrow spaces that don't break.
#[must_use]
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "−" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// How many minor units one whole unit of a currency has.
#[must_use]
pub fn minor_units(currency: &str) -> i64 {
    match currency {
        "CLP" | "JPY" | "KRW" | "PYG" => 1,
        _ => 100,
    }
}

/// A price in minor units of a currency: "MX$54.20"; in Spanish "$54.20 MXN".
#[must_use]
pub fn price(language: Language, minor: i64, currency: &str) -> String {
    let unit = minor_units(currency);
    let sign = if minor < 0 { "−" } else { "" };
    let minor = minor.abs();
    let mut value = number(minor / unit);
    if unit > 1 {
        value = format!("{value}.{:02}", minor % unit);
    }
    match (language, currency) {
        (_, "USD") => format!("{sign}US${value}"),
        (Language::En, "MXN") => format!("{sign}MX${value}"),
        (Language::En, "EUR") => format!("{sign}€{value}"),
        (Language::En, "GBP") => format!("{sign}£{value}"),
        (Language::Es, "MXN" | "CLP") => format!("{sign}${value}\u{a0}{currency}"),
        (Language::Es, "EUR") => format!("{sign}{value}\u{a0}€"),
        (Language::Es, _) => format!("{sign}{value}\u{a0}{currency}"),
        (Language::En, _) => format!("{sign}{currency}\u{a0}{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_filled_and_unknown_ones_kept() {
        assert_eq!(
            fill(Language::En, Key::InvalidTooShort, &[("min", "10")]),
            "Use at least 10 characters."
        );
        assert!(fill(Language::En, Key::InvalidTooShort, &[]).contains("{min}"));
    }

    #[test]
    fn names_built_from_data_are_found() {
        for nutrient in domain::nutrient::Nutrient::ALL {
            assert!(
                key(&format!("nutrient.{}", nutrient.key())).is_some(),
                "{}",
                nutrient.key()
            );
        }
        for allergen in domain::allergen::Allergen::ALL {
            assert!(
                key(&format!("allergen.{}", allergen.key())).is_some(),
                "{}",
                allergen.key()
            );
        }
        for kind in domain::stock::MovementKind::ALL {
            assert!(
                key(&format!("movement.{}", kind.key())).is_some(),
                "{}",
                kind.key()
            );
        }
        for kind in domain::stock::MovementKind::BY_HAND {
            assert!(
                key(&format!("movement_note.{}", kind.key())).is_some(),
                "{}",
                kind.key()
            );
        }
        let found = |table: &str, name: &str| {
            let name = format!("{table}.{name}");
            assert!(key(&name).is_some(), "{name}");
        };
        for channel in domain::notification::Channel::ALL {
            found("channel", channel.key());
            found("channel_note", channel.key());
        }
        for template in domain::notification::Template::ALL {
            for table in ["mail_subject", "mail_text", "mail_short", "mail_template"] {
                found(table, template.key());
            }
        }
        for state in domain::notification::DeliveryState::ALL {
            found("delivery_state", state.key());
        }
        for language in Language::ALL {
            found("language_name", language.tag());
        }
        for diet in domain::diet::Diet::ALL {
            assert!(
                key(&format!("diet.{}", diet.key())).is_some(),
                "{}",
                diet.key()
            );
        }
    }
}
