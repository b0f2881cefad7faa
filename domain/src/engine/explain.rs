//! Why there is no plan: which constraints conflict, and which change would help. Everything said
//! here was tried.

use super::infeasible::{Conflict, Infeasible, Relaxation};
use super::model::{DAYS, Limit, Model};
use super::solve::is_solvable;
use crate::allergen::Allergen;
use crate::catalogue::Catalogue;
use crate::diet::Diet;
use crate::dish::Meal;
use crate::nutrient::Nutrient;
use crate::profile::{Direction, Profile};
use crate::target::{self, Targets};
use crate::week::IsoWeek;

/// Energy that no day exceeds, in thousandths of a kcal; seven of it still fit 32 bits.
const ANY_ENERGY: i32 = 200_000_000;
/// A budget that no week exceeds, in US cents.
const ANY_BUDGET: i64 = Profile::WEEKLY_BUDGETS.1;
/// Budgets are proposed in whole dollars.
const DOLLAR: i64 = 100;

/// A hard constraint that can be left out to see whether it takes part in a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Constraint {
    Level(Nutrient),
    NetCarbohydrate,
    Protein,
    Energy,
    DislikedDishes,
    DislikedFoods,
    Budget,
    Allergen(Allergen),
    Diet,
}

/// What is asked for, some of it left out.
struct Attempt<'a> {
    profile: &'a Profile,
    week: IsoWeek,
    catalogue: &'a Catalogue,
}

impl Attempt<'_> {
    /// The model of the profile with only some of its constraints.
    fn model(&self, kept: &[Constraint]) -> Model {
        let targets = target::targets(self.profile);
        let has = |constraint: Constraint| kept.contains(&constraint);
        let mut profile = self.profile.clone();
        profile
            .allergens
            .retain(|allergen| has(Constraint::Allergen(*allergen)));
        if !has(Constraint::DislikedFoods) {
            profile.disliked_foods.clear();
        }
        if !has(Constraint::DislikedDishes) {
            profile.disliked_dishes.clear();
        }
        if !has(Constraint::Diet) {
            profile.diet = Diet::Omnivore;
        }
        if !has(Constraint::Budget) {
            profile.weekly_budget = None;
        }
        let mut model = Model::new(&profile, &targets, self.week, self.catalogue);
        // A keto day keeps its limit as long as the limit itself is kept.
        model.net_carbohydrate =
            has(Constraint::NetCarbohydrate).then_some(targets.carbohydrate.1.0 as i32);
        if !has(Constraint::Protein) {
            model.protein = 0;
        }
        if !has(Constraint::Energy) {
            model.energy = (0, ANY_ENERGY);
        }
        let kept_limit = |limit: Limit| match limit {
            Limit::Nutrient(nutrient) => has(Constraint::Level(nutrient)),
            Limit::Budget => true,
        };
        let mut places = Vec::new();
        for (place, (limit, _)) in model.limits.iter().enumerate() {
            if kept_limit(*limit) {
                places.push(place);
            }
        }
        for candidate in &mut model.candidates {
            let all = candidate.limits;
            candidate.limits = [0; super::model::LIMITS];
            for (to, from) in places.iter().enumerate() {
                candidate.limits[to] = all[*from];
            }
        }
        model.limits.retain(|(limit, _)| kept_limit(*limit));
        model
    }

    fn solvable(&self, kept: &[Constraint]) -> bool {
        is_solvable(&self.model(kept))
    }

    /// The constraints of the profile, those first that say least to its owner.
    fn constraints(&self, targets: &Targets) -> Vec<Constraint> {
        let profile = self.profile;
        let full = Model::new(profile, targets, self.week, self.catalogue);
        let levels = full.limits.iter().filter_map(|(limit, _)| match limit {
            Limit::Nutrient(nutrient) => Some(Constraint::Level(*nutrient)),
            Limit::Budget => None,
        });
        let mut constraints: Vec<Constraint> = levels.collect();
        let mut add = |applies: bool, constraint: Constraint| {
            if applies {
                constraints.push(constraint);
            }
        };
        add(profile.diet == Diet::Keto, Constraint::NetCarbohydrate);
        add(true, Constraint::Protein);
        add(true, Constraint::Energy);
        add(
            !profile.disliked_dishes.is_empty(),
            Constraint::DislikedDishes,
        );
        add(
            !profile.disliked_foods.is_empty(),
            Constraint::DislikedFoods,
        );
        add(profile.weekly_budget.is_some(), Constraint::Budget);
        for allergen in &profile.allergens {
            add(true, Constraint::Allergen(*allergen));
        }
        add(profile.diet != Diet::Omnivore, Constraint::Diet);
        constraints
    }

    /// A set of constraints that conflict, none of which could be left out (a deletion filter,
    /// Chinneck 2008).
    fn conflicting(&self, targets: &Targets) -> Vec<Constraint> {
        let mut kept = self.constraints(targets);
        let is_level = |constraint: &Constraint| matches!(constraint, Constraint::Level(_));
        // The upper levels rarely matter, so they are tried together first.
        let others: Vec<Constraint> = kept.iter().copied().filter(|one| !is_level(one)).collect();
        if !self.solvable(&others) {
            kept = others;
        }
        let mut place = 0;
        while place < kept.len() {
            let mut without = kept.clone();
            without.remove(place);
            if self.solvable(&without) {
                place += 1;
            } else {
                kept = without;
            }
        }
        kept
    }

    fn conflict(&self, constraint: Constraint, targets: &Targets) -> Conflict {
        match constraint {
            Constraint::Level(nutrient) => Conflict::UpperLevel { nutrient },
            Constraint::NetCarbohydrate => Conflict::NetCarbohydrate {
                grams: targets.carbohydrate.1.rounded(),
            },
            Constraint::Protein => Conflict::Protein {
                grams: targets.protein.0.rounded(),
            },
            Constraint::Energy => Conflict::Energy {
                kcal: targets.energy,
            },
            Constraint::DislikedDishes => Conflict::DislikedDishes,
            Constraint::DislikedFoods => Conflict::DislikedFoods,
            Constraint::Budget => Conflict::Budget {
                cents: self.profile.weekly_budget.unwrap_or_default(),
            },
            Constraint::Allergen(allergen) => Conflict::Allergen { allergen },
            Constraint::Diet => Conflict::Diet {
                diet: self.profile.diet,
            },
        }
    }

    /// Occasions that too few dishes suit.
    fn few_dishes(&self, model: &Model) -> Vec<Conflict> {
        let few = |meal: &Meal| {
            let wanted = model.slots.iter().filter(|slot| *slot == meal).count() * DAYS;
            let suitable = model
                .candidates
                .iter()
                .filter(|one| one.meals[*meal as usize]);
            let (dishes, uses) =
                suitable.fold((0, 0), |(dishes, uses), one| (dishes + 1, uses + one.most));
            ((uses as usize) < wanted).then_some(Conflict::FewDishes {
                meal: *meal,
                dishes,
            })
        };
        Meal::ALL.iter().filter_map(few).collect()
    }

    /// Whether a changed profile has a week.
    fn helps(&self, change: impl FnOnce(&mut Profile)) -> bool {
        let mut profile = self.profile.clone();
        change(&mut profile);
        let targets = target::targets(&profile);
        is_solvable(&Model::new(&profile, &targets, self.week, self.catalogue))
    }

    fn relaxations(&self) -> Vec<Relaxation> {
        let profile = self.profile;
        let mut found = Vec::new();
        let wider = wider_diets(profile.diet).iter();
        let diet = wider
            .copied()
            .find(|diet| self.helps(|profile| profile.diet = *diet));
        found.extend(diet.map(|diet| Relaxation::Diet { diet }));
        if !profile.disliked_foods.is_empty() && self.helps(|one| one.disliked_foods.clear()) {
            found.push(Relaxation::AllowDislikedFoods);
        }
        if !profile.disliked_dishes.is_empty() && self.helps(|one| one.disliked_dishes.clear()) {
            found.push(Relaxation::AllowDislikedDishes);
        }
        found.extend(self.budget());
        let (least, most) = Profile::MEALS_PER_DAY;
        let mut counts: Vec<i64> = (least..=most).collect();
        counts.sort_by_key(|meals| (meals - profile.meals_per_day).abs());
        let meals = counts
            .into_iter()
            .skip(1)
            .find(|meals| self.helps(|profile| profile.meals_per_day = *meals));
        found.extend(meals.map(|meals| Relaxation::MealsPerDay { meals }));
        found.extend(self.pace());
        found
    }

    /// The least budget that works, in whole dollars.
    fn budget(&self) -> Option<Relaxation> {
        let mut low = self.profile.weekly_budget?;
        let works = |cents: i64| self.helps(|profile| profile.weekly_budget = Some(cents));
        let mut high = ANY_BUDGET;
        if !works(high) {
            return None;
        }
        while high - low > DOLLAR {
            let middle = ((low + high) / 2 + DOLLAR - 1) / DOLLAR * DOLLAR;
            if middle >= high {
                break;
            }
            if works(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(Relaxation::Budget { at_least: high })
    }

    /// The fastest slower change of weight that works.
    fn pace(&self) -> Option<Relaxation> {
        let slower = Profile::PACES_KCAL.into_iter().rev().chain([0]);
        let pace_kcal = slower
            .filter(|pace| *pace < self.profile.pace_kcal)
            .find(|pace| {
                self.helps(|profile| {
                    profile.pace_kcal = *pace;
                    if *pace == 0 {
                        profile.direction = Direction::Maintain;
                    }
                })
            })?;
        Some(Relaxation::Pace { pace_kcal })
    }
}

/// Patterns that exclude less, the closest first. Nobody is asked to give up a religious one.
const fn wider_diets(diet: Diet) -> &'static [Diet] {
    match diet {
        Diet::Vegan => &[Diet::Vegetarian, Diet::Pescatarian, Diet::Omnivore],
        Diet::Vegetarian => &[Diet::Pescatarian, Diet::Omnivore],
        Diet::Keto => &[Diet::Mediterranean, Diet::Omnivore],
        Diet::Pescatarian | Diet::Mediterranean => &[Diet::Omnivore],
        Diet::Omnivore | Diet::Halal | Diet::Kosher => &[],
    }
}

/// Why a profile for which no week was found has none, and what would help.
pub(super) fn explain(
    profile: &Profile,
    week: IsoWeek,
    catalogue: &Catalogue,
    targets: &Targets,
    model: &Model,
) -> Infeasible {
    let attempt = Attempt {
        profile,
        week,
        catalogue,
    };
    let mut conflicts = attempt.few_dishes(model);
    let constraints = attempt.conflicting(targets);
    conflicts.extend(
        constraints
            .into_iter()
            .map(|one| attempt.conflict(one, targets)),
    );
    if conflicts.is_empty() {
        // Not even the bare meals can be filled.
        conflicts.push(Conflict::MealsPerDay {
            meals: profile.meals_per_day,
        });
    }
    Infeasible {
        conflicts,
        relaxations: attempt.relaxations(),
    }
}
