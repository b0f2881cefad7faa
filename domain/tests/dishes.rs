//! The real data: enough dishes of each kind, each of them plausible, none with an allergen that
//! its foods do not declare.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{CATALOGUE, read};
use domain::allergen::Allergen;
use domain::amount::Amount;
use domain::catalogue::food_rows;
use domain::diet::Diet;
use domain::dish::{Dish, Meal};
use domain::food::{Food, FoodGroup};
use domain::nutrient::Nutrient;
use std::collections::BTreeMap;

fn count(which: impl Fn(&Dish) -> bool) -> usize {
    CATALOGUE.dishes.iter().filter(|dish| which(dish)).count()
}

#[test]
fn there_are_enough_dishes_of_each_kind() {
    let main =
        |dish: &Dish| dish.meals.contains(&Meal::Lunch) || dish.meals.contains(&Meal::Dinner);
    let seafood = [
        FoodGroup::OilyFish,
        FoodGroup::WhiteFish,
        FoodGroup::Shellfish,
    ];
    assert!(
        CATALOGUE.dishes.len() >= 180,
        "{} dishes",
        CATALOGUE.dishes.len()
    );
    let wanted: [(&str, usize, usize); 6] = [
        (
            "breakfasts",
            count(|dish| dish.meals.contains(&Meal::Breakfast)),
            40,
        ),
        ("mains", count(main), 90),
        (
            "snacks",
            count(|dish| dish.meals.contains(&Meal::Snack)),
            30,
        ),
        ("vegan", count(|dish| dish.diets.contains(&Diet::Vegan)), 60),
        (
            "gluten-free",
            count(|dish| !dish.allergens.contains(&Allergen::Gluten)),
            40,
        ),
        (
            "seafood",
            count(|dish| seafood.iter().any(|group| dish.groups.contains_key(group))),
            30,
        ),
    ];
    for (kind, there, least) in wanted {
        assert!(there >= least, "{there} {kind}, {least} wanted");
    }
    for cuisine in ["mexican", "mediterranean"] {
        let there = count(|dish| dish.cuisine.contains(cuisine));
        assert!(there >= 5, "{there} {cuisine} dishes");
    }
}

#[test]
fn each_dish_is_plausible() {
    let mut faults = Vec::new();
    for dish in &CATALOGUE.dishes {
        let mut check = |holds: bool, what: String| {
            if !holds {
                faults.push(format!("{}: {what}", dish.id));
            }
        };
        let energy = dish.nutrients[Nutrient::Energy].amount;
        let range = Amount::whole(80)..=Amount::whole(1100);
        check(
            range.contains(&energy),
            format!("{} kcal", energy.to_decimal()),
        );
        let weight: Amount = dish.foods.iter().map(|portion| portion.grams).sum();
        check(
            weight >= Amount::whole(30) && weight <= Amount::whole(1200),
            format!("{} g", weight.to_decimal()),
        );
        for portion in &dish.foods {
            check(
                portion.grams <= Amount::whole(600),
                format!("{} g of {}", portion.grams.to_decimal(), portion.ndb_no),
            );
        }
        check(
            (10..=3000).contains(&dish.cost),
            format!("{} cents", dish.cost),
        );
        check(
            (0..=600).contains(&dish.minutes),
            format!("{} minutes", dish.minutes),
        );
        check(
            dish.nutrients[Nutrient::Energy].known_permille == 1000,
            "energy unknown".into(),
        );
        // Water, protein, fat and carbohydrate cannot weigh more than the dish.
        let parts = [
            Nutrient::Water,
            Nutrient::Protein,
            Nutrient::Fat,
            Nutrient::Carbohydrate,
        ];
        let solids: Amount = parts.iter().map(|part| dish.nutrients[*part].amount).sum();
        check(
            solids.0 <= weight.0 * 102 / 100,
            "parts weigh more than the whole".into(),
        );
        check(
            dish.nutrients[Nutrient::Energy].amount.0 % 4 == 0,
            "not a multiple of four".into(),
        );
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn both_languages_are_there() {
    let mut faults = Vec::new();
    for dish in &CATALOGUE.dishes {
        let steps = CATALOGUE.steps(&dish.id).unwrap();
        let texts = [&dish.name.en, &dish.name.es]
            .into_iter()
            .chain(&steps.en)
            .chain(&steps.es);
        if texts.clone().any(|text| text.trim().is_empty()) {
            faults.push(format!("{}: an empty text", dish.id));
        }
        if steps.en.is_empty() || steps.en.len() != steps.es.len() {
            faults.push(format!(
                "{}: {} and {} steps",
                dish.id,
                steps.en.len(),
                steps.es.len()
            ));
        }
        if steps.en == steps.es {
            faults.push(format!("{}: the same steps in both languages", dish.id));
        }
    }
    for food in &CATALOGUE.foods {
        if food.name.en.is_empty() || food.name.es.is_empty() || food.measure.name.es.is_empty() {
            faults.push(format!("{}: a name is missing", food.ndb_no));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn nutrients_are_the_sum_of_the_foods() {
    let rows: BTreeMap<_, _> = food_rows(&read("sr28_foods.csv"))
        .unwrap()
        .into_iter()
        .map(|row| (row.ndb_no.clone(), row))
        .collect();
    assert_eq!(rows.len(), 8789);
    for dish in &CATALOGUE.dishes {
        for nutrient in Nutrient::ALL {
            let mut sum = 0.0;
            let mut known = 0.0;
            let mut weight = 0.0;
            for portion in &dish.foods {
                let grams = portion.grams.to_decimal();
                weight += grams;
                if let Some(value) = rows[&portion.ndb_no].nutrients[nutrient] {
                    sum += value.to_decimal() * grams / 100.0;
                    known += grams;
                }
            }
            let content = dish.nutrients[nutrient];
            let off = (content.amount.to_decimal() - sum).abs();
            assert!(off <= 0.0021, "{}: {nutrient:?} is off by {off}", dish.id);
            let share = known / weight * 1000.0;
            assert!(
                (content.known_permille as f64 - share).abs() <= 1.0,
                "{}",
                dish.id
            );
        }
    }
}

/// The spot checks of the data's documentation, in kcal per 100 g.
#[test]
fn the_food_table_is_read_right() {
    let rows = food_rows(&read("sr28_foods.csv")).unwrap();
    let energy = |ndb_no: &str| {
        let row = rows.iter().find(|row| row.ndb_no.0 == ndb_no).unwrap();
        row.nutrients[Nutrient::Energy].unwrap().rounded()
    };
    for (ndb_no, kcal) in [
        ("09040", 89),
        ("01123", 143),
        ("04053", 884),
        ("11090", 34),
        ("01077", 61),
    ] {
        assert_eq!(energy(ndb_no), kcal, "{ndb_no}");
    }
    let butter = &rows[0];
    assert_eq!(
        butter.measures[0],
        (Amount::whole(5), "1 pat,  (1\" sq, 1/3\" high)".to_owned())
    );
    // Blanks are unknown, never nothing.
    assert!(
        rows.iter()
            .any(|row| row.nutrients[Nutrient::VitaminK].is_none())
    );
}

/// Words of USDA's descriptions that speak of an allergen, words after which they do not, and
/// what the food must declare. Made from the descriptions alone, independently of the facts.
const WORDS: [(Allergen, &[&str], &[&str]); 11] = [
    (
        Allergen::Gluten,
        &[
            "wheat",
            "barley",
            "rye",
            "bulgur",
            "couscous",
            "semolina",
            "spaghetti",
            "macaroni",
            "noodles",
            "bread",
            "tortillas, ready-to-bake or -fry, flour",
            "oats",
            "spelt",
            "pita",
            "seitan",
            "crackers",
        ],
        &[
            "buckwheat",
            "rice noodles",
            "noodles, rice",
            "breadfruit",
            "gluten-free",
            "corn",
            "cellophane",
            "rice crackers",
            "sweetbread",
            "shortbread",
        ],
    ),
    (
        Allergen::Milk,
        &[
            "milk", "cheese", "yogurt", "butter", "cream", "whey", "kefir",
        ],
        &[
            "coconut milk",
            "almond milk",
            "soymilk",
            "soy milk",
            "peanut butter",
            "almond butter",
            "sesame butter",
            "nut butter",
            "rice milk",
            "cashew butter",
            "butternut",
            "butterhead",
            "buttercup",
            "cream of tartar",
            "seed butter",
            "creamed",
            "butterbur",
            "beans, snap",
            "coconut cream",
            "cocoa butter",
            "nuts, coconut",
            "tahini",
            "tofu",
            "butter beans",
            "nuts, almond butter",
        ],
    ),
    (
        Allergen::Egg,
        &["egg, ", "eggs", "egg,", "mayonnaise"],
        &["eggplant", "eggnog", "vegan", "tofu", "imitation"],
    ),
    (
        Allergen::Fish,
        &[
            "fish, ", "salmon", "tuna", "sardine", "anchov", "mackerel", "trout", "cod,",
            "tilapia", "herring",
        ],
        &["shellfish", "crustaceans", "mollusks", "tuna (", "prickly"],
    ),
    (
        Allergen::Crustaceans,
        &["shrimp", "crab", "lobster", "crayfish", "crustaceans"],
        &["crabapple"],
    ),
    (
        Allergen::Molluscs,
        &[
            "mollusks", "mussel", "clam", "oyster", "squid", "octopus", "scallop",
        ],
        &["oyster mushroom", "mushrooms, oyster", "squash", "clamato"],
    ),
    (Allergen::Peanut, &["peanut"], &[]),
    (
        Allergen::Soy,
        &["soy", "tofu", "tempeh", "miso", "edamame", "natto"],
        &["soybean oil", "oil, soybean"],
    ),
    (
        Allergen::TreeNuts,
        &[
            "almond",
            "walnut",
            "cashew",
            "pistachio",
            "hazelnut",
            "pecan",
            "brazilnut",
            "macadamia",
        ],
        &[],
    ),
    (Allergen::Celery, &["celery", "celeriac"], &[]),
    (Allergen::Sesame, &["sesame", "tahini"], &[]),
];

fn speaks_of(food: &Food, words: &[&str], unless: &[&str]) -> bool {
    let description = food.description.to_lowercase();
    // At the start of a word, so that a fryer is not rye.
    let begins = |word: &&str| {
        let mut places = description.match_indices(*word);
        places.any(|(at, _)| !description[..at].ends_with(char::is_alphabetic))
    };
    words.iter().any(begins) && !unless.iter().any(|word| description.contains(word))
}

#[test]
fn no_allergen_is_missing() {
    let mut faults = Vec::new();
    for food in &CATALOGUE.foods {
        for (allergen, words, unless) in WORDS {
            if speaks_of(food, words, unless) && !food.allergens.contains(&allergen) {
                faults.push(format!(
                    "{} {:?}: {allergen:?}",
                    food.ndb_no, food.description
                ));
            }
        }
        let mustard = food.description.to_lowercase().contains("mustard");
        if mustard && !food.allergens.contains(&Allergen::Mustard) {
            // Mustard greens are of the same genus but not the declared spice's seed.
            let greens = food.description.to_lowercase().contains("greens");
            if !greens {
                faults.push(format!("{} {:?}: Mustard", food.ndb_no, food.description));
            }
        }
    }
    for dish in &CATALOGUE.dishes {
        for portion in &dish.foods {
            let food = CATALOGUE.food(&portion.ndb_no).unwrap();
            if !food.allergens.is_subset(&dish.allergens) {
                faults.push(format!("{}: {}", dish.id, food.name.en));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Words that no vegan, vegetarian or pork-free dish's foods may speak of.
#[test]
fn diets_agree_with_the_descriptions() {
    let meat = [
        "beef", "pork", "chicken", "turkey", "lamb", "bacon", "ham,", "sausage", "veal",
    ];
    let fish = ["fish, ", "crustaceans", "mollusks", "anchov"];
    let animal = [
        "milk", "cheese", "yogurt", "egg, ", "honey", "butter,", "cream,", "gelatin",
    ];
    let plant = [
        "coconut milk",
        "almond milk",
        "soymilk",
        "meatless",
        "vegetarian",
        "peanut butter",
        "imitation",
        "almond butter",
        "sesame butter",
        "cream,  raw",
        "chickpeas",
        "honeydew",
        "eggplant",
        "soy milk",
        "seed butter",
        "nuts, coconut",
        "rice milk",
        "cocoa butter",
        "oriental",
        "cashew butter",
    ];
    let mut faults = Vec::new();
    for dish in &CATALOGUE.dishes {
        for portion in &dish.foods {
            let food = CATALOGUE.food(&portion.ndb_no).unwrap();
            let description = food.description.to_lowercase();
            let says = |words: &[&str]| {
                words.iter().any(|word| description.contains(word))
                    && !plant.iter().any(|word| description.contains(word))
            };
            let mut check = |diet: Diet, words: &[&str]| {
                if dish.diets.contains(&diet) && says(words) {
                    faults.push(format!("{} is not {diet:?}: {}", dish.id, food.description));
                }
            };
            check(Diet::Vegan, &meat);
            check(Diet::Vegan, &fish);
            check(Diet::Vegan, &animal);
            check(Diet::Vegetarian, &meat);
            check(Diet::Vegetarian, &fish);
            check(Diet::Pescatarian, &meat);
            check(
                Diet::Halal,
                &["pork", "bacon", "ham,", "alcoholic", "wine,"],
            );
            check(
                Diet::Kosher,
                &["pork", "bacon", "ham,", "crustaceans", "mollusks"],
            );
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
