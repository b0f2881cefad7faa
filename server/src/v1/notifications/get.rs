use super::NotificationPreferences;
use crate::http::problem::{ApiError, ProblemDocument};
use axum::{Extension, Json};
use service::{Ctx, notify};

/// How you wish to be told of your orders, and what there is to choose from.
#[utoipa::path(
    get, path = "/v1/notifications/preferences", tag = "notifications",
    responses(
        (status = 200, description = "Your preferences", body = NotificationPreferences),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
) -> Result<Json<NotificationPreferences>, ApiError> {
    Ok(Json(notify::preferences(&ctx).await?.into()))
}
