//! Everything that comes in over HTTP: middleware, health, files, pages. REST is in [`crate::v1`].

pub(crate) mod assets;
pub(crate) mod connection;
mod health;
pub(crate) mod metrics;
mod moved;
mod pages;
mod preferences;
pub mod problem;
pub(crate) mod request;
mod shopping;
pub(crate) mod traffic;

use axum::routing::{get, post};
use axum::{Router, middleware};
use service::Service;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;
use traffic::Traffic;

/// The largest body: profiles, forms and commands are small.
pub const BODY_MOST: usize = 64 * 1024;
/// The largest body that brings a file: a form writes down each of its bytes with up to three.
pub const FILE_BODY_MOST: usize = 3 * service::stock::FILE_MOST + BODY_MOST;
/// How much of a larger body is read before it is refused.
const DRAIN_MOST: usize = 32 * 1024 * 1024;

/// Every route of the product. Without `metrics` there is no such address.
pub fn router(service: &Arc<Service>, traffic: &Arc<Traffic>, metrics: Option<Router>) -> Router {
    let product = Router::new()
        .merge(crate::v1::router())
        .merge(pages::router())
        .route("/preferences", post(preferences::set))
        .route("/sign-out", post(preferences::sign_out))
        .route("/plan/{week}/shopping.csv", get(shopping::csv))
        .route("/staff/orders", get(moved::staff_orders))
        .route("/health/detailed", get(health::detailed))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(
            Arc::clone(service),
            request::context,
        ));
    let router = Router::new()
        .merge(product)
        .merge(assets::router())
        .merge(metrics.unwrap_or_default())
        .merge(health(service));
    frame(router, traffic)
}

/// The routes of a process that only runs jobs.
pub fn health_router(
    service: &Arc<Service>,
    traffic: &Arc<Traffic>,
    metrics: Option<Router>,
) -> Router {
    frame(health(service).merge(metrics.unwrap_or_default()), traffic)
}

/// Whether the process lives, and whether it can serve.
fn health(service: &Arc<Service>) -> Router {
    Router::new()
        .route("/livez", get(health::alive))
        .route("/health", get(health::alive))
        .route("/api/health", get(health::alive))
        .route("/api/health/", get(health::alive))
        .route(
            "/readyz",
            get(health::ready).with_state(Arc::clone(service)),
        )
}

/// What surrounds every route, in one layer: a router's request is boxed and cloned once for each.
fn frame(router: Router, traffic: &Arc<Traffic>) -> Router {
    router.layer(middleware::from_fn_with_state(
        Arc::clone(traffic),
        request::identify_and_log,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::extract::Request;
    use tower::ServiceExt as _;

    async fn panics() {
        panic!("on purpose");
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_a_problem() {
        let router = frame(
            Router::new().route("/v1/panics", get(panics)),
            &Arc::default(),
        );
        let request = Request::get("/v1/panics").header("x-request-id", "one");
        let answer = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers()["x-request-id"], "one");
        let body = axum::body::to_bytes(answer.into_body(), 10_000)
            .await
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["code"], "INTERNAL");
        assert!(!document.to_string().contains("on purpose"));
    }
}
