//! Looks dishes up in the catalogue.

use super::api::{DishCard, DishesView, Filter};
use crate::context::number;
use crate::words::Words;
use domain::allergen::Allergen;
use domain::catalogue::Catalogue;
use domain::diet::Diet;
use domain::dish::{Dish, Meal};
use domain::nutrient::Nutrient;
use domain::text::{Language, folded};
use locales::Key;
use std::collections::BTreeSet;

/// The dishes that a filter lets through, by name. What an address names wrongly does not filter.
pub(super) fn find(catalogue: &Catalogue, language: Language, filter: &Filter) -> DishesView {
    let words = Words(language);
    let wanted: Vec<String> = folded(&filter.text)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let (meal, diet) = (Meal::from_key(&filter.meal), Diet::from_key(&filter.diet));
    let without: BTreeSet<Allergen> = filter
        .without
        .iter()
        .filter_map(|key| Allergen::from_key(key))
        .collect();
    let mut found: Vec<(String, &Dish)> = catalogue
        .dishes
        .iter()
        .filter(|dish| meal.is_none_or(|meal| dish.meals.contains(&meal)))
        .filter(|dish| diet.is_none_or(|diet| dish.diets.contains(&diet)))
        .filter(|dish| filter.cuisine.is_empty() || dish.cuisine == filter.cuisine)
        .filter(|dish| dish.allergens.is_disjoint(&without))
        .filter(|dish| {
            // Nothing is put together for those who look for nothing.
            wanted.is_empty() || {
                let text = text_of(catalogue, dish, language);
                wanted.iter().all(|word| text.contains(word.as_str()))
            }
        })
        .map(|dish| (folded(dish.name.get(language)), dish))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let cuisines: BTreeSet<&str> = catalogue
        .dishes
        .iter()
        .map(|dish| dish.cuisine.as_str())
        .collect();
    let mut cuisines: Vec<(String, String)> = cuisines
        .into_iter()
        .map(|cuisine| (cuisine.to_owned(), words.name("cuisine", cuisine)))
        .collect();
    cuisines.sort_by_cached_key(|(_, name)| folded(name));
    DishesView {
        count: count(words, found.len(), catalogue.dishes.len()),
        found: u32::try_from(found.len()).unwrap_or(u32::MAX),
        items: found
            .into_iter()
            .take(filter.show as usize)
            .map(|(_, dish)| card(words, dish))
            .collect(),
        cuisines,
    }
}

fn count(words: Words, found: usize, total: usize) -> String {
    let (found_text, total_text) = (found.to_string(), total.to_string());
    match found {
        1 => words.t(Key::DishesCountOne),
        _ if found == total => words.fill(Key::DishesCount, &[("count", &found_text)]),
        _ => words.fill(
            Key::DishesCountOf,
            &[("count", &found_text), ("total", &total_text)],
        ),
    }
}

fn card(words: Words, dish: &Dish) -> DishCard {
    let energy = number(dish.nutrients[Nutrient::Energy].amount.rounded());
    let minutes = dish.minutes.to_string();
    DishCard {
        id: dish.id.0.clone(),
        name: words.of(&dish.name),
        cuisine: words.name("cuisine", &dish.cuisine),
        meta: words.fill(
            Key::DishesMeta,
            &[("energy", &energy), ("minutes", &minutes)],
        ),
        groups: dish
            .groups
            .iter()
            .map(|(group, grams)| (*group, *grams))
            .collect(),
    }
}

/// Everything that a dish is found by.
fn text_of(catalogue: &Catalogue, dish: &Dish, language: Language) -> String {
    let foods = dish
        .foods
        .iter()
        .filter_map(|portion| catalogue.food(&portion.ndb_no));
    let names = foods.map(|food| food.name.get(language).as_str());
    let text: Vec<&str> = std::iter::once(dish.name.get(language).as_str())
        .chain(names)
        .collect();
    folded(&text.join(" "))
}
