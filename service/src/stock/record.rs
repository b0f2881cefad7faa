//! What staff write down of an item.

use super::list::StockItem;
use super::movements::MovementItem;
use super::{KEEPERS, own_key, tell_low};
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use domain::stock::{Movement, MovementDraft, MovementKind, QUANTITY_MOST};
use serde_json::json;
use std::collections::BTreeSet;
use storage::stock::{self, Moved, NewMovement};
use uuid::Uuid;

/// A movement that was written down, and how the item stands since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The movement.
    pub movement: MovementItem,
    /// The item.
    pub item: StockItem,
}

/// What somebody counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Count {
    /// How many there were on hand when they looked it up: what has been sold since is no mistake.
    pub seen: Option<i64>,
    /// How many there are.
    pub counted: Option<i64>,
    /// Why that may be.
    pub reason: String,
    /// The newest movement that they had seen, as [`record_after`] takes it.
    pub last: Option<Uuid>,
}

/// What the audit log calls a movement.
pub(super) const fn action(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Wasted => "stock.waste",
        MovementKind::Corrected => "stock.correct",
        _ => "stock.receive",
    }
}

/// Writes a movement of an item down. The same key and movement again is the same one.
///
/// # Errors
/// [`Problem::Invalid`] with every field that is refused, among them [`InvalidCode::NotInStock`] where so
/// many are not free, and [`InvalidCode::KeyReused`] where the key came with another movement;
/// [`Problem::NotFound`] where there is no such item; for others than staff and administrators as
/// [`Ctx::allow`].
pub async fn record(
    ctx: &Ctx,
    item: Uuid,
    draft: &MovementDraft,
    key: Option<&str>,
) -> Result<Recorded> {
    record_after(ctx, item, None, draft, key).await
}

/// Writes a movement of an item down, where nobody has written another one down after the one that is named:
/// the newest that whoever asks has seen, or [`Uuid::nil`] where they have seen none. What orders did to the
/// item since is no matter.
///
/// # Errors
/// As [`record`], and [`Problem::Conflict`] where somebody has.
pub async fn record_after(
    ctx: &Ctx,
    item: Uuid,
    last: Option<Uuid>,
    draft: &MovementDraft,
    key: Option<&str>,
) -> Result<Recorded> {
    ctx.allow(&KEEPERS)?;
    let movement = draft.validate().map_err(Error::invalid_fields)?;
    let cause = format!("by-hand:{item}:{}", own_key(ctx, key)?);
    let mut tx = ctx.write().await?;
    if stock::get(&mut tx, item).await?.is_none() {
        return Err(Problem::NotFound.into());
    }
    if let Some(last) = last {
        // From here on nobody else writes one down.
        stock::lock(&mut tx, BTreeSet::from([item])).await?;
        let newest = stock::newest_by_hand(&mut tx, item).await?;
        let made = stock::made(&mut tx, std::slice::from_ref(&cause)).await?;
        if newest.unwrap_or_default() != last && made.is_empty() {
            return Err(Problem::Conflict.into());
        }
    }
    let new = new_movement(ctx, item, &movement, cause.clone());
    let moves = stock::record(&mut tx, vec![new]).await?;
    let done = match moves.outcomes.first() {
        Some(Moved::Now) => true,
        Some(Moved::Before) => false,
        _ => {
            let levels = stock::levels(&mut tx, &[item]).await?;
            let free = levels.first().map_or(0, |row| row.level().available());
            return Err(Error::invalid("quantity", InvalidCode::NotInStock { free }));
        }
    };
    let written = stock::by_cause(&mut tx, &cause).await?;
    let row = stock::get(&mut tx, item).await?;
    let (Some(written), Some(row)) = (written, row) else {
        return Err(Error::internal("a movement that was written is not there"));
    };
    let written = MovementItem::try_from(written)?;
    let same = written.kind == movement.kind
        && written.quantity == movement.quantity
        && written.reason == movement.reason;
    if !same {
        return Err(Error::invalid("idempotencyKey", InvalidCode::KeyReused));
    }
    if done {
        tell_low(ctx, &mut tx, &moves.low).await?;
        let now = row.on_hand;
        let change = movement.kind.change(movement.quantity);
        let before = json!({ "onHand": now - change.on_hand, "reason": null });
        let after = json!({ "onHand": now, "reason": reason_told(&movement.reason) });
        let subject = item.to_string();
        ctx.audit_change(&mut tx, (action(movement.kind), &subject), &before, &after)
            .await?;
        tx.commit().await?;
    }
    Ok(Recorded {
        movement: written,
        item: row.try_into()?,
    })
}

/// Corrects what is on hand of an item to what somebody counted.
///
/// # Errors
/// As [`record_after`], with what was counted as the field `counted`; [`InvalidCode::OutOfRange`] where that is
/// not 0 to 100,000, and [`InvalidCode::NothingToCorrect`] where it is what they had seen.
pub async fn correct(ctx: &Ctx, item: Uuid, count: &Count, key: Option<&str>) -> Result<Recorded> {
    ctx.allow(&KEEPERS)?;
    let within = |counted: &i64| (0..=QUANTITY_MOST).contains(counted);
    if count.counted.is_some_and(|counted| !within(&counted)) {
        return Err(Error::invalid(
            "counted",
            InvalidCode::OutOfRange {
                min: 0,
                max: QUANTITY_MOST,
            },
        ));
    }
    let seen = match count.seen {
        Some(seen) => seen,
        None => return Err(Error::invalid("seen", InvalidCode::Required)),
    };
    let draft = MovementDraft {
        kind: MovementKind::Corrected.key().to_owned(),
        quantity: count.counted.map(|counted| counted.saturating_sub(seen)),
        reason: count.reason.clone(),
    };
    record_after(ctx, item, count.last, &draft, key)
        .await
        .map_err(|error| match error {
            Error::Problem(Problem::Invalid { fields }) => {
                Error::invalid_fields(fields.into_iter().map(as_counted).collect())
            }
            other => other,
        })
}

/// A refusal of the difference, as one of the count.
fn as_counted(refused: InvalidField) -> InvalidField {
    if refused.field == "quantity" {
        InvalidField::new("counted", refused.code)
    } else {
        refused
    }
}

/// A reason as the audit log tells it: a delivery needs none.
fn reason_told(reason: &str) -> Option<&str> {
    Some(reason).filter(|reason| !reason.is_empty())
}

/// A movement's row to be.
pub(super) fn new_movement(
    ctx: &Ctx,
    item: Uuid,
    movement: &Movement,
    cause: String,
) -> NewMovement {
    NewMovement {
        id: ctx.service.next_id(),
        item_id: item,
        kind: movement.kind,
        quantity: movement.quantity,
        cause,
        order_id: None,
        actor_id: ctx.account_id().ok(),
        note: movement.reason.clone(),
        at: ctx.now(),
    }
}
