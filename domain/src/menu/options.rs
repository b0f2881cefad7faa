//! Options as a feature model: groups of options of which some must and some may be chosen, and
//! rules between options.
//!
//! An option group asks for `min` to `max` of its options. A rule says that an option requires
//! another one, or excludes it. [`Options::check`] proves of a model that it can be met and that each
//! of its options can be chosen; [`configure`] says of a choice whether it keeps the rules, and which
//! it breaks. Both are the same in the browser and on the server.

use super::solve::{Model, TooComplex};
use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::diet::Diet;
use crate::dish::Content;
use crate::food::NdbNo;
use crate::nutrient::{Nutrient, Nutrients};
use crate::text::Localized;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The options chosen, by their keys.
pub type Selection = BTreeSet<String>;

/// What may be chosen of an item.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The groups, in the order in which they are shown.
    pub groups: Vec<OptionGroup>,
    /// The rules between options of any groups.
    pub rules: Vec<OptionRule>,
}

/// Options of which at least and at most so many are chosen.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionGroup {
    /// Names it within the item.
    pub key: String,
    /// Its name for people.
    pub name: Localized<String>,
    /// At least so many.
    pub min: i64,
    /// At most so many.
    pub max: i64,
    /// In the order in which they are shown.
    pub options: Vec<MenuOption>,
}

/// Something that may be added to an item.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MenuOption {
    /// Names it within the item, in whichever group it is.
    pub key: String,
    /// Its name for people.
    pub name: Localized<String>,
    /// What it costs beside the item, in minor units of the campus's currency.
    pub price: i64,
    /// Edible weight, in grams.
    pub grams: Amount,
    /// What it adds, in each nutrient's unit. What is absent is unknown, not zero.
    pub nutrients: BTreeMap<Nutrient, Amount>,
    /// Allergens that it contains or may contain.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeSet<crate::allergen::Allergen>))]
    pub allergens: Allergens,
    /// The patterns that the item does not fit any more with it.
    pub excluded_diets: BTreeSet<Diet>,
    /// The foods that it is made of.
    pub foods: BTreeSet<NdbNo>,
}

/// How an option goes with another one.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleKind {
    /// Only together with it.
    Requires,
    /// Never together with it.
    Excludes,
}

/// A rule between two options of an item.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionRule {
    /// Requires or excludes.
    pub kind: RuleKind,
    /// The option that requires or excludes.
    pub option: String,
    /// The option that is required or excluded.
    pub other: String,
}

/// A key with the name that people know it by.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// For programs.
    pub key: String,
    /// For people.
    pub name: Localized<String>,
}

/// An option that was chosen.
pub type ChosenOption = Named;

/// A rule that a choice breaks.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(
    tag = "rule",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum BrokenRule {
    /// The item has no such option.
    #[error("no option {option}")]
    UnknownOption {
        /// What was asked for.
        option: String,
    },
    /// More must be chosen of a group.
    #[error("fewer than {min} of {}", .group.key)]
    TooFew {
        /// Of which.
        group: Named,
        /// At least so many.
        min: i64,
    },
    /// Fewer must be chosen of a group.
    #[error("more than {max} of {}", .group.key)]
    TooMany {
        /// Of which.
        group: Named,
        /// At most so many.
        max: i64,
    },
    /// An option goes only with another one.
    #[error("{} requires {}", .option.key, .other.key)]
    Requires {
        /// What was chosen.
        option: Named,
        /// What was not.
        other: Named,
    },
    /// An option does not go with another one.
    #[error("{} excludes {}", .option.key, .other.key)]
    Excludes {
        /// What was chosen.
        option: Named,
        /// What was chosen as well.
        other: Named,
    },
}

/// What a sound choice adds to the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// What was chosen, in the order in which it is shown.
    pub options: Vec<ChosenOption>,
    /// In minor units of the campus's currency.
    pub price: i64,
    /// Edible weight, in grams.
    pub grams: Amount,
    /// What is added, known for a share of that weight.
    pub nutrients: Nutrients<Content>,
    /// Allergens of what was chosen.
    pub allergens: Allergens,
    /// Patterns that the item does not fit any more.
    pub excluded_diets: BTreeSet<Diet>,
    /// The foods of what was chosen.
    pub foods: BTreeSet<NdbNo>,
}

/// What is wrong with a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(
    tag = "fault",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum OptionsFault {
    /// More groups, options or rules than [`Options::GROUPS_MOST`], [`Options::OPTIONS_MOST`] and
    /// [`Options::RULES_MOST`].
    #[error("too many groups, options or rules")]
    TooLarge,
    /// Two groups of the same key, or one without a key.
    #[error("group {group:?} has no key of its own")]
    GroupKey {
        /// Which.
        group: String,
    },
    /// Two options of the same key, or one without a key.
    #[error("option {option:?} has no key of its own")]
    OptionKey {
        /// Which.
        option: String,
    },
    /// A group whose minimum is below zero or above its maximum.
    #[error("group {group} asks for {min} to {max}")]
    Range {
        /// Which.
        group: String,
        /// Its minimum.
        min: i64,
        /// Its maximum.
        max: i64,
    },
    /// An option that costs less than nothing or more than [`Options::PRICE_MOST`], or that takes
    /// something away.
    #[error("option {option} has an amount out of range")]
    Amount {
        /// Which.
        option: String,
    },
    /// A rule about an option that is not there.
    #[error("a rule speaks of option {option}, which is not there")]
    UnknownOption {
        /// Which.
        option: String,
    },
    /// Groups whose minimums no choice can meet together; one alone where it can't be met by itself.
    #[error("no choice has enough of {}", .groups.join(" and "))]
    NeverMet {
        /// Which; without any of them the others can be met.
        groups: Vec<String>,
    },
    /// An option that no sound choice contains.
    #[error("option {option} can never be chosen")]
    NeverChosen {
        /// Which.
        option: String,
    },
    /// Whether it can be met was not found out in a bounded time.
    #[error("the rules are too entangled to be checked")]
    TooComplex,
}

impl Options {
    /// The most groups of an item.
    pub const GROUPS_MOST: usize = 16;
    /// The most options of an item, all groups together.
    pub const OPTIONS_MOST: usize = 64;
    /// The most rules of an item.
    pub const RULES_MOST: usize = 256;
    /// The most that an option may cost, in minor units.
    pub const PRICE_MOST: i64 = 1_000_000;

    /// Every option, in the order in which they are shown.
    pub fn all(&self) -> impl Iterator<Item = &MenuOption> {
        self.groups.iter().flat_map(|group| &group.options)
    }

    /// The option of a key.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&MenuOption> {
        self.all().find(|option| option.key == key)
    }

    /// Whether there is nothing to choose.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.options.is_empty())
    }

    /// Checks that the model can be met and that each of its options can be chosen.
    ///
    /// # Errors
    /// Everything that is wrong. What contradicts itself is told only where the rest is sound.
    pub fn check(&self) -> Result<(), Vec<OptionsFault>> {
        let faults = self.malformed();
        if !faults.is_empty() {
            return Err(faults);
        }
        let faults = self
            .contradictions()
            .unwrap_or_else(|TooComplex| vec![OptionsFault::TooComplex]);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// What can be seen to be wrong without choosing.
    fn malformed(&self) -> Vec<OptionsFault> {
        if self.groups.len() > Self::GROUPS_MOST
            || self.all().count() > Self::OPTIONS_MOST
            || self.rules.len() > Self::RULES_MOST
        {
            return vec![OptionsFault::TooLarge];
        }
        let mut faults = Vec::new();
        let mut keys = BTreeSet::new();
        for group in &self.groups {
            if group.key.is_empty() || !keys.insert(&group.key) {
                faults.push(OptionsFault::GroupKey {
                    group: group.key.clone(),
                });
            }
            if !(0..=group.max).contains(&group.min) {
                faults.push(OptionsFault::Range {
                    group: group.key.clone(),
                    min: group.min,
                    max: group.max,
                });
            }
        }
        let mut keys = BTreeSet::new();
        for option in self.all() {
            if option.key.is_empty() || !keys.insert(&option.key) {
                faults.push(OptionsFault::OptionKey {
                    option: option.key.clone(),
                });
            }
            if !(0..=Self::PRICE_MOST).contains(&option.price)
                || option.grams < Amount::ZERO
                || option.nutrients.values().any(|amount| amount.0 < 0)
            {
                faults.push(OptionsFault::Amount {
                    option: option.key.clone(),
                });
            }
        }
        let mut unknown = BTreeSet::new();
        for rule in &self.rules {
            for key in [&rule.option, &rule.other] {
                if !keys.contains(key) && unknown.insert(key) {
                    faults.push(OptionsFault::UnknownOption {
                        option: key.clone(),
                    });
                }
            }
        }
        faults
    }

    /// What no choice can satisfy.
    fn contradictions(&self) -> Result<Vec<OptionsFault>, TooComplex> {
        let mut model = Model::new(self);
        let Some(mut reached) = model.choose(0, 0)? else {
            let groups = model.conflict()?;
            return Ok(vec![OptionsFault::NeverMet {
                groups: groups
                    .into_iter()
                    .map(|group| self.groups[group].key.clone())
                    .collect(),
            }]);
        };
        let mut faults = Vec::new();
        for (index, option) in self.all().enumerate() {
            let bit = 1 << index;
            if reached & bit != 0 {
                continue;
            }
            match model.choose(bit, 0)? {
                Some(chosen) => reached |= chosen,
                None => faults.push(OptionsFault::NeverChosen {
                    option: option.key.clone(),
                }),
            }
        }
        Ok(faults)
    }

    /// A sound choice of options that `allowed` lets pass: of each group that needs some the first
    /// ones that go together, and nothing else. Nothing where there is none.
    ///
    /// It is what is ordered of an item when nobody has chosen.
    #[must_use]
    pub fn simplest(&self, allowed: impl Fn(&MenuOption) -> bool) -> Option<Selection> {
        if self.all().count() > Self::OPTIONS_MOST || self.groups.len() > Self::GROUPS_MOST {
            return None;
        }
        let mut banned = 0;
        for (index, option) in self.all().enumerate() {
            if !allowed(option) {
                banned |= 1 << index;
            }
        }
        let chosen = Model::new(self).choose(0, banned).ok()??;
        Some(
            self.all()
                .enumerate()
                .filter(|(index, _)| chosen & (1 << index) != 0)
                .map(|(_, option)| option.key.clone())
                .collect(),
        )
    }

    fn named(&self, key: &str) -> Option<Named> {
        self.option(key).map(|option| Named {
            key: option.key.clone(),
            name: option.name.clone(),
        })
    }
}

/// What a choice adds to an item, where it keeps every rule.
///
/// # Errors
/// Every rule that it breaks: options that are not there, then groups, then rules between options,
/// each in the order of the model.
pub fn configure(options: &Options, selection: &Selection) -> Result<Configured, Vec<BrokenRule>> {
    let mut broken: Vec<BrokenRule> = selection
        .iter()
        .filter(|key| options.option(key).is_none())
        .map(|key| BrokenRule::UnknownOption {
            option: key.clone(),
        })
        .collect();
    for group in &options.groups {
        let chosen = group
            .options
            .iter()
            .filter(|option| selection.contains(&option.key))
            .count() as i64;
        let named = || Named {
            key: group.key.clone(),
            name: group.name.clone(),
        };
        if chosen < group.min {
            broken.push(BrokenRule::TooFew {
                group: named(),
                min: group.min,
            });
        } else if chosen > group.max {
            broken.push(BrokenRule::TooMany {
                group: named(),
                max: group.max,
            });
        }
    }
    for rule in &options.rules {
        let keeps = !selection.contains(&rule.option)
            || selection.contains(&rule.other) == (rule.kind == RuleKind::Requires);
        if keeps {
            continue;
        }
        // A model that was checked speaks of its own options only.
        if let (Some(option), Some(other)) =
            (options.named(&rule.option), options.named(&rule.other))
        {
            broken.push(match rule.kind {
                RuleKind::Requires => BrokenRule::Requires { option, other },
                RuleKind::Excludes => BrokenRule::Excludes { option, other },
            });
        }
    }
    if broken.is_empty() {
        Ok(sum(options, selection))
    } else {
        Err(broken)
    }
}

/// What the chosen options are together.
fn sum(options: &Options, selection: &Selection) -> Configured {
    let mut configured = Configured {
        options: Vec::new(),
        price: 0,
        grams: Amount::ZERO,
        nutrients: Nutrients::default(),
        allergens: Allergens::new(),
        excluded_diets: BTreeSet::new(),
        foods: BTreeSet::new(),
    };
    let mut known = Nutrients::<Amount>::default();
    for option in options
        .all()
        .filter(|option| selection.contains(&option.key))
    {
        configured.options.push(Named {
            key: option.key.clone(),
            name: option.name.clone(),
        });
        configured.price += option.price;
        configured.grams += option.grams;
        for (&nutrient, &amount) in &option.nutrients {
            configured.nutrients[nutrient].amount += amount;
            known[nutrient] += option.grams;
        }
        configured.allergens.extend(&option.allergens);
        configured.excluded_diets.extend(&option.excluded_diets);
        configured.foods.extend(option.foods.iter().cloned());
    }
    for nutrient in Nutrient::ALL {
        configured.nutrients[nutrient].known_permille = match configured.grams.0 {
            // Of nothing, nothing is unknown.
            0 => 1000,
            grams => known[nutrient].0 * 1000 / grams,
        };
    }
    configured
}
