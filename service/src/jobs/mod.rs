//! Jobs: what runs in the background.
//!
//! A kind of job is a type that implements [`Job`] and stands in [`kinds!`]. It is enqueued in the
//! transaction that makes it necessary ([`enqueue`]), or by itself ([`submit`]), and run by the
//! [`engine`]; neither its author nor the domain deals with claims and tokens.

mod beat;
pub mod change_jobs;
pub mod compute_plan;
mod ending;
pub mod engine;
pub mod order_steps;
pub mod ping;
pub mod refund_payment;
pub mod regenerate_plans;
pub mod return_card;
mod run;
pub mod runner;
pub(crate) mod schedules;
pub mod send_notification;
mod sweep;
pub mod top_up_wallet;

pub use run::Run;
pub(crate) use sweep::first_id_of;

use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::problem::Problem;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use storage::Tx;
use storage::job::{ClaimedJob, NewJob, Scope};
use storage::queue::QueueRow;
use uuid::Uuid;

/// A queue: jobs of one are run apart from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Diet plans that somebody waits for: a few milliseconds of computing each.
    DietPlans,
    /// Work that nobody waits for.
    Maintenance,
    /// What administrators have begun and watch: it waits for nothing that may take long.
    Operations,
    /// Orders: handed to the kitchen, expired, taken up again.
    OrderProcessing,
    /// What orders take from stock and give back.
    InventoryProcessing,
    /// Charges and refunds, which wait for somebody else's answer.
    PaymentProcessing,
    /// What members are told.
    NotificationSending,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 7] = [
        Self::DietPlans,
        Self::Maintenance,
        Self::Operations,
        Self::OrderProcessing,
        Self::InventoryProcessing,
        Self::PaymentProcessing,
        Self::NotificationSending,
    ];

    /// The name in the database and in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DietPlans => "diet-plans",
            Self::Maintenance => "maintenance",
            Self::Operations => "operations",
            Self::OrderProcessing => "order-processing",
            Self::InventoryProcessing => "inventory-processing",
            Self::PaymentProcessing => "payment-processing",
            Self::NotificationSending => "notification-sending",
        }
    }

    /// How many of its jobs one process runs at once, until an administrator says otherwise.
    #[must_use]
    pub const fn concurrency(self) -> i64 {
        match self {
            // They compute: more than the smallest machine's cores would only wait for each other.
            Self::DietPlans => 2,
            Self::Maintenance | Self::Operations => 1,
            // They are written many at a time.
            Self::OrderProcessing | Self::InventoryProcessing | Self::NotificationSending => 200,
            // They wait, up to two seconds each; nothing else is held meanwhile.
            Self::PaymentProcessing => 400,
        }
    }

    /// What is set of it until an administrator says otherwise.
    pub(crate) fn settings(self) -> QueueRow {
        QueueRow {
            name: self.name().to_owned(),
            paused: false,
            concurrency: self.concurrency(),
            rate_limit: None,
            rate_period: None,
            rate_due: 0,
        }
    }
}

/// What a job writes when it has succeeded, in the transaction that acknowledges it. It may be
/// called again where that transaction did not last.
pub type Effect = Box<dyn for<'tx> Fn(&'tx mut Tx) -> BoxFuture<'tx, Result<Value>> + Send + Sync>;

/// What one job of many has to write, for the function that writes it for all of them.
pub type Share = Arc<dyn Any + Send + Sync>;

/// Writes what many jobs have to write in a handful of statements, in the transaction that acknowledges
/// them. It may be called again where that transaction did not last.
pub type WriteShares =
    for<'tx> fn(&'tx mut Tx, &'tx [Share]) -> BoxFuture<'tx, Result<SharesWritten>>;

/// What came of writing shares.
#[derive(Default)]
pub struct SharesWritten {
    /// What the owner of each may read, in their order.
    pub results: Vec<Value>,
    /// The jobs that follow: they are enqueued in the same transaction, and those for which a slot is free run at
    /// once.
    pub next: Vec<NewJob>,
}

/// What comes of a job.
pub enum Outcome {
    /// Nothing to keep.
    Done,
    /// What its owner may read.
    Result(Value),
    /// Something to write; what it gives is what its owner may read.
    Effect(Effect),
    /// Something to write together with what other jobs of the moment have to write by the same function.
    Shared(WriteShares, Share),
    /// It failed and may succeed later, and this is to be written of it, together with what other jobs of the
    /// moment have to write by the same function. What that gives is kept by nobody.
    Failed(Error, WriteShares, Share),
}

/// When a failed job is tried again.
#[derive(Debug, Clone, Copy)]
pub enum Retry {
    /// Twice as long after each failure, with up to a quarter of jitter, so that jobs that failed
    /// together part.
    Exponential {
        /// After the first failure.
        base: Duration,
        /// At most.
        most: Duration,
        /// How often it is tried in all.
        attempts: i64,
    },
    /// After these times; it is tried once more than there are.
    After(&'static [Duration]),
}

impl Retry {
    /// What most jobs do: five times, one second after the first failure.
    pub const USUAL: Self = Self::Exponential {
        base: Duration::from_secs(1),
        most: Duration::from_secs(600),
        attempts: 5,
    };

    /// How often a job is tried.
    #[must_use]
    pub const fn attempts(self) -> i64 {
        match self {
            Self::Exponential { attempts, .. } => attempts,
            Self::After(times) => times.len() as i64 + 1,
        }
    }

    /// How long it waits after so many failures before this one; `jitter` lies between 0 and 1.
    #[must_use]
    pub fn delay(self, failures: i64, jitter: f64) -> Duration {
        let failures = usize::try_from(failures).unwrap_or_default();
        match self {
            Self::Exponential { base, most, .. } => {
                let delay = base.saturating_mul(1 << failures.min(30)).min(most);
                delay + delay.mul_f64(jitter / 4.0)
            }
            Self::After(times) => {
                let last = times.last().copied().unwrap_or_default();
                times.get(failures).copied().unwrap_or(last)
            }
        }
    }
}

/// What makes a job the same as another of its kind, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// The same for the same job of the same owner.
    pub key: String,
    /// How long no second one is enqueued.
    pub scope: Scope,
    /// With [`Scope::Kept`]: for so long since it was enqueued.
    pub period: Option<Duration>,
}

/// A kind of job; the value is its arguments.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Its name in the database, `noun.verb`. A stored job outlives a deployment: never reuse one.
    const KIND: &'static str;
    /// The queue that it waits in.
    const QUEUE: Queue;
    /// When it is tried again.
    const RETRY: Retry = Retry::USUAL;
    /// Smaller is more urgent.
    const PRIORITY: i64 = 100;

    /// What makes it the same job as another of its owner.
    fn unique(&self) -> Option<Unique> {
        None
    }

    /// What it is about, for people: `plan:<id>`.
    fn subject(&self) -> Option<String> {
        None
    }

    /// Does the work, and says what came of it.
    ///
    /// It may run again after it ran: everything that leaves the process must be idempotent. Where it
    /// is cancelled the future is dropped at its next await.
    fn run(self, run: Run) -> BoxFuture<'static, std::result::Result<Outcome, JobError>>;
}

/// How a job fails.
#[derive(Debug)]
pub enum JobError {
    /// It would fail again: the job is given up at once, and this is why.
    Final(Problem),
    /// It may succeed later.
    Passing(Error),
    /// It can't be tried before then, in microseconds; that is no failure.
    Later(i64),
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
        // A problem has strings, integers and lists of them: it always has a JSON form.
        serde_json::to_value(problem).unwrap_or_default()
    }

    /// The problem that a job's row holds.
    #[must_use]
    pub fn problem_of(stored: Value) -> Problem {
        serde_json::from_value(stored).unwrap_or(Problem::Internal)
    }
}

/// A job's row to be.
pub(crate) fn new_job<J: Job>(
    ctx: &Ctx,
    owner: Option<Uuid>,
    job: &J,
    parent: Option<Uuid>,
) -> Result<NewJob> {
    let (id, now) = ctx.service.next_id_at();
    let unique = job.unique();
    let unique_until = unique
        .as_ref()
        .and_then(|unique| unique.period)
        .map(|period| now + micros(period));
    Ok(NewJob {
        id,
        queue: J::QUEUE.name(),
        kind: J::KIND,
        priority: J::PRIORITY,
        arguments: serde_json::to_value(job).map_err(Error::internal)?,
        owner_id: owner,
        subject: job.subject(),
        unique_scope: unique.as_ref().map(|unique| unique.scope),
        unique_key: unique.map(|unique| match owner {
            Some(owner) => format!("{owner}:{}", unique.key),
            None => unique.key,
        }),
        unique_until,
        run_at: now,
        max_attempts: J::RETRY.attempts(),
        worker_id: None,
        request_id: ctx.request_id.to_string(),
        parent_id: parent,
        awaited: false,
        now,
    })
}

/// Enqueues a job in the transaction that makes it necessary, and gives its id, or that of the one
/// which is the same.
///
/// # Errors
/// Where the database does.
pub async fn enqueue<J: Job>(ctx: &Ctx, tx: &mut Tx, owner: Option<Uuid>, job: &J) -> Result<Uuid> {
    let new = new_job(ctx, owner, job, ctx.job)?;
    let ids = storage::job::enqueue(tx, std::slice::from_ref(&new)).await?;
    tx.will_wake().await?;
    Ok(ids[0])
}

/// Enqueues a job by itself, `delay` from now. Jobs of concurrent callers are committed together;
/// when this returns, the job is durable.
///
/// # Errors
/// Where the database does.
pub async fn submit<J: Job>(
    ctx: &Ctx,
    owner: Option<Uuid>,
    job: &J,
    delay: Duration,
) -> Result<Uuid> {
    let mut new = new_job(ctx, owner, job, ctx.job)?;
    new.run_at += micros(delay);
    ctx.institution.engine.submit(new).await
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Lists every kind of job: how it is run and when it is tried again, by the name in its row.
macro_rules! kinds {
    ($($kind:ty),* $(,)?) => {
        /// The names of every kind of job, with their queues.
        pub const KINDS: &[(&str, Queue)] = &[$((<$kind>::KIND, <$kind>::QUEUE)),*];

        /// Runs a claimed job by its kind.
        async fn dispatch(run: Run, job: &ClaimedJob) -> std::result::Result<Outcome, JobError> {
            match job.kind.as_str() {
                $(<$kind>::KIND => run_as::<$kind>(run, job).await,)*
                unknown => Err(JobError::Passing(Error::Internal(format!(
                    "no job is called {unknown}"
                )))),
            }
        }

        fn retry_of(kind: &str) -> Retry {
            match kind {
                $(<$kind>::KIND => <$kind>::RETRY,)*
                _ => Retry::USUAL,
            }
        }
    };
}

kinds!(
    change_jobs::ChangeJobs,
    compute_plan::ComputePlan,
    order_steps::OrderComplete,
    order_steps::OrderNotify,
    order_steps::OrderPay,
    order_steps::OrderRefund,
    order_steps::OrderStock,
    order_steps::TendOrders,
    ping::Ping,
    refund_payment::RefundPayment,
    regenerate_plans::RegeneratePlans,
    return_card::ReturnCard,
    send_notification::SendNotification,
    send_notification::TendDeliveries,
    sweep::Sweep,
    top_up_wallet::TopUpWallet,
);

async fn run_as<J: Job>(run: Run, job: &ClaimedJob) -> std::result::Result<Outcome, JobError> {
    let arguments: J = serde_json::from_value(job.arguments.0.clone())
        .map_err(|error| JobError::Passing(Error::internal(error)))?;
    arguments.run(run).await
}
