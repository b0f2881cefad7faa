//! Between asking for a plan and having it: progress, or why there is none.

use super::api::{JobView, Trouble};
use super::frame::ask;
use crate::components::icon;
use crate::components::{Icon, Notice, Progress};
use crate::context::t;
use leptos::prelude::*;
use locales::Key;

/// A job under way. The browser asks about it several times a second until it has ended; without
/// JavaScript the page is loaded anew each second.
pub(super) fn working(job: &JobView, week: &str) -> AnyView {
    load_again_soon();
    view! { <Waiting id=job.id.clone() progress=job.progress week=week.to_owned()/> }.into_any()
}

#[island]
fn Waiting(
    /// The job.
    id: String,
    /// How far it was when the page was made.
    progress: Option<f64>,
    /// The week that it is for.
    week: String,
) -> impl IntoView {
    let progress = RwSignal::new(progress);
    let slow = RwSignal::new(false);
    Effect::new(move || watch(id.clone(), week.clone(), progress, slow));
    view! {
        <section class="card waiting" role="status">
            <h2>{t(Key::PlanWorking)}</h2>
            <Progress value=progress label=t(Key::PlanWorking)/>
            <p class="muted">{move || t(if slow.get() { Key::PlanWaitingText } else { Key::PlanWorkingText })}</p>
        </section>
    }
}

/// Tells a browser that runs no scripts to load the page again. It is a header rather than an
/// element, so that there is nothing to hydrate and pages entered without loading are left alone.
fn load_again_soon() {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.insert_header(
            axum::http::header::REFRESH,
            axum::http::HeaderValue::from_static("1"),
        );
    }
}

#[cfg(feature = "hydrate")]
fn watch(id: String, week: String, progress: RwSignal<Option<f64>>, slow: RwSignal<bool>) {
    use super::api::poll_job;
    /// Milliseconds between two questions.
    const PAUSE: u32 = 150;
    /// Questions after which it takes longer than usual.
    const USUAL: u32 = 25;
    leptos::task::spawn_local(async move {
        for question in 1_u32.. {
            gloo_timers::future::TimeoutFuture::new(PAUSE).await;
            // A question that got lost is asked again.
            if let Ok(job) = poll_job(id.clone()).await {
                progress.set(job.progress);
                if job.ended {
                    // The week's own address shows the plan; this page, asked again, why there is none.
                    let location = window().location();
                    let _ = match job.trouble {
                        Some(_) => location.reload(),
                        None => location.replace(&format!("/plan/{week}")),
                    };
                    return;
                }
            }
            slow.set(question > USUAL);
        }
    });
}

#[cfg(not(feature = "hydrate"))]
fn watch(_: String, _: String, _: RwSignal<Option<f64>>, _: RwSignal<bool>) {}

/// Why there is no plan, and what would help.
pub(super) fn failed(trouble: Trouble, week: &str) -> AnyView {
    let list = |title: Key, items: Vec<String>| {
        (!items.is_empty()).then(|| {
            let items = items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view();
            view! { <div class="stack stack--s"><h3 class="h4">{t(title)}</h3><ul>{items}</ul></div> }
        })
    };
    let way_on = if trouble.profile {
        view! { <a href="/profile" class="btn btn--primary"><Icon path=icon::EDIT/>{t(Key::PlanToProfile)}</a> }.into_any()
    } else {
        ask(week, Key::PlanAgain, "btn--primary")
    };
    let text = (!trouble.text.is_empty()).then(|| view! { <p>{trouble.text}</p> });
    view! {
        <Notice tone="beet" title=trouble.title>
            <div class="trouble">
                {text}
                <div class="split--even trouble__lists">
                    {list(Key::PlanConflicts, trouble.conflicts)}
                    {list(Key::PlanRelaxations, trouble.relaxations)}
                </div>
                <div class="no-print">{way_on}</div>
            </div>
        </Notice>
    }
    .into_any()
}
