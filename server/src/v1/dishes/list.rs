use axum::{Extension, Json};
use domain::dish::Dish;
use domain::nutrient::Nutrient;
use serde::Serialize;
use service::Ctx;
use utoipa::ToSchema;

/// The dishes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DishList {
    /// By id.
    items: Vec<DishItem>,
    /// Always null: the catalogue is one page.
    next_cursor: Option<String>,
}

/// A dish in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DishItem {
    /// Its name in addresses.
    id: String,
    /// Its name in your language.
    name: String,
    cuisine: String,
    minutes: i64,
    /// US cents a serving, illustrative.
    cost: i64,
    /// kcal a serving.
    energy: f64,
    /// Allergens that it contains.
    allergens: Vec<&'static str>,
    /// Diets whose composition it fits.
    diets: Vec<&'static str>,
}

impl DishItem {
    fn new(dish: &Dish, ctx: &Ctx) -> Self {
        Self {
            id: dish.id.0.clone(),
            name: dish.name.get(ctx.language).clone(),
            cuisine: dish.cuisine.clone(),
            minutes: dish.minutes,
            cost: dish.cost,
            energy: dish.nutrients[Nutrient::Energy].amount.to_decimal(),
            allergens: dish
                .allergens
                .iter()
                .map(|allergen| allergen.key())
                .collect(),
            diets: dish.diets.iter().map(|diet| diet.key()).collect(),
        }
    }
}

/// Every dish of the catalogue.
#[utoipa::path(
    get, path = "/v1/dishes", tag = "catalogue", security(()),
    responses((status = 200, description = "The dishes", body = DishList))
)]
pub(crate) async fn list(Extension(ctx): Extension<Ctx>) -> Json<DishList> {
    let items = ctx
        .service
        .catalogue()
        .dishes
        .iter()
        .map(|dish| DishItem::new(dish, &ctx))
        .collect();
    Json(DishList {
        items,
        next_cursor: None,
    })
}
