//! What there is of each menu item, for staff and administrators.

pub mod export;
pub mod import;
pub mod list;
pub mod movements;
pub mod record;

use crate::http::problem::ApiError;
use crate::v1::time::rfc3339;
use axum::http::HeaderMap;
use domain::invalid::InvalidCode;
use domain::stock::MovementKind;
use serde::Serialize;
use service::stock::{MovementItem, Shortage, StockFilter, StockItem};
use service::{Ctx, Error};
use utoipa::ToSchema;
use uuid::Uuid;

/// An item of the stock table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockItemResponse {
    item_id: Uuid,
    /// The slug of the campus that sells it.
    campus: String,
    /// What that is called, in your language.
    campus_name: String,
    /// `DISH` or `PRODUCT`.
    kind: &'static str,
    /// The dish or product in the catalogue.
    reference: String,
    /// What it is called, in your language.
    name: String,
    /// In minor units of the currency.
    price: i64,
    /// ISO 4217.
    currency: String,
    /// Whether it is sold at all.
    active: bool,
    /// Portions there are.
    on_hand: i64,
    /// Portions that are kept for orders.
    reserved: i64,
    /// Portions that anybody may have.
    available: i64,
    /// With so many available, or fewer, it is low.
    low_mark: i64,
    /// Whether few are available.
    low: bool,
    /// Whether none is available.
    out: bool,
}

impl StockItemResponse {
    fn new(item: StockItem, ctx: &Ctx) -> Self {
        Self {
            low: item.is(Shortage::Low),
            out: item.is(Shortage::Out),
            item_id: item.id,
            campus_name: item.campus_name.get(ctx.language).clone(),
            campus: item.campus,
            kind: item.kind.key(),
            reference: item.kind.reference().to_owned(),
            name: item.name.get(ctx.language).clone(),
            price: item.price,
            currency: item.currency,
            active: item.active,
            on_hand: item.level.on_hand(),
            reserved: item.level.reserved(),
            available: item.level.available(),
            low_mark: item.low_mark,
        }
    }
}

/// A movement of an item's ledger.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovementResponse {
    movement_id: Uuid,
    kind: MovementKind,
    /// How many portions; of a correction the difference.
    quantity: i64,
    /// What that added to what is on hand.
    on_hand_change: i64,
    /// What that added to what is reserved.
    reserved_change: i64,
    /// The order that it was for.
    order_id: Option<Uuid>,
    /// What that order is called out as.
    order_number: Option<i64>,
    /// What whoever wrote it down is called; null where an order did it.
    actor: Option<String>,
    /// Why; may be empty.
    reason: String,
    /// When.
    at: String,
}

impl From<MovementItem> for MovementResponse {
    fn from(movement: MovementItem) -> Self {
        Self {
            movement_id: movement.id,
            kind: movement.kind,
            quantity: movement.quantity,
            on_hand_change: movement.on_hand_change,
            reserved_change: movement.reserved_change,
            order_id: movement.order_id,
            order_number: movement.order_number,
            actor: movement.actor,
            reason: movement.reason,
            at: rfc3339(movement.at),
        }
    }
}

/// The filter of a query.
fn filter(
    text: Option<String>,
    campus: Option<String>,
    kind: Option<String>,
    shortage: Option<String>,
) -> Result<StockFilter, ApiError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let shortage = given(shortage)
        .map(|key| choice("shortage", Shortage::from_key(&key)))
        .transpose()?;
    Ok(StockFilter {
        text: given(text),
        campus: given(campus),
        kind: given(kind),
        shortage,
    })
}

/// One of some choices.
fn choice<T>(field: &str, chosen: Option<T>) -> Result<T, ApiError> {
    chosen.ok_or_else(|| Error::invalid(field, InvalidCode::UnknownChoice).into())
}

/// The key under which the same request again is the same one.
fn key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    headers
        .get("idempotency-key")
        .map(|value| {
            value
                .to_str()
                .map_err(|_| Error::invalid("idempotencyKey", InvalidCode::Malformed).into())
        })
        .transpose()
}
