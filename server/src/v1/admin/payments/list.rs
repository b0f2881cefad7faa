use crate::http::problem::{ApiError, ProblemDocument};
use axum::{Extension, Json};
use domain::payment::GatewayKind;
use serde::Serialize;
use service::{Ctx, payments};
use utoipa::ToSchema;

/// What campuses take, and what could be taken.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentChoices {
    /// Every campus.
    items: Vec<CampusChoice>,
    /// Every way to pay.
    gateways: Vec<GatewaySetUp>,
}

/// What a campus takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CampusChoice {
    /// The campus, by its name in addresses.
    campus: String,
    /// Its name in your language.
    name: String,
    /// What it takes, whether that is set up or not; who changes it says that they have seen it.
    accepted: Vec<GatewayKind>,
}

/// A way to pay.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GatewaySetUp {
    /// Which.
    gateway: GatewayKind,
    /// Whether this installation has set it up: what is not can't be chosen.
    set_up: bool,
}

/// Which ways to pay each campus takes. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/payments", tag = "admin",
    responses(
        (status = 200, description = "What they take", body = PaymentChoices),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(Extension(ctx): Extension<Ctx>) -> Result<Json<PaymentChoices>, ApiError> {
    let campuses = payments::all(&ctx).await?;
    Ok(Json(PaymentChoices {
        items: campuses
            .into_iter()
            .map(|one| CampusChoice {
                name: one.campus.name.get(ctx.language).clone(),
                campus: one.campus.slug,
                accepted: one.accepted,
            })
            .collect(),
        gateways: GatewayKind::ALL
            .into_iter()
            .map(|gateway| GatewaySetUp {
                gateway,
                set_up: payments::is_set_up(&ctx, gateway),
            })
            .collect(),
    }))
}
