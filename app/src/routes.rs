//! Which page stands at which address.
//!
//! Every route is `SsrMode::Async`: without JavaScript nothing can fill a gap in later.

use crate::components::form::Submitted;
use crate::components::frame::{SiteFooter, SiteHeader};
use crate::context::{MeResource, detect_language, detect_theme, language};
use crate::pages::account::{AccountPage, get_me};
use crate::pages::landing::LandingPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::profile::ProfilePage;
use crate::pages::sign_in::SignInPage;
use crate::pages::sign_up::SignUpPage;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode::Async;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// The root of every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(detect_language());
    provide_context(detect_theme());
    let submitted = SharedValue::new(submitted).into_inner();
    let submitted: StoredValue<Option<Submitted>> = StoredValue::new(submitted);
    provide_context(submitted);
    let me = Resource::new_blocking(|| (), |()| async { get_me().await.unwrap_or_default() });
    provide_context(MeResource(me));
    Effect::new(move || {
        // What was typed belongs to the first page of this document only.
        submitted.set_value(None);
        if let Some(html) = document().document_element() {
            let _ = html.set_attribute("data-hydrated", "true");
        }
    });
    view! {
        <Title formatter=|page: String| if page.is_empty() { "NutriFlow".to_owned() } else { format!("{page} · NutriFlow") }/>
        <Router>
            <SiteHeader/>
            <main id="main" tabindex="-1" lang=language().tag()>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=LandingPage ssr=Async/>
                    <Route path=path!("/sign-up") view=SignUpPage ssr=Async/>
                    <Route path=path!("/sign-in") view=SignInPage ssr=Async/>
                    <Route path=path!("/account") view=AccountPage ssr=Async/>
                    <Route path=path!("/profile") view=ProfilePage ssr=Async/>
                </Routes>
            </main>
            <SiteFooter/>
        </Router>
    }
}

#[cfg(feature = "ssr")]
fn submitted() -> Option<Submitted> {
    crate::context::request_extension()
}

#[cfg(not(feature = "ssr"))]
fn submitted() -> Option<Submitted> {
    None
}
