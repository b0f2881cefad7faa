//! The fourteen allergens of EU regulation 1169/2011, annex II. They cover the US nine.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An allergen that must be declared.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Allergen {
    /// Cereals containing gluten: wheat, rye, barley, oats and their products.
    Gluten,
    /// Crustaceans.
    Crustaceans,
    /// Eggs.
    Egg,
    /// Fish.
    Fish,
    /// Peanuts.
    Peanut,
    /// Soybeans.
    Soy,
    /// Milk. Lactose-free milk is still milk.
    Milk,
    /// Tree nuts.
    TreeNuts,
    /// Celery and celeriac.
    Celery,
    /// Mustard.
    Mustard,
    /// Sesame.
    Sesame,
    /// Sulphur dioxide and sulphites above 10 mg/kg.
    Sulphites,
    /// Lupin.
    Lupin,
    /// Molluscs.
    Molluscs,
}

impl Allergen {
    /// Every allergen, in the order of the regulation.
    pub const ALL: [Self; 14] = [
        Self::Gluten,
        Self::Crustaceans,
        Self::Egg,
        Self::Fish,
        Self::Peanut,
        Self::Soy,
        Self::Milk,
        Self::TreeNuts,
        Self::Celery,
        Self::Mustard,
        Self::Sesame,
        Self::Sulphites,
        Self::Lupin,
        Self::Molluscs,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Gluten => "GLUTEN",
            Self::Crustaceans => "CRUSTACEANS",
            Self::Egg => "EGG",
            Self::Fish => "FISH",
            Self::Peanut => "PEANUT",
            Self::Soy => "SOY",
            Self::Milk => "MILK",
            Self::TreeNuts => "TREE_NUTS",
            Self::Celery => "CELERY",
            Self::Mustard => "MUSTARD",
            Self::Sesame => "SESAME",
            Self::Sulphites => "SULPHITES",
            Self::Lupin => "LUPIN",
            Self::Molluscs => "MOLLUSCS",
        }
    }

    /// The allergen of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|allergen| allergen.key().eq_ignore_ascii_case(key))
    }
}

/// A set of allergens.
pub type Allergens = BTreeSet<Allergen>;
