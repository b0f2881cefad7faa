use super::api::{FactView, HOURS, SystemView, get_system};
use crate::components::{Chart, Notice, Skeleton};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn SystemPage() -> impl IntoView {
    let query = use_query_map();
    let hours = Memo::new(move |_| {
        let asked = query.with(|query| query.get("hours"));
        let asked = asked.and_then(|hours| hours.parse().ok());
        asked
            .filter(|hours| HOURS.contains(hours))
            .unwrap_or(HOURS[0])
    });
    let system = Resource::new_blocking(move || hours.get(), get_system);
    view! {
        <Title text=t(Key::SystemTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let system = system.await;
                answer(system, |data| page(data, hours.get_untracked()))
            })}
        </Suspense>
    }
}

fn page(data: SystemView, hours: i64) -> AnyView {
    let SystemView {
        well,
        facts,
        versions,
        interval,
        charts,
    } = data;
    let (tone, text) = if well {
        ("leaf", Key::SystemWell)
    } else {
        ("beet", Key::SystemIll)
    };
    let facts = facts.into_iter().map(fact).collect_view();
    let versions = versions
        .into_iter()
        .map(|(name, version)| view! { <div><dt>{name}</dt><dd class="num">{version}</dd></div> })
        .collect_view();
    let spans = HOURS
        .map(|span| {
            let current = (span == hours).then_some("true");
            let label = name("system", &format!("hours_{span}"));
            view! { <li><a href=format!("/admin/system?hours={span}") aria-current=current>{label}</a></li> }
        })
        .into_iter()
        .collect_view();
    let charts = charts
        .into_iter()
        .map(|chart| view! { <div class="card"><Chart data=chart/></div> })
        .collect_view();
    let head = view! {
        <h1>{t(Key::SystemTitle)}</h1>
        <p class="lede">{t(Key::SystemLede)}</p>
    };
    let body = view! {
        <div class="stack" data-live="health">
            <Notice tone=tone><strong>{t(text)}</strong></Notice>
            <ul class="stats system-facts">{facts}</ul>
            <dl class="system-versions">{versions}</dl>
        </div>
        <section class="stack" aria-labelledby="history">
            <header class="cluster cluster--between">
                <h2 class="h3" id="history">{t(Key::SystemHistory)}</h2>
                <nav aria-label=t(Key::SystemHours)><ul class="segmented">{spans}</ul></nav>
            </header>
            <p class="small muted">{interval}</p>
            <div class="chart-grid" data-live="charts">{charts}</div>
        </section>
    };
    panel(Section::System, head.into_any(), true, body.into_any())
}

fn fact(fact: FactView) -> AnyView {
    let care = fact.care.then_some("true");
    view! {
        <li class="stat" data-care=care>
            <span>{fact.label}</span>
            <b>{fact.value}</b>
            <small class="muted">{fact.note}</small>
        </li>
    }
    .into_any()
}
