use super::TokenResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use serde::Deserialize;
use service::Ctx;
use service::account::{self, SignIn};
use utoipa::ToSchema;

/// Either an address and a password, or a refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// The account's e-mail address.
    email: Option<String>,
    /// The account's password.
    password: Option<String>,
    /// A refresh token that was not used yet. One that was ends every token of its sign-in.
    refresh_token: Option<String>,
}

/// Signs in, or exchanges a refresh token for the next pair.
#[utoipa::path(
    post, path = "/v1/auth/token", tag = "auth", security(()), request_body = TokenRequest,
    responses(
        (status = 200, description = "A pair of tokens", body = TokenResponse),
        (status = 401, description = "They do not belong together, or the refresh token is not good", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Neither credentials nor a refresh token", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn token(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let pair = match request {
        TokenRequest {
            refresh_token: Some(token),
            email: None,
            password: None,
        } => account::refresh_tokens(&ctx, &token).await?,
        TokenRequest {
            email: Some(email),
            password: Some(password),
            refresh_token: None,
        } => account::issue_tokens(&ctx, SignIn { email, password }).await?,
        TokenRequest {
            email, password, ..
        } => {
            let missing = |field: &str, given: &Option<String>| {
                given
                    .is_none()
                    .then(|| InvalidField::new(field, InvalidCode::Required))
            };
            let fields: Vec<_> = [missing("email", &email), missing("password", &password)]
                .into_iter()
                .flatten()
                .collect();
            return Err(ApiError(if fields.is_empty() {
                Problem::Invalid {
                    fields: vec![InvalidField::new("refreshToken", InvalidCode::UnknownField)],
                }
            } else {
                Problem::Invalid { fields }
            }));
        }
    };
    Ok((
        [(header::CACHE_CONTROL, "no-store")],
        Json(TokenResponse::from(pair)),
    ))
}
