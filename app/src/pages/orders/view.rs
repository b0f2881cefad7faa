use super::api::{OrderCard, OrdersView, get_orders};
use crate::components::icon;
use crate::components::{Empty, Icon, Live, Skeleton};
use crate::context::t;
use crate::pages::order::state_chip;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn OrdersPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let part = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        (part("state"), part("after"))
    });
    let orders = Resource::new_blocking(
        move || asked.get(),
        |(state, after)| async move { get_orders(state, after).await },
    );
    view! {
        <Title text=t(Key::OrdersTitle)/>
        <Suspense fallback=|| view! { <div class="page page--text"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let orders = orders.await;
                answer(orders, |data| {
                    let (state, after) = asked.get_untracked();
                    page(data, &state, !after.is_empty())
                })
            })}
        </Suspense>
    }
}

/// The list's address in a state; empty is all of them.
fn address(state: &str) -> String {
    if state.is_empty() {
        "/orders".to_owned()
    } else {
        format!("/orders?state={state}")
    }
}

fn page(data: OrdersView, state: &str, later: bool) -> AnyView {
    let OrdersView {
        items,
        next,
        states,
    } = data;
    let all = (String::new(), t(Key::OrdersAll).to_owned());
    let filters = std::iter::once(all)
        .chain(states)
        .map(|(key, name)| {
            let current = (key == state).then_some("page");
            view! { <li><a href=address(&key) aria-current=current>{name}</a></li> }
        })
        .collect_view();
    let list = if items.is_empty() && !state.is_empty() {
        view! {
            <Empty title=t(Key::OrdersNone) text=t(Key::OrdersNoneText) within=true>
                <a class="btn" href="/orders">{t(Key::OrdersShowAll)}</a>
            </Empty>
        }
        .into_any()
    } else if items.is_empty() {
        view! {
            <Empty title=t(Key::OrdersEmpty) text=t(Key::OrdersEmptyText) within=true>
                <a class="btn btn--primary" href="/menu">{t(Key::CartToMenu)}<Icon path=icon::ARROW/></a>
            </Empty>
        }
        .into_any()
    } else {
        let items = items.into_iter().map(card).collect_view();
        view! { <ul class="stack stack--s">{items}</ul> }.into_any()
    };
    let older = next.map(|after| {
        let join = if state.is_empty() { '?' } else { '&' };
        let href = format!("{}{join}after={after}", address(state));
        view! { <a class="btn" href=href rel="next">{t(Key::OrdersOlder)}</a> }
    });
    let newest = later.then(|| {
        let href = address(state);
        view! { <a class="btn btn--quiet" href=href>{t(Key::OrdersNewest)}</a> }
    });
    view! {
        <div class="page page--text stack stack--l">
            <div class="cluster cluster--between">
                <h1>{t(Key::OrdersTitle)}</h1>
                <Live follows="orders"/>
            </div>
            <nav class="tabs" aria-label=t(Key::OrdersFilter)><ul>{filters}</ul></nav>
            <div class="stack" data-live="orders">
                {list}
                <div class="cluster">{older}{newest}</div>
            </div>
        </div>
    }
    .into_any()
}

fn card(order: OrderCard) -> AnyView {
    view! {
        <li class="card card--link order-card" data-key=order.id.clone()>
            <div class="cluster cluster--between">
                <h2 class="h4"><a href=format!("/orders/{}", order.id)>{order.title}</a></h2>
                {state_chip(order.state)}
            </div>
            <p class="num">{order.campus}" · "{order.slot}</p>
            <p class="small muted num">{order.total}" · "{order.placed}</p>
        </li>
    }
    .into_any()
}
