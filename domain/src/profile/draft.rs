//! What somebody typed, on its way to becoming a [`Profile`].

use super::{
    Activity, Direction, EnergyEquation, LifeStage, Profile, ReferenceSet, Sex, underweight,
};
use crate::allergen::{Allergen, Allergens};
use crate::amount::Amount;
use crate::diet::Diet;
use crate::dish::DishId;
use crate::food::NdbNo;
use crate::invalid::{InvalidCode, InvalidField};
use crate::target;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most disliked foods, and the most disliked dishes.
const DISLIKES_MOST: usize = 200;
/// The longest id of a food or dish, in characters.
const ID_LONGEST: usize = 80;

/// A profile as it was sent: any field may be missing or out of bounds.
///
/// Names on the wire are those of [`Profile`]; enums are their wire names in any letter case.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfileDraft {
    /// `FEMALE` or `MALE`.
    pub sex: Option<String>,
    /// In years.
    pub age: Option<f64>,
    /// In centimetres.
    pub height_cm: Option<f64>,
    /// In kilograms.
    pub weight_kg: Option<f64>,
    /// `NONE` when missing.
    pub life_stage: Option<String>,
    /// `SEDENTARY` to `VERY_ACTIVE`.
    pub activity: Option<String>,
    /// `MIFFLIN_ST_JEOR` when missing.
    pub energy_equation: Option<String>,
    /// `US_DRI` when missing.
    pub reference_set: Option<String>,
    /// `MAINTAIN` when missing.
    pub direction: Option<String>,
    /// In kcal a day; not looked at where the weight is kept.
    pub pace_kcal: Option<f64>,
    /// `OMNIVORE` when missing.
    pub diet: Option<String>,
    /// Wire names of allergens.
    pub allergens: Vec<String>,
    /// Numbers of foods.
    pub disliked_foods: Vec<String>,
    /// Ids of dishes.
    pub disliked_dishes: Vec<String>,
    /// 3 when missing.
    pub meals_per_day: Option<f64>,
    /// In US cents.
    pub weekly_budget: Option<f64>,
}

impl From<&Profile> for ProfileDraft {
    fn from(profile: &Profile) -> Self {
        Self {
            sex: Some(profile.sex.key().to_owned()),
            age: Some(profile.age as f64),
            height_cm: Some(profile.height_cm as f64),
            weight_kg: Some(profile.weight_kg.to_decimal()),
            life_stage: Some(profile.life_stage.key().to_owned()),
            activity: Some(profile.activity.key().to_owned()),
            energy_equation: Some(profile.energy_equation.key().to_owned()),
            reference_set: Some(profile.reference_set.key().to_owned()),
            direction: Some(profile.direction.key().to_owned()),
            pace_kcal: (profile.direction != Direction::Maintain)
                .then_some(profile.pace_kcal as f64),
            diet: Some(profile.diet.key().to_owned()),
            allergens: profile
                .allergens
                .iter()
                .map(|one| one.key().to_owned())
                .collect(),
            disliked_foods: profile
                .disliked_foods
                .iter()
                .map(|food| food.0.clone())
                .collect(),
            disliked_dishes: profile
                .disliked_dishes
                .iter()
                .map(|dish| dish.0.clone())
                .collect(),
            meals_per_day: Some(profile.meals_per_day as f64),
            weekly_budget: profile.weekly_budget.map(|cents| cents as f64),
        }
    }
}

impl ProfileDraft {
    /// The profile, where every field is sound and the safety rules allow it.
    ///
    /// Ids of foods and dishes are checked for their form; whether a catalogue has them, its owner
    /// knows.
    ///
    /// # Errors
    /// Every refused field, in the order of declaration; a field is refused once.
    pub fn validate(&self) -> Result<Profile, Vec<InvalidField>> {
        let mut refused = Refused(Vec::new());
        let sex = refused.choice("sex", self.sex.as_deref(), Sex::from_key, None);
        let age = refused.whole("age", self.age, Profile::AGES, None);
        let height_cm = refused.whole("heightCm", self.height_cm, Profile::HEIGHTS_CM, None);
        let weight_kg = refused.weight(self.weight_kg);
        let life_stage = refused.choice(
            "lifeStage",
            self.life_stage.as_deref(),
            LifeStage::from_key,
            Some(LifeStage::None),
        );
        let activity = refused.choice(
            "activity",
            self.activity.as_deref(),
            Activity::from_key,
            None,
        );
        let energy_equation = refused.choice(
            "energyEquation",
            self.energy_equation.as_deref(),
            EnergyEquation::from_key,
            Some(EnergyEquation::default()),
        );
        let reference_set = refused.choice(
            "referenceSet",
            self.reference_set.as_deref(),
            ReferenceSet::from_key,
            Some(ReferenceSet::default()),
        );
        let direction = refused.choice(
            "direction",
            self.direction.as_deref(),
            Direction::from_key,
            Some(Direction::default()),
        );
        let pace_kcal = refused.pace(direction, self.pace_kcal);
        let diet = refused.choice(
            "diet",
            self.diet.as_deref(),
            Diet::from_key,
            Some(Diet::default()),
        );
        let allergens = refused.allergens(&self.allergens);
        let disliked_foods = refused.ids("dislikedFoods", &self.disliked_foods, |id| {
            (id.len() == 5 && id.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| NdbNo(id.to_owned()))
        });
        let disliked_dishes = refused.ids("dislikedDishes", &self.disliked_dishes, |id| {
            let sound =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (!id.is_empty() && id.len() <= ID_LONGEST && id.bytes().all(sound))
                .then(|| DishId(id.to_owned()))
        });
        let meals_per_day = refused.whole(
            "mealsPerDay",
            self.meals_per_day,
            Profile::MEALS_PER_DAY,
            Some(3),
        );
        let weekly_budget = match self.weekly_budget {
            None => Some(None),
            given => refused
                .whole("weeklyBudget", given, Profile::WEEKLY_BUDGETS, None)
                .map(Some),
        };

        refused.life_stage(sex, age, life_stage);
        refused.adult_only(age, life_stage, energy_equation, reference_set);
        refused.loss(direction, age, life_stage, height_cm.zip(weight_kg));

        let profile = (|| {
            Some(Profile {
                sex: sex?,
                age: age?,
                height_cm: height_cm?,
                weight_kg: weight_kg?,
                life_stage: life_stage?,
                activity: activity?,
                energy_equation: energy_equation?,
                reference_set: reference_set?,
                direction: direction?,
                pace_kcal: pace_kcal?,
                diet: diet?,
                allergens: allergens?,
                disliked_foods: disliked_foods?,
                disliked_dishes: disliked_dishes?,
                meals_per_day: meals_per_day?,
                weekly_budget: weekly_budget?,
            })
        })();
        match profile {
            Some(profile) if refused.0.is_empty() => match target::below_safe_energy(&profile) {
                None => Ok(profile),
                Some(minimum) => Err(vec![InvalidField::new(
                    "paceKcal",
                    InvalidCode::BelowSafeEnergy { minimum },
                )]),
            },
            _ => Err(refused.0),
        }
    }
}

/// What has been refused so far.
struct Refused(Vec<InvalidField>);

impl Refused {
    fn push<T>(&mut self, field: &str, code: InvalidCode) -> Option<T> {
        self.0.push(InvalidField::new(field, code));
        None
    }

    /// Whether a field, or an entry of it, was refused already.
    fn has(&self, field: &str) -> bool {
        self.0.iter().any(|refused| refused.field == field)
    }

    /// One of a few names; `missing` stands in for none or an empty one.
    fn choice<T>(
        &mut self,
        field: &str,
        given: Option<&str>,
        from_key: fn(&str) -> Option<T>,
        missing: Option<T>,
    ) -> Option<T> {
        match given.map(str::trim).filter(|text| !text.is_empty()) {
            None if missing.is_some() => missing,
            None => self.push(field, InvalidCode::Required),
            Some(text) => match from_key(text) {
                Some(value) => Some(value),
                None => self.push(field, InvalidCode::UnknownChoice),
            },
        }
    }

    /// A whole number within bounds, both inclusive.
    fn whole(
        &mut self,
        field: &str,
        given: Option<f64>,
        (min, max): (i64, i64),
        missing: Option<i64>,
    ) -> Option<i64> {
        match given {
            None if missing.is_some() => missing,
            None => self.push(field, InvalidCode::Required),
            Some(value) if value < min as f64 || value > max as f64 => {
                self.push(field, InvalidCode::OutOfRange { min, max })
            }
            Some(value) if value.fract() == 0.0 => Some(value as i64),
            // Fractions, and what is no number at all.
            Some(_) => self.push(field, InvalidCode::Malformed),
        }
    }

    fn weight(&mut self, given: Option<f64>) -> Option<Amount> {
        let (min, max) = Profile::WEIGHTS_KG;
        let Some(value) = given else {
            return self.push("weightKg", InvalidCode::Required);
        };
        match Amount::from_decimal(value) {
            Some(weight) if weight >= Amount::whole(min) && weight <= Amount::whole(max) => {
                Some(weight)
            }
            _ if value.is_nan() => self.push("weightKg", InvalidCode::Malformed),
            _ => self.push("weightKg", InvalidCode::OutOfRange { min, max }),
        }
    }

    fn pace(&mut self, direction: Option<Direction>, given: Option<f64>) -> Option<i64> {
        if direction? == Direction::Maintain {
            return Some(0);
        }
        let Some(value) = given else {
            return self.push("paceKcal", InvalidCode::Required);
        };
        match Profile::PACES_KCAL
            .into_iter()
            .find(|pace| *pace as f64 == value)
        {
            Some(pace) => Some(pace),
            None => self.push("paceKcal", InvalidCode::UnknownChoice),
        }
    }

    fn allergens(&mut self, given: &[String]) -> Option<Allergens> {
        self.entries(
            "allergens",
            given,
            Allergen::ALL.len(),
            InvalidCode::UnknownChoice,
            |key| Allergen::from_key(key.trim()),
        )
    }

    fn ids<T: Ord>(
        &mut self,
        field: &str,
        given: &[String],
        read: fn(&str) -> Option<T>,
    ) -> Option<BTreeSet<T>> {
        self.entries(
            field,
            given,
            DISLIKES_MOST,
            InvalidCode::NotInCatalogue,
            read,
        )
    }

    /// A set, each unreadable entry refused by its index.
    fn entries<T: Ord>(
        &mut self,
        field: &str,
        given: &[String],
        most: usize,
        code: InvalidCode,
        read: fn(&str) -> Option<T>,
    ) -> Option<BTreeSet<T>> {
        if given.len() > most {
            return self.push(field, InvalidCode::TooLong { max: most as i64 });
        }
        let mut set = BTreeSet::new();
        let before = self.0.len();
        for (index, entry) in given.iter().enumerate() {
            match read(entry) {
                Some(value) => {
                    set.insert(value);
                }
                None => {
                    self.0
                        .push(InvalidField::new(format!("{field}[{index}]"), code.clone()));
                }
            }
        }
        (self.0.len() == before).then_some(set)
    }

    /// Pregnancy and lactation have reference values for women up to fifty only.
    fn life_stage(&mut self, sex: Option<Sex>, age: Option<i64>, stage: Option<LifeStage>) {
        if !matches!(stage, Some(LifeStage::Pregnancy | LifeStage::Lactation)) {
            return;
        }
        if sex == Some(Sex::Male) {
            self.0.push(InvalidField::new(
                "lifeStage",
                InvalidCode::LifeStageNeedsFemale,
            ));
        } else if age.is_some_and(|age| age > Profile::LIFE_STAGE_AGE_MOST) {
            self.0
                .push(InvalidField::new("lifeStage", InvalidCode::LifeStageAge));
        }
    }

    fn adult_only(
        &mut self,
        age: Option<i64>,
        stage: Option<LifeStage>,
        equation: Option<EnergyEquation>,
        references: Option<ReferenceSet>,
    ) {
        let minor = age.is_some_and(|age| age < Profile::ADULT_AGE);
        let special = stage.is_some_and(|stage| stage != LifeStage::None);
        if equation == Some(EnergyEquation::Eer2023) && minor {
            self.0.push(InvalidField::new(
                "energyEquation",
                InvalidCode::FormulaNeedsAdult,
            ));
        }
        if references == Some(ReferenceSet::Efsa) && (minor || special) {
            self.0.push(InvalidField::new(
                "referenceSet",
                InvalidCode::ReferenceNeedsAdult,
            ));
        }
    }

    fn loss(
        &mut self,
        direction: Option<Direction>,
        age: Option<i64>,
        stage: Option<LifeStage>,
        body: Option<(i64, Amount)>,
    ) {
        if direction != Some(Direction::Lose) || self.has("direction") {
            return;
        }
        let code = if stage.is_some_and(|stage| stage != LifeStage::None) {
            InvalidCode::LossLifeStage
        } else if age.is_some_and(|age| age < Profile::ADULT_AGE) {
            InvalidCode::LossUnder19
        } else if body.is_some_and(|(height_cm, weight_kg)| underweight(height_cm, weight_kg)) {
            InvalidCode::LossUnderweight
        } else {
            return;
        };
        self.0.push(InvalidField::new("direction", code));
    }
}
