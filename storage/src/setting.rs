//! What an installation remembers about itself.

use crate::statement::{execute, optional, statements};
use crate::{Result, Tx};

statements! {
    PUT(2) = "INSERT INTO setting (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value";
    GET(1) = "SELECT value FROM setting WHERE name = $1";
}

/// Stores a value; false where it was this value already. Of several transactions that store the
/// same value at once, one is told true, and the others wait for it.
///
/// # Errors
/// Where the database does.
pub async fn put(tx: &mut Tx, name: &str, value: &str) -> Result<bool> {
    Ok(execute!(tx, PUT, name, value)? == 1)
}

/// A stored value.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<String>> {
    let row = optional!(tx, (String,), GET, name)?;
    Ok(row.map(|(value,)| value))
}
