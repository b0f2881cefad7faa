//! What is on the plate, and what it costs, once options are chosen.

use super::options::{BrokenRule, ChosenOption, Configured, Options, Selection, configure};
use super::{MenuItemKind, Product};
use crate::allergen::{Allergen, Allergens};
use crate::amount::Amount;
use crate::catalogue::Catalogue;
use crate::diet::Diet;
use crate::dish::{Content, Dish, Portion};
use crate::food::{FoodGroup, NdbNo};
use crate::nutrient::{Nutrient, Nutrients};
use crate::text::Localized;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one serving is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    /// Edible weight, in grams.
    pub grams: Amount,
    /// What it is made of.
    pub foods: BTreeSet<NdbNo>,
    /// Allergens that it contains or may contain.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeSet<crate::allergen::Allergen>))]
    pub allergens: Allergens,
    /// The patterns that its composition allows.
    pub diets: BTreeSet<Diet>,
    /// Edible grams by nutritional group.
    pub groups: BTreeMap<FoodGroup, Amount>,
    /// What it contains.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<Nutrient, Content>))]
    pub nutrients: Nutrients<Content>,
}

fn weight(foods: &[Portion]) -> Amount {
    foods.iter().map(|portion| portion.grams).sum()
}

fn numbers(foods: &[Portion]) -> BTreeSet<NdbNo> {
    foods.iter().map(|portion| portion.ndb_no.clone()).collect()
}

impl From<&Dish> for Contents {
    fn from(dish: &Dish) -> Self {
        Self {
            grams: weight(&dish.foods),
            foods: numbers(&dish.foods),
            allergens: dish.allergens.clone(),
            diets: dish.diets.clone(),
            groups: dish.groups.clone(),
            nutrients: dish.nutrients.clone(),
        }
    }
}

impl From<&Product> for Contents {
    fn from(product: &Product) -> Self {
        Self {
            grams: weight(&product.foods),
            foods: numbers(&product.foods),
            allergens: product.allergens.clone(),
            diets: product.diets.clone(),
            groups: product.groups.clone(),
            nutrients: product.nutrients.clone(),
        }
    }
}

impl Contents {
    /// What one of a dish or product is, as the catalogue has it.
    #[must_use]
    pub fn of(catalogue: &Catalogue, kind: &MenuItemKind) -> Option<Self> {
        match kind {
            MenuItemKind::Dish(id) => catalogue.dish(id).map(Self::from),
            MenuItemKind::Product(id) => catalogue.product(id).map(Self::from),
        }
    }

    /// What nothing is known of: it may contain every allergen and fits no pattern.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            grams: Amount::ZERO,
            foods: BTreeSet::new(),
            allergens: Allergen::ALL.into(),
            diets: BTreeSet::new(),
            groups: BTreeMap::new(),
            nutrients: Nutrients::default(),
        }
    }

    /// What it is together with what was chosen, but for the groups, which stay the item's own.
    #[must_use]
    pub fn with(mut self, configured: &Configured) -> Self {
        let before = self.grams;
        self.grams += configured.grams;
        for nutrient in Nutrient::ALL {
            let (content, added) = (
                &mut self.nutrients[nutrient],
                configured.nutrients[nutrient],
            );
            content.amount += added.amount;
            if self.grams.0 > 0 {
                let known =
                    content.known_permille * before.0 + added.known_permille * configured.grams.0;
                content.known_permille = known / self.grams.0;
            }
        }
        self.foods.extend(configured.foods.iter().cloned());
        self.allergens.extend(&configured.allergens);
        let nutrients = &self.nutrients;
        self.diets.retain(|diet| {
            !configured.excluded_diets.contains(diet) && diet.allows_contents(nutrients)
        });
        self
    }
}

/// What is ordered: one of an item as it was configured.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PricedItem {
    /// The price of one with its options, in minor units of the campus's currency.
    pub unit_price: i64,
    /// The item's name.
    pub name: Localized<String>,
    /// What was chosen, in the order in which it is shown.
    pub options: Vec<ChosenOption>,
    /// Allergens that it contains or may contain.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeSet<crate::allergen::Allergen>))]
    pub allergens: Allergens,
    /// The patterns that it fits.
    pub diets: BTreeSet<Diet>,
    /// What one contains.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<Nutrient, Content>))]
    pub nutrients: Nutrients<Content>,
}

/// What one of an item is and costs with the options that were chosen.
///
/// # Errors
/// Every rule that the choice breaks.
pub fn price(
    name: &Localized<String>,
    item_price: i64,
    contents: &Contents,
    options: &Options,
    selection: &Selection,
) -> Result<PricedItem, Vec<BrokenRule>> {
    let configured = configure(options, selection)?;
    let contents = contents.clone().with(&configured);
    Ok(PricedItem {
        unit_price: item_price + configured.price,
        name: name.clone(),
        options: configured.options,
        allergens: contents.allergens,
        diets: contents.diets,
        nutrients: contents.nutrients,
    })
}
