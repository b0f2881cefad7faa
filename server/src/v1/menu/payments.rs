use crate::http::problem::{ApiError, ProblemDocument};
use axum::extract::Path;
use axum::{Extension, Json};
use domain::payment::GatewayKind;
use serde::Serialize;
use service::{Ctx, payments as service_payments};
use utoipa::ToSchema;

/// How orders are paid there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payments {
    /// What `payment` of an order may be.
    items: Vec<GatewayKind>,
}

/// The ways to pay that a campus takes.
#[utoipa::path(
    get, path = "/v1/campuses/{campus}/payments", tag = "menu", security(()),
    params(("campus" = String, Path, description = "The campus's slug")),
    responses(
        (status = 200, description = "What it takes", body = Payments),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn payments(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
) -> Result<Json<Payments>, ApiError> {
    let items = service_payments::offered(&ctx, &campus).await?;
    Ok(Json(Payments { items }))
}
