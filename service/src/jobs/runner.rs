//! Runs jobs: claims them for a lease, keeps the lease alive, acknowledges with the fencing token.
//!
//! What must stay true: a job is acknowledged only by whoever holds its newest claim; its effect
//! and its acknowledgement are one transaction; a process that dies leaves a lease that ends, and
//! that is no failure of the job.

use super::{Effect, JobError, Queue, dispatch};
use crate::ctx::{Ctx, Institution, Service};
use crate::{Error, Result};
use domain::problem::Problem;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::job::{self, ClaimedJob};
use storage::{Db, Dialect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// How long a claim holds without a sign of life. With [`POLL`] it bounds how long the job of a
/// dead process waits for another: under five seconds.
const LEASE: Duration = Duration::from_secs(4);
/// How often a running job's lease is prolonged: three may be missed before it ends.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often a worker looks without having been woken: for retries that fall due, leases that
/// ended, and a wake-up that got lost.
const POLL: Duration = Duration::from_millis(500);
/// How long running jobs may take to finish once the process shall stop.
const DRAIN: Duration = Duration::from_secs(10);
/// The first retry's delay; each further one waits twice as long.
const RETRY_BASE: Duration = Duration::from_secs(1);
/// The longest delay before a retry.
const RETRY_MOST: Duration = Duration::from_secs(600);

/// The workers of this process. They stop when told to.
#[derive(Debug)]
pub struct Runner {
    stop: watch::Sender<bool>,
    workers: JoinSet<()>,
}

impl Runner {
    /// Starts a worker for each institution.
    #[must_use]
    pub fn start(service: &Arc<Service>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut workers = JoinSet::new();
        for institution in service.institutions() {
            let worker = Worker {
                service: Arc::clone(service),
                institution: institution.clone(),
                slots: Queue::ALL
                    .map(|queue| (queue, Arc::new(Semaphore::new(queue.concurrency())))),
            };
            workers.spawn(worker.run(stopped.clone()));
        }
        Self { stop, workers }
    }

    /// Claims nothing more, lets running jobs finish for a while, hands back the rest.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.workers.join_next().await.is_some() {}
    }
}

struct Worker {
    service: Arc<Service>,
    institution: Institution,
    slots: [(Queue, Arc<Semaphore>); Queue::ALL.len()],
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Worker {
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let db = &self.institution.db;
        if db.dialect() == Dialect::Sqlite {
            // The file has one serving process, and it has just begun: whatever runs, runs no more.
            if let Err(error) = reclaim(db, i64::MAX).await {
                tracing::warn!(%error, "could not take up jobs of the last run");
            }
        }
        let mut running = JoinSet::new();
        while !*stopped.borrow() {
            match self.claim().await {
                Ok(claimed) => {
                    for (job, slot) in claimed {
                        running.spawn(self.execution(job, slot).run());
                    }
                }
                Err(error) => tracing::warn!(%error, "could not claim jobs"),
            }
            while running.try_join_next().is_some() {}
            tokio::select! {
                () = db.wakeup().woken() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = stopped.changed() => {}
            }
        }
        let drained = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            // Dropped, each execution's lease ends by itself.
            tracing::warn!("some jobs did not finish in time; they will be taken up again");
        }
    }

    /// Claims as many jobs as there are free slots, in one transaction.
    async fn claim(&self) -> Result<Vec<(ClaimedJob, OwnedSemaphorePermit)>> {
        let now = self.service.now();
        let mut tx = self.institution.db.write().await?;
        let mut claimed = Vec::new();
        job::reclaim(&mut tx, now).await?;
        for (queue, slots) in &self.slots {
            let free = i64::try_from(slots.available_permits()).unwrap_or(0);
            if free == 0 {
                continue;
            }
            let jobs = job::claim(&mut tx, queue.name(), now, now + micros(LEASE), free).await?;
            for job in jobs {
                // Only this loop takes permits, so as many are free as were counted.
                if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
                    claimed.push((job, slot));
                }
            }
        }
        tx.commit().await?;
        Ok(claimed)
    }

    fn execution(&self, job: ClaimedJob, slot: OwnedSemaphorePermit) -> Execution {
        Execution {
            ctx: Ctx::system(&self.service, &self.institution, &job.request_id),
            job,
            slot,
        }
    }
}

async fn reclaim(db: &Db, now: i64) -> Result<()> {
    let mut tx = db.write().await?;
    job::reclaim(&mut tx, now).await?;
    tx.commit().await?;
    Ok(())
}

struct Execution {
    ctx: Ctx,
    job: ClaimedJob,
    slot: OwnedSemaphorePermit,
}

/// How a run of a job ended.
#[derive(Debug, Clone, Copy)]
enum Ended {
    Succeeded,
    Retrying,
    Dead,
    /// Another has claimed it since.
    LeaseLost,
}

impl Execution {
    async fn run(self) {
        let span = tracing::info_span!(
            "job",
            request_id = %self.job.request_id,
            job_id = %self.job.id,
            r#type = %self.job.kind,
        );
        let wakeup = self.ctx.institution.db.wakeup().clone();
        async {
            let begun = Instant::now();
            let ended = self.attempt().await;
            let duration_ms = begun.elapsed().as_millis();
            match ended {
                Ok(status) => tracing::info!(?status, duration_ms, "job ended"),
                // The lease ends, and the job is taken up again.
                Err(error) => tracing::warn!(%error, duration_ms, "could not acknowledge"),
            }
        }
        .instrument(span)
        .await;
        drop(self.slot);
        // A slot is free: there may be more to claim.
        wakeup.wake();
    }

    async fn attempt(&self) -> Result<Ended> {
        let (ctx, job) = (self.ctx.clone(), self.job.clone());
        // A task of its own: a panic in a handler is a failure of the job, not of the worker.
        let mut handler = tokio::spawn(async move { dispatch(ctx, &job).await }.in_current_span());
        let outcome = loop {
            tokio::select! {
                outcome = &mut handler => break outcome,
                () = tokio::time::sleep(HEARTBEAT) => {
                    if !self.renew().await {
                        handler.abort();
                        return Ok(Ended::LeaseLost);
                    }
                }
            }
        };
        match outcome {
            Ok(Ok(effect)) => match self.succeed(effect).await {
                Err(error) => self.fail(JobError::from(error)).await,
                ended => ended,
            },
            Ok(Err(error)) => self.fail(error).await,
            Err(panic) => self.fail(JobError::Passing(Error::internal(panic))).await,
        }
    }

    /// Prolongs the lease; false where it was lost. An unreachable database is no loss yet.
    async fn renew(&self) -> bool {
        let renewed = async {
            let mut tx = self.ctx.institution.db.write().await?;
            let until = self.ctx.now() + micros(LEASE);
            let kept = job::renew(&mut tx, self.job.id, self.job.fence, until).await?;
            tx.commit().await?;
            Ok::<_, Error>(kept)
        };
        renewed.await.unwrap_or(true)
    }

    async fn succeed(&self, effect: Effect) -> Result<Ended> {
        let mut tx = self.ctx.institution.db.write().await?;
        let result = effect(&mut tx).await?;
        if !job::succeed(
            &mut tx,
            self.job.id,
            self.job.fence,
            &result,
            self.ctx.now(),
        )
        .await?
        {
            return Ok(Ended::LeaseLost);
        }
        tx.commit().await?;
        Ok(Ended::Succeeded)
    }

    async fn fail(&self, error: JobError) -> Result<Ended> {
        let last = self.job.attempts + 1 >= self.job.max_attempts;
        let (problem, give_up) = match error {
            JobError::Final(problem) => (problem, true),
            JobError::Passing(error) => (Problem::from(error), last),
        };
        let stored = JobError::stored(&problem);
        let now = self.ctx.now();
        let (id, fence) = (self.job.id, self.job.fence);
        let mut tx = self.ctx.institution.db.write().await?;
        let (kept, ended) = if give_up {
            (
                job::bury(&mut tx, id, fence, &stored, now).await?,
                Ended::Dead,
            )
        } else {
            let run_at = now + micros(delay(self.job.attempts));
            (
                job::retry(&mut tx, id, fence, &stored, run_at).await?,
                Ended::Retrying,
            )
        };
        tx.commit().await?;
        Ok(if kept { ended } else { Ended::LeaseLost })
    }
}

/// Exponential, with up to a quarter of jitter, so that jobs that failed together part.
fn delay(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(16);
    let delay = RETRY_BASE.saturating_mul(1 << doublings).min(RETRY_MOST);
    delay + delay.mul_f64(rand::random::<f64>() / 4.0)
}
