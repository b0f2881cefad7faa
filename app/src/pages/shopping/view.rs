use super::api::{AisleView, ItemView, ShoppingView, get_shopping};
use crate::components::icon;
use crate::components::{Icon, Skeleton};
use crate::context::t;
use crate::pages::plan::{answer, no_plan, version_source, week_head};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::Key;

#[component]
pub fn ShoppingPage() -> impl IntoView {
    let asked = version_source();
    let list = Resource::new_blocking(
        move || asked.get(),
        |(week, version)| async move { get_shopping(week, version).await },
    );
    view! {
        <Title text=t(Key::ShoppingTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(list.await, page) })}
        </Suspense>
    }
}

fn page(data: ShoppingView) -> AnyView {
    let ShoppingView {
        head,
        profile,
        count,
        aisles,
    } = data;
    let top = week_head(&head, "/shopping", !aisles.is_empty());
    if aisles.is_empty() {
        return view! { <div class="page stack stack--l">{top}{no_plan(&head.week, profile)}</div> }.into_any();
    }
    let csv = format!("/plan/{}/shopping.csv{}", head.week, head.query);
    let aisles = aisles.into_iter().map(aisle).collect_view();
    view! {
        <div class="page stack stack--l shopping">
            {top}
            <div class="cluster cluster--between">
                <p class="lede">{t(Key::ShoppingLede)}</p>
                <div class="cluster no-print">
                    <span class="muted">{count}</span>
                    <a class="btn" href=csv rel="external" download=""><Icon path=icon::DOWNLOAD/>{t(Key::ShoppingCsv)}</a>
                </div>
            </div>
            <div class="aisles">{aisles}</div>
            <p class="small muted">{t(Key::ShoppingNote)}</p>
        </div>
    }
    .into_any()
}

fn aisle(aisle: AisleView) -> AnyView {
    let items = aisle.items.into_iter().map(item).collect_view();
    view! { <section class="aisle"><h2 class="h4">{aisle.name}</h2><ul class="rule-list">{items}</ul></section> }.into_any()
}

fn item(item: ItemView) -> AnyView {
    let ItemView {
        name,
        measure,
        bought,
        edible,
    } = item;
    let joined = if measure.is_empty() || edible.is_empty() {
        ""
    } else {
        " · "
    };
    view! {
        <li>
            <label class="shopping__item">
                <input type="checkbox"/>
                <span class="shopping__name">{name}</span>
                <b class="num">{bought}</b>
                <small class="muted">{measure}<span class="no-print">{joined}{edible}</span></small>
            </label>
        </li>
    }
    .into_any()
}
