use super::{StockItemResponse, choice, filter};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::stock::{self, StockQuery, StockSort};
use utoipa::{IntoParams, ToSchema};

/// Which items, and which part of the table.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Words of the name, in any language.
    text: Option<String>,
    /// Sold at this campus, by its slug.
    campus: Option<String>,
    /// `DISH` or `PRODUCT`.
    kind: Option<String>,
    /// `LOW`: few are available, or none. `OUT`: none is.
    shortage: Option<String>,
    /// `NAME`, `ON_HAND`, `RESERVED` or `AVAILABLE`; by name where nothing is said.
    sort: Option<String>,
    /// The other way round.
    descending: Option<bool>,
    /// The `nextCursor` of the page before.
    cursor: Option<i64>,
    /// How many, 1 to 100; 50 where nothing is said.
    limit: Option<i64>,
}

/// A page of the stock table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockPage {
    items: Vec<StockItemResponse>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// How many items match on all pages.
    count: i64,
    /// How many items are low, of those that match without regard to how much is left.
    low: i64,
    /// How many of those are sold out.
    out: i64,
}

/// What there is of each menu item. For staff and administrators.
#[utoipa::path(
    get, path = "/v1/stock", tag = "stock", params(Page),
    responses(
        (status = 200, description = "A page of the stock table", body = StockPage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<StockPage>, ApiError> {
    let sort = match page.sort {
        Some(key) => choice("sort", StockSort::from_key(&key))?,
        None => StockSort::default(),
    };
    let query = StockQuery {
        filter: filter(page.text, page.campus, page.kind, page.shortage)?,
        sort,
        descending: page.descending.unwrap_or_default(),
        page: page.cursor.unwrap_or(1),
        limit: page.limit.unwrap_or(50),
    };
    let list = stock::list(&ctx, &query).await?;
    let items = list.items.into_iter();
    Ok(Json(StockPage {
        items: items
            .map(|item| StockItemResponse::new(item, &ctx))
            .collect(),
        next_cursor: (query.page < list.pages).then(|| (query.page + 1).to_string()),
        count: list.count,
        low: list.low,
        out: list.out,
    }))
}
