use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::overview::{self, DayOverview, PopularItem, Waits};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which days.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// 7, 30 or 90, today among them; 7 where nothing is said.
    days: Option<i64>,
    /// Of this campus, by its slug.
    campus: Option<String>,
}

/// So much of a currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Sum {
    /// ISO 4217.
    currency: String,
    /// In minor units.
    amount: i64,
}

impl From<(String, i64)> for Sum {
    fn from((currency, amount): (String, i64)) -> Self {
        Self { currency, amount }
    }
}

/// How long orders took, in seconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WaitDocument {
    /// How many became ready.
    orders: i64,
    /// Half of them were ready at most so long after their pickup time began.
    late_p50: f64,
    /// Nineteen of twenty were.
    late_p95: f64,
    /// Half of them were cooked within this.
    cooked_p50: f64,
    /// Nineteen of twenty were.
    cooked_p95: f64,
}

impl From<Waits> for WaitDocument {
    fn from(waits: Waits) -> Self {
        let seconds = |micros: i64| micros as f64 / 1e6;
        Self {
            orders: waits.orders,
            late_p50: seconds(waits.late_half),
            late_p95: seconds(waits.late_most),
            cooked_p50: seconds(waits.cooked_half),
            cooked_p95: seconds(waits.cooked_most),
        }
    }
}

/// A day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DayDocument {
    /// `2026-11-22`.
    date: String,
    orders: i64,
    cancelled: i64,
    /// What was paid, without what went back.
    revenue: Vec<Sum>,
    waits: Option<WaitDocument>,
}

impl From<DayOverview> for DayDocument {
    fn from(day: DayOverview) -> Self {
        Self {
            date: day.date.to_string(),
            orders: day.orders,
            cancelled: day.cancelled,
            revenue: day.revenue.into_iter().map(Sum::from).collect(),
            waits: day.waits.map(WaitDocument::from),
        }
    }
}

/// What was sold of an item.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PopularDocument {
    item_id: Uuid,
    /// Its name in your language.
    name: String,
    /// The campus' name in your language.
    campus: String,
    portions: i64,
    orders: i64,
    /// In minor units.
    revenue: i64,
    /// ISO 4217.
    currency: String,
}

impl PopularDocument {
    fn new(ctx: &Ctx, item: PopularItem) -> Self {
        Self {
            item_id: item.item_id,
            name: item.name.get(ctx.language).clone(),
            campus: item.campus.get(ctx.language).clone(),
            portions: item.portions,
            orders: item.orders,
            revenue: item.revenue,
            currency: item.currency,
        }
    }
}

/// What an institution sold in the last days.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverviewDocument {
    orders: i64,
    cancelled: i64,
    revenue: Vec<Sum>,
    /// How many orders have not ended.
    living: i64,
    waits: Option<WaitDocument>,
    /// Oldest first, today last.
    days: Vec<DayDocument>,
    /// What was sold most.
    popular: Vec<PopularDocument>,
}

/// What the institution sold, how long people waited and what they liked. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/overview", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "The last days", body = OverviewDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Extension(ctx): Extension<Ctx>,
    Parameters(choice): Parameters<Choice>,
) -> Result<Json<OverviewDocument>, ApiError> {
    let campus = choice.campus.as_deref().filter(|slug| !slug.is_empty());
    let overview = overview::overview(&ctx, choice.days.unwrap_or(7), campus).await?;
    Ok(Json(OverviewDocument {
        orders: overview.orders(),
        cancelled: overview.cancelled(),
        revenue: overview.revenue().into_iter().map(Sum::from).collect(),
        living: overview.living,
        waits: overview.waits.map(WaitDocument::from),
        days: overview.days.into_iter().map(DayDocument::from).collect(),
        popular: overview
            .popular
            .into_iter()
            .map(|item| PopularDocument::new(&ctx, item))
            .collect(),
    }))
}
