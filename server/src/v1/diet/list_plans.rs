use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::{Ctx, plan};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The `nextCursor` of the page before.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 20 where nothing is said.
    limit: Option<i64>,
}

/// A page of plans.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanList {
    /// Newest first.
    items: Vec<PlanItem>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
}

/// A plan in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanItem {
    plan_id: Uuid,
    /// ISO week.
    week: String,
    /// Mean energy a day, in kcal.
    energy: i64,
    /// US cents a week.
    cost: i64,
    /// Penalty points; smaller is better.
    score: i64,
    created_at: String,
}

/// Your plans, newest first.
#[utoipa::path(
    get, path = "/v1/diet/plans", tag = "diet", params(Page),
    responses(
        (status = 200, description = "A page of plans", body = PlanList),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_plans(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<PlanList>, ApiError> {
    let plans = plan::list(&ctx, page.cursor, page.limit.unwrap_or(20)).await?;
    let items = plans
        .items
        .into_iter()
        .map(|row| PlanItem {
            plan_id: row.id,
            week: row.week,
            energy: row.energy,
            cost: row.cost,
            score: row.score,
            created_at: rfc3339(row.created_at),
        })
        .collect();
    Ok(Json(PlanList {
        items,
        next_cursor: plans.next,
    }))
}
