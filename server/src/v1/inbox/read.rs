use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use crate::v1::inbox::InboxMessage;
use axum::{Extension, Json};
use service::{Ctx, inbox};

/// Notes that you have read a message. Once more changes nothing.
#[utoipa::path(
    post, path = "/v1/inbox/{messageId}/read", tag = "inbox", params(("messageId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The message", body = InboxMessage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such message of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<InboxMessage>, ApiError> {
    Ok(Json(inbox::read(&ctx, id).await?.into()))
}
