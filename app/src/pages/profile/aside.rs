//! The targets beside the form: they follow each answer.

use super::live::Live;
use super::preview::{self, PlannerAddresses};
use super::wire_name;
use crate::components::Notice;
use crate::components::icon::{self, Icon};
use crate::context::{amount, fill, name, number, t};
use domain::amount::Amount;
use domain::nutrient::Nutrient;
use domain::target::{NutrientTarget, TargetNote, Targets};
use domain::week::IsoWeek;
use leptos::prelude::*;
use locales::Key;

/// The nutrients that are shown; the plan has all of them.
const SHOWN: [Nutrient; 6] = [
    Nutrient::Fiber,
    Nutrient::Sodium,
    Nutrient::SaturatedFat,
    Nutrient::Calcium,
    Nutrient::Iron,
    Nutrient::VitaminD,
];
/// The most changes of nutrients that are told at once.
const CHANGES_MOST: usize = 3;

/// The aside. On a narrow screen it is a bar at the bottom that opens, once the browser can.
pub fn aside(live: Live, week: IsoWeek, planner: PlannerAddresses) -> AnyView {
    let open = RwSignal::new(false);
    let sheet = move || {
        live.step
            .get()
            .map(|_| if open.get() { "open" } else { "closed" })
    };
    let summary = move || {
        live.targets
            .with(|targets| targets.as_ref().map(|it| it.energy))
    };
    let bar = move || match summary() {
        Some(energy) => {
            view! { <b class="num">{number(energy)}</b><span>{t(Key::ProfileTargetsEnergy)}</span> }
                .into_any()
        }
        None => view! { <span>{t(Key::ProfileEmpty)}</span> }.into_any(),
    };
    let label = move || {
        t(if open.get() {
            Key::ProfileTargetsHide
        } else {
            Key::ProfileTargetsShow
        })
    };
    let waiting = move || live.targets.with(Option::is_some) && live.profile.with(Result::is_err);
    view! {
        // A stop of Tab: on a wide screen it scrolls by itself, and has nothing else to focus.
        <aside class="split__aside targets" tabindex="0" data-sheet=sheet aria-label=t(Key::ProfileTargets)>
            <button type="button" class="targets__bar" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                {bar}
                <span class="targets__toggle">{label}</span>
            </button>
            <div class="targets__body">
                <div class="card" data-stale=move || waiting().then_some("true")>
                    {move || live.targets.with(|targets| match targets {
                        Some(targets) => figures(targets),
                        None => empty(),
                    })}
                    <div class="stack stack--s" role="status">
                        {move || waiting().then(|| view! { <p class="small muted">{t(Key::ProfileTargetsWaiting)}</p> })}
                        {move || changes(live)}
                    </div>
                    {move || live.targets.with(|targets| targets.as_ref().map(|it| notes(&it.notes)))}
                </div>
                {preview::preview(live, week, planner)}
            </div>
        </aside>
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <div class="targets__empty">
            <Icon path=icon::SCALES/>
            <h2 class="h3">{t(Key::ProfileEmpty)}</h2>
            <p class="muted small">{t(Key::ProfileEmptyText)}</p>
        </div>
    }
    .into_any()
}

fn figures(targets: &Targets) -> AnyView {
    let resting = targets
        .resting_energy
        .map(|kcal| fill(Key::ProfileTargetsRest, &[("kcal", &number(kcal))]));
    let keep = fill(
        Key::ProfileTargetsKeep,
        &[("kcal", &number(targets.maintenance_energy))],
    );
    let nutrients = SHOWN
        .into_iter()
        .filter_map(|nutrient| targets.nutrients.iter().find(|target| target.nutrient == nutrient))
        .map(|target| view! { <div><dt>{name("nutrient", target.nutrient.key())}</dt><dd class="num">{bounds(target)}</dd></div> }.into_any())
        .collect_view();
    view! {
        <div class="targets__energy">
            <h2 class="eyebrow">{t(Key::ProfileTargets)}</h2>
            <p><b class="num">{number(targets.energy)}</b> " " <span>{t(Key::ProfileTargetsEnergy)}</span></p>
            <p class="small muted num">{keep}{resting.map(|resting| format!(" · {resting}"))}</p>
        </div>
        <div class="stack stack--s">
            {macronutrient("protein", targets.protein, 4, targets.energy)}
            {macronutrient("carbohydrate", targets.carbohydrate, 4, targets.energy)}
            {macronutrient("fat", targets.fat, 9, targets.energy)}
        </div>
        <dl class="targets__nutrients">{nutrients}</dl>
    }
    .into_any()
}

/// A range of grams, drawn as a part of the day's energy.
fn macronutrient(
    key: &'static str,
    (least, most): (Amount, Amount),
    kcal: i64,
    energy: i64,
) -> AnyView {
    let share = |grams: Amount| (grams.to_decimal() * kcal as f64 / energy.max(1) as f64).min(1.0);
    let (from, to) = (share(least), share(most));
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let grams = if least == Amount::ZERO {
        fill(
            Key::ProfileTargetsUpTo,
            &[("most", &number(most.rounded()))],
        )
    } else {
        let (least, most) = (number(least.rounded()), number(most.rounded()));
        fill(
            Key::ProfileTargetsRange,
            &[("least", &least), ("most", &most)],
        )
    };
    let title = fill(
        Key::ProfileTargetsShare,
        &[("least", &percent(from)), ("most", &percent(to))],
    );
    view! {
        <div class=format!("range macro-{key}")>
            <span>{name("nutrient", key)}</span>
            <b class="num">{grams}</b>
            <div class="range__track" title=title style=format!("--from:{from:.3};--to:{to:.3}") aria-hidden="true"></div>
        </div>
    }
    .into_any()
}

fn bounds(target: &NutrientTarget) -> String {
    let unit = target.nutrient.unit().symbol();
    let bound = |key, value: Amount| fill(key, &[("amount", &format!("{} {unit}", amount(value)))]);
    match (&target.at_least, &target.at_most) {
        (Some(least), _) => bound(Key::ProfileTargetsLeast, least.amount),
        (None, Some(most)) => bound(Key::ProfileTargetsMost, most.amount),
        (None, None) => String::new(),
    }
}

/// What the last change did: energy first, then references that do not just follow from energy.
fn changes(live: Live) -> Option<AnyView> {
    let before = live.before.get()?;
    let now = live.targets.get()?;
    let difference = now.energy - before.energy;
    let energy = (difference != 0).then(|| {
        let sign = if difference > 0 { "+" } else { "" };
        view! { <li class="chip" data-tone="accent">{format!("{sign}{} kcal", number(difference))}</li> }
            .into_any()
    });
    let follows = |nutrient| {
        matches!(
            nutrient,
            Nutrient::Fat | Nutrient::Carbohydrate | Nutrient::SaturatedFat
        )
    };
    let others = now
        .nutrients
        .iter()
        .filter(|target| difference == 0 || !follows(target.nutrient))
        .filter_map(|target| {
            let old = before
                .nutrients
                .iter()
                .find(|old| old.nutrient == target.nutrient)?;
            let value = |target: &NutrientTarget| {
                target
                    .at_least
                    .as_ref()
                    .or(target.at_most.as_ref())
                    .map(|it| it.amount)
            };
            let (from, to) = (value(old)?, value(target)?);
            (from != to).then(|| {
                let to = format!("{} {}", amount(to), target.nutrient.unit().symbol());
                let step = fill(
                    Key::ProfileChangedTo,
                    &[("from", &amount(from)), ("to", &to)],
                );
                format!("{} {step}", name("nutrient", target.nutrient.key()))
            })
        })
        .take(CHANGES_MOST)
        .map(|text| view! { <li class="chip" data-tone="blue">{text}</li> }.into_any())
        .collect::<Vec<_>>();
    if energy.is_none() && others.is_empty() {
        return None;
    }
    let changes = view! {
        <p class="small muted">{t(Key::ProfileChanged)}</p>
        <ul class="cluster cluster--s targets__changes">{energy}{others}</ul>
    };
    Some(changes.into_any())
}

fn notes(notes: &[TargetNote]) -> AnyView {
    notes
        .iter()
        .map(|note| {
            let text = name("note", &wire_name(note));
            let tone = match note {
                TargetNote::LifeStageEnergyAdded | TargetNote::NotCertified => "blue",
                _ => "saffron",
            };
            view! { <Notice tone=tone><p>{text}</p></Notice> }
        })
        .collect_view()
        .into_any()
}
