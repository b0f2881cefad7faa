use super::CartResponse;
use crate::http::problem::ApiError;
use axum::{Extension, Json};
use service::{Ctx, cart};

/// Empties your cart.
#[utoipa::path(
    delete, path = "/v1/cart", tag = "cart", security((), ("bearer" = [])),
    responses((status = 200, description = "The empty cart", body = CartResponse))
)]
pub(crate) async fn clear(Extension(ctx): Extension<Ctx>) -> Result<Json<CartResponse>, ApiError> {
    cart::clear(&ctx).await?;
    let cart = cart::get(&ctx).await?;
    Ok(Json(CartResponse::new(&ctx, cart)))
}
