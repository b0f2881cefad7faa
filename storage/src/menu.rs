//! Menu items: what a campus sells, at which price, when, and with which options.

use crate::board::many;
use crate::statement::{Asked, ask, execute, optional, rows, statements};
use crate::{Dialect, Result, Tx};
use domain::kitchen::Station;
use domain::menu::{MenuItemKind, Options, Sale};
use domain::text::Localized;
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    INSERT(1) = "INSERT INTO menu_item (id, campus_id, kind, reference, name, price, options, sale, minutes, active,
            position, station)
        SELECT unhex(value ->> 'id'), unhex(value ->> 'campusId'), value ->> 'kind', value ->> 'reference',
            value -> 'name', value ->> 'price', value -> 'options', value -> 'sale', value ->> 'minutes',
            value ->> 'active', value ->> 'position', value ->> 'station'
        FROM json_each($1)"
      | "INSERT INTO menu_item (id, campus_id, kind, reference, name, price, options, sale, minutes, active, position,
            station)
        SELECT id, \"campusId\", kind, reference, name, price, options, sale, minutes, active, position, station
        FROM jsonb_to_recordset($1) AS row(id UUID, \"campusId\" UUID, kind TEXT, reference TEXT, name JSONB,
            price BIGINT, options JSONB, sale JSONB, minutes BIGINT, active BOOLEAN, position BIGINT,
            station TEXT)";
    OF_CAMPUS(2) = "SELECT id, campus_id, kind, reference, name, price, options, sale, minutes, active, position,
            station
        FROM menu_item WHERE campus_id = $1 AND deleted_at IS NULL ORDER BY position, id LIMIT $2";
    BY_IDS(1) = "SELECT menu_item.id, campus_id, kind, reference, name, price, options, sale, minutes, active, position,
            station
        FROM json_each($1) AS wanted CROSS JOIN menu_item ON menu_item.id = unhex(wanted.value)"
      | "SELECT id, campus_id, kind, reference, name, price, options, sale, minutes, active, position,
            station
        FROM menu_item WHERE id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text($1)))";
    ONE(2) = "SELECT id, campus_id, kind, reference, name, price, options, sale, minutes, active, position,
            station
        FROM menu_item WHERE id = $1 AND campus_id = $2 AND deleted_at IS NULL";
    // PostgreSQL has no such number: whoever changes a menu there would wait for whoever changes another.
    VERSION(0) = "SELECT version FROM menu_version"
      | "SELECT CAST(0 AS BIGINT) AS version";
}

/// The most items of a campus's menu.
pub const ITEMS_MOST: i64 = 500;

/// A dish or product that a campus sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MenuItemRow {
    /// Its id.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub id: Uuid,
    /// Where it is sold.
    #[serde(serialize_with = "uuid::serde::simple::serialize")]
    pub campus_id: Uuid,
    /// The dish or product in the catalogue.
    #[serde(flatten)]
    pub kind: MenuItemKind,
    /// Its name for people.
    pub name: Localized<String>,
    /// The price of one without options, in minor units of the campus's currency.
    pub price: i64,
    /// What may be chosen of it.
    pub options: Options,
    /// When it is sold.
    pub sale: Sale,
    /// How long it takes to make, in minutes.
    pub minutes: i64,
    /// Whether it is sold at present.
    pub active: bool,
    /// Its place on the menu.
    pub position: i64,
    /// Where in the kitchen it is made.
    pub station: Station,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    campus_id: Uuid,
    kind: String,
    reference: String,
    name: Json<Localized<String>>,
    price: i64,
    options: Json<Options>,
    sale: Json<Sale>,
    minutes: i64,
    active: bool,
    position: i64,
    station: String,
}

impl From<Row> for MenuItemRow {
    fn from(row: Row) -> Self {
        // The table lets no other kind in.
        let kind = MenuItemKind::from_key(&row.kind, &row.reference)
            .unwrap_or_else(|| MenuItemKind::Dish(domain::dish::DishId(row.reference.clone())));
        Self {
            id: row.id,
            campus_id: row.campus_id,
            kind,
            name: row.name.0,
            price: row.price,
            options: row.options.0,
            sale: row.sale.0,
            minutes: row.minutes,
            active: row.active,
            position: row.position,
            station: Station::from_key(&row.station).unwrap_or_default(),
        }
    }
}

fn items(rows: Vec<Row>) -> Vec<MenuItemRow> {
    rows.into_iter().map(MenuItemRow::from).collect()
}

/// Adds items to menus.
///
/// # Errors
/// [`crate::Error::Duplicate`] where a campus sells one of the dishes or products already.
pub async fn insert(tx: &mut Tx, items: &[MenuItemRow]) -> Result<()> {
    execute!(tx, INSERT, Json(items)).map(drop)
}

/// What a campus sells, sold at present or not, in the order of its menu; at most [`ITEMS_MOST`].
///
/// # Errors
/// Where the database does.
pub async fn of_campus(tx: &mut Tx, campus: Uuid) -> Result<Vec<MenuItemRow>> {
    Ok(items(rows!(tx, Row, OF_CAMPUS, campus, ITEMS_MOST)?))
}

/// The items of some ids, in any order, whichever campus sells them. Unknown ones are absent.
///
/// # Errors
/// Where the database does.
pub async fn by_ids(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<MenuItemRow>> {
    ask_by_ids(tx, ids).await?.answer(tx).await
}

/// Asks for [`by_ids`].
///
/// # Errors
/// Where the database does.
pub async fn ask_by_ids(tx: &mut Tx, ids: &[Uuid]) -> Result<Asked<Vec<MenuItemRow>>> {
    ask!(tx, Row, BY_IDS, many(ids))?.map(|rows| Ok(items(rows)))
}

/// Asks for the version of all menus, campuses and ways to pay: another one wherever any of them was changed. None
/// on PostgreSQL, which does not count them.
///
/// # Errors
/// Where the database does.
pub async fn ask_version(tx: &mut Tx) -> Result<Asked<Option<i64>>> {
    if tx.dialect() == Dialect::Postgres {
        return Ok(Asked::here(None));
    }
    ask!(tx, (i64,), VERSION)?.map(|rows| Ok(rows.first().map(|(version,)| *version)))
}

/// An item of a campus.
///
/// # Errors
/// Where the database does.
pub async fn one(tx: &mut Tx, campus: Uuid, id: Uuid) -> Result<Option<MenuItemRow>> {
    Ok(optional!(tx, Row, ONE, id, campus)?.map(MenuItemRow::from))
}
