//! Whether the process lives, whether it can serve, and how it is.

use super::problem::ApiError;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use service::{Ctx, Service};
use std::sync::Arc;

/// The process lives.
pub async fn alive() -> &'static str {
    "alive"
}

/// Every database answers, and the process was not told to stop.
pub async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    match service.ready().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        }
    }
}

/// How the process and the institution's database are, for administrators and operators.
pub async fn detailed(Extension(ctx): Extension<Ctx>) -> Result<impl IntoResponse, ApiError> {
    let detailed = service::health::detailed(&ctx).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(detailed)))
}
