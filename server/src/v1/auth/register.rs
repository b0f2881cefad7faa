use super::TokenResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use service::Ctx;
use service::account::{self, Register};
use utoipa::ToSchema;

/// A new member.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegisterRequest {
    /// What to call you.
    name: String,
    /// Your e-mail address.
    email: String,
    /// At least ten characters.
    password: String,
}

/// Makes a member's account and signs in.
#[utoipa::path(
    post, path = "/v1/auth/register", tag = "auth", security(()), request_body = RegisterRequest,
    responses(
        (status = 201, description = "The account exists, and these tokens are its", body = TokenResponse),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register(
    Extension(ctx): Extension<Ctx>,
    JsonBody(RegisterRequest {
        name,
        email,
        password,
    }): JsonBody<RegisterRequest>,
) -> Result<(StatusCode, Json<TokenResponse>), ApiError> {
    let pair = account::register_client(
        &ctx,
        Register {
            name,
            email,
            password,
        },
    )
    .await?;
    Ok((StatusCode::CREATED, Json(pair.into())))
}
