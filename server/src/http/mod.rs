//! Everything that comes in over HTTP: middleware, health, files, pages. REST is in [`crate::v1`].

mod assets;
mod health;
mod pages;
mod preferences;
pub mod problem;
mod request;
mod shopping;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use service::Service;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// The largest body: profiles, forms and commands are small.
pub const BODY_MOST: usize = 64 * 1024;

/// Every route of the product.
#[must_use]
pub fn router(service: &Arc<Service>) -> Router {
    let product = Router::new()
        .merge(crate::v1::router())
        .merge(pages::router())
        .route("/preferences", post(preferences::set))
        .route("/sign-out", post(preferences::sign_out))
        .route("/plan/{week}/shopping.csv", get(shopping::csv))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(request::refuse_foreign_origin))
        .layer(middleware::from_fn_with_state(
            Arc::clone(service),
            request::context,
        ));
    Router::new()
        .merge(product)
        .merge(assets::router())
        .route("/livez", get(health::alive))
        .route(
            "/readyz",
            get(health::ready).with_state(Arc::clone(service)),
        )
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(middleware::from_fn(problem::render))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(
            problem::panicked,
        ))
        .layer(middleware::from_fn(request::identify_and_log))
}
