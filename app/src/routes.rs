use crate::context::detect_language;
use crate::pages::landing::LandingPage;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(detect_language());
    view! {
        <Router>
            <main>
                <Routes fallback=|| "404">
                    <Route path=path!("/") view=LandingPage/>
                </Routes>
            </main>
        </Router>
    }
}
