//! The catalogue: every dish, the foods that they are made of, and the products.

use crate::dish::{Dish, DishId, Steps};
use crate::food::{Food, NdbNo};
use crate::menu::{Product, ProductId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(feature = "catalogue-data")]
mod load;
#[cfg(feature = "catalogue-data")]
mod menus;
#[cfg(feature = "catalogue-data")]
mod sr28;

#[cfg(feature = "catalogue-data")]
pub use load::load;
#[cfg(feature = "catalogue-data")]
pub use menus::{CampusMenu, OfferedItem, OptionLibrary, menus};
#[cfg(feature = "catalogue-data")]
pub use sr28::{FoodRow, food_rows};

/// What is wrong with the food tables or the dish files.
#[cfg(feature = "catalogue-data")]
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A table that is not CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A dish file that is not TOML, or has other fields than a dish.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A catalogue that has no JSON form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A table without one of its columns.
    #[error("{table}: no column {column}")]
    MissingColumn {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// A cell that is not what its column holds.
    #[error("{table}, food {row}: {column} is {value:?}")]
    BadCell {
        /// Which table.
        table: &'static str,
        /// The row's food.
        row: String,
        /// Which column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// A dish of a food that has no facts.
    #[error("dish {dish}: food {ndb_no} is not among the facts")]
    UnknownFood {
        /// Which dish.
        dish: String,
        /// Which food.
        ndb_no: String,
    },
    /// A dish that breaks a rule.
    #[error("dish {id}: {problem}")]
    Dish {
        /// Which dish.
        id: String,
        /// Why.
        problem: &'static str,
    },
    /// A menu that breaks a rule.
    #[error("menu, {part}: {problem}")]
    Menu {
        /// Which campus, item, group or option.
        part: String,
        /// Why.
        problem: String,
    },
}

/// Every dish and the foods that they use, with all that follows computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// A hash of everything in it that a plan depends on.
    pub version: String,
    /// By id.
    pub dishes: Vec<Dish>,
    /// By number.
    pub foods: Vec<Food>,
    /// What is sold beside dishes, by id; no plan has any, and the browser's copy is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Product>,
    /// How to cook each dish; empty in the browser's copy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<DishId, Steps>,
}

impl Catalogue {
    /// The dish of an id.
    #[must_use]
    pub fn dish(&self, id: &DishId) -> Option<&Dish> {
        self.dishes
            .binary_search_by(|dish| dish.id.cmp(id))
            .ok()
            .map(|index| &self.dishes[index])
    }

    /// The product of an id.
    #[must_use]
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        let index = self
            .products
            .binary_search_by(|product| product.id.cmp(id))
            .ok()?;
        Some(&self.products[index])
    }

    /// The food of a number, where a dish uses it.
    #[must_use]
    pub fn food(&self, ndb_no: &NdbNo) -> Option<&Food> {
        let index = self
            .foods
            .binary_search_by(|food| food.ndb_no.cmp(ndb_no))
            .ok()?;
        Some(&self.foods[index])
    }

    /// How to cook a dish; `None` in the browser's copy.
    #[must_use]
    pub fn steps(&self, id: &DishId) -> Option<&Steps> {
        self.steps.get(id)
    }

    /// The copy for browsers: all that the engine and the pages need, without the steps.
    #[must_use]
    pub fn for_browser(&self) -> Self {
        Self {
            version: self.version.clone(),
            dishes: self.dishes.clone(),
            foods: self.foods.clone(),
            products: Vec::new(),
            steps: BTreeMap::new(),
        }
    }
}
