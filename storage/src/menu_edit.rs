//! Menu items and campuses as administrators edit them: with the version that each has, so that of two who
//! edit the same the second is told.

use crate::statement::{execute, optional, rows, statements};
use crate::{Error, Result, Tx};
use domain::kitchen::Station;
use domain::menu::{Campus, MenuItemKind, OpeningHours, Options, Sale};
use domain::text::Localized;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    LIST(2) = "SELECT id, campus_id, kind, reference, name, price, options, sale, minutes, active, position, station,
            version, deleted_at
        FROM menu_item WHERE campus_id = $1 ORDER BY position, id LIMIT $2";
    GET(1) = "SELECT id, campus_id, kind, reference, name, price, options, sale, minutes, active, position, station,
            version, deleted_at
        FROM menu_item WHERE id = $1";
    OF_REFERENCE(3) = "SELECT id, campus_id, kind, reference, name, price, options, sale, minutes, active, position,
            station, version, deleted_at
        FROM menu_item WHERE campus_id = $1 AND kind = $2 AND reference = $3";
    LAST_PLACE(1) = "SELECT COUNT(*), COALESCE(MAX(position), 0) FROM menu_item WHERE campus_id = $1";
    UPDATE(9) = "UPDATE menu_item SET price = $3, options = $4, sale = $5, minutes = $6, active = $7, position = $8,
            station = $9, version = version + 1
        WHERE id = $1 AND version = $2 AND deleted_at IS NULL";
    DELETE(3) = "UPDATE menu_item SET active = FALSE, deleted_at = $3, version = version + 1
        WHERE id = $1 AND version = $2 AND deleted_at IS NULL";
    RESTORE(2) = "UPDATE menu_item SET deleted_at = NULL, version = version + 1
        WHERE id = $1 AND version = $2 AND deleted_at IS NOT NULL";
    LIVING(2) = "SELECT COUNT(*) FROM (SELECT 1 FROM campus CROSS JOIN json_each(
            '[\"PENDING\",\"CONFIRMED\",\"PREPARING\",\"READY\"]') AS living
            CROSS JOIN orders ON orders.campus_id = campus.id AND orders.state = living.value
            CROSS JOIN order_line ON order_line.order_id = orders.id AND order_line.item_id = $1
        WHERE campus.id = (SELECT campus_id FROM menu_item WHERE menu_item.id = $1) LIMIT $2)"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM orders JOIN order_line ON order_line.order_id = orders.id
            AND order_line.item_id = $1
        WHERE orders.campus_id = (SELECT campus_id FROM menu_item WHERE menu_item.id = $1)
            AND orders.state IN ('PENDING', 'CONFIRMED', 'PREPARING', 'READY') LIMIT $2) AS living";
    CAMPUS_VERSION(1) = "SELECT version FROM campus WHERE id = $1";
    UPDATE_CAMPUS(7) = "UPDATE campus SET name = $3, hours = $4, slot_minutes = $5, slot_capacity = $6, lead_minutes = $7,
            version = version + 1
        WHERE id = $1 AND version = $2";
}

/// A menu item with what its editor must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedItem {
    /// Its id.
    pub id: Uuid,
    /// Where it is sold.
    pub campus_id: Uuid,
    /// The dish or product in the catalogue.
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
    /// Grows with each change.
    pub version: i64,
    /// When it was taken off the menu, in microseconds.
    pub deleted_at: Option<i64>,
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
    version: i64,
    deleted_at: Option<i64>,
}

impl TryFrom<Row> for EditedItem {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            campus_id: row.campus_id,
            kind: MenuItemKind::from_key(&row.kind, &row.reference)
                .ok_or_else(|| Error::unreadable(&row.kind))?,
            name: row.name.0,
            price: row.price,
            options: row.options.0,
            sale: row.sale.0,
            minutes: row.minutes,
            active: row.active,
            position: row.position,
            station: Station::from_key(&row.station)
                .ok_or_else(|| Error::unreadable(&row.station))?,
            version: row.version,
            deleted_at: row.deleted_at,
        })
    }
}

/// What is on a campus' menu, was on it or will be, in the order of the menu; at most so many.
///
/// # Errors
/// Where the database does.
pub async fn list(tx: &mut Tx, campus: Uuid, limit: i64) -> Result<Vec<EditedItem>> {
    rows!(tx, Row, LIST, campus, limit)?
        .into_iter()
        .map(EditedItem::try_from)
        .collect()
}

/// An item, also one that was taken off its menu.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<EditedItem>> {
    optional!(tx, Row, GET, id)?
        .map(EditedItem::try_from)
        .transpose()
}

/// The item of a dish or product at a campus, also one that was taken off its menu.
///
/// # Errors
/// Where the database does.
pub async fn of_reference(
    tx: &mut Tx,
    campus: Uuid,
    kind: &MenuItemKind,
) -> Result<Option<EditedItem>> {
    optional!(tx, Row, OF_REFERENCE, campus, kind.key(), kind.reference())?
        .map(EditedItem::try_from)
        .transpose()
}

/// How many items a campus has or had, and the last place of its menu.
///
/// # Errors
/// Where the database does.
pub async fn last_place(tx: &mut Tx, campus: Uuid) -> Result<(i64, i64)> {
    let found = optional!(tx, (i64, i64), LAST_PLACE, campus)?;
    Ok(found.unwrap_or_default())
}

/// Writes all of an item that can be changed; false where it is of another version by now, or was taken off
/// its menu.
///
/// # Errors
/// Where the database does.
pub async fn update(tx: &mut Tx, item: &EditedItem) -> Result<bool> {
    let changed = execute!(
        tx,
        UPDATE,
        item.id,
        item.version,
        item.price,
        Json(&item.options),
        Json(&item.sale),
        item.minutes,
        item.active,
        item.position,
        item.station.key()
    )?;
    Ok(changed == 1)
}

/// Takes an item off its menu; false where it is of another version by now, or off it already.
///
/// # Errors
/// Where the database does.
pub async fn delete(tx: &mut Tx, id: Uuid, version: i64, now: i64) -> Result<bool> {
    Ok(execute!(tx, DELETE, id, version, now)? == 1)
}

/// Puts an item back on its menu, not sold at present; false where it is of another version by now, or on it.
///
/// # Errors
/// Where the database does.
pub async fn restore(tx: &mut Tx, id: Uuid, version: i64) -> Result<bool> {
    Ok(execute!(tx, RESTORE, id, version)? == 1)
}

/// In how many orders that have not ended an item is, counted no further than `most`.
///
/// # Errors
/// Where the database does.
pub async fn living_orders(tx: &mut Tx, id: Uuid, most: i64) -> Result<i64> {
    let counted = optional!(tx, (i64,), LIVING, id, most)?;
    Ok(counted.map_or(0, |(count,)| count))
}

/// The version of a campus.
///
/// # Errors
/// Where the database does.
pub async fn campus_version(tx: &mut Tx, campus: Uuid) -> Result<Option<i64>> {
    let found = optional!(tx, (i64,), CAMPUS_VERSION, campus)?;
    Ok(found.map(|(version,)| version))
}

/// Writes a campus' name, hours and slots; false where it is of another version by now.
///
/// # Errors
/// Where the database does.
pub async fn update_campus(tx: &mut Tx, campus: &Campus, version: i64) -> Result<bool> {
    let hours: &OpeningHours = &campus.hours;
    let changed = execute!(
        tx,
        UPDATE_CAMPUS,
        campus.id,
        version,
        Json(&campus.name),
        Json(hours),
        campus.slot_minutes,
        campus.slot_capacity,
        campus.lead_minutes
    )?;
    Ok(changed == 1)
}
