use super::OrderSummary;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use domain::order::OrderState;
use serde::{Deserialize, Serialize};
use service::{Ctx, order};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Only those that stand so.
    status: Option<OrderState>,
    /// The `nextCursor` of the page before.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 20 where nothing is said.
    limit: Option<i64>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderList {
    /// Newest first.
    items: Vec<OrderSummary>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
}

/// Your orders, newest first.
#[utoipa::path(
    get, path = "/v1/orders", tag = "orders", params(Page),
    responses(
        (status = 200, description = "A page of orders", body = OrderList),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<OrderList>, ApiError> {
    let orders = order::list(&ctx, page.status, page.cursor, page.limit.unwrap_or(20)).await?;
    Ok(Json(OrderList {
        items: orders.items.into_iter().map(OrderSummary::from).collect(),
        next_cursor: orders.next,
    }))
}
