//! A dish in words.

use super::api::{ContentGroup, DishView, FoodView, GroupView, ShareView};
use crate::components::plate;
use crate::error::AppError;
use crate::pages::nutrients::GROUPS;
use crate::words::Words;
use domain::catalogue::Catalogue;
use domain::diet::Diet;
use domain::dish::{Content, Dish, DishId};
use domain::measure::in_quarters;
use domain::nutrient::{Nutrient, Unit};
use locales::Key;
use service::Ctx;

pub(super) fn dish_view(ctx: &Ctx, id: String) -> Result<DishView, AppError> {
    let words = Words(ctx.language);
    let dish = service::catalogue::dish(ctx, &DishId(id))?;
    let catalogue = ctx.service.catalogue();
    let meals: Vec<String> = dish
        .meals
        .iter()
        .map(|meal| words.name("meal", meal.key()))
        .collect();
    Ok(DishView {
        id: dish.id.0.clone(),
        name: words.of(&dish.name),
        cuisine: words.name("cuisine", &dish.cuisine),
        meals: meals.join(", "),
        minutes: words.fill(Key::UnitMinutes, &[("minutes", &dish.minutes.to_string())]),
        cost: words.money(dish.cost),
        energy: words.with_unit(dish.nutrients[Nutrient::Energy].amount, Unit::Kilocalorie),
        groups: groups(words, dish),
        foods: foods(words, dish, catalogue),
        steps: catalogue
            .steps(&dish.id)
            .map(|steps| steps.get(words.0).clone())
            .unwrap_or_default(),
        allergens: dish
            .allergens
            .iter()
            .map(|one| words.name("allergen", one.key()))
            .collect(),
        diets: diets(words, dish),
        shares: shares(words, dish),
        nutrients: nutrients(words, dish),
    })
}

fn groups(words: Words, dish: &Dish) -> Vec<GroupView> {
    let mut groups: Vec<_> = dish
        .groups
        .iter()
        .map(|(group, grams)| GroupView {
            group: *group,
            grams: *grams,
            name: words.name("group", plate::name(*group)),
            weight: words.grams(*grams),
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.grams));
    groups
}

fn foods(words: Words, dish: &Dish, catalogue: &Catalogue) -> Vec<FoodView> {
    let foods = dish
        .foods
        .iter()
        .filter_map(|portion| Some((catalogue.food(&portion.ndb_no)?, portion.grams)));
    foods
        .map(|(food, grams)| FoodView {
            name: words.of(&food.name),
            grams: words.grams(grams),
            measure: words.measured(in_quarters(grams, &food.measure), &food.measure),
        })
        .collect()
}

/// Everything fits the pattern without restrictions, so that one goes without saying.
fn diets(words: Words, dish: &Dish) -> Vec<(String, bool)> {
    let fitting = Diet::ALL
        .into_iter()
        .filter(|diet| *diet != Diet::Omnivore && dish.diets.contains(diet));
    fitting
        .map(|diet| {
            (
                words.name("diet", diet.key()),
                matches!(diet, Diet::Halal | Diet::Kosher),
            )
        })
        .collect()
}

fn shares(words: Words, dish: &Dish) -> Vec<ShareView> {
    let parts = [
        (Nutrient::Protein, 4),
        (Nutrient::Carbohydrate, 4),
        (Nutrient::Fat, 9),
    ]
    .map(|(nutrient, kcal)| {
        (
            nutrient,
            dish.nutrients[nutrient].amount,
            dish.nutrients[nutrient].amount.0 * kcal,
        )
    });
    let energies = parts.map(|(.., energy)| energy);
    parts
        .into_iter()
        .zip(percents(energies))
        .map(|((nutrient, amount, _), percent)| ShareView {
            key: nutrient.key().to_owned(),
            name: words.name("nutrient", nutrient.key()),
            percent,
            grams: words.grams(amount),
        })
        .collect()
}

/// Parts of a whole in percent, which add up to a hundred: the largest remainders are rounded up.
fn percents(parts: [i64; 3]) -> [u32; 3] {
    let whole: i64 = parts.iter().sum();
    if whole <= 0 {
        return [0; 3];
    }
    let mut percents = parts.map(|part| (part * 100 / whole) as u32);
    let mut order = [0, 1, 2];
    order.sort_by_key(|index| std::cmp::Reverse(parts[*index] * 100 % whole));
    let missing = 100 - percents.iter().sum::<u32>();
    for index in order.into_iter().take(missing as usize) {
        percents[index] += 1;
    }
    percents
}

fn nutrients(words: Words, dish: &Dish) -> Vec<ContentGroup> {
    let row = |nutrient: &Nutrient| {
        let Content {
            amount,
            known_permille,
        } = dish.nutrients[*nutrient];
        let amount = words.with_unit(amount, nutrient.unit());
        // Not even a thousandth unknown may round to "100 %".
        let percent = if known_permille >= 1000 {
            100
        } else {
            (known_permille / 10).min(99)
        };
        let amount = if percent == 100 {
            amount
        } else {
            words.fill(Key::NutrientsAtLeast, &[("amount", &amount)])
        };
        (
            words.name("nutrient", nutrient.key()),
            amount,
            format!("{percent}\u{a0}%"),
        )
    };
    GROUPS
        .into_iter()
        .map(|(title, nutrients)| ContentGroup {
            title: words.t(title),
            rows: nutrients.iter().map(row).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        assert_eq!(percents([1, 1, 1]), [34, 33, 33]);
        assert_eq!(percents([0, 0, 0]), [0, 0, 0]);
        assert_eq!(percents([996, 2, 2]).iter().sum::<u32>(), 100);
    }
}
