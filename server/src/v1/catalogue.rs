//! The catalogue for the engine in the browser.

use crate::http::assets::accepts;
use crate::http::problem::ApiError;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use service::Ctx;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The catalogue in JSON, and that under brotli.
struct Document {
    plain: Bytes,
    brotli: Bytes,
}

/// The catalogue without recipes, under the version that a page was rendered with.
pub async fn get(
    Extension(ctx): Extension<Ctx>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
    let catalogue = ctx.service.catalogue();
    if version != catalogue.version {
        return Err(ApiError(Problem::NotFound));
    }
    let catalogue = Arc::clone(catalogue);
    let write = || async {
        tokio::task::spawn_blocking(move || {
            let plain = serde_json::to_vec(&catalogue.for_browser()).map_err(into_internal)?;
            let mut brotli = Vec::new();
            let mut writer = brotli::CompressorWriter::new(&mut brotli, 1 << 16, 9, 22);
            std::io::Write::write_all(&mut writer, &plain).map_err(into_internal)?;
            drop(writer);
            Ok::<_, ApiError>(Document {
                plain: plain.into(),
                brotli: brotli.into(),
            })
        })
        .await
        .map_err(into_internal)?
    };
    let document = DOCUMENT.get_or_try_init(write).await?;
    let fixed = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    if !accepts(&headers, "br") {
        return Ok((fixed, document.plain.clone()).into_response());
    }
    let mut response = (fixed, document.brotli.clone()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    Ok(response)
}

fn into_internal(error: impl std::fmt::Display) -> ApiError {
    service::Error::Internal(error.to_string()).into()
}
