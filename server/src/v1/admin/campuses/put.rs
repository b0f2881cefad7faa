use super::CampusDocument;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use axum::extract::Path;
use axum::{Extension, Json};
use domain::menu::{Opening, OpeningHours};
use domain::text::Localized;
use serde::Deserialize;
use service::menu::CampusDraft;
use service::{Ctx, menu};
use utoipa::ToSchema;

/// What a campus is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CampusBody {
    /// The version that you have seen.
    version: i64,
    name: Localized<String>,
    /// When it is open, for each weekday, Monday first; in minutes of its day.
    #[schema(value_type = Vec<Vec<Opening>>)]
    hours: [Vec<Opening>; 7],
    slot_minutes: i64,
    slot_capacity: i64,
    lead_minutes: i64,
}

/// Changes a campus. For administrators.
#[utoipa::path(
    put, path = "/v1/admin/campuses/{campus}", tag = "admin", request_body = CampusBody,
    params(("campus" = String, Path, description = "The campus's slug")),
    responses(
        (status = 200, description = "The campus as it is now", body = CampusDocument),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has changed it since", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
    JsonBody(body): JsonBody<CampusBody>,
) -> Result<Json<CampusDocument>, ApiError> {
    let draft = CampusDraft {
        version: body.version,
        name: body.name,
        hours: OpeningHours(body.hours),
        slot_minutes: body.slot_minutes,
        slot_capacity: body.slot_capacity,
        lead_minutes: body.lead_minutes,
    };
    Ok(Json(menu::edit_campus(&ctx, &campus, &draft).await?.into()))
}
