use super::{Campus, CampusStateName as Name};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::JsonBody;
use crate::v1::time;
use axum::extract::Path;
use axum::{Extension, Json};
use domain::invalid::InvalidCode;
use domain::menu::CampusState;
use serde::Deserialize;
use service::{Ctx, Error, menu};
use utoipa::ToSchema;

/// How a campus takes orders from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StateBody {
    state: Name,
    /// With `BUSY`: what the kitchen needs beside the usual time, 1 to 240.
    minutes: Option<i64>,
    /// With `PAUSED`: until when, at most a week ahead.
    until: Option<String>,
}

impl TryFrom<StateBody> for CampusState {
    type Error = ApiError;
    fn try_from(body: StateBody) -> Result<Self, ApiError> {
        let refused = |field, code| Err(Error::invalid(field, code).into());
        match (body.state, body.minutes, body.until) {
            (Name::Open, None, None) => Ok(Self::Open),
            (Name::Busy, Some(minutes), None) => Ok(Self::Busy { minutes }),
            (Name::Paused, None, Some(until)) => Ok(Self::Paused {
                until: time::micros("until", &until)?,
            }),
            (Name::Busy, None, _) => refused("minutes", InvalidCode::Required),
            (Name::Paused, _, None) => refused("until", InvalidCode::Required),
            (Name::Open | Name::Paused, Some(_), _) => {
                refused("minutes", InvalidCode::UnknownField)
            }
            (Name::Open | Name::Busy, _, Some(_)) => refused("until", InvalidCode::UnknownField),
        }
    }
}

/// Sets how a campus takes orders. For staff and administrators.
#[utoipa::path(
    put, path = "/v1/campuses/{campus}/state", tag = "menu",
    params(("campus" = String, Path, description = "The campus's slug")), request_body = StateBody,
    responses(
        (status = 200, description = "The campus as it is now", body = Campus),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither staff nor an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such campus", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Some fields are refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_state(
    Extension(ctx): Extension<Ctx>,
    Path(campus): Path<String>,
    JsonBody(body): JsonBody<StateBody>,
) -> Result<Json<Campus>, ApiError> {
    let campus = menu::set_campus_state(&ctx, &campus, body.try_into()?).await?;
    Ok(Json(Campus::new(&ctx, campus)))
}
