use super::CartResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use axum::{Extension, Json};
use service::{Ctx, cart};

/// Takes a line out of your cart.
#[utoipa::path(
    delete, path = "/v1/cart/lines/{lineId}", tag = "cart", security((), ("bearer" = [])),
    params(("lineId" = Uuid, Path)),
    responses(
        (status = 200, description = "The cart as it is now", body = CartResponse),
        (status = 404, description = "No such line", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    Extension(ctx): Extension<Ctx>,
    ResourceId(line): ResourceId,
) -> Result<Json<CartResponse>, ApiError> {
    cart::remove(&ctx, line).await?;
    let cart = cart::get(&ctx).await?;
    Ok(Json(CartResponse::new(&ctx, cart)))
}
