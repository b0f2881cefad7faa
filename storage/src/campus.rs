//! Campuses, and how full their slots are.

use crate::statement::{ask, execute, optional, rows, statements};
use crate::{Asked, Result, Tx};
use domain::menu::{Campus, CampusState, OpeningHours};
use domain::text::Localized;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    INSERT(11) = "INSERT INTO campus (id, slug, name, currency, state, busy_minutes, paused_until, hours, slot_minutes,
            slot_capacity, lead_minutes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (slug) DO NOTHING";
    ALL(1) = "SELECT id, slug, name, currency, state, busy_minutes, paused_until, hours, slot_minutes, slot_capacity,
            lead_minutes
        FROM campus ORDER BY slug LIMIT $1";
    BY_SLUG(1) = "SELECT id, slug, name, currency, state, busy_minutes, paused_until, hours, slot_minutes,
            slot_capacity, lead_minutes
        FROM campus WHERE slug = $1";
    BY_ID(1) = "SELECT id, slug, name, currency, state, busy_minutes, paused_until, hours, slot_minutes,
            slot_capacity, lead_minutes
        FROM campus WHERE id = $1";
    SET_STATE(4) = "UPDATE campus SET state = $2, busy_minutes = $3, paused_until = $4 WHERE id = $1";
    SLOTS(3) = "SELECT starts_at, capacity, taken FROM slot
        WHERE campus_id = $1 AND starts_at >= $2 AND starts_at < $3 ORDER BY starts_at";
}

/// The most campuses that a list shows.
pub const CAMPUSES_MOST: i64 = 100;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    slug: String,
    name: Json<Localized<String>>,
    currency: String,
    state: String,
    busy_minutes: i64,
    paused_until: Option<i64>,
    hours: Json<OpeningHours>,
    slot_minutes: i64,
    slot_capacity: i64,
    lead_minutes: i64,
}

impl From<Row> for Campus {
    fn from(row: Row) -> Self {
        // The table lets no other state in, nor a paused one without its end.
        let state = match (row.state.as_str(), row.paused_until) {
            ("BUSY", _) => CampusState::Busy {
                minutes: row.busy_minutes,
            },
            ("PAUSED", Some(until)) => CampusState::Paused { until },
            _ => CampusState::Open,
        };
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name.0,
            currency: row.currency,
            state,
            hours: row.hours.0,
            slot_minutes: row.slot_minutes,
            slot_capacity: row.slot_capacity,
            lead_minutes: row.lead_minutes,
        }
    }
}

/// How full a slot is. A slot that nobody has ordered for has no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct SlotRow {
    /// When it begins, in microseconds.
    pub starts_at: i64,
    /// How many orders it takes.
    pub capacity: i64,
    /// How many it has.
    pub taken: i64,
}

/// The columns of a state: its name, the busy minutes, and until when it is paused.
const fn columns(state: CampusState) -> (&'static str, i64, Option<i64>) {
    match state {
        CampusState::Open | CampusState::Busy { .. } => (state.key(), state.minutes(), None),
        CampusState::Paused { until } => (state.key(), 0, Some(until)),
    }
}

/// Adds a campus; false where its slug is taken.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, campus: &Campus) -> Result<bool> {
    let (state, busy_minutes, paused_until) = columns(campus.state);
    let inserted = execute!(
        tx,
        INSERT,
        campus.id,
        campus.slug.as_str(),
        Json(&campus.name),
        campus.currency.as_str(),
        state,
        busy_minutes,
        paused_until,
        Json(&campus.hours),
        campus.slot_minutes,
        campus.slot_capacity,
        campus.lead_minutes,
    )?;
    Ok(inserted == 1)
}

/// Every campus, by slug; at most [`CAMPUSES_MOST`].
///
/// # Errors
/// Where the database does.
pub async fn all(tx: &mut Tx) -> Result<Vec<Campus>> {
    ask_all(tx).await?.answer(tx).await
}

/// Asks for [`all`].
///
/// # Errors
/// Where the database does.
pub async fn ask_all(tx: &mut Tx) -> Result<Asked<Vec<Campus>>> {
    ask!(tx, Row, ALL, CAMPUSES_MOST)?.map(|rows| Ok(rows.into_iter().map(Campus::from).collect()))
}

/// The longest slug, in bytes.
const SLUG_MOST: usize = 60;

/// Whether a text can be a slug. PostgreSQL takes no NUL in a text.
#[must_use]
pub fn can_be_slug(text: &str) -> bool {
    !text.is_empty() && text.len() <= SLUG_MOST && !text.contains('\0')
}

/// The campus of a slug. What no slug can be names none.
///
/// # Errors
/// Where the database does.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Campus>> {
    if !can_be_slug(slug) {
        return Ok(None);
    }
    Ok(optional!(tx, Row, BY_SLUG, slug)?.map(Campus::from))
}

/// The campus of an id.
///
/// # Errors
/// Where the database does.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Campus>> {
    Ok(optional!(tx, Row, BY_ID, id)?.map(Campus::from))
}

/// Sets how a campus takes orders; false where there is no such campus.
///
/// # Errors
/// Where the database does.
pub async fn set_state(tx: &mut Tx, id: Uuid, state: CampusState) -> Result<bool> {
    let (state, busy_minutes, paused_until) = columns(state);
    let changed = execute!(tx, SET_STATE, id, state, busy_minutes, paused_until)?;
    Ok(changed == 1)
}

/// The slots of a campus that somebody has ordered for, from a moment on and before another.
///
/// # Errors
/// Where the database does.
pub async fn slots(tx: &mut Tx, campus: Uuid, from: i64, before: i64) -> Result<Vec<SlotRow>> {
    rows!(tx, SlotRow, SLOTS, campus, from, before)
}
