//! What forms that put something into the cart share.

use crate::components::FormState;
use crate::context::{fill, language, t};
use domain::problem::Problem;
use leptos::prelude::*;
use locales::Key;

/// The choice that is left where the cart is of another campus: to go and order what is in it, or to
/// empty it for this. Nothing otherwise.
pub(crate) fn other_campus() -> AnyView {
    let state = FormState::current();
    let Some(Problem::OtherCampus { campus }) = state.problem() else {
        return ().into_any();
    };
    // What was refused; the button sends it again.
    let item = ["replace", "item"]
        .into_iter()
        .filter_map(|field| state.typed(field))
        .find(|item| !item.is_empty())
        .unwrap_or_default();
    let look = fill(
        Key::CartLookAt,
        &[("campus", campus.get(language()).as_str())],
    );
    view! {
        <div class="cluster">
            <a class="btn" href="/cart">{look}</a>
            <button class="btn btn--danger" name="replace" value=item>{t(Key::CartReplace)}</button>
        </div>
    }
    .into_any()
}
