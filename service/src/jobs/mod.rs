//! Jobs: what runs in the background.
//!
//! A kind of job is a type that implements [`Job`]. It is enqueued in the transaction that makes
//! it necessary, and run by the [`runner`]; neither its author nor the domain deals with leases.

pub mod compute_plan;
pub mod runner;

use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::problem::Problem;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use storage::Tx;
use storage::job::{ClaimedJob, NewJob};
use uuid::Uuid;

/// A queue: jobs of one are run apart from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Diet plans: a few milliseconds of computing each.
    DietPlans,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 1] = [Self::DietPlans];

    /// The name in the database and in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DietPlans => "diet-plans",
        }
    }

    /// How many of its jobs one process runs at once.
    #[must_use]
    pub const fn concurrency(self) -> usize {
        match self {
            // They compute: more than the smallest machine's cores would only wait for each other.
            Self::DietPlans => 2,
        }
    }
}

/// What a job writes when it has succeeded, in the transaction that acknowledges it.
pub type Effect = Box<dyn for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<Value>> + Send>;

/// A kind of job; the value is its arguments.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Its name in the database, `noun.verb`. A stored job outlives a deployment: never reuse one.
    const KIND: &'static str;
    /// The queue that it waits in.
    const QUEUE: Queue;
    /// How often it may be tried.
    const MAX_ATTEMPTS: i64 = 5;
    /// Smaller is more urgent.
    const PRIORITY: i64 = 100;

    /// What makes it the same job as another of its owner; one that lives or has succeeded is not
    /// repeated.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// Does the work that needs no database lock, and says what to write.
    ///
    /// It may run again after it ran: everything that leaves the process must be idempotent.
    fn run(
        self,
        ctx: Ctx,
        owner: Option<Uuid>,
    ) -> BoxFuture<'static, std::result::Result<Effect, JobError>>;
}

/// How a job fails.
#[derive(Debug)]
pub enum JobError {
    /// It would fail again: the job is given up at once, and this is why.
    Final(Problem),
    /// It may succeed later.
    Passing(Error),
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) if problem != Problem::Unavailable => Self::Final(problem),
            other => Self::Passing(other),
        }
    }
}

impl JobError {
    /// What is stored of a problem, for whoever asks for the job.
    fn stored(problem: &Problem) -> Value {
        serde_json::to_value(problem).unwrap_or_default()
    }

    /// What was stored.
    #[must_use]
    pub fn problem_of(stored: Value) -> Problem {
        serde_json::from_value(stored).unwrap_or(Problem::Internal)
    }
}

/// Enqueues a job in the transaction that makes it necessary, and gives its id, or that of the one
/// which is the same.
///
/// # Errors
/// Where the database does.
pub async fn enqueue<J: Job>(ctx: &Ctx, tx: &mut Tx, owner: Option<Uuid>, job: &J) -> Result<Uuid> {
    let unique_key = job.unique_key().map(|key| match owner {
        Some(owner) => format!("{owner}:{key}"),
        None => key,
    });
    let id = storage::job::enqueue(
        tx,
        &NewJob {
            id: ctx.service.next_id(),
            queue: J::QUEUE.name(),
            kind: J::KIND,
            priority: J::PRIORITY,
            arguments: serde_json::to_value(job).map_err(Error::internal)?,
            owner_id: owner,
            unique_key: unique_key.as_deref(),
            max_attempts: J::MAX_ATTEMPTS,
            request_id: &ctx.request_id,
            now: ctx.now(),
        },
    )
    .await?;
    Ok(id)
}

/// Runs a claimed job by its kind. The one place that knows every kind.
async fn dispatch(ctx: Ctx, job: &ClaimedJob) -> std::result::Result<Effect, JobError> {
    match job.kind.as_str() {
        compute_plan::ComputePlan::KIND => run_as::<compute_plan::ComputePlan>(ctx, job).await,
        unknown => Err(JobError::Passing(Error::Internal(format!(
            "no job is called {unknown}"
        )))),
    }
}

async fn run_as<J: Job>(ctx: Ctx, job: &ClaimedJob) -> std::result::Result<Effect, JobError> {
    let arguments: J = serde_json::from_value(job.arguments.0.clone())
        .map_err(|error| JobError::Passing(Error::internal(error)))?;
    arguments.run(ctx, job.owner_id).await
}
