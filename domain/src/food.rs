//! Foods: rows of USDA SR28, with what a cook and an eater must know of those that dishes use.

use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::text::Localized;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The five-digit number of a food in USDA's database, leading zeros kept.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NdbNo(pub String);

impl fmt::Display for NdbNo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where a shop keeps a food; a shopping list is grouped by it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Aisle {
    Vegetables,
    Fruit,
    Grains,
    Bread,
    Legumes,
    NutsSeeds,
    DairyEggs,
    Meat,
    Fish,
    OilsCondiments,
    HerbsSpices,
    Drinks,
    Sweets,
    Other,
}

/// The nutritional group of a food, which variety is counted by.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum FoodGroup {
    LeafyGreens,
    RedOrangeVegetables,
    OtherVegetables,
    StarchyVegetables,
    Mushrooms,
    Fruit,
    Berries,
    Citrus,
    WholeGrains,
    RefinedGrains,
    Legumes,
    Soy,
    Nuts,
    Seeds,
    Dairy,
    Eggs,
    OilyFish,
    WhiteFish,
    Shellfish,
    Poultry,
    RedMeat,
    Oils,
    /// Spices, condiments, water, sugar: not counted.
    None,
}

/// What a food is made of, as far as diets ask.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Trait {
    Meat,
    Pork,
    Beef,
    Lamb,
    Poultry,
    Fish,
    Shellfish,
    Dairy,
    Egg,
    Honey,
    Alcohol,
    Gelatin,
    RedMeat,
    ProcessedMeat,
    RefinedSugar,
    /// Any other product of an animal.
    AnimalOther,
}

/// A household measure: one of it weighs so many grams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Weight of one, in grams.
    pub weight: Amount,
    /// Its name, quantity one: "1 cup", "1 taza".
    pub name: Localized<String>,
}

/// A food that dishes use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Food {
    /// USDA's number.
    pub ndb_no: NdbNo,
    /// Short shopping name.
    pub name: Localized<String>,
    /// USDA's long description, English only.
    pub description: String,
    /// Where a shop keeps it.
    pub aisle: Aisle,
    /// Nutritional group.
    pub group: FoodGroup,
    /// Allergens that it contains or may contain.
    pub allergens: Allergens,
    /// What it is made of.
    pub traits: BTreeSet<Trait>,
    /// A household measure of it.
    pub measure: Measure,
    /// Share of the bought weight that is thrown away (peel, bone), percent.
    pub refuse_percent: i64,
}
