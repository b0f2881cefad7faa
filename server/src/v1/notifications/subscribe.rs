use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::notify::{self, NewBrowser};
use utoipa::ToSchema;
use uuid::Uuid;

/// A browser as it names itself: `PushSubscription.toJSON()`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubscriptionRequest {
    /// Where its push service takes what is for it.
    endpoint: String,
    /// Until when, in milliseconds; nobody has to know.
    #[serde(default)]
    #[allow(dead_code, reason = "browsers send it")]
    expiration_time: Option<f64>,
    keys: SubscriptionKeys,
}

/// What messages for a browser are sealed with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionKeys {
    /// Its public key, in base64url.
    p256dh: String,
    /// Its secret, in base64url.
    auth: String,
}

/// A browser that takes notifications now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscribed {
    browser_id: Uuid,
}

/// Has a browser take notifications for you. The same browser again stays the same.
#[utoipa::path(
    post, path = "/v1/notifications/browsers", tag = "notifications", request_body = SubscriptionRequest,
    responses(
        (status = 201, description = "It takes them from now on", body = Subscribed),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "Nothing is sent to browsers here", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn subscribe(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<SubscriptionRequest>,
) -> Result<(StatusCode, Json<Subscribed>), ApiError> {
    let browser = NewBrowser {
        endpoint: request.endpoint,
        p256dh: request.keys.p256dh,
        auth: request.keys.auth,
    };
    let browser_id = notify::subscribe(&ctx, &browser).await?;
    Ok((StatusCode::CREATED, Json(Subscribed { browser_id })))
}
