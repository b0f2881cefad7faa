//! The catalogue: dishes and products in memory, all foods in the database.

use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::catalogue::{CampusMenu, Catalogue, OptionLibrary, food_rows};
use domain::dish::DishId;
use domain::invalid::InvalidCode;
use sha2::{Digest, Sha256};
use std::sync::{Arc, OnceLock};
use storage::food::{FoundFood, NewFood};
use storage::{Db, food, setting};

static FOODS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/foods.csv.br"));
static FACTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts.csv.br"));
static DISHES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dishes.toml.br"));
static MENU: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/menu.toml.br"));

/// The setting that names the food table which a database holds.
const FOOD_TABLE: &str = "food_table";
/// The most foods that a search gives.
const FOUND_MOST: i64 = 50;

fn text(compressed: &[u8]) -> Result<String> {
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut brotli::Decompressor::new(compressed, 1 << 16),
        &mut text,
    )
    .map_err(Error::internal)?;
    Ok(text)
}

/// The catalogue that the binary carries, read once a process.
pub(crate) async fn load() -> Result<Arc<Catalogue>> {
    static LOADED: OnceLock<Arc<Catalogue>> = OnceLock::new();
    if let Some(catalogue) = LOADED.get() {
        return Ok(Arc::clone(catalogue));
    }
    let catalogue = tokio::task::spawn_blocking(|| {
        domain::catalogue::load(&text(FOODS)?, &text(FACTS)?, &[&text(DISHES)?])
            .map_err(Error::internal)
    })
    .await
    .map_err(Error::internal)??;
    Ok(Arc::clone(LOADED.get_or_init(|| Arc::new(catalogue))))
}

/// The demo's menus that the binary carries, read once a process.
pub(crate) async fn menus(catalogue: &Arc<Catalogue>) -> Result<Arc<Vec<CampusMenu>>> {
    static LOADED: OnceLock<Arc<Vec<CampusMenu>>> = OnceLock::new();
    if let Some(menus) = LOADED.get() {
        return Ok(Arc::clone(menus));
    }
    let catalogue = Arc::clone(catalogue);
    let menus = tokio::task::spawn_blocking(move || {
        domain::catalogue::menus(&text(FOODS)?, &text(FACTS)?, &text(MENU)?, &catalogue)
            .map_err(Error::internal)
    })
    .await
    .map_err(Error::internal)??;
    Ok(Arc::clone(LOADED.get_or_init(|| Arc::new(menus))))
}

/// The options that menu items may have, read once a process.
pub(crate) async fn options() -> Result<Arc<OptionLibrary>> {
    static LOADED: OnceLock<Arc<OptionLibrary>> = OnceLock::new();
    if let Some(library) = LOADED.get() {
        return Ok(Arc::clone(library));
    }
    let library = tokio::task::spawn_blocking(|| {
        OptionLibrary::read(&text(FOODS)?, &text(FACTS)?, &text(MENU)?).map_err(Error::internal)
    })
    .await
    .map_err(Error::internal)??;
    Ok(Arc::clone(LOADED.get_or_init(|| Arc::new(library))))
}

/// Fills the food table of a database, unless it holds this very table already.
pub(crate) async fn import_foods(db: &Db) -> Result<()> {
    let version: String = Sha256::digest(FOODS)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if setting::get(&mut db.read().await?, FOOD_TABLE)
        .await?
        .as_deref()
        == Some(&version)
    {
        return Ok(());
    }
    let rows = tokio::task::spawn_blocking(|| food_rows(&text(FOODS)?).map_err(Error::internal))
        .await
        .map_err(Error::internal)??;
    let foods: Vec<_> = rows
        .iter()
        .map(|row| NewFood {
            ndb_no: &row.ndb_no.0,
            food_group: &row.food_group,
            description: &row.description,
            common_name: &row.common_name,
            scientific_name: &row.scientific_name,
            refuse_percent: row.refuse_percent,
            nutrients: &row.nutrients,
        })
        .collect();
    let mut tx = db.write().await?;
    if !setting::put(&mut tx, FOOD_TABLE, &version).await? {
        // Another process of the same database was faster.
        return Ok(());
    }
    food::replace_all(&mut tx, &foods).await?;
    tx.commit().await?;
    tracing::info!(foods = foods.len(), "imported the food table");
    Ok(())
}

/// Foods by the beginnings of the words of their names, best first; at most fifty.
///
/// # Errors
/// [`InvalidCode::TooLong`] for more than a hundred characters.
pub async fn search_foods(ctx: &Ctx, text: &str) -> Result<Vec<FoundFood>> {
    if text.chars().count() > 100 {
        return Err(Error::invalid("q", InvalidCode::TooLong { max: 100 }));
    }
    Ok(food::search(&mut ctx.read().await?, text, FOUND_MOST).await?)
}

/// The foods of the given numbers, by name.
///
/// # Errors
/// Where the database does.
pub async fn foods_by_number(ctx: &Ctx, numbers: &[&str]) -> Result<Vec<FoundFood>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(food::by_numbers(&mut ctx.read().await?, numbers).await?)
}

/// The dish of an id.
///
/// # Errors
/// [`domain::problem::Problem::NotFound`] where there is none.
pub fn dish<'a>(ctx: &'a Ctx, id: &DishId) -> Result<&'a domain::dish::Dish> {
    ctx.service
        .catalogue
        .dish(id)
        .ok_or(Error::Problem(domain::problem::Problem::NotFound))
}
