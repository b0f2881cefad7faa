//! A campus: what it is called, when it is open, its slots, and how it takes orders.

use super::api::{CampusView, SaveCampus, SetState, get_campus_editor};
use super::view::chip;
use crate::components::icon;
use crate::components::{Choice, Choices, Field, Form, Icon, Notice, Skeleton, Submit};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

/// The fields of the weekdays, Monday first.
const HOURS: [&str; 7] = [
    "hours_1", "hours_2", "hours_3", "hours_4", "hours_5", "hours_6", "hours_7",
];

#[component]
pub fn CampusEditorPage() -> impl IntoView {
    let params = use_params_map();
    let saved = use_query_map().with_untracked(|query| query.get("saved").is_some());
    let slug = Memo::new(move |_| {
        params
            .with(|params| params.get("campus"))
            .unwrap_or_default()
    });
    let campus = Resource::new_blocking(
        move || slug.get(),
        |slug| async move { get_campus_editor(slug).await },
    );
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(campus.await, |data| page(data, saved)) })}
        </Suspense>
    }
}

fn page(data: CampusView, saved: bool) -> AnyView {
    let title = data.line.name.clone();
    let head = view! {
        <p class="small"><a class="back-link" href="/admin/campuses"><Icon path=icon::BACK/>{t(Key::CampusesTitle)}</a></p>
        <h1>{title.clone()}</h1>
        <p>{chip(data.line.state.clone())}</p>
    };
    let told = saved.then(
        || view! { <Notice tone="leaf"><p role="status">{t(Key::CampusesSaved)}</p></Notice> },
    );
    let log = data.may_see_log.then(|| {
        let href = format!("/admin/audit?subject={}", data.line.slug);
        view! { <p class="small"><a href=href>{t(Key::PanelOrderAudit)}</a></p> }
    });
    let main = if data.may_edit {
        edit(&data)
    } else {
        view! { <Notice><p>{t(Key::CampusesReadOnly)}</p></Notice> }.into_any()
    };
    let state = data.may_edit.then(|| state(&data));
    let body = view! {
        <Title text=title/>
        {told}
        <div class="job-body">
            <div class="stack">{main}</div>
            <aside class="stack">{state}{log}</aside>
        </div>
    };
    panel(Section::Campuses, head.into_any(), false, body.into_any())
}

fn edit(data: &CampusView) -> AnyView {
    let data = data.clone();
    view! {
        <section class="card" aria-labelledby="edit">
            <h2 class="h4" id="edit">{t(Key::CampusesEdit)}</h2>
            <Form action=SaveCampus::PATH changed=Key::CampusesChanged>
                <input type="hidden" name="campus" value=data.line.slug/>
                <input type="hidden" name="version" value=data.version/>
                <div class="editor-row">
                    <Field name="name_en" label=t(Key::MenuEditorNameEn) value=data.name_en/>
                    <Field name="name_es" label=t(Key::MenuEditorNameEs) value=data.name_es/>
                </div>
                <h3 class="h4">{t(Key::CampusesHours)}</h3>
                <p class="field__hint">{t(Key::CampusesHoursHint)}</p>
                <div class="editor-row">{hours(data.hours)}</div>
                <h3 class="h4">{t(Key::CampusesSlots)}</h3>
                <div class="editor-row">
                    <Field name="slot_minutes" label=t(Key::CampusesSlot) unit="min" inputmode="numeric" value=data.slot_minutes/>
                    <Field name="slot_capacity" label=t(Key::CampusesCapacity) inputmode="numeric" value=data.slot_capacity/>
                    <Field name="lead_minutes" label=t(Key::CampusesLead) unit="min" inputmode="numeric" value=data.lead_minutes/>
                </div>
                <div class="form-actions"><Submit label=t(Key::CampusesSave)/></div>
            </Form>
        </section>
    }
    .into_any()
}

/// A field for each weekday. They are made within the form, so that they find what was typed.
fn hours(hours: Vec<String>) -> AnyView {
    HOURS
        .into_iter()
        .zip(hours)
        .enumerate()
        .map(|(day, (field, value))| {
            let label = name("weekday", &(day + 1).to_string());
            view! { <Field name=field label=label value=value optional=true/> }
        })
        .collect_view()
        .into_any()
}

fn state(data: &CampusView) -> AnyView {
    let states = ["OPEN", "BUSY", "PAUSED"]
        .map(|state| Choice::new(state, name("campus_state", state)))
        .into();
    let data = data.clone();
    view! {
        <section class="card" aria-labelledby="state">
            <h2 class="h4" id="state">{t(Key::CampusesState)}</h2>
            <Form action=SetState::PATH>
                <input type="hidden" name="campus" value=data.line.slug/>
                <Choices name="state" legend=t(Key::CampusesState) options=states selected=vec![data.state] class="segmented"/>
                <Field name="minutes" label=t(Key::CampusesBusyMinutes) unit="min" inputmode="numeric" value=data.minutes optional=true/>
                <Field name="until" label=t(Key::CampusesPausedUntil) kind="datetime-local" value=data.until optional=true/>
                <div class="form-actions"><Submit label=t(Key::CampusesSetState)/></div>
            </Form>
        </section>
    }
    .into_any()
}
