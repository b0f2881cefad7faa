//! Somebody: what they are here, and whether they may sign in.

use super::api::{EditPerson, PersonLine, get_person};
use super::view::standing;
use crate::components::icon;
use crate::components::{Choice, Choices, Form, Icon, Notice, Skeleton, Submit};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::address;
use crate::pages::plan::answer;
use domain::account::Role;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

#[component]
pub fn PersonPage() -> impl IntoView {
    let params = use_params_map();
    let saved = use_query_map().with_untracked(|query| query.get("saved").is_some());
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let person = Resource::new_blocking(move || id.get(), |id| async move { get_person(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(person.await, |data| page(data, saved)) })}
        </Suspense>
    }
}

fn page(data: PersonLine, saved: bool) -> AnyView {
    let head = view! {
        <p class="small"><a class="back-link" href="/admin/people"><Icon path=icon::BACK/>{t(Key::PeopleTitle)}</a></p>
        <h1>{data.name.clone()}</h1>
        <p class="lede">{data.email.clone()}</p>
    };
    let told = saved
        .then(|| view! { <Notice tone="leaf"><p role="status">{t(Key::PeopleSaved)}</p></Notice> });
    let orders = address("/admin/orders", &[("person", &data.email)]);
    let log = address("/admin/audit", &[("actor", &data.id)]);
    let title = data.name.clone();
    let facts = view! {
        <section class="card" aria-labelledby="facts">
            <h2 class="h4" id="facts">{t(Key::PeopleFacts)}</h2>
            <dl class="facts">
                <div><dt>{t(Key::PeopleRole)}</dt><dd>{data.role.1.clone()}</dd></div>
                <div><dt>{t(Key::PeopleStanding)}</dt><dd>{standing(data.active)}</dd></div>
                <div><dt>{t(Key::PeopleSince)}</dt><dd>{data.since.clone().full()}</dd></div>
            </dl>
            <p class="cluster">
                <a href=orders>{t(Key::PeopleOrders)}</a>
                <a href=log>{t(Key::PeopleLog)}</a>
            </p>
        </section>
    };
    let form = if data.own {
        view! { <Notice><p>{t(Key::PeopleOwn)}</p></Notice> }.into_any()
    } else {
        form(data)
    };
    let body = view! {
        <Title text=title/>
        {told}
        <div class="job-body">
            <div class="stack">{form}</div>
            <aside class="stack">{facts}</aside>
        </div>
    };
    panel(Section::People, head.into_any(), false, body.into_any())
}

fn form(data: PersonLine) -> AnyView {
    let roles = Role::ALL
        .map(|role| {
            Choice::new(role.key(), name("role", role.key())).note(name("role_note", role.key()))
        })
        .into();
    let standings = vec![
        Choice::new("true", t(Key::PeopleActive)).note(t(Key::PeopleActiveNote)),
        Choice::new("false", t(Key::PeopleInactive)).note(t(Key::PeopleInactiveNote)),
    ];
    view! {
        <section class="card" aria-labelledby="edit">
            <h2 class="h4" id="edit">{t(Key::PeopleEdit)}</h2>
            <Form action=EditPerson::PATH changed=Key::PeopleChanged>
                <input type="hidden" name="person" value=data.id/>
                <input type="hidden" name="seen_role" value=data.role.0.clone()/>
                <input type="hidden" name="seen_active" value=data.active.to_string()/>
                <Choices name="role" legend=t(Key::PeopleRole) options=roles selected=vec![data.role.0]/>
                <Choices name="active" legend=t(Key::PeopleStanding) options=standings selected=vec![data.active.to_string()]/>
                <div class="form-actions"><Submit label=t(Key::PeopleSave)/></div>
            </Form>
        </section>
    }
    .into_any()
}
