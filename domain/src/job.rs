//! What the outside sees of a job.

use serde::{Deserialize, Serialize};

/// A job's status as its owner sees it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Accepted, not begun.
    Pending,
    /// Being worked on.
    Running,
    /// Done; its result exists.
    Ready,
    /// Given up; an error says why.
    Failed,
}
