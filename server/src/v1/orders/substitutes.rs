use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::{Parameters, ResourceId};
use axum::{Extension, Json};
use domain::kitchen::Station;
use domain::menu::ChosenOption;
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use service::order::Candidate;
use service::{Ctx, order};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// In place of what.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Missing {
    /// The item of the order that is out of stock.
    item_id: Uuid,
}

/// What might be offered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubstituteList {
    /// The most alike first.
    items: Vec<Substitute>,
    /// Always null: it is one page.
    next_cursor: Option<String>,
}

/// Something that might be offered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Substitute {
    item_id: Uuid,
    name: Localized<String>,
    /// What is chosen of it.
    options: Vec<ChosenOption>,
    /// What one costs, in minor units. Whoever takes it pays no more than they have paid.
    unit_price: i64,
    station: Station,
    /// How many portions anybody may have.
    left: i64,
}

impl From<Candidate> for Substitute {
    fn from(candidate: Candidate) -> Self {
        Self {
            item_id: candidate.item_id,
            name: candidate.item.name,
            options: candidate.item.options,
            unit_price: candidate.unit_price,
            station: candidate.station,
            left: candidate.left,
        }
    }
}

/// What might be offered in place of an item of an order: what the campus sells in its slot, has enough
/// of, and its member may eat.
#[utoipa::path(
    get, path = "/v1/orders/{orderId}/substitutes", tag = "orders",
    params(("orderId" = Uuid, Path, description = "The order"), Missing),
    responses(
        (status = 200, description = "What might be offered", body = SubstituteList),
        (status = 403, description = "For staff and administrators", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such order", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The order has no such item", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn substitutes(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
    Parameters(missing): Parameters<Missing>,
) -> Result<Json<SubstituteList>, ApiError> {
    let candidates = order::candidates(&ctx, id, missing.item_id).await?;
    Ok(Json(SubstituteList {
        items: candidates.into_iter().map(Substitute::from).collect(),
        next_cursor: None,
    }))
}
