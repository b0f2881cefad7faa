use super::Choice;
use crate::http::problem::{ApiError, ProblemDocument};
use crate::v1::body::Parameters;
use axum::{Extension, Json};
use domain::menu::MenuItemKind;
use serde::Serialize;
use service::menu::ItemRecord;
use service::{Ctx, menu};
use utoipa::ToSchema;
use uuid::Uuid;

/// An item in the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemRecordDocument {
    item_id: Uuid,
    #[serde(flatten)]
    kind: MenuItemKind,
    /// Its name in your language.
    name: String,
    /// In minor units of the campus' currency.
    price: i64,
    /// `ACTIVE`, `INACTIVE` or `DELETED`.
    standing: &'static str,
    position: i64,
    version: i64,
    /// Portions that anybody may have.
    left: i64,
}

impl ItemRecordDocument {
    fn new(ctx: &Ctx, record: ItemRecord) -> Self {
        let standing = record.standing().key();
        let item = record.item;
        Self {
            item_id: item.id,
            name: item.name.get(ctx.language).clone(),
            kind: item.kind,
            price: item.price,
            standing,
            position: item.position,
            version: item.version,
            left: record.left,
        }
    }
}

/// A page of a campus' items.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemRecords {
    /// The campus' slug; null where there is none.
    campus: Option<String>,
    items: Vec<ItemRecordDocument>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// How many items match on all pages.
    count: i64,
}

/// What is on a campus' menu, sold at present or not. For administrators and operators.
#[utoipa::path(
    get, path = "/v1/admin/menu-items", tag = "admin", params(Choice),
    responses(
        (status = 200, description = "A page of items", body = ItemRecords),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Neither an administrator nor an operator", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Extension(ctx): Extension<Ctx>,
    Parameters(choice): Parameters<Choice>,
) -> Result<Json<ItemRecords>, ApiError> {
    let filter = choice.filter()?;
    let records = menu::records(&ctx, &filter).await?;
    Ok(Json(ItemRecords {
        campus: records.campus.map(|campus| campus.slug),
        items: records
            .items
            .into_iter()
            .map(|record| ItemRecordDocument::new(&ctx, record))
            .collect(),
        next_cursor: (filter.page < records.pages).then(|| (filter.page + 1).to_string()),
        count: records.count,
    }))
}
