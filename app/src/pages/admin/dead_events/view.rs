use super::api::{DeadEventLine, DeadEventsView, RepeatEvent, get_dead_events};
use crate::components::{Empty, Form, Notice, Skeleton};
use crate::context::t;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::line::shortened;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn DeadEventsPage() -> impl IntoView {
    let query = use_query_map();
    let after = Memo::new(move |_| query.with(|query| query.get("after")).unwrap_or_default());
    let repeated = query.with_untracked(|query| query.get("repeated").is_some());
    let events = Resource::new_blocking(
        move || after.get(),
        |after| async move { get_dead_events(after).await },
    );
    view! {
        <Title text=t(Key::DeadEventsTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let events = events.await;
                answer(events, |data| page(data, !after.get_untracked().is_empty(), repeated))
            })}
        </Suspense>
    }
}

fn page(data: DeadEventsView, later: bool, repeated: bool) -> AnyView {
    let DeadEventsView {
        items,
        count,
        next,
        may_repeat,
    } = data;
    let head = view! {
        <h1>{t(Key::DeadEventsTitle)}</h1>
        <p class="lede">{t(Key::DeadEventsLede)}</p>
    };
    let repeated = repeated.then(
        || view! { <Notice tone="leaf"><p role="status">{t(Key::DeadEventsRepeated)}</p></Notice> },
    );
    let list = if items.is_empty() {
        view! { <Empty title=t(Key::DeadEventsNone) text=t(Key::DeadEventsNoneText) within=true/> }
            .into_any()
    } else {
        view! { <div class="card job-list">{table(items, may_repeat)}</div> }.into_any()
    };
    let next = next.map(|after| view! { <a class="btn" href=format!("/admin/dead-events?after={after}") rel="next">{t(Key::DeadEventsOlder)}</a> });
    let newest = later.then(
        || view! { <a class="btn btn--quiet" href="/admin/dead-events">{t(Key::DeadEventsNewest)}</a> },
    );
    let body = view! {
        {repeated}
        <Form action=RepeatEvent::PATH>
            <div class="stack" data-live="events">
                <p class="job-bar__count num">{count}</p>
                {list}
                <div class="cluster">{next}{newest}</div>
            </div>
        </Form>
    };
    panel(Section::DeadEvents, head.into_any(), true, body.into_any())
}

fn table(items: Vec<DeadEventLine>, may_repeat: bool) -> AnyView {
    let repeat = may_repeat.then(|| view! { <th scope="col">{t(Key::DeadEventsRepeat)}</th> });
    let rows = items
        .into_iter()
        .map(|line| row(line, may_repeat))
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table table--cards job-table">
                <caption class="visually-hidden">{t(Key::DeadEventsTitle)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t(Key::DeadEventsEvent)}</th>
                        <th scope="col">{t(Key::DeadEventsConsumer)}</th>
                        <th scope="col">{t(Key::DeadEventsAbout)}</th>
                        <th scope="col">{t(Key::DeadEventsWhy)}</th>
                        <th scope="col" class="num">{t(Key::DeadEventsFailed)}</th>
                        {repeat}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(line: DeadEventLine, may_repeat: bool) -> AnyView {
    let about = if line.owner.is_empty() {
        t(Key::DeadEventsNobody).to_owned()
    } else {
        line.owner
    };
    let label = format!("{}: {}", t(Key::DeadEventsRepeat), line.title);
    let repeat = may_repeat.then(|| {
        view! { <td><button class="btn btn--s" name="id" value=line.id.clone() aria-label=label>{t(Key::DeadEventsRepeat)}</button></td> }
    });
    view! {
        <tr data-key=line.id>
            <th scope="row">
                {line.title}
                <code>{line.kind}</code>
                <small class="muted">{line.happened.relative()}</small>
            </th>
            <td data-label=t(Key::DeadEventsConsumer)>{line.consumer}</td>
            <td class="job-table__about" data-label=t(Key::DeadEventsAbout)>
                {about}
                <code title=line.aggregate.clone()>{shortened(&line.aggregate)}</code>
            </td>
            <td data-label=t(Key::DeadEventsWhy)>{line.why} <code title=t(Key::DeadEventsRequest)>{line.request_id}</code></td>
            <td class="num" data-label=t(Key::DeadEventsFailed)>{line.attempts}<small class="muted">{line.failed.relative()}</small></td>
            {repeat}
        </tr>
    }
    .into_any()
}
