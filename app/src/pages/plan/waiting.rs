//! Between asking for a plan and having it: progress, or why there is none.

use super::api::{JobView, Trouble};
use super::frame::ask;
use crate::components::icon;
use crate::components::{Icon, Notice, Progress};
use crate::context::t;
use leptos::prelude::*;
use locales::Key;

/// A job under way. The server has waited for it already, so this is seldom seen; the page is
/// loaded anew each second until the job has ended.
pub(super) fn working(job: &JobView) -> AnyView {
    load_again_soon();
    let progress = job.progress;
    view! {
        <section class="card waiting" role="status">
            <h2>{t(Key::PlanWorking)}</h2>
            <Progress value=progress label=t(Key::PlanWorking)/>
            <p class="muted">{t(Key::PlanWaitingText)}</p>
        </section>
    }
    .into_any()
}

/// Tells the browser to load the page again.
pub(crate) fn load_again_soon() {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.insert_header(
            axum::http::header::REFRESH,
            axum::http::HeaderValue::from_static("1"),
        );
    }
}

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
