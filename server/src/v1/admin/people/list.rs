use super::{Choice, PersonDocument};
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use serde::Serialize;
use service::{Ctx, people};
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of people.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PeopleList {
    items: Vec<PersonDocument>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
    /// How many match; 1,000 stands for that and more, and with `text` 200 do.
    count: i64,
}

/// The people of the institution. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/people", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "A page of people", body = PeopleList),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(choice): Parameters<Choice>,
) -> Result<Json<PeopleList>, ApiError> {
    let limit = choice.limit.unwrap_or(50);
    let page = people::list(&ctx, &choice.filter()?, choice.cursor, limit).await?;
    Ok(Json(PeopleList {
        items: page.items.into_iter().map(PersonDocument::from).collect(),
        next_cursor: page.next,
        count: page.count,
    }))
}
