use super::Choice;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Value;
use service::audit::AuditEntry;
use service::{Ctx, audit};
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntryDocument {
    entry_id: Uuid,
    at: String,
    /// Who; null where the installation itself did it.
    actor_id: Option<Uuid>,
    /// What they are called.
    actor: Option<String>,
    /// What was done.
    action: String,
    /// To what.
    subject: String,
    /// The request that caused it.
    request_id: String,
    /// What it changed, by path: `{"price": {"before": 450, "after": 500}}`.
    difference: Option<Value>,
}

impl From<AuditEntry> for AuditEntryDocument {
    fn from(entry: AuditEntry) -> Self {
        Self {
            entry_id: entry.id,
            at: rfc3339(entry.at),
            actor_id: entry.actor_id,
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            request_id: entry.request_id,
            difference: entry.difference,
        }
    }
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditList {
    /// Newest first.
    items: Vec<AuditEntryDocument>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
    /// How many entries match; 1,000 stands for that and more.
    count: i64,
}

/// The audit log, newest first. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/audit", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "A page of the log", body = AuditList),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(choice): Parameters<Choice>,
) -> Result<Json<AuditList>, ApiError> {
    let limit = choice.limit.unwrap_or(50);
    let page = audit::list(&ctx, &choice.filter()?, choice.cursor, limit).await?;
    Ok(Json(AuditList {
        items: page
            .items
            .into_iter()
            .map(AuditEntryDocument::from)
            .collect(),
        next_cursor: page.next,
        count: page.count,
    }))
}
