//! What somebody may not eat, and what of the menu that leaves.

use super::MenuItemKind;
use super::options::{MenuOption, Options};
use super::price::Contents;
use crate::allergen::{Allergen, Allergens};
use crate::diet::Diet;
use crate::dish::DishId;
use crate::food::NdbNo;
use crate::profile::Profile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody may not eat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restrictions {
    /// The pattern that they follow.
    pub diet: Diet,
    /// Allergens that nothing may contain.
    pub allergens: Allergens,
    /// Foods that nothing may contain.
    pub foods: BTreeSet<NdbNo>,
    /// Dishes that are not wanted.
    pub dishes: BTreeSet<DishId>,
}

impl From<&Profile> for Restrictions {
    fn from(profile: &Profile) -> Self {
        Self {
            diet: profile.diet,
            allergens: profile.allergens.clone(),
            foods: profile.disliked_foods.clone(),
            dishes: profile.disliked_dishes.clone(),
        }
    }
}

/// Why somebody may not eat something.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(
    tag = "reason",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Forbidden {
    /// It contains an allergen, or may contain it.
    Allergen {
        /// Which.
        allergen: Allergen,
    },
    /// It does not fit the pattern that they follow.
    Diet {
        /// Which.
        diet: Diet,
    },
    /// It contains a food that they do not want.
    Food {
        /// Which.
        food: NdbNo,
    },
    /// They do not want this dish.
    Dish,
}

impl Restrictions {
    fn ingredients(
        &self,
        allergens: &Allergens,
        foods: &BTreeSet<NdbNo>,
        fits: bool,
    ) -> Vec<Forbidden> {
        let allergens = self.allergens.intersection(allergens).copied();
        let foods = self.foods.intersection(foods).cloned();
        let diet = (!fits).then_some(Forbidden::Diet { diet: self.diet });
        allergens
            .map(|allergen| Forbidden::Allergen { allergen })
            .chain(diet)
            .chain(foods.map(|food| Forbidden::Food { food }))
            .collect()
    }

    /// What is against an option.
    #[must_use]
    pub fn against_option(&self, option: &MenuOption) -> Vec<Forbidden> {
        let fits = !option.excluded_diets.contains(&self.diet);
        self.ingredients(&option.allergens, &option.foods, fits)
    }

    fn against_any<'a>(&self, options: impl Iterator<Item = &'a MenuOption>) -> Vec<Forbidden> {
        let reasons: BTreeSet<Forbidden> = options
            .flat_map(|option| self.against_option(option))
            .collect();
        reasons.into_iter().collect()
    }

    /// What is against an item however it is configured, without doubles; nothing where there is a way
    /// to order it.
    ///
    /// Where the item itself is allowed but no sound choice does without forbidden options, the reasons
    /// are those against the options that would have to be chosen.
    #[must_use]
    pub fn against(
        &self,
        kind: &MenuItemKind,
        contents: &Contents,
        options: &Options,
    ) -> Vec<Forbidden> {
        let mut reasons = self.ingredients(
            &contents.allergens,
            &contents.foods,
            contents.diets.contains(&self.diet),
        );
        if let MenuItemKind::Dish(id) = kind
            && self.dishes.contains(id)
        {
            reasons.push(Forbidden::Dish);
        }
        let allowed = |option: &MenuOption| self.against_option(option).is_empty();
        if reasons.is_empty() && !options.is_empty() && options.simplest(allowed).is_none() {
            let needed = options.groups.iter().filter(|group| group.min > 0);
            let needed = needed.flat_map(|group| &group.options);
            reasons = self.against_any(needed);
            if reasons.is_empty() {
                // What must be chosen is allowed, but not what that requires.
                reasons = self.against_any(options.all());
            }
        }
        reasons
    }
}
