//! Menus as members read them.

use super::filter::MenuFilter;
use super::sale::{FreeSlot, contents, free_slots};
use crate::ctx::{Actor, Ctx};
use crate::{Error, Result};
use domain::menu::{Campus, Contents, DAYS_AHEAD, Forbidden, Restrictions, Selection, Slot};
use domain::problem::Problem;
use storage::campus as campuses_table;
use storage::menu::MenuItemRow;
use storage::{Tx, profile, stock};
use uuid::Uuid;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What a campus sells, as somebody asked for it.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Where.
    pub campus: Campus,
    /// The items that were let through, in the order of the menu.
    pub items: Vec<MenuCard>,
    /// How many of the others are hidden because the member's profile forbids them.
    pub hidden: i64,
    /// The slots that orders are taken for.
    pub slots: Vec<FreeSlot>,
}

/// An item on a menu.
#[derive(Debug, Clone)]
pub struct MenuCard {
    /// The item.
    pub item: MenuItemRow,
    /// Portions that anybody may have just now.
    pub left: i64,
    /// What one is before anything is chosen.
    pub contents: Contents,
    /// Why the member's profile forbids it however it is configured; nothing where it does not, where
    /// they have no profile, or where nobody has signed in.
    pub forbidden: Vec<Forbidden>,
    /// The earliest slot with room in which it can be collected.
    pub first_slot: Option<Slot>,
}

/// An item with all that whoever orders it must know.
#[derive(Debug, Clone)]
pub struct ItemDetail {
    /// Where it is sold.
    pub campus: Campus,
    /// The item.
    pub card: MenuCard,
    /// What is ordered where nobody has chosen: of each group that needs some the first that go together
    /// and that the member's profile allows, where there are such.
    pub simplest: Option<Selection>,
    /// Options that the member's profile forbids, with the reasons.
    pub marks: Vec<OptionMark>,
    /// The slots in which it can be collected, those without room too.
    pub slots: Vec<FreeSlot>,
}

/// Why the member's profile forbids an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionMark {
    /// The option's key.
    pub option: String,
    /// The reasons.
    pub forbidden: Vec<Forbidden>,
}

/// Every campus, by slug.
///
/// # Errors
/// Where the database does.
pub async fn campuses(ctx: &Ctx) -> Result<Vec<Campus>> {
    Ok(campuses_table::all(&mut ctx.read().await?).await?)
}

/// A campus.
///
/// # Errors
/// [`Problem::NotFound`] where there is none of that slug.
pub async fn campus(ctx: &Ctx, slug: &str) -> Result<Campus> {
    of_slug(&mut ctx.read().await?, slug).await
}

pub(super) async fn of_slug(tx: &mut Tx, slug: &str) -> Result<Campus> {
    campuses_table::by_slug(tx, slug)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))
}

/// What the profile of whoever asks forbids; nothing where there is none.
pub(crate) async fn restrictions(ctx: &Ctx, tx: &mut Tx) -> Result<Restrictions> {
    match ctx.actor {
        Actor::Account { id, .. } => restrictions_of(tx, id).await,
        Actor::Anonymous | Actor::System => Ok(Restrictions::default()),
    }
}

/// What the profile of an account forbids; nothing where it has none.
pub(crate) async fn restrictions_of(tx: &mut Tx, account: Uuid) -> Result<Restrictions> {
    let profile = profile::get(tx, account).await?;
    Ok(profile.as_ref().map(Restrictions::from).unwrap_or_default())
}

/// The slots that a campus takes orders for now.
async fn slots_of(ctx: &Ctx, tx: &mut Tx, campus: &Campus, now: i64) -> Result<Vec<FreeSlot>> {
    let taken = campuses_table::slots(tx, campus.id, now, now + (DAYS_AHEAD + 1) * DAY).await?;
    Ok(free_slots(&ctx.service, campus, now, &taken))
}

/// An item as it is on the menu; nothing where the catalogue has it no more.
fn card(
    ctx: &Ctx,
    campus: &Campus,
    item: MenuItemRow,
    left: i64,
    restrictions: &Restrictions,
    slots: &[FreeSlot],
    now: i64,
) -> Option<MenuCard> {
    let contents = contents(ctx.service.catalogue(), &item)?;
    let forbidden = restrictions.against(&item.kind, &contents, &item.options);
    let first_slot = slots
        .iter()
        .find(|free| free.left > 0 && sells(campus, &item, free.slot, now))
        .map(|free| free.slot);
    Some(MenuCard {
        item,
        left,
        contents,
        forbidden,
        first_slot,
    })
}

fn sells(campus: &Campus, item: &MenuItemRow, slot: Slot, now: i64) -> bool {
    campus
        .sells(now, Some(slot), item.active, item.minutes, &item.sale)
        .is_ok()
}

/// The menu of a campus: what is sold there at present and let through by the filter, marked with what
/// the member's profile forbids.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such campus; [`Problem::Invalid`] at `q`, `maxPrice` or
/// `readyWithin`.
pub async fn menu(ctx: &Ctx, campus: &str, filter: &MenuFilter) -> Result<Menu> {
    filter.check()?;
    let now = ctx.now();
    let mut tx = ctx.read().await?;
    let campus = of_slug(&mut tx, campus).await?;
    let items = storage::menu::of_campus(&mut tx, campus.id).await?;
    let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    let left = stock::available(&mut tx, &ids).await?;
    let slots = slots_of(ctx, &mut tx, &campus, now).await?;
    let restrictions = restrictions(ctx, &mut tx).await?;
    drop(tx);
    let mut hidden = 0;
    let cards = items
        .into_iter()
        .filter(|item| item.active)
        .filter_map(|item| {
            let left = left.get(&item.id).copied().unwrap_or_default();
            card(ctx, &campus, item, left, &restrictions, &slots, now)
        })
        .filter(|card| filter.lets_through(card, now));
    let mut shown: Vec<MenuCard> = Vec::new();
    for card in cards {
        if filter.hide_forbidden && !card.forbidden.is_empty() {
            hidden += 1;
        } else {
            shown.push(card);
        }
    }
    Ok(Menu {
        campus,
        items: shown,
        hidden,
        slots,
    })
}

/// An item of a campus, also where it is not sold at present.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such campus, or it has no such item.
pub async fn item(ctx: &Ctx, campus: &str, id: Uuid) -> Result<ItemDetail> {
    let now = ctx.now();
    let mut tx = ctx.read().await?;
    let campus = of_slug(&mut tx, campus).await?;
    let item = storage::menu::one(&mut tx, campus.id, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let left = stock::available(&mut tx, &[id]).await?;
    let left = left.get(&id).copied().unwrap_or_default();
    let slots = slots_of(ctx, &mut tx, &campus, now).await?;
    let restrictions = restrictions(ctx, &mut tx).await?;
    drop(tx);
    let card = card(ctx, &campus, item, left, &restrictions, &slots, now)
        .ok_or(Error::Problem(Problem::NotFound))?;
    let options = &card.item.options;
    let simplest = options
        .simplest(|option| restrictions.against_option(option).is_empty())
        .or_else(|| options.simplest(|_| true));
    let marks = options
        .all()
        .map(|option| OptionMark {
            option: option.key.clone(),
            forbidden: restrictions.against_option(option),
        })
        .filter(|mark| !mark.forbidden.is_empty())
        .collect();
    let slots = slots
        .into_iter()
        .filter(|free| sells(&campus, &card.item, free.slot, now))
        .collect();
    Ok(ItemDetail {
        campus,
        card,
        simplest,
        marks,
        slots,
    })
}
