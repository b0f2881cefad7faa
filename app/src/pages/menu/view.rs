use super::api::{CampusView, Filter, ItemCard, MenuView, get_campuses, get_menu};
use super::parts::{allergens, diets, forbidden, state_chip, stock_chip};
use crate::components::{Choice, Choices, Empty, Form, Icon, Notice, Plate, Skeleton};
use crate::components::{filter, icon};
use crate::context::{fill, name, t};
use crate::pages::cart::api::AddToCart;
use crate::pages::cart::other_campus;
use crate::pages::plan::answer;
use domain::allergen::Allergen;
use domain::diet::Diet;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

/// In how many minutes something may be asked to be ready.
const READY: [i64; 4] = [10, 20, 30, 45];

#[component]
pub fn CampusesPage() -> impl IntoView {
    let campuses = Resource::new_blocking(|| (), |()| get_campuses());
    view! {
        <Title text=t(Key::MenuTitle)/>
        <div class="page stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::MenuTitle)}</h1>
                <p class="lede">{t(Key::MenuCampusesLede)}</p>
            </div>
            <Suspense fallback=|| view! { <Skeleton lines=4/> }>
                {move || Suspend::new(async move { answer(campuses.await, campus_list) })}
            </Suspense>
        </div>
    }
}

fn campus_list(campuses: Vec<CampusView>) -> AnyView {
    if campuses.is_empty() {
        return view! { <Empty title=t(Key::MenuNoCampus) text=t(Key::MenuNoCampusText) within=true/> }
            .into_any();
    }
    let cards = campuses
        .into_iter()
        .map(|campus| {
            let chip = state_chip(&campus);
            view! {
                <li class="card card--link campus-card">
                    <div class="cluster cluster--between">
                        <h2 class="h3"><a href=format!("/menu/{}", campus.slug)>{campus.name}</a></h2>
                        {chip}
                    </div>
                    <p class="num">{campus.hours}</p>
                    <p class="small muted num">{campus.next}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="grid campus-grid">{cards}</ul> }.into_any()
}

#[component]
pub fn MenuPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let campus = params
            .with(|params| params.get("campus"))
            .unwrap_or_default();
        let added = query.with(|query| query.get("added")).unwrap_or_default();
        (campus, query.with(Filter::read), added)
    });
    let menu = Resource::new_blocking(
        move || asked.get(),
        |(campus, filter, added)| async move { get_menu(campus, filter, added).await },
    );
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let menu = menu.await;
                answer(menu, |data| page(data, asked.get_untracked().1))
            })}
        </Suspense>
    }
}

fn page(data: MenuView, filter: Filter) -> AnyView {
    let MenuView {
        campus,
        others,
        items,
        count,
        currency,
        restricted,
        hidden,
        added,
    } = data;
    let slug = campus.slug.clone();
    let others = others
        .into_iter()
        .map(|(slug, name)| view! { <a class="btn btn--s btn--quiet" href=format!("/menu/{slug}")>{name}<Icon path=icon::ARROW/></a> })
        .collect_view();
    let added = added.map(|name| {
        let text = fill(Key::MenuAdded, &[("name", &name)]);
        view! {
            <Notice tone="leaf">
                <div class="cluster cluster--between">
                    <p role="status">{text}</p>
                    <a href="/cart">{t(Key::MenuToCart)}</a>
                </div>
            </Notice>
        }
    });
    let list = if items.is_empty() {
        let all = format!("/menu/{slug}");
        view! {
            <Empty title=t(Key::MenuNone) text=t(Key::MenuNoneText) within=true>
                <a class="btn" href=all>{t(Key::MenuClear)}</a>
            </Empty>
        }
        .into_any()
    } else {
        let back = filter.address(&slug);
        let cards = items
            .into_iter()
            .map(|item| item_card(&slug, item))
            .collect_view();
        view! {
            <Form action=AddToCart::PATH>
                <input type="hidden" name="back" value=back/>
                {other_campus()}
                <ul class="grid menu-grid">{cards}</ul>
            </Form>
        }
        .into_any()
    };
    let hidden = (!hidden.is_empty()).then(|| view! { <span class="small muted">{hidden}</span> });
    view! {
        <Title text=campus.name.clone()/>
        <div class="page stack stack--l">
            {campus_head(&campus, others.into_any())}
            {filters(&slug, &filter, &currency, restricted)}
            {added}
            <div class="stack">
                <p class="cluster cluster--between"><span role="status">{count}</span>{hidden}</p>
                {list}
            </div>
        </div>
    }
    .into_any()
}

fn campus_head(campus: &CampusView, others: AnyView) -> AnyView {
    view! {
        <header class="campus-head">
            <div class="stack stack--s">
                <p class="eyebrow">{t(Key::MenuTitle)}</p>
                <h1>{campus.name.clone()}</h1>
                <p class="cluster">
                    {state_chip(campus)}
                    <span class="num">{campus.hours.clone()}</span>
                    <span class="muted num">{campus.next.clone()}</span>
                </p>
            </div>
            <nav class="cluster cluster--s" aria-label=t(Key::MenuOthers)>{others}</nav>
        </header>
    }
    .into_any()
}

fn filters(campus: &str, filter: &Filter, currency: &str, restricted: bool) -> AnyView {
    let action = format!("/menu/{campus}");
    let diets = Diet::ALL
        .into_iter()
        .filter(|diet| *diet != Diet::Omnivore)
        .map(|diet| (diet.key().to_owned(), name("diet", diet.key())))
        .collect();
    let ready = READY
        .map(|minutes| {
            let minutes = minutes.to_string();
            let label = fill(Key::UnitMinutes, &[("minutes", &minutes)]);
            (minutes, label)
        })
        .into();
    let allergens: Vec<Choice> = Allergen::ALL
        .into_iter()
        .map(|one| Choice::new(one.key(), name("allergen", one.key())))
        .collect();
    let absent: Vec<String> = filter
        .without
        .iter()
        .filter_map(|key| Allergen::from_key(key))
        .map(|one| name("allergen", one.key()))
        .collect();
    let summary = if absent.is_empty() {
        t(Key::DishesWithout).to_owned()
    } else {
        fill(Key::DishesWithoutCount, &[("list", &absent.join(", "))])
    };
    let clear = (!filter.is_empty())
        .then(|| view! { <a class="btn btn--quiet" href=action.clone()>{t(Key::MenuClear)}</a> });
    let hide = restricted.then(|| {
        view! {
            <label class="check">
                <input type="checkbox" name="hide" value="1" checked=!filter.hide.is_empty()/>
                <span>{t(Key::MenuHide)}</span>
            </label>
        }
    });
    view! {
        <form method="get" action=action role="search" aria-label=t(Key::MenuFilters) class="card dish-filters">
            <div class="dish-filters__fields">
                <div class="field">
                    <label for="q">{t(Key::MenuText)}</label>
                    <input class="input" id="q" name="q" type="search" maxlength="100" autocomplete="off" value=filter.text.clone()/>
                </div>
                {filter::select("diet", Key::DishesDiet, Key::DishesAny, diets, &filter.diet)}
                {filter::select("ready", Key::MenuReady, Key::DishesAny, ready, &filter.ready)}
                <div class="field">
                    <label for="price">{t(Key::MenuPrice)}</label>
                    <div class="affix">
                        <input class="input" id="price" name="price" inputmode="decimal" maxlength="10" autocomplete="off" value=filter.price.clone()/>
                        <span aria-hidden="true">{currency.to_owned()}</span>
                    </div>
                </div>
            </div>
            <details class="disclosure" open=!absent.is_empty()>
                <summary>{summary}</summary>
                <Choices name="without" legend=t(Key::DishesWithout) options=allergens selected=filter.without.clone() several=true class="pills"/>
            </details>
            <div class="form-actions">
                <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::MenuApply)}</button>
                {clear}
                {hide}
            </div>
        </form>
    }
    .into_any()
}

fn item_card(campus: &str, card: ItemCard) -> AnyView {
    let any = card.stock.any;
    let add = (card.simple && any).then(|| {
        let spoken = fill(Key::MenuAddNamed, &[("name", &card.name)]);
        view! {
            <button class="icon-btn menu-card__add" name="item" value=card.id.clone() aria-label=spoken>
                <Icon path=icon::PLUS/>
            </button>
        }
    });
    let href = format!("/menu/{campus}/{}", card.id);
    let against = !card.forbidden.is_empty();
    view! {
        <li class="card card--link menu-card" data-forbidden=against.then_some("true") data-gone=(!any).then_some("true")>
            <Plate id=card.reference groups=card.groups size="plate--l"/>
            <div class="menu-card__body">
                <h2 class="h4"><a href=href>{card.name}</a></h2>
                <p class="cluster cluster--s"><b class="num">{card.price}</b>{stock_chip(card.stock)}</p>
                <p class="small muted num">{card.meta}</p>
                {allergens(card.allergens)}
                {diets(card.diets)}
                {forbidden(card.forbidden)}
            </div>
            {add}
        </li>
    }
    .into_any()
}
