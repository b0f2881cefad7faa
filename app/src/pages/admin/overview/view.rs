use super::api::{OverviewView, PopularLine, get_overview};
use crate::components::{Bar, Chart, Empty, Skeleton};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::address;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;
use service::overview::DAYS;

const PATH: &str = "/admin/overview";

#[component]
pub fn OverviewPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let days = query.get("days").and_then(|days| days.parse().ok());
            let days = days.filter(|days| DAYS.contains(days)).unwrap_or(DAYS[0]);
            (days, query.get("campus").unwrap_or_default())
        })
    });
    let overview = Resource::new_blocking(
        move || asked.get(),
        |(days, campus)| async move { get_overview(days, campus).await },
    );
    view! {
        <Title text=t(Key::OverviewTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let overview = overview.await;
                answer(overview, |data| {
                    let (days, campus) = asked.get_untracked();
                    page(data, days, &campus)
                })
            })}
        </Suspense>
    }
}

fn page(data: OverviewView, days: i64, campus: &str) -> AnyView {
    let OverviewView {
        facts,
        charts,
        popular,
        campuses,
    } = data;
    let spans = DAYS
        .map(|span| {
            let current = (span == days).then_some("true");
            let href = address(PATH, &[("days", &span.to_string()), ("campus", campus)]);
            let label = name("overview", &format!("days_{span}"));
            view! { <li><a href=href aria-current=current>{label}</a></li> }
        })
        .into_iter()
        .collect_view();
    let all = (String::new(), t(Key::OverviewAllCampuses).to_owned());
    let places = [all]
        .into_iter()
        .chain(campuses)
        .map(|(slug, label)| {
            let current = (slug == campus).then_some("true");
            let href = address(PATH, &[("days", &days.to_string()), ("campus", &slug)]);
            view! { <li><a href=href aria-current=current>{label}</a></li> }
        })
        .collect_view();
    let facts = facts
        .into_iter()
        .map(|(label, value)| view! { <li class="stat"><span>{label}</span><b class="num">{value}</b></li> })
        .collect_view();
    let charts = charts
        .into_iter()
        .map(|chart| view! { <div class="card"><Chart data=chart/></div> })
        .collect_view();
    let head = view! {
        <h1>{t(Key::OverviewTitle)}</h1>
        <p class="lede">{t(Key::OverviewLede)}</p>
    };
    let body = view! {
        <div class="cluster cluster--between">
            <nav aria-label=t(Key::OverviewDays)><ul class="segmented">{spans}</ul></nav>
            <nav aria-label=t(Key::OverviewCampus)><ul class="segmented">{places}</ul></nav>
        </div>
        <ul class="stats overview-facts">{facts}</ul>
        <div class="chart-grid">{charts}</div>
        <section class="stack" aria-labelledby="popular">
            <h2 class="h3" id="popular">{t(Key::OverviewPopular)}</h2>
            {table(popular)}
        </section>
    };
    panel(Section::Overview, head.into_any(), false, body.into_any())
}

fn table(popular: Vec<PopularLine>) -> AnyView {
    if popular.is_empty() {
        return view! { <Empty title=t(Key::OverviewNone) text=t(Key::OverviewNoneText) within=true/> }
            .into_any();
    }
    let rows = popular.into_iter().map(row).collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards">
                    <caption class="visually-hidden">{t(Key::OverviewPopular)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::OverviewItem)}</th>
                            <th scope="col" class="num">{t(Key::OverviewPortions)}</th>
                            <th scope="col" class="num">{t(Key::OverviewOrders)}</th>
                            <th scope="col" class="num">{t(Key::OverviewSales)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn row(line: PopularLine) -> AnyView {
    let share = line.share as f64 / 1000.0;
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a href=format!("/admin/menu/{}", line.id)>{line.name}</a>
                <small class="muted">" "{line.campus}</small>
                <Bar value=share tone="leaf"/>
            </th>
            <td class="num" data-label=t(Key::OverviewPortions)>{line.portions}</td>
            <td class="num" data-label=t(Key::OverviewOrders)>{line.orders}</td>
            <td class="num" data-label=t(Key::OverviewSales)>{line.revenue}</td>
        </tr>
    }
    .into_any()
}
