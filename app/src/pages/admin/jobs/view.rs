use super::api::{JobsView, get_jobs};
use super::filter::{Filter, SIZES};
use crate::components::{Empty, Icon, Notice, Skeleton};
use crate::components::{filter, icon};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::line::{job_table, state_name};
use crate::pages::plan::answer;
use domain::job::JobState;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn JobsPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::read));
    let deleted = query.with_untracked(|query| query.get("deleted").is_some());
    let dead = filter.with_untracked(|filter| filter.state == JobState::Dead.key());
    let title = if dead {
        Key::JobsDeadTitle
    } else {
        Key::JobsTitle
    };
    let jobs = Resource::new_blocking(
        move || filter.get(),
        |filter| async move { get_jobs(filter).await },
    );
    view! {
        <Title text=t(title)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let jobs = jobs.await;
                answer(jobs, |data| page(data, filter.get_untracked(), deleted))
            })}
        </Suspense>
    }
}

fn page(data: JobsView, filter: Filter, deleted: bool) -> AnyView {
    let JobsView {
        items,
        count,
        next,
        queues,
        kinds,
        changes,
    } = data;
    let dead = filter.state == JobState::Dead.key();
    let (section, title, lede) = if dead {
        (Section::DeadLetters, Key::JobsDeadTitle, Key::JobsDeadLede)
    } else {
        (Section::Jobs, Key::JobsTitle, Key::JobsLede)
    };
    let head = view! {
        <h1>{t(title)}</h1>
        <p class="lede">{t(lede)}</p>
    };
    let deleted = deleted
        .then(|| view! { <Notice tone="leaf"><p role="status">{t(Key::JobsDeleted)}</p></Notice> });
    let list = if items.is_empty() {
        empty(&filter, next.is_some())
    } else {
        view! { <div class="card job-list">{job_table(t(title), items)}</div> }.into_any()
    };
    let newest = (!filter.before.is_empty()).then(|| {
        let href = filter.address("/admin/jobs", &[]);
        view! { <a class="btn btn--quiet" href=href>{t(Key::JobsNewest)}</a> }
    });
    let next = next.map(|before| {
        let href = filter.address("/admin/jobs", &[("before", &before)]);
        view! { <a class="btn" href=href rel="next">{t(Key::JobsOlder)}</a> }
    });
    let body = view! {
        {deleted}
        {filters(&filter, queues, kinds)}
        <div class="stack" data-live="jobs">
            <div class="cluster cluster--between job-bar">
                <p class="job-bar__count num">{count}</p>
                {all_that_match(&filter, changes)}
            </div>
            {list}
            <div class="cluster">{next}{newest}</div>
        </div>
    };
    panel(section, head.into_any(), true, body.into_any())
}

/// The changes of all that match, each behind its confirmation.
fn all_that_match(filter: &Filter, changes: Vec<String>) -> AnyView {
    if changes.is_empty() {
        return ().into_any();
    }
    let links = changes
        .into_iter()
        .map(|action| {
            let href = filter.address("/admin/jobs/change", &[("action", &action)]);
            let class = if action == "DELETE" {
                "btn btn--s btn--danger"
            } else {
                "btn btn--s"
            };
            view! { <li><a class=class href=href>{name("change", &action)}</a></li> }
        })
        .collect_view();
    view! {
        <div class="cluster cluster--s" role="group" aria-labelledby="all-that-match">
            <span class="small muted" id="all-that-match">{t(Key::JobsAll)}</span>
            <ul class="cluster cluster--s">{links}</ul>
        </div>
    }
    .into_any()
}

fn empty(filter: &Filter, more: bool) -> AnyView {
    let only_dead = filter.state == JobState::Dead.key() && filter.conditions().count() == 1;
    let (title, text) = if more {
        (Key::JobsNoneYet, Key::JobsNoneYetText)
    } else if filter.is_empty() {
        (Key::JobsEmpty, Key::JobsEmptyText)
    } else if only_dead {
        (Key::JobsDeadNone, Key::JobsDeadNoneText)
    } else {
        (Key::JobsNone, Key::JobsNoneText)
    };
    let way_on = (!filter.is_empty() && !only_dead)
        .then(|| view! { <a class="btn" href="/admin/jobs">{t(Key::JobsClear)}</a> });
    view! { <Empty title=t(title) text=t(text) within=true>{way_on}</Empty> }.into_any()
}

fn filters(
    filter: &Filter,
    queues: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
) -> AnyView {
    let states = JobState::ALL
        .map(|state| (state.key().to_owned(), state_name(state)))
        .into();
    let rows = filter.rows();
    let sizes = SIZES
        .map(|size| view! { <option value=size selected=size == rows>{size}</option> })
        .into_iter()
        .collect_view();
    let clear = (!filter.is_empty())
        .then(|| view! { <a class="btn btn--quiet" href="/admin/jobs">{t(Key::JobsClear)}</a> });
    let more = [&filter.since, &filter.until, &filter.subject]
        .iter()
        .any(|value| !value.is_empty())
        || rows != SIZES[0];
    view! {
        <form method="get" action="/admin/jobs" role="search" aria-label=t(Key::JobsFilters) class="card job-filters">
            <div class="job-filters__fields">
                <div class="field">
                    <label for="text">{t(Key::JobsText)}</label>
                    <input class="input" id="text" name="text" type="search" maxlength="100" autocomplete="off" value=filter.text.clone()/>
                </div>
                {filter::select("queue", Key::JobsQueue, Key::JobsAny, queues, &filter.queue)}
                {filter::select("kind", Key::JobsKind, Key::JobsAny, kinds, &filter.kind)}
                {filter::select("state", Key::JobsState, Key::JobsAny, states, &filter.state)}
            </div>
            <details class="disclosure" open=more>
                <summary>{t(Key::JobsMoreFilters)}</summary>
                <div class="job-filters__fields">
                    <div class="field">
                        <label for="subject">{t(Key::JobsSubject)}</label>
                        <p class="field__hint" id="subject-hint">{t(Key::JobsSubjectHint)}</p>
                        <input class="input" id="subject" name="subject" maxlength="200" autocomplete="off" aria-describedby="subject-hint" value=filter.subject.clone()/>
                    </div>
                    {time("since", Key::JobsSince, &filter.since)}
                    {time("until", Key::JobsUntil, &filter.until)}
                    <div class="field">
                        <label for="size">{t(Key::JobsSize)}</label>
                        <select class="input" id="size" name="size">{sizes}</select>
                    </div>
                </div>
                <p class="field__hint">{t(Key::JobsHoursHint)}</p>
            </details>
            <div class="form-actions">
                <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::JobsApply)}</button>
                {clear}
            </div>
        </form>
    }
    .into_any()
}

fn time(id: &'static str, label: Key, value: &str) -> AnyView {
    view! {
        <div class="field">
            <label for=id>{t(label)}</label>
            <input class="input" id=id name=id type="datetime-local" step="3600" value=value.to_owned()/>
        </div>
    }
    .into_any()
}
