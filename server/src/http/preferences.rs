//! Choices that need no account, and signing out: forms in every page's frame.

use super::problem::ApiError;
use super::request::cookie;
use app::context::{Theme, local_path};
use axum::Form;
use axum::extract::Extension;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::text::Language;
use serde::Deserialize;
use service::Ctx;

/// A year, in seconds.
const YEAR: i64 = 365 * 24 * 3600;

/// A language, a theme, or both, and where to go back to.
#[derive(Debug, Deserialize)]
pub struct Preferences {
    language: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

fn see_other(path: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// Keeps a language or theme in a cookie; messages to whoever has signed in have that language too.
pub async fn set(Extension(ctx): Extension<Ctx>, Form(form): Form<Preferences>) -> Response {
    let secure = if ctx.service.https() { "; Secure" } else { "" };
    let keep = |name: &str, value: &str| {
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={YEAR}{secure}")
    };
    let language = form.language.as_deref().and_then(Language::from_tag);
    if let Some(language) = language
        && let Err(error) = service::notify::set_language(&ctx, language).await
    {
        // The page changes its language all the same.
        tracing::warn!(%error, "could not note a language");
    }
    let theme = form.theme.as_deref().and_then(Theme::from_key);
    let cookies: Vec<String> = language
        .map(|language| keep("language", language.tag()))
        .into_iter()
        .chain(theme.map(|theme| keep("theme", theme.key())))
        .collect();
    see_other(
        form.back.as_deref().and_then(local_path).unwrap_or("/"),
        &cookies,
    )
}

/// Ends the browser's sign-in.
pub async fn sign_out(
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = cookie(&headers, service::account::session_cookie_name(&ctx)) {
        service::account::sign_out(&ctx, token).await?;
    }
    Ok(see_other(
        "/",
        &[service::account::clear_session_cookie(&ctx)],
    ))
}
