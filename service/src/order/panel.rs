//! Orders for those who run the place: found by number, person, state, campus and time, and seen whole.

use super::refund::{REFUNDS_MOST, Refund};
use super::settle::subject;
use super::{OrderView, is_staff};
use crate::ctx::Ctx;
use crate::sheet::{ROWS_MOST, sheet, time_cell};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::order::{CancelReason, OrderState};
use domain::payment::GatewayKind;
use domain::problem::Problem;
use domain::text::Localized;
use serde_json::Value;
use std::collections::HashMap;
use storage::order_list::{self, FoundRow, ListedRow, Part, Place};
use storage::{Tx, campus};
use uuid::Uuid;

/// Who may see everybody's orders.
const VIEWERS: [Role; 3] = [Role::Staff, Role::Admin, Role::Operator];
/// How many orders a page of the list may hold.
const PAGE_MOST: i64 = 100;
/// How far orders are counted.
pub const COUNT_MOST: i64 = 1000;
/// How many people a name may stand for.
const PEOPLE_MOST: i64 = 200;
/// Among how many orders of a number or of people those are looked for that are asked for.
const AMONG_MOST: i64 = 2000;
/// The longest text that is looked for, in characters.
const TEXT_MOST: i64 = 100;
/// How many events of an order are shown.
const EVENTS_MOST: i64 = 200;

/// By what orders are put in order. The filter's time is of that, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderSort {
    /// By when they were placed.
    #[default]
    Placed,
    /// By when they are collected.
    Slot,
}

impl OrderSort {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Placed, Self::Slot];

    /// The name on the wire and in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::Slot => "SLOT",
        }
    }

    /// The order of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }
}

/// Which orders. What is absent lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Called out by this number.
    pub number: Option<i64>,
    /// Of somebody so called: the beginnings of words of their name, or their address.
    pub person: Option<String>,
    /// That stand so.
    pub state: Option<OrderState>,
    /// Of this campus, by its slug.
    pub campus: Option<String>,
    /// From this moment on, in microseconds…
    pub since: Option<i64>,
    /// … and before this one; by what they are put in order.
    pub until: Option<i64>,
    /// In which order.
    pub sort: OrderSort,
    /// The oldest or soonest first.
    pub ascending: bool,
}

/// Where a page begins: after this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderCursor {
    /// When it is collected, in microseconds.
    pub slot_at: i64,
    /// Its id.
    pub id: Uuid,
}

impl OrderCursor {
    /// As it stands in an address.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}_{}", self.slot_at, self.id)
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (slot_at, id) = text.split_once('_')?;
        Some(Self {
            slot_at: slot_at.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

/// An order in the list. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its id.
    pub id: Uuid,
    /// What is called out.
    pub number: i64,
    /// How it stands.
    pub state: OrderState,
    /// The campus' slug.
    pub campus: String,
    /// The campus' name.
    pub campus_name: Localized<String>,
    /// Who ordered.
    pub account_id: Uuid,
    /// What they are called.
    pub member: String,
    /// Their address.
    pub email: String,
    /// When it is collected.
    pub slot_at: i64,
    /// When it was placed.
    pub placed_at: i64,
    /// In minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// How it is paid.
    pub gateway: GatewayKind,
    /// Why it was cancelled.
    pub cancel_reason: Option<CancelReason>,
}

impl TryFrom<ListedRow> for OrderRecord {
    type Error = Error;
    fn try_from(row: ListedRow) -> Result<Self> {
        let reason = row.cancel_reason.as_deref();
        Ok(Self {
            id: row.id,
            number: row.number,
            state: super::state_of(&row.state)?,
            campus: row.campus,
            campus_name: row.campus_name.0,
            account_id: row.account_id,
            member: row.member,
            email: row.email,
            slot_at: row.slot_at,
            placed_at: row.placed_at,
            total: row.total,
            currency: row.currency,
            gateway: GatewayKind::from_key(&row.gateway)
                .ok_or_else(|| super::unknown("gateway", &row.gateway))?,
            cancel_reason: reason
                .map(|name| {
                    CancelReason::from_key(name).ok_or_else(|| super::unknown("reason", name))
                })
                .transpose()?,
        })
    }
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In their order.
    pub items: Vec<OrderRecord>,
    /// Where the next page begins, where there is one.
    pub next: Option<OrderCursor>,
    /// How many orders match, counted no further than [`COUNT_MOST`].
    pub count: i64,
    /// Every campus, by its slug, and what it is called.
    pub campuses: Vec<(String, Localized<String>)>,
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderHappening {
    /// What, by its name on the wire.
    pub kind: String,
    /// What it tells.
    pub payload: Value,
    /// The request that caused it.
    pub request_id: String,
    /// When, in microseconds.
    pub at: i64,
}

/// An order as those who run the place see it.
#[derive(Debug, Clone)]
pub struct OrderDetail {
    /// All that its own page shows.
    pub view: OrderView,
    /// Who ordered.
    pub account_id: Uuid,
    /// Their address.
    pub email: String,
    /// What was given back besides a cancellation.
    pub refunds: Vec<Refund>,
    /// What somebody gave back at the gateway's own pages, in minor units.
    pub elsewhere: i64,
    /// How much may still be given back, in minor units; nothing where whoever asks may not do it.
    pub refundable: i64,
    /// What happened to it, as far as it is still known.
    pub events: Vec<OrderHappening>,
}

/// Whether whoever asks may see everybody's orders, so that pages show the way only to them.
#[must_use]
pub fn may_see(ctx: &Ctx) -> bool {
    ctx.allow(&VIEWERS).is_ok()
}

/// Lets only those pass who may see everybody's orders.
///
/// # Errors
/// For others as [`Ctx::allow`].
pub(crate) fn check_viewer(ctx: &Ctx) -> Result<()> {
    ctx.allow(&VIEWERS)
}

/// What the list is asked for, checked.
struct Asked {
    filter: OrderFilter,
    /// Campuses and states that are let through.
    parts: Vec<Part>,
    campuses: Vec<(String, Localized<String>)>,
    /// Of these people, where somebody is named.
    people: Option<Vec<Uuid>>,
}

async fn read(tx: &mut Tx, filter: &OrderFilter) -> Result<Asked> {
    let mut fields = Vec::new();
    let person = filter.person.as_deref().map(str::trim).unwrap_or_default();
    if person.chars().count() as i64 > TEXT_MOST {
        let code = InvalidCode::TooLong { max: TEXT_MOST };
        fields.push(InvalidField::new("person", code));
    }
    if filter.number.is_some_and(|number| number < 1) {
        let code = InvalidCode::OutOfRange {
            min: 1,
            max: i64::from(i32::MAX),
        };
        fields.push(InvalidField::new("number", code));
    }
    let all = campus::all(tx).await?;
    let wanted = filter.campus.as_deref();
    if wanted.is_some_and(|wanted| all.iter().all(|campus| campus.slug != wanted)) {
        fields.push(InvalidField::new("campus", InvalidCode::UnknownChoice));
    }
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let states: Vec<OrderState> = match filter.state {
        Some(state) => vec![state],
        None => OrderState::ALL.into(),
    };
    let parts = all
        .iter()
        .filter(|campus| wanted.is_none_or(|wanted| campus.slug == wanted))
        .flat_map(|campus| {
            states.iter().map(move |state| Part {
                campus: campus.id,
                state: state.key(),
            })
        })
        .collect();
    let people = if person.is_empty() {
        None
    } else {
        Some(crate::people::called(tx, person, PEOPLE_MOST).await?)
    };
    Ok(Asked {
        filter: filter.clone(),
        parts,
        campuses: all
            .into_iter()
            .map(|campus| (campus.slug, campus.name))
            .collect(),
        people,
    })
}

impl Asked {
    /// The first and the last id of the time that is asked for, where orders are put in order by when they
    /// were placed.
    fn ids(&self) -> (Uuid, Uuid) {
        let first = crate::jobs::first_id_of;
        (
            self.filter.since.map_or(Uuid::nil(), first),
            self.filter.until.map_or(Uuid::max(), first),
        )
    }

    /// The slots that are asked for, where orders are put in order by these.
    fn slots(&self) -> (i64, i64) {
        (
            self.filter.since.unwrap_or_default(),
            self.filter.until.unwrap_or(i64::MAX),
        )
    }

    /// Whether orders are looked for one by one, among those of a number or of some people.
    fn is_named(&self) -> bool {
        self.filter.number.is_some() || self.people.is_some()
    }

    fn lets_through(&self, row: &FoundRow) -> bool {
        let of_part = self
            .parts
            .iter()
            .any(|part| part.campus == row.campus_id && part.state == row.state);
        let of_people = self
            .people
            .as_ref()
            .is_none_or(|people| people.contains(&row.account_id));
        let in_time = match self.filter.sort {
            OrderSort::Placed => {
                let (since, until) = self.ids();
                (since..until).contains(&row.id)
            }
            OrderSort::Slot => {
                let (since, until) = self.slots();
                (since..until).contains(&row.slot_at)
            }
        };
        of_part && of_people && in_time
    }

    /// Those of a number or of some people, in their order.
    async fn named(&self, tx: &mut Tx) -> Result<Vec<OrderCursor>> {
        let rows = match (self.filter.number, &self.people) {
            (Some(number), _) => order_list::by_number(tx, number, AMONG_MOST).await?,
            (None, Some(people)) => order_list::of_people(tx, people, AMONG_MOST).await?,
            (None, None) => Vec::new(),
        };
        let mut found: Vec<OrderCursor> = rows
            .into_iter()
            .filter(|row| self.lets_through(row))
            .map(|row| OrderCursor {
                slot_at: row.slot_at,
                id: row.id,
            })
            .collect();
        match self.filter.sort {
            OrderSort::Placed => found.sort_by_key(|order| order.id),
            OrderSort::Slot => found.sort(),
        }
        if !self.filter.ascending {
            found.reverse();
        }
        Ok(found)
    }

    /// Whether an order comes after the one where the last page ended.
    fn comes_after(&self, order: OrderCursor, last: OrderCursor) -> bool {
        let ascending = self.filter.ascending;
        match self.filter.sort {
            OrderSort::Placed if ascending => order.id > last.id,
            OrderSort::Placed => order.id < last.id,
            OrderSort::Slot if ascending => order > last,
            OrderSort::Slot => order < last,
        }
    }

    /// The ids of a part of the list, and how many match in all.
    async fn page(
        &self,
        tx: &mut Tx,
        after: Option<OrderCursor>,
        limit: i64,
    ) -> Result<(Vec<Uuid>, i64)> {
        if self.is_named() {
            let found = self.named(tx).await?;
            let count = (found.len() as i64).min(COUNT_MOST);
            let ids = found
                .into_iter()
                .filter(|order| after.is_none_or(|last| self.comes_after(*order, last)))
                .take(limit as usize)
                .map(|order| order.id);
            return Ok((ids.collect(), count));
        }
        let parts = &self.parts;
        let (since, until) = self.ids();
        let (from, before) = self.slots();
        let last = after.map(|last| Place {
            slot_at: last.slot_at,
            id: last.id,
        });
        let ids = match (self.filter.sort, self.filter.ascending) {
            (OrderSort::Placed, false) => {
                let end = last.map_or(until, |last| last.id.min(until));
                order_list::newest(tx, parts, end, since, limit).await?
            }
            (OrderSort::Placed, true) => {
                // The first id of a moment is nobody's: what comes after it is all.
                let begin = last.map_or(since, |last| last.id.max(since));
                order_list::oldest(tx, parts, begin, until, limit).await?
            }
            (OrderSort::Slot, false) => {
                let end = Place {
                    slot_at: before,
                    id: Uuid::nil(),
                };
                let end = last.map_or(end, |last| {
                    if (last.slot_at, last.id) < (end.slot_at, end.id) {
                        last
                    } else {
                        end
                    }
                });
                order_list::latest(tx, parts, end, from, limit).await?
            }
            (OrderSort::Slot, true) => {
                let begin = Place {
                    slot_at: from,
                    id: Uuid::nil(),
                };
                let begin = last.map_or(begin, |last| {
                    if (last.slot_at, last.id) > (begin.slot_at, begin.id) {
                        last
                    } else {
                        begin
                    }
                });
                order_list::soonest(tx, parts, begin, before, limit).await?
            }
        };
        let count = match self.filter.sort {
            OrderSort::Placed => {
                order_list::count_placed(tx, parts, since, until, COUNT_MOST).await?
            }
            OrderSort::Slot => order_list::count_due(tx, parts, from, before, COUNT_MOST).await?,
        };
        Ok((ids, count.min(COUNT_MOST)))
    }
}

/// Orders by their ids, in that order.
async fn records(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<OrderRecord>> {
    let rows = order_list::listed(tx, ids).await?;
    let mut known: HashMap<Uuid, ListedRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    ids.iter()
        .filter_map(|id| known.remove(id))
        .map(OrderRecord::try_from)
        .collect()
}

/// The orders that a filter lets through, after the one where the last page ended. Of a number or of
/// somebody's orders the newest two thousand are looked at.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100, [`InvalidCode::UnknownChoice`] where there is
/// no such campus; for others than staff, administrators and operators as [`Ctx::allow`].
pub async fn find(
    ctx: &Ctx,
    filter: &OrderFilter,
    after: Option<OrderCursor>,
    limit: i64,
) -> Result<Found> {
    ctx.allow(&VIEWERS)?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let mut tx = ctx.read().await?;
    let asked = read(&mut tx, filter).await?;
    // One more than asked for tells whether there is a next page.
    let (mut ids, count) = asked.page(&mut tx, after, limit + 1).await?;
    let more = ids.len() as i64 > limit;
    ids.truncate(limit as usize);
    let items = records(&mut tx, &ids).await?;
    let next = items.last().filter(|_| more).map(|order| OrderCursor {
        slot_at: order.slot_at,
        id: order.id,
    });
    Ok(Found {
        items,
        next,
        count,
        campuses: asked.campuses,
    })
}

/// The orders that a filter lets through as a file for a spreadsheet, the first 10,000 in their order.
///
/// # Errors
/// As [`find`].
pub async fn export_csv(ctx: &Ctx, filter: &OrderFilter) -> Result<Vec<u8>> {
    ctx.allow(&VIEWERS)?;
    let mut tx = ctx.read().await?;
    let asked = read(&mut tx, filter).await?;
    let (ids, _) = asked.page(&mut tx, None, ROWS_MOST).await?;
    let rows = records(&mut tx, &ids).await?.into_iter().map(|order| {
        [
            order.id.to_string(),
            order.number.to_string(),
            order.state.key().to_owned(),
            order.campus,
            order.member,
            order.email,
            time_cell(order.placed_at),
            time_cell(order.slot_at),
            order.total.to_string(),
            order.currency,
            order.gateway.key().to_owned(),
            order
                .cancel_reason
                .map_or_else(String::new, |reason| reason.key().to_owned()),
        ]
    });
    let columns = [
        "order",
        "number",
        "state",
        "campus",
        "member",
        "email",
        "placed_utc",
        "slot_utc",
        "total_minor",
        "currency",
        "payment",
        "cancel_reason",
    ];
    sheet(columns, rows)
}

/// An order with its steps, payment, refunds and events.
///
/// # Errors
/// [`Problem::NotFound`] where there is none; for others than staff, administrators and operators as
/// [`Ctx::allow`].
pub async fn detail(ctx: &Ctx, id: Uuid) -> Result<OrderDetail> {
    ctx.allow(&VIEWERS)?;
    let mut tx = ctx.read().await?;
    let row = storage::order::get(&mut tx, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let account_id = row.account_id;
    let mut view = super::view(ctx, &mut tx, row, true).await?;
    if !is_staff(ctx) {
        // Operators look.
        view.can_cancel = false;
        view.next = None;
    }
    let email = storage::account::by_id(&mut tx, account_id)
        .await?
        .map(|account| account.email)
        .unwrap_or_default();
    let refunds = storage::refund::of_order(&mut tx, id, REFUNDS_MOST).await?;
    let elsewhere = storage::refund::elsewhere(&mut tx, id).await?;
    let left = storage::refund::left(&mut tx, id).await?;
    let refundable = left
        .filter(|left| {
            left.state == domain::payment::PaymentState::Charged && super::may_refund(ctx)
        })
        .map_or(0, |left| left.amount);
    let events = order_list::events(&mut tx, &subject(id), EVENTS_MOST).await?;
    Ok(OrderDetail {
        view,
        account_id,
        email,
        refunds: refunds
            .into_iter()
            .map(Refund::try_from)
            .collect::<Result<_>>()?,
        elsewhere,
        refundable,
        events: events
            .into_iter()
            .map(|row| OrderHappening {
                kind: row.kind,
                payload: row.payload.0,
                request_id: row.request_id,
                at: row.at,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = OrderCursor {
            slot_at: 1_800_000_000_000_000,
            id: Uuid::from_u128(7),
        };
        assert_eq!(OrderCursor::parse(&cursor.text()), Some(cursor));
        for wrong in ["", "7", "x_y", "1_soup"] {
            assert_eq!(OrderCursor::parse(wrong), None, "{wrong}");
        }
    }
}
