//! Rings and bars: an amount against what it is measured by.

use leptos::prelude::*;

/// A ring around a number. The number is text; the ring is decoration.
#[component]
pub fn Ring(
    /// The amount as a share of its target: 1 closes the ring, more draws a second, thin round.
    #[prop(into)]
    value: Signal<f64>,
    /// The number inside.
    #[prop(into)]
    text: Signal<String>,
    /// The small line under it: a unit, or "of 2,100".
    #[prop(into, optional)]
    caption: Signal<String>,
    /// `ring--s`, `ring--l`, and `macro-energy`, `macro-protein`, `macro-carbohydrate`, `macro-fat`.
    #[prop(into, optional)]
    class: String,
) -> impl IntoView {
    view! {
        <div class=format!("ring {class}") style=move || format!("--value:{:.3}", value.get())>
            <svg viewBox="0 0 100 100" aria-hidden="true">
                <circle class="ring__track" cx="50" cy="50" r="44"/>
                <circle class="ring__value" cx="50" cy="50" r="44" pathLength="100"/>
                <circle class="ring__over" cx="50" cy="50" r="44" pathLength="100"/>
            </svg>
            <span class="ring__text"><b>{move || text.get()}</b><small>{move || caption.get()}</small></span>
        </div>
    }
}

/// A bar with a mark at the reference and one at the limit. It is decoration: the numbers must
/// stand beside it as text.
#[component]
pub fn Bar(
    /// The amount as a share of the whole track.
    value: f64,
    /// The reference as a share of the track.
    #[prop(optional_no_strip)]
    mark: Option<f64>,
    /// The limit as a share of the track.
    #[prop(optional_no_strip)]
    limit: Option<f64>,
    /// `leaf` reached, `saffron` near, `beet` above the limit, `accent`, `blue`, or empty.
    #[prop(optional)]
    tone: &'static str,
) -> impl IntoView {
    let style = format!(
        "--value:{value:.3};--mark:{:.3};--limit:{:.3}",
        mark.unwrap_or_default(),
        limit.unwrap_or_default()
    );
    view! {
        <div class="bar" data-tone=(!tone.is_empty()).then_some(tone) style=style aria-hidden="true">
            <span></span>
            {mark.map(|_| view! { <i></i> })}
            {limit.map(|_| view! { <i data-limit="true"></i> })}
        </div>
    }
}

/// How far something has got, from 0 to 1; without a value it says only that it goes on.
#[component]
pub fn Progress(
    /// How far, from 0 to 1.
    #[prop(into)]
    value: Signal<Option<f64>>,
    /// What is going on.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let percent = move || value.get().map(|value| format!("{:.0}", value * 100.0));
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=percent
            data-busy=move || value.get().is_none().then_some("true")
            style=move || format!("--value:{:.3}", value.get().unwrap_or_default())
        >
            <span></span>
        </div>
    }
}
