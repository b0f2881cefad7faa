use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::orders::OrderSummary;
use crate::v1::time::rfc3339;
use axum::extract::Path;
use axum::{Extension, Json};
use domain::kitchen::{Age, Station};
use domain::order::Advance;
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use service::order::{KitchenDetails, KitchenLine, KitchenOrder};
use service::{Ctx, order};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the kitchen.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only orders that have something of this station.
    station: Option<Station>,
}

/// What a kitchen has to do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KitchenDocument {
    /// What is to be cooked or handed out, by slot.
    items: Vec<KitchenOrderDocument>,
    /// Always null: it is one page.
    next_cursor: Option<String>,
}

/// An order in the kitchen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KitchenOrderDocument {
    #[serde(flatten)]
    order: OrderSummary,
    /// Who ordered.
    member: String,
    /// How pressing it is.
    age: Age,
    lines: Vec<KitchenLineDocument>,
    /// What comes next with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Advance>,
    /// What is out of stock, while its member is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<Asked>,
}

/// What is to be made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KitchenLineDocument {
    item_id: Uuid,
    name: Localized<String>,
    quantity: i64,
    options: Vec<Localized<String>>,
    station: Station,
}

/// What a member is asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Asked {
    /// What is out of stock.
    name: Localized<String>,
    /// Until when they may answer.
    expires_at: String,
}

impl From<KitchenLine> for KitchenLineDocument {
    fn from(line: KitchenLine) -> Self {
        let item = line.line.item;
        Self {
            item_id: line.line.item_id,
            name: item.name,
            quantity: line.line.quantity,
            options: item.options.into_iter().map(|one| one.name).collect(),
            station: line.station,
        }
    }
}

impl KitchenOrderDocument {
    fn new(order: KitchenOrder) -> Option<Self> {
        let KitchenDetails {
            member,
            age,
            lines,
            next,
            asked,
        } = order.details?;
        Some(Self {
            order: order.order.into(),
            member,
            age,
            lines: lines.into_iter().map(KitchenLineDocument::from).collect(),
            next,
            asked: asked.map(|(name, until)| Asked {
                name,
                expires_at: rfc3339(until),
            }),
        })
    }
}

/// What a campus's kitchen has to do today, for its staff.
#[utoipa::path(
    get, path = "/v1/campuses/{campus}/kitchen", tag = "orders",
    params(("campus" = String, Path, description = "The campus's slug"), Part),
    responses(
        (status = 200, description = "What it has to do", body = KitchenDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "For staff and administrators", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "No such station", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
    Parameters(part): Parameters<Part>,
) -> Result<Json<KitchenDocument>, ApiError> {
    let kitchen = order::kitchen(&ctx, &campus, part.station, None).await?;
    let orders = kitchen.orders.into_iter();
    Ok(Json(KitchenDocument {
        items: orders.filter_map(KitchenOrderDocument::new).collect(),
        next_cursor: None,
    }))
}
