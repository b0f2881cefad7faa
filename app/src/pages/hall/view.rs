use super::api::{HallView, get_hall};
use crate::components::{Live, Skeleton};
use crate::context::t;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::Key;

#[component]
pub fn HallPage() -> impl IntoView {
    let params = use_params_map();
    let campus = Memo::new(move |_| {
        params
            .with(|params| params.get("campus"))
            .unwrap_or_default()
    });
    let hall = Resource::new_blocking(
        move || campus.get(),
        |campus| async move { get_hall(campus).await },
    );
    view! {
        <Title text=t(Key::HallTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(hall.await, page) })}
        </Suspense>
    }
}

fn page(data: HallView) -> AnyView {
    let HallView {
        campus,
        cooking,
        ready,
    } = data;
    view! {
        <noscript><meta http-equiv="refresh" content="5"/></noscript>
        <div class="page stack stack--l hall">
            <div class="cluster cluster--between">
                <h1 class="h3">{campus}</h1>
                <Live/>
            </div>
            <div class="hall__columns">
                {column("ready", Key::HallReady, ready)}
                {column("cooking", Key::HallCooking, cooking)}
            </div>
        </div>
    }
    .into_any()
}

fn column(part: &'static str, title: Key, numbers: Vec<String>) -> AnyView {
    let heading = format!("hall-{part}");
    let list = if numbers.is_empty() {
        view! { <p class="muted">{t(Key::HallNone)}</p> }.into_any()
    } else {
        let numbers = numbers
            .into_iter()
            .map(|number| view! { <li class="num" data-key=format!("{part}-{number}")>{number.clone()}</li> })
            .collect_view();
        view! { <ul class="hall__numbers">{numbers}</ul> }.into_any()
    };
    view! {
        <section class="hall__column" data-part=part aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{t(title)}</h2>
            <div data-live=part aria-live="polite">{list}</div>
        </section>
    }
    .into_any()
}
