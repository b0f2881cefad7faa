//! The audit log: who did what, to what, and what that changed. Administrators read it.

use crate::ctx::Ctx;
use crate::sheet::{ROWS_MOST, sheet, time_cell};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use serde_json::Value;
use storage::audit::{self, AuditRow};
use uuid::Uuid;

/// Who reads it.
const READERS: [Role; 1] = [Role::Admin];
/// How many entries a page of the list may hold.
pub const PAGE_MOST: i64 = 100;
/// How far entries are counted.
pub const COUNT_MOST: i64 = 1000;
/// The longest action or subject that is looked for, in characters.
const TEXT_MOST: i64 = 200;

/// What may have been done, by its name in the log. Other actions are found by typing them.
pub const ACTIONS: &[&str] = &[
    "account.create",
    "account.refresh_reused",
    "browser.subscribe",
    "browser.unsubscribe",
    "campus.busy",
    "campus.edit",
    "campus.open",
    "campus.pause",
    "campus.payments",
    "contact.language",
    "contact.update",
    "delivery.repeat",
    "event.repeat",
    "job.cancel",
    "job.delete",
    "job.retry",
    "job.run_now",
    "job.set_priority",
    "jobs.undo",
    "menu.create",
    "menu.delete",
    "menu.edit",
    "menu.restore",
    "menu.seed",
    "order.cancel",
    "order.collected",
    "order.ready",
    "order.refund",
    "order.refund_refused",
    "order.refuse",
    "order.start",
    "order.substitute_accept",
    "order.substitute_decline",
    "order.substitute_expire",
    "payment.dispute_closed",
    "payment.disputed",
    "payment.refund_failed",
    "payment.return",
    "payment.returned",
    "person.edit",
    "phone.ask",
    "phone.confirm",
    "profile.put",
    "queue.pause",
    "queue.resume",
    "queue.set_concurrency",
    "queue.set_rate",
    "schedule.run",
    "stock.correct",
    "stock.import",
    "stock.receive",
    "stock.waste",
    "wallet.returned",
    "wallet.top_up",
];

/// Which entries. What is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this person: their account's id or address.
    pub actor: Option<String>,
    /// Called so.
    pub action: Option<String>,
    /// About this: an id, a campus' slug.
    pub subject: Option<String>,
    /// From this moment on, in microseconds…
    pub since: Option<i64>,
    /// … and before this one.
    pub until: Option<i64>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: Uuid,
    /// When, in microseconds.
    pub at: i64,
    /// Who; nobody where the installation itself did it.
    pub actor_id: Option<Uuid>,
    /// What they are called.
    pub actor: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The request that caused it.
    pub request_id: String,
    /// What it changed: before and after, by path.
    pub difference: Option<Value>,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor_id: row.actor_id,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            request_id: row.request_id,
            difference: row.difference.map(|json| json.0),
        }
    }
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// Newest first.
    pub items: Vec<AuditEntry>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
    /// How many entries match, counted no further than [`COUNT_MOST`].
    pub count: i64,
}

/// Whether whoever asks reads the log, so that pages show the way only to them.
#[must_use]
pub fn may_read(ctx: &Ctx) -> bool {
    ctx.allow(&READERS).is_ok()
}

/// The filter as the database takes it, and the id before which entries are; nothing where it names nobody.
async fn read(ctx: &Ctx, filter: &AuditFilter) -> Result<Option<(audit::AuditFilter, Uuid)>> {
    let texts = [
        ("actor", &filter.actor),
        ("action", &filter.action),
        ("subject", &filter.subject),
    ];
    for (field, text) in texts {
        let text = text.as_deref().unwrap_or_default();
        if text.chars().count() as i64 > TEXT_MOST {
            let code = InvalidCode::TooLong { max: TEXT_MOST };
            return Err(Error::invalid(field, code));
        }
        if text.contains('\0') {
            return Err(Error::invalid(field, InvalidCode::Malformed));
        }
    }
    let actor = match filter.actor.as_deref().map(str::trim) {
        None => None,
        Some(named) => match named.parse::<Uuid>() {
            Ok(id) => Some(id),
            Err(_) => {
                let email = named.to_lowercase();
                let known = storage::account::by_email(&mut ctx.read().await?, &email).await?;
                match known {
                    Some(account) => Some(account.id),
                    None => return Ok(None),
                }
            }
        },
    };
    let first = crate::jobs::first_id_of;
    let before = filter.until.map_or(Uuid::max(), first);
    let filter = audit::AuditFilter {
        actor,
        action: filter.action.clone(),
        subject: filter.subject.clone(),
        since: filter.since.map_or(Uuid::nil(), first),
    };
    Ok(Some((filter, before)))
}

/// A page of the log, newest first, after the entry where the last page ended.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100, [`InvalidCode::TooLong`] for a text beyond 200
/// characters; for others than administrators as [`Ctx::allow`].
pub async fn list(
    ctx: &Ctx,
    filter: &AuditFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<AuditPage> {
    ctx.allow(&READERS)?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let Some((filter, before)) = read(ctx, filter).await? else {
        return Ok(AuditPage {
            items: Vec::new(),
            next: None,
            count: 0,
        });
    };
    let from = after.map_or(before, |after| after.min(before));
    let mut tx = ctx.read().await?;
    // One more than asked for tells whether there is a next page.
    let mut rows = audit::list(&mut tx, &filter, from, limit + 1).await?;
    let count = audit::count(&mut tx, &filter, before, COUNT_MOST).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    Ok(AuditPage {
        next: rows.last().map(|row| row.id).filter(|_| more),
        items: rows.into_iter().map(AuditEntry::from).collect(),
        count,
    })
}

/// The newest entries that a filter lets through as a file for a spreadsheet, at most 10,000.
///
/// # Errors
/// As [`list`].
pub async fn export_csv(ctx: &Ctx, filter: &AuditFilter) -> Result<Vec<u8>> {
    ctx.allow(&READERS)?;
    let rows = match read(ctx, filter).await? {
        Some((filter, before)) => {
            audit::list(&mut ctx.read().await?, &filter, before, ROWS_MOST).await?
        }
        None => Vec::new(),
    };
    let rows = rows.into_iter().map(|row| {
        [
            time_cell(row.at),
            row.actor.unwrap_or_default(),
            row.actor_id.map_or_else(String::new, |id| id.to_string()),
            row.action,
            row.subject,
            row.difference
                .map_or_else(String::new, |json| json.0.to_string()),
            row.request_id,
        ]
    });
    let columns = [
        "time_utc",
        "actor",
        "actor_id",
        "action",
        "subject",
        "difference",
        "request_id",
    ];
    sheet(columns, rows)
}
