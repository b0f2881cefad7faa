//! What menus, items and carts show of a meal.

use super::api::{CampusView, StockView};
use crate::components::Icon;
use crate::components::icon;
use crate::context::t;
use leptos::prelude::*;
use locales::Key;

/// How a campus takes orders just now.
pub(crate) fn state_chip(campus: &CampusView) -> AnyView {
    view! { <span class="chip" data-tone=campus.tone.clone()>{campus.state.clone()}</span> }
        .into_any()
}

/// How much of an item there is.
pub(crate) fn stock_chip(stock: StockView) -> AnyView {
    view! { <span class="chip" data-tone=stock.tone>{stock.text}</span> }.into_any()
}

/// What it contains or may contain.
pub(crate) fn allergens(allergens: Vec<String>) -> AnyView {
    if allergens.is_empty() {
        return view! { <p class="small muted">{t(Key::MenuNoAllergens)}</p> }.into_any();
    }
    view! {
        <p class="small"><span class="muted">{t(Key::MenuAllergens)}</span>" "{allergens.join(", ")}</p>
    }
    .into_any()
}

/// The diets that it fits.
pub(crate) fn diets(diets: Vec<String>) -> AnyView {
    if diets.is_empty() {
        return ().into_any();
    }
    let chips = diets
        .into_iter()
        .map(|diet| view! { <li class="chip" data-tone="leaf">{diet}</li> })
        .collect_view();
    view! { <ul class="cluster cluster--s" aria-label=t(Key::MenuDiets)>{chips}</ul> }.into_any()
}

/// Why whoever asks may not eat it.
pub(crate) fn forbidden(reasons: Vec<String>) -> AnyView {
    if reasons.is_empty() {
        return ().into_any();
    }
    view! {
        <p class="forbidden small">
            <Icon path=icon::ALERT/>
            <span>{t(Key::MenuForbidden)}" "{reasons.join(", ")}</span>
        </p>
    }
    .into_any()
}
