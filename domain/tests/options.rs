//! The options of menu items against every choice that could be made of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use domain::allergen::Allergen;
use domain::amount::Amount;
use domain::diet::Diet;
use domain::food::NdbNo;
use domain::menu::{
    BrokenRule, MenuOption, OptionGroup, OptionRule, Options, OptionsFault, RuleKind, Selection,
    configure,
};
use domain::nutrient::Nutrient;
use domain::text::Localized;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn named(text: &str) -> Localized<String> {
    Localized {
        en: text.to_owned(),
        es: format!("¡{text}!"),
    }
}

/// Option number so and so, that differs from the others in all it adds.
fn option(number: usize) -> MenuOption {
    let key = format!("option-{number}");
    MenuOption {
        name: named(&key),
        price: 1 << number,
        grams: Amount::whole(10 + number as i64),
        nutrients: [
            (Nutrient::Energy, Amount::whole(1 << number)),
            (Nutrient::Protein, Amount(number as i64)),
        ]
        .into_iter()
        // Every third does not know its protein.
        .filter(|(nutrient, _)| *nutrient == Nutrient::Energy || !number.is_multiple_of(3))
        .collect(),
        allergens: [Allergen::ALL[number % Allergen::ALL.len()]].into(),
        excluded_diets: [Diet::ALL[1 + number % 7]].into(),
        foods: [NdbNo(format!("{number:05}"))].into(),
        key,
    }
}

fn group(number: usize, options: Vec<MenuOption>, min: i64, max: i64) -> OptionGroup {
    let key = format!("group-{number}");
    OptionGroup {
        name: named(&key),
        key,
        min,
        max,
        options,
    }
}

fn rule(kind: RuleKind, option: usize, other: usize) -> OptionRule {
    OptionRule {
        kind,
        option: format!("option-{option}"),
        other: format!("option-{other}"),
    }
}

/// Well-formed models, sound or not: up to four groups, twelve options and eight rules.
fn models() -> impl Strategy<Value = Options> {
    let groups = prop::collection::vec((0..=3_usize, 0..=2_i64, 0..=2_i64), 0..=4);
    let rules = prop::collection::vec((any::<bool>(), 0..12_usize, 0..12_usize), 0..=8);
    (groups, rules).prop_map(|(groups, rules)| {
        let mut options = Options::default();
        let mut count = 0;
        for (number, (size, min, more)) in groups.into_iter().enumerate() {
            let of_group = (count..count + size).map(option).collect();
            count += size;
            options
                .groups
                .push(group(number, of_group, min, (min + more).min(3)));
        }
        if count > 0 {
            options.rules = rules
                .into_iter()
                .map(|(requires, one, other)| {
                    let kind = if requires {
                        RuleKind::Requires
                    } else {
                        RuleKind::Excludes
                    };
                    rule(kind, one % count, other % count)
                })
                .collect();
        }
        options
    })
}

/// The choice whose options are the bits of a number.
fn choice(options: &Options, bits: usize) -> Selection {
    options
        .all()
        .enumerate()
        .filter(|(index, _)| bits & (1 << index) != 0)
        .map(|(_, option)| option.key.clone())
        .collect()
}

/// How many rules a choice breaks, of those and of the groups that are given.
fn broken(options: &Options, groups: &[&OptionGroup], selection: &Selection) -> usize {
    let lacking = |group: &&&OptionGroup| {
        let chosen = group.options.iter();
        let chosen = chosen.filter(|one| selection.contains(&one.key)).count() as i64;
        chosen < group.min
    };
    let too_many = options.groups.iter().filter(|group| {
        let chosen = group.options.iter();
        chosen.filter(|one| selection.contains(&one.key)).count() as i64 > group.max
    });
    let rules = options.rules.iter().filter(|rule| {
        let (one, other) = (
            selection.contains(&rule.option),
            selection.contains(&rule.other),
        );
        match rule.kind {
            RuleKind::Requires => one && !other,
            RuleKind::Excludes => one && other,
        }
    });
    groups.iter().filter(lacking).count() + too_many.count() + rules.count()
}

/// Every choice that keeps the rules, of those groups that are given.
fn sound(options: &Options, groups: &[&OptionGroup]) -> Vec<Selection> {
    (0..1 << options.all().count())
        .map(|bits| choice(options, bits))
        .filter(|selection| broken(options, groups, selection) == 0)
        .collect()
}

fn all_groups(options: &Options) -> Vec<&OptionGroup> {
    options.groups.iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// What the check says is what trying every choice shows.
    #[test]
    fn a_model_is_taken_where_every_option_can_be_chosen(options in models()) {
        let groups = all_groups(&options);
        let sound_choices = sound(&options, &groups);
        let reached: BTreeSet<&String> = sound_choices.iter().flatten().collect();
        match options.check() {
            Ok(()) => {
                prop_assert!(!sound_choices.is_empty());
                prop_assert_eq!(reached.len(), options.all().count());
            }
            Err(faults) => match &faults[..] {
                [OptionsFault::NeverMet { groups: named }] => {
                    prop_assert!(sound_choices.is_empty());
                    let core: Vec<&OptionGroup> =
                        groups.into_iter().filter(|group| named.contains(&group.key)).collect();
                    prop_assert_eq!(core.len(), named.len());
                    prop_assert!(sound(&options, &core).is_empty());
                    // Without any one of them the others can be met.
                    for left_out in 0..core.len() {
                        let mut fewer = core.clone();
                        fewer.remove(left_out);
                        prop_assert!(!sound(&options, &fewer).is_empty());
                    }
                }
                faults => {
                    prop_assert!(!sound_choices.is_empty());
                    let never: Vec<OptionsFault> = options
                        .all()
                        .filter(|option| !reached.contains(&option.key))
                        .map(|option| OptionsFault::NeverChosen { option: option.key.clone() })
                        .collect();
                    prop_assert_eq!(faults, &never[..]);
                }
            },
        }
    }

    /// A choice is priced where it keeps the rules, and otherwise each rule that it breaks is named.
    #[test]
    fn a_choice_is_taken_where_it_keeps_the_rules(
        options in models(), bits in 0..4096_usize, unknown in prop::option::of("[a-z]{1,5}"),
    ) {
        let mut selection = choice(&options, bits % (1 << options.all().count()));
        let known = selection.clone();
        selection.extend(unknown.clone());
        let expected = broken(&options, &all_groups(&options), &known) + usize::from(unknown.is_some());
        match configure(&options, &selection) {
            Ok(configured) => {
                prop_assert_eq!(expected, 0);
                let chosen: Vec<&MenuOption> =
                    options.all().filter(|one| selection.contains(&one.key)).collect();
                let keys: Vec<&String> = configured.options.iter().map(|one| &one.key).collect();
                prop_assert_eq!(keys, chosen.iter().map(|one| &one.key).collect::<Vec<_>>());
                prop_assert_eq!(configured.price, chosen.iter().map(|one| one.price).sum::<i64>());
                prop_assert_eq!(configured.grams, chosen.iter().map(|one| one.grams).sum::<Amount>());
                for nutrient in [Nutrient::Energy, Nutrient::Protein] {
                    let content = configured.nutrients[nutrient];
                    let sum: Amount =
                        chosen.iter().filter_map(|one| one.nutrients.get(&nutrient)).copied().sum();
                    prop_assert_eq!(content.amount, sum);
                    let unknown = chosen.iter().any(|one| !one.nutrients.contains_key(&nutrient));
                    prop_assert_eq!(content.known_permille < 1000, unknown);
                }
                let allergens: BTreeSet<Allergen> =
                    chosen.iter().flat_map(|one| one.allergens.clone()).collect();
                prop_assert_eq!(configured.allergens, allergens);
                let diets: BTreeSet<Diet> =
                    chosen.iter().flat_map(|one| one.excluded_diets.clone()).collect();
                prop_assert_eq!(configured.excluded_diets, diets);
            }
            Err(rules) => {
                prop_assert_eq!(rules.len(), expected);
                for rule in &rules {
                    prop_assert!(is_broken(&options, &selection, rule), "{}", rule);
                }
                let json = serde_json::to_string(&rules).unwrap();
                prop_assert_eq!(serde_json::from_str::<Vec<BrokenRule>>(&json).unwrap(), rules);
            }
        }
    }

    /// What is ordered where nobody has chosen is sound, and there is one wherever there can be.
    #[test]
    fn the_simplest_choice_is_one_that_can_be_made(options in models(), allowed in 0..4096_usize) {
        let allowed: Selection = choice(&options, allowed % (1 << options.all().count()));
        let groups = all_groups(&options);
        let possible = sound(&options, &groups).into_iter().any(|one| one.is_subset(&allowed));
        match options.simplest(|option| allowed.contains(&option.key)) {
            Some(simplest) => {
                prop_assert!(simplest.is_subset(&allowed));
                prop_assert!(configure(&options, &simplest).is_ok());
            }
            None => prop_assert!(!possible),
        }
    }

    #[test]
    fn a_model_is_read_as_it_was_written(options in models()) {
        let json = serde_json::to_string(&options).unwrap();
        prop_assert_eq!(serde_json::from_str::<Options>(&json).unwrap(), options);
    }
}

/// Whether a choice breaks the very rule that is named.
fn is_broken(options: &Options, selection: &Selection, rule: &BrokenRule) -> bool {
    let has = |key: &str| selection.contains(key);
    let stated = |kind, option: &str, other: &str| {
        options
            .rules
            .iter()
            .any(|rule| (rule.kind, &*rule.option, &*rule.other) == (kind, option, other))
    };
    let chosen = |key: &str| {
        let group = options.groups.iter().find(|group| group.key == key);
        let options = &group.unwrap().options;
        options.iter().filter(|option| has(&option.key)).count() as i64
    };
    match rule {
        BrokenRule::UnknownOption { option } => has(option) && options.option(option).is_none(),
        BrokenRule::TooFew { group, min } => chosen(&group.key) < *min,
        BrokenRule::TooMany { group, max } => chosen(&group.key) > *max,
        BrokenRule::Requires { option, other } => {
            stated(RuleKind::Requires, &option.key, &other.key)
                && has(&option.key)
                && !has(&other.key)
        }
        BrokenRule::Excludes { option, other } => {
            stated(RuleKind::Excludes, &option.key, &other.key)
                && has(&option.key)
                && has(&other.key)
        }
    }
}

#[test]
fn a_broken_rule_is_named_with_the_names_that_people_know() {
    let options = Options {
        groups: vec![group(0, vec![option(0), option(1)], 1, 1)],
        rules: Vec::new(),
    };
    let rules = configure(&options, &Selection::new()).unwrap_err();
    assert_eq!(
        serde_json::to_value(&rules).unwrap(),
        serde_json::json!([{
            "rule": "TOO_FEW", "min": 1,
            "group": { "key": "group-0", "name": { "en": "group-0", "es": "¡group-0!" } },
        }])
    );
}

#[test]
fn what_is_not_well_formed_is_told_all_at_once() {
    let mut options = Options {
        groups: vec![
            group(0, vec![option(0), option(0)], 2, 1),
            group(0, vec![option(1)], -1, 1),
        ],
        rules: vec![
            rule(RuleKind::Requires, 0, 7),
            rule(RuleKind::Excludes, 7, 0),
        ],
    };
    options.groups[1].options[0].price = -1;
    let fault = |text: &str| text.to_owned();
    let faults = options.check().unwrap_err();
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            fault("group group-0 asks for 2 to 1"),
            fault("group \"group-0\" has no key of its own"),
            fault("group group-0 asks for -1 to 1"),
            fault("option \"option-0\" has no key of its own"),
            fault("option option-1 has an amount out of range"),
            fault("a rule speaks of option option-7, which is not there"),
        ]
    );
    let large = Options {
        groups: vec![group(0, (0..65).map(|_| option(0)).collect(), 0, 1)],
        rules: Vec::new(),
    };
    assert_eq!(large.check(), Err(vec![OptionsFault::TooLarge]));
    assert_eq!(large.simplest(|_| true), None);
}

/// Nine groups that each want one of the same seven places: that it can't be is found out, or given up,
/// in a bounded number of steps.
#[test]
fn a_model_that_is_hard_to_refute_ends_all_the_same() {
    let mut options = Options::default();
    for pigeon in 0..9 {
        let holes = (0..7).map(|hole| MenuOption {
            key: format!("option-{}", pigeon * 7 + hole),
            ..option(0)
        });
        options.groups.push(group(pigeon, holes.collect(), 1, 1));
    }
    for hole in 0..7 {
        for one in 0..9 {
            for other in one + 1..9 {
                let (one, other) = (one * 7 + hole, other * 7 + hole);
                options.rules.push(rule(RuleKind::Excludes, one, other));
            }
        }
    }
    assert!(options.rules.len() <= Options::RULES_MOST);
    let faults = options.check().unwrap_err();
    assert!(
        matches!(
            faults[..],
            [OptionsFault::TooComplex | OptionsFault::NeverMet { .. }]
        ),
        "{faults:?}"
    );
    // With places enough each group has one.
    options.groups.truncate(7);
    let left: Selection = options.all().map(|option| option.key.clone()).collect();
    options
        .rules
        .retain(|rule| left.contains(&rule.option) && left.contains(&rule.other));
    assert_eq!(options.check(), Ok(()));
    assert_eq!(options.simplest(|_| true).unwrap().len(), 7);
}
