//! Diet patterns, and which of them a food's composition allows.

use serde::{Deserialize, Serialize};

/// A pattern of eating that a member follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Diet {
    /// Everything.
    #[default]
    Omnivore,
    /// No meat; fish and seafood allowed.
    Pescatarian,
    /// No meat, fish, seafood or gelatin.
    Vegetarian,
    /// Nothing of animal origin, honey included.
    Vegan,
    /// Dishes of a Mediterranean composition: no processed meat, red meat rare.
    Mediterranean,
    /// Very little carbohydrate. It breaks the AMDR and the carbohydrate RDA, and says so.
    Keto,
    /// No pork, alcohol or gelatin. By composition only, never a certification.
    Halal,
    /// No pork, shellfish or gelatin, no meat with milk. By composition only, never a certification.
    Kosher,
}

impl Diet {
    /// Every pattern, in the order in which a form shows them.
    pub const ALL: [Self; 8] = [
        Self::Omnivore,
        Self::Mediterranean,
        Self::Pescatarian,
        Self::Vegetarian,
        Self::Vegan,
        Self::Keto,
        Self::Halal,
        Self::Kosher,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Omnivore => "OMNIVORE",
            Self::Pescatarian => "PESCATARIAN",
            Self::Vegetarian => "VEGETARIAN",
            Self::Vegan => "VEGAN",
            Self::Mediterranean => "MEDITERRANEAN",
            Self::Keto => "KETO",
            Self::Halal => "HALAL",
            Self::Kosher => "KOSHER",
        }
    }

    /// The pattern of a wire name, in any letter case.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|diet| diet.key().eq_ignore_ascii_case(key))
    }
}
