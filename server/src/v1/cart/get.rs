use super::CartResponse;
use crate::http::problem::ApiError;
use axum::{Extension, Json};
use service::{Ctx, cart};

/// Your cart: the account's where you have signed in, otherwise that of the browser whose cookie comes
/// along.
#[utoipa::path(
    get, path = "/v1/cart", tag = "cart", security((), ("bearer" = [])),
    responses((status = 200, description = "The cart, also where it is empty", body = CartResponse))
)]
pub(crate) async fn get(Extension(ctx): Extension<Ctx>) -> Result<Json<CartResponse>, ApiError> {
    let cart = cart::get(&ctx).await?;
    Ok(Json(CartResponse::new(&ctx, cart)))
}
