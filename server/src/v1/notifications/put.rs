use super::NotificationPreferences;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::{Extension, Json};
use domain::notification::PreferencesDraft;
use serde::Deserialize;
use service::{Ctx, notify};
use utoipa::ToSchema;

/// How you wish to be told.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreferencesRequest {
    /// In the inbox here.
    inbox: bool,
    /// By e-mail.
    email: bool,
    /// By short message; it needs a phone.
    sms: bool,
    /// In the browsers that you have allowed it to.
    push: bool,
    /// Where short messages go, with its country code: `+52 55 1234 5678`. Another one than before is sent a
    /// code, and nothing else until it is confirmed.
    #[serde(default)]
    phone: Option<String>,
    /// The language of messages: `en` or `es`.
    language: String,
}

/// Replaces how you wish to be told of your orders.
#[utoipa::path(
    put, path = "/v1/notifications/preferences", tag = "notifications", request_body = PreferencesRequest,
    responses(
        (status = 200, description = "Your preferences as they are stored", body = NotificationPreferences),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "You, or the number, got three codes within an hour; `Retry-After` says when to ask again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<PreferencesRequest>,
) -> Result<Json<NotificationPreferences>, ApiError> {
    let draft = PreferencesDraft {
        inbox: request.inbox,
        email: request.email,
        sms: request.sms,
        push: request.push,
        phone: request.phone.unwrap_or_default(),
        language: request.language,
    };
    notify::set_preferences(&ctx, &draft).await?;
    Ok(Json(notify::preferences(&ctx).await?.into()))
}
