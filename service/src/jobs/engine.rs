//! The queue's engine: one task an institution, through which every change of a job goes that is not
//! part of somebody's own transaction.
//!
//! It takes what has come while its last transaction ran (jobs to be enqueued, runs that have ended)
//! and does all of it in the next one, by a handful of statements, together with claiming what may
//! run: the busier it is, the more goes into a commit, and when idle nothing waits for company. While the
//! disk writes one transaction the next one is under way; what was claimed begins, and callers are told, once
//! theirs is durable.
//!
//! What must stay true: a job is acknowledged only by whoever holds its newest claim; its effect and
//! its acknowledgement are one transaction; a caller is told of a job only once it is durable; what
//! could not be written is tried again, and nothing that was acknowledged is lost.

use super::ending::{Ending, RunEnd, RunError, Write};
use super::run::Told;
use super::{JobError, Queue, Run, Share, WriteShares, dispatch};
use crate::ctx::{Ctx, Institution, Service};
use crate::{Error, Result};
use domain::problem::Problem;
use futures::FutureExt;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use storage::job::{self, ClaimedJob, Ended, NewJob, Scope};
use storage::queue::{self, QueueRow};
use storage::{Db, Tx, Written, worker};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tracing::Instrument as _;
use uuid::Uuid;

/// How often a worker looks without having been woken: for a wake-up that got lost.
const POLL: Duration = Duration::from_millis(500);
/// How long what was read of the queues' settings, and of when the next job falls due, stands although
/// something has happened: where it happens all the time, each transaction would read them again.
const LOOK: Duration = Duration::from_millis(100);
/// The most that one transaction takes in: a bound to how long the others wait for it.
const BATCH_MOST: usize = 512;
/// The most that one transaction claims of a queue. Where more waits, the next transaction follows at
/// once: an urgent job that comes waits for few that are not.
const CLAIMED_MOST: i64 = 100;
/// How many commands may wait; whoever has more to say waits with them.
const COMMANDS: usize = 4096;
/// How long it waits before it tries an unreachable database again.
const PAUSE: Duration = Duration::from_millis(200);

/// What the engine is told.
pub(super) enum Command {
    /// Enqueue a job, and tell its id.
    Enqueue(NewJob, oneshot::Sender<Result<Uuid>>),
    /// A run has ended.
    Ended(RunEnd),
    /// Run jobs from now on.
    Start(Box<Working>),
    /// Stop these runs: their jobs are to be cancelled.
    Cancel(Vec<Uuid>),
    /// Others took the worker for dead: nothing that runs is its own any more.
    Lost,
    /// Read the queues' settings again.
    Refresh,
    /// Claim nothing more; finish what runs, hand back what is left after the time.
    Stop(Duration, oneshot::Sender<()>),
}

/// The way to an institution's engine.
#[derive(Debug, Clone)]
pub struct Engine {
    commands: mpsc::Sender<Command>,
    ended: watch::Receiver<()>,
}

impl Engine {
    /// Starts the engine of a database. It ends when nobody holds it any more.
    pub(crate) fn start(db: Db) -> Self {
        let (sender, commands) = mpsc::channel(COMMANDS);
        let (ended_here, ended) = watch::channel(());
        let engine = Actor {
            db,
            commands,
            ended_here,
            working: None,
            batch: Batch::default(),
            lasting: None,
        };
        tokio::spawn(engine.run());
        Self {
            commands: sender,
            ended,
        }
    }

    /// Enqueues a job; durable when this returns.
    ///
    /// # Errors
    /// Where the database does.
    pub(super) async fn submit(&self, job: NewJob) -> Result<Uuid> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Enqueue(job, reply)).await;
        answer.await.unwrap_or(Err(Problem::Unavailable.into()))
    }

    pub(super) async fn tell(&self, command: Command) {
        // It fails only when the process is ending.
        let _ = self.commands.send(command).await;
    }

    /// Changes whenever runs of this process have ended, durably.
    pub(crate) fn ended(&self) -> watch::Receiver<()> {
        let mut ended = self.ended.clone();
        ended.mark_unchanged();
        ended
    }
}

/// What is known of a queue here.
struct QueueState {
    queue: Queue,
    settings: QueueRow,
    running: i64,
    /// Slots that the jobs of this transaction go straight into.
    taken: i64,
    /// Whether there may be something to claim.
    hungry: bool,
}

impl QueueState {
    fn free(&self) -> i64 {
        if self.settings.paused {
            0
        } else {
            (self.settings.concurrency - self.running - self.taken).max(0)
        }
    }
}

/// The part of the engine that runs jobs.
pub(super) struct Working {
    pub service: Arc<Service>,
    pub institution: Arc<Institution>,
    pub worker: Uuid,
    pub told: Arc<Mutex<Told>>,
    pub measures: Arc<Mutex<super::beat::Measures>>,
    queues: Vec<QueueState>,
    running: HashMap<Uuid, Running>,
    /// When something falls due that waits for its time.
    next_due: Option<i64>,
    /// Whether `next_due` and the queues' settings may be others by now.
    stale: bool,
    /// When they were read; never, where they are to be read at once.
    looked: Option<Instant>,
    /// Whether a transaction failed that may have been committed all the same, as where the connection
    /// was lost: jobs may be claimed for this worker that it knows nothing of.
    unsure: bool,
    stopping: Option<(Instant, oneshot::Sender<()>)>,
}

struct Running {
    queue: usize,
    fence: i64,
    cancel: watch::Sender<bool>,
}

impl Working {
    pub fn new(
        service: Arc<Service>,
        institution: Arc<Institution>,
        worker: Uuid,
        told: Arc<Mutex<Told>>,
        measures: Arc<Mutex<super::beat::Measures>>,
    ) -> Self {
        let queue = |queue: Queue| QueueState {
            queue,
            settings: QueueRow {
                name: queue.name().to_owned(),
                paused: false,
                concurrency: queue.concurrency(),
                rate_limit: None,
                rate_period: None,
                rate_due: 0,
            },
            running: 0,
            taken: 0,
            hungry: true,
        };
        Self {
            service,
            institution,
            worker,
            told,
            measures,
            queues: Queue::ALL.map(queue).into(),
            running: HashMap::new(),
            next_due: None,
            stale: true,
            looked: None,
            unsure: false,
            stopping: None,
        }
    }

    fn wake(&mut self) {
        for queue in &mut self.queues {
            queue.taken = 0;
            queue.hungry = true;
        }
        self.stale = true;
    }

    /// How long it is until what may be stale is read again.
    fn until_look(&self) -> Duration {
        self.looked
            .map_or(Duration::ZERO, |at| LOOK.saturating_sub(at.elapsed()))
    }

    fn wants(&self) -> bool {
        self.stopping.is_none()
            && self
                .queues
                .iter()
                .any(|queue| queue.hungry && queue.free() > 0)
    }

    /// How long there is nothing to do unless something comes.
    fn patience(&self) -> Duration {
        if let Some((deadline, _)) = &self.stopping {
            return deadline.saturating_duration_since(Instant::now()).min(POLL);
        }
        let due = self.next_due.map_or(POLL, |at| {
            let micros = at - self.service.now();
            Duration::from_micros(u64::try_from(micros).unwrap_or_default())
        });
        let look = if self.stale { self.until_look() } else { POLL };
        due.min(look).min(POLL)
    }
}

/// What the next transaction is to do.
#[derive(Default)]
struct Batch {
    /// To be enqueued; while a transaction is under way, what follows from what has ended as well.
    new: Vec<NewJob>,
    /// Whoever waits for each of the first of them.
    replies: Vec<oneshot::Sender<Result<Uuid>>>,
    ended: Vec<Ending>,
}

impl Batch {
    fn len(&self) -> usize {
        self.replies.len() + self.ended.len()
    }
}

/// What a transaction has done, to be told once it lasts.
struct Done {
    ids: Vec<Uuid>,
    claimed: Vec<(usize, ClaimedJob)>,
    written: Written,
}

struct Actor {
    db: Db,
    commands: mpsc::Receiver<Command>,
    ended_here: watch::Sender<()>,
    working: Option<Box<Working>>,
    batch: Batch,
    /// Waits until the last transaction lasts, and tells of it.
    lasting: Option<JoinHandle<()>>,
}

impl Actor {
    async fn run(mut self) {
        loop {
            let wants = self.working.as_ref().is_some_and(|working| working.wants());
            if self.batch.len() == 0 && !wants {
                if !self.wait().await {
                    return;
                }
            } else if let Some(working) = &mut self.working
                && self.db.wakeup().woken().now_or_never().is_some()
            {
                // One queue that is never empty must not keep the others from being looked into.
                working.wake();
            }
            while self.batch.len() < BATCH_MOST {
                match self.commands.try_recv() {
                    Ok(command) => self.take(command).await,
                    Err(_) => break,
                }
            }
            self.exchange().await;
            self.end_if_stopped().await;
        }
    }

    /// Waits until there is something to do; false when there never will be.
    async fn wait(&mut self) -> bool {
        let command = match &mut self.working {
            None => self.commands.recv().await,
            Some(working) => {
                let patience = working.patience();
                tokio::select! {
                    command = self.commands.recv() => command,
                    () = self.db.wakeup().woken() => {
                        working.wake();
                        return true;
                    }
                    () = tokio::time::sleep(patience) => {
                        working.wake();
                        return true;
                    }
                }
            }
        };
        match command {
            Some(command) => {
                self.take(command).await;
                true
            }
            None => false,
        }
    }

    async fn take(&mut self, command: Command) {
        match (command, &mut self.working) {
            (Command::Enqueue(job, reply), _) => {
                self.batch.new.push(job);
                self.batch.replies.push(reply);
            }
            (Command::Start(working), _) => self.working = Some(working),
            (Command::Ended(end), Some(working)) => {
                self.batch.ended.extend(settle(working, end));
            }
            (Command::Cancel(ids), Some(working)) => {
                for id in ids {
                    if let Some(running) = working.running.get(&id) {
                        running.cancel.send_replace(true);
                    }
                }
            }
            (Command::Lost, lost) => {
                tracing::warn!("this worker was taken for dead; its jobs are run by others");
                // Each ends by itself, and its acknowledgement changes nothing.
                *lost = None;
            }
            (Command::Refresh, Some(working)) => {
                working.stale = true;
                working.looked = None;
            }
            (Command::Stop(limit, reply), Some(working)) => {
                working.stopping = Some((Instant::now() + limit, reply));
            }
            // Nothing runs here: there is nothing to stop.
            (Command::Stop(_, reply), None) => drop(reply),
            (Command::Ended(_) | Command::Cancel(_) | Command::Refresh, None) => {}
        }
    }

    /// Does what has gathered in one transaction.
    async fn exchange(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        match self.attempt(&mut batch).await {
            Ok(done) => self.deliver(batch, done).await,
            Err(error) if batch.len() > 1 && !error.is_passing() => self.one_by_one(batch).await,
            Err(error) => self.refuse(batch, error).await,
        }
    }

    async fn attempt(&mut self, batch: &mut Batch) -> Result<Done> {
        let mut tx = self.db.write().await?;
        if let Some(working) = &self.working
            && working.unsure
        {
            hand_back_unknown(working, &batch.ended, &mut tx).await?;
        }
        // What an earlier attempt enqueued did not last.
        batch.new.truncate(batch.replies.len());
        batch.new.extend(acknowledge(&mut tx, &batch.ended).await?);
        if let Some(working) = &mut self.working {
            let alone = |ending: &Ending| matches!(ending.effect, Some(Write::Alone(_)));
            if batch.ended.iter().any(alone) {
                // What was written may have enqueued jobs: they are claimed at once.
                for queue in &mut working.queues {
                    queue.hungry = true;
                }
            }
            look_around(working, &mut tx).await?;
            take_on(working, &mut batch.new);
        }
        let ids = if batch.new.is_empty() {
            Vec::new()
        } else {
            job::enqueue(&mut tx, &batch.new).await?
        };
        let claimed = match &mut self.working {
            Some(working) => claim(working, &mut tx).await?,
            None => Vec::new(),
        };
        // What no slot is free for here, another process may have one for.
        if self.leaves_work(&batch.new) {
            tx.will_wake_others().await?;
        }
        let written = tx.write_out().await?;
        if let Some(working) = &mut self.working {
            working.unsure = false;
        }
        Ok(Done {
            ids,
            claimed,
            written,
        })
    }

    /// Whether some of these jobs are ready and no slot of this process is free for them.
    fn leaves_work(&self, new: &[NewJob]) -> bool {
        new.iter()
            .filter(|job| job.worker_id.is_none() && job.run_at <= job.now)
            .any(|job| match &self.working {
                Some(working) => {
                    working.stopping.is_some()
                        || working
                            .queues
                            .iter()
                            .any(|queue| queue.queue.name() == job.queue && queue.free() == 0)
                }
                None => true,
            })
    }

    /// Takes the slots of what is to run, and has it begun and everybody told once it lasts.
    async fn deliver(&mut self, batch: Batch, done: Done) {
        let Done {
            ids,
            claimed,
            written,
        } = done;
        let ended = (!batch.ended.is_empty()).then(|| self.ended_here.clone());
        let mut replies = Vec::with_capacity(batch.replies.len());
        let mut runs = Vec::new();
        if let Some(working) = &mut self.working {
            for queue in &mut working.queues {
                queue.taken = 0;
            }
            for at in batch.ended.iter().filter_map(|ending| ending.ended.run_at) {
                working.next_due = Some(working.next_due.map_or(at, |known| known.min(at)));
            }
        }
        let mut waiting = batch.replies.into_iter();
        for (job, id) in batch.new.into_iter().zip(ids) {
            replies.extend(waiting.next().map(|reply| (reply, id)));
            // Where another job has its unique key, it was not enqueued.
            if job.worker_id.is_some()
                && job.id == id
                && let Some(working) = &mut self.working
                && let Some(index) = working.index_of(job.queue)
            {
                runs.push(begin(working, index, job.into()));
            }
        }
        if let Some(working) = &mut self.working {
            for (index, job) in claimed {
                runs.push(begin(working, index, job));
            }
        }
        let lasting = async move {
            if let Err(error) = written.durable().await {
                tracing::error!(%error, "could not write jobs");
                let mut error = Some(Error::from(error));
                for (reply, _) in replies {
                    let _ = reply.send(Err(error.take().unwrap_or(Problem::Unavailable.into())));
                }
                return;
            }
            if let Some(ended) = ended {
                ended.send_replace(());
            }
            for (reply, id) in replies {
                // Whoever asked may have gone; the job stands.
                let _ = reply.send(Ok(id));
            }
            for run in runs {
                tokio::spawn(run);
            }
        };
        // A disk that stalls is not given ever more to write.
        self.last().await;
        self.lasting = Some(tokio::spawn(lasting));
    }

    /// Waits until the last transaction lasts.
    async fn last(&mut self) {
        if let Some(lasting) = self.lasting.take() {
            let _ = lasting.await;
        }
    }

    /// One of a batch cannot be written: each is tried by itself, so that the others can.
    async fn one_by_one(&mut self, batch: Batch) {
        for (job, reply) in batch.new.into_iter().zip(batch.replies) {
            self.alone(Batch {
                new: vec![job],
                replies: vec![reply],
                ended: Vec::new(),
            })
            .await;
        }
        for ending in batch.ended {
            self.alone(Batch {
                ended: vec![ending],
                ..Batch::default()
            })
            .await;
        }
    }

    async fn alone(&mut self, mut batch: Batch) {
        // What the refused transaction had claimed waits again.
        if let Some(working) = &mut self.working {
            working.wake();
        }
        match self.attempt(&mut batch).await {
            Ok(done) => self.deliver(batch, done).await,
            Err(error) => self.refuse(batch, error).await,
        }
    }

    /// What could not be written: callers are told, and what has run is kept until it can be.
    async fn refuse(&mut self, batch: Batch, error: Error) {
        tracing::warn!(%error, jobs = batch.len(), "could not write jobs");
        let passing = error.is_passing();
        let mut error = Some(error);
        for reply in batch.replies {
            let error = error.take().unwrap_or(Problem::Unavailable.into());
            let _ = reply.send(Err(error));
        }
        for mut ending in batch.ended {
            if !passing {
                if ending.refused {
                    // Nothing of it can be written. When this worker ends, others take the job.
                    tracing::error!(job_id = %ending.job.id, "a job cannot be acknowledged");
                    continue;
                }
                // What it wanted to write is refused: that is a failure of the job.
                ending = ending.refused(error.take().unwrap_or(Problem::Internal.into()));
            }
            self.batch.ended.push(ending);
        }
        if let Some(working) = &mut self.working {
            working.unsure = true;
            working.wake();
        }
        tokio::time::sleep(PAUSE).await;
    }

    async fn end_if_stopped(&mut self) {
        let over = self.working.as_ref().is_some_and(|working| {
            let late = |(deadline, _): &(Instant, _)| *deadline <= Instant::now();
            working.stopping.as_ref().is_some_and(|stopping| {
                (working.running.is_empty() && self.batch.len() == 0) || late(stopping)
            })
        });
        if !over {
            return;
        }
        let Some(mut working) = self.working.take() else {
            return;
        };
        self.last().await;
        for running in working.running.values() {
            running.cancel.send_replace(true);
        }
        let leave = async {
            let mut tx = self.db.write().await?;
            let now = working.service.now();
            let left = job::hand_back(&mut tx, working.worker, &[], now).await?;
            worker::leave(&mut tx, working.worker).await?;
            tx.will_wake().await?;
            tx.commit().await?;
            Ok::<_, Error>(left)
        };
        match leave.await {
            Ok(0) => {}
            Ok(left) => tracing::info!(left, "handed back jobs that did not finish in time"),
            Err(error) => tracing::warn!(%error, "could not hand back jobs; others will take them"),
        }
        if let Some((_, reply)) = working.stopping.take() {
            let _ = reply.send(());
        }
    }
}

impl Working {
    fn index_of(&self, queue: &str) -> Option<usize> {
        self.queues
            .iter()
            .position(|known| known.queue.name() == queue)
    }
}

/// Marks those of the new jobs that run here at once, and notes what the others ask for. Where nothing
/// waits and a slot is free, a job goes straight into it: enqueueing and claiming are one statement
/// then. Where something waits, the most urgent of all is claimed after they were enqueued.
fn take_on(working: &mut Working, jobs: &mut [NewJob]) {
    for queue in &mut working.queues {
        queue.taken = 0;
    }
    for job in jobs {
        job.worker_id = None;
        if job.run_at > job.now {
            let at = job.run_at;
            working.next_due = Some(working.next_due.map_or(at, |known| known.min(at)));
            continue;
        }
        let Some(index) = working.index_of(job.queue) else {
            continue;
        };
        let queue = &mut working.queues[index];
        let direct = working.stopping.is_none()
            && !queue.hungry
            && queue.free() > 0
            && queue.settings.rate_limit.is_none()
            && job.unique_scope != Some(Scope::Waiting);
        if direct {
            job.worker_id = Some(working.worker);
            queue.taken += 1;
        } else {
            queue.hungry = true;
        }
    }
}

/// Makes those jobs ready again that are claimed for this worker and that it does not run.
async fn hand_back_unknown(working: &Working, ended: &[Ending], tx: &mut Tx) -> Result<()> {
    let known: Vec<Uuid> = working
        .running
        .keys()
        .copied()
        .chain(ended.iter().map(|ending| ending.job.id))
        .collect();
    let now = working.service.now();
    let left = job::hand_back(tx, working.worker, &known, now).await?;
    if left > 0 {
        tracing::warn!(
            left,
            "handed back jobs whose claim was not known to have lasted"
        );
    }
    Ok(())
}

/// Writes effects and acknowledgements, and gives the jobs that follow. Only runs that still hold their jobs have
/// an effect.
async fn acknowledge(tx: &mut Tx, endings: &[Ending]) -> Result<Vec<NewJob>> {
    if endings.is_empty() {
        return Ok(Vec::new());
    }
    let with_effect: Vec<(Uuid, i64)> = endings
        .iter()
        .filter(|ending| ending.effect.is_some())
        .map(|ending| (ending.job.id, ending.job.fence))
        .collect();
    let held: HashSet<Uuid> = if with_effect.is_empty() {
        HashSet::new()
    } else {
        job::held(tx, &with_effect).await?.into_iter().collect()
    };
    let mut ended: Vec<Cow<'_, Ended>> = Vec::with_capacity(endings.len());
    let mut together: Vec<(WriteShares, Vec<&Ended>, Vec<Share>)> = Vec::new();
    for ending in endings {
        match &ending.effect {
            None => ended.push(Cow::Borrowed(&ending.ended)),
            Some(_) if !held.contains(&ending.ended.id) => {}
            Some(Write::Alone(effect)) => {
                let result = guarded(effect(tx)).await?;
                ended.push(with_result(&ending.ended, result));
            }
            Some(Write::Together(write, share)) => {
                let share = Arc::clone(share);
                let known = together
                    .iter_mut()
                    .find(|(other, ..)| std::ptr::fn_addr_eq(*other, *write));
                match known {
                    Some((_, ends, shares)) => {
                        ends.push(&ending.ended);
                        shares.push(share);
                    }
                    None => together.push((*write, vec![&ending.ended], vec![share])),
                }
            }
        }
    }
    let mut next = Vec::new();
    for (write, ends, shares) in together {
        let written = guarded(write(tx, &shares)).await?;
        let results = ends.into_iter().zip(written.results);
        ended.extend(results.map(|(end, result)| with_result(end, result)));
        next.extend(written.next);
    }
    if !ended.is_empty() {
        job::finish(tx, &ended).await?;
    }
    Ok(next)
}

fn with_result(ended: &Ended, result: Value) -> Cow<'_, Ended> {
    // Its owner may read what comes of it in the end.
    if ended.failed > 0 {
        return Cow::Borrowed(ended);
    }
    Cow::Owned(Ended {
        result: Some(result),
        ..ended.clone()
    })
}

/// What an effect gives; its panic is an error, and not the worker's end.
async fn guarded<T>(effect: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(effect)
        .catch_unwind()
        .await
        .map_err(|_| Error::Internal("the effect panicked".to_owned()))?
}

/// Learns how the queues are set, and makes ready what is due.
async fn look_around(working: &mut Working, tx: &mut Tx) -> Result<()> {
    if working.stopping.is_some() {
        return Ok(());
    }
    let now = working.service.now();
    let look = working.stale && working.until_look().is_zero();
    if look {
        for row in queue::all(tx).await? {
            let known = working.queues.iter_mut();
            if let Some(queue) = known.into_iter().find(|it| it.queue.name() == row.name) {
                queue.settings = row;
            }
        }
    }
    if look || working.next_due.is_some_and(|at| at <= now) {
        if job::promote(tx, now).await? > 0 {
            for queue in &mut working.queues {
                queue.hungry = true;
            }
        }
        working.next_due = job::next_due(tx).await?;
    }
    if look {
        working.stale = false;
        working.looked = Some(Instant::now());
    }
    Ok(())
}

/// Claims what may run, for every queue that may have something; each job with its queue's position.
async fn claim(working: &mut Working, tx: &mut Tx) -> Result<Vec<(usize, ClaimedJob)>> {
    if working.stopping.is_some() {
        return Ok(Vec::new());
    }
    let now = working.service.now();
    let mut wanted: Vec<(usize, i64)> = Vec::new();
    for (index, queue) in working.queues.iter_mut().enumerate() {
        let mut most = queue.free().min(CLAIMED_MOST);
        if !queue.hungry || most == 0 {
            continue;
        }
        if queue.settings.rate_limit.is_some()
            && let Some(row) = queue::lock(tx, queue.queue.name()).await?
        {
            most = most.min(row.allowed(now));
            queue.settings = row;
        }
        queue.hungry = false;
        if most > 0 {
            wanted.push((index, most));
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<(&str, i64)> = wanted
        .iter()
        .map(|&(index, most)| (working.queues[index].queue.name(), most))
        .collect();
    let jobs = job::claim(tx, &named, working.worker, now).await?;
    let jobs: Vec<(usize, ClaimedJob)> = jobs
        .into_iter()
        .filter_map(|job| Some((working.index_of(&job.queue)?, job)))
        .collect();
    for (index, most) in wanted {
        let count = jobs.iter().filter(|(of, _)| *of == index).count() as i64;
        let queue = &mut working.queues[index];
        // Fewer than asked for: that was all.
        queue.hungry = count == most;
        if count > 0 && queue.settings.rate_limit.is_some() {
            let due = queue.settings.due_after(count, now);
            queue::set_rate_due(tx, queue.queue.name(), due).await?;
        }
    }
    Ok(jobs)
}

/// Takes a slot for a claimed job, and gives what runs it.
fn begin(
    working: &mut Working,
    queue: usize,
    job: ClaimedJob,
) -> impl Future<Output = ()> + Send + use<> {
    let (cancel, mut cancelled) = watch::channel(false);
    let (id, fence) = (job.id, job.fence);
    let waited = job.started_at - job.run_at;
    lock(&working.measures).took(working.queues[queue].queue, "wait", waited, job.started_at);
    let mut ctx = Ctx::system(&working.service, &working.institution, &job.request_id);
    ctx.job = Some(id);
    let run = Run {
        ctx,
        id,
        owner: job.owner_id,
        failures: job.attempts,
        last: job.attempts + 1 >= job.max_attempts,
        started_at: job.started_at,
        fence,
        lines: Arc::default(),
        told: Arc::clone(&working.told),
    };
    let span = tracing::info_span!(
        "job",
        request_id = %job.request_id,
        job_id = %id,
        r#type = %job.kind,
    );
    let engine = working.institution.engine.clone();
    let work = async move {
        // A panic in a handler is a failure of the job, not of the worker.
        let handler = AssertUnwindSafe(dispatch(run, &job)).catch_unwind();
        let outcome = tokio::select! {
            outcome = handler => match outcome {
                Ok(outcome) => outcome.map_err(RunError::Failed),
                Err(_) => Err(RunError::Failed(JobError::Passing(Error::Internal(
                    "the handler panicked".to_owned(),
                )))),
            },
            _ = cancelled.wait_for(|cancelled| *cancelled) => Err(RunError::Cancelled),
        };
        engine.tell(Command::Ended(RunEnd { job, outcome })).await;
    };
    working.queues[queue].running += 1;
    let running = Running {
        queue,
        fence,
        cancel,
    };
    working.running.insert(id, running);
    work.instrument(span)
}

/// Takes back the slot of a run that has ended; nothing comes of one that is no longer this worker's.
fn settle(working: &mut Working, end: RunEnd) -> Option<Ending> {
    let index = match working.running.get(&end.job.id) {
        Some(running) if running.fence == end.job.fence => running.queue,
        _ => return None,
    };
    working.running.remove(&end.job.id);
    working.queues[index].running -= 1;
    let queue = working.queues[index].queue;
    let now = working.service.now();
    Some(Ending::of(end, queue, &working.measures, now))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
