use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::{Ctx, catalogue};
use utoipa::{IntoParams, ToSchema};

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// The beginnings of words of the food's name, in English.
    q: String,
}

/// Foods that were found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoodList {
    /// Best first, at most fifty.
    items: Vec<FoodItem>,
    /// Always null: a search with more results should name more words.
    next_cursor: Option<String>,
}

/// A food of USDA SR28.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoodItem {
    ndb_no: String,
    description: String,
    food_group: String,
}

/// Looks foods up by name.
#[utoipa::path(
    get, path = "/v1/foods", tag = "catalogue", security(()), params(Query),
    responses(
        (status = 200, description = "The foods", body = FoodList),
        (status = 422, description = "More than a hundred characters", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(
    Extension(ctx): Extension<Ctx>,
    Parameters(query): Parameters<Query>,
) -> Result<Json<FoodList>, ApiError> {
    let items = catalogue::search_foods(&ctx, &query.q)
        .await?
        .into_iter()
        .map(|food| FoodItem {
            ndb_no: food.ndb_no,
            description: food.description,
            food_group: food.food_group,
        })
        .collect();
    Ok(Json(FoodList {
        items,
        next_cursor: None,
    }))
}
