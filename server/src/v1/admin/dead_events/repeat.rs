use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::dead_events::EventConsumer;
use crate::v1::body::{JsonBody, ResourceId};
use axum::Extension;
use axum::http::StatusCode;
use serde::Deserialize;
use service::Ctx;
use service::outbox::{self, DeadEventId};
use utoipa::ToSchema;

/// To whom.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RepeatRequest {
    consumer: EventConsumer,
}

/// Delivers an event anew that was given up, as if it had never failed. It comes after those that have
/// gone on without it. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/dead-events/{eventId}/repeat", tag = "admin", params(("eventId" = uuid::Uuid, Path)),
    request_body = RepeatRequest,
    responses(
        (status = 202, description = "It will be delivered"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such dead letter, or not any more", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn repeat(
    Extension(ctx): Extension<Ctx>,
    ResourceId(event): ResourceId,
    JsonBody(request): JsonBody<RepeatRequest>,
) -> Result<StatusCode, ApiError> {
    let consumer = request.consumer.into();
    outbox::repeat(&ctx, DeadEventId { event, consumer }).await?;
    Ok(StatusCode::ACCEPTED)
}
