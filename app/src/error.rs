//! Errors as the pages know them.

use crate::context::language;
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// The error of every server function: a [`Problem`], as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppError(pub Problem);

impl std::fmt::Display for AppError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // In the browser: the server was not reached.
            ServerFnErrorErr::Request(_) => Self(Problem::Unavailable),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::from(Problem::Malformed)
            }
            _ => Self::from(Problem::Internal),
        }
    }
}

impl From<Problem> for AppError {
    /// Wraps the problem and answers with its HTTP status.
    fn from(problem: Problem) -> Self {
        answer_with_status(&problem);
        Self(problem)
    }
}

#[cfg(feature = "ssr")]
impl From<service::Error> for AppError {
    fn from(error: service::Error) -> Self {
        Self::from(Problem::from(error))
    }
}

/// Sets the status of a server function's response.
///
/// Not while a page renders (a page with an error notice in it is still a page), and not for a
/// plain form post, whose answer is a redirect.
#[cfg(feature = "ssr")]
fn answer_with_status(problem: &Problem) {
    use axum::http::{StatusCode, header, request::Parts};
    use leptos::prelude::use_context;
    let called = use_context::<Parts>().is_some_and(|parts| {
        parts.uri.path().starts_with("/api/")
            && !parts
                .headers
                .get(header::ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html"))
    });
    if let (true, Some(options), Ok(status)) = (
        called,
        use_context::<leptos_axum::ResponseOptions>(),
        StatusCode::from_u16(problem.status()),
    ) {
        options.set_status(status);
    }
}

#[cfg(not(feature = "ssr"))]
fn answer_with_status(_: &Problem) {}

/// From how many seconds on a wait is told in minutes.
const IN_MINUTES: i64 = 120;

/// A problem in words: what happened, and what to do.
#[must_use]
pub fn describe(problem: &Problem) -> (String, String) {
    let say = |key: &str, after: i64| sentence(key, &[("after", &after.to_string())]);
    let title = say(&format!("problem.{}", problem.code()), 0);
    let help = match problem {
        Problem::RateLimited { after } if *after > IN_MINUTES => {
            say("problem_help.RATE_LIMITED_MINUTES", (after + 59) / 60)
        }
        Problem::RateLimited { after } => say("problem_help.RATE_LIMITED", *after),
        other => say(&format!("problem_help.{}", other.code()), 0),
    };
    (title, help)
}

/// Why a field was refused, in words.
#[must_use]
pub fn explain(code: &InvalidCode) -> String {
    // The code serialises to its name and what it is about: what the catalogue's sentence needs.
    let Ok(serde_json::Value::Object(parts)) = serde_json::to_value(code) else {
        return String::new();
    };
    let name = parts
        .get("code")
        .and_then(|name| name.as_str())
        .unwrap_or_default();
    let arguments: Vec<(&str, String)> = parts
        .iter()
        .filter(|(key, _)| *key != "code")
        .map(|(key, value)| {
            // A name is there in each language.
            let name = value.get(language().tag()).and_then(|name| name.as_str());
            let text = name.map_or_else(|| value.to_string(), str::to_owned);
            (key.as_str(), text)
        })
        .collect();
    let arguments: Vec<(&str, &str)> = arguments
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    sentence(
        &format!("invalid.{}", name.to_ascii_lowercase()),
        &arguments,
    )
}

fn sentence(key: &str, arguments: &[(&str, &str)]) -> String {
    match locales::key(key) {
        Some(key) => locales::fill(language(), key, arguments),
        None => key.to_owned(),
    }
}
