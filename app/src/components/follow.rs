//! Pages of somebody who waits for an order follow what happens to it.
//!
//! [`Follow`] loads the `follow` module, which tells the page of each event: [`super::Live`] brings its
//! parts up to date at once, and a toast says when a meal is ready or the kitchen has a question. What it says stands here, in the
//! page's language. Everybody else loads nothing.

use crate::context::{self, Me, t};
use crate::shell::Assets;
use domain::account::Role;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use locales::Key;

/// Loads the module.
const FOLLOW: &str = include_str!("follow.js");

/// Where those who work there follow everybody's orders and the stock.
const WORK: [&str; 3] = ["/kitchen", "/admin/stock", "/admin/orders"];

/// The place of toasts, and the module that fills it, for those who have something to follow.
#[component]
pub fn Follow() -> impl IntoView {
    let me = context::me();
    let path = use_location().pathname;
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let me = me.await?;
                follows(&me, &path.get_untracked()).then(|| place(me.heard))
            })}
        </Suspense>
    }
    .into_any()
}

fn follows(me: &Me, path: &str) -> bool {
    let works = matches!(me.role, Role::Staff | Role::Admin);
    me.waits || (works && WORK.iter().any(|start| path.starts_with(start)))
}

/// `heard` is the number of the last event that the page can show: the module asks for what came after.
fn place(heard: i64) -> AnyView {
    let assets: Assets = expect_context();
    let script = format!(
        "({FOLLOW})({:?},{:?})",
        assets.follow_js, assets.follow_wasm
    );
    view! {
        <div
            class="toasts"
            role="status"
            data-follow="/v1/events"
            data-after=heard
            data-ready=t(Key::FollowReady)
            data-substitute=t(Key::FollowSubstitute)
            data-open=t(Key::FollowOpen)
            data-dismiss=t(Key::FollowDismiss)
        ></div>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
    .into_any()
}
