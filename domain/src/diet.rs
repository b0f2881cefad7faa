//! Diet patterns, and which of them a food's composition allows.

use crate::amount::Amount;
use crate::dish::Content;
use crate::food::{Food, Trait};
use crate::nutrient::{Nutrient, Nutrients};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A pattern of eating that a member follows.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Diet {
    /// Everything.
    #[default]
    Omnivore,
    /// No meat and no gelatin; fish and seafood allowed.
    Pescatarian,
    /// No meat, fish, seafood, gelatin or animal rennet.
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
        Self::ALL
            .into_iter()
            .find(|diet| diet.key().eq_ignore_ascii_case(key))
    }
}

/// What a dish is made of, as far as diets ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Composition {
    /// The union of its foods' traits.
    pub traits: BTreeSet<Trait>,
    /// Edible grams of red meat in a serving.
    pub red_meat: Amount,
}

impl Composition {
    /// Adds so many grams of a food.
    pub fn add(&mut self, food: &Food, grams: Amount) {
        self.traits.extend(&food.traits);
        if food.traits.contains(&Trait::RedMeat) {
            self.red_meat += grams;
        }
    }
}

/// The most red meat in a serving of a Mediterranean dish, raw, in grams.
const MEDITERRANEAN_RED_MEAT: Amount = Amount::whole(100);
/// The most saturated fat of a Mediterranean dish, as parts of its fat: fat mostly not saturated,
/// with room for cheese and yogurt. Dishes with less than the grams below may have any.
const MEDITERRANEAN_SATURATED: (i64, i64) = (1, 3);
const MEDITERRANEAN_LITTLE_FAT: Amount = Amount::whole(5);
/// The most net carbohydrate (carbohydrate less known fibre) of a keto dish, in grams a serving. The
/// engine holds the day's limit; this one keeps a single dish from spending it.
const KETO_NET_CARBOHYDRATE: Amount = Amount::whole(15);
/// And the most energy that it may give, in percent of the serving's, at 4 kcal a gram.
const KETO_ENERGY_PERCENT: i64 = 20;

impl Diet {
    /// Whether the pattern allows a dish of this composition, with these contents a serving.
    ///
    /// | pattern | excludes |
    /// |---|---|
    /// | omnivore | nothing |
    /// | pescatarian | meat, poultry, gelatin |
    /// | vegetarian | also fish and shellfish, and what is taken from a killed animal (rennet) |
    /// | vegan | also dairy, egg, honey |
    /// | Mediterranean | processed meat; more than 100 g of red meat; more than a third of the fat saturated where there are 5 g of fat or more |
    /// | keto | more than 15 g of net carbohydrate, or a fifth of energy from it |
    /// | halal | pork, alcohol, gelatin |
    /// | kosher | pork, shellfish, gelatin, meat together with dairy |
    ///
    /// Halal and kosher look at composition alone: slaughter, rennet and vessels are not known, and
    /// nothing here certifies.
    #[must_use]
    pub fn allows(self, composition: &Composition, nutrients: &Nutrients<Content>) -> bool {
        let any = |traits: &[Trait]| traits.iter().any(|one| composition.traits.contains(one));
        let meat = any(&[
            Trait::Meat,
            Trait::Pork,
            Trait::Beef,
            Trait::Lamb,
            Trait::Poultry,
            Trait::RedMeat,
            Trait::ProcessedMeat,
        ]);
        let seafood = any(&[Trait::Fish, Trait::Shellfish]);
        let gelatin = any(&[Trait::Gelatin]);
        match self {
            Self::Omnivore => true,
            Self::Pescatarian => !meat && !gelatin,
            Self::Vegetarian => !meat && !seafood && !gelatin && !any(&[Trait::AnimalOther]),
            Self::Vegan => composition
                .traits
                .iter()
                .all(|one| matches!(one, Trait::Alcohol | Trait::RefinedSugar)),
            Self::Mediterranean => {
                !any(&[Trait::ProcessedMeat])
                    && composition.red_meat <= MEDITERRANEAN_RED_MEAT
                    && self.allows_contents(nutrients)
            }
            Self::Keto => self.allows_contents(nutrients),
            Self::Halal => !any(&[Trait::Pork, Trait::Alcohol]) && !gelatin,
            Self::Kosher => {
                let meat_with_milk = meat && any(&[Trait::Dairy]);
                !any(&[Trait::Pork, Trait::Shellfish]) && !gelatin && !meat_with_milk
            }
        }
    }

    /// Whether the contents of a serving alone, whatever it is made of, leave the pattern possible:
    /// what Mediterranean asks of fats, and keto of carbohydrate.
    #[must_use]
    pub fn allows_contents(self, nutrients: &Nutrients<Content>) -> bool {
        let amount = |nutrient: Nutrient| nutrients[nutrient].amount;
        match self {
            Self::Mediterranean => {
                let (fat, saturated) = (amount(Nutrient::Fat), amount(Nutrient::SaturatedFat));
                let (part, whole) = MEDITERRANEAN_SATURATED;
                fat < MEDITERRANEAN_LITTLE_FAT || saturated.0 * whole <= fat.0 * part
            }
            Self::Keto => {
                let net = net_carbohydrate(nutrients);
                net <= KETO_NET_CARBOHYDRATE
                    && net.0 * 4 * 100 <= amount(Nutrient::Energy).0 * KETO_ENERGY_PERCENT
            }
            _ => true,
        }
    }
}

/// Carbohydrate less known fibre, in grams a serving, never below nothing.
#[must_use]
pub fn net_carbohydrate(nutrients: &Nutrients<Content>) -> Amount {
    let net = nutrients[Nutrient::Carbohydrate].amount - nutrients[Nutrient::Fiber].amount;
    net.max(Amount::ZERO)
}
