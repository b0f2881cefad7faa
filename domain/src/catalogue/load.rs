//! Reading the food facts, the dishes and the products, and computing all that follows from them.

use super::sr28::{FoodRow, column_index, decimal, food_rows};
use super::{Catalogue, DataError};
use crate::allergen::{Allergen, Allergens};
use crate::amount::Amount;
use crate::diet::{Composition, Diet};
use crate::dish::{Content, Dish, DishId, Meal, Portion, Steps};
use crate::engine::hexadecimal;
use crate::food::{Food, FoodGroup, Measure, NdbNo};
use crate::menu::{Product, ProductId};
use crate::nutrient::{Nutrient, Nutrients};
use crate::text::Localized;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as NameError, StrDeserializer};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How many hexadecimal digits name a version: 64 bits tell a few hundred releases apart.
const VERSION_DIGITS: usize = 16;

/// A serving's amounts are multiples of this many thousandths, so that a quarter of a serving, the
/// step in which a plan counts, is a whole number too and sums of a plan are exact.
const AMOUNT_STEP: i64 = 4;

/// USDA's table and what the project knows of the foods that may be used.
pub(super) struct Foods {
    rows: BTreeMap<NdbNo, FoodRow>,
    facts: BTreeMap<NdbNo, Food>,
}

impl Foods {
    pub(super) fn read(foods_csv: &str, facts_csv: &str) -> Result<Self, DataError> {
        let rows = food_rows(foods_csv)?
            .into_iter()
            .map(|row| (row.ndb_no.clone(), row))
            .collect();
        let facts = facts(facts_csv, &rows)?;
        Ok(Self { rows, facts })
    }
}

/// The catalogue from USDA's table, the project's facts on foods, and files of dishes and products.
///
/// # Errors
/// [`DataError`] names the table, row and cell, or the dish, that is wrong.
pub fn load(foods_csv: &str, facts_csv: &str, dish_files: &[&str]) -> Result<Catalogue, DataError> {
    let known = Foods::read(foods_csv, facts_csv)?;
    let mut dishes = BTreeMap::new();
    let mut steps = BTreeMap::new();
    let mut products = BTreeMap::new();
    for file in dish_files {
        let file: DishFile = toml::from_str(file)?;
        for written in file.dish {
            let id = DishId(written.id.clone());
            let dish = written.dish(&known)?;
            if dishes.insert(id.clone(), dish).is_some() {
                return Err(written.wrong("its id is taken"));
            }
            steps.insert(id, written.steps);
        }
        for written in file.product {
            let product = written.product(&known)?;
            if products.insert(product.id.clone(), product).is_some() {
                return Err(wrong(&written.id, "its id is taken"));
            }
        }
    }
    let used: BTreeSet<&NdbNo> = dishes
        .values()
        .flat_map(|dish| &dish.foods)
        .map(|portion| &portion.ndb_no)
        .collect();
    let foods: Vec<Food> = known
        .facts
        .values()
        .filter(|food| used.contains(&food.ndb_no))
        .cloned()
        .collect();
    let dishes: Vec<Dish> = dishes.into_values().collect();
    let version = version(&dishes, &foods)?;
    Ok(Catalogue {
        version,
        dishes,
        foods,
        products: products.into_values().collect(),
        steps,
    })
}

fn version(dishes: &[Dish], foods: &[Food]) -> Result<String, DataError> {
    let json = serde_json::to_vec(&(dishes, foods))?;
    let mut digits = hexadecimal(&Sha256::digest(json));
    digits.truncate(VERSION_DIGITS);
    Ok(digits)
}

const FACTS: &str = "food_facts.csv";

/// What the project knows of the foods that dishes may use.
fn facts(csv: &str, rows: &BTreeMap<NdbNo, FoodRow>) -> Result<BTreeMap<NdbNo, Food>, DataError> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers()?.clone();
    let names = [
        "ndb_no",
        "name_en",
        "name_es",
        "aisle",
        "group",
        "allergens",
        "traits",
        "measure_g",
        "measure_en",
        "measure_es",
    ];
    let mut columns = [0; 10];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = column_index(&headers, FACTS, name)?;
    }
    let mut foods = BTreeMap::new();
    for record in reader.records() {
        let record = record?;
        let cells = columns.map(|index| record.get(index).unwrap_or("").trim());
        let wrong = |column: usize| DataError::BadCell {
            table: FACTS,
            row: cells[0].to_owned(),
            column: names[column].to_owned(),
            value: cells[column].to_owned(),
        };
        let [
            ndb_no,
            name_en,
            name_es,
            aisle,
            group,
            allergens,
            traits,
            weight,
            en,
            es,
        ] = cells;
        let row = rows
            .get(&NdbNo(ndb_no.to_owned()))
            .ok_or_else(|| wrong(0))?;
        let mut declared = Allergens::new();
        for key in allergens.split('|').filter(|key| !key.is_empty()) {
            declared.insert(Allergen::from_key(key).ok_or_else(|| wrong(5))?);
        }
        let mut made_of = BTreeSet::new();
        for key in traits.split('|').filter(|key| !key.is_empty()) {
            made_of.insert(named(key).ok_or_else(|| wrong(6))?);
        }
        let weight = decimal(weight).filter(|grams| *grams > Amount::ZERO);
        let food = Food {
            ndb_no: row.ndb_no.clone(),
            name: Localized {
                en: name_en.to_owned(),
                es: name_es.to_owned(),
            },
            description: row.description.clone(),
            aisle: named(aisle).ok_or_else(|| wrong(3))?,
            group: named(group).ok_or_else(|| wrong(4))?,
            allergens: declared,
            traits: made_of,
            measure: Measure {
                weight: weight.ok_or_else(|| wrong(7))?,
                name: Localized {
                    en: en.to_owned(),
                    es: es.to_owned(),
                },
            },
            refuse_percent: row.refuse_percent,
        };
        if foods.insert(food.ndb_no.clone(), food).is_some() {
            return Err(wrong(0));
        }
    }
    Ok(foods)
}

/// The value of a unit enum by its serialised name.
fn named<T: DeserializeOwned>(name: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<NameError>::new(name)).ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DishFile {
    #[serde(default)]
    dish: Vec<WrittenDish>,
    #[serde(default)]
    product: Vec<WrittenProduct>,
}

/// A dish as its author wrote it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDish {
    id: String,
    name: Localized<String>,
    cuisine: String,
    meals: Vec<String>,
    minutes: i64,
    cost: i64,
    foods: Vec<WrittenPortion>,
    steps: Steps,
}

/// A product as its author wrote it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProduct {
    id: String,
    name: Localized<String>,
    foods: Vec<WrittenPortion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPortion {
    ndb_no: String,
    grams: f64,
}

fn wrong(id: &str, problem: &'static str) -> DataError {
    DataError::Dish {
        id: id.to_owned(),
        problem,
    }
}

fn check_id(id: &str) -> Result<(), DataError> {
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(sound) {
        return Err(wrong(
            id,
            "its id is not lower-case words joined by hyphens",
        ));
    }
    Ok(())
}

/// What follows from a list of foods.
pub(super) struct Composed {
    /// The foods.
    pub(super) portions: Vec<Portion>,
    pub(super) allergens: Allergens,
    pub(super) composition: Composition,
    pub(super) groups: BTreeMap<FoodGroup, Amount>,
    pub(super) nutrients: Nutrients<Content>,
}

impl Composed {
    /// The patterns that it fits.
    pub(super) fn diets(&self) -> BTreeSet<Diet> {
        Diet::ALL
            .into_iter()
            .filter(|diet| diet.allows(&self.composition, &self.nutrients))
            .collect()
    }
}

/// Foods as their author wrote them, each once, most first.
pub(super) fn portions(id: &str, foods: &[WrittenPortion]) -> Result<Vec<Portion>, DataError> {
    let mut portions: Vec<Portion> = Vec::new();
    for portion in foods {
        let grams = Amount::from_decimal(portion.grams)
            .filter(|grams| *grams > Amount::ZERO)
            .ok_or_else(|| wrong(id, "a portion without weight"))?;
        let ndb_no = NdbNo(portion.ndb_no.clone());
        match portions.iter_mut().find(|other| other.ndb_no == ndb_no) {
            Some(other) => other.grams += grams,
            None => portions.push(Portion { ndb_no, grams }),
        }
    }
    portions.sort_by(|a, b| b.grams.cmp(&a.grams).then_with(|| a.ndb_no.cmp(&b.ndb_no)));
    if portions.is_empty() {
        return Err(wrong(id, "no foods"));
    }
    Ok(portions)
}

impl Foods {
    /// What the foods of a dish, a product or an option come to. There is at least one.
    pub(super) fn compose(&self, id: &str, portions: Vec<Portion>) -> Result<Composed, DataError> {
        let mut allergens = Allergens::new();
        let mut composition = Composition::default();
        let mut groups: BTreeMap<FoodGroup, Amount> = BTreeMap::new();
        // Thousandths of a gram times thousandths in 100 g; and the weight whose value is known.
        let mut sums = Nutrients([(0_i64, 0_i64); Nutrient::COUNT]);
        let weight: Amount = portions.iter().map(|portion| portion.grams).sum();
        for portion in &portions {
            let unknown = || DataError::UnknownFood {
                dish: id.to_owned(),
                ndb_no: portion.ndb_no.0.clone(),
            };
            let food = self.facts.get(&portion.ndb_no).ok_or_else(unknown)?;
            let row = self.rows.get(&portion.ndb_no).ok_or_else(unknown)?;
            allergens.extend(&food.allergens);
            composition.add(food, portion.grams);
            if food.group != FoodGroup::None {
                *groups.entry(food.group).or_default() += portion.grams;
            }
            for nutrient in Nutrient::ALL {
                if let Some(value) = row.nutrients[nutrient] {
                    sums[nutrient].0 += value.0 * portion.grams.0;
                    sums[nutrient].1 += portion.grams.0;
                }
            }
        }
        let mut nutrients = Nutrients::<Content>::default();
        for nutrient in Nutrient::ALL {
            let (sum, known) = sums[nutrient];
            nutrients[nutrient] = Content {
                amount: Amount(round_divide(sum, 100_000 * AMOUNT_STEP) * AMOUNT_STEP),
                known_permille: known * 1000 / weight.0,
            };
        }
        Ok(Composed {
            portions,
            allergens,
            composition,
            groups,
            nutrients,
        })
    }
}

impl WrittenProduct {
    /// The product with its allergens, diets, groups and nutrients.
    fn product(&self, known: &Foods) -> Result<Product, DataError> {
        check_id(&self.id)?;
        let composed = known.compose(&self.id, portions(&self.id, &self.foods)?)?;
        Ok(Product {
            id: ProductId(self.id.clone()),
            name: self.name.clone(),
            diets: composed.diets(),
            foods: composed.portions,
            allergens: composed.allergens,
            groups: composed.groups,
            nutrients: composed.nutrients,
        })
    }
}

impl WrittenDish {
    fn wrong(&self, problem: &'static str) -> DataError {
        wrong(&self.id, problem)
    }

    /// The dish with its allergens, diets, groups and nutrients.
    fn dish(&self, known: &Foods) -> Result<Dish, DataError> {
        check_id(&self.id)?;
        if self.minutes < 0 || self.cost <= 0 {
            return Err(self.wrong("minutes or cost are not positive"));
        }
        let mut meals = BTreeSet::new();
        for meal in &self.meals {
            meals.insert(Meal::from_key(meal).ok_or_else(|| self.wrong("an unknown meal"))?);
        }
        if meals.is_empty() {
            return Err(self.wrong("no meal"));
        }
        let composed = known.compose(&self.id, portions(&self.id, &self.foods)?)?;
        Ok(Dish {
            id: DishId(self.id.clone()),
            name: self.name.clone(),
            cuisine: self.cuisine.clone(),
            meals,
            minutes: self.minutes,
            cost: self.cost,
            diets: composed.diets(),
            foods: composed.portions,
            allergens: composed.allergens,
            groups: composed.groups,
            nutrients: composed.nutrients,
        })
    }
}

/// The nearest integer to a quotient of a number that is not negative.
const fn round_divide(dividend: i64, divisor: i64) -> i64 {
    (dividend + divisor / 2) / divisor
}
