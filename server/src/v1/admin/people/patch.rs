use super::{PersonDocument, role};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::{Extension, Json};
use serde::Deserialize;
use service::people::PersonEdit;
use service::{Ctx, people};
use utoipa::ToSchema;

/// What somebody is to be. What is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PersonChange {
    seen: SeenPerson,
    /// `MEMBER`, `STAFF`, `ADMIN` or `OPERATOR`.
    #[serde(default)]
    role: Option<String>,
    /// Whether they may sign in.
    #[serde(default)]
    active: Option<bool>,
}

/// What you have seen that somebody is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SeenPerson {
    /// Their role.
    role: String,
    /// Whether they may sign in.
    active: bool,
}

/// Gives somebody another role, or lets them sign in or not. For administrators, and not for themselves.
#[utoipa::path(
    patch, path = "/v1/admin/people/{accountId}", tag = "admin", request_body = PersonChange,
    params(("accountId" = uuid::Uuid, Path, description = "Their account")),
    responses(
        (status = 200, description = "They as they are now", body = PersonDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "Nobody", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has changed them since", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "It is your own account, or no such role", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn patch(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    JsonBody(body): JsonBody<PersonChange>,
) -> Result<Json<PersonDocument>, ApiError> {
    let seen = role("seen.role", &body.seen.role)?;
    let wanted = match &body.role {
        Some(key) => role("role", key)?,
        None => seen,
    };
    let edit = PersonEdit {
        seen: (seen, body.seen.active),
        role: wanted,
        active: body.active.unwrap_or(body.seen.active),
    };
    Ok(Json(people::edit(&ctx, id, edit).await?.into()))
}
