use crate::components::icon;
use crate::components::{Bar, Icon, Plate, Ring};
use crate::context::{fill, name, number, t};
use domain::amount::Amount;
use domain::food::FoodGroup as G;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use locales::Key;

/// A day of the sample: the occasion, the dish, its energy and its plate.
type Sample = (&'static str, Key, &'static str, &'static [(G, i64)]);

const SAMPLE: [Sample; 4] = [
    (
        "BREAKFAST",
        Key::LandingDishOats,
        "460",
        &[
            (G::WholeGrains, 60),
            (G::Berries, 90),
            (G::Dairy, 120),
            (G::Nuts, 12),
        ],
    ),
    (
        "LUNCH",
        Key::LandingDishTacos,
        "640",
        &[
            (G::WhiteFish, 140),
            (G::WholeGrains, 90),
            (G::OtherVegetables, 80),
            (G::RedOrangeVegetables, 60),
            (G::Citrus, 15),
            (G::Oils, 8),
        ],
    ),
    (
        "SNACK",
        Key::LandingDishYogurt,
        "290",
        &[(G::Dairy, 170), (G::Citrus, 110), (G::Nuts, 25)],
    ),
    (
        "DINNER",
        Key::LandingDishStew,
        "580",
        &[
            (G::Legumes, 160),
            (G::LeafyGreens, 120),
            (G::RedOrangeVegetables, 110),
            (G::Oils, 10),
            (G::Seeds, 3),
        ],
    ),
];

#[component]
pub fn LandingPage() -> impl IntoView {
    view! {
        <Title text=""/>
        <div class="page landing">
            {hero()}
            {how()}
            {trust()}
            <section class="landing__end">
                <h2>{t(Key::LandingEnd)}</h2>
                <A href="/sign-up" attr:class="btn btn--primary btn--l">{t(Key::LandingStart)}<Icon path=icon::ARROW/></A>
            </section>
        </div>
    }
}

fn hero() -> AnyView {
    view! {
        <section class="hero">
            <div class="hero__words">
                <p class="eyebrow">{t(Key::LandingEyebrow)}</p>
                <h1>{t(Key::LandingTitle)}</h1>
                <p class="lede">{t(Key::LandingLede)}</p>
                <div class="cluster">
                    <A href="/sign-up" attr:class="btn btn--primary btn--l">{t(Key::LandingStart)}<Icon path=icon::ARROW/></A>
                    <A href="/dishes" attr:class="btn btn--quiet btn--l">{t(Key::LandingBrowse)}</A>
                </div>
            </div>
            {sample_day()}
        </section>
    }
    .into_any()
}

fn sample_day() -> AnyView {
    let meals = SAMPLE
        .into_iter()
        .map(|(meal, dish, energy, groups)| {
            let groups = groups
                .iter()
                .map(|(group, grams)| (*group, Amount::whole(*grams)))
                .collect();
            view! {
                <li class="meal-row">
                    <Plate id=format!("{dish:?}") groups=groups/>
                    <span class="eyebrow">{name("meal", meal)}</span>
                    <span class="meal-row__name">{t(dish)}</span>
                    <span class="meal-row__aside num">{energy}" kcal"</span>
                </li>
            }
        })
        .collect_view();
    let macros = [
        ("macro-protein", "protein", 0.86, "96 g"),
        ("macro-carbohydrate", "carbohydrate", 0.74, "236 g"),
        ("macro-fat", "fat", 0.79, "71 g"),
    ]
    .map(|(class, nutrient, value, grams)| {
        view! { <li class=class><span>{name("nutrient", nutrient)}</span><b>{grams}</b><Bar value=value mark=Some(0.7) limit=None/></li> }
    });
    view! {
        <figure class="card hero__day">
            <figcaption class="visually-hidden">{t(Key::LandingSample)}</figcaption>
            <div class="rings">
                <Ring class="ring--l macro-energy" value=0.985 text=number(1970) caption=fill(Key::LandingEnergyOf, &[("target", &number(2000))])/>
                <ul class="macros">{macros.into_iter().collect_view()}</ul>
            </div>
            <ul class="meal-list">{meals}</ul>
            <p class="small muted">{t(Key::LandingSampleNote)}</p>
        </figure>
    }
    .into_any()
}

fn how() -> AnyView {
    let steps = [
        (Key::LandingStepProfile, Key::LandingStepProfileText),
        (Key::LandingStepWeek, Key::LandingStepWeekText),
        (Key::LandingStepCook, Key::LandingStepCookText),
    ]
    .map(|(title, text)| view! { <li class="stack stack--s"><h3>{t(title)}</h3><p class="muted">{t(text)}</p></li> });
    view! {
        <section class="section section--ruled stack stack--l">
            <h2>{t(Key::LandingHow)}</h2>
            <ol class="how grid">{steps.into_iter().collect_view()}</ol>
        </section>
    }
    .into_any()
}

fn trust() -> AnyView {
    let facts = [
        (icon::SCALES, Key::LandingTrustData, Key::LandingTrustDataText),
        (icon::EQUAL, Key::LandingTrustSame, Key::LandingTrustSameText),
        (icon::LOCK, Key::LandingTrustPrivate, Key::LandingTrustPrivateText),
        (icon::SERVER, Key::LandingTrustHosted, Key::LandingTrustHostedText),
    ]
    .map(|(path, title, text)| {
        view! { <li class="trust"><Icon path=path/><h3>{t(title)}</h3><p class="muted small">{t(text)}</p></li> }
    });
    view! {
        <section class="section section--ruled stack stack--l">
            <h2>{t(Key::LandingTrust)}</h2>
            <ul class="grid trusts">{facts.into_iter().collect_view()}</ul>
        </section>
    }
    .into_any()
}
