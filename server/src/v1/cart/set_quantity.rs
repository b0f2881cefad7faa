use super::CartResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{JsonBody, ResourceId};
use axum::{Extension, Json};
use serde::Deserialize;
use service::{Ctx, cart};
use utoipa::ToSchema;

/// How many portions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuantityRequest {
    /// 1 to 20.
    quantity: i64,
}

/// Sets how many portions a line of your cart has.
#[utoipa::path(
    patch, path = "/v1/cart/lines/{lineId}", tag = "cart", security((), ("bearer" = [])),
    params(("lineId" = Uuid, Path)), request_body = QuantityRequest,
    responses(
        (status = 200, description = "The cart as it is now", body = CartResponse),
        (status = 404, description = "No such line", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Not 1 to 20", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_quantity(
    Extension(ctx): Extension<Ctx>,
    ResourceId(line): ResourceId,
    JsonBody(request): JsonBody<QuantityRequest>,
) -> Result<Json<CartResponse>, ApiError> {
    cart::set_quantity(&ctx, line, request.quantity).await?;
    let cart = cart::get(&ctx).await?;
    Ok(Json(CartResponse::new(&ctx, cart)))
}
