use super::api::{Filter, OrderLine, OrdersView, get_orders};
use super::build::ASCENDING;
use crate::components::Skeleton;
use crate::context::{fill, name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::{self, bar, empty, filters, pager, size_field, time_field};
use crate::pages::order::state_chip;
use crate::pages::plan::answer;
use domain::order::OrderState;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;
use service::order::OrderSort;

const PATH: &str = "/admin/orders";

#[component]
pub fn AdminOrdersPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::read));
    let orders = Resource::new_blocking(
        move || filter.get(),
        |filter| async move { get_orders(filter).await },
    );
    view! {
        <Title text=t(Key::PanelOrdersTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let orders = orders.await;
                answer(orders, |data| page(data, &filter.get_untracked()))
            })}
        </Suspense>
    }
}

fn page(data: OrdersView, filter: &Filter) -> AnyView {
    let states =
        OrderState::ALL.map(|state| (state.key().to_owned(), name("order_state", state.key())));
    let sorts = OrderSort::ALL.map(|sort| {
        let value = match sort {
            OrderSort::Placed => "",
            OrderSort::Slot => sort.key(),
        };
        (value.to_owned(), name("order_sort", sort.key()))
    });
    let directions = [
        (String::new(), t(Key::PanelOrdersNewestFirst).to_owned()),
        (
            ASCENDING.to_owned(),
            t(Key::PanelOrdersOldestFirst).to_owned(),
        ),
    ];
    let fields = view! {
        {list::text_field("number", Key::PanelOrdersNumber, &filter.number)}
        {list::text_field("person", Key::PanelOrdersPerson, &filter.person)}
        {list::any_field("state", Key::PanelOrdersState, states.into(), &filter.state)}
        {list::any_field("campus", Key::PanelOrdersCampus, data.campuses, &filter.campus)}
        {time_field("since", Key::ListsSince, &filter.since)}
        {time_field("until", Key::ListsUntil, &filter.until)}
        {list::choice_field("sort", Key::ListsSort, sorts.into(), &filter.sort)}
        {list::choice_field("order", Key::ListsOrder, directions.into(), &filter.order)}
        {size_field(&filter.size)}
    };
    let filtered = filter.is_filtered();
    let table = if data.items.is_empty() {
        let words = (Key::PanelOrdersEmpty, Key::PanelOrdersEmptyText);
        empty(words, filtered, PATH)
    } else {
        table(data.items, filter)
    };
    let next = data.next.map(|after| filter.address(&after));
    let first = (!filter.after.is_empty()).then(|| filter.address(""));
    let head = view! {
        <h1>{t(Key::PanelOrdersTitle)}</h1>
        <p class="lede">{t(Key::PanelOrdersLede)}</p>
    };
    let body = view! {
        {filters(PATH, Key::PanelOrdersFilters, fields.into_any(), filtered)}
        <div class="stack" data-live="orders">
            {bar(data.count, data.file)}
            {table}
            {pager(next, first)}
        </div>
    };
    panel(Section::Orders, head.into_any(), true, body.into_any())
}

fn table(items: Vec<OrderLine>, filter: &Filter) -> AnyView {
    let rows = items.into_iter().map(row).collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::PanelOrdersTitle)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::PanelOrdersOrder)}</th>
                            <th scope="col">{t(Key::PanelOrdersMember)}</th>
                            <th scope="col">{t(Key::PanelOrdersState)}</th>
                            {head(filter, OrderSort::Slot, Key::PanelOrdersSlot)}
                            <th scope="col" class="num">{t(Key::PanelOrdersTotal)}</th>
                            {head(filter, OrderSort::Placed, Key::PanelOrdersPlaced)}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

/// A column's head, which puts the table in its order.
fn head(filter: &Filter, sort: OrderSort, label: Key) -> AnyView {
    let direction = (filter.sort() == Some(sort)).then(|| {
        if filter.order == ASCENDING {
            "ascending"
        } else {
            "descending"
        }
    });
    let href = filter.sorted_by(sort).address("");
    view! { <th scope="col" class="num" aria-sort=direction><a href=href>{t(label)}</a></th> }
        .into_any()
}

fn row(line: OrderLine) -> AnyView {
    let (member, email) = line.member;
    let remark =
        (!line.remark.is_empty()).then(|| view! { <small class="muted">{line.remark}</small> });
    let title = fill(Key::OrderTitle, &[("number", &line.number)]);
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a href=format!("/admin/orders/{}", line.id)>{title}</a>
                <small class="muted">{line.campus}</small>
            </th>
            <td data-label=t(Key::PanelOrdersMember)>{member}<small class="muted">{email}</small></td>
            <td data-label=t(Key::PanelOrdersState)>{state_chip(line.state)}{remark}</td>
            <td class="num" data-label=t(Key::PanelOrdersSlot)>{line.slot}</td>
            <td class="num" data-label=t(Key::PanelOrdersTotal)>{line.total}<small class="muted">{line.gateway}</small></td>
            <td class="num" data-label=t(Key::PanelOrdersPlaced)>{line.placed.relative()}</td>
        </tr>
    }
    .into_any()
}
