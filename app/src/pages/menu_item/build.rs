//! An item in words.

use super::api::{GroupView, ItemView, OptionView};
use crate::error::AppError;
use crate::pages::menu::{against, card, when};
use crate::words::{Words, minor_units};
use domain::allergen::Allergen;
use domain::menu::{MenuItemKind, MenuOption, OptionGroup, OptionRule, Options, RuleKind};
use domain::nutrient::{Nutrient, Unit};
use locales::Key;
use serde_json::json;
use service::Ctx;
use service::menu::ItemDetail;
use service::plan::parse_id;
use std::collections::BTreeMap;

/// What is told of an item in numbers.
const FACTS: [Nutrient; 6] = [
    Nutrient::Energy,
    Nutrient::Protein,
    Nutrient::Carbohydrate,
    Nutrient::Fat,
    Nutrient::Fiber,
    Nutrient::Sodium,
];

pub(super) async fn item(ctx: &Ctx, campus: &str, id: &str) -> Result<ItemView, AppError> {
    let words = Words(ctx.language);
    let detail = service::menu::item(ctx, campus, parse_id(id)?).await?;
    let today = ctx.service.local_time(ctx.now()).date;
    let item = &detail.card.item;
    let contents = &detail.card.contents;
    let pickup = match detail.card.first_slot {
        Some(slot) => words.fill(Key::MenuNext, &[("when", &when(words, slot, today))]),
        None => words.t(Key::MenuNotSoon),
    };
    let facts = FACTS
        .map(|nutrient| {
            let amount = contents.nutrients[nutrient].amount;
            (
                words.name("nutrient", nutrient.key()),
                words.with_unit(amount, nutrient.unit()),
            )
        })
        .into();
    let options = &item.options;
    Ok(ItemView {
        campus: (detail.campus.slug.clone(), words.of(&detail.campus.name)),
        card: card(ctx, &detail.campus, &detail.card, today),
        dish: match &item.kind {
            MenuItemKind::Dish(id) => format!("/dishes/{id}"),
            MenuItemKind::Product(_) => String::new(),
        },
        facts,
        pickup,
        groups: options
            .groups
            .iter()
            .filter(|group| !group.options.is_empty())
            .map(|group| group_view(ctx, &detail, group))
            .collect(),
        rules: options
            .rules
            .iter()
            .filter_map(|rule| rule_text(words, options, rule))
            .collect(),
        choice: choice(words, &detail),
        orderable: item.active && detail.card.left > 0,
    })
}

/// The item as the `chooser` module takes it, and the words for what comes of a choice.
fn choice(words: Words, detail: &ItemDetail) -> (String, String) {
    let (item, contents) = (&detail.card.item, &detail.card.contents);
    let mut options = item.options.clone();
    for option in options
        .groups
        .iter_mut()
        .flat_map(|group| &mut group.options)
    {
        option
            .nutrients
            .retain(|nutrient, _| matches!(nutrient, Nutrient::Energy | Nutrient::Protein));
        option.foods.clear();
    }
    let item = json!({
        "price": item.price,
        "energy": contents.nutrients[Nutrient::Energy].amount,
        "protein": contents.nutrients[Nutrient::Protein].amount,
        "allergens": contents.allergens,
        "options": options,
    });
    let currency = &detail.campus.currency;
    let zero = words.price(0, currency);
    let (start, end) = (zero.find('0').unwrap_or(0), zero.rfind('0').unwrap_or(0));
    let allergens: BTreeMap<&str, String> = Allergen::ALL
        .into_iter()
        .map(|one| (one.key(), words.name("allergen", one.key())))
        .collect();
    let says = json!({
        "sentences": {
            "UNKNOWN_CHOICE": words.t(Key::InvalidUnknownChoice),
            "CHOOSE_AT_LEAST": words.t(Key::InvalidChooseAtLeast),
            "CHOOSE_AT_MOST": words.t(Key::InvalidChooseAtMost),
            "OPTION_REQUIRES": words.t(Key::InvalidOptionRequires),
            "OPTION_EXCLUDES": words.t(Key::InvalidOptionExcludes),
        },
        "allergens": allergens,
        "none": words.t(Key::MenuNoAllergens),
        "energy": words.t(Key::MenuEnergy),
        "prefix": &zero[..start],
        "suffix": &zero[end + 1..],
        "unit": minor_units(currency),
    });
    (item.to_string(), says.to_string())
}

fn group_view(ctx: &Ctx, detail: &ItemDetail, group: &OptionGroup) -> GroupView {
    let words = Words(ctx.language);
    let (min, max) = (group.min.to_string(), group.max.to_string());
    let bounds = [("min", &*min), ("max", &*max)];
    let hint = match (group.min, group.max) {
        (1, 1) => words.t(Key::MenuItemChooseOne),
        (0, 1) => words.t(Key::MenuItemChooseOneOrNone),
        (0, _) => words.fill(Key::MenuItemChooseUpTo, &bounds),
        (min, max) if min == max => words.fill(Key::MenuItemChooseExactly, &bounds),
        _ => words.fill(Key::MenuItemChooseBetween, &bounds),
    };
    GroupView {
        key: group.key.clone(),
        name: words.of(&group.name),
        hint,
        several: group.max > 1,
        optional: group.min == 0,
        options: group
            .options
            .iter()
            .map(|option| option_view(ctx, detail, option))
            .collect(),
    }
}

fn option_view(ctx: &Ctx, detail: &ItemDetail, option: &MenuOption) -> OptionView {
    let words = Words(ctx.language);
    let mut notes = Vec::new();
    if option.price > 0 {
        let price = words.price(option.price, &detail.campus.currency);
        notes.push(format!("+\u{a0}{price}"));
    }
    if let Some(energy) = option.nutrients.get(&Nutrient::Energy)
        && energy.rounded() > 0
    {
        notes.push(words.with_unit(*energy, Unit::Kilocalorie));
    }
    let allergens = option.allergens.iter();
    notes.extend(allergens.map(|one| words.name("allergen", one.key())));
    let marks = detail.marks.iter().filter(|mark| mark.option == option.key);
    OptionView {
        key: option.key.clone(),
        name: words.of(&option.name),
        note: notes.join(" · "),
        chosen: detail
            .simplest
            .as_ref()
            .is_some_and(|chosen| chosen.contains(&option.key)),
        forbidden: marks
            .flat_map(|mark| against(ctx, &mark.forbidden))
            .collect(),
    }
}

/// A rule as it is said before it is broken.
fn rule_text(words: Words, options: &Options, rule: &OptionRule) -> Option<String> {
    let name = |key: &str| Some(words.of(&options.option(key)?.name));
    let key = match rule.kind {
        RuleKind::Requires => Key::InvalidOptionRequires,
        RuleKind::Excludes => Key::InvalidOptionExcludes,
    };
    let (option, other) = (name(&rule.option)?, name(&rule.other)?);
    Some(words.fill(key, &[("option", &option), ("other", &other)]))
}
