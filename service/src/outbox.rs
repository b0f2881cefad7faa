//! The relay: it delivers what has happened to everybody whom it concerns.
//!
//! One task an institution in each process that runs jobs. A commit that appended an event wakes it;
//! for a wake-up that got lost it also looks by itself. Of several processes one delivers at a time.
//! What has gathered meanwhile is delivered together, by a handful of statements.
//!
//! What must stay true: an event is delivered at least once, and has one effect on each consumer
//! however often that is; the events of an aggregate come in their order; one that fails holds back
//! those after it, for a time that is bounded, and nobody else's.

use crate::ctx::{Ctx, Institution, Service};
use crate::notify::Notices;
use crate::{Error, Result};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent, redelivered_in};
use domain::problem::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
pub use storage::outbox::Consumer;
use storage::outbox::{self, Event, Failure};
use storage::{Db, Tx};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

/// How often the relay looks without having been woken: for a wake-up that got lost, and for what is to
/// be delivered again.
const POLL: Duration = Duration::from_millis(500);
/// How long it gathers at most what comes on the heels of what it has delivered: under load it writes
/// twenty times a second, and not once for each order.
const GATHER: Duration = Duration::from_millis(50);
/// How long it waits before it tries an unreachable database again.
const PAUSE: Duration = Duration::from_millis(200);
/// About the most that one transaction delivers to each consumer: a bound to how long others wait.
const BATCH: i64 = 500;
/// How many dead letters a page of a list may hold.
pub const PAGE_MOST: i64 = 100;
/// Up to how many dead letters are counted.
pub const COUNTED_MOST: i64 = 1000;
/// The gauge of how long the oldest event has waited, in seconds.
const OLDEST: &str = "outbox_oldest_seconds";

/// Who may look at dead letters.
const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];
/// Who may have them delivered again.
const CHANGERS: [Role; 1] = [Role::Admin];

/// Somebody who gets events.
pub trait Receiver: Send + Sync {
    /// Which consumer it is.
    fn consumer(&self) -> Consumer;

    /// Whether it can take an event.
    ///
    /// # Errors
    /// Why it can't: the event's delivery has failed, and nothing of it is written.
    fn check(&self, event: &Event) -> std::result::Result<(), Problem>;

    /// Takes events in this order, at this moment, in the transaction that notes that it had them. One
    /// that it had before has no effect.
    fn deliver<'run>(
        &'run self,
        tx: &'run mut Tx,
        events: &'run [Uuid],
        now: i64,
    ) -> BoxFuture<'run, Result<()>>;
}

/// Those who follow, in this process and others.
#[derive(Debug, Clone, Copy)]
pub struct Followers;

impl Receiver for Followers {
    fn consumer(&self) -> Consumer {
        Consumer::Live
    }

    fn check(&self, _: &Event) -> std::result::Result<(), Problem> {
        Ok(())
    }

    fn deliver<'run>(
        &'run self,
        tx: &'run mut Tx,
        events: &'run [Uuid],
        _: i64,
    ) -> BoxFuture<'run, Result<()>> {
        async move { Ok(storage::live::deliver(tx, events).await?) }.boxed()
    }
}

/// The members' inboxes.
#[derive(Debug, Clone, Copy)]
pub struct Inboxes;

impl Receiver for Inboxes {
    fn consumer(&self) -> Consumer {
        Consumer::Inbox
    }

    /// A message that nobody could read is no message.
    fn check(&self, event: &Event) -> std::result::Result<(), Problem> {
        match serde_json::from_value::<EventPayload>(event.payload.0.clone()) {
            Ok(payload)
                if payload.order_id.is_some() && OrderEvent::from_key(&event.kind).is_some() =>
            {
                Ok(())
            }
            Ok(_) | Err(_) => Err(Problem::Malformed),
        }
    }

    fn deliver<'run>(
        &'run self,
        tx: &'run mut Tx,
        events: &'run [Uuid],
        now: i64,
    ) -> BoxFuture<'run, Result<()>> {
        async move { Ok(storage::inbox::deliver(tx, events, now).await?) }.boxed()
    }
}

/// Delivers the events of an institution.
pub struct Relay {
    service: Arc<Service>,
    institution: Arc<Institution>,
    receivers: Vec<Box<dyn Receiver>>,
}

impl Relay {
    /// To everybody who gets events.
    #[must_use]
    pub fn new(service: &Arc<Service>, institution: &Arc<Institution>) -> Self {
        Self::to(
            service,
            institution,
            vec![
                Box::new(Followers),
                Box::new(Inboxes),
                Box::new(Notices::new(service, institution)),
            ],
        )
    }

    /// To these alone.
    #[must_use]
    pub fn to(
        service: &Arc<Service>,
        institution: &Arc<Institution>,
        receivers: Vec<Box<dyn Receiver>>,
    ) -> Self {
        Self {
            service: Arc::clone(service),
            institution: institution.clone(),
            receivers,
        }
    }

    fn db(&self) -> &Db {
        &self.institution.db
    }

    /// Delivers until told to stop.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let begun = Instant::now();
            let pause = match self.pass().await {
                Ok(true) => continue,
                Ok(false) => GATHER,
                Err(error) => {
                    tracing::warn!(%error, "events could not be delivered");
                    PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.db().events().woken() => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
            tokio::time::sleep_until(begun + pause).await;
        }
    }

    /// Delivers what is due; says whether there may be more.
    ///
    /// # Errors
    /// Where the database is unavailable.
    pub async fn pass(&self) -> Result<bool> {
        match self.together().await {
            Err(error) if !error.is_passing() => {
                tracing::warn!(%error, "events are delivered one by one");
                self.one_by_one().await
            }
            passed => passed,
        }
    }

    /// To everybody, in one transaction.
    async fn together(&self) -> Result<bool> {
        let mut tx = self.db().write().await?;
        match self.attempt(&mut tx).await {
            Ok((more, outcomes)) => {
                tx.commit().await?;
                outcomes.iter().for_each(Outcome::tell);
                Ok(more)
            }
            Err(error) => Err(given_up(tx, error).await),
        }
    }

    async fn attempt(&self, tx: &mut Tx) -> Result<(bool, Vec<Outcome>)> {
        // Another process is at it, and will look again before it stops.
        if !outbox::lock(tx).await? {
            return Ok((false, Vec::new()));
        }
        let now = self.service.now();
        let mut more = false;
        let mut outcomes = Vec::with_capacity(self.receivers.len());
        let mut asked = Vec::with_capacity(self.receivers.len());
        for receiver in &self.receivers {
            asked.push(outbox::ask_due(tx, receiver.consumer(), now, BATCH).await?);
        }
        for (receiver, due) in self.receivers.iter().zip(asked) {
            let due = due.answer(tx).await?;
            let outcome = deliver(tx, receiver.as_ref(), &due, now).await?;
            more |= due.len() as i64 >= BATCH || outcome.gave_up();
            outcomes.push(outcome);
        }
        Ok((more, outcomes))
    }

    /// Something cannot be written: each event is tried by itself, so that the others can.
    async fn one_by_one(&self) -> Result<bool> {
        let now = self.service.now();
        let mut more = false;
        for receiver in &self.receivers {
            let consumer = receiver.consumer();
            let due = outbox::due(&mut self.db().read().await?, consumer, now, BATCH).await?;
            let mut held = HashSet::new();
            for event in &due {
                if held.contains(event.aggregate.as_str()) {
                    continue;
                }
                let Some(outcome) = self.alone(receiver.as_ref(), event.id, now).await? else {
                    return Ok(false);
                };
                outcome.tell();
                more |= outcome.gave_up();
                if !outcome.failed.is_empty() {
                    held.insert(event.aggregate.as_str());
                }
            }
        }
        Ok(more)
    }

    /// Delivers one event, where it is still due, and gives what came of it; nothing where another process
    /// delivers.
    async fn alone(
        &self,
        receiver: &dyn Receiver,
        event: Uuid,
        now: i64,
    ) -> Result<Option<Outcome>> {
        let consumer = receiver.consumer();
        let mut tx = self.db().write().await?;
        if !outbox::lock(&mut tx).await? {
            return Ok(None);
        }
        // Another process may have had it since it was found.
        let Some(due) = outbox::still_due(&mut tx, consumer, event, now).await? else {
            tx.rollback().await?;
            return Ok(Some(Outcome::nothing(consumer)));
        };
        let delivered = deliver(&mut tx, receiver, std::slice::from_ref(&due), now).await;
        let error = match delivered {
            Ok(outcome) => match tx.commit().await {
                Ok(()) => return Ok(Some(outcome)),
                Err(error) => Error::from(error),
            },
            Err(error) => given_up(tx, error).await,
        };
        if error.is_passing() {
            return Err(error);
        }
        let problem = Problem::from(error);
        let mut tx = self.db().write().await?;
        if !outbox::lock(&mut tx).await? {
            return Ok(None);
        }
        let Some(due) = outbox::still_due(&mut tx, consumer, event, now).await? else {
            tx.rollback().await?;
            return Ok(Some(Outcome::nothing(consumer)));
        };
        let outcome = Outcome {
            failed: vec![Failed::new(&due, &problem, now)],
            ..Outcome::nothing(consumer)
        };
        outcome.write_failures(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Some(outcome))
    }
}

/// A delivery that has failed, with what is said of it.
struct Failed {
    failure: Failure,
    request_id: String,
    kind: String,
    code: &'static str,
}

impl Failed {
    /// What becomes of an event whose delivery has failed.
    fn new(event: &Event, problem: &Problem, now: i64) -> Self {
        let attempts = event.failures + 1;
        Self {
            failure: Failure {
                event_id: event.id,
                attempts,
                next_at: redelivered_in(attempts).map(|seconds| now + seconds * 1_000_000),
                // A problem has strings, integers and lists of them: it always has a JSON form.
                error: serde_json::to_string(problem).unwrap_or_default(),
            },
            request_id: event.request_id.clone(),
            kind: event.kind.clone(),
            code: problem.code(),
        }
    }

    const fn is_given_up(&self) -> bool {
        self.failure.next_at.is_none()
    }
}

/// What came of delivering to a consumer.
struct Outcome {
    consumer: Consumer,
    delivered: u64,
    failed: Vec<Failed>,
}

impl Outcome {
    const fn nothing(consumer: Consumer) -> Self {
        Self {
            consumer,
            delivered: 0,
            failed: Vec::new(),
        }
    }

    /// Whether there may be more to deliver: what was given up holds nothing back any more.
    fn gave_up(&self) -> bool {
        self.failed.iter().any(Failed::is_given_up)
    }

    async fn write_failures(&self, tx: &mut Tx, now: i64) -> Result<()> {
        let failures: Vec<Failure> = self.failed.iter().map(|one| one.failure.clone()).collect();
        Ok(outbox::fail(tx, self.consumer, &failures, now).await?)
    }

    /// Counts it and writes it into the log, once it is so: a transaction may still fail.
    fn tell(&self) {
        let consumer = self.consumer.key();
        if self.delivered > 0 {
            metrics::counter!("outbox_events_delivered_total", "consumer" => consumer)
                .increment(self.delivered);
        }
        for failed in &self.failed {
            tracing::warn!(
                consumer,
                event_id = %failed.failure.event_id,
                request_id = %failed.request_id,
                kind = %failed.kind,
                code = failed.code,
                attempts = failed.failure.attempts,
                given_up = failed.is_given_up(),
                "an event was not delivered"
            );
            if failed.is_given_up() {
                metrics::counter!("outbox_dead_events_total", "consumer" => consumer).increment(1);
            }
        }
    }
}

/// Ends a transaction that failed, before another one is begun: what it had locked is free then.
async fn given_up(tx: Tx, error: Error) -> Error {
    // Where it can't be said, the connection is gone, and with it the transaction.
    let _ = tx.rollback().await;
    error
}

/// Delivers events, but for those that the receiver can't take and those after them.
async fn deliver(tx: &mut Tx, receiver: &dyn Receiver, due: &[Event], now: i64) -> Result<Outcome> {
    let consumer = receiver.consumer();
    let mut held = HashSet::new();
    let mut taken = Vec::new();
    let mut failed = Vec::new();
    for event in due {
        if held.contains(event.aggregate.as_str()) {
            continue;
        }
        match receiver.check(event) {
            Ok(()) => taken.push(event),
            Err(problem) => {
                held.insert(event.aggregate.as_str());
                failed.push(Failed::new(event, &problem, now));
            }
        }
    }
    if !taken.is_empty() {
        let ids: Vec<Uuid> = taken.iter().map(|event| event.id).collect();
        receiver.deliver(tx, &ids, now).await?;
        outbox::settle(tx, consumer, &taken, now).await?;
    }
    let outcome = Outcome {
        consumer,
        delivered: taken.len() as u64,
        failed,
    };
    if !outcome.failed.is_empty() {
        outcome.write_failures(tx, now).await?;
    }
    Ok(outcome)
}

/// How often it is measured how far delivery is behind.
const MEASURE: Duration = Duration::from_secs(15);

/// Measures until told to stop how long the oldest event has waited that nothing holds back. Apart from the
/// relay, so that it shows when that stands still.
pub(crate) async fn measure(
    service: Arc<Service>,
    institution: Arc<Institution>,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        match waited(&service, &institution.db).await {
            Ok(seconds) => {
                metrics::gauge!(OLDEST, "institution" => institution.slug.to_string())
                    .set(seconds as f64);
            }
            Err(error) => tracing::warn!(%error, "how far delivery is behind can't be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(MEASURE) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// For how many seconds the oldest event has waited that nothing holds back.
async fn waited(service: &Service, db: &Db) -> Result<i64> {
    let oldest = outbox::oldest(&mut db.read().await?).await?;
    Ok(oldest.map_or(0, |at| (service.now() - at).max(0) / 1_000_000))
}

/// Which dead letter; in addresses `<event>.INBOX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadEventId {
    /// The event.
    pub event: Uuid,
    /// Who did not get it.
    pub consumer: Consumer,
}

impl std::fmt::Display for DeadEventId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.event, self.consumer.key())
    }
}

impl std::str::FromStr for DeadEventId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('.').and_then(|(event, consumer)| {
            Some(Self {
                event: event.parse().ok()?,
                consumer: Consumer::from_key(consumer)?,
            })
        });
        parts.ok_or(Error::Problem(Problem::NotFound))
    }
}

/// An event that was given up. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEvent {
    /// Which, and who did not get it.
    pub id: DeadEventId,
    /// What has happened, by its key.
    pub kind: String,
    /// What it happened to: `order:<id>`.
    pub aggregate: String,
    /// The e-mail address of whom it is for.
    pub owner: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed.
    pub problem: Problem,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened.
    pub at: i64,
    /// When it failed last.
    pub failed_at: i64,
}

/// A page of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPage {
    /// Newest first.
    pub items: Vec<DeadEvent>,
    /// Where the next page begins, where there is one.
    pub next: Option<DeadEventId>,
    /// How many there are; at most [`COUNTED_MOST`] are counted.
    pub count: i64,
}

fn dead_event(row: outbox::DeadEvent) -> Result<DeadEvent> {
    let consumer = Consumer::from_key(&row.consumer)
        .ok_or_else(|| Error::Internal(format!("no consumer is called {}", row.consumer)))?;
    Ok(DeadEvent {
        id: DeadEventId {
            event: row.event_id,
            consumer,
        },
        kind: row.kind,
        aggregate: row.aggregate,
        owner: row.owner,
        attempts: row.attempts,
        problem: serde_json::from_str(&row.error).unwrap_or(Problem::Internal),
        request_id: row.request_id,
        at: row.at,
        failed_at: row.failed_at,
    })
}

/// Events that were given up, newest first, after the one where the last page ended. For administrators
/// and operators.
///
/// # Errors
/// [`Problem::Unauthenticated`] and [`Problem::Forbidden`] for everybody else;
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100.
pub async fn dead(ctx: &Ctx, after: Option<DeadEventId>, limit: i64) -> Result<DeadPage> {
    ctx.allow(&VIEWERS)?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    // One more than asked for tells whether there is a next page.
    let after = after.map(|id| (id.event, id.consumer));
    let mut rows = outbox::dead(&mut tx, after, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let items: Vec<DeadEvent> = rows.into_iter().map(dead_event).collect::<Result<_>>()?;
    let last = items.last().map(|item| item.id);
    Ok(DeadPage {
        next: last.filter(|_| more),
        count: outbox::count_dead(&mut tx, COUNTED_MOST).await?,
        items,
    })
}

/// Has an event that was given up delivered anew, as if it had never failed. For administrators.
///
/// # Errors
/// [`Problem::Unauthenticated`] and [`Problem::Forbidden`] for everybody else; [`Problem::NotFound`]
/// where there is no such dead letter, as when somebody else had it delivered.
pub async fn repeat(ctx: &Ctx, id: DeadEventId) -> Result<()> {
    ctx.allow(&CHANGERS)?;
    let mut tx = ctx.write().await?;
    if !outbox::repeat(&mut tx, id.event, id.consumer).await? {
        return Err(Problem::NotFound.into());
    }
    let told = |dead: bool| json!({ "dead": dead });
    let subject = format!("event:{id}");
    ctx.audit_change(
        &mut tx,
        ("event.repeat", &subject),
        &told(true),
        &told(false),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Whether whoever asks may have dead letters delivered again, so that pages show buttons only to them.
#[must_use]
pub fn may_repeat(ctx: &Ctx) -> bool {
    ctx.allow(&CHANGERS).is_ok()
}
