//! Server functions of the stock table, and what they send.

pub use super::filter::Filter;

use crate::error::AppError;
use domain::invalid::InvalidCode;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use service::stock::{BadLines, Count};

/// A page of the stock table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    /// Its rows.
    pub items: Vec<StockLine>,
    /// "52 items".
    pub count: String,
    /// How many pages there are.
    pub pages: i64,
    /// How many items there are without regard to how much is left, are low, and are sold out.
    pub any: i64,
    /// How many of those are low.
    pub low: i64,
    /// How many of those are sold out.
    pub out: i64,
    /// Every campus: its slug, and what it is called.
    pub campuses: Vec<(String, String)>,
    /// The item that is being corrected; it is among the rows.
    pub correcting: Option<Correcting>,
}

/// An item of the table, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLine {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// "Campus Norte · Dish".
    pub about: String,
    /// Whether it is sold at all.
    pub active: bool,
    /// Portions there are.
    pub on_hand: i64,
    /// Portions that are kept for orders.
    pub reserved: i64,
    /// Portions that anybody may have.
    pub available: i64,
    /// The tone and the word of how little is left.
    pub mark: Option<(String, String)>,
}

/// What a correction starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correcting {
    /// The item's id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Portions on hand.
    pub seen: i64,
    /// The newest movement that somebody wrote down.
    pub last: String,
    /// Under which the correction is made once.
    pub key: String,
}

/// A page of the table; `correct` is the item that is being corrected, if any.
#[server(endpoint = "admin/stock")]
pub async fn get_stock(
    #[server(default)] filter: Filter,
    #[server(default)] correct: String,
) -> Result<StockView, AppError> {
    super::build::stock(&crate::context::ctx()?, &filter, &correct).await
}

/// Corrects what is on hand of an item, and leads back to the table as it stood.
#[server(endpoint = "admin/stock/correct")]
pub async fn correct_stock(
    #[server(default)] item: String,
    #[server(default)] seen: String,
    #[server(default)] counted: String,
    #[server(default)] reason: String,
    #[server(default)] last: String,
    #[server(default)] key: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let item = service::plan::parse_id(&item)?;
    let count = Count {
        seen: seen.parse().ok(),
        counted: super::build::portions("counted", &counted)?,
        reason,
        last: super::build::given(&last)
            .map(service::plan::parse_id)
            .transpose()?,
    };
    service::stock::correct(&ctx, item, &count, super::build::given(&key)).await?;
    leptos_axum::redirect(&super::build::back(&back, "corrected=1"));
    Ok(())
}

/// A key under which a file is taken once.
#[server(endpoint = "admin/stock/key")]
pub async fn get_import_key() -> Result<String, AppError> {
    let ctx = crate::context::ctx()?;
    service::stock::check_keeper(&ctx)?;
    Ok(ctx.service.next_id().to_string())
}

/// Takes the movements of a file, or of what was typed where there is none, and leads to the table.
#[server(endpoint = "admin/stock/import")]
pub async fn import_stock(
    #[server(default)] file: String,
    #[server(default)] typed: String,
    #[server(default)] bad: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let text = if file.is_empty() { typed } else { file };
    // What stands for bytes that are not UTF-8.
    if text.contains('\u{fffd}') {
        return Err(service::Error::invalid("file", InvalidCode::Malformed).into());
    }
    let bad = BadLines::from_key(&bad).unwrap_or(BadLines::RefuseAll);
    let key = super::build::given(&key);
    let done = service::stock::import_csv(&ctx, text.as_bytes(), bad, key).await?;
    let (taken, left) = (done.taken, done.left_out);
    leptos_axum::redirect(&format!("/admin/stock?taken={taken}&left={left}"));
    Ok(())
}
