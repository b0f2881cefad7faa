//! Parts of the forms by which lists are filtered.

use crate::context::t;
use leptos::prelude::*;
use locales::Key;

/// One of some values, named in an address by its own name, or any of them.
pub fn select(
    id: &'static str,
    label: Key,
    any: Key,
    options: Vec<(String, String)>,
    chosen: &str,
) -> AnyView {
    let options = options
        .into_iter()
        .map(|(value, label)| {
            let selected = value.eq_ignore_ascii_case(chosen);
            view! { <option value=value selected=selected>{label}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{t(label)}</label>
            <select class="input" id=id name=id><option value="">{t(any)}</option>{options}</select>
        </div>
    }
    .into_any()
}
