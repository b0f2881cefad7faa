//! The pages: rendered here, made interactive in the browser.

use super::assets;
use app::{App, shell};
use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, generate_route_list};

/// A route for each page, for the forms that pages post to themselves, and for server functions.
pub fn router() -> Router {
    let assets = assets::assets();
    let context = move || provide_context(assets.clone());
    let pages = generate_route_list(App);
    let mut router = Router::new();
    for page in &pages {
        let context = context.clone();
        router = router.route(
            page.path(),
            post(move |request: Request| app::components::form::post(request, context.clone())),
        );
    }
    let options = LeptosOptions::builder().output_name("nutriflow").build();
    router.leptos_routes_with_context(&options, pages, context, shell).with_state(options)
}
