//! Lists as files.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;

/// The answer that is a file for a spreadsheet, called so.
pub fn csv(name: &str, file: Vec<u8>) -> impl IntoResponse + use<> {
    let disposition = format!("attachment; filename=\"nutriflow-{name}.csv\"");
    let fixed = HeaderValue::from_static;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, fixed("text/csv; charset=utf-8")),
        (header::CACHE_CONTROL, fixed("private, no-cache")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).unwrap_or(fixed("attachment")),
        ),
    ];
    (headers, file)
}
