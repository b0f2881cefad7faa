use super::ItemDocument;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use service::{Ctx, menu};

/// An item as its editor needs it, also one that was taken off the menu. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/menu-items/{itemId}", tag = "admin",
    params(("itemId" = uuid::Uuid, Path, description = "The item")),
    responses(
        (status = 200, description = "The item", body = ItemDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such item", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<ItemDocument>, ApiError> {
    Ok(Json(menu::item_for_edit(&ctx, id).await?.into()))
}
