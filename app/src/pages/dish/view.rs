use super::api::{ContentGroup, DishView, GroupView, ShareView, get_dish};
use crate::components::icon;
use crate::components::{Icon, Plate, Skeleton, plate};
use crate::context::t;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::Key;

#[component]
pub fn DishPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let dish = Resource::new_blocking(move || id.get(), |id| async move { get_dish(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(dish.await, page) })}
        </Suspense>
    }
}

fn page(dish: DishView) -> AnyView {
    let groups = dish.groups.iter().map(|it| (it.group, it.grams)).collect();
    let facts = [
        (Key::DishEnergy, dish.energy),
        (Key::DishMinutes, dish.minutes),
        (Key::DishCost, dish.cost),
        (Key::DishMeals, dish.meals),
    ]
    .map(|(label, value)| view! { <div><dt>{t(label)}</dt><dd class="num">{value}</dd></div> });
    let foods = dish
        .foods
        .into_iter()
        .map(|food| {
            view! {
                <li class="ingredient"><span>{food.name}</span><b class="num">{food.grams}</b><small class="muted">{food.measure}</small></li>
            }
        })
        .collect_view();
    let steps = dish
        .steps
        .into_iter()
        .map(|step| view! { <li>{step}</li> })
        .collect_view();
    view! {
        <Title text=dish.name.clone()/>
        <div class="page stack stack--l">
            <p class="no-print"><a class="btn btn--quiet btn--s dish__back" href="/dishes"><Icon path=icon::BACK/>{t(Key::DishBack)}</a></p>
            <header class="dish-head">
                <Plate id=dish.id groups=groups size="plate--xl"/>
                <div class="stack">
                    <div class="stack stack--s">
                        <p class="eyebrow">{dish.cuisine}</p>
                        <h1>{dish.name}</h1>
                    </div>
                    <dl class="dish-facts">{facts.into_iter().collect_view()}</dl>
                    {legend(dish.groups)}
                </div>
            </header>
            <div class="dish-body">
                <section class="stack stack--s">
                    <h2 class="h3">{t(Key::DishFoods)}</h2>
                    <ul class="rule-list">{foods}</ul>
                    <p class="small muted">{t(Key::DishFoodsNote)}</p>
                </section>
                <section class="stack stack--s">
                    <h2 class="h3">{t(Key::DishSteps)}</h2>
                    <ol class="method">{steps}</ol>
                </section>
                <div class="stack stack--l">
                    {allergens(dish.allergens)}
                    {diets(dish.diets)}
                    {shares(dish.shares)}
                </div>
            </div>
            {nutrients(dish.nutrients)}
        </div>
    }
    .into_any()
}

fn legend(groups: Vec<GroupView>) -> AnyView {
    let groups = groups
        .into_iter()
        .map(|it| {
            let class = format!("swatch g-{}", plate::name(it.group));
            view! { <li><i class=class aria-hidden="true"></i>{it.name}" "<span class="num">{it.weight}</span></li> }
        })
        .collect_view();
    view! { <div><h2 class="visually-hidden">{t(Key::DishPlate)}</h2><ul class="legend">{groups}</ul></div> }.into_any()
}

fn allergens(allergens: Vec<String>) -> AnyView {
    let list = if allergens.is_empty() {
        view! { <p class="cluster cluster--s all-well"><Icon path=icon::CHECK/>{t(Key::DishNoAllergens)}</p> }.into_any()
    } else {
        let chips = allergens
            .into_iter()
            .map(|one| view! { <li class="chip" data-tone="saffron">{one}</li> })
            .collect_view();
        view! { <p class="small muted">{t(Key::DishMayContain)}</p><ul class="cluster cluster--s">{chips}</ul> }.into_any()
    };
    view! { <section class="stack stack--s"><h2 class="h3">{t(Key::DishAllergens)}</h2>{list}</section> }.into_any()
}

fn diets(diets: Vec<(String, bool)>) -> AnyView {
    let list = if diets.is_empty() {
        view! { <p class="muted">{t(Key::DishNoDiets)}</p> }.into_any()
    } else {
        let chips = diets
            .into_iter()
            .map(|(name, by_composition)| {
                let note =
                    by_composition.then(|| view! { <small>{t(Key::DishByComposition)}</small> });
                view! { <li class="chip" data-tone="leaf">{name}{note}</li> }
            })
            .collect_view();
        view! { <ul class="cluster cluster--s">{chips}</ul> }.into_any()
    };
    view! { <section class="stack stack--s"><h2 class="h3">{t(Key::DishDiets)}</h2>{list}</section> }.into_any()
}

fn shares(shares: Vec<ShareView>) -> AnyView {
    let bar = shares
        .iter()
        .map(|it| view! { <i class=format!("macro-{}", it.key) style=format!("--share:{}", it.percent)></i> })
        .collect_view();
    let list = shares
        .into_iter()
        .map(|it| {
            view! {
                <li class=format!("macro-{}", it.key)>
                    <span>{it.name}</span><b class="num">{it.percent}" %"</b><small class="muted num">{it.grams}</small>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="stack stack--s">
            <h2 class="h3">{t(Key::DishShares)}</h2>
            <div class="shares" aria-hidden="true">{bar}</div>
            <ul class="share-list">{list}</ul>
            <p class="small muted">{t(Key::DishSharesNote)}</p>
        </section>
    }
    .into_any()
}

fn nutrients(groups: Vec<ContentGroup>) -> AnyView {
    let tables = groups
        .into_iter()
        .map(|group| {
            let rows = group
                .rows
                .into_iter()
                .map(|(name, amount, known)| {
                    view! { <tr><th scope="row">{name}</th><td class="num">{amount}</td><td class="num muted">{known}</td></tr> }
                })
                .collect_view();
            view! {
                <table class="table">
                    <caption>{group.title}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::DishColumnNutrient)}</th>
                            <th scope="col" class="num">{t(Key::DishColumnAmount)}</th>
                            <th scope="col" class="num">{t(Key::DishColumnKnown)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            }
        })
        .collect_view();
    view! {
        <section class="stack">
            <h2 class="h3">{t(Key::DishNutrients)}</h2>
            <div class="dish-nutrients">{tables}</div>
            <p class="small muted">{t(Key::DishKnownNote)}</p>
        </section>
    }
    .into_any()
}
