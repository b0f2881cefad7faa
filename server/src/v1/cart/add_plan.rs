use super::CartResponse;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::{Extension, Json};
use domain::dish::DishId;
use serde::{Deserialize, Serialize};
use service::cart::{self, Meals};
use service::{Ctx, plan};
use utoipa::ToSchema;
use uuid::Uuid;

/// Meals of your plan.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlanRequest {
    /// An ISO week: `2026-W48`.
    week: String,
    /// A version of its plan; the newest where none is named.
    plan_id: Option<Uuid>,
    /// The day, 0 is Monday.
    day: u8,
    /// The place of the meal in the day, from 0; every meal where none is named.
    meal: Option<u8>,
    /// The campus's slug; that of your cart, or the one that sells most of them, where none is named.
    /// With another one than your cart's the cart is emptied first.
    campus: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanResponse {
    /// The dishes that were put in.
    added: Vec<DishId>,
    /// Those that were not.
    missing: Vec<MissingDish>,
    cart: CartResponse,
}

/// A dish that is not in the cart.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MissingDish {
    dish_id: DishId,
    /// `NOT_SOLD` at the campus, `SOLD_OUT`, `FORBIDDEN` by your profile as it is sold there, or
    /// `NO_ROOM` in the cart.
    reason: &'static str,
}

/// Puts the dishes of your plan into your cart, those of a day or of one meal.
#[utoipa::path(
    post, path = "/v1/cart/plan", tag = "cart", request_body = PlanRequest,
    responses(
        (status = 200, description = "What was put in, what was not, and the cart", body = PlanResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "You have no plan of that week, or it has no such day or meal", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "There is no such week or campus", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add_plan(
    Extension(ctx): Extension<Ctx>,
    JsonBody(request): JsonBody<PlanRequest>,
) -> Result<Json<PlanResponse>, ApiError> {
    ctx.account_id()?;
    let meals = Meals {
        week: plan::parse_week(&request.week)?,
        version: request.plan_id.map(|id| id.to_string()),
        day: request.day.into(),
        meal: request.meal.map(usize::from),
    };
    let outcome = cart::add_from_plan(&ctx, &meals, request.campus.as_deref()).await?;
    let cart = cart::get(&ctx).await?;
    let missing = outcome.missing.into_iter();
    Ok(Json(PlanResponse {
        added: outcome.added,
        missing: missing
            .map(|(dish_id, why)| MissingDish {
                dish_id,
                reason: why.key(),
            })
            .collect(),
        cart: CartResponse::new(&ctx, cart),
    }))
}
