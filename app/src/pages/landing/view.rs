use crate::context::t;
use leptos::prelude::*;
use locales::Key;

#[component]
pub fn LandingPage() -> impl IntoView {
    let (count, set_count) = signal(0);
    view! {
        <h1>{t(Key::LandingTitle)}</h1>
        <button on:click=move |_| set_count.update(|count| *count += 1)>{count}</button>
    }
}
