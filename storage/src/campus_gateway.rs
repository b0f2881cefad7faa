//! Which ways to pay campuses take.

use crate::statement::{ask, later, optional, statements};
use crate::{Asked, Error, Result, Statement, Tx};
use domain::payment::GatewayKind;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

statements! {
    ALL(1) = "SELECT campus_id, gateway FROM campus_gateway ORDER BY campus_id, gateway LIMIT $1";
    STRIPE(0) = "SELECT COUNT(*) FROM campus_gateway WHERE gateway = 'STRIPE'";
    LOCK(1) = "SELECT id FROM campus WHERE id = $1"
      | "SELECT id FROM campus WHERE id = $1 FOR NO KEY UPDATE";
    CLEAR(1) = "DELETE FROM campus_gateway WHERE campus_id = $1";
    INSERT(2) = "INSERT INTO campus_gateway (campus_id, gateway) SELECT $1, value FROM json_each($2)"
      | "INSERT INTO campus_gateway (campus_id, gateway)
        SELECT CAST($1 AS UUID), wanted.gateway FROM jsonb_array_elements_text($2) AS wanted(gateway)";
}

/// The most rows that are read: all of as many campuses as a list shows.
const ROWS_MOST: i64 = crate::campus::CAMPUSES_MOST * GatewayKind::ALL.len() as i64;

/// What each campus takes, in the order of [`GatewayKind::ALL`]. One that is absent takes
/// [`GatewayKind::USUAL`].
///
/// # Errors
/// Where the database does.
pub async fn all(tx: &mut Tx) -> Result<HashMap<Uuid, Vec<GatewayKind>>> {
    ask_all(tx).await?.answer(tx).await
}

/// Asks for [`all`].
///
/// # Errors
/// Where the database does.
pub async fn ask_all(tx: &mut Tx) -> Result<Asked<HashMap<Uuid, Vec<GatewayKind>>>> {
    ask!(tx, (Uuid, String), ALL, ROWS_MOST)?.map(by_campus)
}

fn by_campus(rows: Vec<(Uuid, String)>) -> Result<HashMap<Uuid, Vec<GatewayKind>>> {
    let mut accepted: HashMap<Uuid, Vec<GatewayKind>> = HashMap::new();
    for (campus, gateway) in rows {
        let kind = GatewayKind::from_key(&gateway).ok_or_else(|| Error::unreadable(&gateway))?;
        accepted.entry(campus).or_default().push(kind);
    }
    for kinds in accepted.values_mut() {
        kinds.sort_unstable();
    }
    Ok(accepted)
}

/// Keeps others from setting what a campus takes until the transaction ends.
///
/// # Errors
/// Where the database does.
pub async fn lock(tx: &mut Tx, campus: Uuid) -> Result<()> {
    optional!(tx, (Uuid,), LOCK, campus).map(drop)
}

/// Sets what a campus takes.
///
/// # Errors
/// Where the database does.
pub async fn set(tx: &mut Tx, campus: Uuid, gateways: &[GatewayKind]) -> Result<()> {
    later!(tx, CLEAR, campus)?;
    let keys: Vec<&str> = gateways.iter().map(|kind| kind.key()).collect();
    later!(tx, INSERT, campus, Json(keys))
}

/// Counts the campuses that take cards by Stripe: for whoever only looks.
pub(crate) fn stripe_statement() -> &'static Statement {
    &STRIPE
}
