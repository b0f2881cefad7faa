use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::inbox::InboxMessage;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::{Ctx, inbox};
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

/// A page of messages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InboxPage {
    /// Newest first.
    items: Vec<InboxMessage>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
    /// How many of all are not read; at most 100 are counted.
    unread: i64,
}

/// What you were told, newest first.
#[utoipa::path(
    get, path = "/v1/inbox", tag = "inbox", params(Page),
    responses(
        (status = 200, description = "A page of messages", body = InboxPage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<InboxPage>, ApiError> {
    let messages = inbox::list(&ctx, page.cursor, page.limit.unwrap_or(20)).await?;
    Ok(Json(InboxPage {
        items: messages.items.into_iter().map(InboxMessage::from).collect(),
        next_cursor: messages.next,
        unread: messages.unread,
    }))
}
