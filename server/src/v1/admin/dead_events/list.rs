use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::admin::dead_events::EventConsumer;
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::outbox::{self, DeadEvent};
use service::{Ctx, Error};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 100; 50 where nothing is said.
    limit: Option<i64>,
}

/// A page of dead letters.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadEventPage {
    /// Newest first.
    items: Vec<DeadEventItem>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// How many there are; at most 1,000 are counted.
    count: i64,
}

/// An event that was given up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadEventItem {
    event_id: Uuid,
    /// Who did not get it.
    consumer: EventConsumer,
    /// What has happened.
    kind: String,
    /// What it happened to: `order:…`.
    aggregate: String,
    /// The e-mail address of whom it is for.
    owner: Option<String>,
    /// How often it was tried.
    attempts: i64,
    /// The kind of problem that it failed with: `MALFORMED`, `INTERNAL`, …
    code: &'static str,
    /// The request that caused it, as it stands in the log.
    request_id: String,
    /// When it happened.
    at: String,
    /// When it failed last.
    failed_at: String,
}

impl From<DeadEvent> for DeadEventItem {
    fn from(event: DeadEvent) -> Self {
        Self {
            event_id: event.id.event,
            consumer: event.id.consumer.into(),
            kind: event.kind,
            aggregate: event.aggregate,
            owner: event.owner,
            attempts: event.attempts,
            code: event.problem.code(),
            request_id: event.request_id,
            at: rfc3339(event.at),
            failed_at: rfc3339(event.failed_at),
        }
    }
}

/// Events that were given up, newest first. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/dead-events", tag = "admin", params(Page),
    responses(
        (status = 200, description = "A page of dead letters", body = DeadEventPage),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<DeadEventPage>, ApiError> {
    let malformed = |_| Error::invalid("cursor", domain::invalid::InvalidCode::Malformed);
    let cursor = page.cursor.map(|cursor| cursor.parse().map_err(malformed));
    let dead = outbox::dead(&ctx, cursor.transpose()?, page.limit.unwrap_or(50)).await?;
    Ok(Json(DeadEventPage {
        items: dead.items.into_iter().map(DeadEventItem::from).collect(),
        next_cursor: dead.next.map(|id| id.to_string()),
        count: dead.count,
    }))
}
