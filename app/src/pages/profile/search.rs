//! What somebody may leave out, found by name.

use super::api::Item;
use domain::catalogue::Catalogue;
use domain::dish::DishId;
use domain::food::{Aisle, Food, NdbNo};
use domain::text::{Language, Localized, folded};
use service::Ctx;
use std::collections::{BTreeMap, BTreeSet};

/// The most that a search gives, and the most of it that no dish uses.
const FOUND_MOST: usize = 8;
const UNUSED_MOST: usize = 3;

/// The names of what is left out: foods by number, dishes by id. Unknown ids are passed over.
pub async fn left_out(
    ctx: &Ctx,
    foods: &BTreeSet<NdbNo>,
    dishes: &BTreeSet<DishId>,
) -> service::Result<Vec<Item>> {
    let catalogue = ctx.service.catalogue();
    let (known, unknown): (Vec<&NdbNo>, Vec<&NdbNo>) = foods
        .iter()
        .partition(|number| catalogue.food(number).is_some());
    let foods = known
        .into_iter()
        .filter_map(|number| catalogue.food(number));
    let dishes = dishes.iter().filter_map(|id| catalogue.dish(id));
    let mut items: Vec<Item> = foods.map(|food| food_item(food, ctx.language)).collect();
    items.extend(dishes.map(|dish| dish_item(&dish.id, &dish.name, ctx.language)));
    let numbers: Vec<&str> = unknown.iter().map(|number| number.0.as_str()).collect();
    let rows = service::catalogue::foods_by_number(ctx, &numbers).await?;
    items.extend(
        rows.into_iter()
            .map(|row| row_item(row.ndb_no, row.description)),
    );
    Ok(items)
}

/// The foods that dishes are made of, as a shop groups them.
pub fn by_aisle(catalogue: &Catalogue, language: Language) -> Vec<(Aisle, Vec<(String, String)>)> {
    let mut aisles: BTreeMap<Aisle, Vec<(String, String)>> = BTreeMap::new();
    for food in &catalogue.foods {
        let name = food.name.get(language).clone();
        aisles
            .entry(food.aisle)
            .or_default()
            .push((food.ndb_no.0.clone(), name));
    }
    for foods in aisles.values_mut() {
        foods.sort_by_cached_key(|(_, name)| folded(name));
    }
    aisles.into_iter().collect()
}

/// The project's own foods and dishes, which have names in each language, then USDA's rows.
pub async fn search(ctx: &Ctx, text: &str) -> service::Result<Vec<Item>> {
    let mut found = own(ctx.service.catalogue(), ctx.language, text);
    if found.len() < FOUND_MOST && text.trim().chars().count() > 1 {
        let rows = service::catalogue::search_foods(ctx, text).await?;
        let catalogue = ctx.service.catalogue();
        let unused = rows
            .into_iter()
            .filter(|row| catalogue.food(&NdbNo(row.ndb_no.clone())).is_none())
            .map(|row| row_item(row.ndb_no, row.description));
        found.extend(unused.take(UNUSED_MOST.min(FOUND_MOST - found.len())));
    }
    Ok(found)
}

fn own(catalogue: &Catalogue, language: Language, text: &str) -> Vec<Item> {
    let wanted = folded(text);
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    // Both languages are looked through: who cooks in one may write in the other.
    let place = |name: &Localized<String>, more: &str| {
        let place = [name.get(language), &name.en, &name.es].map(|name| rank(name, &wanted));
        place
            .into_iter()
            .flatten()
            .min()
            .or_else(|| rank(more, &wanted).map(|rank| rank + 100))
    };
    let foods = catalogue.foods.iter().filter_map(|food| {
        Some((
            place(&food.name, &food.description)?,
            food_item(food, language),
        ))
    });
    let dishes = catalogue.dishes.iter().filter_map(|dish| {
        Some((
            place(&dish.name, "")? + 10,
            dish_item(&dish.id, &dish.name, language),
        ))
    });
    let mut found: Vec<(usize, Item)> = foods.chain(dishes).collect();
    found.sort_by(|a, b| (a.0, a.1.name.len(), &a.1.name).cmp(&(b.0, b.1.name.len(), &b.1.name)));
    found
        .into_iter()
        .map(|(_, item)| item)
        .take(FOUND_MOST)
        .collect()
}

/// How far from its beginning a name has the wanted words, each as the beginning of a word.
fn rank(name: &str, wanted: &[&str]) -> Option<usize> {
    let name = folded(name);
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    wanted
        .iter()
        .map(|wanted| words.iter().position(|word| word.starts_with(wanted)))
        .try_fold(0, |rank, place| Some(rank + place?))
}

fn food_item(food: &Food, language: Language) -> Item {
    let name = food.name.get(language).clone();
    Item {
        id: food.ndb_no.0.clone(),
        name,
        dish: false,
        used: true,
    }
}

fn dish_item(id: &DishId, name: &Localized<String>, language: Language) -> Item {
    Item {
        id: id.0.clone(),
        name: name.get(language).clone(),
        dish: true,
        used: true,
    }
}

fn row_item(id: String, name: String) -> Item {
    Item {
        id,
        name,
        dish: false,
        used: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_beginnings_whatever_their_accents() {
        assert_eq!(rank("Frijoles pintos", &["frij"]), Some(0));
        assert_eq!(rank("Atún en agua", &["agua", "atun"]), Some(2));
        assert_eq!(rank("Champiñones", &["ñones"]), None);
    }
}
