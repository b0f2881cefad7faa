use super::OrderSummary;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use domain::order::Advance;
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use service::order::StaffOrder;
use service::{Ctx, order};
use utoipa::{IntoParams, ToSchema};

/// Where.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Place {
    /// The campus, by its name in addresses.
    campus: String,
}

/// The orders of a day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrdersOfDay {
    /// By slot.
    items: Vec<StaffOrderDocument>,
}

/// An order as staff see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StaffOrderDocument {
    #[serde(flatten)]
    order: OrderSummary,
    /// Who ordered.
    member: String,
    lines: Vec<StaffLine>,
    /// What comes next with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Advance>,
}

/// What is to be cooked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StaffLine {
    name: Localized<String>,
    quantity: i64,
    options: Vec<Localized<String>>,
}

impl From<StaffOrder> for StaffOrderDocument {
    fn from(order: StaffOrder) -> Self {
        let lines = order.lines.into_iter().map(|line| StaffLine {
            name: line.item.name,
            quantity: line.quantity,
            options: line.item.options.into_iter().map(|one| one.name).collect(),
        });
        Self {
            lines: lines.collect(),
            member: order.member,
            next: order.next,
            order: order.order.into(),
        }
    }
}

/// The orders that a campus hands out today, for its staff.
#[utoipa::path(
    get, path = "/v1/staff/orders", tag = "orders", params(Place),
    responses(
        (status = 200, description = "Today's orders", body = OrdersOfDay),
        (status = 403, description = "For staff and administrators", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn today(
    Extension(ctx): Extension<Ctx>,
    Parameters(place): Parameters<Place>,
) -> Result<Json<OrdersOfDay>, ApiError> {
    let orders = order::today(&ctx, &place.campus).await?;
    let items = orders.into_iter().map(StaffOrderDocument::from).collect();
    Ok(Json(OrdersOfDay { items }))
}
