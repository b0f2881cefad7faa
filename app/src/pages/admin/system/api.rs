//! The server function of the system's page, and what it sends.

use crate::components::chart::ChartData;
use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// How far back the charts may go, in hours.
pub const HOURS: [i64; 3] = [1, 6, 24];

/// How the installation is, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemView {
    /// Whether everything answers.
    pub well: bool,
    /// What is to be known now.
    pub facts: Vec<FactView>,
    /// What it consists of: a name, a version.
    pub versions: Vec<(String, String)>,
    /// "Each point is 6 min."
    pub interval: String,
    /// How it has been.
    pub charts: Vec<ChartData>,
}

/// Something to be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactView {
    /// What it is.
    pub label: String,
    /// The number.
    pub value: String,
    /// What the number means.
    pub note: String,
    /// Whether it asks for care.
    pub care: bool,
}

/// How the installation is, and how it has been in the last `hours`.
#[server(endpoint = "admin/system")]
pub async fn get_system(hours: i64) -> Result<SystemView, AppError> {
    super::build::system(&crate::context::ctx()?, hours).await
}
