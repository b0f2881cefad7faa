//! What stands in the form, and the profile that it means.

use domain::amount::Amount;
use domain::invalid::{InvalidCode, InvalidField};
use domain::profile::{Direction, Profile, ProfileDraft};
use serde::{Deserialize, Serialize};

/// The form's answers, each as it was typed. Missing is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names of a profile's fields")]
pub struct Answers {
    pub sex: String,
    pub age: String,
    pub height_cm: String,
    pub weight_kg: String,
    pub life_stage: String,
    pub activity: String,
    pub energy_equation: String,
    pub reference_set: String,
    pub direction: String,
    pub pace_kcal: String,
    pub diet: String,
    pub allergens: Vec<String>,
    pub disliked_foods: Vec<String>,
    pub disliked_dishes: Vec<String>,
    pub meals_per_day: String,
    /// In dollars; a profile has cents.
    pub weekly_budget: String,
}

/// The form's names of the answers: the argument `profile` of the server function.
pub mod names {
    #![allow(missing_docs, reason = "the names of a profile's fields")]
    pub const SEX: &str = "profile[sex]";
    pub const AGE: &str = "profile[age]";
    pub const HEIGHT: &str = "profile[height_cm]";
    pub const WEIGHT: &str = "profile[weight_kg]";
    pub const LIFE_STAGE: &str = "profile[life_stage]";
    pub const ACTIVITY: &str = "profile[activity]";
    pub const EQUATION: &str = "profile[energy_equation]";
    pub const REFERENCES: &str = "profile[reference_set]";
    pub const DIRECTION: &str = "profile[direction]";
    pub const PACE: &str = "profile[pace_kcal]";
    pub const DIET: &str = "profile[diet]";
    pub const ALLERGENS: &str = "profile[allergens][]";
    pub const DISLIKED_FOODS: &str = "profile[disliked_foods][]";
    pub const DISLIKED_DISHES: &str = "profile[disliked_dishes][]";
    pub const MEALS: &str = "profile[meals_per_day]";
    pub const BUDGET: &str = "profile[weekly_budget]";
}

/// How many steps the form has.
pub const STEPS: usize = 4;

/// The step in which a field of a profile is asked, by its name on the wire.
pub fn step_of(field: &str) -> usize {
    match field.split('[').next().unwrap_or_default() {
        "sex" | "age" | "heightCm" | "weightKg" | "lifeStage" | "activity" => 0,
        "direction" | "paceKcal" | "energyEquation" | "referenceSet" => 1,
        "diet" | "allergens" => 2,
        _ => 3,
    }
}

impl Answers {
    /// Reads the form by the names of its inputs.
    pub fn read(all: &dyn Fn(&str) -> Vec<String>) -> Self {
        let one = |name| all(name).into_iter().next().unwrap_or_default();
        Self {
            sex: one(names::SEX),
            age: one(names::AGE),
            height_cm: one(names::HEIGHT),
            weight_kg: one(names::WEIGHT),
            life_stage: one(names::LIFE_STAGE),
            activity: one(names::ACTIVITY),
            energy_equation: one(names::EQUATION),
            reference_set: one(names::REFERENCES),
            direction: one(names::DIRECTION),
            pace_kcal: one(names::PACE),
            diet: one(names::DIET),
            allergens: all(names::ALLERGENS),
            disliked_foods: all(names::DISLIKED_FOODS),
            disliked_dishes: all(names::DISLIKED_DISHES),
            meals_per_day: one(names::MEALS),
            weekly_budget: one(names::BUDGET),
        }
    }

    /// What a form about nobody yet shows: the choices that stand for most people are made.
    pub fn initial() -> Self {
        Self {
            life_stage: "NONE".to_owned(),
            energy_equation: "MIFFLIN_ST_JEOR".to_owned(),
            reference_set: "US_DRI".to_owned(),
            direction: Direction::Maintain.key().to_owned(),
            pace_kcal: Profile::PACES_KCAL[0].to_string(),
            diet: "OMNIVORE".to_owned(),
            meals_per_day: "3".to_owned(),
            ..Self::default()
        }
    }

    /// What the server's use case takes.
    pub fn draft(&self) -> ProfileDraft {
        let text = |text: &String| Some(text.clone());
        ProfileDraft {
            sex: text(&self.sex),
            age: number(&self.age),
            height_cm: number(&self.height_cm),
            weight_kg: number(&self.weight_kg),
            life_stage: text(&self.life_stage),
            activity: text(&self.activity),
            energy_equation: text(&self.energy_equation),
            reference_set: text(&self.reference_set),
            direction: text(&self.direction),
            pace_kcal: number(&self.pace_kcal),
            diet: text(&self.diet),
            allergens: self.allergens.clone(),
            disliked_foods: self.disliked_foods.clone(),
            disliked_dishes: self.disliked_dishes.clone(),
            meals_per_day: number(&self.meals_per_day),
            weekly_budget: number(&self.weekly_budget).map(|dollars| (dollars * 100.0).round()),
        }
    }

    /// The profile that the answers mean.
    ///
    /// # Errors
    /// Every refused field, numbers in the form's units.
    pub fn profile(&self) -> Result<Profile, Vec<InvalidField>> {
        self.draft().validate().map_err(in_form_units)
    }
}

/// Refusals as the form shows them: the budget there is in dollars.
pub fn in_form_units(mut fields: Vec<InvalidField>) -> Vec<InvalidField> {
    for field in &mut fields {
        if let (InvalidCode::OutOfRange { min, max }, "weeklyBudget") =
            (&mut field.code, field.field.as_str())
        {
            *min /= 100;
            *max /= 100;
        }
    }
    fields
}

/// A number as people write it: `72.5`, `72,5`, `$ 75`. `None` where there is nothing, and no
/// number at all (NaN, which a draft refuses as malformed) where there is something else.
fn number(text: &str) -> Option<f64> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '$')
        .map(|c| if c == ',' { '.' } else { c })
        .collect();
    if plain.is_empty() {
        return None;
    }
    // Rust reads more as a number than a person would: `inf`, `1e3`.
    let digits = plain
        .strip_prefix(['-', '+'])
        .unwrap_or(&plain)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    Some(if digits {
        plain.parse().unwrap_or(f64::NAN)
    } else {
        f64::NAN
    })
}

/// An amount as it is typed: `62`, `72.5`.
fn plain(amount: Amount) -> String {
    amount.to_decimal().to_string()
}

impl From<&Profile> for Answers {
    fn from(profile: &Profile) -> Self {
        let pace = match profile.direction {
            Direction::Maintain => Profile::PACES_KCAL[0],
            Direction::Lose | Direction::Gain => profile.pace_kcal,
        };
        Self {
            sex: profile.sex.key().to_owned(),
            age: profile.age.to_string(),
            height_cm: profile.height_cm.to_string(),
            weight_kg: plain(profile.weight_kg),
            life_stage: profile.life_stage.key().to_owned(),
            activity: profile.activity.key().to_owned(),
            energy_equation: profile.energy_equation.key().to_owned(),
            reference_set: profile.reference_set.key().to_owned(),
            direction: profile.direction.key().to_owned(),
            pace_kcal: pace.to_string(),
            diet: profile.diet.key().to_owned(),
            allergens: profile
                .allergens
                .iter()
                .map(|one| one.key().to_owned())
                .collect(),
            disliked_foods: profile
                .disliked_foods
                .iter()
                .map(|one| one.0.clone())
                .collect(),
            disliked_dishes: profile
                .disliked_dishes
                .iter()
                .map(|one| one.0.clone())
                .collect(),
            meals_per_day: profile.meals_per_day.to_string(),
            weekly_budget: profile
                .weekly_budget
                .map(|cents| plain(Amount(cents * 10)))
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        Answers {
            sex: "FEMALE".into(),
            age: "21".into(),
            height_cm: "165".into(),
            weight_kg: "62,5".into(),
            activity: "MODERATE".into(),
            weekly_budget: "$ 75.50".into(),
            ..Answers::initial()
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let profile = answers().profile().unwrap();
        assert_eq!(profile.weight_kg, Amount(62_500));
        assert_eq!(profile.weekly_budget, Some(7550));
        for wrong in ["inf", "NaN", "1e3", "7 2 kg", ".", "1.2.3", "0x10"] {
            assert!(number(wrong).is_some_and(f64::is_nan), "{wrong}");
        }
        assert_eq!(number(" 1 234,5\u{a0}"), Some(1234.5));
        assert_eq!(number("  "), None);
    }

    #[test]
    fn a_saved_profile_fills_the_form_with_itself() {
        let profile = answers().profile().unwrap();
        assert_eq!(Answers::from(&profile).profile(), Ok(profile));
    }

    #[test]
    fn every_wrong_field_is_named_in_the_forms_units() {
        let wrong = Answers {
            age: "300".into(),
            height_cm: "tall".into(),
            weight_kg: String::new(),
            weekly_budget: "5".into(),
            ..answers()
        };
        let refused = wrong.profile().unwrap_err();
        let of = |name: &str| {
            refused
                .iter()
                .find(|field| field.field == name)
                .map(|it| &it.code)
        };
        assert_eq!(
            of("age"),
            Some(&InvalidCode::OutOfRange { min: 14, max: 120 })
        );
        assert_eq!(of("heightCm"), Some(&InvalidCode::Malformed));
        assert_eq!(of("weightKg"), Some(&InvalidCode::Required));
        assert_eq!(
            of("weeklyBudget"),
            Some(&InvalidCode::OutOfRange { min: 10, max: 1000 })
        );
    }
}
