use super::api::{StaffCard, StaffView, get_staff_orders};
use crate::components::{Empty, Field, Form, Live, Skeleton};
use crate::context::{fill, name, number, t};
use crate::pages::order::api::{AdvanceOrder, CancelOrder};
use crate::pages::order::state_chip;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn StaffOrdersPage() -> impl IntoView {
    let query = use_query_map();
    let part = move |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
    let campus = Memo::new(move |_| part("campus"));
    let cancelling = part("cancel");
    let orders = Resource::new_blocking(
        move || campus.get(),
        |campus| async move { get_staff_orders(campus).await },
    );
    view! {
        <Title text=t(Key::StaffTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || {
                let cancelling = cancelling.clone();
                Suspend::new(async move {
                    answer(orders.await, |data| page(data, &cancelling))
                })
            }}
        </Suspense>
    }
}

fn address(campus: &str) -> String {
    format!("/staff/orders?campus={campus}")
}

fn page(data: StaffView, cancelling: &str) -> AnyView {
    let StaffView {
        campus,
        campus_id,
        campuses,
        count,
        living,
        ended,
    } = data;
    let tabs = campuses
        .into_iter()
        .map(|(slug, name, left)| {
            let current = (slug == campus).then_some("page");
            let left = (left > 0).then(|| view! { " "<span class="badge">{number(left)}</span> });
            view! { <li><a href=address(&slug) aria-current=current>{name}{left}</a></li> }
        })
        .collect_view();
    let question = living
        .iter()
        .find(|card| card.id == cancelling && card.can_cancel)
        .map(|card| question(&campus, card));
    let list = if living.is_empty() {
        view! { <Empty title=t(Key::StaffNone) text=t(Key::StaffNoneText) within=true/> }.into_any()
    } else {
        let cards = living
            .into_iter()
            .map(|card| order_card(&campus, card))
            .collect_view();
        view! { <ul class="staff-list">{cards}</ul> }.into_any()
    };
    let ended = (!ended.is_empty()).then(|| {
        let cards = ended
            .into_iter()
            .map(|card| order_card(&campus, card))
            .collect_view();
        view! {
            <details class="disclosure">
                <summary>{t(Key::StaffEnded)}</summary>
                <ul class="staff-list">{cards}</ul>
            </details>
        }
    });
    let back = address(&campus);
    view! {
        <div class="page stack stack--l">
            <div class="cluster cluster--between">
                <h1>{t(Key::StaffTitle)}</h1>
                <Live follows="orders" campus=campus_id/>
            </div>
            <nav class="tabs" aria-label=t(Key::StaffCampuses)><ul data-live="tabs">{tabs}</ul></nav>
            {question}
            <Form action=AdvanceOrder::PATH>
                <input type="hidden" name="back" value=back/>
                <div class="stack" data-live="orders">
                    <p class="muted num">{count}</p>
                    {list}
                    {ended}
                </div>
            </Form>
        </div>
    }
    .into_any()
}

fn order_card(campus: &str, card: StaffCard) -> AnyView {
    let StaffCard {
        id,
        number,
        member,
        slot,
        state,
        lines,
        next,
        can_cancel,
    } = card;
    let lines = lines
        .into_iter()
        .map(|(title, options)| {
            let options =
                (!options.is_empty()).then(|| view! { <small class="muted">{options}</small> });
            view! { <li>{title}{options}</li> }
        })
        .collect_view();
    let next = next.map(|next| {
        let label = name("advance", &next);
        let spoken = format!("{label}: {}", fill(Key::OrderTitle, &[("number", &number)]));
        let value = format!("{id}:{next}");
        view! { <button class="btn btn--primary btn--s" name="advance" value=value aria-label=spoken>{label}</button> }
    });
    let cancel = can_cancel.then(|| {
        let spoken = format!(
            "{}: {}",
            t(Key::OrderCancel),
            fill(Key::OrderTitle, &[("number", &number)])
        );
        let href = format!("{}&cancel={id}", address(campus));
        view! { <a class="btn btn--quiet btn--s" href=href aria-label=spoken>{t(Key::OrderCancel)}</a> }
    });
    view! {
        <li class="card staff-order" data-key=id.clone()>
            <div class="staff-order__head">
                <b class="staff-order__number num"><a href=format!("/orders/{id}")>{number}</a></b>
                <span class="num">{slot}</span>
                <span class="muted">{member}</span>
                {state_chip(state)}
            </div>
            <ul class="staff-order__lines">{lines}</ul>
            <div class="cluster cluster--s">{next}{cancel}</div>
        </li>
    }
    .into_any()
}

/// Why an order is cancelled.
fn question(campus: &str, card: &StaffCard) -> AnyView {
    let (id, back) = (card.id.clone(), address(campus));
    let title = fill(Key::StaffCancelTitle, &[("number", &card.number)]);
    view! {
        <section class="card" aria-labelledby="cancel-title">
            <h2 class="h4" id="cancel-title">{title}</h2>
            <p class="small muted">{t(Key::OrderCancelText)}</p>
            <Form action=CancelOrder::PATH>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="back" value=back.clone()/>
                <Field name="reason" label=t(Key::OrderWhy) hint=t(Key::OrderWhyHint)/>
                <div class="form-actions">
                    <button class="btn btn--danger">{t(Key::OrderCancelYes)}</button>
                    <a class="btn btn--quiet" href=back>{t(Key::OrderKeep)}</a>
                </div>
            </Form>
        </section>
    }
    .into_any()
}
