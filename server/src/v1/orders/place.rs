use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{IdempotencyKey, JsonBody};
use crate::v1::time::micros;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use domain::order::{LineDraft, OrderState};
use domain::payment::GatewayKind;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::order::{self, PlaceOrder};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is ordered.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrderRequest {
    /// The campus, by its name in addresses.
    campus: String,
    /// The slot in which it is collected.
    slot_at: String,
    /// How it is paid: one of `/v1/campuses/{campus}/payments`.
    payment: GatewayKind,
    /// With `STRIPE`: the card, by the name that Stripe gives it, `pm_…`. Never a number.
    #[serde(default)]
    payment_method: Option<String>,
    /// What is wanted: 1 to 30 lines.
    lines: Vec<LineDraft>,
}

/// The order that was accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderAccepted {
    /// To be followed at `/v1/orders/{orderId}`.
    order_id: Uuid,
    /// `PENDING`: stock and payment are seen to in the background.
    status: OrderState,
}

/// Places an order. It is durable when this answers; the same key and body again is the same order.
#[utoipa::path(
    post, path = "/v1/orders", tag = "orders", request_body = OrderRequest,
    params(("idempotency-key" = String, Header, description = "Your name for this request, 1 to 200 characters")),
    responses(
        (status = 202, description = "Accepted", body = OrderAccepted, headers(("location" = String, description = "The order"))),
        (status = 400, description = "No idempotency key, or unreadable", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Not to be had as it is asked for: `refusals` say why, a changed price with both prices", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "No order, a way to pay that the campus does not take, or a key that came with another body", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn place(
    Extension(ctx): Extension<Ctx>,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(request): JsonBody<OrderRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let order = PlaceOrder {
        key,
        campus: request.campus,
        slot_at: micros("slotAt", &request.slot_at)?,
        gateway: request.payment,
        payment_method: request.payment_method,
        lines: request.lines,
    };
    let accepted = order::place(&ctx, order).await?;
    let location = [(
        header::LOCATION,
        format!("/v1/orders/{}", accepted.order_id),
    )];
    // Whatever has become of it since: the same request gets the same answer.
    let answer = OrderAccepted {
        order_id: accepted.order_id,
        status: OrderState::Pending,
    };
    Ok((StatusCode::ACCEPTED, location, Json(answer)))
}
