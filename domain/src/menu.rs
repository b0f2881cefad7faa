//! The menu: where, when and how dishes and products are sold, and what may be chosen of them.

use crate::dish::DishId;
use serde::{Deserialize, Serialize};
use std::fmt;

mod campus;
mod draft;
mod options;
mod price;
mod product;
mod restriction;
mod solve;

pub use campus::{
    Campus, CampusState, DAYS_AHEAD, HoursFault, Opening, OpeningHours, PAUSE_DAYS_MOST, Refusal,
    Sale, Slot, slots,
};
pub use draft::{GroupDraft, OptionDraft, OptionsDraft, fault_fields};
pub use options::{
    BrokenRule, ChosenOption, Configured, MenuOption, Named, OptionGroup, OptionRule, Options,
    OptionsFault, RuleKind, Selection, configure,
};
pub use price::{Contents, PricedItem, price};
pub use product::{Product, ProductId};
pub use restriction::{Forbidden, Restrictions};

/// What a menu item is of.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "reference",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum MenuItemKind {
    /// A dish of the catalogue.
    Dish(DishId),
    /// A product of the catalogue: water, a piece of fruit.
    Product(ProductId),
}

impl MenuItemKind {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Dish(_) => "DISH",
            Self::Product(_) => "PRODUCT",
        }
    }

    /// The id of the dish or product.
    #[must_use]
    pub fn reference(&self) -> &str {
        match self {
            Self::Dish(id) => &id.0,
            Self::Product(id) => &id.0,
        }
    }

    /// The kind of a name and an id.
    #[must_use]
    pub fn from_key(key: &str, reference: &str) -> Option<Self> {
        match key {
            "DISH" => Some(Self::Dish(DishId(reference.to_owned()))),
            "PRODUCT" => Some(Self::Product(ProductId(reference.to_owned()))),
            _ => None,
        }
    }
}

impl fmt::Display for MenuItemKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reference())
    }
}
