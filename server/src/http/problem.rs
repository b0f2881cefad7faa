//! Problems on the wire: RFC 9457, `application/problem+json`.

use super::request::RequestId;
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::engine::Infeasible;
use domain::invalid::InvalidCode;
use domain::order::OrderRefusal;
use domain::problem::Problem;
use domain::text::Language;
use futures::FutureExt as _;
use serde::Serialize;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use utoipa::ToSchema;

/// A problem as an endpoint's error. The body is written by [`render`], which knows the language.
#[derive(Debug, Clone)]
pub struct ApiError(pub Problem);

impl From<service::Error> for ApiError {
    fn from(error: service::Error) -> Self {
        Self(error.into())
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Problem::RateLimited { after } = self.0 {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(after));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What every error's body holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument {
    /// Names the kind of problem: `urn:nutriflow:problem:INVALID`.
    r#type: String,
    /// What happened, in the caller's language.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What to do, in the caller's language.
    detail: String,
    /// The kind of problem, for programs: `INVALID`, `NOT_FOUND`, …
    code: &'static str,
    /// The request that this answers.
    request_id: String,
    /// The refused fields, where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// Which constraints conflict and what would help, where no plan exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    infeasible: Option<Infeasible>,
    /// Why an order can't be taken as it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<OrderRefusal>,
}

/// A refused field.
#[derive(Debug, Serialize, ToSchema)]
struct FieldProblem {
    /// Its name, a path where it lies deeper: `dislikedFoods[2]`.
    field: String,
    /// Why, in the caller's language.
    message: String,
    /// Why, for programs, with the numbers that it is about.
    #[serde(flatten)]
    code: InvalidCode,
}

fn sentence(language: Language, table: &str, name: &str, arguments: &[(&str, &str)]) -> String {
    locales::key(&format!("{table}.{name}")).map_or_else(
        || name.to_owned(),
        |key| locales::fill(language, key, arguments),
    )
}

/// Why a field was refused, in words.
#[must_use]
pub fn explain(code: &InvalidCode, language: Language) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    let name = value["code"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let arguments: Vec<(String, String)> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| {
            // A name is there in each language.
            let name = value[language.tag()].as_str().map(str::to_owned);
            let text = name.or_else(|| Some(value.as_i64()?.to_string()))?;
            Some((key.clone(), text))
        })
        .collect();
    let arguments: Vec<(&str, &str)> = arguments
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    sentence(language, "invalid", &name, &arguments)
}

impl ProblemDocument {
    /// The document of a problem in a language.
    #[must_use]
    pub fn new(problem: &Problem, language: Language, request_id: &str) -> Self {
        let code = problem.code();
        let after = match problem {
            Problem::RateLimited { after } => after.to_string(),
            _ => String::new(),
        };
        let errors = match problem {
            Problem::Invalid { fields } => fields
                .iter()
                .map(|field| FieldProblem {
                    field: field.field.clone(),
                    message: explain(&field.code, language),
                    code: field.code.clone(),
                })
                .collect(),
            _ => Vec::new(),
        };
        let infeasible = match problem {
            Problem::Infeasible { reason } => Some(reason.clone()),
            _ => None,
        };
        let refusals = match problem {
            Problem::OrderRefused { refusals } => refusals.clone(),
            _ => Vec::new(),
        };
        Self {
            r#type: format!("urn:nutriflow:problem:{code}"),
            title: sentence(language, "problem", code, &[]),
            status: problem.status(),
            detail: sentence(language, "problem_help", code, &[("after", &after)]),
            code,
            request_id: request_id.to_owned(),
            errors,
            infeasible,
            refusals,
        }
    }
}

impl ProblemDocument {
    /// What happened and what to do, in the caller's language.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} {}", self.title, self.detail)
    }
}

/// Has a request answered, and writes the body of an [`ApiError`]; gives the router's own refusals (no such
/// route, wrong method, body too large) the same form outside pages, and a panic everywhere.
pub async fn render<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let headers = request.headers();
    let language = super::request::cookie(headers, "language")
        .and_then(Language::from_tag)
        .or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Language::from_accept_language(accepted)
        })
        .unwrap_or_default();
    let api = request.uri().path().starts_with("/v1/");
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.to_string())
        .unwrap_or_default();
    let answered = AssertUnwindSafe(answer(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|cause| panicked(&*cause));
    let problem = match response.extensions().get::<ApiError>() {
        Some(error) => error.0.clone(),
        None if !api => return response,
        None => match response.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Problem::NotFound,
            // What the router itself could not read, as a path that is not UTF-8.
            status if status.is_client_error() => Problem::Malformed,
            _ => return response,
        },
    };
    let (mut head, _) = response.into_parts();
    let document = ProblemDocument {
        status: head.status.as_u16(),
        ..ProblemDocument::new(&problem, language, &request_id)
    };
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    let body = Json(document).into_response().into_body();
    Response::from_parts(head, body)
}

/// The answer to a request whose handler panicked.
fn panicked(cause: &(dyn Any + Send)) -> Response {
    let message = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    ApiError(Problem::Internal).into_response()
}
