use crate::components::icon;
use crate::components::{Chart, Field, Form, Icon, Notice, Skeleton, Submit};
use crate::context::t;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::queues::api::{QueueView, SetQueueConcurrency, SetQueueRate, get_queue};
use crate::pages::admin::queues::{numbers, states};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::Key;

#[component]
pub fn QueuePage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| {
        params
            .with(|params| params.get("queue"))
            .unwrap_or_default()
    });
    let queue = Resource::new_blocking(
        move || name.get(),
        |name| async move { get_queue(name).await },
    );
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                answer(queue.await, |(queue, may_change)| page(queue, may_change))
            })}
        </Suspense>
    }
}

fn page(queue: QueueView, may_change: bool) -> AnyView {
    let head = view! {
        <p class="small"><a class="back-link" href="/admin/queues"><Icon path=icon::BACK/>{t(Key::QueueBack)}</a></p>
        <h1>{queue.title.clone()}</h1>
        <p class="lede">{queue.limits.clone()}</p>
    };
    let (tone, title, text) = if queue.paused {
        ("saffron", Key::QueuesPaused, Key::QueuePausedText)
    } else {
        ("leaf", Key::JobStateRUNNING, Key::QueueRunningText)
    };
    let limits = limits(&queue, may_change);
    let body = view! {
        <Title text=queue.title.clone()/>
        <div class="stack" data-live="queue">
            <Notice tone=tone title=t(title)><p>{t(text)}</p></Notice>
            <section class="card queue" aria-label=queue.title.clone()>
                {states(&queue)}
                <div class="queue__body">
                    {numbers(&queue)}
                    <Chart data=queue.chart/>
                </div>
            </section>
        </div>
        {limits}
    };
    panel(Section::Queues, head.into_any(), true, body.into_any())
}

fn limits(queue: &QueueView, may_change: bool) -> AnyView {
    if !may_change {
        return view! { <p class="muted">{t(Key::QueueReadOnly)}</p> }.into_any();
    }
    let (jobs, seconds) = queue
        .rate
        .clone()
        .map(|(jobs, seconds)| (jobs.to_string(), seconds))
        .unwrap_or_default();
    let concurrency = queue.concurrency.to_string();
    let (name, same_name) = (queue.name.clone(), queue.name.clone());
    view! {
        <div class="queue-limits">
            <section class="card" aria-labelledby="concurrency-title">
                <h2 class="h4" id="concurrency-title">{t(Key::QueueConcurrencyTitle)}</h2>
                <Form action=SetQueueConcurrency::PATH>
                    <input type="hidden" name="queue" value=name/>
                    <Field
                        name="concurrency"
                        label=t(Key::QueueConcurrency)
                        hint=t(Key::QueueConcurrencyHint)
                        inputmode="numeric"
                        value=concurrency
                    />
                    <Submit label=t(Key::QueueSave) class="btn--s"/>
                </Form>
            </section>
            <section class="card" aria-labelledby="rate-title">
                <h2 class="h4" id="rate-title">{t(Key::QueueRateTitle)}</h2>
                <Form action=SetQueueRate::PATH>
                    <input type="hidden" name="queue" value=same_name/>
                    <p class="field__hint">{t(Key::QueueRateHint)}</p>
                    <div class="queue-limits__rate">
                        <Field name="jobs" label=t(Key::QueueRateJobs) inputmode="numeric" value=jobs/>
                        <Field name="seconds" label=t(Key::QueueRateSeconds) inputmode="decimal" value=seconds/>
                    </div>
                    <Submit label=t(Key::QueueSave) class="btn--s"/>
                </Form>
            </section>
        </div>
    }
    .into_any()
}
