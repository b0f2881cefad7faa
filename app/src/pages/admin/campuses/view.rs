use super::api::{CampusLine, get_campuses};
use crate::components::{Empty, Skeleton};
use crate::context::t;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use locales::Key;

#[component]
pub fn AdminCampusesPage() -> impl IntoView {
    let campuses = Resource::new_blocking(|| (), |()| async { get_campuses().await });
    view! {
        <Title text=t(Key::CampusesTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(campuses.await, page) })}
        </Suspense>
    }
}

fn page(campuses: Vec<CampusLine>) -> AnyView {
    let head = view! {
        <h1>{t(Key::CampusesTitle)}</h1>
        <p class="lede">{t(Key::CampusesLede)}</p>
    };
    let list = if campuses.is_empty() {
        view! { <Empty title=t(Key::CampusesEmpty) text=t(Key::CampusesEmptyText) within=true/> }
            .into_any()
    } else {
        table(campuses)
    };
    panel(Section::Campuses, head.into_any(), false, list)
}

fn table(campuses: Vec<CampusLine>) -> AnyView {
    let rows = campuses.into_iter().map(row).collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::CampusesTitle)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::PanelOrdersCampus)}</th>
                            <th scope="col">{t(Key::PanelOrdersState)}</th>
                            <th scope="col" class="num">{t(Key::CampusesSlot)}</th>
                            <th scope="col" class="num">{t(Key::CampusesCapacity)}</th>
                            <th scope="col" class="num">{t(Key::CampusesLead)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn row(line: CampusLine) -> AnyView {
    view! {
        <tr data-key=line.slug.clone()>
            <th scope="row">
                <a href=format!("/admin/campuses/{}", line.slug)>{line.name}</a>
                <small class="muted">{line.currency}</small>
            </th>
            <td data-label=t(Key::PanelOrdersState)>{chip(line.state)}</td>
            <td class="num" data-label=t(Key::CampusesSlot)>{line.slot}</td>
            <td class="num" data-label=t(Key::CampusesCapacity)>{line.capacity}</td>
            <td class="num" data-label=t(Key::CampusesLead)>{line.lead}</td>
        </tr>
    }
    .into_any()
}

/// How a campus takes orders.
pub(super) fn chip((tone, word): (String, String)) -> AnyView {
    view! { <span class="chip" data-tone=tone>{word}</span> }.into_any()
}
