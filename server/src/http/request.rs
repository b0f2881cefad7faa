//! What each request gets before a handler sees it: an id, a language, and who asks.

use super::metrics;
use super::problem::{self, ApiError};
use super::traffic::Traffic;
use crate::telemetry;
use app::context::Theme;
use axum::RequestExt as _;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use domain::text::Language;
use futures::StreamExt as _;
use service::{Actor, Ctx, Service};
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

/// The id that every log line and job of a request names.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

const REQUEST_ID: &str = "x-request-id";

/// The value of a cookie.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Takes the caller's request id, where it is sound, or makes one; answers with it, and logs one
/// line a request. In between its body is bounded, and what went wrong is put into words.
pub async fn identify_and_log(
    State(traffic): State<Arc<Traffic>>,
    mut request: Request,
    next: Next,
) -> Response {
    let given = text(request.headers(), REQUEST_ID).filter(|id| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    });
    #[allow(
        clippy::disallowed_methods,
        reason = "a label for logs, decided before a Ctx exists"
    )]
    let id: Arc<str> = given.map_or_else(|| Uuid::now_v7().to_string().into(), Into::into);
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let begun = Instant::now();
    let method = request.method().clone();
    // The template, never the address: ids and queries stay out of logs.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched".into(), |path| Arc::<str>::from(path.as_str()));
    let span = tracing::info_span!("request", request_id = %id);
    async {
        let mut response = problem::render(request, |request| limit_body(request, next)).await;
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        secure(response.headers_mut());
        let (status, duration) = (response.status(), begun.elapsed());
        metrics::count(&method, &route, status, duration);
        traffic.count(status, duration);
        tracing::info!(
            %method,
            %route,
            status = status.as_u16(),
            duration_ms = duration.as_millis(),
            "request ended"
        );
        telemetry::describe_request(&method, &route, status);
        response
    }
    .instrument(span)
    .await
}

/// Headers that every answer carries. Pages bring a content security policy with their nonce.
fn secure(headers: &mut HeaderMap) {
    let mut default = |name: header::HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    );
}

/// Throws a body away that is not too enormous: a client that is still sending when the connection
/// closes may never read why. One that waits to be told to go on needs no such patience.
async fn drain(request: Request) {
    if request.headers().contains_key(header::EXPECT) {
        return;
    }
    let mut body = request.into_body().into_data_stream();
    let mut left = super::DRAIN_MOST;
    while let Some(Ok(chunk)) = body.next().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Bounds the body, however it is read: server functions do not look for axum's limit themselves.
async fn limit_body(mut request: Request, next: Next) -> Response {
    let most = match request.uri().path() {
        "/v1/stock/import" | "/admin/stock/import" => super::FILE_BODY_MOST,
        _ => super::BODY_MOST,
    };
    let told = text(request.headers(), header::CONTENT_LENGTH)
        .and_then(|length| length.parse::<usize>().ok());
    if told.is_some_and(|length| length > most) {
        drain(request).await;
        return ApiError(Problem::TooLarge).into_response();
    }
    DefaultBodyLimit::max(most).apply(&mut request);
    next.run(request.with_limited_body()).await
}

/// Whether a request changes something and was caused by a page of another origin.
///
/// Every current browser says where a request comes from; what says nothing is no browser, and has
/// no cookies that somebody else could ride on.
fn is_foreign(request: &Request) -> bool {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    !safe && !own_origin(request.headers())
}

/// Whether a request was caused by a page of this very origin, or by no page.
pub(crate) fn own_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text(headers, header::ORIGIN), text(headers, header::HOST)) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Finds out the language, the theme and who asks, and leaves a [`Ctx`] in the request; refuses what a page of
/// another origin wants changed.
pub async fn context(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let language = cookie(headers, "language")
        .and_then(Language::from_tag)
        .or_else(|| Language::from_accept_language(text(headers, header::ACCEPT_LANGUAGE)?))
        .unwrap_or_default();
    let theme = cookie(headers, "theme")
        .and_then(Theme::from_key)
        .unwrap_or_default();
    let institution = match service.institution(None) {
        Ok(institution) => institution.clone(),
        Err(error) => return ApiError::from(error).into_response(),
    };
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(|| "unidentified".into(), |id| Arc::clone(&id.0));
    let anonymous = Ctx {
        service: Arc::clone(&service),
        institution,
        actor: Actor::Anonymous,
        language,
        session: None,
        visitor: None,
        request_id,
        job: None,
    };
    let actor = match actor(&anonymous, headers).await {
        Ok(actor) => actor,
        Err(problem) => return ApiError(problem).into_response(),
    };
    if is_foreign(&request) {
        return ApiError(Problem::Forbidden).into_response();
    }
    // Whoever shows a token is no browser, whatever cookies come with it.
    let session = cookie(headers, service::account::session_cookie_name(&anonymous))
        .filter(|_| !headers.contains_key(header::AUTHORIZATION))
        .map(service::account::session_key);
    let visitor = cookie(headers, service::cart::cookie_name(&anonymous)).map(Into::into);
    request.extensions_mut().insert(language);
    request.extensions_mut().insert(theme);
    request.extensions_mut().insert(Ctx {
        actor,
        session,
        visitor,
        ..anonymous
    });
    next.run(request).await
}

/// Who asks. A bearer token that is not good is an error; a cookie that is not good is just nobody.
pub(crate) async fn actor(ctx: &Ctx, headers: &HeaderMap) -> Result<Actor, Problem> {
    if let Some(authorization) = text(headers, header::AUTHORIZATION) {
        let token = authorization
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(Problem::Unauthenticated)?;
        let actor = service::account::actor_of_access_token(ctx, token).await?;
        return actor.ok_or(Problem::Unauthenticated);
    }
    match cookie(headers, service::account::session_cookie_name(ctx)) {
        Some(token) => Ok(service::account::actor_of_session(ctx, token).await?),
        None => Ok(Actor::Anonymous),
    }
}
