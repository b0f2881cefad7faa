//! The nutrients that the food table knows, and tables of amounts by nutrient.

use crate::amount::Amount;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Index, IndexMut};

/// The unit in which a nutrient is counted.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Kilocalories.
    #[serde(rename = "kcal")]
    Kilocalorie,
    /// Grams.
    #[serde(rename = "g")]
    Gram,
    /// Milligrams.
    #[serde(rename = "mg")]
    Milligram,
    /// Micrograms.
    #[serde(rename = "µg")]
    Microgram,
}

impl Unit {
    /// The symbol, the same in every language.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Kilocalorie => "kcal",
            Self::Gram => "g",
            Self::Milligram => "mg",
            Self::Microgram => "µg",
        }
    }
}

macro_rules! nutrients {
    ($($(#[$doc:meta])* $variant:ident: $key:literal, $column:literal, $unit:ident;)*) => {
        /// A nutrient of the food table. Its discriminant is its index in [`Nutrients`].
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum Nutrient { $($(#[$doc])* $variant,)* }

        impl Nutrient {
            /// Every nutrient, in index order.
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            /// The name on the wire, camelCase.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// The column of the USDA SR28 table, whose values are per 100 g edible portion.
            #[must_use]
            pub const fn column(self) -> &'static str {
                match self { $(Self::$variant => $column,)* }
            }

            /// The unit of the column and of every amount of this nutrient.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }
        }
    };
}

nutrients! {
    /// Food energy.
    Energy: "energy", "energ_kcal", Kilocalorie;
    /// Protein.
    Protein: "protein", "protein", Gram;
    /// Total fat.
    Fat: "fat", "lipid_tot", Gram;
    /// Carbohydrate by difference.
    Carbohydrate: "carbohydrate", "carbohydrt", Gram;
    /// Dietary fibre.
    Fiber: "fiber", "fiber_td", Gram;
    /// Total sugars (added sugars are not in the data).
    Sugars: "sugars", "sugar_tot", Gram;
    /// Saturated fatty acids.
    SaturatedFat: "saturatedFat", "fa_sat", Gram;
    /// Monounsaturated fatty acids.
    MonounsaturatedFat: "monounsaturatedFat", "fa_mono", Gram;
    /// Polyunsaturated fatty acids.
    PolyunsaturatedFat: "polyunsaturatedFat", "fa_poly", Gram;
    /// Cholesterol.
    Cholesterol: "cholesterol", "cholestrl", Milligram;
    /// Water.
    Water: "water", "water", Gram;
    /// Calcium.
    Calcium: "calcium", "calcium", Milligram;
    /// Iron.
    Iron: "iron", "iron", Milligram;
    /// Magnesium.
    Magnesium: "magnesium", "magnesium", Milligram;
    /// Phosphorus.
    Phosphorus: "phosphorus", "phosphorus", Milligram;
    /// Potassium.
    Potassium: "potassium", "potassium", Milligram;
    /// Sodium.
    Sodium: "sodium", "sodium", Milligram;
    /// Zinc.
    Zinc: "zinc", "zinc", Milligram;
    /// Copper. The table counts it in milligrams, the reference values in micrograms.
    Copper: "copper", "copper", Milligram;
    /// Manganese.
    Manganese: "manganese", "manganese", Milligram;
    /// Selenium.
    Selenium: "selenium", "selenium", Microgram;
    /// Vitamin A as retinol activity equivalents.
    VitaminA: "vitaminA", "vit_a_rae", Microgram;
    /// Preformed vitamin A, which alone counts against its upper level.
    Retinol: "retinol", "retinol", Microgram;
    /// Vitamin C.
    VitaminC: "vitaminC", "vit_c", Milligram;
    /// Vitamin D.
    VitaminD: "vitaminD", "vit_d_mcg", Microgram;
    /// Vitamin E as alpha-tocopherol.
    VitaminE: "vitaminE", "vit_e", Milligram;
    /// Vitamin K.
    VitaminK: "vitaminK", "vit_k", Microgram;
    /// Thiamin.
    Thiamin: "thiamin", "thiamin", Milligram;
    /// Riboflavin.
    Riboflavin: "riboflavin", "riboflavin", Milligram;
    /// Niacin.
    Niacin: "niacin", "niacin", Milligram;
    /// Pantothenic acid.
    PantothenicAcid: "pantothenicAcid", "panto_acid", Milligram;
    /// Vitamin B6.
    VitaminB6: "vitaminB6", "vit_b6", Milligram;
    /// Folate as dietary folate equivalents.
    Folate: "folate", "folate_dfe", Microgram;
    /// Synthetic folic acid, which alone counts against its upper level.
    FolicAcid: "folicAcid", "folic_acid", Microgram;
    /// Vitamin B12.
    VitaminB12: "vitaminB12", "vit_b12", Microgram;
    /// Choline.
    Choline: "choline", "choline_tot", Milligram;
}

impl Nutrient {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The nutrient of a wire name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nutrient| nutrient.key() == key)
    }
}

/// One value for each nutrient; on the wire an object keyed by [`Nutrient::key`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nutrients<T>(pub [T; Nutrient::COUNT]);

impl<T: Copy + Default> Default for Nutrients<T> {
    fn default() -> Self {
        Self([T::default(); Nutrient::COUNT])
    }
}

impl<T> Nutrients<T> {
    /// The values with their nutrients, in index order.
    pub fn iter(&self) -> impl Iterator<Item = (Nutrient, &T)> {
        Nutrient::ALL.into_iter().zip(&self.0)
    }
}

impl Nutrients<Amount> {
    /// Adds each amount of `other`.
    pub fn add(&mut self, other: &Self) {
        for (sum, amount) in self.0.iter_mut().zip(&other.0) {
            *sum += *amount;
        }
    }
}

impl<T> Index<Nutrient> for Nutrients<T> {
    type Output = T;
    fn index(&self, nutrient: Nutrient) -> &T {
        &self.0[nutrient as usize]
    }
}

impl<T> IndexMut<Nutrient> for Nutrients<T> {
    fn index_mut(&mut self, nutrient: Nutrient) -> &mut T {
        &mut self.0[nutrient as usize]
    }
}

impl<T: Serialize> Serialize for Nutrients<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Nutrient::COUNT))?;
        for (nutrient, value) in self.iter() {
            map.serialize_entry(nutrient.key(), value)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de> + Copy + Default> Deserialize<'de> for Nutrients<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Copy + Default> Visitor<'de> for Table<T> {
            type Value = Nutrients<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object keyed by nutrient")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut table = Nutrients::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    let nutrient = Nutrient::from_key(&key)
                        .ok_or_else(|| A::Error::custom(format_args!("unknown nutrient {key}")))?;
                    table[nutrient] = map.next_value()?;
                }
                Ok(table)
            }
        }
        deserializer.deserialize_map(Table(std::marker::PhantomData))
    }
}
