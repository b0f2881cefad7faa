//! Server functions of a job, and what they send.

pub use crate::pages::admin::line::JobLine;
pub use crate::pages::admin::say::Moment;

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A job, ready to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    /// What lists show of it.
    pub line: JobLine,
    /// Its queue: the name in addresses, and for people.
    pub queue: (String, String),
    /// Smaller is more urgent.
    pub priority: i64,
    /// Its times.
    pub times: Vec<TimeView>,
    /// What else is known of it; the label, the value.
    pub facts: Vec<(String, String)>,
    /// Its arguments as JSON.
    pub arguments: String,
    /// Its result as JSON.
    pub result: Option<String>,
    /// Why it did not succeed.
    pub problem: Option<ProblemView>,
    /// Its failed attempts, the newest first.
    pub attempts: Vec<AttemptView>,
    /// What it wrote: "14:05:09.120" and the line.
    pub log: Vec<(String, String)>,
    /// From the first cause to the parent.
    pub causes: Vec<JobLine>,
    /// The first of those that it caused.
    pub children: Vec<JobLine>,
    /// How many of them it waits for.
    pub children_left: i64,
    /// What can be done to it, by its name on the wire.
    pub changes: Vec<String>,
    /// The change of many jobs that it has made and that can be taken back.
    pub undo: Option<String>,
}

/// A time of a job: a moment, or how long something took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeView {
    /// When it was.
    Moment(String, Moment),
    /// How long it took, or that it is not so far.
    Length(String, String),
}

/// Why something went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// What happened.
    pub title: String,
    /// What to do.
    pub help: String,
    /// The conditions or fields that it is about.
    pub details: Vec<String>,
}

/// An attempt that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// Its number among the claims.
    pub fence: i64,
    /// When it ended.
    pub ended: Moment,
    /// How long it ran; may be empty.
    pub ran: String,
    /// Why it failed.
    pub why: String,
}

/// A job whole.
#[server(endpoint = "admin/job")]
pub async fn get_job(id: String) -> Result<JobView, AppError> {
    super::build::job(&crate::context::ctx()?, &id).await
}

/// Changes a job, and leads back to it; from a job that was deleted to the list.
#[server(endpoint = "admin/job/change")]
pub async fn change_job(
    #[server(default)] id: String,
    #[server(default)] action: String,
) -> Result<(), AppError> {
    super::build::change(&crate::context::ctx()?, &id, &action, "").await
}

/// Sets a job's priority, and leads back to it.
#[server(endpoint = "admin/job/priority")]
pub async fn set_job_priority(
    #[server(default)] id: String,
    #[server(default)] priority: String,
) -> Result<(), AppError> {
    super::build::change(&crate::context::ctx()?, &id, "SET_PRIORITY", &priority).await
}

/// Takes a change back, and leads to the job's page, which says how many jobs it took back.
#[server(endpoint = "admin/job/undo")]
pub async fn undo_job_change(
    #[server(default)] id: String,
    #[server(default)] change: String,
) -> Result<(), AppError> {
    let ctx = crate::context::ctx()?;
    let id = service::plan::parse_id(&id)?;
    let undone = service::board::undo(&ctx, service::plan::parse_id(&change)?).await?;
    leptos_axum::redirect(&format!("/admin/jobs/{id}?undone={undone}"));
    Ok(())
}
