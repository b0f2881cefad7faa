//! The rows of the form in which options are put together: a group is `g0_…`, its options are `o0_0_…`, and
//! a rule is `r0_…`. Rows that say nothing are passed over.

use crate::error::AppError;
use crate::pages::admin::list::minor;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{GroupDraft, OptionDraft, OptionRule, Options, OptionsDraft, RuleKind};
use domain::problem::Problem;
use domain::text::{Localized, folded};
use std::collections::BTreeMap;

/// Which row of the form each part of a draft comes from.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The rows of groups, each with those of its options.
    groups: Vec<(usize, Vec<usize>)>,
    rules: Vec<usize>,
}

impl Rows {
    /// What the form calls a field of the draft: `options.groups[0].options[1].price` is `o0_1_price`.
    /// A field that is none of the options' stays what it is.
    pub(super) fn name_of(&self, field: &str) -> String {
        self.found(field).unwrap_or_else(|| field.to_owned())
    }

    fn found(&self, field: &str) -> Option<String> {
        let rest = field.strip_prefix("options.")?;
        if let Some(rest) = rest.strip_prefix("groups[") {
            let (place, rest) = rest.split_once(']')?;
            let (group, options) = self.groups.get(place.parse::<usize>().ok()?)?;
            if let Some(rest) = rest.strip_prefix(".options[") {
                let (index, rest) = rest.split_once(']')?;
                let option = options.get(index.parse::<usize>().ok()?)?;
                let part = rest.strip_prefix('.')?;
                return Some(format!("o{group}_{option}_{part}"));
            }
            let part = rest.strip_prefix('.')?;
            let part = part.strip_prefix("name.").unwrap_or(part);
            return Some(format!("g{group}_{part}"));
        }
        if let Some(rest) = rest.strip_prefix("rules[") {
            let (place, _) = rest.split_once(']')?;
            let row = self.rules.get(place.parse::<usize>().ok()?)?;
            return Some(format!("r{row}_option"));
        }
        Some(rest.to_owned())
    }
}

/// The largest number after a letter among the rows, and one more; as many as an item may have at most.
pub(super) fn row_count<'a>(
    names: impl Iterator<Item = &'a str>,
    prefix: &str,
    most: usize,
) -> usize {
    names
        .filter_map(|name| {
            let (number, _) = name.strip_prefix(prefix)?.split_once('_')?;
            number.parse::<usize>().ok()
        })
        .map(|number| number + 1)
        .max()
        .unwrap_or_default()
        .min(most)
}

/// What the rows of a form say. What can't be read is added to `fields`, as the form calls it.
pub(super) fn draft_of(
    typed: &BTreeMap<String, String>,
    currency: &str,
    fields: &mut Vec<InvalidField>,
) -> (OptionsDraft, Rows) {
    let part = |name: String| typed.get(&name).map_or("", |text| text.trim());
    let names = || typed.keys().map(String::as_str);
    let mut draft = OptionsDraft::default();
    let mut rows = Rows::default();
    for row in 0..row_count(names(), "g", Options::GROUPS_MOST) {
        let (en, es) = (part(format!("g{row}_en")), part(format!("g{row}_es")));
        let mut options = Vec::new();
        let mut option_rows = Vec::new();
        let prefix = format!("o{row}_");
        for option in 0..row_count(names(), &prefix, Options::OPTIONS_MOST) {
            let key = part(format!("o{row}_{option}_key"));
            if key.is_empty() {
                continue;
            }
            let name = format!("o{row}_{option}_price");
            let price = match minor(&name, part(name.clone()), currency) {
                Ok(price) => price.unwrap_or_default(),
                Err(AppError(Problem::Invalid { fields: wrong })) => {
                    fields.extend(wrong);
                    0
                }
                Err(_) => 0,
            };
            options.push(OptionDraft {
                key: key.to_owned(),
                price,
            });
            option_rows.push(option);
        }
        // A group without names and options is one that nobody wants.
        if en.is_empty() && es.is_empty() && options.is_empty() {
            continue;
        }
        let mut number = |field: &str, empty: i64| {
            let name = format!("g{row}_{field}");
            match part(name.clone()) {
                "" => empty,
                text => text.parse().unwrap_or_else(|_| {
                    fields.push(InvalidField::new(name, InvalidCode::Malformed));
                    0
                }),
            }
        };
        let (min, max) = (number("min", 0), number("max", 1));
        let key = match part(format!("g{row}_key")) {
            "" => key_of(en, row),
            key => key.to_owned(),
        };
        draft.groups.push(GroupDraft {
            key,
            name: Localized {
                en: en.to_owned(),
                es: es.to_owned(),
            },
            min,
            max,
            options,
        });
        rows.groups.push((row, option_rows));
    }
    for row in 0..row_count(names(), "r", Options::RULES_MOST) {
        let (option, other) = (
            part(format!("r{row}_option")),
            part(format!("r{row}_other")),
        );
        if option.is_empty() && other.is_empty() {
            continue;
        }
        if option.is_empty() || other.is_empty() {
            let name = format!("r{row}_option");
            fields.push(InvalidField::new(name, InvalidCode::Required));
            continue;
        }
        draft.rules.push(OptionRule {
            kind: match part(format!("r{row}_kind")) {
                "EXCLUDES" => RuleKind::Excludes,
                _ => RuleKind::Requires,
            },
            option: option.to_owned(),
            other: other.to_owned(),
        });
        rows.rules.push(row);
    }
    (draft, rows)
}

/// A name for a group within its item, from what people call it: `size`.
fn key_of(name: &str, row: usize) -> String {
    let key: String = folded(name)
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let key = key.trim_matches('-');
    if key.is_empty() {
        format!("group-{}", row + 1)
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
        rows.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn rows_that_say_nothing_are_passed_over_and_the_others_keep_their_places() {
        let form = typed(&[
            ("g0_en", ""),
            ("g0_es", ""),
            ("o0_0_key", ""),
            ("g1_en", "Extra milk"),
            ("g1_es", "Leche"),
            ("g1_min", "0"),
            ("g1_max", "2"),
            ("o1_0_key", ""),
            ("o1_1_key", "oat"),
            ("o1_1_price", "8.50"),
            ("r0_option", ""),
            ("r0_other", ""),
            ("r2_option", "oat"),
            ("r2_kind", "EXCLUDES"),
            ("r2_other", "large"),
        ]);
        let mut fields = Vec::new();
        let (draft, rows) = draft_of(&form, "USD", &mut fields);
        assert_eq!(fields, []);
        let group = &draft.groups[0];
        assert_eq!(
            (group.key.as_str(), group.min, group.max),
            ("extra-milk", 0, 2)
        );
        assert_eq!(group.options[0].price, 850);
        assert_eq!(draft.rules[0].kind, RuleKind::Excludes);
        for (field, name) in [
            ("options.groups[0].min", "g1_min"),
            ("options.groups[0].name.en", "g1_en"),
            ("options.groups[0].options[0].key", "o1_1_key"),
            ("options.rules[0]", "r2_option"),
            ("options.rules", "rules"),
            ("price", "price"),
        ] {
            assert_eq!(rows.name_of(field), name);
        }
    }

    #[test]
    fn what_can_not_be_read_is_named_as_the_form_names_it() {
        let form = typed(&[
            ("g0_en", "Size"),
            ("g0_max", "many"),
            ("o0_0_key", "large"),
            ("o0_0_price", "much"),
            ("r0_option", "large"),
        ]);
        let mut fields = Vec::new();
        draft_of(&form, "USD", &mut fields);
        let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(names, ["o0_0_price", "g0_max", "r0_option"]);
    }
}
