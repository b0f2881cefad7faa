use super::CartResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Deserialize;
use service::cart::{self, Addition};
use service::{Ctx, Error};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something for the cart.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LineRequest {
    /// The menu item.
    item_id: Uuid,
    /// Portions, 1 to 20; 1 where nothing is said.
    #[serde(default = "one")]
    quantity: i64,
    /// The keys of the options chosen.
    #[serde(default)]
    options: BTreeSet<String>,
    /// Whether a cart of another campus is emptied for it.
    #[serde(default)]
    replace: bool,
}

const fn one() -> i64 {
    1
}

/// Puts something into your cart. The same choice again is the same line with more portions. A browser
/// in which nobody has signed in gets a cookie with its cart's token, anew each time: it is kept for as
/// long as the cart.
#[utoipa::path(
    post, path = "/v1/cart/lines", tag = "cart", security((), ("bearer" = [])), request_body = LineRequest,
    responses(
        (status = 200, description = "The cart as it is now", body = CartResponse),
        (status = 404, description = "No such item is sold", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Your cart is of another campus", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The choice breaks rules of the item, each at `options.<group>`, or there is no room or stock", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many visitors get a cart just now", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<LineRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let addition = Addition {
        item: request.item_id,
        options: request.options,
        quantity: request.quantity,
        replace: request.replace,
    };
    let added = cart::add(&ctx, addition).await?;
    let mut headers = HeaderMap::new();
    let mut ctx = ctx;
    if let Some(visitor) = added.visitor {
        let cookie = HeaderValue::from_str(&cart::cookie(&ctx, &visitor))
            .map_err(|error| Error::Internal(error.to_string()))?;
        headers.insert(header::SET_COOKIE, cookie);
        ctx.visitor = Some(visitor.into());
    }
    let cart = cart::get(&ctx).await?;
    Ok((headers, Json(CartResponse::new(&ctx, cart))))
}
