//! Liveness: what happens reaches those who follow it, in its order and without a gap.
//!
//! One task an institution in each process reads what the relay has numbered and hands it to everybody
//! here whom it concerns. Each of them has a buffer of a stated size; who does not take what is in it
//! is let go, and asks again for what came after the last that they had. While nobody follows, nothing
//! is read.

use crate::ctx::{Actor, Ctx};
use crate::{Error, Result};
use domain::account::Role;
use domain::event::EventPayload;
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use storage::Db;
use storage::live::{self, Ends, LiveEvent};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// How often it is looked without having been woken: for a wake-up that got lost.
const POLL: Duration = Duration::from_millis(500);
/// How many events are read at once.
const PAGE: i64 = 250;
/// How many events wait for one who follows before they are let go. More than a page, so that whoever
/// takes them as they come has room for one.
const BUFFER: usize = 1024;
/// How many may want to follow at the same moment; others wait.
const JOINS: usize = 64;
/// How many of one account may follow at once here: a few browsers with a few pages each.
pub const FOLLOWING_MOST: usize = 12;
/// Seconds until somebody who follows in too many places may try again.
const TRY_AGAIN: i64 = 30;

/// What somebody who follows gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// What is for this account.
    Own(Uuid),
    /// What happens on every campus.
    All,
}

/// An event as it is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its number: those of an institution are numbered without a gap.
    pub sequence: i64,
    /// What has happened, by the key of [`domain::event::OrderEvent`].
    pub kind: String,
    /// What it tells.
    pub payload: EventPayload,
    /// Whom it is for.
    pub account_id: Option<Uuid>,
    /// Where.
    pub campus_id: Option<Uuid>,
    /// When it happened, in microseconds.
    pub at: i64,
}

impl From<LiveEvent> for Followed {
    fn from(event: LiveEvent) -> Self {
        Self {
            sequence: event.sequence,
            kind: event.kind,
            // Whoever follows learns at least that something has happened.
            payload: serde_json::from_value(event.payload.0).unwrap_or_default(),
            account_id: event.account_id,
            campus_id: event.campus_id,
            at: event.at,
        }
    }
}

/// Where somebody begins to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// With what comes after this number.
    After(i64),
    /// With what comes after this number, and not after the one that was asked for: what lies between
    /// is no longer known. Whatever they show has to be read anew.
    Anew(i64),
}

/// What comes next for one who follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This has happened.
    Event(Arc<Followed>),
    /// They did not take what was in their buffer, or what they missed is no longer known: they are let go,
    /// and ask again.
    Behind,
    /// The process stops.
    Closing,
}

type Sender = mpsc::Sender<Arc<Followed>>;

/// Somebody who wants to follow.
struct Join {
    scope: Scope,
    reply: oneshot::Sender<Result<Joined>>,
}

/// What they get.
struct Joined {
    news: mpsc::Receiver<Arc<Followed>>,
    /// Everything after this number will be among the news.
    from: i64,
    ends: Ends,
}

/// How many follow here.
#[derive(Debug)]
struct Seats {
    taken: Mutex<HashMap<Uuid, usize>>,
    number: watch::Sender<usize>,
    closing: watch::Sender<bool>,
}

impl Seats {
    fn taken(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one who follows, until it is dropped.
#[derive(Debug)]
struct Seat {
    seats: Arc<Seats>,
    account: Uuid,
}

impl Seat {
    fn take(seats: &Arc<Seats>, account: Uuid) -> Result<Self> {
        let mut taken = seats.taken();
        let of_account = taken.entry(account).or_default();
        if *of_account >= FOLLOWING_MOST {
            return Err(Problem::RateLimited { after: TRY_AGAIN }.into());
        }
        *of_account += 1;
        drop(taken);
        seats.number.send_modify(|number| *number += 1);
        Ok(Self {
            seats: Arc::clone(seats),
            account,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(of_account) = taken.get_mut(&self.account) {
            *of_account -= 1;
            if *of_account == 0 {
                taken.remove(&self.account);
            }
        }
        drop(taken);
        self.seats.number.send_modify(|number| *number -= 1);
    }
}

/// The way to what happens at an institution.
#[derive(Debug, Clone)]
pub struct Live {
    joins: mpsc::Sender<Join>,
    seats: Arc<Seats>,
}

impl Live {
    /// Starts to hand on what happens. It ends when nobody holds it any more.
    pub(crate) fn start(db: Db) -> Self {
        let (sender, joins) = mpsc::channel(JOINS);
        let reader = Reader {
            db,
            joins,
            position: 0,
            all: Vec::new(),
            own: HashMap::new(),
        };
        tokio::spawn(reader.run());
        let seats = Seats {
            taken: Mutex::default(),
            number: watch::Sender::new(0),
            closing: watch::Sender::new(false),
        };
        Self {
            joins: sender,
            seats: Arc::new(seats),
        }
    }

    /// Lets everybody go who follows here, and nobody follow any more.
    pub(crate) fn close(&self) {
        self.seats.closing.send_replace(true);
    }

    /// Waits until nobody follows here.
    pub async fn left(&self) {
        // The sender lives as long as this.
        let _ = self
            .seats
            .number
            .subscribe()
            .wait_for(|number| *number == 0)
            .await;
    }

    /// How many follow here.
    #[must_use]
    pub fn following(&self) -> usize {
        *self.seats.number.borrow()
    }

    async fn join(&self, scope: Scope) -> Result<Joined> {
        let (reply, answer) = oneshot::channel();
        // It fails only when the process is ending.
        let _ = self.joins.send(Join { scope, reply }).await;
        answer.await.unwrap_or(Err(Problem::Unavailable.into()))
    }
}

/// Hands on what the relay has numbered.
struct Reader {
    db: Db,
    joins: mpsc::Receiver<Join>,
    /// The number up to which those who follow have everything; of no meaning while nobody does.
    position: i64,
    all: Vec<Sender>,
    own: HashMap<Uuid, Vec<Sender>>,
}

impl Reader {
    async fn run(mut self) {
        loop {
            let idle = self.is_idle();
            tokio::select! {
                join = self.joins.recv() => match join {
                    Some(join) => self.admit(join).await,
                    None => return,
                },
                () = self.db.live().woken(), if !idle => self.read().await,
                () = tokio::time::sleep(POLL), if !idle => self.read().await,
            }
        }
    }

    /// Whether nobody follows; those who have gone are forgotten.
    fn is_idle(&mut self) -> bool {
        self.all.retain(|sender| !sender.is_closed());
        self.own.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        self.all.is_empty() && self.own.is_empty()
    }

    async fn admit(&mut self, join: Join) {
        let joined = match self.ends().await {
            Ok(ends) => {
                if self.is_idle() {
                    self.position = ends.last;
                }
                let (sender, news) = mpsc::channel(BUFFER);
                match join.scope {
                    Scope::All => self.all.push(sender),
                    Scope::Own(account) => self.own.entry(account).or_default().push(sender),
                }
                Ok(Joined {
                    news,
                    from: self.position,
                    ends,
                })
            }
            Err(error) => Err(error),
        };
        // Whoever asked may have gone.
        let _ = join.reply.send(joined);
    }

    async fn ends(&self) -> Result<Ends> {
        Ok(live::ends(&mut self.db.read().await?).await?)
    }

    /// Hands on everything new.
    async fn read(&mut self) {
        loop {
            match self.read_page().await {
                Ok(events) if events >= PAGE => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, "what has happened could not be read");
                    return;
                }
            }
        }
    }

    async fn read_page(&mut self) -> Result<i64> {
        let mut tx = self.db.read().await?;
        let events = live::between(&mut tx, self.position, i64::MAX, PAGE).await?;
        drop(tx);
        let number = events.len() as i64;
        for event in events {
            self.position = event.sequence;
            self.hand_on(Arc::new(event.into()));
        }
        Ok(number)
    }

    fn hand_on(&mut self, event: Arc<Followed>) {
        hand_to(&mut self.all, &event);
        if let Some(account) = event.account_id
            && let Some(senders) = self.own.get_mut(&account)
        {
            hand_to(senders, &event);
        }
    }
}

/// Gives an event to each; one whose buffer is full is let go, and learns of it once they have taken
/// what is in it.
fn hand_to(senders: &mut Vec<Sender>, event: &Arc<Followed>) {
    senders.retain(|sender| {
        let taken = sender.try_send(Arc::clone(event));
        if matches!(taken, Err(mpsc::error::TrySendError::Full(_))) {
            metrics::counter!("live_followers_behind_total").increment(1);
        }
        taken.is_ok()
    });
}

/// Somebody who follows.
#[derive(Debug)]
pub struct Following {
    db: Db,
    scope: Scope,
    account: Uuid,
    beginning: Beginning,
    /// The number of the last event that they have had or that does not concern them.
    seen: i64,
    /// Up to this number events come from the database, after it from the news.
    until: i64,
    page: VecDeque<Followed>,
    news: mpsc::Receiver<Arc<Followed>>,
    closing: watch::Receiver<bool>,
    _seat: Seat,
}

impl Following {
    /// Where it begins.
    #[must_use]
    pub const fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// Whether an event is for whoever follows, and not for somebody whom they serve.
    #[must_use]
    pub fn is_own(&self, event: &Followed) -> bool {
        event.account_id == Some(self.account)
    }

    /// Waits for what comes next. It may be dropped while it waits: nothing is lost.
    ///
    /// # Errors
    /// Where the database does.
    pub async fn next(&mut self) -> Result<Next> {
        let mut closing = self.closing.clone();
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => Ok(Next::Closing),
            next = self.next_event() => next,
        }
    }

    async fn next_event(&mut self) -> Result<Next> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.seen = event.sequence;
                return Ok(Next::Event(Arc::new(event)));
            }
            if self.seen >= self.until {
                break;
            }
            let Some(page) = self.missed().await? else {
                return Ok(Next::Behind);
            };
            if page.is_empty() {
                self.seen = self.until;
            }
            self.page = page;
        }
        while let Some(event) = self.news.recv().await {
            if event.sequence > self.seen {
                self.seen = event.sequence;
                return Ok(Next::Event(event));
            }
        }
        Ok(Next::Behind)
    }

    /// What happened while they were away, or before they came in; nothing where some of it has been
    /// forgotten since they did.
    async fn missed(&self) -> Result<Option<VecDeque<Followed>>> {
        let (after, last) = (self.seen, self.until);
        let mut tx = self.db.read().await?;
        if live::ends(&mut tx).await?.first > after + 1 {
            return Ok(None);
        }
        let events = match self.scope {
            Scope::All => live::between(&mut tx, after, last, PAGE).await?,
            Scope::Own(account) => live::between_of(&mut tx, account, after, last, PAGE).await?,
        };
        Ok(Some(events.into_iter().map(Followed::from).collect()))
    }
}

/// How many of somebody's orders are looked at for one that they wait for.
const NEWEST: i64 = 50;

/// Whether whoever asks waits for an order, so that their pages follow what happens to it.
///
/// # Errors
/// Where the database does.
pub async fn waits(ctx: &Ctx) -> Result<bool> {
    let Actor::Account { id, .. } = ctx.actor else {
        return Ok(false);
    };
    Ok(live::waits(&mut ctx.read().await?, id, NEWEST).await?)
}

/// The number of the newest event that can be followed; 0 where there is none, or nobody asks who may
/// follow.
///
/// # Errors
/// Where the database does.
pub async fn newest(ctx: &Ctx) -> Result<i64> {
    if ctx.account_id().is_err() {
        return Ok(0);
    }
    Ok(live::ends(&mut ctx.read().await?).await?.last)
}

/// Follows what happens: members what is for them, those who work there what happens on every campus.
/// With `after` it begins with what came after that number.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in; [`Problem::RateLimited`] where the account
/// follows in [`FOLLOWING_MOST`] places already; [`Problem::Unavailable`] where the process stops;
/// [`InvalidCode::OutOfRange`] where `after` is negative.
pub async fn follow(ctx: &Ctx, after: Option<i64>) -> Result<Following> {
    let account = ctx.account_id()?;
    if after.is_some_and(|after| after < 0) {
        let most = InvalidCode::OutOfRange {
            min: 0,
            max: i64::MAX,
        };
        return Err(Error::invalid("after", most));
    }
    let live = &ctx.institution.live;
    let closing = live.seats.closing.subscribe();
    if *closing.borrow() {
        return Err(Problem::Unavailable.into());
    }
    let seat = Seat::take(&live.seats, account)?;
    let scope = match ctx.actor {
        Actor::Account {
            role: Role::Staff | Role::Admin,
            ..
        } => Scope::All,
        _ => Scope::Own(account),
    };
    let Joined { news, from, ends } = live.join(scope).await?;
    let beginning = match after {
        None => Beginning::After(from),
        // Also where the database was put back to what it had been.
        Some(after) if after < ends.first - 1 || after > ends.last.max(from) => {
            Beginning::Anew(from)
        }
        Some(after) => Beginning::After(after),
    };
    let (Beginning::After(seen) | Beginning::Anew(seen)) = beginning;
    Ok(Following {
        db: ctx.institution.db.clone(),
        scope,
        account,
        beginning,
        seen,
        until: from,
        page: VecDeque::new(),
        news,
        closing,
        _seat: seat,
    })
}
