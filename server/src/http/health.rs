//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use service::Service;
use std::sync::Arc;

/// The process lives.
pub async fn alive() -> &'static str {
    "alive"
}

/// Every database answers.
pub async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    match service.ready().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        }
    }
}
