//! The four steps of the form.

use super::api::Item;
use super::dislikes;
use super::form::{Answers, STEPS, names};
use super::live::Live;
use crate::components::{Choice, Choices, Field, FormState};
use crate::context::{fill, name, number, t};
use domain::allergen::Allergen;
use domain::diet::Diet;
use domain::food::Aisle;
use domain::profile::{Activity, Direction, EnergyEquation, LifeStage, Profile, ReferenceSet, Sex};
use leptos::prelude::*;
use locales::Key;

/// A step: all of them are in the document, one is shown.
fn step(live: Live, index: usize, title: Key, text: Key, parts: AnyView) -> AnyView {
    let (this, all) = ((index + 1).to_string(), STEPS.to_string());
    let place = fill(Key::ProfileStepOf, &[("step", &this), ("steps", &all)]);
    view! {
        <fieldset class="step" hidden=move || live.step.get().is_some_and(|shown| shown != index)>
            <legend class="step__head" id=format!("step-{index}") tabindex="-1">
                <span class="eyebrow">{place}</span>
                <h2>{t(title)}</h2>
            </legend>
            <p class="muted">{t(text)}</p>
            {parts}
        </fieldset>
    }
    .into_any()
}

/// Choices by their wire names, texts from a table of the catalogue of sentences.
fn named(table: &str, keys: &[&str]) -> Vec<Choice> {
    keys.iter()
        .map(|key| Choice::new(*key, name(table, key)))
        .collect()
}

/// The same, with notes.
fn noted(table: &str, keys: &[&str]) -> Vec<Choice> {
    let notes = format!("{table}_note");
    keys.iter()
        .map(|key| Choice::new(*key, name(table, key)).note(name(&notes, key)))
        .collect()
}

/// Who somebody is.
pub fn about(live: Live, answers: &Answers) -> AnyView {
    let parts = view! {
        <Choices
            name=names::SEX legend=t(Key::ProfileSex) hint=t(Key::ProfileSexHint) class="segmented"
            options=named("sex", &Sex::ALL.map(Sex::key)) selected=vec![answers.sex.clone()]
        />
        <div class="grid measures">
            <Field name=names::AGE label=t(Key::ProfileAge) inputmode="numeric" unit=t(Key::ProfileAgeUnit) value=answers.age.clone()/>
            <Field name=names::HEIGHT label=t(Key::ProfileHeight) inputmode="numeric" unit="cm" value=answers.height_cm.clone()/>
            <Field name=names::WEIGHT label=t(Key::ProfileWeight) inputmode="decimal" unit="kg" value=answers.weight_kg.clone()/>
        </div>
        <div class="only-female">
            <Choices
                name=names::LIFE_STAGE legend=t(Key::ProfileLifeStage) class="pills"
                options=named("life_stage", &LifeStage::ALL.map(LifeStage::key)) selected=vec![answers.life_stage.clone()]
            />
        </div>
        <Choices
            name=names::ACTIVITY legend=t(Key::ProfileActivity)
            options=noted("activity", &Activity::ALL.map(Activity::key)) selected=vec![answers.activity.clone()]
        />
    };
    step(
        live,
        0,
        Key::ProfileAbout,
        Key::ProfileAboutText,
        parts.into_any(),
    )
}

/// What somebody wants.
pub fn goal(live: Live, answers: &Answers) -> AnyView {
    // A kilogram of body fat is some 7,700 kcal.
    let pace = |kcal: i64| {
        let grams = kcal * 7 * 1000 / 7700;
        let weight = format!("{}.{}", grams / 1000, (grams % 1000 + 50) / 100);
        let label = fill(Key::ProfilePaceLabel, &[("kcal", &number(kcal))]);
        Choice::new(kcal.to_string(), label)
            .note(fill(Key::ProfilePaceNote, &[("weight", &weight)]))
    };
    let form = FormState::current();
    let special = answers.energy_equation != EnergyEquation::default().key()
        || answers.reference_set != ReferenceSet::default().key();
    // A message must not hide in a closed box; the box is never closed on somebody, though.
    let open = Memo::new(move |before: Option<&bool>| {
        let refused = form
            .error(names::EQUATION)
            .or(form.error(names::REFERENCES))
            .is_some();
        before.copied().unwrap_or(special) || refused
    });
    let parts = view! {
        <Choices
            name=names::DIRECTION legend=t(Key::ProfileDirection) class="segmented"
            options=named("direction", &Direction::ALL.map(Direction::key)) selected=vec![answers.direction.clone()]
        />
        <div class="only-changing">
            <Choices
                name=names::PACE legend=t(Key::ProfilePace) hint=t(Key::ProfilePaceHint)
                options=Profile::PACES_KCAL.map(pace).to_vec() selected=vec![answers.pace_kcal.clone()]
            />
        </div>
        <details class="disclosure" open=move || open.get()>
            <summary>{t(Key::ProfileMethod)}</summary>
            <div class="stack">
                <Choices
                    name=names::EQUATION legend=t(Key::ProfileEquation)
                    options=noted("equation", &EnergyEquation::ALL.map(EnergyEquation::key))
                    selected=vec![answers.energy_equation.clone()]
                />
                <Choices
                    name=names::REFERENCES legend=t(Key::ProfileReferences)
                    options=noted("reference_set", &ReferenceSet::ALL.map(ReferenceSet::key))
                    selected=vec![answers.reference_set.clone()]
                />
            </div>
        </details>
    };
    step(
        live,
        1,
        Key::ProfileGoal,
        Key::ProfileGoalText,
        parts.into_any(),
    )
}

/// What somebody may eat.
pub fn food(live: Live, answers: &Answers) -> AnyView {
    let parts = view! {
        <Choices
            name=names::DIET legend=t(Key::ProfileDiet)
            options=noted("diet", &Diet::ALL.map(Diet::key)) selected=vec![answers.diet.clone()]
        />
        <Choices
            name=names::ALLERGENS legend=t(Key::ProfileAllergens) hint=t(Key::ProfileAllergensHint) class="pills" several=true
            options=named("allergen", &Allergen::ALL.map(Allergen::key)) selected=answers.allergens.clone()
        />
    };
    step(
        live,
        2,
        Key::ProfileFood,
        Key::ProfileFoodText,
        parts.into_any(),
    )
}

/// What somebody would rather not eat, how often they eat and what it may cost.
pub fn taste(
    live: Live,
    answers: &Answers,
    left_out: Vec<Item>,
    foods: Vec<(Aisle, Vec<(String, String)>)>,
) -> AnyView {
    let (least, most) = Profile::MEALS_PER_DAY;
    let meals = (least..=most).map(|meals| Choice::new(meals.to_string(), meals.to_string()));
    let parts = view! {
        {dislikes::dislikes(live, answers, left_out, foods)}
        <Choices
            name=names::MEALS legend=t(Key::ProfileMeals) hint=t(Key::ProfileMealsHint) class="segmented"
            options=meals.collect() selected=vec![answers.meals_per_day.clone()]
        />
        <div class="budget">
            <Field
                name=names::BUDGET label=t(Key::ProfileBudget) hint=t(Key::ProfileBudgetHint) inputmode="decimal" unit="US$"
                optional=true value=answers.weekly_budget.clone()
            />
        </div>
    };
    step(
        live,
        3,
        Key::ProfileTaste,
        Key::ProfileTasteText,
        parts.into_any(),
    )
}
