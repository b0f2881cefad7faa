//! The catalogue for the engine in the browser.

use crate::http::problem::ApiError;
use axum::Extension;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use service::Ctx;
use std::sync::OnceLock;

/// The catalogue without recipes, under the version that a page was rendered with.
pub async fn get(
    Extension(ctx): Extension<Ctx>,
    Path(version): Path<String>,
) -> Result<Response, ApiError> {
    static DOCUMENT: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let catalogue = ctx.service.catalogue();
    if version != catalogue.version {
        return Err(ApiError(Problem::NotFound));
    }
    let document = DOCUMENT.get_or_init(|| {
        let json =
            serde_json::to_vec(&catalogue.for_browser()).map_err(|error| error.to_string())?;
        let mut compressed = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut compressed, 1 << 16, 9, 22);
        std::io::Write::write_all(&mut writer, &json).map_err(|error| error.to_string())?;
        drop(writer);
        Ok(compressed)
    });
    let document = document.as_ref().map_err(|cause| {
        tracing::error!(%cause, "the catalogue can't be written");
        ApiError(Problem::Internal)
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_ENCODING, "br"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, document.as_slice()).into_response())
}
