//! Server functions of the list of jobs, and what they send.

pub use super::filter::Filter;
pub use crate::pages::admin::line::JobLine;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The jobs that a filter lets through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobsView {
    /// A page of them, the newest first.
    pub items: Vec<JobLine>,
    /// "1 234 jobs".
    pub count: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Every queue: its name in addresses, and for people.
    pub queues: Vec<(String, String)>,
    /// Every kind of job, likewise.
    pub kinds: Vec<(String, String)>,
    /// What can be done to all of them, by its name on the wire; nothing for those who only look.
    pub changes: Vec<String>,
}

/// What a change of all that match would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeAllView {
    /// The change's name on the wire.
    pub action: String,
    /// "Retry 1 234 jobs?"; nothing where no job would be changed.
    pub question: Option<String>,
    /// What it does, in a sentence.
    pub effect: String,
    /// Where not every job was looked at: what the number means.
    pub among: Option<String>,
    /// Whether it can be taken back.
    pub undoable: bool,
    /// What the jobs have in common: "Queue", "Diet plans".
    pub conditions: Vec<(String, String)>,
}

/// The jobs that a filter lets through, the newest first.
#[server(endpoint = "admin/jobs")]
pub async fn get_jobs(#[server(default)] filter: Filter) -> Result<JobsView, AppError> {
    super::build::jobs(&crate::context::ctx()?, &filter).await
}

/// What a change of all that match would do. The priority plays no part in it.
#[server(endpoint = "admin/jobs/touched")]
pub async fn get_change_all(
    #[server(default)] filter: Filter,
    #[server(default)] action: String,
) -> Result<ChangeAllView, AppError> {
    super::build::change_all(&crate::context::ctx()?, &filter, &action).await
}

/// Changes all that match, and leads to the job that does it.
#[server(endpoint = "admin/jobs/change")]
pub async fn change_all_jobs(
    #[server(default)] filter: Filter,
    #[server(default)] action: String,
    #[server(default)] priority: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let change = super::build::change(&action, &priority)?;
    let job = service::board::change_all(&ctx, filter.command(&ctx)?, change).await?;
    leptos_axum::redirect(&format!("/admin/jobs/{job}"));
    Ok(())
}
