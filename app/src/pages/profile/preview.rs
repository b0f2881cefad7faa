//! A day of the plan that the form's answers would give, computed in the browser by the same
//! engine, with the same catalogue and for the same week.

use super::browser;
use super::form::names;
use super::live::Live;
use crate::components::icon::{self, Icon};
use crate::components::{Plate, Skeleton};
use crate::context::{fill, language, name, number, t};
use domain::amount::Amount;
use domain::engine::{Conflict, Infeasible, Relaxation};
use domain::preview::{Day, Preview, Request};
use domain::week::IsoWeek;
use leptos::prelude::*;
use locales::Key;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long the answers must rest before a week is planned.
const PAUSE: Duration = Duration::from_millis(400);

#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Shown(Preview),
    Lost,
}

/// Where the engine and its catalogue are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannerAddresses {
    /// The worker's script.
    pub script: String,
    /// The worker's module.
    pub module: String,
    /// The catalogue.
    pub catalogue: String,
}

/// The preview; nothing without JavaScript, and nothing before the answers mean something.
pub fn preview(live: Live, week: IsoWeek, addresses: PlannerAddresses) -> AnyView {
    let state = RwSignal::new(State::Waiting);
    let busy = RwSignal::new(false);
    // The request that is to be answered, and whether the planner is at one: a newer one waits
    // until then, and those between are left out.
    let wanted = StoredValue::new(None::<String>);
    let at_work = StoredValue::new(false);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let language = language();
    let cancel = move || {
        if let Some(handle) = waiting.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    on_cleanup(cancel);

    let ask = move || {
        let Some(request) = wanted.try_update_value(Option::take).flatten() else {
            busy.set(false);
            return;
        };
        at_work.set_value(true);
        browser::ask_planner(&request);
    };
    let hear = move |answer: Option<String>| {
        at_work.set_value(false);
        let answer = answer.and_then(|json| serde_json::from_str(&json).ok());
        // What has been answered is out of date where something newer waits.
        if wanted.with_value(Option::is_none) {
            state.set(answer.map_or(State::Lost, State::Shown));
        }
        ask();
    };
    let start = move || {
        let PlannerAddresses {
            script,
            module,
            catalogue,
        } = &addresses;
        let places = serde_json::json!({ "module": module, "catalogue": catalogue }).to_string();
        if !browser::start_planner(script, &places, hear) {
            state.set(State::Lost);
        }
        if !at_work.get_value() {
            ask();
        }
    };
    let started = StoredValue::new(false);
    Effect::new(move || {
        cancel();
        let Ok(profile) = live.profile.get() else {
            wanted.set_value(None);
            busy.set(at_work.get_value());
            return;
        };
        busy.set(true);
        let start = (!started.get_value()).then(|| start.clone());
        started.set_value(true);
        let request = move || {
            let request = Request {
                profile: profile.clone(),
                week,
                language,
            };
            wanted.set_value(serde_json::to_string(&request).ok());
            match &start {
                Some(start) => start(),
                None if !at_work.get_value() => ask(),
                None => {}
            }
        };
        waiting.set_value(set_timeout_with_handle(request, PAUSE).ok());
    });

    let sound = Memo::new(move |_| live.step.get().is_some() && live.profile.with(Result::is_ok));
    let digest = move || {
        state.with(|state| match state {
            State::Shown(Preview::Day(day)) if !busy.get() && sound.get() => {
                Some(day.digest.clone())
            }
            _ => None,
        })
    };
    // Sound answers show; while somebody is in the middle of a number, the last day stays.
    let shown =
        Memo::new(move |before: Option<&bool>| before.copied().unwrap_or_default() || sound.get());
    view! {
        <section
            class="card preview"
            hidden=move || !shown.get()
            aria-busy=move || busy.get().then_some("true")
            data-plan-digest=digest
            aria-label=t(Key::ProfilePreview)
        >
            {move || shown.get().then(|| match state.get() {
                State::Waiting => view! { <p class="small muted">{t(Key::ProfilePreviewWait)}</p><Skeleton lines=4/> }.into_any(),
                State::Shown(Preview::Day(day)) => day_view(day),
                State::Shown(Preview::Infeasible(reason)) => infeasible(live, reason),
                State::Lost => view! { <p class="small muted">{t(Key::ProfilePreviewLost)}</p> }.into_any(),
            })}
        </section>
    }
    .into_any()
}

fn day_view(day: Day) -> AnyView {
    let meals = day
        .meals
        .into_iter()
        .map(|meal| {
            view! {
                <li class="meal-row">
                    <Plate id=meal.dish_id.0 groups=meal.groups size="plate--s"/>
                    <span class="eyebrow">{name("meal", meal.meal.key())}</span>
                    <span class="meal-row__name">{meal.name}</span>
                    <span class="meal-row__aside num">{number(meal.energy)} " kcal"</span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    let total = [
        ("energy", number(day.energy)),
        ("target", number(day.target)),
    ];
    let total = fill(
        Key::ProfilePreviewTotal,
        &total.each_ref().map(|(key, text)| (*key, text.as_str())),
    );
    view! {
        <div>
            <h2 class="h3">{t(Key::ProfilePreview)}</h2>
            <p class="small muted">{t(Key::ProfilePreviewText)}</p>
        </div>
        <ul class="preview__meals">{meals}</ul>
        <p class="small num preview__total">{total}</p>
    }
    .into_any()
}

fn infeasible(live: Live, reason: Infeasible) -> AnyView {
    let conflicts = reason
        .conflicts
        .iter()
        .map(|it| view! { <li>{conflict(it)}</li> }.into_any())
        .collect_view();
    let helps = (!reason.relaxations.is_empty()).then(|| {
        let buttons = reason
            .relaxations
            .into_iter()
            .map(|relaxation| {
                let label = relax_label(&relaxation);
                view! {
                    <li>
                        <button type="button" class="btn btn--s" on:click=move |_| relax(live, &relaxation)>{label}</button>
                    </li>
                }
                .into_any()
            })
            .collect_view();
        view! { <p class="small">{t(Key::ProfileInfeasibleHelp)}</p><ul class="stack stack--s preview__helps">{buttons}</ul> }
    });
    view! {
        <div class="notice" data-tone="saffron" role="alert">
            <Icon path=icon::ALERT/>
            <strong>{name("problem", "INFEASIBLE")}</strong>
            <p>{t(Key::ProfileInfeasible)}</p>
            <ul>{conflicts}</ul>
        </div>
        {helps}
    }
    .into_any()
}

fn dollars(cents: i64) -> String {
    if cents % 100 == 0 {
        number(cents / 100)
    } else {
        format!("{}.{:02}", number(cents / 100), cents % 100)
    }
}

fn conflict(conflict: &Conflict) -> String {
    let one = |key, argument: &str, text: &str| fill(key, &[(argument, text)]);
    match conflict {
        Conflict::Diet { diet } => one(Key::ConflictDiet, "diet", &name("diet", diet.key())),
        Conflict::Allergen { allergen } => one(
            Key::ConflictAllergen,
            "allergen",
            &name("allergen", allergen.key()),
        ),
        Conflict::DislikedFoods => t(Key::ConflictDislikedFoods).to_owned(),
        Conflict::DislikedDishes => t(Key::ConflictDislikedDishes).to_owned(),
        Conflict::Budget { cents } => one(Key::ConflictBudget, "dollars", &dollars(*cents)),
        Conflict::MealsPerDay { meals } => one(Key::ConflictMealsPerDay, "meals", &number(*meals)),
        Conflict::FewDishes { meal, dishes } => fill(
            Key::ConflictFewDishes,
            &[
                ("meal", &name("meal", meal.key())),
                ("dishes", &number(*dishes)),
            ],
        ),
        Conflict::Energy { kcal } => one(Key::ConflictEnergy, "kcal", &number(*kcal)),
        Conflict::Protein { grams } => one(Key::ConflictProtein, "grams", &number(*grams)),
        Conflict::UpperLevel { nutrient } => one(
            Key::ConflictUpperLevel,
            "nutrient",
            &name("nutrient", nutrient.key()),
        ),
        Conflict::NetCarbohydrate { grams } => {
            one(Key::ConflictNetCarbohydrate, "grams", &number(*grams))
        }
    }
}

fn relax_label(relaxation: &Relaxation) -> String {
    let one = |key, argument: &str, text: &str| fill(key, &[(argument, text)]);
    match relaxation {
        Relaxation::Diet { diet } => one(Key::RelaxationDiet, "diet", &name("diet", diet.key())),
        Relaxation::AllowDislikedFoods => t(Key::RelaxationAllowDislikedFoods).to_owned(),
        Relaxation::AllowDislikedDishes => t(Key::RelaxationAllowDislikedDishes).to_owned(),
        Relaxation::MealsPerDay { meals } => {
            one(Key::RelaxationMealsPerDay, "meals", &number(*meals))
        }
        Relaxation::Budget { at_least } => {
            one(Key::RelaxationBudget, "dollars", &dollars(*at_least))
        }
        Relaxation::Pace { pace_kcal: 0 } => t(Key::RelaxationKeepWeight).to_owned(),
        Relaxation::Pace { pace_kcal } => one(Key::RelaxationPace, "kcal", &number(*pace_kcal)),
    }
}

/// Makes the change in the form, as somebody would by hand.
fn relax(live: Live, relaxation: &Relaxation) {
    let choose = |name: &str, value: &str| {
        browser::click_all(
            live.node,
            &format!("input[name='{name}'][value='{value}']:not(:checked)"),
        );
    };
    let untick =
        |name: &str| browser::click_all(live.node, &format!("input[name='{name}']:checked"));
    match relaxation {
        Relaxation::Diet { diet } => choose(names::DIET, diet.key()),
        Relaxation::AllowDislikedFoods => untick(names::DISLIKED_FOODS),
        Relaxation::AllowDislikedDishes => untick(names::DISLIKED_DISHES),
        Relaxation::MealsPerDay { meals } => choose(names::MEALS, &meals.to_string()),
        Relaxation::Budget { at_least } => {
            let text = Amount(at_least * 10).to_decimal().to_string();
            browser::write(
                live.node,
                &format!("input[name='{}']", names::BUDGET),
                &text,
            );
            live.read(Some(names::BUDGET));
        }
        Relaxation::Pace { pace_kcal: 0 } => choose(names::DIRECTION, "MAINTAIN"),
        Relaxation::Pace { pace_kcal } => choose(names::PACE, &pace_kcal.to_string()),
    }
}
