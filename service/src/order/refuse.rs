//! What the kitchen can't make: which item of an order is out of stock, and what is offered in its place.

use super::offer::{Missing, give_back, lines_of};
use super::place::OrderedItem;
use super::{OrderLine, STAFF, state_of, tell, turn_back};
use crate::ctx::Ctx;
use crate::{Error, Result, menu};
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::InvalidCode;
use domain::kitchen::{OFFER_LASTS, SUBSTITUTES_MOST, Station};
use domain::menu::{Restrictions, Slot};
use domain::order::{CancelReason, OrderState};
use domain::problem::Problem;
use domain::stock::MovementKind;
use domain::text::Localized;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use storage::menu::MenuItemRow;
use storage::stock::NewMovement;
use storage::substitution::{self, ChoiceRow, NewSubstitution};
use storage::{Tx, stock};
use uuid::Uuid;

/// How many things are named that might be offered.
const CANDIDATES_MOST: usize = 6;

/// Something that might be offered in place of what is out of stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The menu item.
    pub item_id: Uuid,
    /// What it is, configured as simply as it can be.
    pub item: OrderedItem,
    /// What one costs, in minor units. The member pays no more than they have paid.
    pub unit_price: i64,
    /// Where it is made.
    pub station: Station,
    /// How many portions anybody may have.
    pub left: i64,
}

/// What is known of an order of which something is out of stock.
struct Case {
    order: Uuid,
    campus: Uuid,
    account: Uuid,
    slot_at: i64,
    item: Uuid,
    /// The lines that have the item.
    lines: Vec<OrderLine>,
    /// What the order has, or had: by the ledger it can't have it again.
    taken: BTreeSet<Uuid>,
}

impl Case {
    /// # Errors
    /// [`Problem::Invalid`] at `itemId` where the order has no such item.
    async fn read(
        tx: &mut Tx,
        (order, campus, account, slot_at): (Uuid, Uuid, Uuid, i64),
        item: Uuid,
    ) -> Result<Self> {
        let lines = storage::order::lines(tx, &[order]).await?;
        let mut taken: BTreeSet<Uuid> = lines.iter().map(|line| line.item_id).collect();
        for earlier in substitution::of_order(tx, order).await? {
            taken.insert(earlier.item_id);
            taken.extend(earlier.chosen_id);
        }
        let lines = lines_of(lines, item)?;
        if lines.is_empty() {
            return Err(Error::invalid("itemId", InvalidCode::UnknownChoice));
        }
        Ok(Self {
            order,
            campus,
            account,
            slot_at,
            item,
            lines,
            taken,
        })
    }

    fn quantity(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// What may be offered, the most alike first: what the campus sells in the order's slot, has enough of,
    /// and the member's profile allows; of some items, where those are named.
    async fn candidates(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        only: Option<&[Uuid]>,
    ) -> Result<Vec<Candidate>> {
        let all = storage::menu::of_campus(tx, self.campus).await?;
        let missing = all.iter().find(|item| item.id == self.item).cloned();
        let wanted: Vec<MenuItemRow> = all
            .into_iter()
            .filter(|item| item.active && !self.taken.contains(&item.id))
            .filter(|item| only.is_none_or(|only| only.contains(&item.id)))
            .collect();
        let ids: Vec<Uuid> = wanted.iter().map(|item| item.id).collect();
        let left = stock::available(tx, &ids).await?;
        let restrictions = menu::restrictions_of(tx, self.account).await?;
        let slot = menu::slot_at(&ctx.service, self.slot_at);
        let mut found: Vec<(MenuItemRow, Candidate)> = wanted
            .into_iter()
            .filter_map(|item| {
                let left = left.get(&item.id).copied().unwrap_or_default();
                let enough = left >= self.quantity();
                let candidate = enough.then(|| candidate(ctx, &item, left, &restrictions, slot));
                Some((item, candidate??))
            })
            .collect();
        let price = self.lines.first().map_or(0, |line| line.unit_price);
        found.sort_by_key(|(item, candidate)| {
            let other = |alike: fn(&MenuItemRow, &MenuItemRow) -> bool| {
                missing
                    .as_ref()
                    .is_some_and(|missing| !alike(missing, item))
            };
            (
                other(|one, two| one.kind.key() == two.kind.key()),
                other(|one, two| one.station == two.station),
                (candidate.unit_price - price).abs(),
                item.position,
                item.id,
            )
        });
        Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
    }
}

fn candidate(
    ctx: &Ctx,
    item: &MenuItemRow,
    left: i64,
    restrictions: &Restrictions,
    slot: Option<Slot>,
) -> Option<Candidate> {
    // Who has it handed out soon need not mind how long it takes: the kitchen offers it.
    if slot.is_some_and(|slot| !item.sale.allows(slot.date.weekday(), slot.minute)) {
        return None;
    }
    let catalogue = ctx.service.catalogue();
    let contents = menu::contents(catalogue, item)?;
    if !restrictions
        .against(&item.kind, &contents, &item.options)
        .is_empty()
    {
        return None;
    }
    let selection = if item.options.is_empty() {
        Some(BTreeSet::new())
    } else {
        item.options
            .simplest(|option| restrictions.against_option(option).is_empty())
    };
    let priced = menu::price(catalogue, item, &selection?).ok()?;
    Some(Candidate {
        item_id: item.id,
        unit_price: priced.unit_price,
        item: OrderedItem::from(priced),
        station: item.station,
        left,
    })
}

/// What might be offered in place of an item of an order, the most alike first. What the member's profile
/// forbids is not among it, and nobody learns why.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`]; [`Problem::NotFound`] where there is no
/// such order; [`Problem::Invalid`] at `itemId` where it has no such item.
pub async fn candidates(ctx: &Ctx, order: Uuid, item: Uuid) -> Result<Vec<Candidate>> {
    ctx.allow(&STAFF)?;
    let mut tx = ctx.read().await?;
    let row = storage::order::get(&mut tx, order)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let known = (row.id, row.campus_id, row.account_id, row.slot_at);
    let case = Case::read(&mut tx, known, item).await?;
    let mut candidates = case.candidates(ctx, &mut tx, None).await?;
    candidates.truncate(CANDIDATES_MOST);
    Ok(candidates)
}

/// Says that an item of an order is out of stock. From now on nobody can order it until somebody counts it
/// anew. The member is asked which of the substitutes they want in its place; where none is named, the
/// order is cancelled and what was paid goes back.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`]; [`Problem::NotFound`] where there is no
/// such order; [`Problem::Conflict`] where the kitchen has not got it, it is ready, or its member has been
/// asked already; [`Problem::Invalid`] at `itemId` where it has no such item, and at `substitutes` for more
/// than [`SUBSTITUTES_MOST`] or for what is none of the [`candidates`].
pub async fn refuse(ctx: &Ctx, order: Uuid, item: Uuid, substitutes: &[Uuid]) -> Result<()> {
    ctx.allow(&STAFF)?;
    let named: BTreeSet<Uuid> = substitutes.iter().copied().collect();
    if substitutes.len() as i64 > SUBSTITUTES_MOST {
        let max = SUBSTITUTES_MOST;
        return Err(Error::invalid("substitutes", InvalidCode::TooLong { max }));
    }
    let now = ctx.now();
    let mut tx = ctx.write().await?;
    let locked = storage::saga::lock(&mut tx, &[order]).await?;
    let row = locked.first().ok_or(Error::Problem(Problem::NotFound))?;
    let asked = !substitution::open(&mut tx, &[order]).await?.is_empty();
    if asked || !state_of(&row.state)?.kitchen_may_refuse() {
        return Err(Problem::Conflict.into());
    }
    let known = (row.order_id, row.campus_id, row.account_id, row.slot_at);
    let case = Case::read(&mut tx, known, item).await?;
    let candidates = case.candidates(ctx, &mut tx, Some(substitutes)).await?;
    if candidates.len() != named.len() {
        let code = InvalidCode::UnknownChoice;
        return Err(Error::invalid("substitutes", code));
    }
    let id = ctx.service.next_id();
    sold_out(ctx, &mut tx, &case, id).await?;
    let choices = in_their_order(candidates, substitutes)?;
    let name: Localized<String> = case.lines[0].item.name.clone();
    let quantity = case.quantity();
    let new = NewSubstitution {
        id,
        order_id: order,
        item_id: item,
        quantity,
        name: &name,
        choices: &choices,
        actor_id: ctx.account_id().ok(),
        offered_at: now,
        expires_at: now + OFFER_LASTS,
    };
    substitution::insert(&mut tx, &new).await?;
    let offered: Vec<Value> = choices
        .iter()
        .map(|choice| json!({ "item": choice.item_id, "name": choice.document["name"] }))
        .collect();
    let ended = choices.is_empty().then(|| OrderState::Cancelled.key());
    let before = json!({ "state": row.state });
    let after = json!({
        "state": ended.unwrap_or(&row.state), "item": item, "name": name, "quantity": quantity,
        "offered": offered,
    });
    if choices.is_empty() {
        let missing = Missing {
            id,
            order,
            item,
            quantity,
        };
        give_back(ctx, &mut tx, &[missing]).await?;
        if !turn_back(ctx, &mut tx, row, CancelReason::OutOfStock, None).await? {
            return Err(Problem::Conflict.into());
        }
    } else {
        let told = EventPayload {
            item_id: Some(item),
            item: Some(name),
            ..EventPayload::default()
        };
        tell(ctx, &mut tx, row, OrderEvent::SubstituteOffered, told).await?;
    }
    let subject = order.to_string();
    ctx.audit_change(&mut tx, ("order.refuse", &subject), &before, &after)
        .await?;
    Ok(tx.commit().await?)
}

/// Candidates as they are kept, in the order in which they were named.
fn in_their_order(candidates: Vec<Candidate>, named: &[Uuid]) -> Result<Vec<ChoiceRow>> {
    let mut found: HashMap<Uuid, Candidate> = candidates
        .into_iter()
        .map(|candidate| (candidate.item_id, candidate))
        .collect();
    named
        .iter()
        .filter_map(|id| found.remove(id))
        .map(|candidate| {
            Ok(ChoiceRow {
                item_id: candidate.item_id,
                unit_price: candidate.unit_price,
                document: serde_json::to_value(candidate.item).map_err(Error::internal)?,
            })
        })
        .collect()
}

/// Counts what anybody might still have of an item as gone, so that nobody is promised it.
async fn sold_out(ctx: &Ctx, tx: &mut Tx, case: &Case, id: Uuid) -> Result<()> {
    // All that may be moved in this transaction, so that no two wait for each other.
    let mut items = case.taken.clone();
    items.insert(case.item);
    let levels = stock::lock(tx, items).await?;
    let available = levels
        .iter()
        .find(|row| row.item_id == case.item)
        .map_or(0, |row| row.level().available());
    if available == 0 {
        return Ok(());
    }
    let counted = NewMovement {
        id: ctx.service.next_id(),
        item_id: case.item,
        kind: MovementKind::Corrected,
        quantity: -available,
        cause: format!("substitution:{id}:counted"),
        order_id: Some(case.order),
        actor_id: ctx.account_id().ok(),
        note: String::new(),
        at: ctx.now(),
    };
    let moves = stock::record(tx, vec![counted]).await?;
    crate::stock::tell_low(ctx, tx, &moves.low).await
}
