//! Profiles.

use crate::statement::{later, optional, rows, statements};
use crate::{Result, Tx};
use domain::profile::Profile;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    PUT(3) = "INSERT INTO profile (account_id, document, updated_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at";
    GET(1) = "SELECT document FROM profile WHERE account_id = $1";
    PAGE(2) = "SELECT account_id, document FROM profile WHERE account_id > $1 ORDER BY account_id LIMIT $2";
}

/// Stores a member's profile.
///
/// # Errors
/// Where the database does.
pub async fn put(tx: &mut Tx, account: Uuid, profile: &Profile, now: i64) -> Result<()> {
    later!(tx, PUT, account, Json(profile), now)
}

/// A member's profile, where they have one.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, account: Uuid) -> Result<Option<Profile>> {
    let row = optional!(tx, (Json<Profile>,), GET, account)?;
    Ok(row.map(|(Json(profile),)| profile))
}

/// The profiles of the accounts after one, by their ids.
///
/// # Errors
/// Where the database does.
pub async fn page(tx: &mut Tx, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Profile)>> {
    let rows = rows!(tx, (Uuid, Json<Profile>), PAGE, after, limit)?;
    Ok(rows
        .into_iter()
        .map(|(account, Json(profile))| (account, profile))
        .collect())
}
