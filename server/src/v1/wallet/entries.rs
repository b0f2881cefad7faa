use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::wallet::{self, Counterpart, Kind};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which part of the statement.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// ISO 4217; the first one of your wallet where nothing is said.
    currency: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<Uuid>,
    /// How many, 1 to 100; 20 where nothing is said.
    limit: Option<i64>,
}

/// A page of the statement.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryList {
    /// ISO 4217; null where nothing is sold.
    currency: Option<String>,
    /// Newest first.
    items: Vec<EntryItem>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<Uuid>,
}

/// Money that came or went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntryItem {
    entry_id: Uuid,
    /// `TOP_UP`, `PAYMENT` or `REFUND`.
    kind: &'static str,
    /// Where it came from or went: `CARD`, `STAFF` or `SALES`.
    counterpart: &'static str,
    /// What you gained, in minor units; less than nothing where you paid.
    amount: i64,
    /// The order that it was for.
    order_id: Option<Uuid>,
    /// What whoever did it wrote.
    note: Option<String>,
    at: String,
}

/// How your money came and went, newest first.
#[utoipa::path(
    get, path = "/v1/wallet/entries", tag = "wallet", params(Page),
    responses(
        (status = 200, description = "A page of the statement", body = EntryList),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "No such currency, or no such limit", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn entries(
    Extension(ctx): Extension<Ctx>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<EntryList>, ApiError> {
    let limit = page.limit.unwrap_or(20);
    let statement = wallet::statement(&ctx, page.currency.as_deref(), page.cursor, limit).await?;
    let items = statement
        .items
        .into_iter()
        .map(|line| EntryItem {
            entry_id: line.id,
            kind: Kind::key(line.kind),
            counterpart: Counterpart::key(line.other),
            amount: line.amount,
            order_id: line.order_id,
            note: Some(line.note).filter(|note| !note.is_empty()),
            at: rfc3339(line.at),
        })
        .collect();
    Ok(Json(EntryList {
        currency: statement.currency,
        items,
        next_cursor: statement.next,
    }))
}
