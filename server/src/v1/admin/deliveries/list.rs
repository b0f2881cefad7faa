use super::{DeliveryItem, filter};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::notify::{self, DeliveryQuery};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which deliveries, and which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The beginning of a member's e-mail address, a phone number, or an order's number.
    text: Option<String>,
    /// `EMAIL`, `SMS` or `PUSH`.
    channel: Option<String>,
    /// `QUEUED`, `SENT` or `FAILED`.
    state: Option<String>,
    /// `CONFIRMED`, `DECLINED`, `CANCELLED`, `SUBSTITUTE`, `READY` or `CODE`.
    template: Option<String>,
    /// The oldest first instead of the newest.
    oldest: Option<bool>,
    /// The `nextCursor` of the page before.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 50 where nothing is said.
    limit: Option<i64>,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryPage {
    items: Vec<DeliveryItem>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
    /// How many match on all pages; at most 10,000 are counted.
    count: i64,
}

/// What members were told, and how that went. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/deliveries", tag = "admin", params(Page),
    responses(
        (status = 200, description = "A page of deliveries", body = DeliveryPage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<DeliveryPage>, ApiError> {
    let query = DeliveryQuery {
        filter: filter(page.text, page.channel, page.state, page.template)?,
        oldest: page.oldest.unwrap_or_default(),
        after: page.cursor,
        limit: page.limit.unwrap_or(50),
    };
    let list = notify::list(&ctx, &query).await?;
    Ok(Json(DeliveryPage {
        items: list.items.into_iter().map(DeliveryItem::from).collect(),
        next_cursor: list.next,
        count: list.count,
    }))
}
