//! What the tests share: the real catalogue, and people to plan for.

#![allow(dead_code, reason = "each test file uses some of it")]

use domain::catalogue::{self, Catalogue};
use domain::profile::{Profile, ProfileDraft};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The project's data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data")
}

/// A file of the project's data.
pub fn read(name: &str) -> String {
    let path = data().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The dish files, in the order of their names.
pub fn dish_files() -> Vec<String> {
    let entries = fs::read_dir(data().join("dishes")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// The catalogue of the real data.
pub static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let files = dish_files();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    catalogue::load(&read("sr28_foods.csv"), &read("food_facts.csv"), &files).unwrap()
});

/// An ordinary profile, with some fields set otherwise.
pub fn profile(change: Value) -> Profile {
    let mut draft = json!({
        "sex": "FEMALE", "age": 30, "heightCm": 168, "weightKg": 64, "activity": "MODERATE",
        "mealsPerDay": 4
    });
    draft
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    serde_json::from_value::<ProfileDraft>(draft)
        .unwrap()
        .validate()
        .unwrap()
}

/// A fixed sequence of numbers that look unordered (xorshift).
pub struct Sequence(pub u64);

impl Sequence {
    /// The next number from `least` to `most`, both inclusive.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        least + ((self.0 >> 11) % (most - least + 1) as u64) as i64
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: i64) -> bool {
        self.between(1, times) == 1
    }

    /// One of some values.
    pub fn pick<'a>(&mut self, values: &[&'a str]) -> &'a str {
        values[self.between(0, values.len() as i64 - 1) as usize]
    }

    /// A profile as people have them: bodies from slight to heavy, each diet, life stage, goal and
    /// reference set, allergens, dislikes, budgets.
    pub fn profile(&mut self, catalogue: &Catalogue) -> Profile {
        loop {
            let sex = self.pick(&["FEMALE", "MALE"]);
            let height = self.between(145, 200);
            // A body mass index of 17 to 42.
            let weight = self.between(17, 42) * height * height / 10_000;
            let direction = self.pick(&["MAINTAIN", "MAINTAIN", "LOSE", "GAIN"]);
            let mut draft = json!({
                "sex": sex,
                "age": self.between(14, 100),
                "heightCm": height,
                "weightKg": weight,
                "activity": self.pick(&["SEDENTARY", "LIGHT", "MODERATE", "ACTIVE", "VERY_ACTIVE"]),
                "direction": direction,
                "paceKcal": self.between(1, 3) * 250,
                "diet": self.pick(&[
                    "OMNIVORE", "OMNIVORE", "OMNIVORE", "MEDITERRANEAN", "PESCATARIAN",
                    "VEGETARIAN", "VEGAN", "KETO", "HALAL", "KOSHER",
                ]),
                "mealsPerDay": self.between(3, 6),
            });
            if self.once_in(6) && sex == "FEMALE" {
                draft["lifeStage"] = json!(self.pick(&["PREGNANCY", "LACTATION"]));
            }
            if self.once_in(5) {
                draft["referenceSet"] = json!("EFSA");
            }
            if self.once_in(5) {
                draft["energyEquation"] = json!("EER_2023");
            }
            if self.once_in(3) {
                let allergen = self.pick(&[
                    "GLUTEN",
                    "CRUSTACEANS",
                    "EGG",
                    "FISH",
                    "PEANUT",
                    "SOY",
                    "MILK",
                    "TREE_NUTS",
                    "CELERY",
                    "MUSTARD",
                    "SESAME",
                    "SULPHITES",
                    "MOLLUSCS",
                ]);
                draft["allergens"] = json!([allergen]);
            }
            if self.once_in(4) {
                let food = self.between(0, catalogue.foods.len() as i64 - 1) as usize;
                draft["dislikedFoods"] = json!([catalogue.foods[food].ndb_no]);
                let dish = self.between(0, catalogue.dishes.len() as i64 - 1) as usize;
                draft["dislikedDishes"] = json!([catalogue.dishes[dish].id]);
            }
            if self.once_in(5) && draft["diet"] != "KETO" {
                draft["weeklyBudget"] = json!(self.between(60, 120) * 100);
            }
            let draft: ProfileDraft = serde_json::from_value(draft).unwrap();
            if let Ok(profile) = draft.validate() {
                return profile;
            }
        }
    }
}
