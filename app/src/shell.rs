//! The HTML document around every page.

use crate::App;
use crate::context::{detect_language, detect_theme};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use std::sync::Arc;

/// Addresses of the built files, their content's hash in their names.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The JavaScript glue.
    pub js: Arc<str>,
    /// The WebAssembly module.
    pub wasm: Arc<str>,
    /// The style sheet.
    pub css: Arc<str>,
    /// The worker that previews plans.
    pub planner_js: Arc<str>,
    /// Its WebAssembly module.
    pub planner_wasm: Arc<str>,
    /// What follows events, for those who have something to follow.
    pub follow_js: Arc<str>,
    /// Its WebAssembly module.
    pub follow_wasm: Arc<str>,
    /// What checks a choice of options, for items that have some.
    pub chooser_js: Arc<str>,
    /// Its WebAssembly module.
    pub chooser_wasm: Arc<str>,
}

/// Loads the module and wakes the islands of the page, outer ones first.
const START: &str = include_str!("start.js");

/// The HTML document around every page.
#[must_use]
pub fn shell() -> impl IntoView {
    let assets: Assets = use_context().expect("the server provides Assets to every page");
    let language = detect_language();
    let theme = detect_theme();
    let nonce = use_nonce();
    // Outside islands nothing is hydrated, so nothing is written down for hydration.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let start = format!("({START})({:?},{:?})", assets.js, assets.wasm);
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() data-theme=theme.key()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf6ee"/>
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#131a16"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=assets.css.to_string()/>
                <script type="module" nonce=nonce>{start}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
