//! The demo's menus and products, and what choosing, pricing and profiles make of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{dish_files, profile, read};
use domain::allergen::Allergen;
use domain::amount::Amount;
use domain::catalogue::{self, CampusMenu, Catalogue, OfferedItem};
use domain::diet::Diet;
use domain::dish::DishId;
use domain::food::NdbNo;
use domain::menu::{
    BrokenRule, Contents, Forbidden, MenuItemKind, PricedItem, Restrictions, RuleKind, Selection,
    configure, price,
};
use domain::nutrient::Nutrient;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut files = dish_files();
    files.push(read("products.toml"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    catalogue::load(&read("sr28_foods.csv"), &read("food_facts.csv"), &files).unwrap()
});

static MENUS: LazyLock<Vec<CampusMenu>> = LazyLock::new(|| menus(&read("menu.toml")).unwrap());

fn menus(file: &str) -> Result<Vec<CampusMenu>, catalogue::DataError> {
    let (foods, facts) = (read("sr28_foods.csv"), read("food_facts.csv"));
    catalogue::menus(&foods, &facts, file, &CATALOGUE)
}

fn item(reference: &str) -> &'static OfferedItem {
    let mut items = MENUS.iter().flat_map(|menu| &menu.items);
    items
        .find(|item| item.kind.reference() == reference)
        .unwrap()
}

fn contents(item: &OfferedItem) -> Contents {
    Contents::of(&CATALOGUE, &item.kind).unwrap()
}

fn priced(item: &OfferedItem, keys: &[&str]) -> Result<PricedItem, Vec<BrokenRule>> {
    let selection: Selection = keys.iter().map(|&key| key.to_owned()).collect();
    price(
        &item.name,
        item.price,
        &contents(item),
        &item.options,
        &selection,
    )
}

#[test]
fn products_do_not_change_what_plans_are_made_of() {
    assert_eq!(CATALOGUE.version, common::CATALOGUE.version);
    assert_eq!(CATALOGUE.foods, common::CATALOGUE.foods);
    assert!(CATALOGUE.for_browser().products.is_empty());
    assert!(CATALOGUE.products.len() >= 12);
    for product in &CATALOGUE.products {
        assert_eq!(CATALOGUE.product(&product.id), Some(product));
        let energy = product.nutrients[Nutrient::Energy];
        assert_eq!(energy.known_permille, 1000, "{}", product.id);
        assert!(energy.amount <= Amount::whole(300), "{}", product.id);
        assert_ne!(product.name.en, "", "{}", product.id);
        assert_ne!(product.name.es, "", "{}", product.id);
    }
}

#[test]
fn the_demo_has_two_campuses_with_something_for_everybody() {
    assert_eq!(MENUS.len(), 2);
    let items: Vec<&OfferedItem> = MENUS.iter().flat_map(|menu| &menu.items).collect();
    assert!(items.len() >= 50, "{}", items.len());
    for menu in MENUS.iter() {
        assert_eq!(menu.campus(uuid::Uuid::nil()).slug, menu.slug);
        assert!(menu.hours.0.iter().any(|day| !day.is_empty()));
        for (diet, least) in [
            (Diet::Vegan, 10),
            (Diet::Vegetarian, 15),
            (Diet::Halal, 15),
            (Diet::Kosher, 10),
            (Diet::Mediterranean, 10),
        ] {
            let wanted = Restrictions {
                diet,
                ..Restrictions::default()
            };
            let fits = menu.items.iter().filter(|item| {
                wanted
                    .against(&item.kind, &contents(item), &item.options)
                    .is_empty()
            });
            let there = fits.count();
            assert!(there >= least, "{}: {there} items for {diet:?}", menu.slug);
        }
    }
    let rules = |kind| {
        let rules = items.iter().flat_map(|item| &item.options.rules);
        rules.filter(|rule| rule.kind == kind).count()
    };
    assert!(rules(RuleKind::Requires) > 5 && rules(RuleKind::Excludes) > 10);
    assert!(items.iter().filter(|item| !item.options.is_empty()).count() >= 40);
}

#[test]
fn options_are_what_their_foods_are() {
    let mut faults = Vec::new();
    for item in MENUS.iter().flat_map(|menu| &menu.items) {
        let base = contents(item);
        for option in item.options.all() {
            let mut check = |holds: bool, what: &str| {
                if !holds {
                    faults.push(format!("{}, {}: {what}", item.kind, option.key));
                }
            };
            check(option.name.en != option.key, "no name");
            check(
                option.foods.is_empty() == (option.grams == Amount::ZERO),
                "weight and foods",
            );
            check(
                option.nutrients.contains_key(&Nutrient::Energy) != option.foods.is_empty(),
                "energy",
            );
            check(option.excluded_diets.is_subset(&base.diets), "diets");
            let animal = [Allergen::Egg, Allergen::Milk, Allergen::Fish];
            check(
                option.allergens.is_disjoint(&animal.into())
                    || !base.diets.contains(&Diet::Vegan)
                    || option.excluded_diets.contains(&Diet::Vegan),
                "still vegan",
            );
        }
        // Chosen or not, each option can be part of a sound choice.
        assert_eq!(item.options.check(), Ok(()), "{}", item.kind);
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_ordered_follows_the_options_chosen() {
    let stew = item("tofu-en-pipian-verde");
    let plain = contents(stew);
    let regular = priced(stew, &["side-brown-rice", "size-regular", "eat-here"]).unwrap();
    assert_eq!(regular.unit_price, stew.price);
    let keys: Vec<&str> = regular.options.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["side-brown-rice", "size-regular", "eat-here"]);
    let energy = |priced: &PricedItem| priced.nutrients[Nutrient::Energy].amount;
    // 50 g of dry brown rice have 181 kcal or so.
    let more = (energy(&regular) - plain.nutrients[Nutrient::Energy].amount).rounded();
    assert!((170..=195).contains(&more), "{more}");

    let large = priced(stew, &["side-brown-rice", "size-large", "box-large"]).unwrap();
    assert_eq!(large.unit_price, stew.price + 240 + 50);
    let half = Amount(plain.nutrients[Nutrient::Energy].amount.0 / 2);
    let off = energy(&large).0 - energy(&regular).0 - half.0;
    assert!(off.abs() <= Amount::whole(1).0, "{off}");

    let bowl = item("papaya-yogur-amaranto");
    let with_nuts = priced(bowl, &["top-walnuts"]).unwrap();
    assert!(with_nuts.allergens.contains(&Allergen::TreeNuts));
    assert!(contents(bowl).allergens.is_subset(&with_nuts.allergens));

    let beans = item("tacos-de-camote-y-frijol-negro");
    assert!(contents(beans).diets.contains(&Diet::Vegan));
    let with_cheese = priced(beans, &["salsa-hot", "cheese-fresco"]).unwrap();
    assert!(!with_cheese.diets.contains(&Diet::Vegan));
    assert!(with_cheese.diets.contains(&Diet::Vegetarian));
    assert!(with_cheese.allergens.contains(&Allergen::Milk));
    let without = priced(beans, &["salsa-none"]).unwrap();
    assert!(without.diets.contains(&Diet::Vegan));
    assert_eq!(without.unit_price, beans.price);
}

#[test]
fn a_wrong_choice_names_the_rules_that_it_breaks() {
    let tacos = item("tacos-de-camote-y-frijol-negro");
    let broken = |keys: &[&str]| -> Vec<String> {
        let rules = priced(tacos, keys).unwrap_err();
        rules.iter().map(ToString::to_string).collect()
    };
    assert_eq!(broken(&[]), ["fewer than 1 of salsa"]);
    assert_eq!(
        broken(&["salsa-mild", "extra-chili"]),
        ["extra-chili requires salsa-hot"]
    );
    assert_eq!(
        broken(&[
            "salsa-hot",
            "salsa-mild",
            "cheese-fresco",
            "cheese-asadero",
            "gold"
        ]),
        [
            "no option gold",
            "more than 1 of salsa",
            "cheese-asadero excludes cheese-fresco"
        ]
    );
    assert_eq!(
        priced(item("dal-tadka"), &["spice-hot", "size-large", "box-small"])
            .unwrap_err()
            .len(),
        1
    );
}

/// Cheese on a dish without meat, and chicken on it as well: neither alone breaks the rule, together
/// they would.
#[test]
fn options_that_break_a_pattern_only_together_each_end_it() {
    let file = |groups: &str| {
        format!(
            r#"
            sale = {{}}
            rule = []
            [[option]]
            key = "chicken"
            name = {{ en = "Chicken", es = "Pollo" }}
            foods = [{{ ndb_no = "05062", grams = 90 }}]
            [[option]]
            key = "cheese"
            name = {{ en = "Cheese", es = "Queso" }}
            foods = [{{ ndb_no = "01228", grams = 25 }}]
            {groups}
            [[campus]]
            slug = "here"
            name = {{ en = "Here", es = "Aquí" }}
            currency = "USD"
            hours = [["08:00-24:00"], [], [], [], [], [], []]
            slot_minutes = 15
            slot_capacity = 1
            lead_minutes = 0
            items = [{{ dish = "tacos-de-camote-y-frijol-negro", price = 1, minutes = 1, stock = 8, groups = ["any"] }}]
            "#
        )
    };
    let group = |max: i64| {
        format!(
            r#"
            [[group]]
            key = "any"
            name = {{ en = "Any", es = "Lo que sea" }}
            min = 0
            max = {max}
            options = ["chicken", "cheese"]
            "#
        )
    };
    let kosher = |max: i64| -> Vec<bool> {
        let menus = menus(&file(&group(max))).unwrap();
        assert_eq!(menus[0].hours.0[0][0].closes, 1440);
        let options = &menus[0].items[0].options;
        options
            .all()
            .map(|option| !option.excluded_diets.contains(&Diet::Kosher))
            .collect()
    };
    assert_eq!(kosher(2), [false, false]);
    assert_eq!(kosher(1), [true, true]);
}

#[test]
fn a_menu_that_is_wrong_says_where() {
    let original = read("menu.toml");
    let wrong = |from: &str, to: &str| {
        assert!(original.contains(from), "{from}");
        menus(&original.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        wrong("dish = \"chilaquiles-verdes\"", "dish = \"chilaquiles\""),
        "menu, north, chilaquiles: not in the catalogue"
    );
    assert_eq!(
        wrong("\"07:30-20:30\"", "\"20:30-07:30\""),
        "menu, north: the opening hours of weekday 0 are no times of a day in their order"
    );
    assert_eq!(
        wrong("\"07:30-20:30\"", "\"07:30-24:30\""),
        "menu, north: 24:30 is no time of day"
    );
    let rule = "option = \"extra-chili\"\nrequires = \"salsa-hot\"";
    assert!(
        wrong(rule, &rule.replace("salsa-hot", "salsa")).ends_with("extra-chili requires salsa")
    );
    let contradiction =
        format!("{rule}\n\n[[rule]]\noption = \"extra-chili\"\nexcludes = \"salsa-hot\"");
    assert!(wrong(rule, &contradiction).ends_with("option extra-chili can never be chosen"));
    assert!(wrong("price = 520", "price = -1").contains("out of range"));
    assert!(wrong("groups = [\"sweetener\"]", "groups = [\"sweet\"]").contains("no group sweet"));
}

#[test]
fn a_profile_forbids_with_its_reasons() {
    let against = |item: &OfferedItem, change| {
        Restrictions::from(&profile(change)).against(&item.kind, &contents(item), &item.options)
    };
    let tacos = item("tacos-de-camote-y-frijol-negro");
    assert_eq!(against(tacos, json!({})), []);
    assert_eq!(against(tacos, json!({ "diet": "VEGAN" })), []);
    // Milk and cheese may be chosen, but need not.
    assert_eq!(against(tacos, json!({ "allergens": ["MILK"] })), []);
    assert_eq!(
        against(
            tacos,
            json!({ "dislikedDishes": ["tacos-de-camote-y-frijol-negro"] })
        ),
        [Forbidden::Dish]
    );

    let chicken = item("pollo-en-mole");
    assert_eq!(
        against(
            chicken,
            json!({ "diet": "VEGETARIAN", "dislikedFoods": ["05062", "05096"] })
        )
        .first(),
        Some(&Forbidden::Diet {
            diet: Diet::Vegetarian
        })
    );
    let foods: BTreeSet<NdbNo> = contents(chicken).foods;
    let numbers: Vec<&String> = foods.iter().map(|number| &number.0).collect();
    assert_eq!(
        against(chicken, json!({ "dislikedFoods": numbers })).len(),
        foods.len()
    );

    let milk = Restrictions {
        allergens: [Allergen::Milk, Allergen::Soy].into(),
        ..Restrictions::default()
    };
    let cheese = tacos.options.option("cheese-fresco").unwrap();
    assert_eq!(
        milk.against_option(cheese),
        [Forbidden::Allergen {
            allergen: Allergen::Milk
        }]
    );
}

/// An item that is allowed by itself, but of which something must be chosen that is not.
#[test]
fn what_must_be_chosen_counts_as_the_item() {
    let cobb = item("turkey-cobb-salad");
    let mut options = cobb.options.clone();
    options
        .groups
        .iter_mut()
        .find(|group| group.key == "dressing")
        .unwrap()
        .options
        .retain(|option| option.key == "dressing-yogurt" || option.key == "dressing-tahini");
    let wanted = Restrictions {
        allergens: [Allergen::Milk, Allergen::Sesame].into(),
        ..Restrictions::default()
    };
    let mut base = contents(cobb);
    base.allergens.clear();
    let reasons = wanted.against(&cobb.kind, &base, &options);
    let expected =
        [Allergen::Milk, Allergen::Sesame].map(|allergen| Forbidden::Allergen { allergen });
    assert_eq!(reasons, expected);
    let one = Restrictions {
        allergens: [Allergen::Milk].into(),
        ..Restrictions::default()
    };
    assert_eq!(one.against(&cobb.kind, &base, &options), []);
}

#[test]
fn what_is_unknown_counts_as_containing_everything() {
    let unknown = Contents::unknown();
    let kind = MenuItemKind::Dish(DishId("gone".to_owned()));
    assert_eq!(Contents::of(&CATALOGUE, &kind), None);
    let wanted = Restrictions {
        allergens: Allergen::ALL.into(),
        diet: Diet::Vegan,
        ..Restrictions::default()
    };
    let reasons = wanted.against(&kind, &unknown, &Default::default());
    assert_eq!(reasons.len(), Allergen::ALL.len() + 1);
}

#[test]
fn known_shares_are_of_the_weight() {
    let item = item("palak-tofu");
    let configured = configure(
        &item.options,
        &["spice-hot", "side-salad"].map(str::to_owned).into(),
    )
    .unwrap();
    let base = contents(item);
    let together = base.clone().with(&configured);
    assert_eq!(together.grams, base.grams + configured.grams);
    for nutrient in Nutrient::ALL {
        let (one, two) = (base.nutrients[nutrient], configured.nutrients[nutrient]);
        let both = together.nutrients[nutrient];
        assert_eq!(both.amount, one.amount + two.amount);
        let (least, most) = (
            one.known_permille.min(two.known_permille),
            one.known_permille.max(two.known_permille),
        );
        assert!(
            (least..=most).contains(&both.known_permille),
            "{nutrient:?}"
        );
    }
}
