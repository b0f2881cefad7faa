//! The heartbeat of a worker: it shows that it lives, takes the jobs of those that no longer do, hears
//! what is to be cancelled, and writes down what jobs told of themselves.

use super::engine::{Command, Working};
use super::run::Told;
use super::{Queue, schedules};
use crate::ctx::{Ctx, Institution, Service};
use crate::{Error, Result};
use domain::problem::Problem;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use storage::job::{self, EndState, LogLine, Report};
use storage::queue::{self, Measured};
use storage::worker::{self, Worker};
use storage::{Db, Dialect};
use tokio::sync::watch;
use uuid::Uuid;

/// How often a worker shows that it lives.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How long others see it stand still before they take it for dead: three beats may be missed. With
/// [`BEAT`] it bounds how long the job of a dead process waits for another: under five seconds.
const LEASE: Duration = Duration::from_millis(3500);
/// How many workers may die while they run a job before it is given up.
const DEATHS_MOST: i64 = 3;

/// How long jobs waited and ran, and how they ended, since it was last written down.
#[derive(Debug, Default)]
pub(super) struct Measures(HashMap<(i64, Queue, &'static str, i64), i64>);

impl Measures {
    fn add(&mut self, queue: Queue, measure: &'static str, exponent: i64, now: i64) {
        *self
            .0
            .entry((now / 60_000_000, queue, measure, exponent))
            .or_default() += 1;
    }

    pub fn took(&mut self, queue: Queue, measure: &'static str, micros: i64, now: i64) {
        let exponent = micros.max(1).ilog2();
        if measure == "wait" {
            let seconds = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
            metrics::histogram!("queue_wait_seconds", "queue" => queue.name()).record(seconds);
        }
        self.add(queue, measure, i64::from(exponent), now);
    }

    pub fn ended(&mut self, queue: Queue, state: EndState, failed: bool, now: i64) {
        let status = match state {
            EndState::Succeeded => Some("succeeded"),
            EndState::Dead => Some("dead"),
            EndState::Cancelled => Some("cancelled"),
            EndState::Retrying | EndState::Ready => None,
        };
        if let Some(status) = status {
            let labels = [("queue", queue.name()), ("status", status)];
            metrics::counter!("queue_jobs_completed_total", &labels).increment(1);
        }
        match state {
            EndState::Succeeded => self.add(queue, "succeeded", 0, now),
            EndState::Dead => self.add(queue, "dead", 0, now),
            _ if failed => self.add(queue, "failed", 0, now),
            _ => {}
        }
    }

    fn take(&mut self) -> Vec<Measured> {
        self.0
            .drain()
            .map(|((minute, queue, measure, exponent), jobs)| Measured {
                minute,
                queue: queue.name().to_owned(),
                measure: measure.to_owned(),
                exponent,
                jobs,
            })
            .collect()
    }
}

/// What others are known to do: their beat, and since when it is that.
type Seen = HashMap<Uuid, (i64, Instant)>;

/// A worker's heart.
pub(super) struct Heart {
    service: Arc<Service>,
    institution: Arc<Institution>,
    worker: Worker,
    told: Arc<Mutex<Told>>,
    measures: Arc<Mutex<Measures>>,
    seen: Seen,
}

/// This machine, as others on it know it: its name and its boot, so that the same process id there is
/// the same process.
async fn host() -> String {
    let read = async |path| {
        tokio::fs::read_to_string(path)
            .await
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    };
    let name = read("/proc/sys/kernel/hostname").await;
    let boot = read("/proc/sys/kernel/random/boot_id").await;
    format!("{name}/{boot}")
}

impl Heart {
    /// Adds a worker for an institution, takes over what dead ones left, and starts its engine.
    pub async fn start(
        service: &Arc<Service>,
        institution: &Arc<Institution>,
        role: &'static str,
    ) -> Result<Self> {
        let now = service.now();
        let worker = Worker {
            id: service.next_id(),
            host: host().await,
            process: i64::from(std::process::id()),
            role: role.to_owned(),
            beat: 0,
            started_at: now,
            seen_at: now,
        };
        let mut heart = Self {
            service: Arc::clone(service),
            institution: institution.clone(),
            worker,
            told: Arc::default(),
            measures: Arc::default(),
            seen: Seen::new(),
        };
        heart.enter().await?;
        let ctx = Ctx::system(service, institution, "schedule");
        schedules::ensure(&ctx).await?;
        Ok(heart)
    }

    /// The engine's part of this worker.
    pub fn working(&self) -> Working {
        Working::new(
            Arc::clone(&self.service),
            self.institution.clone(),
            self.worker.id,
            Arc::clone(&self.told),
            Arc::clone(&self.measures),
        )
    }

    fn db(&self) -> &Db {
        &self.institution.db
    }

    async fn enter(&mut self) -> Result<()> {
        let mut tx = self.db().write().await?;
        for queue in Queue::ALL {
            queue::ensure(&mut tx, queue.name(), queue.concurrency()).await?;
        }
        for other in worker::all(&mut tx).await? {
            if self.is_gone(&other) {
                bury(&mut tx, &other, self.service.now()).await?;
            }
        }
        worker::insert(&mut tx, &self.worker).await?;
        Ok(tx.commit().await?)
    }

    /// Whether a worker is known to have ended, without waiting for its beat: a SQLite file has one
    /// serving process, which has just begun; and of this machine the processes are known.
    fn is_gone(&self, other: &Worker) -> bool {
        self.db().dialect() == Dialect::Sqlite
            || (other.host == self.worker.host
                && other.process != self.worker.process
                && !Path::new(&format!("/proc/{}", other.process)).exists())
    }

    /// Beats until told to stop.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let ctx = Ctx::system(&self.service, &self.institution, "schedule");
        loop {
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                _ = stopped.wait_for(|stopped| *stopped) => break,
            }
            if let Err(error) = self.beat().await {
                tracing::warn!(%error, "a heartbeat failed");
            }
            if let Err(error) = schedules::fire(&ctx).await {
                tracing::warn!(%error, "a schedule failed");
            }
            self.institution.engine.tell(Command::Refresh).await;
        }
        if let Err(error) = self.write_down().await {
            tracing::warn!(%error, "could not write down what jobs told");
        }
    }

    async fn beat(&mut self) -> Result<()> {
        let now = self.service.now();
        let mut tx = self.db().write().await?;
        let alive = worker::beat(&mut tx, self.worker.id, now).await?;
        let others = worker::all(&mut tx).await?;
        for other in others.iter().filter(|other| other.id != self.worker.id) {
            let (beat, since) = *self
                .seen
                .entry(other.id)
                .or_insert((other.beat, Instant::now()));
            if beat != other.beat {
                self.seen.insert(other.id, (other.beat, Instant::now()));
            } else if since.elapsed() >= LEASE || self.is_gone(other) {
                self.seen.remove(&other.id);
                bury(&mut tx, other, now).await?;
            }
        }
        self.seen
            .retain(|id, _| others.iter().any(|other| other.id == *id));
        // A worker that was taken for dead may have claimed more before it knew, and died since. Its
        // one death was counted.
        for gone in job::orphaned(&mut tx).await? {
            job::hand_back(&mut tx, gone, &[], now).await?;
            tx.will_wake().await?;
        }
        let cancelling = job::cancelling(&mut tx, self.worker.id).await?;
        queue::fold_counts(&mut tx).await?;
        let ready = queue::ready(&mut tx).await?;
        tx.commit().await?;
        for queue in Queue::ALL {
            let length = ready.iter().find(|(name, _)| name == queue.name());
            let length = length.map_or(0, |(_, jobs)| *jobs);
            metrics::gauge!("queue_length", "queue" => queue.name()).set(length as f64);
        }
        if !cancelling.is_empty() {
            self.institution
                .engine
                .tell(Command::Cancel(cancelling))
                .await;
        }
        if !alive {
            self.institution.engine.tell(Command::Lost).await;
            self.rise().await?;
        }
        self.write_down().await
    }

    /// Begins anew after others took it for dead.
    async fn rise(&mut self) -> Result<()> {
        let old = self.worker.id;
        self.worker.id = self.service.next_id();
        self.worker.started_at = self.service.now();
        let mut tx = self.db().write().await?;
        job::hand_back(&mut tx, old, &[], self.worker.started_at).await?;
        worker::insert(&mut tx, &self.worker).await?;
        tx.will_wake().await?;
        tx.commit().await?;
        let working = Box::new(self.working());
        self.institution.engine.tell(Command::Start(working)).await;
        Ok(())
    }

    /// Writes down what jobs told of themselves, and how fast they were.
    async fn write_down(&self) -> Result<()> {
        let (reports, lines) = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let reports: Vec<Report> = told.reports.drain().map(|(_, report)| report).collect();
            let lines: Vec<LogLine> = std::mem::take(&mut told.lines);
            (reports, lines)
        };
        let measured = {
            let mut measures = self.measures.lock().unwrap_or_else(PoisonError::into_inner);
            measures.take()
        };
        if reports.is_empty() && lines.is_empty() && measured.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().write().await?;
        if !reports.is_empty() {
            job::report(&mut tx, &reports).await?;
        }
        if !lines.is_empty() {
            job::log(&mut tx, &lines).await?;
        }
        if !measured.is_empty() {
            queue::measure(&mut tx, &measured).await?;
        }
        tx.commit().await.map_err(Error::from)
    }
}

/// Removes a dead worker and makes its jobs ready again; nothing where another process did.
async fn bury(tx: &mut storage::Tx, dead: &Worker, now: i64) -> Result<()> {
    if !worker::remove(tx, dead.id, dead.beat).await? {
        return Ok(());
    }
    let error = super::JobError::stored(&Problem::WorkerDied);
    let jobs = job::reclaim(tx, dead.id, DEATHS_MOST, now, &error).await?;
    tx.will_wake().await?;
    tracing::warn!(worker = %dead.id, host = dead.host, process = dead.process, jobs, "a worker has died");
    Ok(())
}
