//! The model of a week in integers: what the engine searches, the benchmark proves bounds of, and
//! the documentation of [`crate::engine`] describes.

use crate::amount::Amount;
use crate::catalogue::Catalogue;
use crate::diet::{Diet, net_carbohydrate};
use crate::dish::{Dish, Meal};
use crate::food::FoodGroup;
use crate::nutrient::Nutrient;
use crate::profile::Profile;
use crate::target::{NutrientTarget, ReferenceKind, Targets};
use crate::week::IsoWeek;

/// Days of a week.
pub const DAYS: usize = 7;
/// Most meals a day.
pub const SLOTS_MOST: usize = 6;
/// Terms of the objective that count nutrients; the worst of them counts again.
pub const NUTRIENT_TERMS: usize = 32;
/// Terms that count occasions of food groups.
pub const GROUP_TERMS: usize = 16;
/// All terms.
pub const TERMS: usize = NUTRIENT_TERMS + GROUP_TERMS;
/// Room for weekly limits: upper levels and the budget.
pub const LIMITS: usize = 16;

/// Points that a nutrient of weight one costs when a week has none of it, or twice its limit.
pub const POINTS: i64 = 100_000;
/// How often the worst nutrient's points count on top of the sum.
pub const WORST_FACTOR: i64 = 2;
/// Points for an occasion of a food group that is missing.
pub const GROUP_POINTS: i64 = 1500;
/// Points for a fish dish that is missing, or a dish of red meat too many.
pub const RULE_POINTS: i64 = 6000;
/// Points for each time that a dish is repeated in the week.
pub const REPEAT_POINTS: i64 = 1000;
/// Most points of the week's own preference among dishes, a use.
pub const ROTATION_POINTS: i64 = 1600;
/// Points for each quarter of a serving outside [`COMFORTABLE`].
pub const SERVING_POINTS: i64 = 250;
/// Servings that cost nothing, in quarters, both inclusive.
pub const COMFORTABLE: (i64, i64) = (4, 6);

/// Fewest and most quarters of a serving in a meal, where energy does not ask for more.
pub const QUARTERS: (i64, i64) = (2, 10);

/// Values of every term.
pub type Terms = [i32; TERMS];
/// Values of every weekly limit.
pub type Limits = [i32; LIMITS];

/// A term of the objective: `max(0, start + Σ content)`, in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// So much of a nutrient is missing.
    Short(Nutrient),
    /// So much of a nutrient is too much.
    Excess(Nutrient),
    /// Occasions of a food group that are missing.
    Group(FoodGroup),
    /// Fish dishes that are missing.
    Fish,
    /// Dishes of red meat too many.
    RedMeat,
    /// Not used: always nothing.
    Unused,
}

/// What a weekly limit bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// An upper level, in thousandths of the nutrient's unit, a week.
    Nutrient(Nutrient),
    /// The budget, in quarters of a US cent.
    Budget,
}

/// A dish that every hard constraint on dishes allows.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its index in the catalogue.
    pub dish: usize,
    /// Whether it suits a meal, by [`Meal::ALL`].
    pub meals: [bool; 4],
    /// How often a week may have it.
    pub most: i32,
    /// A quarter serving, in thousandths of a kcal.
    pub energy: i32,
    /// A quarter serving, in thousandths of a gram.
    pub protein: i32,
    /// A quarter serving, in thousandths of a gram.
    pub net_carbohydrate: i32,
    /// Points of one use, whatever its size: this week's preference.
    pub rotation: i32,
    /// Points of a quarter serving: what of it is the better the less there is.
    pub less: i32,
    /// What one use adds to each term.
    pub once: Terms,
    /// What a quarter serving adds to each term.
    pub quarter: Terms,
    /// What a quarter serving adds to each limit.
    pub limits: Limits,
}

/// A week to be filled.
#[derive(Debug, Clone)]
pub struct Model {
    /// The meals of a day, in the order in which they are eaten.
    pub slots: Vec<Meal>,
    /// Dishes to choose from, in the order of their ids.
    pub candidates: Vec<Candidate>,
    /// Fewest and most quarters of a serving in a meal.
    pub quarters: (i32, i32),
    /// Points of a meal by its quarters.
    pub serving_points: Vec<i32>,
    /// Least and most of a day, in thousandths of a kcal.
    pub energy: (i32, i32),
    /// Least of a day, in thousandths of a gram.
    pub protein: i32,
    /// Most of a day, in thousandths of a gram; only a keto pattern has one.
    pub net_carbohydrate: Option<i32>,
    /// What each term counts.
    pub terms: [Term; TERMS],
    /// Where each term starts when the week is empty.
    pub start: Terms,
    /// The weekly limits in use.
    pub limits: Vec<(Limit, i32)>,
}

/// Nutrients that the objective reaches for, with their weights in halves. Two halves is the rule;
/// four have those that the Dietary Guidelines for Americans 2020–2025 call of public health
/// concern, or, like iron and folate, of concern in some life stages; one those whose content the
/// food table knows least often, so that a gap in the data weighs less than a gap in the diet.
const REACHED: [(Nutrient, i64); 23] = [
    (Nutrient::Fiber, 4),
    (Nutrient::Calcium, 4),
    (Nutrient::Iron, 3),
    (Nutrient::Magnesium, 2),
    (Nutrient::Phosphorus, 2),
    (Nutrient::Potassium, 4),
    (Nutrient::Zinc, 2),
    (Nutrient::Copper, 2),
    (Nutrient::Manganese, 2),
    (Nutrient::Selenium, 2),
    (Nutrient::VitaminA, 2),
    (Nutrient::VitaminC, 2),
    (Nutrient::VitaminD, 4),
    (Nutrient::VitaminE, 2),
    (Nutrient::VitaminK, 1),
    (Nutrient::Thiamin, 2),
    (Nutrient::Riboflavin, 2),
    (Nutrient::Niacin, 2),
    (Nutrient::PantothenicAcid, 1),
    (Nutrient::VitaminB6, 2),
    (Nutrient::Folate, 3),
    (Nutrient::VitaminB12, 2),
    (Nutrient::Choline, 1),
];

/// Limits that are goals and not safety bounds, with their weights in halves.
const KEPT_BELOW: [(Nutrient, i64); 5] = [
    (Nutrient::Sodium, 4),
    (Nutrient::SaturatedFat, 4),
    (Nutrient::Fat, 2),
    (Nutrient::Carbohydrate, 2),
    (Nutrient::Protein, 2),
];

/// What is the better the less there is, below its limit too, with the points of a week at the limit:
/// saturated fat "as low as possible" (EFSA 2010), and sodium, whose effect on blood pressure has no
/// threshold in the range that people eat (NASEM 2019; WHO 2012 asks for less than 2,000 mg).
const LESS_IS_BETTER: [(Nutrient, i64); 2] =
    [(Nutrient::SaturatedFat, 12_000), (Nutrient::Sodium, 8000)];

/// Macronutrients whose least is a goal; protein's binds every day.
const KEPT_ABOVE: [(Nutrient, i64); 2] = [(Nutrient::Fat, 2), (Nutrient::Carbohydrate, 2)];

/// Food groups that a varied week has, each so often, and how much of it makes an occasion, in
/// grams a serving. Soy counts as a legume.
const VARIETY: [(FoodGroup, i64, i64); 14] = [
    (FoodGroup::LeafyGreens, 5, 20),
    (FoodGroup::RedOrangeVegetables, 7, 40),
    (FoodGroup::OtherVegetables, 7, 50),
    (FoodGroup::StarchyVegetables, 3, 50),
    (FoodGroup::Mushrooms, 2, 30),
    (FoodGroup::Fruit, 7, 50),
    (FoodGroup::Berries, 3, 40),
    (FoodGroup::Citrus, 3, 30),
    (FoodGroup::WholeGrains, 7, 25),
    (FoodGroup::Legumes, 4, 30),
    (FoodGroup::Nuts, 4, 8),
    (FoodGroup::Seeds, 3, 5),
    (FoodGroup::Dairy, 7, 25),
    (FoodGroup::Eggs, 2, 40),
];

/// Weight of the week's energy in halves, both ways: days may lie up to five percent off, but the
/// week should not lie there as a whole.
const ENERGY_WEIGHT: i64 = 1;

/// How much fish, seafood or red meat makes a dish one of it, in grams a serving.
const MAIN_GRAMS: Amount = Amount::whole(40);
/// Fish dishes that a week should have.
const FISH_DISHES: i64 = 2;
/// Dishes of red meat that a week should not exceed; a Mediterranean one less.
const RED_MEAT_DISHES: i64 = 3;
const MEDITERRANEAN_RED_MEAT_DISHES: i64 = 1;

/// Meals of a day, in the order in which they are eaten.
#[must_use]
pub fn slots(meals_per_day: i64) -> Vec<Meal> {
    use Meal::{Breakfast, Dinner, Lunch, Snack};
    match meals_per_day {
        ..=3 => vec![Breakfast, Lunch, Dinner],
        4 => vec![Breakfast, Lunch, Snack, Dinner],
        5 => vec![Breakfast, Snack, Lunch, Snack, Dinner],
        6.. => vec![Breakfast, Snack, Lunch, Snack, Dinner, Snack],
    }
}

/// Whether a dish has enough of some groups to count as one of them.
pub(crate) fn mainly(dish: &Dish, groups: &[FoodGroup]) -> bool {
    let grams: Amount = groups
        .iter()
        .filter_map(|group| dish.groups.get(group))
        .copied()
        .sum();
    grams >= MAIN_GRAMS
}

/// Whether a dish counts as fish or seafood.
pub(crate) fn is_fish(dish: &Dish) -> bool {
    mainly(
        dish,
        &[
            FoodGroup::OilyFish,
            FoodGroup::WhiteFish,
            FoodGroup::Shellfish,
        ],
    )
}

/// Whether a profile may eat a dish at all.
pub(crate) fn allowed(profile: &Profile, dish: &Dish) -> bool {
    dish.diets.contains(&profile.diet)
        && dish.allergens.is_disjoint(&profile.allergens)
        && !profile.disliked_dishes.contains(&dish.id)
        && !dish
            .foods
            .iter()
            .any(|portion| profile.disliked_foods.contains(&portion.ndb_no))
}

/// How often a week may have a dish: those for breakfasts and snacks alone three times.
pub(crate) fn most_uses(dish: &Dish) -> i32 {
    let main = dish.meals.contains(&Meal::Lunch) || dish.meals.contains(&Meal::Dinner);
    if main { 2 } else { 3 }
}

/// The most quarters of a serving in a meal: two and a half servings, and where a meal has more
/// than 1,000 kcal in the mean, one quarter more for each 100 kcal begun.
pub(crate) fn most_quarters(energy: i64, meals: i64) -> i64 {
    let step = 100 * meals;
    QUARTERS.1 + ((energy - 1000 * meals).max(0) + step - 1) / step
}

/// A number below `most` that a week and a dish determine (FNV-1a, 64 bits, with a final mix so
/// that all bits depend on all letters).
fn preference(week: IsoWeek, dish: &Dish, most: i64) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let number = (week.year() * 100 + week.number()).to_le_bytes();
    for byte in number.iter().chain(dish.id.0.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    (hash % most.unsigned_abs()) as i64
}

/// To the 32 bits of the search. Contents of dishes and targets of valid profiles lie far within.
fn narrow(value: i64) -> i32 {
    value.clamp(i64::from(i32::MIN / 64), i64::from(i32::MAX / 64)) as i32
}

impl Model {
    /// The model of a profile's week.
    #[must_use]
    pub fn new(profile: &Profile, targets: &Targets, week: IsoWeek, catalogue: &Catalogue) -> Self {
        let meals = profile.meals_per_day;
        let energy = targets.energy;
        let quarters = (QUARTERS.0, most_quarters(energy, meals));
        let mut model = Self {
            slots: slots(meals),
            candidates: Vec::new(),
            quarters: (narrow(quarters.0), narrow(quarters.1)),
            serving_points: (0..=quarters.1).map(serving_points).collect(),
            // Five percent, in thousandths of a kcal.
            energy: (narrow(energy * 950), narrow(energy * 1050)),
            protein: narrow(targets.protein.0.0),
            net_carbohydrate: (profile.diet == Diet::Keto)
                .then(|| narrow(targets.carbohydrate.1.0)),
            terms: [Term::Unused; TERMS],
            start: [0; TERMS],
            limits: limits(profile, targets),
        };
        let allowed: Vec<(usize, &Dish)> = catalogue
            .dishes
            .iter()
            .enumerate()
            .filter(|(_, dish)| allowed(profile, dish))
            .collect();
        model.candidates = allowed
            .iter()
            .map(|(index, dish)| model.candidate(*index, dish, week))
            .collect();
        model.nutrient_terms(targets, &allowed);
        model.less_is_better(targets, &allowed);
        model.group_terms(profile, &allowed);
        model
    }

    fn candidate(&self, index: usize, dish: &Dish, week: IsoWeek) -> Candidate {
        let quarter = |nutrient: Nutrient| narrow(dish.nutrients[nutrient].amount.0 / 4);
        let mut limits = [0; LIMITS];
        for (content, (limit, _)) in limits.iter_mut().zip(&self.limits) {
            *content = match limit {
                Limit::Nutrient(nutrient) => quarter(*nutrient),
                // A quarter serving costs as many quarters of a cent as a serving cents.
                Limit::Budget => narrow(dish.cost),
            };
        }
        Candidate {
            dish: index,
            meals: Meal::ALL.map(|meal| dish.meals.contains(&meal)),
            most: most_uses(dish),
            energy: quarter(Nutrient::Energy),
            protein: quarter(Nutrient::Protein),
            net_carbohydrate: narrow(net_carbohydrate(&dish.nutrients).0 / 4),
            rotation: narrow(preference(week, dish, ROTATION_POINTS)),
            less: 0,
            once: [0; TERMS],
            quarter: [0; TERMS],
            limits,
        }
    }

    fn nutrient_terms(&mut self, targets: &Targets, allowed: &[(usize, &Dish)]) {
        let target_of = |nutrient| {
            targets
                .nutrients
                .iter()
                .find(|target| target.nutrient == nutrient)
        };
        let reached = REACHED
            .iter()
            .chain(&KEPT_ABOVE)
            .filter_map(|(nutrient, weight)| {
                let least = target_of(*nutrient)?.at_least.as_ref()?.amount;
                Some((Term::Short(*nutrient), *nutrient, least, *weight, -1))
            });
        let below = KEPT_BELOW.iter().filter_map(|(nutrient, weight)| {
            let most = target_of(*nutrient)?.at_most.as_ref()?.amount;
            Some((Term::Excess(*nutrient), *nutrient, most, *weight, 1))
        });
        let energy = [
            (Term::Short(Nutrient::Energy), -1),
            (Term::Excess(Nutrient::Energy), 1),
        ];
        let energy = energy.map(|(term, sign)| {
            (
                term,
                Nutrient::Energy,
                Amount::whole(targets.energy),
                ENERGY_WEIGHT,
                sign,
            )
        });
        let all = reached.chain(below).chain(energy);
        for (place, (term, nutrient, target, weight, sign)) in all.enumerate() {
            let full = POINTS * weight / 2;
            let week = target.0 * DAYS as i64;
            self.terms[place] = term;
            self.start[place] = narrow(-sign * full);
            for (candidate, (_, dish)) in self.candidates.iter_mut().zip(allowed) {
                let content = dish.nutrients[nutrient].amount.0 / 4;
                candidate.quarter[place] = narrow(sign * ((content * full + week / 2) / week));
            }
        }
    }

    fn less_is_better(&mut self, targets: &Targets, allowed: &[(usize, &Dish)]) {
        for (nutrient, points) in LESS_IS_BETTER {
            let target = targets
                .nutrients
                .iter()
                .find(|target| target.nutrient == nutrient);
            let Some(most) = target.and_then(|target| target.at_most.as_ref()) else {
                continue;
            };
            let week = most.amount.0 * DAYS as i64;
            for (candidate, (_, dish)) in self.candidates.iter_mut().zip(allowed) {
                let content = dish.nutrients[nutrient].amount.0 / 4;
                candidate.less += narrow((content * points + week / 2) / week);
            }
        }
    }

    fn group_terms(&mut self, profile: &Profile, allowed: &[(usize, &Dish)]) {
        let mut place = NUTRIENT_TERMS;
        let mut add =
            |term: Term, occasions: i64, points: i64, sign: i64, counts: &dyn Fn(&Dish) -> bool| {
                // A group that the pattern excludes is not missed.
                if allowed.iter().any(|(_, dish)| counts(dish)) {
                    self.terms[place] = term;
                    self.start[place] = narrow(-sign * occasions * points);
                    for (candidate, (_, dish)) in self.candidates.iter_mut().zip(allowed) {
                        candidate.once[place] = if counts(dish) {
                            narrow(sign * points)
                        } else {
                            0
                        };
                    }
                }
                place += 1;
            };
        for (group, occasions, grams) in VARIETY {
            let counts = |dish: &Dish| {
                let amount = |group| dish.groups.get(&group).copied().unwrap_or_default();
                let soy = if group == FoodGroup::Legumes {
                    FoodGroup::Soy
                } else {
                    group
                };
                amount(group).max(amount(soy)) >= Amount::whole(grams)
            };
            add(Term::Group(group), occasions, GROUP_POINTS, -1, &counts);
        }
        add(Term::Fish, FISH_DISHES, RULE_POINTS, -1, &is_fish);
        let red_meat = if profile.diet == Diet::Mediterranean {
            MEDITERRANEAN_RED_MEAT_DISHES
        } else {
            RED_MEAT_DISHES
        };
        let is_red_meat = |dish: &Dish| mainly(dish, &[FoodGroup::RedMeat]);
        add(Term::RedMeat, red_meat, RULE_POINTS, 1, &is_red_meat);
    }
}

/// Points of a meal of so many quarters of a serving.
fn serving_points(quarters: i64) -> i32 {
    let (least, most) = COMFORTABLE;
    narrow(SERVING_POINTS * ((least - quarters).max(0) + (quarters - most).max(0)))
}

/// Upper levels whose scope food can answer for, and the budget, a week.
fn limits(profile: &Profile, targets: &Targets) -> Vec<(Limit, i32)> {
    let level = |target: &NutrientTarget| {
        let most = target
            .at_most
            .as_ref()
            .filter(|most| most.kind == ReferenceKind::Ul)?;
        Some((
            Limit::Nutrient(target.nutrient),
            narrow(most.amount.0 * DAYS as i64),
        ))
    };
    let levels = targets.nutrients.iter().filter_map(level);
    let budget = profile
        .weekly_budget
        .map(|cents| (Limit::Budget, narrow(cents * 4)));
    levels.chain(budget).collect()
}
