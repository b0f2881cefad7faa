//! The server function of the screen in the hall, and what it sends.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The numbers that are called out at a campus. Nothing else is sent: everybody may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HallView {
    /// The campus, by its name for people.
    pub campus: String,
    /// What is being cooked.
    pub cooking: Vec<String>,
    /// What can be collected.
    pub ready: Vec<String>,
}

/// The numbers that are called out at a campus.
#[server(endpoint = "hall")]
pub async fn get_hall(#[server(default)] campus: String) -> Result<HallView, AppError> {
    use crate::context::number;

    let ctx = crate::context::ctx()?;
    let called = service::order::called(&ctx, &campus).await?;
    let numbers = |all: Vec<i64>| all.into_iter().map(number).collect();
    Ok(HallView {
        campus: called.campus.name.get(ctx.language).clone(),
        cooking: numbers(called.cooking),
        ready: numbers(called.ready),
    })
}
