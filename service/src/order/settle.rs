//! What a step of an order's saga writes once it has run: its effect on stock and payment, the saga's
//! new state, the next step's job and the events, for many orders in one transaction.
//!
//! A step whose saga has gone on meanwhile changes nothing: it ran late, or twice.

use crate::ctx::Ctx;
use crate::jobs::{Share, SharesWritten, order_steps};
use crate::{Error, Result};
use domain::event::{EventPayload, OrderEvent};
use domain::order::{CancelReason, RESERVED};
use domain::payment::{DeclineReason, GatewayKind, PaymentState};
use domain::saga::{self, Direction, Effect, Event, Phase, Saga, Step};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use storage::job::{self, NewJob};
use storage::order::{Cancelled, SlotChange};
use storage::outbox::NewEvent;
use storage::payment::{ChargedOrder, DeclinedOrder, NewPayment};
use storage::saga::{Reserved, SagaChange, SagaRow, StepChange};
use storage::stock::{Moved, OrderLines};
use storage::{Tx, order, outbox, payment, stock};
use uuid::Uuid;

/// A step that has run.
pub(crate) struct StepEnd {
    /// Of the job that ran it.
    pub ctx: Ctx,
    /// The order.
    pub order: Uuid,
    /// The step.
    pub step: Step,
    /// Whether it was done or undone.
    pub direction: Direction,
    /// What came of it.
    pub found: Found,
    /// How often it has failed before.
    pub failures: i64,
    /// When it began, in microseconds.
    pub started_at: i64,
}

/// What came of a step.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// All that it does is written here.
    Here,
    /// The gateway has the money, under this name.
    Charged(String),
    /// The gateway said no.
    Declined(DeclineReason),
    /// Nothing, for this reason, and it is tried again.
    Failed(Value),
    /// Nothing, and it is not tried again.
    Exhausted(CancelReason, Value),
    /// So much has gone back, in minor units; nothing where no money was ever taken, or all of it had gone back
    /// in parts. It may be here again: whoever settles it looks.
    Refunded(Option<i64>),
}

/// Names what happens to an order in the outbox and at its jobs.
pub(crate) fn subject(order: Uuid) -> String {
    format!("order:{order}")
}

/// Writes what [`StepEnd`]s have to write; see [`crate::jobs::WriteShares`].
pub(crate) fn write<'tx>(
    tx: &'tx mut Tx,
    shares: &'tx [Share],
) -> BoxFuture<'tx, Result<SharesWritten>> {
    async move {
        let ends: Vec<&StepEnd> = shares
            .iter()
            .filter_map(|share| share.downcast_ref())
            .collect();
        settle(tx, &ends).await
    }
    .boxed()
}

/// Writes what a step has to write that ended otherwise than by its job, as where a gateway tells by itself
/// what it did. The job of the step, where it ends later, is late.
///
/// # Errors
/// Where the database does.
pub(crate) async fn end(tx: &mut Tx, end: &StepEnd) -> Result<()> {
    let settled = settle(tx, &[end]).await?;
    enqueue(tx, &settled.next).await
}

/// Enqueues the step that a saga is at, to be run now: it may wait for its next try, and sees otherwise.
///
/// # Errors
/// Where the database does.
pub(crate) async fn run_again(
    ctx: &Ctx,
    tx: &mut Tx,
    row: &SagaRow,
    step: Step,
    direction: Direction,
) -> Result<()> {
    let mut changes = Changes::new(ctx.now());
    changes.begin(ctx, row, step, direction)?;
    changes.write(tx).await
}

/// Notes that the money of an order has gone back though nothing here asked for it, and tells the member;
/// false where that is known, or all of it went part by part. The order goes its way; where it is cancelled
/// later, nothing is left to go back.
///
/// # Errors
/// Where the database does.
pub(crate) async fn returned(ctx: &Ctx, tx: &mut Tx, row: &SagaRow) -> Result<bool> {
    let now = ctx.now();
    let asked = storage::refund::asked(tx, row.order_id).await?;
    let elsewhere = storage::refund::elsewhere(tx, row.order_id).await?;
    if asked + elsewhere >= row.total {
        return Ok(false);
    }
    if payment::refunding(tx, &[row.order_id], now).await? == 0 {
        return Ok(false);
    }
    let grown = storage::refund::reckon(tx, row.order_id, row.total, now).await?;
    let mut changes = Changes::new(now);
    changes.refunded.push(row.order_id);
    let told = EventPayload {
        amount: Some(grown),
        currency: Some(row.currency.clone()),
        ..payload(row)
    };
    changes.tell(ctx, row, OrderEvent::PaymentRefunded, told);
    changes.write(tx).await?;
    Ok(true)
}

/// Enqueues the steps that follow, for whoever is free.
async fn enqueue(tx: &mut Tx, next: &[NewJob]) -> Result<()> {
    if !next.is_empty() {
        job::enqueue(tx, next).await?;
        tx.will_wake().await?;
    }
    Ok(())
}

async fn settle(tx: &mut Tx, ends: &[&StepEnd]) -> Result<SharesWritten> {
    let Some(first) = ends.first() else {
        return Ok(SharesWritten::default());
    };
    let now = first.ctx.now();
    let orders: BTreeSet<Uuid> = ends.iter().map(|end| end.order).collect();
    let orders: Vec<Uuid> = orders.into_iter().collect();
    let rows = storage::saga::lock(tx, &orders).await?;
    let rows: HashMap<Uuid, SagaRow> = rows.into_iter().map(|row| (row.order_id, row)).collect();
    let mut timely = Vec::new();
    let mut taken = HashSet::new();
    let mut places: Vec<(usize, &StepEnd)> = ends.iter().copied().enumerate().collect();
    // Where a step ran twice and one of the runs came to something, that is what came of it.
    places.sort_by_key(|(_, end)| matches!(end.found, Found::Failed(_)));
    for (place, end) in places {
        let Some(row) = rows.get(&end.order) else {
            continue;
        };
        let state = state_of(row)?;
        if concerns(&state, end) && taken.insert(end.order) {
            timely.push((place, end, row, state));
        }
    }
    let steps: Vec<&StepEnd> = timely.iter().map(|(_, end, ..)| *end).collect();
    let mut stocked = move_stock(tx, &steps, now).await?;
    let here_again = here_again(tx, &steps, now).await?;
    let mut changes = Changes::new(now);
    let mut kept = Vec::new();
    let mut results = vec![json!({ "late": true }); ends.len()];
    for (place, end, row, state) in timely {
        let event = stocked.events.remove(&end.order).or_else(|| event_of(end));
        let Some(event) = event else {
            changes.step(end, None, None);
            continue;
        };
        let Some((next, effect)) = saga::next(state, event) else {
            continue;
        };
        if here_again.contains(&end.order) {
            changes.step(end, Some(event), Some(json!({ "refund": "failed" })));
            kept.push((
                end.order.to_string(),
                json!({ "state": PaymentState::Refunding.key() }),
                json!({ "state": PaymentState::Charged.key() }),
            ));
        } else {
            changes.step(end, Some(event), None);
            changes.of_payment(end, row);
        }
        changes.turn(&end.ctx, row, (state, next), effect, Some(event), None)?;
        results[place] = json!({ "phase": next.phase.key() });
    }
    let next = changes.write_but_jobs(tx).await?;
    if !kept.is_empty() {
        first
            .ctx
            .audit_changes(tx, "payment.refund_failed", &kept)
            .await?;
    }
    crate::stock::tell_low(&first.ctx, tx, &stocked.low).await?;
    Ok(SharesWritten { results, next })
}

/// The orders of which the money that went back is here again, since a card's bank did not take it: it is left
/// to administrators. Whoever hears of that waits for the saga, and so has told it before this looks, or does
/// so after what is written here.
async fn here_again(tx: &mut Tx, ends: &[&StepEnd], now: i64) -> Result<HashSet<Uuid>> {
    let returned = |end: &&&StepEnd| matches!(end.found, Found::Refunded(_));
    let orders: Vec<Uuid> = ends.iter().filter(returned).map(|end| end.order).collect();
    if orders.is_empty() {
        return Ok(HashSet::new());
    }
    let here = payment::here_again(tx, &orders, now).await?;
    Ok(here.into_iter().collect())
}

/// The state that a row holds.
pub(crate) fn state_of(row: &SagaRow) -> Result<Saga> {
    let unknown = || {
        Error::Internal(format!(
            "order {} has a saga of no known state",
            row.order_id
        ))
    };
    let step = |name: &Option<String>| {
        name.as_deref()
            .map(|name| Step::from_key(name).ok_or_else(unknown))
    };
    let phase = match (row.phase.as_str(), step(&row.step).transpose()?) {
        ("FORWARD", Some(step)) => Phase::Forward(step),
        ("BACK", Some(now)) => Phase::Back {
            step: now,
            reached: step(&row.reached).transpose()?,
        },
        ("COMPLETED", None) => Phase::Completed,
        ("CANCELLED", None) => Phase::Cancelled,
        _ => return Err(unknown()),
    };
    let reason = row.reason.as_deref();
    Ok(Saga {
        version: row.version,
        phase,
        reason: reason
            .map(|name| CancelReason::from_key(name).ok_or_else(unknown))
            .transpose()?,
    })
}

fn concerns(state: &Saga, end: &StepEnd) -> bool {
    match state.phase {
        Phase::Forward(step) => end.direction == Direction::Do && end.step == step,
        Phase::Back { step, .. } => end.direction == Direction::Undo && end.step == step,
        Phase::Completed | Phase::Cancelled => false,
    }
}

/// What has happened where stock has no say in it; nothing yet, where it is tried again.
fn event_of(end: &StepEnd) -> Option<Event> {
    Some(match (&end.found, end.direction) {
        (Found::Failed(_), _) => return None,
        (Found::Declined(_), _) => Event::Refused(end.step, CancelReason::PaymentDeclined),
        (Found::Exhausted(reason, _), _) => Event::Exhausted(end.step, *reason),
        (_, Direction::Do) => Event::Done(end.step),
        (_, Direction::Undo) => Event::Undone(end.step),
    })
}

/// What came of moving stock.
#[derive(Default)]
struct Stocked {
    events: HashMap<Uuid, Event>,
    low: Vec<stock::BecameLow>,
}

async fn move_stock(tx: &mut Tx, ends: &[&StepEnd], now: i64) -> Result<Stocked> {
    let moves = |end: &&&StepEnd| {
        matches!(end.found, Found::Here)
            && matches!(
                (end.step, end.direction),
                (Step::VerifyStock, Direction::Do) | (Step::Reserve | Step::ConfirmReservation, _)
            )
    };
    let moving: Vec<&StepEnd> = ends.iter().filter(moves).copied().collect();
    let Some(first) = moving.first() else {
        return Ok(Stocked::default());
    };
    let ids: Vec<Uuid> = moving.iter().map(|end| end.order).collect();
    let mut wanted: HashMap<Uuid, Vec<(Uuid, i64)>> = HashMap::new();
    for row in order::quantities(tx, &ids).await? {
        let lines = wanted.entry(row.order_id).or_default();
        lines.push((row.item_id, row.quantity));
    }
    let service = &first.ctx.service;
    let mut stocked = Stocked::default();
    let moved: BTreeSet<(Step, Direction)> = moving
        .iter()
        .map(|end| (end.step, end.direction))
        .filter(|(step, _)| *step != Step::VerifyStock)
        .collect();
    if moved.len() > 1 {
        // Of all that is moved, before the first of it is.
        let items = wanted.values().flatten().map(|(item, _)| *item);
        stock::lock(tx, items.collect()).await?;
    }
    // What is given back comes first, and may serve those who want something.
    for (step, direction) in [
        (Step::ConfirmReservation, Direction::Undo),
        (Step::Reserve, Direction::Undo),
        (Step::ConfirmReservation, Direction::Do),
        (Step::Reserve, Direction::Do),
    ] {
        let group: Vec<OrderLines> = moving
            .iter()
            .filter(|end| (end.step, end.direction) == (step, direction))
            .map(|end| OrderLines::new(end.order, wanted.remove(&end.order).unwrap_or_default()))
            .collect();
        if group.is_empty() {
            continue;
        }
        let next_id = || service.next_id();
        let moved = match (step, direction) {
            (Step::ConfirmReservation, Direction::Undo) => {
                stock::restore(tx, &group, now, next_id).await?
            }
            (Step::Reserve, Direction::Undo) => stock::release(tx, &group, now, next_id).await?,
            (Step::ConfirmReservation, Direction::Do) => {
                stock::sell(tx, &group, now, next_id).await?
            }
            _ => stock::reserve(tx, &group, now, next_id).await?,
        };
        for (lines, outcome) in group.iter().zip(moved.outcomes) {
            let event = match (direction, outcome) {
                // What was never kept or sold need not be given back.
                (Direction::Undo, _) => Event::Undone(step),
                (Direction::Do, Moved::Now | Moved::Before) => Event::Done(step),
                (Direction::Do, Moved::Short(_)) => Event::Refused(step, CancelReason::OutOfStock),
                (Direction::Do, Moved::Never) => Event::Refused(step, CancelReason::Expired),
            };
            stocked.events.insert(lines.order_id(), event);
        }
        stocked.low.extend(moved.low);
    }
    // Those that were moved are no longer among the wanted: the rest are to be looked at only.
    let items: BTreeSet<Uuid> = wanted.values().flatten().map(|(item, _)| *item).collect();
    if !items.is_empty() {
        let items: Vec<Uuid> = items.into_iter().collect();
        let available = stock::available(tx, &items).await?;
        for (order, lines) in wanted {
            let enough = lines
                .iter()
                .all(|(item, quantity)| available.get(item).is_some_and(|most| quantity <= most));
            let event = if enough {
                Event::Done(Step::VerifyStock)
            } else {
                Event::Refused(Step::VerifyStock, CancelReason::OutOfStock)
            };
            stocked.events.insert(order, event);
        }
    }
    Ok(stocked)
}

/// What is to be written for many orders.
pub(crate) struct Changes {
    now: i64,
    sagas: Vec<SagaChange>,
    steps: Vec<StepChange>,
    requested: Vec<(Uuid, GatewayKind, i64, String)>,
    charged: Vec<ChargedOrder>,
    declined: Vec<DeclinedOrder>,
    refunding: Vec<Uuid>,
    refunded: Vec<Uuid>,
    confirmed: Vec<Uuid>,
    cancelled: Vec<Cancelled>,
    noted: Vec<(Uuid, String)>,
    events: Vec<NewEvent>,
    jobs: Vec<NewJob>,
    /// How each saga ended, and how many seconds its order took.
    processed: Vec<(&'static str, f64)>,
}

impl Changes {
    /// Nothing yet.
    pub fn new(now: i64) -> Self {
        Self {
            now,
            sagas: Vec::new(),
            steps: Vec::new(),
            requested: Vec::new(),
            charged: Vec::new(),
            declined: Vec::new(),
            refunding: Vec::new(),
            refunded: Vec::new(),
            confirmed: Vec::new(),
            cancelled: Vec::new(),
            noted: Vec::new(),
            events: Vec::new(),
            jobs: Vec::new(),
            processed: Vec::new(),
        }
    }

    /// Notes how a step went, or that it is tried again; `failed` says why nothing came of it where that is
    /// seen only now.
    fn step(&mut self, end: &StepEnd, event: Option<Event>, failed: Option<Value>) {
        let (state, error) = match (&end.found, event) {
            _ if failed.is_some() => ("REFUSED", failed),
            (Found::Failed(error), _) => ("PENDING", Some(error.clone())),
            (Found::Exhausted(_, error), _) => ("EXHAUSTED", Some(error.clone())),
            (Found::Declined(reason), _) => ("REFUSED", Some(json!({ "declined": reason.key() }))),
            (_, Some(Event::Refused(_, reason))) => {
                ("REFUSED", Some(json!({ "reason": reason.key() })))
            }
            _ => ("DONE", None),
        };
        self.steps.push(StepChange {
            order_id: end.order,
            step: end.step.key(),
            direction: end.direction.key(),
            state,
            attempts: end.failures + 1,
            error,
            started_at: end.started_at,
            ended_at: event.map(|_| self.now),
        });
    }

    fn of_payment(&mut self, end: &StepEnd, row: &SagaRow) {
        let amount = || EventPayload {
            amount: Some(row.total),
            currency: Some(row.currency.clone()),
            ..payload(row)
        };
        match &end.found {
            Found::Charged(reference) => {
                self.charged.push(ChargedOrder {
                    order_id: end.order,
                    reference: reference.clone(),
                });
                self.tell(&end.ctx, row, OrderEvent::PaymentCharged, amount());
            }
            Found::Declined(reason) => {
                self.declined.push(DeclinedOrder {
                    order_id: end.order,
                    reason: *reason,
                });
                let told = EventPayload {
                    reason: Some(reason.key().to_owned()),
                    ..amount()
                };
                self.tell(&end.ctx, row, OrderEvent::PaymentDeclined, told);
            }
            Found::Refunded(returned) => {
                self.refunded.push(end.order);
                if let Some(returned) = returned {
                    let told = EventPayload {
                        amount: Some(*returned),
                        ..amount()
                    };
                    self.tell(&end.ctx, row, OrderEvent::PaymentRefunded, told);
                }
            }
            Found::Here | Found::Failed(_) | Found::Exhausted(..) => {}
        }
    }

    /// Notes where a saga goes and what is to be done for it.
    pub fn turn(
        &mut self,
        ctx: &Ctx,
        row: &SagaRow,
        (before, next): (Saga, Saga),
        effect: Effect,
        event: Option<Event>,
        note: Option<String>,
    ) -> Result<()> {
        let reserved = match (before.phase, next.phase, event) {
            _ if effect == Effect::Do(Step::Pay) => Reserved::Until(self.now + RESERVED),
            (Phase::Forward(Step::ConfirmReservation), _, Some(Event::Done(_)))
            | (
                Phase::Back {
                    step: Step::Reserve,
                    ..
                },
                ..,
            )
            | (_, Phase::Cancelled, _) => Reserved::Never,
            _ => Reserved::Unchanged,
        };
        let reached = match next.phase {
            Phase::Back { reached, .. } => reached.map(Step::key),
            _ => None,
        };
        self.sagas.push(SagaChange {
            order_id: row.order_id,
            phase: next.phase.key(),
            step: next.phase.step().map(Step::key),
            reached,
            reason: next.reason.map(CancelReason::key),
            reserved,
            now: self.now,
        });
        let reason = next.reason.unwrap_or(CancelReason::Failed);
        match effect {
            Effect::Do(step) => {
                if step == Step::Pay {
                    let gateway = GatewayKind::from_key(&row.gateway).ok_or_else(|| {
                        Error::Internal(format!("no gateway is called {}", row.gateway))
                    })?;
                    let currency = row.currency.clone();
                    self.requested
                        .push((row.order_id, gateway, row.total, currency));
                }
                self.begin(ctx, row, step, Direction::Do)?;
            }
            Effect::TurnBack(step) => {
                self.cancelled.push(Cancelled {
                    id: row.order_id,
                    reason: reason.key(),
                    note,
                });
                let told = EventPayload {
                    reason: Some(reason.key().to_owned()),
                    direction: Some(Direction::Undo.key().to_owned()),
                    ..payload(row)
                };
                self.tell(ctx, row, OrderEvent::OrderStep, told);
                self.begin(ctx, row, step, Direction::Undo)?;
            }
            Effect::Undo(step) => {
                if step == Step::Pay {
                    self.refunding.push(row.order_id);
                }
                self.begin(ctx, row, step, Direction::Undo)?;
            }
            Effect::Wait => {
                self.noted.extend(note.map(|note| (row.order_id, note)));
                // The step may wait for its next try: it is run now, and sees that it need not be. Where
                // it runs already, whichever ends later is late.
                if let Some(step) = next.phase.step() {
                    self.begin(ctx, row, step, Direction::Do)?;
                }
            }
            Effect::End => {}
        }
        match event {
            // Whoever cancelled in the meantime is told of that alone.
            Some(Event::Done(Step::SendConfirmation))
                if next.phase == Phase::Forward(Step::Complete) =>
            {
                self.tell(ctx, row, OrderEvent::OrderConfirmed, payload(row));
            }
            Some(Event::Undone(Step::SendConfirmation)) => {
                let told = EventPayload {
                    reason: Some(reason.key().to_owned()),
                    ..payload(row)
                };
                self.tell(ctx, row, OrderEvent::OrderCancelled, told);
            }
            Some(Event::Done(Step::Complete)) if next.phase == Phase::Completed => {
                self.confirmed.push(row.order_id);
                let told = EventPayload {
                    step: Some(Step::Complete.key().to_owned()),
                    direction: Some(Direction::Do.key().to_owned()),
                    ..payload(row)
                };
                self.tell(ctx, row, OrderEvent::OrderStep, told);
            }
            _ => {}
        }
        if next.phase.has_ended() {
            let status = match next.phase {
                Phase::Completed => "completed",
                _ => "cancelled",
            };
            let seconds = (self.now - row.placed_at) as f64 / 1e6;
            self.processed.push((status, seconds));
        }
        Ok(())
    }

    /// Notes that a step is to be run.
    fn begin(&mut self, ctx: &Ctx, row: &SagaRow, step: Step, direction: Direction) -> Result<()> {
        let job = order_steps::job(ctx, row.account_id, row.order_id, step, direction)?;
        self.jobs.push(job);
        Ok(())
    }

    fn tell(&mut self, ctx: &Ctx, row: &SagaRow, kind: OrderEvent, payload: EventPayload) {
        self.events.push(NewEvent {
            id: ctx.service.next_id(),
            aggregate: subject(row.order_id),
            kind,
            payload,
            account_id: Some(row.account_id),
            campus_id: Some(row.campus_id),
            request_id: ctx.request_id.to_string(),
            at: self.now,
        });
    }

    /// Writes it all; what has ended is counted once that is committed.
    pub async fn write(self, tx: &mut Tx) -> Result<()> {
        let next = self.write_but_jobs(tx).await?;
        enqueue(tx, &next).await
    }

    /// Writes all but the steps that follow, and gives these.
    async fn write_but_jobs(self, tx: &mut Tx) -> Result<Vec<NewJob>> {
        if !self.sagas.is_empty() {
            storage::saga::write(tx, &self.sagas).await?;
        }
        if !self.steps.is_empty() {
            storage::saga::write_steps(tx, &self.steps).await?;
        }
        if !self.requested.is_empty() {
            let keys: Vec<(String, String)> = self
                .requested
                .iter()
                .map(|(order, ..)| {
                    (
                        format!("order:{order}:pay"),
                        format!("order:{order}:refund"),
                    )
                })
                .collect();
            let payments: Vec<NewPayment<'_>> = self
                .requested
                .iter()
                .zip(&keys)
                .map(
                    |((order, gateway, amount, currency), (key, refund_key))| NewPayment {
                        order_id: *order,
                        gateway: *gateway,
                        key,
                        refund_key,
                        amount: *amount,
                        currency,
                        at: self.now,
                    },
                )
                .collect();
            payment::request(tx, &payments).await?;
        }
        if !self.charged.is_empty() {
            payment::charged(tx, &self.charged, self.now).await?;
        }
        if !self.declined.is_empty() {
            payment::declined(tx, &self.declined, self.now).await?;
        }
        if !self.refunding.is_empty() {
            payment::refunding(tx, &self.refunding, self.now).await?;
        }
        if !self.refunded.is_empty() {
            payment::refunded(tx, &self.refunded, self.now).await?;
        }
        if !self.noted.is_empty() {
            order::note(tx, &self.noted).await?;
        }
        if !self.confirmed.is_empty() {
            order::confirm(tx, &self.confirmed, self.now).await?;
        }
        if !self.cancelled.is_empty() {
            let mut freed: BTreeMap<(Uuid, i64), i64> = BTreeMap::new();
            for slot in order::cancel(tx, &self.cancelled, self.now).await? {
                *freed.entry(slot).or_default() += 1;
            }
            // In their order, as those who place orders lock them.
            let slots: Vec<(Uuid, i64)> = freed.keys().copied().collect();
            order::lock_slots(tx, &slots).await?;
            let freed: Vec<SlotChange> = freed
                .into_iter()
                .map(|((campus_id, starts_at), orders)| SlotChange {
                    campus_id,
                    starts_at,
                    orders: -orders,
                })
                .collect();
            order::take_slots(tx, &freed).await?;
        }
        if !self.events.is_empty() {
            outbox::append(tx, &self.events).await?;
        }
        if !self.processed.is_empty() {
            let processed = self.processed;
            tx.once_committed(move || count(&processed));
        }
        Ok(self.jobs)
    }
}

/// Counts orders that were processed.
fn count(processed: &[(&'static str, f64)]) {
    for (status, seconds) in processed {
        metrics::counter!("orders_processed_total", "status" => *status).increment(1);
        metrics::histogram!("order_processing_duration_seconds").record(*seconds);
    }
}

/// What every event of an order tells.
fn payload(row: &SagaRow) -> EventPayload {
    EventPayload {
        order_id: Some(row.order_id),
        number: Some(row.number),
        slot_at: Some(row.slot_at),
        ..EventPayload::default()
    }
}
