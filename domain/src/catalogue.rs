//! The catalogue: every dish, and the foods that they are made of.

use crate::dish::{Dish, DishId, Steps};
use crate::food::{Food, NdbNo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// How to cook each dish; empty in the browser's copy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<DishId, Steps>,
}

impl Catalogue {
    /// The dish of an id.
    #[must_use]
    pub fn dish(&self, id: &DishId) -> Option<&Dish> {
        self.dishes.binary_search_by(|dish| dish.id.cmp(id)).ok().map(|index| &self.dishes[index])
    }

    /// The food of a number, where a dish uses it.
    #[must_use]
    pub fn food(&self, ndb_no: &NdbNo) -> Option<&Food> {
        self.foods.binary_search_by(|food| food.ndb_no.cmp(ndb_no)).ok().map(|index| &self.foods[index])
    }
}
