//! Changes many jobs, as an administrator has asked, or takes such a change back.

use super::{Job, JobError, Outcome, Queue, Run, Unique};
use crate::board::{self, JobFilter};
use domain::job::JobChange;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use storage::job::Scope;
use uuid::Uuid;

/// What to do to them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    tag = "task",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum ChangeJobs {
    /// Change all that match.
    Apply {
        /// Which.
        filter: JobFilter,
        /// How.
        change: JobChange,
        /// Only those with smaller ids.
        before: Uuid,
    },
    /// Take a change back.
    Undo {
        /// Which.
        change: Uuid,
    },
}

impl Job for ChangeJobs {
    const KIND: &'static str = "jobs.change";
    const QUEUE: Queue = Queue::Operations;

    fn unique(&self) -> Option<Unique> {
        match self {
            Self::Apply { .. } => None,
            Self::Undo { change } => Some(Unique {
                key: change.to_string(),
                scope: Scope::Living,
                period: None,
            }),
        }
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move {
            let result = match self {
                Self::Apply {
                    filter,
                    change,
                    before,
                } => board::apply_all(&run, &filter, change, before).await?,
                Self::Undo { change } => board::undo_all(&run, change).await?,
            };
            Ok(Outcome::Result(result))
        }
        .boxed()
    }
}
