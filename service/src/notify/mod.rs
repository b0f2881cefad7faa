//! Notifications: what members are told of their orders outside the product, by e-mail, short message and
//! in their browsers.
//!
//! An event becomes deliveries in the transaction in which its consumer had it ([`Notices`]), one for each
//! channel that the member wants and that is open here, with a job each ([`crate::jobs::send_notification`]).
//! The job asks the channel's [`Notifier`], behind a breaker: while that is open nothing is sent and no
//! attempt is used up, so that an outage delays messages and loses none.
//!
//! To a phone nothing is sent but codes before the member has typed one that went there ([`confirm_phone`]).
//!
//! What leaves is sent at least once. Before a message leaves it is noted that it is about to, and
//! afterwards what came of it, together with the job's acknowledgement. A process that dies between the two
//! leaves that unknown, and so does an answer that is lost once the message was handed over. The message is
//! sent once more then, and after it was unknown twice not again by itself: it fails as `UNCERTAIN`, and an
//! administrator decides. Where surely nothing was sent, as where nobody could be reached, it is tried until
//! it is worth nothing any more. Whoever gets a message twice can tell, by its
//! `Message-ID`, or by its tag in a browser, where the second takes the first one's place.

mod carrier;
mod consumer;
mod deliveries;
mod http;
mod phone;
mod preferences;
mod render;
pub mod settings;
mod smtp;
mod twilio;
pub mod viewer;
mod web_push;

pub use consumer::Notices;
pub use deliveries::{
    COUNTED_MOST, DeliveryFilter, DeliveryList, DeliveryQuery, DeliveryView, EXPORT_MOST,
    PAGE_MOST, channels_now, export_csv, get, list, may_repeat, send_again,
};
pub use phone::{ask_for_code, confirm_phone};
pub use preferences::{
    BrowserItem, NewBrowser, PreferencesView, note_language, preferences, set_language,
    set_preferences, subscribe, unsubscribe,
};
pub(crate) use preferences::{browser_gone, unsubscribe_session};
pub use render::Rendered;
pub use settings::{NotifySettings, PushServices, PushSettings, Secret, SmsSettings, SmtpSettings};
pub use web_push::make_keys;

use crate::clock::Clock;
use crate::ctx::{Ctx, Mode, Settings};
use crate::guard::Guard;
use crate::order::OrderedItem;
use crate::{Error, Result};
pub(crate) use carrier::Admitted;
use carrier::Carrier;
use domain::breaker::{Breaker, BreakerState};
use domain::kitchen::OFFER_LASTS;
use domain::notification::{Channel, Template};
use domain::problem::Problem;
use domain::text::Language;
use futures::future::BoxFuture;
use render::Facts;
use std::sync::Arc;
pub use storage::delivery::Delivery;
use storage::{Db, Tx, account, breaker, contact, delivery, order, setting};
use uuid::Uuid;

/// The longest that is kept of what others say, in characters.
const SAID_MOST: usize = 300;
/// Where the demo keeps the keys by which push services know it.
const DEMO_KEYS: &str = "notify.push_keys";
/// What is kept of a delivery that could not be sent while it was worth it.
pub(crate) const EXPIRED: &str = "EXPIRED";
/// What is kept of one to a number that is not known to be the member's.
const UNCONFIRMED: &str = "UNCONFIRMED";
/// What is kept of one that is more than a member is sent within a day by its channel.
const LIMITED: &str = "LIMITED";
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// Whom push services may write to about the demo.
const DEMO_CONTACT: &str = "mailto:demo@nutriflow.org";

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An e-mail address, and whose it is.
    Mailbox {
        /// `maya@example.org`.
        address: String,
        /// What they are called.
        name: String,
    },
    /// A phone number, as E.164 has it.
    Phone(String),
    /// A browser.
    Browser {
        /// Where its push service takes what is for it.
        endpoint: String,
        /// Its public key.
        public_key: Vec<u8>,
        /// Its secret.
        auth: Vec<u8>,
    },
}

/// A message to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The delivery that it is of.
    pub id: Uuid,
    /// The same for what tells of the same event.
    pub tag: String,
    /// Where it goes.
    pub to: Recipient,
    /// Its language.
    pub language: Language,
    /// What it says.
    pub content: Rendered,
    /// When it happened what it tells of, in microseconds.
    pub at: i64,
    /// Until when it is worth reading, in microseconds.
    pub good_until: i64,
}

/// Why a message was not sent, or is not known to have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Whoever carries it can't be reached, is not well, or does not let us in: surely it was not sent.
    #[error("UNAVAILABLE {0}")]
    Unavailable(String),
    /// It was handed over, and nobody answered in time: it may have been sent or not.
    #[error("TIMED_OUT")]
    TimedOut,
    /// It was handed over, and its answer was lost: it may have been sent or not.
    #[error("UNANSWERED {0}")]
    Unanswered(String),
    /// It is not taken just now; others are.
    #[error("POSTPONED {0}")]
    Postponed(String),
    /// It is not taken, now or later.
    #[error("REFUSED {0}")]
    Refused(String),
    /// There is no such browser any more.
    #[error("GONE")]
    Gone,
}

impl SendError {
    pub(crate) fn unavailable(said: &str) -> Self {
        Self::Unavailable(said.to_owned())
    }

    pub(crate) fn refused(said: &str) -> Self {
        Self::Refused(said.to_owned())
    }

    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::TimedOut => "TIMED_OUT",
            Self::Unanswered(_) => "UNANSWERED",
            Self::Postponed(_) => "POSTPONED",
            Self::Refused(_) => "REFUSED",
            Self::Gone => "GONE",
        }
    }

    /// Whether the channel itself is not well. That it says no is an answer.
    const fn is_failure(&self) -> bool {
        matches!(self, Self::Unavailable(_)) || self.is_unsure()
    }

    /// Whether nobody knows if it was sent. Every other failure says that it was not.
    #[must_use]
    pub const fn is_unsure(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Unanswered(_))
    }

    /// Whether it would be the same the next time.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Gone)
    }
}

/// What whoever carries a message calls it, or why it was not sent.
pub type Answer = std::result::Result<String, SendError>;

/// Somebody who carries messages.
pub trait Notifier: Send + Sync + std::fmt::Debug {
    /// Hands a message over.
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Answer>;

    /// Whether it would be taken, without sending anything; tells who answers.
    fn check(&self) -> BoxFuture<'_, std::result::Result<String, SendError>>;
}

/// The beginning of what somebody said, on one line.
fn shortened(said: &str) -> String {
    said.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(SAID_MOST)
        .collect()
}

/// The channels of an institution that are open.
#[derive(Debug, Clone)]
pub struct Channels {
    carriers: Arc<[Carrier]>,
    push_key: Option<Arc<str>>,
    services: PushServices,
}

impl Channels {
    /// Opens the channels that are configured, each behind its breaker as that last stood; in the demo all
    /// of them, of which those that are not configured send nothing.
    ///
    /// # Errors
    /// Where something is configured that can't be, or the database can't be read.
    pub(crate) async fn open(settings: &Settings, db: &Db, clock: &Arc<dyn Clock>) -> Result<Self> {
        let stored = breaker::all(&mut db.read().await?).await?;
        let push = match (&settings.notify.push, settings.mode) {
            (Some(push), _) => Some(push.clone()),
            (None, Mode::Demo) => Some(demo_keys(db).await?),
            (None, Mode::Production) => None,
        };
        let mut push_key: Option<Arc<str>> = None;
        let mut carriers = Vec::new();
        for channel in Channel::ALL {
            let notifier = match channel {
                Channel::Push => match &push {
                    Some(push) => {
                        let services = settings.notify.push_services.clone();
                        let push = web_push::WebPush::new(push, services, Arc::clone(clock))?;
                        push_key = Some(push.public_key().into());
                        Some(Arc::new(push) as Arc<dyn Notifier>)
                    }
                    None => None,
                },
                Channel::Email | Channel::Sms => configured(&settings.notify, channel)?,
            };
            let notifier = match (notifier, settings.mode) {
                (None, Mode::Demo) => Some(Arc::new(viewer::Viewer) as Arc<dyn Notifier>),
                (notifier, _) => notifier,
            };
            let Some(notifier) = notifier else {
                continue;
            };
            let guard = Guard::new(channel.key(), &stored, db.clone(), Arc::clone(clock));
            carriers.push(Carrier::new(channel, notifier, guard));
        }
        Ok(Self {
            carriers: carriers.into(),
            push_key,
            services: settings.notify.push_services.clone(),
        })
    }

    /// Whether anything is sent by a channel.
    #[must_use]
    pub fn is_open(&self, channel: Channel) -> bool {
        self.carrier(channel).is_some()
    }

    /// What browsers are told to know this installation by, where there is something.
    #[must_use]
    pub fn push_key(&self) -> Option<&str> {
        self.push_key.as_deref()
    }

    /// The push services to which messages may go.
    pub(crate) const fn services(&self) -> &PushServices {
        &self.services
    }

    /// Lets a message through a channel; nothing where the channel is closed for good.
    ///
    /// # Errors
    /// The moment before which nothing is let through.
    pub(crate) async fn admit(
        &self,
        channel: Channel,
    ) -> std::result::Result<Option<Admitted>, i64> {
        match self.carrier(channel) {
            Some(carrier) => carrier.admit().await.map(Some),
            None => Ok(None),
        }
    }

    fn carrier(&self, channel: Channel) -> Option<&Carrier> {
        let mut carriers = self.carriers.iter();
        carriers.find(|carrier| carrier.channel == channel)
    }
}

/// Who carries the messages of a channel, where somebody is configured who does.
fn configured(settings: &NotifySettings, channel: Channel) -> Result<Option<Arc<dyn Notifier>>> {
    let notifier: Option<Arc<dyn Notifier>> = match channel {
        Channel::Email => match &settings.smtp {
            Some(server) => Some(Arc::new(smtp::Smtp::new(server)?)),
            None => None,
        },
        Channel::Sms => match &settings.sms {
            Some(service) => Some(Arc::new(twilio::Twilio::new(service.clone())?)),
            None => None,
        },
        Channel::Push => None,
    };
    Ok(notifier)
}

/// The demo's own keys: browsers that know them go on knowing them.
async fn demo_keys(db: &Db) -> Result<PushSettings> {
    let mut tx = db.write().await?;
    let stored = setting::get(&mut tx, DEMO_KEYS).await?;
    let known = stored.as_deref().and_then(|keys| keys.split_once(' '));
    let (private_key, public_key) = match known {
        Some((private, public)) => (Secret::new(private), public.to_owned()),
        None => {
            let (private, public) = make_keys()?;
            let keys = format!("{} {public}", private.reveal());
            setting::put(&mut tx, DEMO_KEYS, &keys).await?;
            (private, public)
        }
    };
    tx.commit().await?;
    Ok(PushSettings {
        private_key,
        public_key,
        contact: DEMO_CONTACT.to_owned(),
    })
}

/// How a channel that is configured answers, for whoever runs the installation: nothing where it is not
/// configured. Nothing is sent.
pub(crate) async fn check(
    settings: &NotifySettings,
    clock: &Arc<dyn Clock>,
    channel: Channel,
) -> Result<Option<std::result::Result<String, SendError>>> {
    let notifier = match (channel, &settings.push) {
        (Channel::Push, Some(push)) => {
            let services = settings.push_services.clone();
            let push = web_push::WebPush::new(push, services, Arc::clone(clock))?;
            Some(Arc::new(push) as Arc<dyn Notifier>)
        }
        _ => configured(settings, channel)?,
    };
    match notifier {
        Some(notifier) => Ok(Some(notifier.check().await)),
        None => Ok(None),
    }
}

/// How a channel stands. Times are microseconds UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelOverview {
    /// Which.
    pub channel: Channel,
    /// Whether anything is sent by it here.
    pub open: bool,
    /// How its breaker stands.
    pub state: BreakerState,
    /// While it is open: when the next message is tried.
    pub until: Option<i64>,
}

/// How the channels stand, as whichever process changed their breakers last knows it.
pub(crate) async fn overview(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<ChannelOverview>> {
    let stored = breaker::all(tx).await?;
    let overview = |channel: Channel| {
        let last = stored.iter().find(|last| last.name == channel.key());
        let last = last.map(|last| last.breaker).unwrap_or_default();
        ChannelOverview {
            channel,
            open: ctx.institution.channels.is_open(channel),
            state: last.state(),
            until: match last {
                Breaker::Open { until, .. } => Some(until),
                Breaker::Closed { .. } | Breaker::HalfOpen { .. } => None,
            },
        }
    };
    Ok(Channel::ALL.map(overview).into())
}

/// What a delivery says, and whom it is for. It is made of what is kept of the event and of the order: the same
/// each time, but for a meal that its member has taken in place of another since. A code is hidden, unless it
/// is to be revealed.
pub(crate) async fn content(
    ctx: &Ctx,
    tx: &mut Tx,
    delivery: &Delivery,
    reveal: bool,
) -> Result<(Rendered, String)> {
    let member = account::by_id(tx, delivery.account_id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let payload = &delivery.payload;
    let public_url = ctx.service.settings.public_url.trim_end_matches('/');
    let mut facts = Facts {
        language: delivery.language,
        name: member.name.clone(),
        number: delivery.number,
        campus: payload
            .campus
            .as_ref()
            .map(|campus| campus.get(delivery.language).clone())
            .unwrap_or_default(),
        slot: ctx
            .service
            .local_time(payload.slot_at.unwrap_or(delivery.at)),
        at: ctx.service.local_time(delivery.at),
        reason: payload.reason.clone().unwrap_or_default(),
        item: payload
            .item
            .as_ref()
            .map(|item| item.get(delivery.language).clone())
            .unwrap_or_default(),
        until: ctx.service.local_time(delivery.at + OFFER_LASTS),
        lines: Vec::new(),
        total: 0,
        currency: String::new(),
        code: match delivery.template {
            Template::Code if reveal => phone::code_of(ctx, delivery.event_id)?,
            _ => phone::HIDDEN.to_owned(),
        },
        order_url: format!("{public_url}/orders"),
        preferences_url: format!("{public_url}/account#notifications"),
    };
    if let Some(id) = payload.order_id {
        facts.order_url = format!("{public_url}/orders/{id}");
        if let Some(row) = order::get(tx, id).await? {
            facts.total = row.total;
            facts.currency = row.currency;
            for line in order::lines(tx, &[id]).await? {
                let item: OrderedItem =
                    serde_json::from_value(line.document.0).map_err(Error::internal)?;
                let name = item.name.get(delivery.language).clone();
                let price = line.unit_price.saturating_mul(line.quantity);
                facts.lines.push((line.quantity, name, price));
            }
        }
    }
    Ok((facts.render(delivery.template), member.name))
}

/// The message of a delivery; nothing where the browser that it is for is gone, or somebody else's now.
pub(crate) async fn letter(ctx: &Ctx, delivery: &Delivery) -> Result<Option<Letter>> {
    let mut tx = ctx.read().await?;
    let (content, name) = content(ctx, &mut tx, delivery, true).await?;
    let to = match delivery.channel {
        Channel::Email => Recipient::Mailbox {
            address: delivery.recipient.clone(),
            name,
        },
        Channel::Sms => Recipient::Phone(delivery.recipient.clone()),
        Channel::Push => {
            let id = delivery.subscription_id.unwrap_or_default();
            let browser = contact::browser(&mut tx, id, delivery.account_id).await?;
            let Some(browser) = browser else {
                return Ok(None);
            };
            Recipient::Browser {
                endpoint: browser.endpoint,
                public_key: browser.public_key,
                auth: browser.auth,
            }
        }
    };
    Ok(Some(Letter {
        id: delivery.id,
        tag: format!("order:{}", delivery.payload.order_id.unwrap_or_default()),
        to,
        language: delivery.language,
        content,
        at: delivery.at,
        good_until: good_until(delivery),
    }))
}

/// Why a delivery may not be sent, where something speaks against it: the number is not known to be the
/// member's, a code does not count any more, or they were sent as much within a day as they may be.
pub(crate) async fn barred(
    ctx: &Ctx,
    tx: &mut Tx,
    delivery: &Delivery,
) -> Result<Option<&'static str>> {
    let account = delivery.account_id;
    if delivery.template == Template::Code {
        // How many there are is bounded when they are asked for.
        let counts = phone::counts(ctx, tx, delivery).await?;
        return Ok((!counts).then_some(EXPIRED));
    }
    if delivery.channel == Channel::Sms
        && !phone::is_confirmed(tx, account, &delivery.recipient).await?
    {
        return Ok(Some(UNCONFIRMED));
    }
    let Some(most) = delivery.channel.day_most() else {
        return Ok(None);
    };
    // Which are too many follows from their order, however many are looked at at once; one that is sent again
    // counts by when it was asked for.
    let since = crate::jobs::first_id_of(delivery.queued_at - DAY);
    let before = delivery::made(tx, account, delivery.channel, since, delivery.id, most).await?;
    Ok((before >= most).then_some(LIMITED))
}

/// Until when a delivery is worth sending, in microseconds.
pub(crate) fn good_until(delivery: &Delivery) -> i64 {
    delivery
        .queued_at
        .saturating_add(delivery.template.good_for())
}
