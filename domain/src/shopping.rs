//! The shopping list of a plan: what its week of meals is made of.

use crate::amount::Amount;
use crate::catalogue::Catalogue;
use crate::food::{Aisle, Measure, NdbNo};
use crate::measure::in_quarters;
use crate::plan::Plan;
use crate::text::Localized;
use std::collections::BTreeMap;

/// Water from the tap, which nobody buys for a recipe.
const TAP_WATER: &str = "14411";

/// A food to buy for a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShoppingItem {
    /// The food.
    pub ndb_no: NdbNo,
    /// Its shopping name.
    pub name: Localized<String>,
    /// Where a shop keeps it.
    pub aisle: Aisle,
    /// What the meals need of it, edible.
    pub grams: Amount,
    /// What must be bought for that: peel, bones and stones are weighed too.
    pub bought: Amount,
    /// What the meals need in quarters of the household measure; nothing where the measure is only
    /// a weight or far more than is needed. See [`in_quarters`].
    pub quarters: i64,
    /// The household measure.
    pub measure: Measure,
}

/// Everything to buy for a plan, by aisle and then the heaviest first.
///
/// A dish that the catalogue no longer has is left out: nobody knows its recipe any more.
#[must_use]
pub fn shopping_list(plan: &Plan, catalogue: &Catalogue) -> Vec<ShoppingItem> {
    let mut needed: BTreeMap<&NdbNo, Amount> = BTreeMap::new();
    for meal in plan.days.iter().flat_map(|day| &day.meals) {
        let portions = catalogue
            .dish(&meal.dish_id)
            .map_or(&[][..], |dish| &dish.foods);
        for portion in portions {
            let grams = Amount(portion.grams.0 * meal.servings.0 / 1000);
            *needed.entry(&portion.ndb_no).or_default() += grams;
        }
    }
    let mut items: Vec<ShoppingItem> = needed
        .into_iter()
        .filter(|(ndb_no, grams)| ndb_no.0 != TAP_WATER && grams.0 > 0)
        .filter_map(|(ndb_no, grams)| {
            let food = catalogue.food(ndb_no)?;
            Some(ShoppingItem {
                ndb_no: ndb_no.clone(),
                name: food.name.clone(),
                aisle: food.aisle,
                grams,
                bought: as_bought(grams, food.refuse_percent),
                quarters: in_quarters(grams, &food.measure),
                measure: food.measure.clone(),
            })
        })
        .collect();
    items.sort_by(|a, b| {
        a.aisle
            .cmp(&b.aisle)
            .then(b.bought.cmp(&a.bought))
            .then_with(|| a.ndb_no.cmp(&b.ndb_no))
    });
    items
}

/// What to buy so that so much is left when the refuse is thrown away.
fn as_bought(edible: Amount, refuse_percent: i64) -> Amount {
    // A share of a hundred would leave nothing of any purchase; the table has none.
    let left = (100 - refuse_percent).clamp(1, 100);
    Amount(edible.0 * 100 / left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dish::{Dish, DishId, Meal, Portion};
    use crate::food::{Food, FoodGroup};
    use crate::nutrient::Nutrients;
    use crate::plan::{PlanDay, PlannedMeal};
    use crate::target::Targets;

    fn text(text: &str) -> Localized<String> {
        Localized {
            en: text.to_owned(),
            es: text.to_owned(),
        }
    }

    fn food(ndb_no: &str, aisle: Aisle, refuse_percent: i64) -> Food {
        Food {
            ndb_no: NdbNo(ndb_no.to_owned()),
            name: text(ndb_no),
            description: String::new(),
            aisle,
            group: FoodGroup::None,
            allergens: [].into(),
            traits: [].into(),
            measure: Measure {
                weight: Amount::whole(100),
                name: text("1 cup"),
            },
            refuse_percent,
        }
    }

    fn catalogue() -> Catalogue {
        let portion = |ndb_no: &str, grams| Portion {
            ndb_no: NdbNo(ndb_no.to_owned()),
            grams: Amount::whole(grams),
        };
        Catalogue {
            version: String::new(),
            dishes: vec![Dish {
                id: DishId("soup".to_owned()),
                name: text("Soup"),
                cuisine: String::new(),
                meals: [Meal::Lunch].into(),
                minutes: 10,
                cost: 100,
                foods: vec![
                    portion("14411", 300),
                    portion("2", 120),
                    portion("1", 80),
                    portion("3", 200),
                ],
                allergens: [].into(),
                diets: [].into(),
                groups: [].into(),
                nutrients: Nutrients::default(),
            }],
            foods: vec![
                food("1", Aisle::Fruit, 20),
                food("14411", Aisle::Drinks, 0),
                food("2", Aisle::Vegetables, 0),
                food("3", Aisle::Vegetables, 50),
            ],
            products: [].into(),
            steps: [].into(),
        }
    }

    fn plan(meals: &[(&str, i64)]) -> Plan {
        let week: crate::week::IsoWeek = "2026-W47".parse().expect("a week");
        let planned = |(dish, servings): &(&str, i64)| PlannedMeal {
            meal: Meal::Lunch,
            dish_id: DishId((*dish).to_owned()),
            name: text(dish),
            servings: Amount(*servings),
            nutrients: Nutrients::default(),
        };
        Plan {
            week,
            input_hash: String::new(),
            engine_version: 1,
            catalogue_version: String::new(),
            targets: Targets {
                resting_energy: None,
                maintenance_energy: 2000,
                energy: 2000,
                protein: Default::default(),
                fat: Default::default(),
                carbohydrate: Default::default(),
                nutrients: vec![],
                notes: vec![],
            },
            days: vec![PlanDay {
                date: week.dates()[0],
                meals: meals.iter().map(planned).collect(),
                totals: Nutrients::default(),
            }],
            adherence: vec![],
            cost: 0,
            warnings: vec![],
            score: 0,
        }
    }

    #[test]
    fn servings_are_summed_and_refuse_is_bought_too() {
        let list = shopping_list(
            &plan(&[("soup", 1500), ("soup", 250), ("gone", 1000)]),
            &catalogue(),
        );
        let lines: Vec<_> = list
            .iter()
            .map(|item| {
                (
                    item.ndb_no.0.as_str(),
                    item.grams.rounded(),
                    item.bought.rounded(),
                    item.quarters,
                )
            })
            .collect();
        // Vegetables before fruit, the heaviest first; water comes from the tap.
        assert_eq!(
            lines,
            [("3", 350, 700, 14), ("2", 210, 210, 8), ("1", 140, 175, 6)]
        );
    }

    #[test]
    fn an_empty_week_needs_nothing() {
        assert_eq!(shopping_list(&plan(&[]), &catalogue()), []);
    }
}
