//! The food table, with search by name.

use crate::statement::{execute, later, rows, statements};
use crate::{Dialect, Result, Tx};
use serde::Serialize;
use sqlx::types::Json;

statements! {
    DELETE_ALL(0) = "DELETE FROM food";
    INSERT(1) = "INSERT INTO food (ndb_no, food_group, description, common_name, scientific_name, refuse_percent, nutrients)
        SELECT value ->> 'ndbNo', value ->> 'foodGroup', value ->> 'description', value ->> 'commonName',
               value ->> 'scientificName', value ->> 'refusePercent', value -> 'nutrients'
        FROM json_each($1)"
      | "INSERT INTO food (ndb_no, food_group, description, common_name, scientific_name, refuse_percent, nutrients)
        SELECT \"ndbNo\", \"foodGroup\", description, \"commonName\", \"scientificName\", \"refusePercent\", nutrients
        FROM jsonb_to_recordset($1) AS row(\"ndbNo\" TEXT, \"foodGroup\" TEXT, description TEXT,
            \"commonName\" TEXT, \"scientificName\" TEXT, \"refusePercent\" BIGINT, nutrients JSONB)";
    REBUILD_SEARCH(0) = "INSERT INTO food_search (food_search) VALUES ('rebuild')"
      | "REINDEX INDEX food_search";
    SEARCH(2) = "SELECT f.ndb_no, f.food_group, f.description
        FROM food_search s JOIN food f ON f.id = s.rowid
        WHERE food_search MATCH $1 ORDER BY bm25(food_search, 1.0, 2.0, 0.5), length(f.description), f.ndb_no LIMIT $2"
      | "SELECT ndb_no, food_group, description FROM food
        WHERE search @@ to_tsquery('simple', translate($1, 'áàâäãåéèêëíìîïóòôöõúùûüñç', 'aaaaaaeeeeiiiiooooouuuunc'))
        ORDER BY ts_rank(search, to_tsquery('simple', translate($1, 'áàâäãåéèêëíìîïóòôöõúùûüñç', 'aaaaaaeeeeiiiiooooouuuunc')), 1) DESC, length(description), ndb_no LIMIT $2";
    KNOWN(1) = "SELECT value FROM json_each($1) WHERE value IN (SELECT ndb_no FROM food)"
      | "SELECT value FROM jsonb_array_elements_text($1) AS given(value)
         WHERE value IN (SELECT ndb_no FROM food)";
    NAMES(1) = "SELECT ndb_no, food_group, description FROM food
        WHERE ndb_no IN (SELECT value FROM json_each($1)) ORDER BY description, ndb_no"
      | "SELECT ndb_no, food_group, description FROM food
        WHERE ndb_no IN (SELECT jsonb_array_elements_text($1)) ORDER BY description, ndb_no";
    COUNT(0) = "SELECT COUNT(*) AS count FROM food";
}

/// A food as it is imported, in the shape of its JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFood<'a, N: Serialize> {
    /// USDA's number.
    pub ndb_no: &'a str,
    /// USDA's group.
    pub food_group: &'a str,
    /// USDA's long description.
    pub description: &'a str,
    /// Other names.
    pub common_name: &'a str,
    /// Latin name.
    pub scientific_name: &'a str,
    /// Share thrown away, percent.
    pub refuse_percent: i64,
    /// Amounts per 100 g by nutrient; null is unknown.
    pub nutrients: N,
}

/// A food that a search found.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundFood {
    /// USDA's number.
    pub ndb_no: String,
    /// USDA's group.
    pub food_group: String,
    /// USDA's long description.
    pub description: String,
}

/// Replaces the whole table, in batches of a thousand rows.
///
/// # Errors
/// Where the database does.
pub async fn replace_all<N: Serialize + Send + Sync>(
    tx: &mut Tx,
    foods: &[NewFood<'_, N>],
) -> Result<()> {
    later!(tx, DELETE_ALL)?;
    for batch in foods.chunks(1000) {
        execute!(tx, INSERT, Json(batch))?;
    }
    later!(tx, REBUILD_SEARCH)
}

/// Foods whose name has every word of `text`, each as the beginning of a word, best first.
///
/// # Errors
/// Where the database does.
pub async fn search(tx: &mut Tx, text: &str, limit: i64) -> Result<Vec<FoundFood>> {
    // Only letters and digits are left, so that nothing in it is an operator of either engine.
    let words: Vec<&str> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(8)
        .collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let (before, after, between) = match tx.dialect() {
        Dialect::Sqlite => ("\"", "\"*", " "),
        Dialect::Postgres => ("", ":*", " & "),
    };
    let query: Vec<String> = words
        .iter()
        .map(|word| format!("{before}{}{after}", word.to_lowercase()))
        .collect();
    rows!(tx, FoundFood, SEARCH, query.join(between), limit)
}

/// Those of the given numbers that exist.
///
/// # Errors
/// Where the database does.
pub async fn known(tx: &mut Tx, numbers: &[&str]) -> Result<Vec<String>> {
    let found = rows!(tx, (String,), KNOWN, Json(numbers))?;
    Ok(found.into_iter().map(|(number,)| number).collect())
}

/// The foods of the given numbers, by name.
///
/// # Errors
/// Where the database does.
pub async fn by_numbers(tx: &mut Tx, numbers: &[&str]) -> Result<Vec<FoundFood>> {
    rows!(tx, FoundFood, NAMES, Json(numbers))
}

/// How many foods there are.
///
/// # Errors
/// Where the database does.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    let counted = rows!(tx, (i64,), COUNT)?;
    Ok(counted.first().map_or(0, |row| row.0))
}
