//! What an installation remembers about itself.

use crate::statement::{execute, optional, statements};
use crate::{Result, Tx};

statements! {
    PUT(2) = "INSERT INTO setting (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    GET(1) = "SELECT value FROM setting WHERE name = $1";
}

/// Stores a value.
///
/// # Errors
/// Where the database does.
pub async fn put(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    execute!(tx, PUT, name, value).map(drop)
}

/// A stored value.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<String>> {
    let row = optional!(tx, (String,), GET, name)?;
    Ok(row.map(|(value,)| value))
}
