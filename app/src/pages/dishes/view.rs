use super::api::{DishCard, DishesView, Filter, get_dishes};
use crate::components::{Choice, Choices, Empty, Icon, Plate, Skeleton};
use crate::components::{filter, icon};
use crate::context::{fill, name, t};
use crate::pages::plan::answer;
use domain::allergen::Allergen;
use domain::diet::Diet;
use domain::dish::Meal;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

/// How many dishes a page shows at first, and how many more it shows then.
const STEP: u32 = 48;

#[component]
pub fn DishesPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        query.with(|query| {
            let part = |name: &str| query.get(name).unwrap_or_default();
            Filter {
                text: part("q"),
                meal: part("meal"),
                diet: part("diet"),
                cuisine: part("cuisine"),
                without: query.get_all("without").unwrap_or_default(),
                show: part("show").parse().unwrap_or(STEP).clamp(STEP, 20 * STEP),
            }
        })
    });
    let dishes = Resource::new_blocking(
        move || filter.get(),
        |filter| async move { get_dishes(filter).await },
    );
    view! {
        <Title text=t(Key::DishesTitle)/>
        <div class="page stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::DishesTitle)}</h1>
                <p class="lede">{t(Key::DishesLede)}</p>
            </div>
            <Suspense fallback=|| view! { <Skeleton lines=4/> }>
                {move || Suspend::new(async move {
                    let dishes = dishes.await;
                    answer(dishes, |data| page(data, filter.get_untracked()))
                })}
            </Suspense>
        </div>
    }
}

fn page(data: DishesView, filter: Filter) -> AnyView {
    let DishesView {
        items,
        found,
        count,
        cuisines,
    } = data;
    let more = (u32::try_from(items.len()).unwrap_or(u32::MAX) < found).then(|| {
        let href = address(&Filter {
            show: filter.show + STEP,
            ..filter.clone()
        });
        view! { <a class="btn" href=href data-noscroll="true">{t(Key::DishesMore)}</a> }
    });
    let list = if items.is_empty() {
        view! {
            <Empty title=t(Key::DishesNone) text=t(Key::DishesNoneText)>
                <a class="btn" href="/dishes">{t(Key::DishesClear)}</a>
            </Empty>
        }
        .into_any()
    } else {
        let items = items.into_iter().map(card).collect_view();
        view! { <ul class="grid dish-grid">{items}</ul> }.into_any()
    };
    view! {
        {filters(&filter, cuisines)}
        <div class="stack">
            <p class="muted" role="status">{count}</p>
            {list}
            <div class="center">{more}</div>
        </div>
    }
    .into_any()
}

/// The page's address with a filter in it. Values come from an address or are numbers.
fn address(filter: &Filter) -> String {
    let mut query = leptos_router::params::ParamsMap::new();
    let parts = [
        ("q", &filter.text),
        ("meal", &filter.meal),
        ("diet", &filter.diet),
        ("cuisine", &filter.cuisine),
    ];
    for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.insert(name, value.clone());
    }
    for allergen in &filter.without {
        query.insert("without", allergen.clone());
    }
    query.insert("show", filter.show.to_string());
    format!("/dishes{}", query.to_query_string())
}

fn filters(filter: &Filter, cuisines: Vec<(String, String)>) -> AnyView {
    let meals = Meal::ALL.map(|meal| (meal.key().to_owned(), name("meal", meal.key())));
    let diets = Diet::ALL
        .into_iter()
        .filter(|diet| *diet != Diet::Omnivore)
        .map(|diet| (diet.key().to_owned(), name("diet", diet.key())))
        .collect();
    let allergens: Vec<Choice> = Allergen::ALL
        .into_iter()
        .map(|one| Choice::new(one.key(), name("allergen", one.key())))
        .collect();
    let absent: Vec<String> = filter
        .without
        .iter()
        .map(|key| name("allergen", key))
        .collect();
    let summary = if absent.is_empty() {
        t(Key::DishesWithout).to_owned()
    } else {
        fill(Key::DishesWithoutCount, &[("list", &absent.join(", "))])
    };
    let any = *filter
        != Filter {
            show: filter.show,
            ..Filter::default()
        };
    let clear =
        any.then(|| view! { <a class="btn btn--quiet" href="/dishes">{t(Key::DishesClear)}</a> });
    view! {
        <form method="get" action="/dishes" role="search" aria-label=t(Key::DishesFilters) class="card dish-filters">
            <div class="dish-filters__fields">
                <div class="field">
                    <label for="q">{t(Key::DishesText)}</label>
                    <input class="input" id="q" name="q" type="search" maxlength="100" autocomplete="off" value=filter.text.clone()/>
                </div>
                {filter::select("meal", Key::DishesMeal, Key::DishesAny, meals.into(), &filter.meal)}
                {filter::select("diet", Key::DishesDiet, Key::DishesAny, diets, &filter.diet)}
                {filter::select("cuisine", Key::DishesCuisine, Key::DishesAny, cuisines, &filter.cuisine)}
            </div>
            <details class="disclosure" open=!absent.is_empty()>
                <summary>{summary}</summary>
                <Choices name="without" legend=t(Key::DishesWithout) options=allergens selected=filter.without.clone() several=true class="pills"/>
            </details>
            <div class="form-actions">
                <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::DishesApply)}</button>
                {clear}
            </div>
        </form>
    }
    .into_any()
}

fn card(card: DishCard) -> AnyView {
    let DishCard {
        id,
        name,
        cuisine,
        meta,
        groups,
    } = card;
    view! {
        <li class="card card--link dish-card">
            <Plate id=id.clone() groups=groups size="plate--l"/>
            <div>
                <span class="eyebrow">{cuisine}</span>
                <h2 class="h4"><a href=format!("/dishes/{id}")>{name}</a></h2>
                <p class="small muted num">{meta}</p>
            </div>
        </li>
    }
    .into_any()
}
