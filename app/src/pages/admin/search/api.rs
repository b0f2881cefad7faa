//! The server function of the search, and what it sends.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitView {
    /// What it is: "Page", "Order".
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// What else there is to say; may be empty.
    pub note: String,
    /// Where it is.
    pub href: String,
}

/// What a text stands for, pages first; every page where there is none.
#[server(endpoint = "admin/search")]
pub async fn get_hits(#[server(default)] q: String) -> Result<Vec<HitView>, AppError> {
    super::build::hits(&crate::context::ctx()?, &q).await
}
