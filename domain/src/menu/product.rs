//! Products: what is sold as it is, without a recipe.

use super::MenuItemKind;
use crate::allergen::Allergens;
use crate::amount::Amount;
use crate::diet::Diet;
use crate::dish::{Content, Portion};
use crate::food::FoodGroup;
use crate::nutrient::Nutrients;
use crate::text::Localized;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A product's name in addresses and files: `still-water`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductId(pub String);

impl fmt::Display for ProductId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A product of the catalogue. All but the first fields follow from its foods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its name in addresses.
    pub id: ProductId,
    /// Its name for people.
    pub name: Localized<String>,
    /// What is in one, most first.
    pub foods: Vec<Portion>,
    /// The union of its foods' allergens.
    pub allergens: Allergens,
    /// The patterns that its composition allows.
    pub diets: BTreeSet<Diet>,
    /// Edible grams by nutritional group.
    pub groups: BTreeMap<FoodGroup, Amount>,
    /// What one contains.
    pub nutrients: Nutrients<Content>,
}

impl Product {
    /// What a menu item of it is of.
    #[must_use]
    pub fn kind(&self) -> MenuItemKind {
        MenuItemKind::Product(self.id.clone())
    }
}
