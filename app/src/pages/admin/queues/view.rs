use super::api::{PauseQueue, QueueView, QueuesView, TimingView, get_queues};
use super::parts::{breakers, schedules, workers};
use crate::components::icon;
use crate::components::{Chart, Form, Icon, Skeleton};
use crate::context::{number, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::jobs::api::Filter;
use crate::pages::admin::line::state_name;
use crate::pages::admin::say::tone;
use crate::pages::plan::answer;
use domain::job::JobState;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use locales::Key;

#[component]
pub fn QueuesPage() -> impl IntoView {
    let queues = Resource::new_blocking(|| (), |()| get_queues());
    view! {
        <Title text=t(Key::QueuesTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(queues.await, page) })}
        </Suspense>
    }
}

fn page(data: QueuesView) -> AnyView {
    let QueuesView {
        queues,
        workers: alive,
        schedules: planned,
        breakers: gateways,
        may_change,
    } = data;
    let queues = queues
        .into_iter()
        .map(|queue| card(queue, may_change))
        .collect_view();
    let head = view! {
        <h1>{t(Key::QueuesTitle)}</h1>
        <p class="lede">{t(Key::QueuesLede)}</p>
    };
    let body = view! {
        <Form action=PauseQueue::PATH class="stack stack--l">
            <div class="stack" data-live="queues">{queues}</div>
        </Form>
        <p class="small muted">{t(Key::QueuesPrecision)}</p>
        {workers(alive)}
        {breakers(gateways)}
        {schedules(planned, may_change)}
    };
    panel(Section::Queues, head.into_any(), true, body.into_any())
}

/// A queue at a glance.
fn card(queue: QueueView, may_change: bool) -> AnyView {
    let id = format!("queue-{}", queue.name);
    let paused = queue
        .paused
        .then(|| view! { <span class="chip" data-tone="saffron">{t(Key::QueuesPaused)}</span> });
    let buttons = may_change.then(|| {
        let (label, name, class) = if queue.paused {
            (Key::QueuesResume, "resume", "btn btn--s btn--primary")
        } else {
            (Key::QueuesPause, "pause", "btn btn--s")
        };
        let spoken = format!("{}: {}", t(label), queue.title);
        view! { <button name=name value=queue.name.clone() class=class aria-label=spoken>{t(label)}</button> }
    });
    let href = format!("/admin/queues/{}", queue.name);
    let spoken = format!("{}: {}", t(Key::QueuesLimits), queue.title);
    view! {
        <section class="card queue" aria-labelledby=id.clone() data-key=queue.name.clone()>
            <header class="queue__head">
                <div>
                    <h2 class="h3" id=id.clone()><a href=href.clone()>{queue.title.clone()}</a>{paused}</h2>
                    <p class="small muted">{queue.limits.clone()}</p>
                </div>
                <div class="cluster cluster--s">
                    {buttons}
                    <a class="btn btn--s btn--quiet" href=href aria-label=spoken><Icon path=icon::SETTINGS/>{t(Key::QueuesLimits)}</a>
                </div>
            </header>
            {states(&queue)}
            <div class="queue__body">
                {numbers(&queue)}
                <Chart data=queue.chart/>
            </div>
        </section>
    }
    .into_any()
}

/// How many of its jobs stand how; each number leads to them.
pub(in crate::pages::admin) fn states(queue: &QueueView) -> AnyView {
    let items = queue
        .states
        .iter()
        .map(|(state, jobs)| {
            let filter = Filter {
                queue: queue.name.clone(),
                state: state.key().to_owned(),
                ..Filter::default()
            };
            let href = filter.address("/admin/jobs", &[]);
            let some = *jobs > 0;
            let tone = if some { tone(*state) } else { "none" };
            let care = some && matches!(state, JobState::Dead);
            view! {
                <li data-tone=tone data-care=care.then_some("true")>
                    <a href=href><b class="num">{number(*jobs)}</b><span>{state_name(*state)}</span></a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="queue__states" aria-label=t(Key::QueuesStates)>{items}</ul> }.into_any()
}

/// How long its jobs take, and how many fail.
pub(in crate::pages::admin) fn numbers(queue: &QueueView) -> AnyView {
    view! {
        <dl class="queue__numbers">
            {oldest(queue)}
            {errors(queue)}
            {timing(Key::QueuesWaitingTime, &queue.wait)}
            {timing(Key::QueuesRunTime, &queue.run)}
        </dl>
    }
    .into_any()
}

/// How long its most overdue job waits.
fn oldest(queue: &QueueView) -> AnyView {
    let (value, note) = match &queue.oldest {
        Some(oldest) => (oldest.clone(), Key::QueuesOldestNote),
        None => ("–".to_owned(), Key::QueuesOldestNone),
    };
    number_of(
        Key::QueuesOldest,
        view! { <b>{value}</b> <small>{t(note)}</small> }.into_any(),
    )
}

/// How long its jobs of the last hour took to something.
fn timing(label: Key, timing: &TimingView) -> AnyView {
    let (Some(half), Some(most)) = (timing.half.clone(), timing.most.clone()) else {
        let none = view! { <b>"–"</b> <small>{t(Key::QueuesUnmeasured)}</small> };
        return number_of(label, none.into_any());
    };
    let both = view! {
        <span><b>{half}</b> " " <small>{t(Key::QueuesP50)}</small></span>
        <small><strong class="num">{most}</strong> " " {t(Key::QueuesP95)}</small>
    };
    number_of(label, both.into_any())
}

fn errors(queue: &QueueView) -> AnyView {
    let inner = match queue.errors.clone() {
        Some((share, note)) => {
            let tone = if queue.failed { "beet" } else { "none" };
            view! { <b data-tone=tone>{share}</b> <small>{note}</small> }.into_any()
        }
        None => view! { <b>"–"</b> <small>{t(Key::QueuesErrorsNone)}</small> }.into_any(),
    };
    number_of(Key::QueuesErrors, inner)
}

fn number_of(label: Key, value: AnyView) -> AnyView {
    view! { <div><dt>{t(label)}</dt><dd>{value}</dd></div> }.into_any()
}
