//! Options as somebody puts them together for an item: which of those that there are, in which groups, at
//! which prices. What they are made of follows from the options themselves.

use super::options::{OptionRule, Options, OptionsFault};
use crate::invalid::{InvalidCode, InvalidField};
use crate::text::Localized;
use serde::{Deserialize, Serialize};

/// What may be chosen of an item, as somebody asks for it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OptionsDraft {
    /// The groups, in the order in which they are shown.
    pub groups: Vec<GroupDraft>,
    /// The rules between options of any groups.
    pub rules: Vec<OptionRule>,
}

/// A group of options, as somebody asks for it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupDraft {
    /// Names it within the item.
    pub key: String,
    /// Its name for people.
    pub name: Localized<String>,
    /// At least so many are chosen.
    pub min: i64,
    /// At most so many are.
    pub max: i64,
    /// In the order in which they are shown.
    pub options: Vec<OptionDraft>,
}

/// An option of a group, as somebody asks for it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionDraft {
    /// Which of the options that there are.
    pub key: String,
    /// What it costs beside the item, in minor units.
    pub price: i64,
}

impl From<&Options> for OptionsDraft {
    fn from(options: &Options) -> Self {
        let groups = options.groups.iter().map(|group| GroupDraft {
            key: group.key.clone(),
            name: group.name.clone(),
            min: group.min,
            max: group.max,
            options: group
                .options
                .iter()
                .map(|option| OptionDraft {
                    key: option.key.clone(),
                    price: option.price,
                })
                .collect(),
        });
        Self {
            groups: groups.collect(),
            rules: options.rules.clone(),
        }
    }
}

/// What is wrong with options, by the field of the draft that they come from.
#[must_use]
pub fn fault_fields(options: &Options, faults: Vec<OptionsFault>) -> Vec<InvalidField> {
    let group_at = |key: &str| {
        // Of two of the same key the second is the one too many.
        let place = options.groups.iter().rposition(|group| group.key == key);
        format!("options.groups[{}]", place.unwrap_or_default())
    };
    let option_at = |key: &str| {
        let mut at = "options.groups".to_owned();
        for (place, group) in options.groups.iter().enumerate() {
            if let Some(index) = group.options.iter().rposition(|option| option.key == key) {
                at = format!("options.groups[{place}].options[{index}]");
            }
        }
        at
    };
    let named = |key: &str| {
        let option = options.option(key);
        option.map_or_else(
            || Localized {
                en: key.to_owned(),
                es: key.to_owned(),
            },
            |option| option.name.clone(),
        )
    };
    let mut fields = Vec::new();
    for fault in faults {
        let field = match fault {
            OptionsFault::TooLarge => InvalidField::new(
                "options.groups",
                InvalidCode::TooLong {
                    max: Options::OPTIONS_MOST as i64,
                },
            ),
            OptionsFault::GroupKey { group } => InvalidField::new(
                format!("{}.key", group_at(&group)),
                InvalidCode::KeyNotUnique,
            ),
            OptionsFault::OptionKey { option } => InvalidField::new(
                format!("{}.key", option_at(&option)),
                InvalidCode::KeyNotUnique,
            ),
            OptionsFault::Range { group, .. } => InvalidField::new(
                format!("{}.min", group_at(&group)),
                InvalidCode::ChoiceRange,
            ),
            OptionsFault::Amount { option } => InvalidField::new(
                format!("{}.price", option_at(&option)),
                InvalidCode::OutOfRange {
                    min: 0,
                    max: Options::PRICE_MOST,
                },
            ),
            OptionsFault::UnknownOption { option } => {
                let rule = options
                    .rules
                    .iter()
                    .position(|rule| rule.option == option || rule.other == option);
                InvalidField::new(
                    format!("options.rules[{}]", rule.unwrap_or_default()),
                    InvalidCode::NoSuchOption,
                )
            }
            OptionsFault::NeverMet { groups } => {
                let names: Vec<&Localized<String>> = options
                    .groups
                    .iter()
                    .filter(|group| groups.contains(&group.key))
                    .map(|group| &group.name)
                    .collect();
                let join = |of: fn(&Localized<String>) -> &str| {
                    let names: Vec<&str> = names.iter().map(|name| of(name)).collect();
                    names.join(", ")
                };
                InvalidField::new(
                    "options.rules",
                    InvalidCode::NeverMet {
                        groups: Localized {
                            en: join(|name| name.en.as_str()),
                            es: join(|name| name.es.as_str()),
                        },
                    },
                )
            }
            OptionsFault::NeverChosen { option } => InvalidField::new(
                format!("{}.key", option_at(&option)),
                InvalidCode::NeverChosen {
                    option: named(&option),
                },
            ),
            OptionsFault::TooComplex => {
                InvalidField::new("options.rules", InvalidCode::TooEntangled)
            }
        };
        fields.push(field);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::menu::{MenuOption, OptionGroup, RuleKind};

    fn both(text: &str) -> Localized<String> {
        Localized {
            en: text.to_owned(),
            es: format!("{text} es"),
        }
    }

    fn option(key: &str) -> MenuOption {
        MenuOption {
            key: key.to_owned(),
            name: both(&key.to_uppercase()),
            price: 10,
            grams: Amount::ZERO,
            nutrients: Default::default(),
            allergens: Default::default(),
            excluded_diets: Default::default(),
            foods: Default::default(),
        }
    }

    fn group(key: &str, min: i64, max: i64, options: &[&str]) -> OptionGroup {
        OptionGroup {
            key: key.to_owned(),
            name: both(key),
            min,
            max,
            options: options.iter().map(|key| option(key)).collect(),
        }
    }

    fn told(options: &Options) -> Vec<(String, InvalidCode)> {
        let faults = options.check().expect_err("it contradicts itself");
        let fields = fault_fields(options, faults).into_iter();
        fields.map(|field| (field.field, field.code)).collect()
    }

    #[test]
    fn a_contradiction_is_told_at_its_field_with_the_names_that_people_know() {
        let mut options = Options {
            groups: vec![
                group("size", 1, 1, &["large"]),
                group("milk", 0, 1, &["oat"]),
            ],
            rules: vec![OptionRule {
                kind: RuleKind::Excludes,
                option: "large".to_owned(),
                other: "oat".to_owned(),
            }],
        };
        let never = InvalidCode::NeverChosen {
            option: both("OAT"),
        };
        assert_eq!(
            told(&options),
            [("options.groups[1].options[0].key".to_owned(), never)]
        );
        options.groups[1].min = 1;
        let [(field, InvalidCode::NeverMet { groups })] = &told(&options)[..] else {
            panic!("{:?}", told(&options));
        };
        assert_eq!(field, "options.rules");
        assert!(groups.en.contains("milk"), "{groups:?}");
        options.groups[1] = group("size", 2, 1, &["large"]);
        options.rules[0].other = "almond".to_owned();
        let fields: Vec<String> = told(&options).into_iter().map(|(field, _)| field).collect();
        assert_eq!(
            fields,
            [
                "options.groups[1].key",
                "options.groups[1].min",
                "options.groups[1].options[0].key",
                "options.rules[0]",
            ]
        );
    }

    #[test]
    fn a_draft_of_options_has_what_may_be_changed() {
        let options = Options {
            groups: vec![group("milk", 0, 1, &["oat"])],
            rules: Vec::new(),
        };
        let draft = OptionsDraft::from(&options);
        assert_eq!(draft.groups[0].options[0].price, 10);
        let json = serde_json::to_value(&draft).expect("a JSON form");
        assert_eq!(
            serde_json::from_value::<OptionsDraft>(json).ok(),
            Some(draft)
        );
    }
}
