use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::ResourceId;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use domain::plan::Plan;
use serde::Serialize;
use serde_json::value::RawValue;
use service::{Ctx, plan};
use utoipa::ToSchema;
use uuid::Uuid;

/// A plan.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanResponse {
    /// Its id.
    plan_id: Uuid,
    /// When it was computed.
    created_at: String,
    /// Targets, seven days of meals, adherence, warnings, score, versions: the bytes that the
    /// engine computed.
    #[schema(value_type = Plan)]
    plan: Box<RawValue>,
}

/// A plan of yours.
#[utoipa::path(
    get, path = "/v1/diet/plans/{planId}", tag = "diet", params(("planId" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The plan", body = PlanResponse),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No plan of yours", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_plan(
    Extension(ctx): Extension<Ctx>,
    ResourceId(id): ResourceId,
) -> Result<Json<PlanResponse>, ApiError> {
    let stored = plan::document(&ctx, id).await?;
    let plan = RawValue::from_string(stored.document)
        .map_err(|error| service::Error::Internal(error.to_string()))?;
    Ok(Json(PlanResponse {
        plan_id: stored.id,
        created_at: rfc3339(stored.created_at),
        plan,
    }))
}
