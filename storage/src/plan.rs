//! Plans. The document is text, so that the bytes that were computed are the bytes that are sent.

use crate::statement::{later, optional, rows, statements};
use crate::{Result, Tx};
use uuid::Uuid;

statements! {
    INSERT(9) = "INSERT INTO plan (id, account_id, week, input_hash, document, energy, cost, score, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, input_hash) DO NOTHING";
    BY_ID(2) = "SELECT id, document, created_at FROM plan WHERE account_id = $1 AND id = $2";
    BY_INPUT(2) = "SELECT id FROM plan WHERE account_id = $1 AND input_hash = $2";
    LATEST_OF_WEEK(2) = "SELECT id, document, created_at FROM plan WHERE account_id = $1 AND week = $2
        ORDER BY created_at DESC, id DESC LIMIT 1";
    LIST(3) = "SELECT id, week, energy, cost, score, created_at FROM plan
        WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
}

/// A stored plan.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredPlan {
    /// Its id.
    pub id: Uuid,
    /// The plan as JSON, as it was computed.
    pub document: String,
    /// When, in microseconds.
    pub created_at: i64,
}

/// What a list shows of a plan.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PlanRow {
    /// Its id.
    pub id: Uuid,
    /// Its ISO week.
    pub week: String,
    /// Mean energy a day, in kcal.
    pub energy: i64,
    /// US cents a week.
    pub cost: i64,
    /// Penalty points.
    pub score: i64,
    /// When, in microseconds.
    pub created_at: i64,
}

/// A plan to be stored.
#[derive(Debug)]
pub struct NewPlan<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// ISO week.
    pub week: &'a str,
    /// What it was computed from.
    pub input_hash: &'a str,
    /// The plan as JSON.
    pub document: &'a str,
    /// Mean energy a day, in kcal.
    pub energy: i64,
    /// US cents a week.
    pub cost: i64,
    /// Penalty points.
    pub score: i64,
    /// Now, in microseconds.
    pub created_at: i64,
}

/// Stores a plan; where one of the same input exists, that one stays.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, plan: &NewPlan<'_>) -> Result<()> {
    let NewPlan {
        id,
        account_id,
        week,
        input_hash,
        document,
        energy,
        cost,
        score,
        created_at,
    } = plan;
    later!(
        tx,
        INSERT,
        id,
        account_id,
        *week,
        *input_hash,
        *document,
        energy,
        cost,
        score,
        created_at
    )
}

/// A member's plan by its id.
///
/// # Errors
/// Where the database does.
pub async fn by_id(tx: &mut Tx, account: Uuid, id: Uuid) -> Result<Option<StoredPlan>> {
    optional!(tx, StoredPlan, BY_ID, account, id)
}

/// The id of a member's plan of an input.
///
/// # Errors
/// Where the database does.
pub async fn by_input(tx: &mut Tx, account: Uuid, input_hash: &str) -> Result<Option<Uuid>> {
    let row = optional!(tx, (Uuid,), BY_INPUT, account, input_hash)?;
    Ok(row.map(|(id,)| id))
}

/// A member's newest plan of a week.
///
/// # Errors
/// Where the database does.
pub async fn latest_of_week(tx: &mut Tx, account: Uuid, week: &str) -> Result<Option<StoredPlan>> {
    optional!(tx, StoredPlan, LATEST_OF_WEEK, account, week)
}

/// A member's plans, newest first, those before the id `before`. Ids grow with time.
///
/// # Errors
/// Where the database does.
pub async fn list(tx: &mut Tx, account: Uuid, before: Uuid, limit: i64) -> Result<Vec<PlanRow>> {
    rows!(tx, PlanRow, LIST, account, before, limit)
}
