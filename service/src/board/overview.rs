//! The queue as a whole: how much waits, how fast it is, who runs what.

use super::list::{JobItem, state_of};
use super::{CHANGERS, VIEWERS};
use crate::Result;
use crate::ctx::Ctx;
use crate::jobs::Queue;
use crate::system::percentile;
use domain::job::JobState;
use std::collections::{BTreeMap, HashMap};
use storage::queue::{Measured, QueueRow};
use storage::{board, queue, worker};
use uuid::Uuid;

/// How many minutes are shown.
const MINUTES: i64 = 60;
/// How many running jobs are shown, of all workers together.
const RUNNING_MOST: i64 = 500;
/// Among how many of a queue's priorities its oldest ready job is looked for.
pub(crate) const PRIORITIES_MOST: i64 = 1000;

/// The queue as a whole. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Every queue.
    pub queues: Vec<QueueOverview>,
    /// Who lives.
    pub workers: Vec<WorkerOverview>,
    /// What is done again and again.
    pub schedules: Vec<ScheduleOverview>,
    /// When this was.
    pub now: i64,
    /// Whether whoever asks may change something.
    pub may_change: bool,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOverview {
    /// Its name.
    pub name: String,
    /// Whether nothing of it is begun.
    pub paused: bool,
    /// How many of its jobs one process runs at once.
    pub concurrency: i64,
    /// At most so many jobs in so many microseconds.
    pub rate: Option<(i64, i64)>,
    /// How many jobs it has in each state, all seven in the order of [`JobState::ALL`].
    pub states: Vec<(JobState, i64)>,
    /// Since when its most overdue ready job might run.
    pub oldest_ready: Option<i64>,
    /// The last 60, oldest first.
    pub minutes: Vec<MinuteOfQueue>,
    /// All of them together.
    pub hour: Timing,
}

/// A minute of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinuteOfQueue {
    /// Minutes since 1970 UTC.
    pub minute: i64,
    /// Runs that succeeded.
    pub succeeded: i64,
    /// Runs that failed and are tried again.
    pub failed: i64,
    /// Runs after which the job was given up.
    pub dead: i64,
    /// How fast they were.
    pub timing: Timing,
}

/// How long jobs waited and ran: percentiles in microseconds, from powers of two, so that the true one
/// is at most that and more than half of it; absent where nothing ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// The median of the time from when a job might run until it was begun.
    pub wait_p50: Option<i64>,
    /// Its 95th percentile.
    pub wait_p95: Option<i64>,
    /// The median of the time that a run took.
    pub run_p50: Option<i64>,
    /// Its 95th percentile.
    pub run_p95: Option<i64>,
    /// How many runs ended.
    pub jobs: i64,
    /// How many of them failed, for good or not.
    pub failed: i64,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOverview {
    /// Its id.
    pub id: Uuid,
    /// The machine.
    pub host: String,
    /// The process on it.
    pub process: i64,
    /// `all` or `worker`.
    pub role: String,
    /// When it began.
    pub started_at: i64,
    /// When it was heard of last.
    pub seen_at: i64,
    /// What it runs.
    pub running: Vec<JobItem>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleOverview {
    /// The kind of job.
    pub kind: String,
    /// Minute, hour, day of month, month, day of week.
    pub cron: String,
    /// By whose clocks.
    pub time_zone: String,
    /// When it is due.
    pub next_at: i64,
    /// When it was due last.
    pub last_at: Option<i64>,
    /// The job of that time, and its state while it is kept.
    pub last_job: Option<(Uuid, Option<JobState>)>,
}

/// What was measured, by power of two or by how it ended.
#[derive(Default)]
struct Measures {
    wait: BTreeMap<i64, i64>,
    run: BTreeMap<i64, i64>,
    succeeded: i64,
    failed: i64,
    dead: i64,
}

impl Measures {
    fn add(&mut self, measured: &Measured) {
        let Measured { exponent, jobs, .. } = *measured;
        match measured.measure.as_str() {
            "wait" => *self.wait.entry(exponent).or_default() += jobs,
            "run" => *self.run.entry(exponent).or_default() += jobs,
            "succeeded" => self.succeeded += jobs,
            "failed" => self.failed += jobs,
            _ => self.dead += jobs,
        }
    }

    fn timing(&self) -> Timing {
        Timing {
            wait_p50: percentile(&self.wait, 50),
            wait_p95: percentile(&self.wait, 95),
            run_p50: percentile(&self.run, 50),
            run_p95: percentile(&self.run, 95),
            jobs: self.run.values().sum(),
            failed: self.failed + self.dead,
        }
    }
}

fn queue_overview(
    row: QueueRow,
    states: &HashMap<(String, JobState), i64>,
    oldest_ready: Option<i64>,
    measured: &[Measured],
    now: i64,
) -> QueueOverview {
    let last = now.div_euclid(60_000_000);
    let mut hour = Measures::default();
    let mut minutes: BTreeMap<i64, Measures> = (last - MINUTES + 1..=last)
        .map(|minute| (minute, Measures::default()))
        .collect();
    for measured in measured.iter().filter(|one| one.queue == row.name) {
        if let Some(minute) = minutes.get_mut(&measured.minute) {
            minute.add(measured);
            hour.add(measured);
        }
    }
    let count = |state: JobState| {
        let count = states.get(&(row.name.clone(), state));
        (state, count.copied().unwrap_or_default())
    };
    QueueOverview {
        states: JobState::ALL.map(count).into(),
        paused: row.paused,
        concurrency: row.concurrency,
        rate: row.rate_limit.zip(row.rate_period),
        oldest_ready,
        minutes: minutes
            .into_iter()
            .map(|(minute, measures)| MinuteOfQueue {
                minute,
                succeeded: measures.succeeded,
                failed: measures.failed,
                dead: measures.dead,
                timing: measures.timing(),
            })
            .collect(),
        hour: hour.timing(),
        name: row.name,
    }
}

/// Every queue: those that there are, in their order, then what others have left.
pub(crate) fn with_new(mut known: Vec<QueueRow>) -> Vec<QueueRow> {
    let mut rows = Vec::new();
    for queue in Queue::ALL {
        let place = known.iter().position(|row| row.name == queue.name());
        rows.push(place.map_or_else(|| queue.settings(), |place| known.remove(place)));
    }
    rows.extend(known);
    rows
}

/// The queue as a whole.
///
/// # Errors
/// For others than administrators and operators as [`Ctx::allow`].
pub async fn overview(ctx: &Ctx) -> Result<Overview> {
    ctx.allow(&VIEWERS)?;
    let now = ctx.now();
    let mut tx = ctx.read().await?;
    let mut states: HashMap<(String, JobState), i64> = HashMap::new();
    for count in queue::counts(&mut tx).await? {
        let state = state_of(&count.state)?;
        *states.entry((count.queue, state)).or_default() += count.jobs;
    }
    let since = now.div_euclid(60_000_000) - MINUTES + 1;
    let measured = queue::measured(&mut tx, since).await?;
    let oldest = board::oldest_ready(&mut tx, PRIORITIES_MOST).await?;
    let oldest: HashMap<String, i64> = oldest.into_iter().collect();
    let queues = with_new(queue::all(&mut tx).await?)
        .into_iter()
        .map(|row| {
            let oldest = oldest.get(&row.name).copied();
            queue_overview(row, &states, oldest, &measured, now)
        })
        .collect();
    let mut running: HashMap<Uuid, Vec<JobItem>> = HashMap::new();
    for row in board::running(&mut tx, RUNNING_MOST).await? {
        if let Some(worker) = row.worker_id {
            let item = JobItem::try_from(row)?;
            running.entry(worker).or_default().push(item);
        }
    }
    let workers = worker::all(&mut tx).await?;
    let mut schedules = Vec::new();
    for row in board::schedules(&mut tx).await? {
        let state = row.last_state.as_deref().map(state_of).transpose()?;
        schedules.push(ScheduleOverview {
            kind: row.name,
            cron: row.cron,
            time_zone: row.time_zone,
            next_at: row.next_at,
            last_at: row.last_at,
            last_job: row.last_job_id.map(|id| (id, state)),
        });
    }
    Ok(Overview {
        queues,
        workers: workers
            .into_iter()
            .map(|worker| WorkerOverview {
                running: running.remove(&worker.id).unwrap_or_default(),
                id: worker.id,
                host: worker.host,
                process: worker.process,
                role: worker.role,
                started_at: worker.started_at,
                seen_at: worker.seen_at,
            })
            .collect(),
        schedules,
        now,
        may_change: ctx.allow(&CHANGERS).is_ok(),
    })
}
