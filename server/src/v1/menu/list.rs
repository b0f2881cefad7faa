use super::{Campus, MenuItem, PickupSlot};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::extract::Path;
use axum::{Extension, Json};
use domain::allergen::{Allergen, Allergens};
use domain::diet::Diet;
use domain::invalid::InvalidCode;
use serde::{Deserialize, Serialize};
use service::menu::{self, MenuFilter};
use service::{Ctx, Error};
use utoipa::{IntoParams, ToSchema};

/// Which items. Everything that is absent lets all through.
#[derive(Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// Words of the name, in any language.
    q: Option<String>,
    /// That can be had so that they fit this pattern.
    diet: Option<Diet>,
    /// That can be had without these allergens, joined by commas: `MILK,EGG`.
    without: Option<String>,
    /// That cost at most so much without options, in minor units.
    max_price: Option<i64>,
    /// That can be collected in at most so many minutes from now.
    ready_within: Option<i64>,
    /// Whether what your profile forbids is left out, and not only marked.
    hide_forbidden: Option<bool>,
}

impl TryFrom<Query> for MenuFilter {
    type Error = ApiError;
    fn try_from(query: Query) -> Result<Self, ApiError> {
        let mut without = Allergens::new();
        let keys = query.without.as_deref().unwrap_or_default().split(',');
        for key in keys.map(str::trim).filter(|key| !key.is_empty()) {
            let refused = || Error::invalid("without", InvalidCode::UnknownChoice);
            without.insert(Allergen::from_key(key).ok_or_else(refused)?);
        }
        Ok(Self {
            text: query.q.unwrap_or_default(),
            diet: query.diet,
            without,
            price_most: query.max_price,
            ready_within: query.ready_within,
            hide_forbidden: query.hide_forbidden.unwrap_or_default(),
        })
    }
}

/// The menu of a campus.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MenuResponse {
    campus: Campus,
    /// What is sold there at present, in the order of the menu.
    items: Vec<MenuItem>,
    /// Always null: a menu is one page.
    next_cursor: Option<String>,
    /// How many more items your profile forbids, where they are left out.
    hidden: i64,
    /// The slots that orders are taken for.
    slots: Vec<PickupSlot>,
}

/// What a campus sells, marked with what your profile forbids.
#[utoipa::path(
    get, path = "/v1/campuses/{campus}/menu", tag = "menu", security(()),
    params(("campus" = String, Path, description = "The campus's slug"), Query),
    responses(
        (status = 200, description = "The menu", body = MenuResponse),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some parameters are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
    Parameters(query): Parameters<Query>,
) -> Result<Json<MenuResponse>, ApiError> {
    let menu = menu::menu(&ctx, &campus, &query.try_into()?).await?;
    let items = menu
        .items
        .into_iter()
        .map(|card| MenuItem::new(&ctx, card))
        .collect();
    Ok(Json(MenuResponse {
        campus: Campus::new(&ctx, menu.campus),
        items,
        next_cursor: None,
        hidden: menu.hidden,
        slots: menu.slots.into_iter().map(PickupSlot::from).collect(),
    }))
}
