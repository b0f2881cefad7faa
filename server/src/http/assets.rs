//! The files that the browser loads, made at build time with their compressed forms.

use app::Assets;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

/// Embedded in release builds, read from the folder in debug builds.
#[derive(RustEmbed)]
#[folder = "../target/site/"]
#[allow_missing = true]
struct Site;

#[derive(Deserialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: String,
    planner_js: String,
    planner_wasm: String,
    follow_js: String,
    follow_wasm: String,
    chooser_js: String,
    chooser_wasm: String,
}

/// The addresses of the built files; without a build, those that `cargo leptos` gives.
#[must_use]
pub fn assets() -> Assets {
    let manifest = Site::get("manifest.json")
        .and_then(|file| serde_json::from_slice::<Manifest>(&file.data).ok())
        .unwrap_or_else(|| Manifest {
            js: "/pkg/nutriflow.js".to_owned(),
            wasm: "/pkg/nutriflow.wasm".to_owned(),
            css: "/pkg/nutriflow.css".to_owned(),
            planner_js: "/pkg/planner.js".to_owned(),
            planner_wasm: "/pkg/planner.wasm".to_owned(),
            follow_js: "/pkg/follow.js".to_owned(),
            follow_wasm: "/pkg/follow.wasm".to_owned(),
            chooser_js: "/pkg/chooser.js".to_owned(),
            chooser_wasm: "/pkg/chooser.wasm".to_owned(),
        });
    Assets {
        js: manifest.js.into(),
        wasm: manifest.wasm.into(),
        css: manifest.css.into(),
        planner_js: manifest.planner_js.into(),
        planner_wasm: manifest.planner_wasm.into(),
        follow_js: manifest.follow_js.into(),
        follow_wasm: manifest.follow_wasm.into(),
        chooser_js: manifest.chooser_js.into(),
        chooser_wasm: manifest.chooser_wasm.into(),
    }
}

/// A route for each file. In debug builds files may come and go, so folders are routed.
pub fn router() -> Router {
    let mut router = Router::new().route("/pkg/{*file}", get(serve));
    for file in Site::iter() {
        let compressed = file.ends_with(".br") || file.ends_with(".gz");
        if !file.starts_with("pkg/") && !compressed && file != "manifest.json" {
            router = router.route(&format!("/{file}"), get(serve));
        }
    }
    router
}

const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

async fn serve(uri: axum::http::Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let Some(kind) = content_type(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let encoded = ENCODINGS
        .iter()
        .filter(|(encoding, _)| accepts(&headers, encoding))
        .find_map(|(encoding, suffix)| {
            Some((Site::get(&format!("{path}{suffix}"))?, Some(*encoding)))
        });
    let Some((file, encoding)) = encoded.or_else(|| Some((Site::get(path)?, None))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    respond(file, encoding, kind, path.starts_with("pkg/"))
}

/// Whether a request takes an answer in an encoding.
pub(crate) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    accepted.split(',').any(|offer| {
        let mut parts = offer.trim().split(';');
        parts.next() == Some(encoding) && !parts.any(|part| part.trim() == "q=0")
    })
}

fn respond(
    file: EmbeddedFile,
    encoding: Option<&'static str>,
    kind: &'static str,
    hashed: bool,
) -> Response {
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if kind == "text/javascript" {
        // A script that runs as a worker brings its own rules.
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src 'self'",
            ),
        );
    }
    // A hashed name never means other bytes.
    let caching = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=3600"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// The media type of the files that a bundle holds; nothing else is served.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "js" => "text/javascript",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}
