//! The queue against a model of it in memory: whatever is done in whatever order, both engines do
//! what the model does. Each sequence follows from its seed, which a failure names.

use crate::engines::Engine;
use crate::side::Side;
use crate::work::{
    attempts_query, ended, jobs_query, keyed, literal, new_job, worker_died, worker_id,
};
use crate::{NOW, SECOND, id};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use storage::job::{self, ClaimedJob, EndState, Ended, NewJob, Report, Scope};
use storage::{Db, queue};
use uuid::Uuid;

const QUEUES: [&str; 2] = ["diet-plans", "maintenance"];
const KINDS: [&str; 2] = ["plan.compute", "plan.other"];
const WORKERS: u64 = 3;
const DEATHS: i64 = 3;

/// SplitMix64: the same numbers for the same seed, for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

/// What the model knows of a job.
#[derive(Clone)]
struct Known {
    new: NewJob,
    state: &'static str,
    key: Option<String>,
    run_at: i64,
    attempts: i64,
    deaths: i64,
    fence: i64,
    worker: Option<Uuid>,
    cancelling: bool,
    progress: i64,
    message: Option<String>,
    result: Option<Value>,
    error: Option<Value>,
    children_left: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl Known {
    const fn held(&self) -> bool {
        self.worker.is_some()
    }

    /// As `jobs_query` gives it.
    fn text(&self) -> String {
        fn or_none(value: Option<impl ToString>) -> String {
            value.map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        let simple = |id: Option<Uuid>| or_none(id.map(Uuid::simple));
        let scope = self.new.unique_scope.map(|scope| match scope {
            Scope::Waiting => "waiting",
            Scope::Living => "living",
            Scope::Kept => "kept",
        });
        let new = &self.new;
        let mut text = String::new();
        for (name, value) in [
            ("id", new.id.simple().to_string()),
            ("owner_id", simple(new.owner_id)),
            ("worker_id", simple(self.worker)),
            ("parent_id", simple(new.parent_id)),
            ("queue", new.queue.to_owned()),
            ("kind", new.kind.to_owned()),
            ("state", self.state.to_owned()),
            ("priority", new.priority.to_string()),
            ("subject", or_none(new.subject.clone())),
            ("unique_key", or_none(self.key.clone())),
            ("unique_scope", or_none(scope)),
            ("unique_until", or_none(new.unique_until)),
            ("run_at", self.run_at.to_string()),
            ("attempts", self.attempts.to_string()),
            ("max_attempts", new.max_attempts.to_string()),
            ("deaths", self.deaths.to_string()),
            ("fence", self.fence.to_string()),
            ("progress", self.progress.to_string()),
            ("message", or_none(self.message.clone())),
            ("request_id", new.request_id.clone()),
            ("children_left", self.children_left.to_string()),
            ("created_at", new.now.to_string()),
            ("started_at", or_none(self.started_at)),
            ("finished_at", or_none(self.finished_at)),
            ("cancelling", i64::from(self.cancelling).to_string()),
            ("awaited", i64::from(new.awaited).to_string()),
            ("arguments", new.arguments.to_string()),
            ("result", or_none(self.result.clone())),
            ("error", or_none(self.error.clone())),
        ] {
            write!(text, "{name}={value} ").unwrap();
        }
        text
    }
}

/// What the queue should be.
#[derive(Default)]
struct Model {
    jobs: BTreeMap<Uuid, Known>,
    /// By job and token: how it ended, why, when it began and ended.
    attempts: BTreeMap<(Uuid, i64), String>,
}

impl Model {
    fn holder(&self, kind: &str, key: &str) -> Option<Uuid> {
        let has = |job: &&Known| job.new.kind == kind && job.key.as_deref() == Some(key);
        self.jobs.values().find(has).map(|job| job.new.id)
    }

    fn enqueue(&mut self, jobs: &[NewJob]) -> Vec<Uuid> {
        for new in jobs {
            let (Some(key), Some(_)) = (&new.unique_key, new.unique_until) else {
                continue;
            };
            for old in self.jobs.values_mut() {
                let over = old.new.unique_until.is_some_and(|until| until <= new.now);
                let same = old.new.kind == new.kind && old.key.as_ref() == Some(key);
                if same && over && old.finished_at.is_some() {
                    old.key = None;
                }
            }
        }
        let mut ids = Vec::new();
        for new in jobs {
            let holder = new.unique_key.as_ref();
            if let Some(holder) = holder.and_then(|key| self.holder(new.kind, key)) {
                ids.push(holder);
                continue;
            }
            let waits = new.run_at > new.now;
            let claimed = new.worker_id.is_some();
            let known = Known {
                state: match (claimed, waits) {
                    (true, _) => "running",
                    (false, true) => "scheduled",
                    (false, false) => "ready",
                },
                key: new.unique_key.clone(),
                run_at: new.run_at,
                attempts: 0,
                deaths: 0,
                fence: i64::from(claimed),
                worker: new.worker_id,
                cancelling: false,
                progress: 0,
                message: None,
                result: None,
                error: None,
                children_left: 0,
                started_at: claimed.then_some(new.now),
                finished_at: None,
                new: new.clone(),
            };
            self.jobs.insert(new.id, known);
            ids.push(new.id);
        }
        ids
    }

    fn promote(&mut self, now: i64) -> u64 {
        let mut promoted = 0;
        for job in self.jobs.values_mut() {
            if matches!(job.state, "scheduled" | "retrying") && job.run_at <= now {
                job.state = "ready";
                promoted += 1;
            }
        }
        promoted
    }

    fn next_due(&self) -> Option<i64> {
        let waiting = self.jobs.values();
        let waiting = waiting.filter(|job| matches!(job.state, "scheduled" | "retrying"));
        waiting.map(|job| job.run_at).min()
    }

    fn claim(&mut self, queue: &str, worker: Uuid, now: i64, limit: usize) -> Vec<(Uuid, i64)> {
        let mut ready: Vec<&mut Known> = self
            .jobs
            .values_mut()
            .filter(|job| job.state == "ready" && job.new.queue == queue)
            .collect();
        ready.sort_by_key(|job| (job.new.priority, job.run_at, job.new.id));
        ready.truncate(limit);
        ready
            .into_iter()
            .map(|job| {
                job.state = "running";
                job.fence += 1;
                job.worker = Some(worker);
                job.started_at = Some(now);
                if job.new.unique_scope == Some(Scope::Waiting) {
                    job.key = None;
                }
                (job.new.id, job.fence)
            })
            .collect()
    }

    /// A job has ended: so does its parent, where that waits for no other child.
    fn has_ended(&mut self, id: Uuid, now: i64) {
        let job = &self.jobs[&id];
        let parent = job.new.parent_id.filter(|_| job.new.awaited);
        let Some(parent) = parent.and_then(|id| self.jobs.get_mut(&id)) else {
            return;
        };
        if parent.children_left == 0 {
            return;
        }
        parent.children_left -= 1;
        if parent.state == "running" && !parent.held() && parent.children_left == 0 {
            parent.state = "succeeded";
            parent.progress = 100;
            parent.finished_at = Some(now);
            if parent.new.unique_scope == Some(Scope::Living) {
                parent.key = None;
            }
            let id = parent.new.id;
            self.has_ended(id, now);
        }
    }

    fn finish(&mut self, ended: &[Ended]) -> BTreeSet<Uuid> {
        let mut finished = BTreeSet::new();
        for end in ended {
            let Some(job) = self.jobs.get_mut(&end.id) else {
                continue;
            };
            if !job.held() || job.fence != end.fence {
                continue;
            }
            finished.insert(end.id);
            job.worker = None;
            job.attempts += end.failed;
            job.error.clone_from(&end.error);
            if end.result.is_some() {
                job.result.clone_from(&end.result);
            }
            job.run_at = end.run_at.unwrap_or(job.run_at);
            let mut over = true;
            match end.state {
                EndState::Succeeded if job.children_left > 0 => over = false,
                EndState::Succeeded => {
                    job.state = "succeeded";
                    job.progress = 100;
                    if job.new.unique_scope == Some(Scope::Living) {
                        job.key = None;
                    }
                }
                EndState::Dead | EndState::Cancelled => {
                    job.state = if end.state == EndState::Dead {
                        "dead"
                    } else {
                        "cancelled"
                    };
                    job.key = None;
                }
                EndState::Retrying => (job.state, over) = ("retrying", false),
                EndState::Ready => (job.state, over) = ("ready", false),
            }
            if over {
                job.finished_at = Some(end.now);
                self.has_ended(end.id, end.now);
            }
            if end.failed > 0 {
                let error = end.error.as_ref().unwrap();
                let (started, ended) = (end.started_at, end.now);
                let attempt = attempt(end.id, end.fence, "failed", started, ended, Some(error));
                self.attempts.insert((end.id, end.fence), attempt);
            }
        }
        finished
    }

    fn of_worker(&self, worker: Uuid) -> Vec<Uuid> {
        let held = self.jobs.values();
        let held = held.filter(|job| job.worker == Some(worker));
        held.map(|job| job.new.id).collect()
    }

    fn reclaim(&mut self, worker: Uuid, now: i64) -> u64 {
        let held = self.of_worker(worker);
        for id in &held {
            let Some(job) = self.jobs.get_mut(id) else {
                continue;
            };
            let started = job.started_at.unwrap();
            let died = attempt(*id, job.fence, "died", started, now, None);
            self.attempts.insert((*id, job.fence), died);
            job.worker = None;
            job.fence += 1;
            job.deaths += 1;
            let given_up = job.deaths >= DEATHS;
            if job.cancelling {
                job.state = "cancelled";
            } else if given_up {
                job.state = "dead";
                job.error = Some(worker_died());
            } else {
                job.state = "ready";
            }
            if job.cancelling || given_up {
                job.key = None;
                job.finished_at = Some(now);
                self.has_ended(*id, now);
            }
        }
        held.len() as u64
    }

    fn hand_back(&mut self, worker: Uuid, kept: &[Uuid], now: i64) -> u64 {
        let mut held = self.of_worker(worker);
        held.retain(|id| !kept.contains(id));
        for id in &held {
            let Some(job) = self.jobs.get_mut(id) else {
                continue;
            };
            job.worker = None;
            job.fence += 1;
            if job.cancelling {
                job.state = "cancelled";
                job.finished_at = Some(now);
                job.key = None;
                self.has_ended(*id, now);
            } else {
                job.state = "ready";
            }
        }
        held.len() as u64
    }

    fn sweep(&mut self, kind: &str, state: &str, before: Uuid, limit: usize) -> u64 {
        let old: Vec<Uuid> = self
            .jobs
            .values()
            .filter(|job| job.new.kind == kind && job.state == state && job.new.id < before)
            .map(|job| job.new.id)
            .take(limit)
            .collect();
        self.jobs.retain(|id, _| !old.contains(id));
        self.attempts.retain(|(id, _), _| !old.contains(id));
        old.len() as u64
    }

    fn report(&mut self, report: &Report) {
        let Some(job) = self.jobs.get_mut(&report.id) else {
            return;
        };
        if job.held() && job.fence == report.fence {
            job.progress = report.progress;
            if report.message.is_some() {
                job.message.clone_from(&report.message);
            }
        }
    }

    fn counts(&self) -> Vec<queue::Count> {
        let mut counts = BTreeMap::<(&str, &str, &str), i64>::new();
        for job in self.jobs.values() {
            let key = (job.new.queue, job.new.kind, job.state);
            *counts.entry(key).or_default() += 1;
        }
        counts
            .into_iter()
            .map(|((queue, kind, state), jobs)| queue::Count {
                queue: queue.to_owned(),
                kind: kind.to_owned(),
                state: state.to_owned(),
                jobs,
            })
            .collect()
    }

    /// As `work::everything` gives it.
    fn text(&self) -> Vec<String> {
        let jobs = self.jobs.values().map(Known::text);
        jobs.chain(self.attempts.values().cloned()).collect()
    }
}

/// As `attempts_query` gives it.
fn attempt(
    job: Uuid,
    fence: i64,
    outcome: &str,
    started: i64,
    ended: i64,
    error: Option<&Value>,
) -> String {
    let error = error.map_or_else(|| "-".to_owned(), Value::to_string);
    let error = error.replace(' ', "");
    let job = job.simple();
    format!(
        "job_id={job} fence={fence} outcome={outcome} started_at={started} ended_at={ended} error={error}"
    )
}

/// A sequence of operations, done to a database and to the model.
struct Sequence<'a> {
    engine: &'a Engine,
    db: Db,
    side: Side,
    model: Model,
    random: Random,
    now: i64,
    /// Of the next job.
    number: u128,
    /// Every claim there ever was: old ones come back too late.
    claims: Vec<ClaimedJob>,
    jobs_query: String,
    attempts_query: String,
}

impl<'a> Sequence<'a> {
    async fn start(engine: &'a Engine, seed: u64) -> Self {
        Self {
            engine,
            db: engine.open().await,
            side: Side::open(engine).await,
            model: Model::default(),
            random: Random(seed),
            now: NOW,
            number: 1,
            claims: Vec::new(),
            jobs_query: jobs_query(engine),
            attempts_query: attempts_query(engine),
        }
    }

    fn new_job(&mut self) -> NewJob {
        let number = self.number;
        self.number += 1;
        let random = &mut self.random;
        let scopes = [Scope::Waiting, Scope::Living, Scope::Kept];
        let key = format!("key {}", random.below(5));
        let mut new = match random.below(3) {
            0 => new_job(number),
            _ => keyed(number, &key, random.pick(&scopes)),
        };
        if new.unique_scope == Some(Scope::Kept) && random.one_in(2) {
            new.unique_until = Some(self.now + random.below(5) as i64 * SECOND);
        }
        NewJob {
            queue: random.pick(&QUEUES),
            kind: random.pick(&KINDS),
            priority: random.below(3) as i64,
            run_at: self.now + random.pick(&[0, 0, 0, -SECOND, SECOND, 3 * SECOND]),
            now: self.now,
            ..new
        }
    }

    fn worker(&mut self) -> Uuid {
        worker_id(self.random.below(WORKERS).into())
    }

    /// Claims to say something of: mostly those that hold their jobs, some late, some made up.
    fn runs(&mut self, most: u64) -> Vec<ClaimedJob> {
        let mut runs: Vec<ClaimedJob> = Vec::new();
        for _ in 0..=self.random.below(most) {
            if self.claims.is_empty() {
                break;
            }
            let current = |claim: &&ClaimedJob| {
                let job = self.model.jobs.get(&claim.id);
                job.is_some_and(|job| job.held() && job.fence == claim.fence)
            };
            let held: Vec<ClaimedJob> = self.claims.iter().filter(current).cloned().collect();
            let mut run = if held.is_empty() || self.random.one_in(4) {
                self.random.pick(&self.claims)
            } else {
                self.random.pick(&held)
            };
            if self.random.one_in(10) {
                run.fence += 1;
            }
            // An engine says one thing of a run; and a child's end is never in the same statement as
            // its parent's, without which there is no child.
            let related = |other: &ClaimedJob| {
                let parent = |id| self.model.jobs.get(&id).and_then(|job| job.new.parent_id);
                other.id == run.id
                    || parent(other.id) == Some(run.id)
                    || parent(run.id) == Some(other.id)
            };
            if !runs.iter().any(related) {
                runs.push(run);
            }
        }
        runs
    }

    fn end_of(&mut self, run: &ClaimedJob) -> Ended {
        let state = self.random.pick(&[
            EndState::Succeeded,
            EndState::Succeeded,
            EndState::Retrying,
            EndState::Dead,
            EndState::Cancelled,
            EndState::Ready,
        ]);
        let delay = self.random.below(4) as i64 * SECOND;
        Ended {
            run_at: (state == EndState::Retrying).then_some(self.now + delay),
            now: self.now,
            ..ended(run, state)
        }
    }

    async fn enqueue(&mut self) {
        let count = 1 + self.random.below(4);
        let mut new: Vec<NewJob> = (0..count).map(|_| self.new_job()).collect();
        for job in &mut new {
            // Some are claimed as they come.
            let may = job.run_at <= job.now && job.unique_scope != Some(Scope::Waiting);
            job.worker_id = (may && self.random.one_in(3)).then(|| self.worker());
        }
        let mut tx = self.db.write().await.unwrap();
        let ids = job::enqueue(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids, self.model.enqueue(&new), "enqueued");
        let claimed = new.into_iter().zip(ids);
        let claimed = claimed.filter(|(new, id)| new.worker_id.is_some() && new.id == *id);
        self.claims.extend(claimed.map(|(new, _)| new.into()));
    }

    async fn claim(&mut self) {
        let queue = self.random.pick(&QUEUES);
        let worker = self.worker();
        let limit = 1 + self.random.below(4);
        let mut tx = self.db.write().await.unwrap();
        let wanted = [(queue, limit as i64)];
        let claimed = job::claim(&mut tx, &wanted, worker, self.now).await;
        let claimed = claimed.unwrap();
        tx.commit().await.unwrap();
        let expected = self.model.claim(queue, worker, self.now, limit as usize);
        let told: Vec<_> = claimed.iter().map(|job| (job.id, job.fence)).collect();
        assert_eq!(told, expected, "claimed");
        self.claims.extend(claimed);
    }

    async fn finish(&mut self) {
        let runs = self.runs(4);
        let ended: Vec<Ended> = runs.iter().map(|run| self.end_of(run)).collect();
        let tokens: Vec<_> = runs.iter().map(|run| (run.id, run.fence)).collect();
        let mut tx = self.db.write().await.unwrap();
        let held = job::held(&mut tx, &tokens).await.unwrap();
        job::finish(&mut tx, &ended).await.unwrap();
        let left = job::held(&mut tx, &tokens).await.unwrap();
        tx.commit().await.unwrap();
        let expected = self.model.finish(&ended);
        assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), expected, "held");
        assert!(left.is_empty(), "finished");
    }

    /// A run enqueues children that it waits for; mostly it succeeds by that.
    async fn beget(&mut self) {
        let held = |claim: &&ClaimedJob| {
            let job = self.model.jobs.get(&claim.id);
            job.is_some_and(|job| job.held() && job.fence == claim.fence)
        };
        let held: Vec<ClaimedJob> = self.claims.iter().filter(held).cloned().collect();
        if held.is_empty() {
            return;
        }
        let parent = self.random.pick(&held);
        let children: Vec<NewJob> = (0..=self.random.below(3))
            .map(|_| NewJob {
                parent_id: Some(parent.id),
                awaited: true,
                ..self.new_job()
            })
            .collect();
        let end = Ended {
            now: self.now,
            ..ended(&parent, EndState::Succeeded)
        };
        let ends = !self.random.one_in(4);
        let mut tx = self.db.write().await.unwrap();
        let ids = job::enqueue(&mut tx, &children).await.unwrap();
        let fresh = ids.iter().zip(&children).filter(|(id, new)| **id == new.id);
        let fresh = fresh.count() as i64;
        let held = job::await_children(&mut tx, parent.id, parent.fence, fresh);
        assert!(held.await.unwrap());
        if ends {
            let end = std::slice::from_ref(&end);
            job::finish(&mut tx, end).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(ids, self.model.enqueue(&children), "children");
        if let Some(parent) = self.model.jobs.get_mut(&parent.id) {
            parent.children_left += fresh;
        }
        if ends {
            self.model.finish(&[end]);
        }
    }

    async fn report(&mut self) {
        let reports: Vec<Report> = self
            .runs(3)
            .iter()
            .map(|run| Report {
                id: run.id,
                fence: run.fence,
                progress: self.random.below(101) as i64,
                message: self.random.one_in(2).then(|| "reading".to_owned()),
            })
            .collect();
        let mut tx = self.db.write().await.unwrap();
        job::report(&mut tx, &reports).await.unwrap();
        tx.commit().await.unwrap();
        for report in &reports {
            self.model.report(report);
        }
    }

    async fn ask_to_cancel(&mut self) {
        let worker = self.worker();
        let held = self.model.of_worker(worker);
        if !held.is_empty() {
            let id = self.random.pick(&held);
            let key = literal(self.engine, id);
            let set = format!("UPDATE job SET cancelling = TRUE WHERE id = {key}");
            self.side.rows(&set).await;
            self.model.jobs.get_mut(&id).unwrap().cancelling = true;
        }
        let mut tx = self.db.read().await.unwrap();
        let told = job::cancelling(&mut tx, worker).await.unwrap();
        drop(tx);
        let cancelling = |id: &Uuid| self.model.jobs[id].cancelling;
        let expected: BTreeSet<_> = held.into_iter().filter(cancelling).collect();
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected);
    }

    async fn lose_a_worker(&mut self, dies: bool) {
        let worker = self.worker();
        let mut tx = self.db.write().await.unwrap();
        let (done, expected) = if dies {
            let error = worker_died();
            let done = job::reclaim(&mut tx, worker, DEATHS, self.now, &error).await;
            (done, self.model.reclaim(worker, self.now))
        } else {
            // Half of them are known to run and go on.
            let mut kept = self.model.of_worker(worker);
            kept.retain(|_| self.random.one_in(2));
            let done = job::hand_back(&mut tx, worker, &kept, self.now).await;
            (done, self.model.hand_back(worker, &kept, self.now))
        };
        assert_eq!(done.unwrap(), expected);
        tx.commit().await.unwrap();
    }

    async fn promote(&mut self) {
        let mut tx = self.db.write().await.unwrap();
        let promoted = job::promote(&mut tx, self.now).await.unwrap();
        let due = job::next_due(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(promoted, self.model.promote(self.now));
        assert_eq!(due, self.model.next_due());
    }

    async fn sweep(&mut self) {
        let kind = self.random.pick(&KINDS);
        let state = self.random.pick(&["succeeded", "dead", "cancelled"]);
        let before = id(u128::from(self.random.below(self.number as u64 + 1)));
        let limit = 1 + self.random.below(3);
        let mut tx = self.db.write().await.unwrap();
        let swept = job::sweep(&mut tx, kind, state, before, limit as i64).await;
        tx.commit().await.unwrap();
        let expected = self.model.sweep(kind, state, before, limit as usize);
        assert_eq!(swept.unwrap(), expected, "swept");
    }

    /// Does something; gives what it was.
    async fn step(&mut self) -> &'static str {
        match self.random.below(100) {
            0..20 => (self.enqueue().await, "enqueue").1,
            20..44 => (self.claim().await, "claim").1,
            44..64 => (self.finish().await, "finish").1,
            64..71 => (self.beget().await, "beget").1,
            71..75 => (self.report().await, "report").1,
            75..79 => (self.ask_to_cancel().await, "to be cancelled").1,
            79..82 => (self.lose_a_worker(true).await, "a worker dies").1,
            82..84 => (self.lose_a_worker(false).await, "a worker stops").1,
            84..92 => {
                // Mostly on, now and then back.
                self.now += self.random.pick(&[SECOND, SECOND, 2 * SECOND, -3 * SECOND]);
                (self.promote().await, "promote").1
            }
            92..96 => (self.sweep().await, "sweep").1,
            _ => {
                let mut tx = self.db.write().await.unwrap();
                queue::fold_counts(&mut tx).await.unwrap();
                tx.commit().await.unwrap();
                "fold"
            }
        }
    }

    /// What there is, which must be what the model has.
    async fn look(&mut self) -> Vec<String> {
        let mut found = self.side.rows(&self.jobs_query).await;
        found.extend(self.side.rows(&self.attempts_query).await);
        let expected = self.model.text();
        // The spaces of JSON are each engine's own.
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.replace(' ', ""), expected.replace(' ', ""));
        }
        assert_eq!(found.len(), expected.len());
        let mut tx = self.db.read().await.unwrap();
        assert_eq!(
            queue::counts(&mut tx).await.unwrap(),
            self.model.counts(),
            "counts"
        );
        found
    }
}

/// Says where a sequence was when a test ended in it.
struct At {
    engine: &'static str,
    seed: u64,
    step: usize,
    last: &'static str,
}

impl Drop for At {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self {
                engine,
                seed,
                step,
                last,
            } = self;
            eprintln!("{engine}: seed {seed} failed at operation {step}, after {last}");
        }
    }
}

/// Does a sequence, and gives what there was after each operation.
async fn play(engine: Engine, name: &'static str, seed: u64, steps: usize) -> Vec<Vec<String>> {
    let mut at = At {
        engine: name,
        seed,
        step: 0,
        last: "the start",
    };
    let mut sequence = Sequence::start(&engine, seed).await;
    let mut seen = Vec::with_capacity(steps);
    for step in 0..steps {
        at.step = step;
        at.last = "a step that failed";
        at.last = sequence.step().await;
        seen.push(sequence.look().await);
    }
    let states: BTreeSet<_> = seen
        .iter()
        .flatten()
        .filter_map(|row| row.split("state=").nth(1)?.split(' ').next())
        .collect();
    assert_eq!(states.len(), 7, "every state was reached: {states:?}");
    sequence.db.close().await;
    drop(sequence);
    engine.remove().await;
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_does_what_the_model_does() {
    let mut sequences = tokio::task::JoinSet::new();
    for seed in 1..=24 {
        sequences.spawn(play(Engine::sqlite().await, "SQLite", seed, 300));
    }
    while let Some(played) = sequences.join_next().await {
        assert_eq!(played.unwrap().len(), 300);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_does_what_the_model_and_sqlite_do() {
    for seed in 1..=5 {
        let Some(postgres) = Engine::postgres().await else {
            return;
        };
        let other = play(postgres, "PostgreSQL", seed, 150).await;
        let one = play(Engine::sqlite().await, "SQLite", seed, 150).await;
        for (step, (one, other)) in one.iter().zip(&other).enumerate() {
            assert_eq!(one, other, "seed {seed}, operation {step}");
        }
    }
}
