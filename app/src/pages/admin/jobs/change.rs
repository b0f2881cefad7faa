//! Before all that match are changed: how many, and whether that can be taken back.

use super::api::{ChangeAllJobs, ChangeAllView, get_change_all};
use super::filter::Filter;
use crate::components::icon;
use crate::components::{Empty, Field, Form, Icon, Notice, Skeleton, Submit};
use crate::context::{fill, name, number, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use domain::job::{JobChange, JobState};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn ChangeAllPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let action = query.get("action").unwrap_or_default();
            (Filter::read(query), action)
        })
    });
    let change = Resource::new_blocking(
        move || asked.get(),
        |(filter, action)| async move { get_change_all(filter, action).await },
    );
    view! {
        <Title text=t(Key::ChangePageTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let change = change.await;
                answer(change, |data| page(data, asked.get_untracked().0))
            })}
        </Suspense>
    }
}

fn page(data: ChangeAllView, filter: Filter) -> AnyView {
    let ChangeAllView {
        action,
        question,
        effect,
        among,
        undoable,
        conditions,
    } = data;
    let section = if filter.state == JobState::Dead.key() {
        Section::DeadLetters
    } else {
        Section::Jobs
    };
    let back = filter.address("/admin/jobs", &[]);
    let Some(question) = question else {
        let head = view! { <h1>{t(Key::ChangePageTitle)}</h1> };
        let body = view! {
            <Empty title=t(Key::ChangePageNone) text=t(Key::ChangePageNoneText) within=true>
                <a class="btn btn--primary" href=back>{t(Key::ChangePageBack)}</a>
            </Empty>
        };
        return panel(section, head.into_any(), false, body.into_any());
    };
    let conditions = if conditions.is_empty() {
        view! { <p><strong>{t(Key::ChangePageEveryJob)}</strong></p> }.into_any()
    } else {
        let facts = conditions
            .into_iter()
            .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
            .collect_view();
        view! { <dl class="facts">{facts}</dl> }.into_any()
    };
    let hidden = filter
        .conditions()
        .map(|(name, value)| view! { <input type="hidden" name=format!("filter[{name}]") value=value.to_owned()/> })
        .collect_view();
    let priority = (action == "SET_PRIORITY").then(|| {
        let most = number(JobChange::PRIORITY_MOST);
        let least = number(-JobChange::PRIORITY_MOST);
        let hint = fill(
            Key::ChangePagePriorityHint,
            &[("least", &least), ("most", &most)],
        );
        view! { <div class="change__priority"><Field name="priority" label=t(Key::ChangePagePriority) hint=hint value="100"/></div> }
    });
    let (tone, undo) = if undoable {
        ("blue", Key::ChangePageUndoable)
    } else {
        ("beet", Key::ChangePageFinal)
    };
    let class = if undoable {
        "btn--primary"
    } else {
        "btn--danger"
    };
    let confirm = name("change", &action);
    let head = view! {
        <h1>{question}</h1>
        <p class="lede">{effect}</p>
    };
    let body = view! {
        <div class="change stack">
            <section class="card" aria-labelledby="which">
                <h2 class="h4" id="which">{t(Key::ChangePageFilter)}</h2>
                {conditions}
            </section>
            <Notice tone=tone title=t(undo)>
                <p>{t(Key::ChangePageProgress)}</p>
                {among.map(|among| view! { <p>{among}</p> })}
            </Notice>
            <Form action=ChangeAllJobs::PATH>
                <input type="hidden" name="action" value=action/>
                {hidden}
                {priority}
                <div class="form-actions">
                    <Submit label=confirm class=class/>
                    <a class="btn btn--quiet" href=back><Icon path=icon::BACK/>{t(Key::ChangePageKeep)}</a>
                </div>
            </Form>
        </div>
    };
    panel(section, head.into_any(), false, body.into_any())
}
