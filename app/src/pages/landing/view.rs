use super::api::{SampleView, get_sample};
use crate::components::icon;
use crate::components::{Icon, Plate, Ring};
use crate::context::{me, t};
use crate::pages::plan::draw_bar;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use locales::Key;

#[component]
pub fn LandingPage() -> impl IntoView {
    let sample = Resource::new_blocking(|| (), |()| get_sample());
    view! {
        <Title text=""/>
        <Suspense>
            {move || Suspend::new(async move {
                let signed_in = me().await.is_some();
                page(signed_in, sample.await.ok().as_ref())
            })}
        </Suspense>
    }
}

fn page(signed_in: bool, sample: Option<&SampleView>) -> AnyView {
    let end = (!signed_in).then(|| {
        view! { <section class="landing__end"><h2>{t(Key::LandingEnd)}</h2>{start(signed_in)}</section> }
    });
    view! {
        <div class="page landing">
            <section class="hero">
                <div class="hero__words">
                    <p class="eyebrow">{t(Key::LandingEyebrow)}</p>
                    <h1>{t(Key::LandingTitle)}</h1>
                    <p class="lede">{t(Key::LandingLede)}</p>
                    <div class="cluster">
                        {start(signed_in)}
                        <A href="/dishes" attr:class="btn btn--quiet btn--l">{t(Key::LandingBrowse)}</A>
                    </div>
                </div>
                {sample.map(sample_day)}
            </section>
            {how()}
            {trust()}
            {end}
        </div>
    }
    .into_any()
}

/// The day as it is planned; nothing where there is none, for the words stand without it.
fn sample_day(sample: &SampleView) -> AnyView {
    let day = &sample.day;
    let meals = day
        .meals
        .iter()
        .map(|meal| {
            view! {
                <li class="meal-row">
                    <Plate id=meal.dish.clone() groups=meal.groups.clone()/>
                    <span class="eyebrow">{meal.meal.clone()}</span>
                    <a class="meal-row__name" href=format!("/dishes/{}", meal.dish)>{meal.name.clone()}</a>
                    <span class="meal-row__aside num">{meal.energy.clone()}</span>
                </li>
            }
        })
        .collect_view();
    let macros = day
        .rings
        .iter()
        .zip(&day.totals)
        .skip(1)
        .map(|(ring, total)| {
            view! { <li class=ring.class.clone()><span>{total.label.clone()}</span><b>{total.amount.clone()}</b>{draw_bar(total.bar)}</li> }
        })
        .collect_view();
    let energy = day.rings.first().map(|ring| {
        view! { <Ring class=format!("ring--l {}", ring.class) value=ring.value text=ring.text.clone() caption=ring.caption.clone()/> }
    });
    view! {
        <figure class="card hero__day">
            <figcaption class="small muted">{sample.caption.clone()}</figcaption>
            <div class="rings">{energy}<ul class="macros">{macros}</ul></div>
            <ul class="meal-list">{meals}</ul>
        </figure>
    }
    .into_any()
}

/// The one thing to do here: begin, or go on.
fn start(signed_in: bool) -> AnyView {
    let (path, label) = if signed_in {
        ("/plan", Key::LandingOpen)
    } else {
        ("/sign-up", Key::LandingStart)
    };
    view! { <A href=path attr:class="btn btn--primary btn--l">{t(label)}<Icon path=icon::ARROW/></A> }
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
