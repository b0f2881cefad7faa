use super::{ItemBody, ItemDocument, Seen};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, Parameters, ResourceId};
use axum::{Extension, Json};
use service::{Ctx, menu};

/// Changes an item that you have seen in a version. For administrators.
#[utoipa::path(
    put, path = "/v1/admin/menu-items/{itemId}", tag = "admin", request_body = ItemBody,
    params(("itemId" = uuid::Uuid, Path, description = "The item"), Seen),
    responses(
        (status = 200, description = "The item as it is now", body = ItemDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such item", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has changed it since, or taken it off the menu", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused; what contradicts itself in the options is named", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    Parameters(seen): Parameters<Seen>,
    JsonBody(body): JsonBody<ItemBody>,
) -> Result<Json<ItemDocument>, ApiError> {
    let edited = menu::update_item(&ctx, id, seen.version, &body.into()).await?;
    Ok(Json(edited.into()))
}
