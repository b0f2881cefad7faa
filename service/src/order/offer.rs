//! Offers: something of an order is out of stock, and its member says what they want in its place.
//!
//! Whatever they answer, the portions that are not there were sold to the order by the ledger. They are
//! given back to it and counted as gone in the same transaction, so that nobody else is sold them; what is
//! taken instead is reserved and sold as always. Where nothing is taken the saga turns back, as with any
//! cancellation: the portions that it would give back have been given back already.

use super::place::{OrderedItem, id_of};
use super::settle::{self, Changes};
use super::{line_of, tell};
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::InvalidCode;
use domain::kitchen::{OfferEnd, OfferState, end_offer, replaced};
use domain::order::{CancelReason, OrderRefusal, OrderState};
use domain::payment::PaymentState;
use domain::problem::Problem;
use domain::saga::{self, Event};
use domain::stock::MovementKind;
use domain::text::Localized;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::slice;
use storage::order::{LineRow, NewItem};
use storage::saga::SagaRow;
use storage::stock::{NewMovement, OrderLines};
use storage::substitution::{self, Substitution};
use storage::wallet::{self, House, Moved, NewTransfer, TransferKind};
use storage::{Tx, refund, stock};
use uuid::Uuid;

/// Why money is given back that was paid for something else.
pub(crate) const REFUND_REASON: &str = "SUBSTITUTE";

/// What of an order was out of stock, and what its member was offered in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: Uuid,
    /// What is out of stock.
    pub item_id: Uuid,
    /// What it was called when it was ordered.
    pub name: Localized<String>,
    /// How many portions of it were ordered.
    pub quantity: i64,
    /// What may be had instead; nothing where there was nothing.
    pub choices: Vec<OfferChoice>,
    /// How it stands.
    pub state: OfferState,
    /// What the member took.
    pub chosen: Option<Uuid>,
    /// What goes back to them once the order is collected, in minor units.
    pub owed: i64,
    /// When they were asked, in microseconds.
    pub offered_at: i64,
    /// Until when they may answer.
    pub expires_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

impl Offer {
    /// Whether it waits for an answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == OfferState::Offered
    }
}

/// Something that may be had instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferChoice {
    /// The menu item.
    pub item_id: Uuid,
    /// What it is.
    pub item: OrderedItem,
    /// What goes back to whoever takes it, for all portions, in minor units. It never costs more than what
    /// was ordered.
    pub back: i64,
}

/// An offer as it is shown, with the lines of its order as they stand.
pub(super) fn view(offer: Substitution, lines: &[LineRow]) -> Result<Offer> {
    let choices = offer
        .choices
        .into_iter()
        .map(|choice| {
            let of_item = lines.iter().filter(|line| line.item_id == offer.item_id);
            Ok(OfferChoice {
                item_id: choice.item_id,
                back: of_item
                    .map(|line| replaced(line.unit_price, choice.unit_price, line.quantity).1)
                    .sum(),
                item: serde_json::from_value(choice.document).map_err(Error::internal)?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Offer {
        id: offer.id,
        item_id: offer.item_id,
        name: offer.name,
        quantity: offer.quantity,
        choices,
        state: offer.state,
        chosen: offer.chosen_id,
        owed: offer.difference,
        offered_at: offer.offered_at,
        expires_at: offer.expires_at,
        ended_at: offer.ended_at,
    })
}

/// What a member says to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// They take this item.
    Accept(Uuid),
    /// They want none of it: the order is cancelled, and what was paid goes back.
    Decline,
}

/// Answers the offer that an order waits for. Only whoever ordered may.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in; [`Problem::NotFound`], also for another
/// member's order; [`Problem::Conflict`] where nothing is offered, or no more; [`Problem::Invalid`] at
/// `itemId` for what was not offered; [`Problem::OrderRefused`] where it has been sold out meanwhile.
pub async fn answer(ctx: &Ctx, order: Uuid, answer: Answer) -> Result<()> {
    let account = ctx.account_id()?;
    let mut tx = ctx.write().await?;
    let locked = storage::saga::lock(&mut tx, &[order]).await?;
    let row = locked
        .iter()
        .find(|row| row.account_id == account)
        .ok_or(Error::Problem(Problem::NotFound))?;
    let offers = substitution::open(&mut tx, &[order]).await?;
    let offer = offers.first().ok_or(Error::Problem(Problem::Conflict))?;
    let open = OfferState::Offered.key();
    let subject = order.to_string();
    let (action, before, after) = match answer {
        Answer::Accept(item) => {
            let (name, owed) = accept(ctx, &mut tx, row, offer, item).await?;
            let before = json!({
                "offer": open, "item": offer.item_id, "name": offer.name, "owed": 0,
            });
            let after = json!({
                "offer": OfferState::Accepted.key(), "item": item, "name": name, "owed": owed,
            });
            ("order.substitute_accept", before, after)
        }
        Answer::Decline => {
            if end_all(ctx, &mut tx, &locked, &offers, OfferEnd::Decline).await? == 0 {
                return Err(Problem::Conflict.into());
            }
            let before = json!({ "offer": open, "state": row.state });
            let after = cancelled(OfferState::Declined);
            ("order.substitute_decline", before, after)
        }
    };
    ctx.audit_change(&mut tx, (action, &subject), &before, &after)
        .await?;
    Ok(tx.commit().await?)
}

/// What the audit log tells of an order whose member takes nothing.
fn cancelled(offer: OfferState) -> Value {
    json!({ "offer": offer.key(), "state": OrderState::Cancelled.key() })
}

/// Gives what is taken its name, and how much goes back to the member.
async fn accept(
    ctx: &Ctx,
    tx: &mut Tx,
    row: &SagaRow,
    offer: &Substitution,
    item: Uuid,
) -> Result<(Localized<String>, i64)> {
    let now = ctx.now();
    end_offer(offer.state, offer.expires_at, OfferEnd::Accept, now)
        .ok_or(Error::Problem(Problem::Conflict))?;
    let choice = offer
        .choices
        .iter()
        .find(|choice| choice.item_id == item)
        .ok_or_else(|| Error::invalid("itemId", InvalidCode::UnknownChoice))?;
    let lines = storage::order::lines(tx, &[row.order_id]).await?;
    let of_item = lines.iter().filter(|line| line.item_id == offer.item_id);
    let place = of_item.clone().next().map_or(0, |line| line.position);
    let difference: i64 = of_item
        .map(|line| replaced(line.unit_price, choice.unit_price, line.quantity).1)
        .sum();

    let sold_out = |available| {
        let refusals = vec![OrderRefusal::SoldOut {
            line: place,
            available,
        }];
        Error::Problem(Problem::OrderRefused { refusals })
    };
    stock::lock(tx, BTreeSet::from([item, offer.item_id])).await?;
    // It may have been taken off the menu since it was offered.
    let known = storage::menu::by_ids(tx, &[item]).await?;
    if !known.iter().any(|known| known.active) {
        return Err(sold_out(0));
    }
    let next_id = || ctx.service.next_id();
    let taken = OrderLines::new(row.order_id, [(item, offer.quantity)]);
    let moves = stock::reserve(tx, slice::from_ref(&taken), now, next_id).await?;
    if !moves.outcomes.iter().all(stock::Moved::is_done) {
        let available = stock::available(tx, &[item]).await?;
        return Err(sold_out(available.get(&item).copied().unwrap_or_default()));
    }
    stock::sell(tx, slice::from_ref(&taken), now, next_id).await?;
    let missing = Missing::of(offer);
    let given_back = OrderLines::new(row.order_id, [(offer.item_id, offer.quantity)]);
    stock::restore(tx, slice::from_ref(&given_back), now, next_id).await?;
    stock::release(tx, slice::from_ref(&given_back), now, next_id).await?;
    gone(ctx, tx, slice::from_ref(&missing)).await?;
    crate::stock::tell_low(ctx, tx, &moves.low).await?;

    let ordered = NewItem {
        id: id_of(&choice.document),
        document: &choice.document,
    };
    storage::order::insert_items(tx, slice::from_ref(&ordered)).await?;
    let substitute = (item, choice.unit_price, ordered.id);
    storage::order::replace(tx, row.order_id, offer.item_id, substitute).await?;
    let owed = owe(ctx, tx, row.order_id, difference).await?;
    if !substitution::accept(tx, offer.id, item, owed, now).await? {
        return Err(Problem::Conflict.into());
    }
    let taken: OrderedItem =
        serde_json::from_value(choice.document.clone()).map_err(Error::internal)?;
    let told = EventPayload {
        item_id: Some(item),
        item: Some(taken.name.clone()),
        ..EventPayload::default()
    };
    tell(ctx, tx, row, OrderEvent::SubstituteAccepted, told).await?;
    Ok((taken.name, owed))
}

/// How much of a difference the member is owed. From now on administrators can't give it back, as it is
/// given back when the order is collected; what they have given back before is not owed any more.
async fn owe(ctx: &Ctx, tx: &mut Tx, order: Uuid, difference: i64) -> Result<i64> {
    let left = refund::lock_left(tx, order).await?;
    let left = left
        .filter(|left| left.state == PaymentState::Charged)
        .map_or(0, |left| left.amount);
    let owed = difference.min(left);
    if owed > 0 && !refund::take(tx, order, owed, ctx.now()).await? {
        return Err(Problem::Conflict.into());
    }
    Ok(owed)
}

/// Portions of an order that are not there, whatever the ledger says.
pub(super) struct Missing {
    /// What says so: a substitution's id.
    pub id: Uuid,
    /// Of which order.
    pub order: Uuid,
    /// Of which item.
    pub item: Uuid,
    /// How many.
    pub quantity: i64,
}

impl Missing {
    fn of(offer: &Substitution) -> Self {
        Self {
            id: offer.id,
            order: offer.order_id,
            item: offer.item_id,
            quantity: offer.quantity,
        }
    }
}

/// Takes portions out of stock that an order has just given back and that are not there.
async fn gone(ctx: &Ctx, tx: &mut Tx, missing: &[Missing]) -> Result<()> {
    let movements = missing
        .iter()
        .map(|one| NewMovement {
            id: ctx.service.next_id(),
            item_id: one.item,
            kind: MovementKind::Corrected,
            quantity: -one.quantity,
            cause: format!("substitution:{}:gone", one.id),
            order_id: Some(one.order),
            actor_id: None,
            note: String::new(),
            at: ctx.now(),
        })
        .collect();
    // Nobody could have had them: nothing becomes low by this.
    stock::record(tx, movements).await?;
    Ok(())
}

/// Gives back all that some orders have, and counts what is not there of it as gone. The orders' sagas find
/// that done.
pub(super) async fn give_back(ctx: &Ctx, tx: &mut Tx, missing: &[Missing]) -> Result<()> {
    let now = ctx.now();
    let orders: Vec<Uuid> = missing.iter().map(|one| one.order).collect();
    let mut held: HashMap<Uuid, Vec<(Uuid, i64)>> = HashMap::new();
    for row in storage::order::quantities(tx, &orders).await? {
        let lines = held.entry(row.order_id).or_default();
        lines.push((row.item_id, row.quantity));
    }
    let lines: Vec<OrderLines> = orders
        .iter()
        .map(|order| OrderLines::new(*order, held.remove(order).unwrap_or_default()))
        .collect();
    let items = lines.iter().flat_map(OrderLines::items);
    stock::lock(tx, items.collect()).await?;
    let next_id = || ctx.service.next_id();
    stock::restore(tx, &lines, now, next_id).await?;
    stock::release(tx, &lines, now, next_id).await?;
    gone(ctx, tx, missing).await
}

/// Ends offers of which nothing is taken, and cancels their orders unless somebody else is about to; how
/// many could be ended. The orders are locked.
async fn end_all(
    ctx: &Ctx,
    tx: &mut Tx,
    rows: &[SagaRow],
    offers: &[Substitution],
    end: OfferEnd,
) -> Result<usize> {
    let now = ctx.now();
    let rows: HashMap<Uuid, &SagaRow> = rows.iter().map(|row| (row.order_id, row)).collect();
    let mut changes = Changes::new(now);
    let mut missing = Vec::new();
    let mut ended = Vec::new();
    let mut outcome = None;
    for offer in offers {
        let Some(row) = rows.get(&offer.order_id) else {
            continue;
        };
        let Some(state) = end_offer(offer.state, offer.expires_at, end, now) else {
            continue;
        };
        if end != OfferEnd::Withdraw {
            let before = settle::state_of(row)?;
            let cancel = Event::Cancel(CancelReason::OutOfStock);
            let Some((next, effect)) = saga::next(before, cancel) else {
                continue;
            };
            changes.turn(ctx, row, (before, next), effect, None, None)?;
        }
        outcome = Some(state);
        missing.push(Missing::of(offer));
        ended.push(offer.id);
    }
    if let Some(state) = outcome {
        substitution::end(tx, &ended, state, now).await?;
        give_back(ctx, tx, &missing).await?;
        changes.write(tx).await?;
        if end == OfferEnd::Expire {
            let told = missing.iter().filter_map(|one| {
                let before = json!({
                    "offer": OfferState::Offered.key(), "state": rows.get(&one.order)?.state,
                });
                Some((one.order.to_string(), before, cancelled(state)))
            });
            let told: Vec<(String, Value, Value)> = told.collect();
            ctx.audit_changes(tx, "order.substitute_expire", &told)
                .await?;
        }
    }
    Ok(ended.len())
}

/// Ends the offer of an order that is cancelled otherwise; whether there was one.
pub(super) async fn withdraw(ctx: &Ctx, tx: &mut Tx, row: &SagaRow) -> Result<bool> {
    let offers = substitution::open(tx, &[row.order_id]).await?;
    let ended = end_all(ctx, tx, slice::from_ref(row), &offers, OfferEnd::Withdraw).await?;
    Ok(ended > 0)
}

/// Cancels orders whose members have not answered in time; how many.
///
/// # Errors
/// Where the database does.
pub(crate) async fn expire(ctx: &Ctx, limit: i64) -> Result<usize> {
    let mut tx = ctx.write().await?;
    let orders = substitution::due(&mut tx, ctx.now(), limit).await?;
    let mut ended = 0;
    if !orders.is_empty() {
        let rows = storage::saga::lock(&mut tx, &orders).await?;
        let offers = substitution::open(&mut tx, &orders).await?;
        ended = end_all(ctx, &mut tx, &rows, &offers, OfferEnd::Expire).await?;
    }
    tx.commit().await?;
    Ok(ended)
}

/// Puts into a member's wallet what is owed to them of an order that was collected while the money for that was
/// not here, and is here again.
///
/// # Errors
/// Where the database does.
pub(crate) async fn pay_back_again(ctx: &Ctx, tx: &mut Tx, row: &SagaRow) -> Result<()> {
    if super::state_of(&row.state)? == OrderState::Collected {
        pay_back(ctx, tx, row).await?;
    }
    Ok(())
}

/// Puts into a member's wallet what is owed to them of an order that can be cancelled no more, and is not there
/// yet.
pub(super) async fn pay_back(ctx: &Ctx, tx: &mut Tx, row: &SagaRow) -> Result<()> {
    let owed = substitution::owed(tx, row.order_id).await?;
    // Where all of it has gone back, so has the difference.
    let payment = refund::lock_left(tx, row.order_id).await?;
    let gone = refund::asked(tx, row.order_id).await? + refund::elsewhere(tx, row.order_id).await?;
    let key = format!("order:{}:difference", row.order_id);
    let paid = wallet::moved(tx, row.order_id, &key).await?;
    let owed = owed.min(row.total - gone) - paid;
    if owed <= 0 || payment.is_none_or(|left| left.state != PaymentState::Charged) {
        return Ok(());
    }
    // What could not be paid the first time comes under another key.
    let key = match paid {
        0 => key,
        paid => format!("{key}:{paid}"),
    };
    let new = NewTransfer {
        id: ctx.service.next_id(),
        account_ids: [ctx.service.next_id(), ctx.service.next_id()],
        key: &key,
        kind: TransferKind::Refund,
        owner: row.account_id,
        house: House::Sales,
        amount: owed,
        currency: &row.currency,
        balance_most: i64::MAX,
        order_id: Some(row.order_id),
        actor_id: None,
        note: "",
        at: ctx.now(),
    };
    if wallet::transfer(tx, &new).await? == Moved::Refused {
        return Err(Error::Internal(format!("a wallet took no refund: {key}")));
    }
    let told = EventPayload {
        amount: Some(owed),
        currency: Some(row.currency.clone()),
        reason: Some(REFUND_REASON.to_owned()),
        ..EventPayload::default()
    };
    tell(ctx, tx, row, OrderEvent::PaymentRefunded, told).await
}

/// The lines of an order that have an item, for whoever says that it is out of stock.
pub(super) fn lines_of(lines: Vec<LineRow>, item: Uuid) -> Result<Vec<super::OrderLine>> {
    lines
        .into_iter()
        .filter(|line| line.item_id == item)
        .map(line_of)
        .collect()
}
