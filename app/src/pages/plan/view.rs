use super::api::{PlanView, StatView, WeekHead, WeekView, get_week};
use super::day::days;
use super::frame::{answer, ask, no_plan, week_head};
use super::waiting::{failed, working};
use crate::components::icon;
use crate::components::{Icon, Notice, Skeleton};
use crate::context::t;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

#[component]
pub fn PlanPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let part = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        let week = params.with(|params| params.get("week")).unwrap_or_default();
        (week, part("job"), part("plan"))
    });
    let week = Resource::new_blocking(
        move || asked.get(),
        |(week, job, version)| async move { get_week(week, job, version).await },
    );
    view! {
        <Title text=t(Key::PlanTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(week.await, page) })}
        </Suspense>
    }
}

fn page(data: WeekView) -> AnyView {
    let WeekView {
        head,
        profile,
        job,
        plan,
        orderable,
    } = data;
    let top = week_head(&head, "", plan.is_some());
    let (waiting, trouble) = match job {
        Some(job) if !job.ended => (Some(working(&job)), None),
        Some(job) => (None, job.trouble.map(|trouble| failed(trouble, &head.week))),
        None => (None, None),
    };
    let body = match (waiting, plan) {
        (Some(waiting), _) => waiting,
        (None, Some(mut plan)) => {
            // To plan again is what has just failed.
            plan.stale &= trouble.is_none();
            whole(plan, &head, orderable)
        }
        // What failed says itself what to do.
        (None, None) if trouble.is_some() => ().into_any(),
        (None, None) => no_plan(&head.week, profile),
    };
    view! { <div class="page stack stack--l">{top}{trouble}{body}</div> }.into_any()
}

fn whole(plan: PlanView, head: &WeekHead, orderable: bool) -> AnyView {
    let days = days(&plan, head, orderable);
    let PlanView {
        digest,
        stale,
        stats,
        warnings,
        notes,
        ..
    } = plan;
    view! {
        <div class="plan stack stack--l" data-plan-digest=digest>
            {stale.then(|| outdated(head))}
            {days}
            {summary(stats)}
            {remarks(warnings, notes)}
            <p class="small muted no-print">{t(Key::PlanHash)}</p>
        </div>
    }
    .into_any()
}

/// The plan is not what today's profile gives.
fn outdated(head: &WeekHead) -> AnyView {
    if head.query.is_empty() {
        let button = ask(&head.week, Key::PlanRegenerate, "btn--primary btn--s");
        view! {
            <div class="no-print">
                <Notice tone="saffron" title=t(Key::PlanStale)>
                    <div class="cluster cluster--between"><p>{t(Key::PlanStaleText)}</p>{button}</div>
                </Notice>
            </div>
        }
        .into_any()
    } else {
        let href = format!("/plan/{}", head.week);
        view! {
            <div class="no-print">
                <Notice title=t(Key::PlanVersion)>
                    <p><a href=href>{t(Key::PlanVersionBack)}</a></p>
                </Notice>
            </div>
        }
        .into_any()
    }
}

fn summary(stats: Vec<StatView>) -> AnyView {
    let stats = stats
        .into_iter()
        .map(|stat| view! { <li class="stat"><b>{stat.value}</b><span>{stat.label}</span><small class="muted">{stat.note}</small></li> })
        .collect_view();
    view! {
        <section class="stack" aria-labelledby="summary">
            <h2 id="summary" class="h3">{t(Key::PlanSummary)}</h2>
            <ul class="stats">{stats}</ul>
        </section>
    }
    .into_any()
}

fn remarks(warnings: Vec<String>, notes: Vec<String>) -> AnyView {
    let list = |items: Vec<String>| {
        items
            .into_iter()
            .map(|item| view! { <li>{item}</li> })
            .collect_view()
    };
    let warnings = if warnings.is_empty() {
        view! { <p class="cluster cluster--s all-well"><Icon path=icon::CHECK/>{t(Key::PlanNoWarnings)}</p> }.into_any()
    } else {
        view! { <Notice tone="saffron" title=t(Key::PlanWarnings)><ul class="remarks">{list(warnings)}</ul></Notice> }.into_any()
    };
    let notes = (!notes.is_empty())
        .then(|| view! { <Notice title=t(Key::PlanNotes)><ul class="remarks">{list(notes)}</ul></Notice> });
    view! { <div class="stack">{warnings}{notes}</div> }.into_any()
}
