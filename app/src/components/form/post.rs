//! The server's side of a form.

use super::{ACTION, Submitted};
use crate::error::AppError;
use crate::shell;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, RawForm};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use leptos::server_fn::error::FromServerFnError;

/// The most that an answer of a server function to a form may weigh.
const ANSWER: usize = 1 << 20;

/// Takes a form that a page posted to its own address. Mounted as `POST` at every page.
///
/// `context` is what server functions and pages get on their other ways too.
pub async fn post(
    request: Request<Body>,
    context: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let (parts, body) = request.into_parts();
    let form = match read(Request::from_parts(parts.clone(), body)).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let mut values: Vec<(String, String)> = form_urlencoded::parse(&form).into_owned().collect();
    let Some(action) = values
        .iter()
        .find(|(name, _)| name == ACTION)
        .map(|(_, path)| path.clone())
    else {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    };
    let Some(uri) = action
        .parse::<Uri>()
        .ok()
        .filter(|uri| uri.authority().is_none() && uri.path().starts_with("/api/"))
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };

    let mut call = parts.clone();
    call.uri = uri;
    call.headers
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    call.headers.remove(header::CONTENT_LENGTH);
    call.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let call = Request::from_parts(call, Body::from(form));
    let answer = leptos_axum::handle_server_fns_with_context(context.clone(), call)
        .await
        .into_response();

    let (head, body) = answer.into_parts();
    if head.status.is_success() {
        let here =
            || HeaderValue::from_str(parts.uri.path()).unwrap_or(HeaderValue::from_static("/"));
        let mut redirect = StatusCode::SEE_OTHER.into_response();
        let location = head
            .headers
            .get(header::LOCATION)
            .cloned()
            .unwrap_or_else(here);
        redirect.headers_mut().insert(header::LOCATION, location);
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            redirect
                .headers_mut()
                .append(header::SET_COOKIE, cookie.clone());
        }
        return redirect;
    }

    let AppError(problem) = match axum::body::to_bytes(body, ANSWER).await {
        Ok(bytes) => AppError::de(bytes),
        Err(_) => AppError(Problem::Internal),
    };
    values.retain(|(name, _)| name != ACTION && !name.to_ascii_lowercase().contains("password"));
    let status =
        StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut page = parts;
    page.method = Method::GET;
    page.headers.remove(header::CONTENT_LENGTH);
    page.headers.remove(header::CONTENT_TYPE);
    page.extensions.insert(Submitted {
        action,
        values,
        problem,
    });
    let page = Request::from_parts(page, Body::empty());
    let mut page = leptos_axum::render_app_async_with_context(context, shell)(page).await;
    if page.status().is_success() {
        *page.status_mut() = status;
    }
    page.headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}

/// A form as it is without files: what stands in a file stands in its field. What was not chosen is empty.
async fn read(request: Request<Body>) -> Result<Bytes, Response> {
    let brings_files = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    if !brings_files {
        let form = RawForm::from_request(request, &()).await;
        return form
            .map(|RawForm(form)| form)
            .map_err(IntoResponse::into_response);
    }
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(IntoResponse::into_response)?;
    let mut values: Vec<(String, String)> = Vec::new();
    while let Some(part) = parts
        .next_field()
        .await
        .map_err(IntoResponse::into_response)?
    {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(IntoResponse::into_response)?;
        // What is not UTF-8 shows by the sign that stands for it.
        values.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(values);
    Ok(form.finish().into())
}
