//! What somebody would rather not eat: boxes that can be unticked, and a search that adds more.
//!
//! What is left out is a ticked box and nothing else, so it is sent the same way with and without
//! JavaScript, and unticking can be taken back.

use super::api::{Item, search_dislikes};
use super::form::{Answers, names};
use super::live::Live;
use super::wire_name;
use crate::components::form::field_error;
use crate::components::icon::{self, Icon};
use crate::context::{name, t};
use domain::food::Aisle;
use leptos::ev;
use leptos::prelude::*;
use locales::Key;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long somebody must pause before the server is asked.
const PAUSE: Duration = Duration::from_millis(250);

fn box_of(item: &Item) -> &'static str {
    if item.dish {
        names::DISLIKED_DISHES
    } else {
        names::DISLIKED_FOODS
    }
}

fn pill(name: &'static str, id: String, label: String, checked: bool) -> AnyView {
    view! { <label><input type="checkbox" name=name value=id checked=checked/><span>{label}</span></label> }
        .into_any()
}

/// The whole part.
pub fn dislikes(
    live: Live,
    answers: &Answers,
    left_out: Vec<Item>,
    foods: Vec<(Aisle, Vec<(String, String)>)>,
) -> AnyView {
    let ticked: BTreeSet<String> = answers
        .disliked_foods
        .iter()
        .chain(&answers.disliked_dishes)
        .cloned()
        .collect();
    let known: BTreeSet<String> = left_out.iter().map(|item| item.id.clone()).collect();
    let pills = left_out
        .iter()
        .map(|item| {
            pill(
                box_of(item),
                item.id.clone(),
                item.name.clone(),
                ticked.contains(&item.id),
            )
        })
        .collect_view();
    let added = RwSignal::new(Vec::<Item>::new());
    let aisles = foods
        .into_iter()
        .map(|(aisle, foods)| {
            let foods = foods
                .into_iter()
                .filter(|(id, _)| !known.contains(id))
                .map(|(id, label)| pill(names::DISLIKED_FOODS, id, label, false))
                .collect_view();
            view! {
                <fieldset class="field">
                    <legend>{name("aisle", &wire_name(&aisle))}</legend>
                    <div class="pills pills--s">{foods}</div>
                </fieldset>
            }
            .into_any()
        })
        .collect_view();
    let known = StoredValue::new(known);
    view! {
        <fieldset class="field dislikes">
            <legend>{t(Key::ProfileDislikes)}</legend>
            <p class="field__hint">{t(Key::ProfileDislikesHint)}</p>
            <div class="pills pills--out">
                {pills}
                <For each=move || added.get() key=|item| item.id.clone() let:item>
                    {pill(box_of(&item), item.id, item.name, true)}
                </For>
            </div>
            {move || live.step.get().map(|_| search(live, added, known))}
            {field_error(names::DISLIKED_FOODS)}
            {field_error(names::DISLIKED_DISHES)}
            <details class="disclosure">
                <summary>{t(Key::ProfileBrowse)}</summary>
                <div class="stack browse">{aisles}</div>
            </details>
        </fieldset>
    }
    .into_any()
}

/// The search box, in the browser only.
fn search(live: Live, added: RwSignal<Vec<Item>>, known: StoredValue<BTreeSet<String>>) -> AnyView {
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Vec<Item>>);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let cancel = move || {
        if let Some(handle) = waiting.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    on_cleanup(cancel);
    let ask = move || {
        let asked = text.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = search_dislikes(asked.clone()).await;
            // Somebody may have typed on, or left, while the server was looking.
            if text.try_get_untracked() == Some(asked) {
                found.try_set(answer.ok());
            }
        });
    };
    let on_input = move |event: ev::Event| {
        event.stop_propagation();
        text.set(event_target_value(&event));
        cancel();
        if text.with_untracked(|text| text.trim().is_empty()) {
            found.set(None);
        } else {
            waiting.set_value(set_timeout_with_handle(ask, PAUSE).ok());
        }
    };
    let on_keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let add = move |item: Item| {
        if known.with_value(|known| known.contains(&item.id)) {
            let selector = format!(
                "input[name='{}'][value='{}']:not(:checked)",
                box_of(&item),
                item.id
            );
            super::browser::click_all(live.node, &selector);
        } else if added.with_untracked(|added| added.iter().all(|known| known.id != item.id)) {
            added.update(|added| added.push(item.clone()));
        }
        let field = box_of(&item);
        // The new box is in the document after the effects have run.
        request_animation_frame(move || live.read(Some(field)));
    };
    let results = move || {
        let found = found.get()?;
        let rows = found
            .into_iter()
            .map(|item| result(live, item, add))
            .collect_view();
        Some(rows)
    };
    let none = move || found.with(|found| found.as_ref().is_some_and(Vec::is_empty));
    view! {
        <div class="field search">
            <label for="dislike-search">{t(Key::ProfileSearch)}</label>
            <div class="search__box">
                <Icon path=icon::SEARCH/>
                <input
                    class="input" id="dislike-search" type="search" autocomplete="off" placeholder=t(Key::ProfileSearchHint)
                    aria-controls="dislike-found" on:input=on_input on:keydown=on_keydown on:change=|event| event.stop_propagation()
                />
            </div>
            <ul class="search__found" id="dislike-found">{results}</ul>
            <p class="field__hint" role="status">{move || none().then(|| t(Key::ProfileFoundNone))}</p>
        </div>
    }
    .into_any()
}

fn result(live: Live, item: Item, add: impl Fn(Item) + Copy + Send + Sync + 'static) -> AnyView {
    let note = match (item.dish, item.used) {
        (true, _) => Key::ProfileFoundDish,
        (false, true) => Key::ProfileFoundFood,
        (false, false) => Key::ProfileFoundUnused,
    };
    let id = item.id.clone();
    let dish = item.dish;
    let out = Memo::new(move |_| {
        live.answers.with(|answers| {
            let list = if dish {
                &answers.disliked_dishes
            } else {
                &answers.disliked_foods
            };
            list.contains(&id)
        })
    });
    let mark = move || {
        if out.get() {
            view! { <span class="chip" data-tone="leaf"><Icon path=icon::CHECK/>{t(Key::ProfileFoundAlready)}</span> }
                .into_any()
        } else {
            view! { <Icon path=icon::PLUS/> }.into_any()
        }
    };
    let label = item.name.clone();
    view! {
        <li>
            <button type="button" aria-pressed=move || out.get().to_string() on:click=move |_| add(item.clone())>
                <span>{label}<small>{t(note)}</small></span>
                {mark}
            </button>
        </li>
    }
    .into_any()
}
