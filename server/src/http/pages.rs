//! The pages: rendered here, made interactive in the browser.

use super::assets;
use app::{App, shell};
use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use service::Ctx;
use std::sync::OnceLock;

/// Every page. While they are found out, nothing that is rendered in the same process gets its data, ever
/// (leptos-rs/leptos#4773): it is done once, before the first is.
fn routes() -> Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| generate_route_list(App)).clone()
}

/// A route for each page, for the forms that pages post to themselves, and for server functions.
pub fn router() -> Router {
    let assets = assets::assets();
    let context = move || {
        provide_context(assets.clone());
        protect();
    };
    let pages = routes();
    let mut router = Router::new();
    for page in &pages {
        let context = context.clone();
        router = router.route(
            page.path(),
            post(move |request: Request| app::components::form::post(request, context.clone())),
        );
    }
    let options = LeptosOptions::builder().output_name("nutriflow").build();
    let unknown = context.clone();
    router
        .leptos_routes_with_context(&options, pages, context, shell)
        .fallback(move |request: Request| answer_unknown(request, unknown.clone()))
        .with_state(options)
}

/// The page that says that there is no such page. Under the API it stays with a problem document.
async fn answer_unknown(
    request: Request,
    context: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let path = request.uri().path();
    let page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !["/v1/", "/api/", "/pkg/"]
            .iter()
            .any(|start| path.starts_with(start));
    if page {
        leptos_axum::render_app_async_with_context(context, shell)(request).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// Whether the page is one where Stripe's own field takes a card, in a frame of Stripe's.
fn names_cards() -> bool {
    let Some(parts) = use_context::<Parts>() else {
        return false;
    };
    let stripe = |ctx: &Ctx| {
        let stripe = ctx.institution.gateways.stripe();
        stripe.is_some_and(|stripe| stripe.publishable_key.is_some())
    };
    matches!(parts.uri.path(), "/checkout" | "/wallet")
        && parts.extensions.get::<Ctx>().is_some_and(stripe)
}

/// Headers of a page: only the scripts that it names itself may run, and it stays with its reader.
fn protect() {
    let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    let cards = if names_cards() {
        "; connect-src 'self' https://api.stripe.com; frame-src https://js.stripe.com https://hooks.stripe.com"
    } else {
        ""
    };
    let policy = format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; worker-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'{cards}"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    options.insert_header(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
}
