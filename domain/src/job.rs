//! What is seen of jobs: by whoever waits for one, and on the board of those who run the place.

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

/// How a job stands in its queue.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobState {
    /// Waits for its time.
    Scheduled,
    /// Waits for a worker.
    Ready,
    /// A worker has it, or it waits for its children.
    Running,
    /// Has failed, and waits to be tried again.
    Retrying,
    /// Done.
    Succeeded,
    /// Given up: a dead letter.
    Dead,
    /// Stopped by somebody.
    Cancelled,
}

impl JobState {
    /// Every state, in the order in which people think of them.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Ready,
        Self::Running,
        Self::Retrying,
        Self::Succeeded,
        Self::Dead,
        Self::Cancelled,
    ];

    /// The name in the database, in lower case.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Ready => "READY",
            Self::Running => "RUNNING",
            Self::Retrying => "RETRYING",
            Self::Succeeded => "SUCCEEDED",
            Self::Dead => "DEAD",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The state of a name in the database.
    #[must_use]
    pub fn from_column(column: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.column() == column)
    }

    /// The state of a name on the wire.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing more comes of it unless somebody asks.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Dead | Self::Cancelled)
    }
}

/// What somebody may do about a job.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "action",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum JobChange {
    /// Try one again that was given up or cancelled, as if it had never failed.
    Retry,
    /// Stop it: at once where it waits, at its next await where it runs.
    Cancel,
    /// Let it run now instead of at its time.
    RunNow,
    /// Let it run before or after others.
    SetPriority {
        /// Smaller is more urgent.
        priority: i64,
    },
    /// Forget it.
    Delete,
}

impl JobChange {
    /// The largest priority, and the smallest below zero.
    pub const PRIORITY_MOST: i64 = 10_000;

    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Retry => "RETRY",
            Self::Cancel => "CANCEL",
            Self::RunNow => "RUN_NOW",
            Self::SetPriority { .. } => "SET_PRIORITY",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it can be done to a job that stands so.
    #[must_use]
    pub const fn applies_to(self, state: JobState) -> bool {
        use JobState::{Cancelled, Dead, Ready, Retrying, Running, Scheduled, Succeeded};
        match self {
            Self::Retry => matches!(state, Dead | Cancelled),
            Self::Cancel => matches!(state, Scheduled | Ready | Retrying | Running),
            Self::RunNow => matches!(state, Scheduled | Retrying),
            Self::SetPriority { .. } => matches!(state, Scheduled | Ready | Retrying),
            Self::Delete => matches!(state, Succeeded | Dead | Cancelled),
        }
    }

    /// Whether what it did to a waiting job can be taken back.
    #[must_use]
    pub const fn can_be_undone(self) -> bool {
        !matches!(self, Self::Delete)
    }
}
