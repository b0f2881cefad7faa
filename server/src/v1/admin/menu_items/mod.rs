//! Menus as administrators edit them.

pub mod create;
pub mod delete;
pub mod export;
pub mod get;
pub mod list;
pub mod options;
pub mod put;
pub mod restore;

use crate::http::problem::ApiError;
use crate::v1::time::rfc3339;
use domain::invalid::InvalidCode;
use domain::kitchen::Station;
use domain::menu::{MenuItemKind, OptionsDraft, Sale};
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use service::Error;
use service::menu::{ItemDraft, ItemForEdit, MenuSort, RecordFilter};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which items of a campus' menu, and which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Choice {
    /// The campus, by its slug; the first one where nothing is said.
    campus: Option<String>,
    /// Words of the name, in any language.
    text: Option<String>,
    /// `DISH` or `PRODUCT`.
    kind: Option<String>,
    /// `ACTIVE`, `INACTIVE` or `DELETED`; those that are on the menu where nothing is said.
    standing: Option<String>,
    /// `PLACE`, `NAME` or `PRICE`; as on the menu where nothing is said.
    sort: Option<String>,
    /// The other way round.
    descending: Option<bool>,
    /// The `nextCursor` of the page before; of no effect on a file.
    cursor: Option<i64>,
    /// How many, 1 to 100; 50 where nothing is said. Of no effect on a file.
    limit: Option<i64>,
}

impl Choice {
    fn filter(&self) -> Result<RecordFilter, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let unknown = || Error::invalid("sort", InvalidCode::UnknownChoice);
        let sort = match given(&self.sort) {
            None => MenuSort::default(),
            Some(key) => MenuSort::from_key(&key).ok_or_else(unknown)?,
        };
        Ok(RecordFilter {
            campus: given(&self.campus),
            text: given(&self.text),
            kind: given(&self.kind),
            standing: given(&self.standing),
            sort,
            descending: self.descending.unwrap_or_default(),
            page: self.cursor.unwrap_or(1),
            limit: self.limit.unwrap_or(50),
        })
    }
}

/// When an item is sold.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SaleDocument {
    /// On these weekdays; 0 is Monday.
    days: BTreeSet<i64>,
    /// To be collected from this minute of the day on…
    from: i64,
    /// … and before this one.
    until: i64,
}

/// What an item is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ItemBody {
    /// The price of one without options, in minor units.
    price: i64,
    /// How long it takes to make.
    minutes: i64,
    /// Whether it is sold at present.
    active: bool,
    /// Its place on the menu; the last one where that is 0.
    #[serde(default)]
    position: i64,
    /// Where in the kitchen it is made; at the stove where nothing is said.
    #[serde(default)]
    station: Station,
    sale: SaleDocument,
    /// What may be chosen of it.
    #[serde(default)]
    options: OptionsDraft,
}

impl From<ItemBody> for ItemDraft {
    fn from(body: ItemBody) -> Self {
        Self {
            price: body.price,
            minutes: body.minutes,
            active: body.active,
            position: body.position,
            station: body.station,
            sale: Sale {
                days: body.sale.days,
                from: body.sale.from,
                until: body.sale.until,
            },
            options: body.options,
        }
    }
}

/// An item with the version that an edit must name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemDocument {
    item_id: Uuid,
    /// The campus' slug.
    campus: String,
    /// ISO 4217.
    currency: String,
    #[serde(flatten)]
    kind: MenuItemKind,
    name: Localized<String>,
    price: i64,
    minutes: i64,
    active: bool,
    position: i64,
    /// Where in the kitchen it is made.
    station: Station,
    sale: SaleDocument,
    options: OptionsDraft,
    /// Grows with each change.
    version: i64,
    /// When it was taken off the menu.
    deleted_at: Option<String>,
    /// In how many orders that have not ended it is.
    living_orders: i64,
}

impl From<ItemForEdit> for ItemDocument {
    fn from(edited: ItemForEdit) -> Self {
        let item = edited.item;
        Self {
            item_id: item.id,
            campus: edited.campus.slug,
            currency: edited.campus.currency,
            kind: item.kind,
            name: item.name,
            price: item.price,
            minutes: item.minutes,
            active: item.active,
            position: item.position,
            station: item.station,
            sale: SaleDocument {
                days: item.sale.days,
                from: item.sale.from,
                until: item.sale.until,
            },
            options: OptionsDraft::from(&item.options),
            version: item.version,
            deleted_at: item.deleted_at.map(rfc3339),
            living_orders: edited.living,
        }
    }
}

/// The version that you have seen.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Seen {
    /// The item's version.
    version: i64,
}
