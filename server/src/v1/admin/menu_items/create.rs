use super::{ItemBody, ItemDocument};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use service::menu::NewItem;
use service::{Ctx, menu};
use utoipa::ToSchema;

/// A dish or product to be put on a menu.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewItemBody {
    /// The campus' slug.
    campus: String,
    /// `DISH` or `PRODUCT`.
    kind: String,
    /// The dish or product in the catalogue.
    reference: String,
    /// With so many free portions, or fewer, somebody should see to it.
    #[serde(default)]
    low_mark: i64,
    item: ItemBody,
}

/// Puts a dish or product on a campus' menu. For administrators.
#[utoipa::path(
    post, path = "/v1/admin/menu-items", tag = "admin", request_body = NewItemBody,
    responses(
        (status = 201, description = "The item", body = ItemDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused; what contradicts itself in the options is named", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    Extension(ctx): Extension<Ctx>,
    JsonBody(body): JsonBody<NewItemBody>,
) -> Result<(StatusCode, Json<ItemDocument>), ApiError> {
    let new = NewItem {
        campus: body.campus,
        kind: body.kind,
        reference: body.reference,
        low_mark: body.low_mark,
        draft: body.item.into(),
    };
    let made = menu::create_item(&ctx, &new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
