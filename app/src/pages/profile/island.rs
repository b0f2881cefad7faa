//! The form of the profile, which the browser takes over.

use super::api::{ProfileData, SaveProfile};
use super::form::{Answers, STEPS, names};
use super::live::Live;
use super::{aside, browser, steps};
use crate::components::form::Submitted;
use crate::components::icon::{self, Icon};
use crate::components::{Form, FormState, Submit};
use crate::context::t;
use leptos::ev;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use locales::Key;

/// The form, alive in the browser: targets and preview follow what is typed.
#[island]
pub fn ProfileForm(
    /// What is stored, and what the form offers.
    data: ProfileData,
    /// What was typed, where the form was refused.
    submitted: Option<Submitted>,
) -> impl IntoView {
    // In the browser an island stands alone: what the page knows comes with it.
    provide_context(StoredValue::new(submitted));
    view! { <Form action=SaveProfile::PATH class="split profile">{within_form(data)}</Form> }
}

/// Everything in the form. What was typed into a refused form goes before what is stored.
fn within_form(data: ProfileData) -> AnyView {
    let form = FormState::current();
    let answers = match form.all_typed(names::AGE) {
        Some(_) => Answers::read(&|name| form.all_typed(name).unwrap_or_default()),
        None => data.saved.clone().unwrap_or_else(Answers::initial),
    };
    let saved = data.saved.is_some();
    let live = Live::start(answers.clone());
    let on_input = move |_: ev::Event| live.read(None);
    let on_change = move |event: ev::Event| {
        live.read(Some(&browser::input_name(&event).unwrap_or_default()));
    };
    // Enter in a field goes on, as long as there is a next step; it must not save half a profile.
    let on_keydown = move |event: ev::KeyboardEvent| {
        let going_on = live
            .step
            .get_untracked()
            .is_some_and(|step| step + 1 < STEPS);
        if event.key() == "Enter" && going_on && browser::input_name(&event).is_some() {
            event.prevent_default();
            live.next();
        }
    };
    view! {
        <div class="stack stack--l" node_ref=live.node on:input=on_input on:change=on_change on:keydown=on_keydown>
            {stepper(live, saved)}
            {steps::about(live, &answers)}
            {steps::goal(live, &answers)}
            {steps::food(live, &answers)}
            {steps::taste(live, &answers, data.left_out, data.foods)}
            {actions(live, saved)}
        </div>
        {aside::aside(live, data.week, data.planner)}
    }
    .into_any()
}

/// The steps; those that are behind somebody and sound are done.
fn stepper(live: Live, saved: bool) -> AnyView {
    let done = move |index| {
        let shown = live.step.get();
        let behind = saved || shown.is_some_and(|shown| index < shown);
        behind && shown != Some(index) && live.sound(index)
    };
    let step = |(index, title): (usize, Key)| {
        let on_click = move |event: ev::MouseEvent| {
            if live.step.get_untracked().is_some() {
                event.prevent_default();
                live.go(index);
            }
        };
        view! {
            <li
                aria-current=move || (live.step.get() == Some(index)).then_some("step")
                data-done=move || done(index).then_some("true")
            >
                <a href=format!("#step-{index}") on:click=on_click>{t(title)}</a>
            </li>
        }
    };
    let titles = [
        Key::ProfileAbout,
        Key::ProfileGoal,
        Key::ProfileFood,
        Key::ProfileTaste,
    ];
    view! {
        <nav aria-label=t(Key::ProfileSteps)>
            <ol class="steps">{titles.into_iter().enumerate().map(step).collect_view()}</ol>
        </nav>
    }
    .into_any()
}

fn actions(live: Live, saved: bool) -> AnyView {
    let first = Memo::new(move |_| live.step.get().is_none_or(|step| step == 0));
    let last = Memo::new(move |_| live.step.get().is_none_or(|step| step + 1 == STEPS));
    let back = move || {
        let step = live.step.get_untracked().unwrap_or_default();
        live.go(step.saturating_sub(1));
    };
    // Enter in the last step comes by here, too: a browser clicks the button then. What the server
    // would refuse is told without a way there and back.
    let send = move |event: ev::MouseEvent| {
        if live.step.get_untracked().is_some() && !live.ready() {
            event.prevent_default();
        }
    };
    view! {
        <div class="form-actions">
            {move || (!first.get()).then(|| view! {
                <button type="button" class="btn btn--quiet" on:click=move |_| back()><Icon path=icon::BACK/>{t(Key::ProfileBack)}</button>
            })}
            {move || (!last.get()).then(|| view! {
                <button type="button" class="btn btn--primary" on:click=move |_| live.next()>{t(Key::ProfileNext)}<Icon path=icon::ARROW/></button>
            })}
            <span on:click=send>
                {move || match (last.get(), saved) {
                    (true, _) => view! { <Submit label=t(Key::ProfileSave)/> }.into_any(),
                    (false, true) => view! { <Submit label=t(Key::ProfileSaveNow) class=""/> }.into_any(),
                    (false, false) => ().into_any(),
                }}
            </span>
        </div>
    }
    .into_any()
}
