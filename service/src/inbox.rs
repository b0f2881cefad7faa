//! The inbox: what a member was told. Messages come from the outbox, and nobody writes them.

use crate::ctx::{Actor, Ctx};
use crate::{Error, Result};
use domain::event::{EventPayload, OrderEvent};
use domain::problem::Problem;
use storage::inbox::{self, MessageRow};
use uuid::Uuid;

/// How many messages a page of a list may hold.
pub const PAGE_MOST: i64 = 100;
/// Up to how many unread messages are counted: of more nobody needs the number.
pub const UNREAD_MOST: i64 = 100;

/// A message. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, that of the event which it tells of.
    pub id: Uuid,
    /// What has happened.
    pub kind: OrderEvent,
    /// What it tells.
    pub payload: EventPayload,
    /// When it happened.
    pub at: i64,
    /// When it was read.
    pub read_at: Option<i64>,
}

impl TryFrom<MessageRow> for Message {
    type Error = Error;
    fn try_from(row: MessageRow) -> Result<Self> {
        let kind = OrderEvent::from_key(&row.kind)
            .ok_or_else(|| Error::Internal(format!("no event is called {}", row.kind)))?;
        Ok(Self {
            id: row.event_id,
            kind,
            payload: serde_json::from_value(row.payload.0).map_err(Error::internal)?,
            at: row.at,
            read_at: row.read_at,
        })
    }
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// Newest first.
    pub items: Vec<Message>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
    /// How many of all are not read; at most [`UNREAD_MOST`] are counted.
    pub unread: i64,
    /// When the last of all was delivered: [`read_all`] up to it leaves unread what comes later.
    pub newest: i64,
}

/// The member's messages, newest first, after the one where the last page ended.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in; [`InvalidCode::OutOfRange`] where `limit` is
/// not 1 to 100.
pub async fn list(ctx: &Ctx, after: Option<Uuid>, limit: i64) -> Result<MessagePage> {
    let account = ctx.account_id()?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    // One more than asked for tells whether there is a next page.
    let before = after.unwrap_or(Uuid::max());
    let mut rows = inbox::list(&mut tx, account, before, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let last = rows.last().map(|row| row.event_id);
    Ok(MessagePage {
        next: last.filter(|_| more),
        unread: inbox::count_unread(&mut tx, account, UNREAD_MOST).await?,
        newest: inbox::newest(&mut tx, account).await?,
        items: rows.into_iter().filter_map(readable).collect(),
    })
}

/// A message, where it can be read: one that can't keeps nobody from the others.
fn readable(row: MessageRow) -> Option<Message> {
    let id = row.event_id;
    Message::try_from(row)
        .inspect_err(|error| tracing::error!(%error, event_id = %id, "a message can't be read"))
        .ok()
}

/// How many of the member's messages are not read; at most [`UNREAD_MOST`] are counted. Nobody has none.
///
/// # Errors
/// Where the database does.
pub async fn unread(ctx: &Ctx) -> Result<i64> {
    let Actor::Account { id, .. } = ctx.actor else {
        return Ok(0);
    };
    Ok(inbox::count_unread(&mut ctx.read().await?, id, UNREAD_MOST).await?)
}

/// Notes that the member has read a message, and gives it.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's message.
pub async fn read(ctx: &Ctx, message: Uuid) -> Result<Message> {
    let account = ctx.account_id()?;
    let mut tx = ctx.write().await?;
    let row = inbox::read(&mut tx, account, message, ctx.now()).await?;
    let message = row.ok_or(Error::Problem(Problem::NotFound))?.try_into()?;
    tx.commit().await?;
    Ok(message)
}

/// Notes that the member has read everything that was delivered up to the `newest` of a page, and gives how
/// many messages that were. What has come since they looked stays unread, however old what it tells of.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn read_all(ctx: &Ctx, newest: i64) -> Result<u64> {
    let account = ctx.account_id()?;
    let mut tx = ctx.write().await?;
    let read = inbox::read_all(&mut tx, account, newest, ctx.now()).await?;
    tx.commit().await?;
    Ok(read)
}
