//! Orders: placed, looked at, moved on by staff, cancelled.

mod hall;
mod kitchen;
mod known;
mod offer;
mod panel;
mod place;
mod refund;
mod refuse;
pub(crate) mod settle;

pub use hall::{Called, called};
pub use kitchen::{Kitchen, KitchenDetails, KitchenLine, KitchenOrder, kitchen};
pub use offer::{Answer, Offer, OfferChoice, answer};
pub(crate) use offer::{expire as expire_offers, pay_back_again};
pub(crate) use panel::check_viewer;
pub use panel::{
    COUNT_MOST, Found, OrderCursor, OrderDetail, OrderFilter, OrderHappening, OrderRecord,
    OrderSort, detail, export_csv, find, may_see,
};
pub use place::{Accepted, OrderedItem, PlaceOrder, Placer, place};
pub use refund::{REFUNDS_MOST, Refund, RefundDraft, RefundState, may_refund, refund};
pub(crate) use refund::{reckon, refund_made, refund_refused, returned_elsewhere};
pub use refuse::{Candidate, candidates, refuse};

use crate::ctx::{Actor, Ctx};
use crate::jobs::order_steps;
use crate::{Error, Result};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::InvalidCode;
use domain::kitchen::OfferState;
use domain::menu::Campus;
use domain::order::{Advance, CancelReason, NOTE_MOST, OrderState};
use domain::payment::{DeclineReason, GatewayKind, PaymentState};
use domain::problem::Problem;
use domain::saga::{self, Direction, Event, Phase, Step};
use domain::text::check_reason;
use serde_json::{Value, json};
use settle::{Changes, subject};
use std::collections::HashMap;
use storage::order::OrderRow;
use storage::outbox::NewEvent;
use storage::saga::SagaRow;
use storage::{Tx, account, campus, job, outbox, payment};
use uuid::Uuid;

/// How many orders a page of a list may hold.
pub const PAGE_MOST: i64 = 100;
/// How many orders of one day a campus' list shows.
pub const DAY_MOST: i64 = 2000;
/// Who works with orders of others.
const STAFF: [Role; 2] = [Role::Staff, Role::Admin];
const DAY: i64 = 86_400_000_000;
/// A day of 25 hours is shown whole; the hour after one of 23 does no harm.
const LONGEST_DAY: i64 = DAY + 3_600_000_000;

/// An order in a list. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderItem {
    /// Its id.
    pub id: Uuid,
    /// What is called out at the counter.
    pub number: i64,
    /// How it stands.
    pub state: OrderState,
    /// Where it is collected.
    pub campus: Uuid,
    /// When.
    pub slot_at: i64,
    /// How it is paid.
    pub gateway: GatewayKind,
    /// In minor units.
    pub total: i64,
    /// Of this currency.
    pub currency: String,
    /// Why it was cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// What staff said of that.
    pub cancel_note: Option<String>,
    /// When it was placed.
    pub placed_at: i64,
    /// When it was paid and handed to the kitchen.
    pub confirmed_at: Option<i64>,
    /// When cooking began.
    pub preparing_at: Option<i64>,
    /// When it could be collected.
    pub ready_at: Option<i64>,
    /// When it was collected.
    pub collected_at: Option<i64>,
    /// When it was cancelled.
    pub cancelled_at: Option<i64>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// The menu item.
    pub item_id: Uuid,
    /// How many portions.
    pub quantity: i64,
    /// What one costs, in minor units.
    pub unit_price: i64,
    /// What it was when it was ordered.
    pub item: OrderedItem,
}

/// How a step of an order went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderStep {
    /// The step.
    pub step: Step,
    /// Whether it was done or undone.
    pub direction: Direction,
    /// `PENDING`, `DONE`, `REFUSED` or `EXHAUSTED`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub error: Option<Value>,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// How an order's payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPayment {
    /// Who takes it.
    pub gateway: GatewayKind,
    /// How far it is.
    pub state: PaymentState,
    /// In minor units.
    pub amount: i64,
    /// Of this currency.
    pub currency: String,
    /// Why it was declined.
    pub decline_reason: Option<DeclineReason>,
    /// When it last changed, in microseconds.
    pub updated_at: i64,
}

/// An order whole.
#[derive(Debug, Clone)]
pub struct OrderView {
    /// What a list tells of it.
    pub order: OrderItem,
    /// Where it is collected.
    pub campus: Campus,
    /// Its lines.
    pub lines: Vec<OrderLine>,
    /// What was done and undone so far, in order.
    pub steps: Vec<OrderStep>,
    /// The step that is done or undone at present.
    pub current: Option<(Step, Direction)>,
    /// Whether somebody has asked to cancel it, and that comes after the step that runs.
    pub cancelling: bool,
    /// Its payment, once it has come so far.
    pub payment: Option<OrderPayment>,
    /// Whether whoever looks may cancel it now.
    pub can_cancel: bool,
    /// What whoever looks may do next with it.
    pub next: Option<Advance>,
    /// Who ordered, for those who work with it.
    pub member: Option<String>,
    /// Whether whoever looks has ordered it.
    pub own: bool,
    /// What of it was out of stock, what was offered in its place, and what came of that.
    pub offers: Vec<Offer>,
    /// What goes back to the member's wallet once it is collected, or has, in minor units: something
    /// that was taken instead costs less.
    pub owed: i64,
    /// What of its payment has gone back besides a cancellation, in minor units.
    pub returned: i64,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// Newest first.
    pub items: Vec<OrderItem>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
}

/// An order as its campus' staff see it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffOrder {
    /// What a list tells of it.
    pub order: OrderItem,
    /// Who ordered.
    pub member: String,
    /// Its lines.
    pub lines: Vec<OrderLine>,
    /// What comes next.
    pub next: Option<Advance>,
}

/// Refuses a request that must have a name, so that it is done once, and has none that will do.
///
/// # Errors
/// [`Problem::KeyMissing`] without one, [`Problem::Invalid`] for one that won't.
pub(crate) fn check_key(key: &str) -> Result<()> {
    match domain::order::check_key(key) {
        Ok(()) => Ok(()),
        Err(InvalidCode::Required) => Err(Problem::KeyMissing.into()),
        Err(code) => Err(Error::invalid("idempotencyKey", code)),
    }
}

fn unknown(what: &str, name: &str) -> Error {
    Error::Internal(format!("no {what} is called {name}"))
}

impl TryFrom<OrderRow> for OrderItem {
    type Error = Error;
    fn try_from(row: OrderRow) -> Result<Self> {
        let reason = row.cancel_reason.as_deref();
        Ok(Self {
            id: row.id,
            number: row.number,
            state: state_of(&row.state)?,
            campus: row.campus_id,
            slot_at: row.slot_at,
            gateway: GatewayKind::from_key(&row.gateway)
                .ok_or_else(|| unknown("gateway", &row.gateway))?,
            total: row.total,
            currency: row.currency,
            cancel_reason: reason
                .map(|name| CancelReason::from_key(name).ok_or_else(|| unknown("reason", name)))
                .transpose()?,
            cancel_note: row.cancel_note,
            placed_at: row.placed_at,
            confirmed_at: row.confirmed_at,
            preparing_at: row.preparing_at,
            ready_at: row.ready_at,
            collected_at: row.collected_at,
            cancelled_at: row.cancelled_at,
        })
    }
}

fn state_of(name: &str) -> Result<OrderState> {
    OrderState::from_key(name).ok_or_else(|| unknown("state", name))
}

fn is_staff(ctx: &Ctx) -> bool {
    match ctx.actor {
        Actor::Account { role, .. } => STAFF.contains(&role),
        Actor::System => true,
        Actor::Anonymous => false,
    }
}

/// An order's row, for whoever ordered and those who work with orders; to others it is not there.
async fn visible(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<OrderRow> {
    let row = storage::order::get(tx, id).await?;
    let own = |row: &OrderRow| match ctx.actor {
        Actor::Account { id, .. } => row.account_id == id,
        Actor::Anonymous | Actor::System => false,
    };
    row.filter(|row| own(row) || is_staff(ctx))
        .ok_or(Error::Problem(Problem::NotFound))
}

/// An order, whole.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in; [`Problem::NotFound`], also for another
/// member's order.
pub async fn get(ctx: &Ctx, id: Uuid) -> Result<OrderView> {
    if !is_staff(ctx) {
        ctx.account_id()?;
    }
    let mut tx = ctx.read().await?;
    let row = visible(ctx, &mut tx, id).await?;
    view(ctx, &mut tx, row, is_staff(ctx)).await
}

/// An order's row with all that belongs to it, as those who work with it see it or as whoever ordered does.
async fn view(ctx: &Ctx, tx: &mut Tx, row: OrderRow, works: bool) -> Result<OrderView> {
    let id = row.id;
    let missing = |what: &str| Error::Internal(format!("order {id} has no {what}"));
    let saga = storage::saga::get(tx, id)
        .await?
        .ok_or_else(|| missing("saga"))?;
    let saga = settle::state_of(&saga)?;
    let campus = campus::by_id(tx, row.campus_id)
        .await?
        .ok_or_else(|| missing("campus"))?;
    let steps = storage::saga::steps(tx, id).await?;
    let payment = payment::of_order(tx, id).await?;
    let returned = storage::refund::returned(tx, id).await?;
    let lines = storage::order::lines(tx, &[id]).await?;
    let member = if works {
        let account = account::by_id(tx, row.account_id).await?;
        account.map(|account| account.name)
    } else {
        None
    };
    let said = storage::substitution::of_order(tx, id).await?;
    let offers: Vec<Offer> = said
        .into_iter()
        .map(|offer| offer::view(offer, &lines))
        .collect::<Result<_>>()?;
    let asked = offers.iter().any(Offer::is_open);
    let own = ctx
        .account_id()
        .is_ok_and(|account| account == row.account_id);
    let order = OrderItem::try_from(row)?;
    let current = match saga.phase {
        Phase::Forward(step) => Some((step, Direction::Do)),
        Phase::Back { step, .. } => Some((step, Direction::Undo)),
        Phase::Completed | Phase::Cancelled => None,
    };
    let cancelling = saga.reason.is_some() && matches!(saga.phase, Phase::Forward(_));
    let may = if works {
        order.state.staff_may_cancel()
    } else {
        order.state.member_may_cancel()
    };
    Ok(OrderView {
        campus,
        lines: lines.into_iter().map(line_of).collect::<Result<_>>()?,
        steps: steps.into_iter().map(step_of).collect::<Result<_>>()?,
        current,
        cancelling,
        payment: payment.map(|payment| OrderPayment {
            gateway: payment.gateway,
            state: payment.state,
            amount: payment.amount,
            currency: payment.currency,
            decline_reason: payment.decline_reason,
            updated_at: payment.updated_at,
        }),
        can_cancel: may && !cancelling,
        next: (works && !asked)
            .then(|| Advance::of(order.state))
            .flatten(),
        own,
        owed: offers.iter().map(|offer| offer.owed).sum(),
        returned,
        offers,
        member,
        order,
    })
}

fn line_of(row: storage::order::LineRow) -> Result<OrderLine> {
    Ok(OrderLine {
        item_id: row.item_id,
        quantity: row.quantity,
        unit_price: row.unit_price,
        item: serde_json::from_value(row.document.0).map_err(Error::internal)?,
    })
}

fn step_of(row: storage::saga::StepRow) -> Result<OrderStep> {
    Ok(OrderStep {
        step: Step::from_key(&row.step).ok_or_else(|| unknown("step", &row.step))?,
        direction: Direction::from_key(&row.direction)
            .ok_or_else(|| unknown("direction", &row.direction))?,
        state: row.state,
        attempts: row.attempts,
        error: row.error.map(|error| error.0),
        started_at: row.started_at,
        ended_at: row.ended_at,
    })
}

/// An order as a list tells it: enough to know how it stands.
///
/// # Errors
/// As [`get`].
pub async fn status(ctx: &Ctx, id: Uuid) -> Result<OrderItem> {
    if !is_staff(ctx) {
        ctx.account_id()?;
    }
    let mut tx = ctx.read().await?;
    OrderItem::try_from(visible(ctx, &mut tx, id).await?)
}

/// One's own orders, newest first, in a state where one is named, after the one where the last page
/// ended.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100.
pub async fn list(
    ctx: &Ctx,
    state: Option<OrderState>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<OrderPage> {
    let account = ctx.account_id()?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    let before = after.unwrap_or(Uuid::max());
    let state = state.map(OrderState::key);
    let mut tx = ctx.read().await?;
    // One more than asked for tells whether there is a next page.
    let mut rows = storage::order::of_member(&mut tx, account, before, state, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().map(|row| row.id).filter(|_| more);
    let items = rows.into_iter().map(OrderItem::try_from);
    Ok(OrderPage {
        items: items.collect::<Result<_>>()?,
        next,
    })
}

/// The orders that a campus hands out today, by slot, with what is in them: those that are left to do
/// before the others. Also tomorrow's once nothing of today is left to do.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`]; [`Problem::NotFound`] where there is no
/// such campus.
pub async fn today(ctx: &Ctx, campus: &str) -> Result<Vec<StaffOrder>> {
    ctx.allow(&STAFF)?;
    let mut tx = ctx.read().await?;
    let campus = campus::by_slug(&mut tx, campus)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let midnight = midnight(ctx)?;
    let until = midnight + LONGEST_DAY;
    let mut rows = storage::order::of_slots(&mut tx, campus.id, midnight, until, DAY_MOST).await?;
    let left = |row: &OrderRow| state_of(&row.state).is_ok_and(OrderState::is_living);
    if !rows.iter().any(left) {
        // Nothing is left to do today: what tomorrow begins with.
        let tomorrow =
            storage::order::of_slots(&mut tx, campus.id, until, until + DAY, DAY_MOST).await?;
        rows.extend(tomorrow);
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut lines: HashMap<Uuid, Vec<OrderLine>> = HashMap::new();
    for row in storage::order::lines(&mut tx, &ids).await? {
        lines.entry(row.order_id).or_default().push(line_of(row)?);
    }
    let members: Vec<Uuid> = rows.iter().map(|row| row.account_id).collect();
    let names: HashMap<Uuid, String> = account::names(&mut tx, &members)
        .await?
        .into_iter()
        .collect();
    rows.into_iter()
        .map(|row| {
            let member = names.get(&row.account_id).cloned().unwrap_or_default();
            let order = OrderItem::try_from(row)?;
            Ok(StaffOrder {
                lines: lines.remove(&order.id).unwrap_or_default(),
                next: Advance::of(order.state),
                member,
                order,
            })
        })
        .collect()
}

/// How many of today's orders each campus has still to hand out.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`].
pub async fn to_do(ctx: &Ctx) -> Result<HashMap<Uuid, i64>> {
    ctx.allow(&STAFF)?;
    let midnight = midnight(ctx)?;
    let mut tx = ctx.read().await?;
    let rows = storage::order::to_do(&mut tx, midnight, midnight + LONGEST_DAY).await?;
    Ok(rows.into_iter().collect())
}

/// When the day began that the institution's clocks show, in microseconds.
fn midnight(ctx: &Ctx) -> Result<i64> {
    let today = ctx.service.local_time(ctx.now()).date;
    ctx.service
        .moment(&format!("{today}T00:00"))
        .ok_or_else(|| Error::Internal(format!("no day begins on {today}")))
}

/// Moves an order on in the kitchen. With the last step what is owed to its member, because something
/// that they took instead costs less, goes into their wallet: until then the order may still be
/// cancelled, and everything goes back to where it came from.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`]; [`Problem::Conflict`] where it stands
/// otherwise, as where somebody else was faster, or its member has been asked and has not answered.
pub async fn advance(ctx: &Ctx, id: Uuid, advance: Advance) -> Result<()> {
    ctx.allow(&STAFF)?;
    let mut tx = ctx.write().await?;
    let locked = storage::saga::lock(&mut tx, &[id]).await?;
    let row = locked.first().ok_or(Error::Problem(Problem::NotFound))?;
    let asked = !storage::substitution::open(&mut tx, &[id])
        .await?
        .is_empty();
    let from = state_of(&row.state)?;
    let to = advance
        .after(from, asked)
        .ok_or(Error::Problem(Problem::Conflict))?;
    if !storage::order::advance(&mut tx, id, from.key(), to.key(), ctx.now()).await? {
        return Err(Problem::Conflict.into());
    }
    let kind = match advance {
        Advance::Start => OrderEvent::OrderPreparing,
        Advance::Ready => OrderEvent::OrderReady,
        Advance::Collected => OrderEvent::OrderCollected,
    };
    tell(ctx, &mut tx, row, kind, EventPayload::default()).await?;
    if advance == Advance::Collected {
        offer::pay_back(ctx, &mut tx, row).await?;
    }
    let action = format!("order.{}", advance.key().to_lowercase());
    let state = |state: OrderState| json!({ "state": state.key() });
    let subject = id.to_string();
    ctx.audit_change(&mut tx, (&action, &subject), &state(from), &state(to))
        .await?;
    Ok(tx.commit().await?)
}

/// Writes an event of an order down, with what every event of it tells.
async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    row: &SagaRow,
    kind: OrderEvent,
    payload: EventPayload,
) -> Result<()> {
    let event = NewEvent {
        id: ctx.service.next_id(),
        aggregate: subject(row.order_id),
        kind,
        payload: EventPayload {
            order_id: Some(row.order_id),
            number: Some(row.number),
            slot_at: Some(row.slot_at),
            ..payload
        },
        account_id: Some(row.account_id),
        campus_id: Some(row.campus_id),
        request_id: ctx.request_id.to_string(),
        at: ctx.now(),
    };
    Ok(outbox::append(tx, &[event]).await?)
}

/// Cancels an order: whoever ordered until cooking starts, staff until it is collected, with a note
/// that says why. What was paid goes back in full.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's order; [`Problem::Conflict`] where it is too late,
/// or cancelled already; [`Problem::Invalid`] where staff say nothing.
pub async fn cancel(ctx: &Ctx, id: Uuid, note: Option<&str>) -> Result<()> {
    if !is_staff(ctx) {
        ctx.account_id()?;
    }
    let mut tx = ctx.write().await?;
    let row = visible(ctx, &mut tx, id).await?;
    let own = ctx
        .account_id()
        .is_ok_and(|account| account == row.account_id);
    // Staff who cancel what they ordered themselves do so as everybody does, while that is possible.
    let as_member = own && state_of(&row.state)?.member_may_cancel();
    let reason = if as_member {
        CancelReason::Member
    } else if is_staff(ctx) {
        CancelReason::Staff
    } else {
        return Err(Problem::Conflict.into());
    };
    let note = match check_reason(note.unwrap_or_default(), NOTE_MOST) {
        Ok(note) => Some(note),
        Err(InvalidCode::Required) if reason == CancelReason::Member => None,
        Err(code) => return Err(Error::invalid("reason", code)),
    };
    let locked = storage::saga::lock(&mut tx, &[id]).await?;
    let saga = locked.first().ok_or(Error::Problem(Problem::NotFound))?;
    // It may have moved on between the two looks.
    let state = state_of(&saga.state)?;
    let allowed = match reason {
        CancelReason::Member => state.member_may_cancel(),
        _ => state.staff_may_cancel(),
    };
    let note = note.filter(|_| reason == CancelReason::Staff);
    let withdrawn = allowed && offer::withdraw(ctx, &mut tx, saga).await?;
    if !allowed || !turn_back(ctx, &mut tx, saga, reason, note).await? {
        return Err(Problem::Conflict.into());
    }
    let offer = |state: OfferState| withdrawn.then(|| state.key());
    let before = json!({
        "state": saga.state, "cancelReason": null, "note": null,
        "offer": offer(OfferState::Offered),
    });
    let after = json!({
        "state": OrderState::Cancelled.key(), "cancelReason": reason.key(), "note": note,
        "offer": offer(OfferState::Withdrawn),
    });
    let subject = id.to_string();
    ctx.audit_change(&mut tx, ("order.cancel", &subject), &before, &after)
        .await?;
    Ok(tx.commit().await?)
}

/// Has a saga turn back, now or once the step that runs has ended; false where it has already.
async fn turn_back(
    ctx: &Ctx,
    tx: &mut Tx,
    row: &SagaRow,
    reason: CancelReason,
    note: Option<&str>,
) -> Result<bool> {
    let state = settle::state_of(row)?;
    let Some((next, effect)) = saga::next(state, Event::Cancel(reason)) else {
        return Ok(false);
    };
    let mut changes = Changes::new(ctx.now());
    changes.turn(
        ctx,
        row,
        (state, next),
        effect,
        None,
        note.map(str::to_owned),
    )?;
    changes.write(tx).await?;
    Ok(true)
}

/// Cancels orders whose portions were kept for long enough and which are not paid; how many it looked at.
///
/// # Errors
/// Where the database does.
pub(crate) async fn expire(ctx: &Ctx, limit: i64) -> Result<usize> {
    let mut tx = ctx.write().await?;
    let orders = storage::saga::expired(&mut tx, ctx.now(), limit).await?;
    if !orders.is_empty() {
        let mut changes = Changes::new(ctx.now());
        for row in storage::saga::lock(&mut tx, &orders).await? {
            let state = settle::state_of(&row)?;
            // It may have been paid between the two looks.
            if state.phase != Phase::Forward(Step::Pay) {
                continue;
            }
            let Some((next, effect)) = saga::next(state, Event::Cancel(CancelReason::Expired))
            else {
                continue;
            };
            changes.turn(ctx, &row, (state, next), effect, None, None)?;
        }
        changes.write(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(orders.len())
}

/// Enqueues the step of sagas that have stood still for so many microseconds and have no job; how many it
/// looked at.
///
/// # Errors
/// Where the database does.
pub(crate) async fn take_up(ctx: &Ctx, since: i64, limit: i64) -> Result<usize> {
    let mut tx = ctx.write().await?;
    let orders = storage::saga::stranded(&mut tx, ctx.now() - since, limit).await?;
    let mut jobs = Vec::with_capacity(orders.len());
    if !orders.is_empty() {
        for row in storage::saga::lock(&mut tx, &orders).await? {
            jobs.extend(current_step(ctx, &row)?);
        }
    }
    if !jobs.is_empty() {
        job::enqueue(&mut tx, &jobs).await?;
        tx.will_wake().await?;
    }
    tx.commit().await?;
    Ok(orders.len())
}

/// The job of the step that a saga is at.
fn current_step(ctx: &Ctx, row: &SagaRow) -> Result<Option<storage::job::NewJob>> {
    let (step, direction) = match settle::state_of(row)?.phase {
        Phase::Forward(step) => (step, Direction::Do),
        Phase::Back { step, .. } => (step, Direction::Undo),
        Phase::Completed | Phase::Cancelled => return Ok(None),
    };
    order_steps::job(ctx, row.account_id, row.order_id, step, direction).map(Some)
}
