//! What administrators see of deliveries: which there are, what they said, and how they went.

use super::{ChannelOverview, Rendered};
use crate::ctx::Ctx;
use crate::jobs::{self, send_notification::SendNotification};
use crate::sheet::sheet;
use crate::{Error, Result};
use domain::account::{Email, Role};
use domain::invalid::InvalidCode;
use domain::notification::{Channel, DeliveryState, PhoneNumber, Template};
use domain::problem::Problem;
use serde_json::json;
use storage::delivery::{self, Delivery, Filter, Sought};
use storage::{Tx, job};
use uuid::Uuid;

/// How many deliveries a page of a list may hold.
pub const PAGE_MOST: i64 = 100;
/// Up to how many deliveries are counted.
pub const COUNTED_MOST: i64 = 10_000;
/// How many lines a file has at most: the newest, or the oldest.
pub const EXPORT_MOST: i64 = 10_000;
/// How many people are looked through whose address begins as a text does.
const PEOPLE_MOST: i64 = 50;
/// The longest text that is looked for, in characters.
const TEXT_MOST: i64 = Email::MAX;

/// The columns of a file.
const COLUMNS: [&str; 13] = [
    "delivery",
    "channel",
    "template",
    "state",
    "language",
    "recipient",
    "order_number",
    "attempts",
    "error",
    "reference",
    "happened_at",
    "queued_at",
    "sent_at",
];

/// Who may look at what members were told.
const VIEWERS: [Role; 1] = [Role::Admin];
/// Who may have it sent again.
const CHANGERS: [Role; 1] = [Role::Admin];

/// Which deliveries. Everything that is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// The beginning of a member's e-mail address, a phone number, or an order's number.
    pub text: Option<String>,
    /// By this channel.
    pub channel: Option<Channel>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Which say this.
    pub template: Option<Template>,
}

/// Which part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Which deliveries.
    pub filter: DeliveryFilter,
    /// The oldest first instead of the newest.
    pub oldest: bool,
    /// After the one where the last page ended.
    pub after: Option<Uuid>,
    /// How many.
    pub limit: i64,
}

/// A page of deliveries.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryList {
    /// The page's deliveries.
    pub items: Vec<Delivery>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
    /// How many match on all pages; at most [`COUNTED_MOST`] are counted.
    pub count: i64,
    /// How the channels stand.
    pub channels: Vec<ChannelOverview>,
}

/// A delivery whole.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryView {
    /// What a list tells of it.
    pub delivery: Delivery,
    /// What the member is called.
    pub member: String,
    /// What it says.
    pub content: Rendered,
}

impl DeliveryFilter {
    const fn parts(&self) -> Filter {
        Filter {
            channel: self.channel,
            state: self.state,
            template: self.template,
        }
    }

    /// Whose deliveries, or about which orders, the text means; nothing where there is none.
    async fn sought(&self, tx: &mut Tx) -> Result<Option<Sought>> {
        let Some(text) = self.text.as_deref().map(str::trim) else {
            return Ok(None);
        };
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() as i64 > TEXT_MOST {
            let max = TEXT_MOST;
            return Err(Error::invalid("text", InvalidCode::TooLong { max }));
        }
        if text.contains('\0') {
            return Err(Error::invalid("text", InvalidCode::Malformed));
        }
        let accounts = match PhoneNumber::parse(text) {
            Ok(phone) => delivery::with_phone(tx, phone.as_str(), PEOPLE_MOST).await?,
            Err(_) => delivery::people(tx, &text.to_lowercase(), PEOPLE_MOST).await?,
        };
        Ok(Some(Sought {
            accounts,
            number: text.trim_start_matches('#').parse().ok(),
        }))
    }
}

/// A page of deliveries. For administrators.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100, [`InvalidCode::TooLong`] for a `text` longer
/// than any address; for others than administrators as [`Ctx::allow`].
pub async fn list(ctx: &Ctx, query: &DeliveryQuery) -> Result<DeliveryList> {
    ctx.allow(&VIEWERS)?;
    crate::error::check_limit(query.limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    let sought = query.filter.sought(&mut tx).await?;
    let (parts, sought) = (query.filter.parts(), sought.as_ref());
    // One more than asked for tells whether there is a next page.
    let mut items = delivery::list(
        &mut tx,
        parts,
        sought,
        query.oldest,
        query.after,
        query.limit + 1,
    )
    .await?;
    let more = items.len() as i64 > query.limit;
    items.truncate(query.limit as usize);
    let last = items.last().map(|item| item.id);
    Ok(DeliveryList {
        next: last.filter(|_| more),
        count: delivery::count(&mut tx, parts, sought, COUNTED_MOST).await?,
        channels: super::overview(ctx, &mut tx).await?,
        items,
    })
}

/// A delivery with what it says; a code is hidden, but where the demo keeps it here for whoever tries it. For
/// administrators.
///
/// # Errors
/// [`Problem::NotFound`] where there is none; for others than administrators as [`Ctx::allow`].
pub async fn get(ctx: &Ctx, id: Uuid) -> Result<DeliveryView> {
    ctx.allow(&VIEWERS)?;
    let mut tx = ctx.read().await?;
    let delivery = delivery::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let reveal = super::phone::are_shown(ctx);
    let (content, member) = super::content(ctx, &mut tx, &delivery, reveal).await?;
    Ok(DeliveryView {
        delivery,
        member,
        content,
    })
}

/// How the channels stand. For administrators.
///
/// # Errors
/// For others than administrators as [`Ctx::allow`].
pub async fn channels_now(ctx: &Ctx) -> Result<Vec<ChannelOverview>> {
    ctx.allow(&VIEWERS)?;
    super::overview(ctx, &mut ctx.read().await?).await
}

/// Has a delivery sent again that was sent or given up, as if it had never been tried. For administrators.
///
/// # Errors
/// [`Problem::NotFound`] where there is none, [`Problem::Conflict`] where it is still to be sent, as when
/// somebody else asked a moment ago; for others than administrators as [`Ctx::allow`].
pub async fn send_again(ctx: &Ctx, id: Uuid) -> Result<()> {
    ctx.allow(&CHANGERS)?;
    let mut tx = ctx.write().await?;
    let delivery = delivery::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let task = SendNotification { delivery: id };
    let new = jobs::new_job(ctx, Some(delivery.account_id), &task, None)?;
    if !delivery::requeue(&mut tx, id, new.id, ctx.now()).await? {
        return Err(Problem::Conflict.into());
    }
    job::enqueue(&mut tx, std::slice::from_ref(&new)).await?;
    tx.will_wake().await?;
    let before = json!({ "state": delivery.state.key(), "job": delivery.job_id });
    let after = json!({ "state": DeliveryState::Queued.key(), "job": new.id });
    let subject = format!("delivery:{id}");
    ctx.audit_change(&mut tx, ("delivery.repeat", &subject), &before, &after)
        .await?;
    Ok(tx.commit().await?)
}

/// Whether whoever asks may have deliveries sent again, so that pages show buttons only to them.
#[must_use]
pub fn may_repeat(ctx: &Ctx) -> bool {
    ctx.allow(&CHANGERS).is_ok()
}

/// What a filter lets through as a file for a spreadsheet: UTF-8, with a comma between, [`EXPORT_MOST`]
/// lines at most. For administrators.
///
/// # Errors
/// As [`list`].
pub async fn export_csv(ctx: &Ctx, filter: &DeliveryFilter, oldest: bool) -> Result<Vec<u8>> {
    ctx.allow(&VIEWERS)?;
    let mut tx = ctx.read().await?;
    let sought = filter.sought(&mut tx).await?;
    let rows = delivery::list(
        &mut tx,
        filter.parts(),
        sought.as_ref(),
        oldest,
        None,
        EXPORT_MOST,
    )
    .await?;
    drop(tx);
    tokio::task::spawn_blocking(move || sheet(COLUMNS, rows.iter().map(cells)))
        .await
        .map_err(Error::internal)?
}

/// A line of a file.
fn cells(row: &Delivery) -> [String; 13] {
    [
        row.id.to_string(),
        row.channel.key().to_owned(),
        row.template.key().to_owned(),
        row.state.key().to_owned(),
        row.language.tag().to_owned(),
        match row.channel {
            // A spreadsheet would take a phone number for a number.
            Channel::Sms => format!("'{}", row.recipient),
            Channel::Email | Channel::Push => row.recipient.clone(),
        },
        row.number.to_string(),
        row.attempts.to_string(),
        row.error.clone().unwrap_or_default(),
        row.reference.clone().unwrap_or_default(),
        moment(row.at),
        moment(row.queued_at),
        row.sent_at.map(moment).unwrap_or_default(),
    ]
}

/// RFC 3339.
fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or_default()
        .to_string()
}
