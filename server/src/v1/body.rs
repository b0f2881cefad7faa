//! What a request brings, with refusals that name the field.

use crate::http::problem::ApiError;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse as _;
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use uuid::Uuid;

/// A body of JSON.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.into_response().status() {
                    StatusCode::PAYLOAD_TOO_LARGE => ApiError(Problem::TooLarge),
                    _ => ApiError(Problem::Malformed),
                })?;
        parse(&bytes).map(Self).map_err(ApiError)
    }
}

/// The caller's own name for a request, in the header `Idempotency-Key`.
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let key = parts.headers.get("idempotency-key");
        let key = key.and_then(|key| key.to_str().ok()).map(str::trim);
        match key {
            Some(key) if !key.is_empty() => Ok(Self(key.to_owned())),
            _ => Err(ApiError(Problem::KeyMissing)),
        }
    }
}

/// The id in a path. What is no id names nothing.
pub struct ResourceId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for ResourceId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<Uuid>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id))
            .map_err(|_| ApiError(Problem::NotFound))
    }
}

/// The query of an address.
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(parameters)| Self(parameters))
            .map_err(|rejection| ApiError(refused_parameter(&rejection)))
    }
}

/// Which parameter a query is refused for.
fn refused_parameter(rejection: &(dyn std::error::Error + 'static)) -> Problem {
    type Refusal = serde_path_to_error::Error<serde::de::value::Error>;
    std::iter::successors(Some(rejection), |error| error.source())
        .find_map(|error| error.downcast_ref::<Refusal>())
        .map_or(Problem::Malformed, |error| {
            refusal(&error.path().to_string(), &error.inner().to_string())
        })
}

/// What serde refused at a path, with the field that it means.
fn refusal(path: &str, message: &str) -> Problem {
    // The name stands in the message only, in back quotes.
    let named = message.split('`').nth(1).unwrap_or_default();
    let (field, code) = if message.starts_with("unknown field") {
        (named, InvalidCode::UnknownField)
    } else if message.starts_with("missing field") {
        (named, InvalidCode::Required)
    } else if message.starts_with("unknown variant") {
        (path, InvalidCode::UnknownChoice)
    } else if path == "." {
        return Problem::Malformed;
    } else {
        (path, InvalidCode::Malformed)
    };
    Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Every body is an object; serde would take a list of its values in their order too.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::Malformed);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().classify() == Category::Data {
            refusal(&error.path().to_string(), &error.inner().to_string())
        } else {
            Problem::Malformed
        }
    })?;
    deserializer.end().map_err(|_| Problem::Malformed)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::profile::ProfileDraft;

    fn refused(json: &str) -> Problem {
        parse::<ProfileDraft>(json.as_bytes()).unwrap_err()
    }

    fn invalid(field: &str, code: InvalidCode) -> Problem {
        Problem::Invalid {
            fields: vec![InvalidField::new(field, code)],
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        assert_eq!(
            refused(r#"{"agee": 3}"#),
            invalid("agee", InvalidCode::UnknownField)
        );
        assert_eq!(
            refused(r#"{"age": "three"}"#),
            invalid("age", InvalidCode::Malformed)
        );
        assert_eq!(
            refused(r#"{"allergens": ["EGG", 3]}"#),
            invalid("allergens[1]", InvalidCode::Malformed)
        );
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for json in ["", "{", "{} {}", "[]x", "3"] {
            assert_eq!(refused(json), Problem::Malformed, "{json}");
        }
    }
}
