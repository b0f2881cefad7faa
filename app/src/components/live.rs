//! Pages that follow what happens, without WebAssembly.
//!
//! A page with [`Live`] on it names its changing parts `data-live="name"`. Every two seconds, while
//! somebody looks, the page is asked for again and those parts are brought up to date in place: what
//! has the focus keeps it, what was opened stays open, and a part in which somebody types waits. Parts
//! in lists carry `data-key`, so that they stay what they are when others come before them.
//!
//! A page that says what it `follows` is asked for at once when something happens to that, where the
//! [`super::follow`] module hears of events, and only now and then besides. Of what happens in quick
//! succession the first is shown at once, and the others together.
//!
//! A page with hundreds of orders on it names a parameter by which it tells of some of them `only`: then
//! what happens to an order is shown without asking for all the others.
//!
//! Without JavaScript there is a link that loads the page again.

use super::icon::{self, Icon};
use crate::context::t;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use locales::Key;

/// Brings the parts up to date.
const LIVE: &str = include_str!("live.js");

/// Keeps the page's `data-live` parts up to date, says when it cannot, and lets people stop it.
#[component]
pub fn Live(
    /// What the page is about, apart by spaces: `orders` (everything about orders and payments), the id
    /// of an order, `stock`, the id of a menu item, `messages` (what the member is told).
    #[prop(into, optional)]
    follows: String,
    /// The id of the campus that it is about, where it is about one: what happens elsewhere is passed
    /// over.
    #[prop(into, optional)]
    campus: String,
    /// The kinds of events that change anything here, apart by spaces; all of them, where empty.
    #[prop(optional)]
    kinds: &'static str,
    /// The parameter by which the page tells of some orders only, named by their ids and apart by dots, and
    /// of the others no more than that they are there: `data-same`. Then each event is shown at once, and
    /// only what has changed is asked for.
    #[prop(optional)]
    only: &'static str,
) -> impl IntoView {
    let script = format!("({LIVE})()");
    view! {
        <div
            class="live"
            data-live-control
            data-follows=follows
            data-campus=campus
            data-kinds=kinds
            data-only=only
            data-stopped=t(Key::LiveStopped)
            data-lost=t(Key::LiveLost)
            data-ended=t(Key::LiveEnded)
        >
            <span class="small muted" role="status"></span>
            <button type="button" class="btn btn--s" aria-pressed="true" hidden>
                <i class="live__mark" aria-hidden="true"></i>
                {t(Key::LiveOn)}
            </button>
            <a class="btn btn--s" href="" rel="external"><Icon path=icon::REFRESH/>{t(Key::LiveReload)}</a>
        </div>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
    .into_any()
}
