//! Carts: what somebody means to order. That of a visitor is known by a token in their browser's
//! cookie, of which only the hash is kept; signing in makes it the member's.

mod plan;

use crate::ctx::{Actor, Ctx};
use crate::menu::{FreeSlot, available_at, contents, free_slots, restrictions};
use crate::token;
use crate::{Error, Result};
use domain::cart::{CartFault, CartLine, refusals};
use domain::invalid::InvalidCode;
use domain::menu::{
    Campus, ChosenOption, Contents, DAYS_AHEAD, Forbidden, MenuItemKind, Options, Restrictions,
    Selection, configure,
};
use domain::order::{LINES_MOST, QUANTITY_MOST};
use domain::problem::Problem;
use domain::text::Localized;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use storage::cart::{Owner, StoredCart};
use storage::menu::MenuItemRow;
use storage::{Tx, campus, menu, stock};
use uuid::Uuid;

pub use plan::{Meals, Missing, PlanOutcome, SoldThere, add_from_plan, sold_where};

/// How long a visitor's cart is kept without a change, in seconds.
const VISITOR_SECONDS: i64 = 30 * 24 * 3600;
const MICROS: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * MICROS;
/// How many visitors may get a cart here within a minute: nobody knows who they are, and each cart is kept
/// for a month.
pub const VISITORS_MOST: i64 = 600;
const MINUTE: i64 = 60 * MICROS;

/// Counts the visitors who get a cart.
#[derive(Debug, Default)]
pub(crate) struct NewVisitors(Mutex<Counted>);

/// Since when, and how many.
#[derive(Debug, Default)]
struct Counted {
    since: i64,
    visitors: i64,
}

impl NewVisitors {
    /// Lets one more get a cart.
    ///
    /// # Errors
    /// [`Problem::RateLimited`] where [`VISITORS_MOST`] got one within this minute.
    fn admit(&self, now: i64) -> Result<()> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !(counted.since..counted.since + MINUTE).contains(&now) {
            *counted = Counted {
                since: now,
                visitors: 0,
            };
        }
        if counted.visitors >= VISITORS_MOST {
            let after = (counted.since + MINUTE - now) / MICROS + 1;
            return Err(Problem::RateLimited { after }.into());
        }
        counted.visitors += 1;
        Ok(())
    }
}

/// A cart with what its things are and cost just now.
#[derive(Debug, Clone)]
pub struct CartView {
    /// Where it would be ordered; nothing where it is empty.
    pub campus: Option<Campus>,
    /// What is in it, in the order in which it was put in.
    pub lines: Vec<LineView>,
}

/// A line of a cart with what it is and costs just now.
#[derive(Debug, Clone)]
pub struct LineView {
    /// Names it for as long as it is in the cart.
    pub id: Uuid,
    /// The menu item.
    pub item: Uuid,
    /// What that is of.
    pub kind: MenuItemKind,
    /// What it is called.
    pub name: Localized<String>,
    /// The options chosen, as the cart keeps them.
    pub selection: Selection,
    /// The same with their names.
    pub options: Vec<ChosenOption>,
    /// Portions.
    pub quantity: i64,
    /// What one costs with its options, in minor units of the campus's currency.
    pub unit_price: i64,
    /// What one is with its options.
    pub contents: Contents,
    /// Why it can't be ordered so.
    pub trouble: Option<Trouble>,
    /// Why the member's profile forbids it.
    pub forbidden: Vec<Forbidden>,
}

/// Why a line can't be ordered as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is not sold any more, or not at present.
    NotSold,
    /// Its options can't be chosen like this any more.
    OptionsChanged,
    /// There are fewer portions than the cart asks for.
    NotEnough {
        /// So many there are, for all lines of the item.
        available: i64,
    },
}

impl CartView {
    /// What all of it costs, in minor units of the campus's currency.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.lines
            .iter()
            .map(|line| line.unit_price * line.quantity)
            .sum()
    }

    /// How many portions there are.
    #[must_use]
    pub fn portions(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// Whether there is something, and all of it can be ordered as far as the cart can tell.
    #[must_use]
    pub fn is_orderable(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.trouble.is_none())
    }
}

/// What of a cart can be collected at the same time.
#[derive(Debug, Clone)]
pub struct Part {
    /// The lines.
    pub lines: Vec<Uuid>,
    /// The slots in which all of them can be collected, those without room too.
    pub slots: Vec<FreeSlot>,
}

/// Something for the cart.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The menu item.
    pub item: Uuid,
    /// The keys of the options chosen.
    pub options: Selection,
    /// Portions.
    pub quantity: i64,
    /// Whether a cart of another campus is emptied for it.
    pub replace: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Added {
    /// The line that it is in.
    pub line: Uuid,
    /// The token of a visitor's cart: from now on their browser keeps it as long as the cart is kept.
    pub visitor: Option<String>,
}

/// The cart of whoever asks.
///
/// # Errors
/// Where the database does.
pub async fn get(ctx: &Ctx) -> Result<CartView> {
    let mut tx = ctx.read().await?;
    let stored = match owner(ctx) {
        Some(owner) => storage::cart::get(&mut tx, &owner).await?,
        None => None,
    };
    let Some(stored) = stored.filter(|stored| !stored.cart.is_empty()) else {
        return Ok(CartView {
            campus: None,
            lines: Vec::new(),
        });
    };
    view(ctx, &mut tx, &stored).await
}

/// How many portions are in the cart of whoever asks.
///
/// # Errors
/// Where the database does.
pub async fn count(ctx: &Ctx) -> Result<i64> {
    let Some(owner) = owner(ctx) else {
        return Ok(0);
    };
    let stored = storage::cart::get(&mut ctx.read().await?, &owner).await?;
    Ok(stored.map_or(0, |stored| stored.cart.portions()))
}

/// Divides a cart into what can be collected at the same time, ordered now: as few parts as come of
/// putting each line to the first with which it goes. Lines that can't be collected at all come last.
///
/// # Errors
/// Where the database does.
pub async fn parts(ctx: &Ctx, cart: &CartView) -> Result<Vec<Part>> {
    let Some(campus) = &cart.campus else {
        return Ok(Vec::new());
    };
    let now = ctx.now();
    let ids: Vec<Uuid> = cart.lines.iter().map(|line| line.item).collect();
    let mut tx = ctx.read().await?;
    let items = menu::by_ids(&mut tx, &ids).await?;
    let taken = campus::slots(&mut tx, campus.id, now, now + (DAYS_AHEAD + 1) * DAY).await?;
    drop(tx);
    let service = &ctx.service;
    let all = free_slots(service, campus, now, &taken);
    let fits = |item: Uuid, free: &FreeSlot| {
        let item = items.iter().find(|known| known.id == item);
        item.is_some_and(|item| {
            available_at(service, campus, item, now, free.slot.starts_at).is_ok()
        })
    };
    let mut parts: Vec<Part> = Vec::new();
    let mut never = Vec::new();
    for line in &cart.lines {
        let own = |slots: &[FreeSlot]| -> Vec<FreeSlot> {
            let slots = slots.iter().filter(|free| fits(line.item, free));
            slots.copied().collect()
        };
        let shared = parts.iter().position(|part| !own(&part.slots).is_empty());
        match shared {
            Some(place) => {
                parts[place].slots = own(&parts[place].slots);
                parts[place].lines.push(line.id);
            }
            None => match own(&all) {
                slots if slots.is_empty() => never.push(line.id),
                slots => parts.push(Part {
                    lines: vec![line.id],
                    slots,
                }),
            },
        }
    }
    if !never.is_empty() {
        parts.push(Part {
            lines: never,
            slots: Vec::new(),
        });
    }
    Ok(parts)
}

/// Puts something into the cart of whoever asks. A visitor without a cart gets one.
///
/// # Errors
/// [`Problem::Invalid`] where the choice breaks a rule of the item, at its group, or where there is no
/// room; [`Problem::NotFound`] for what is not sold; [`Problem::OtherCampus`] where the cart is of
/// another campus and is not to be replaced; [`Problem::RateLimited`] where too many visitors get a cart
/// just now.
pub async fn add(ctx: &Ctx, addition: Addition) -> Result<Added> {
    // Whoever asks for what can't be put in waits for nobody who writes, nor does anybody for them.
    let mut tx = ctx.read().await?;
    let items = menu::by_ids(&mut tx, &[addition.item]).await?;
    let item = items
        .into_iter()
        .find(|item| item.active && contents(ctx.service.catalogue(), item).is_some())
        .ok_or(Error::Problem(Problem::NotFound))?;
    if let Err(broken) = configure(&item.options, &addition.options) {
        return Err(Error::invalid_fields(refusals(&item.options, broken)));
    }
    if !(1..=QUANTITY_MOST).contains(&addition.quantity) {
        return Err(refused(CartFault::Quantity));
    }
    let (owner, visitor) = owner_to_fill(ctx, &mut tx).await?;
    drop(tx);
    let mut tx = ctx.write().await?;
    let mut stored = storage::cart::open(&mut tx, &owner, ctx.service.next_id(), ctx.now()).await?;
    turn_to(&mut tx, &mut stored, item.campus_id, addition.replace).await?;
    let line = CartLine {
        id: ctx.service.next_id(),
        item: item.id,
        options: addition.options,
        quantity: addition.quantity,
    };
    let same = |known: &&CartLine| known.item == line.item && known.options == line.options;
    let line_id = stored
        .cart
        .lines()
        .iter()
        .find(same)
        .map_or(line.id, |known| known.id);
    stored.cart.add(line).map_err(refused)?;
    let wanted: i64 = stored
        .cart
        .lines()
        .iter()
        .filter(|line| line.item == item.id)
        .map(|line| line.quantity)
        .sum();
    let free = stock::available(&mut tx, &[item.id]).await?;
    let free = free.get(&item.id).copied().unwrap_or_default();
    if wanted > free {
        return Err(Error::invalid("quantity", InvalidCode::NotInStock { free }));
    }
    storage::cart::put(&mut tx, &stored).await?;
    tx.commit().await?;
    Ok(Added {
        line: line_id,
        visitor,
    })
}

/// Sets how many portions a line of the cart of whoever asks has.
///
/// # Errors
/// [`Problem::Invalid`] where it is not 1 to 20, [`Problem::NotFound`] where there is no such line.
pub async fn set_quantity(ctx: &Ctx, line: Uuid, quantity: i64) -> Result<()> {
    change(ctx, |cart| cart.set_quantity(line, quantity)).await
}

/// Takes a line out of the cart of whoever asks.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such line.
pub async fn remove(ctx: &Ctx, line: Uuid) -> Result<()> {
    change(ctx, |cart| cart.remove(line)).await
}

/// Takes lines out of the cart of whoever asks, those that are in it: they have been ordered.
///
/// # Errors
/// Where the database does.
pub async fn remove_ordered(ctx: &Ctx, lines: &[Uuid]) -> Result<()> {
    change_any(ctx, |cart| {
        for line in lines {
            // What has been taken out already is out.
            let _ = cart.remove(*line);
        }
        Ok(())
    })
    .await
}

/// Takes everything out of the cart of whoever asks.
///
/// # Errors
/// Where the database does.
pub async fn clear(ctx: &Ctx) -> Result<()> {
    change_any(ctx, |cart| {
        *cart = domain::cart::Cart::default();
        Ok(())
    })
    .await
}

/// Changes a cart, where there is one.
async fn change_any(
    ctx: &Ctx,
    edit: impl FnOnce(&mut domain::cart::Cart) -> std::result::Result<(), CartFault>,
) -> Result<()> {
    match change(ctx, edit).await {
        Err(Error::Problem(Problem::NotFound)) => Ok(()),
        outcome => outcome,
    }
}

/// Changes a cart that there is.
async fn change(
    ctx: &Ctx,
    edit: impl FnOnce(&mut domain::cart::Cart) -> std::result::Result<(), CartFault>,
) -> Result<()> {
    let owner = owner(ctx).ok_or(Error::Problem(Problem::NotFound))?;
    let mut tx = ctx.write().await?;
    let mut stored = storage::cart::hold(&mut tx, &owner, ctx.now())
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    edit(&mut stored.cart).map_err(refused)?;
    if stored.cart.is_empty() {
        stored.campus_id = None;
    }
    storage::cart::put(&mut tx, &stored).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the cart of the browser that signs in the account's own, in the transaction that does it. What
/// was in the account's stays where both are of one campus; otherwise the browser's is what is meant
/// now.
pub(crate) async fn adopt(ctx: &Ctx, tx: &mut Tx, account: Uuid) -> Result<()> {
    let Some(visitor) = &ctx.visitor else {
        return Ok(());
    };
    let Some(brought) = storage::cart::take(tx, &token::hash(visitor)).await? else {
        return Ok(());
    };
    if brought.cart.is_empty() {
        return Ok(());
    }
    let owner = Owner::Account(account);
    let mut own = storage::cart::open(tx, &owner, ctx.service.next_id(), ctx.now()).await?;
    if own.campus_id == brought.campus_id {
        own.cart.merge(brought.cart);
    } else {
        own.campus_id = brought.campus_id;
        own.cart = brought.cart;
    }
    Ok(storage::cart::put(tx, &own).await?)
}

/// Since when a visitor's cart must have been changed to be kept at a moment, in microseconds.
pub(crate) const fn kept_since(now: i64) -> i64 {
    now - VISITOR_SECONDS * MICROS
}

/// The name of the cookie that carries a visitor's token.
#[must_use]
pub fn cookie_name(ctx: &Ctx) -> &'static str {
    if ctx.service.https() {
        "__Host-nutriflow_cart"
    } else {
        "nutriflow_cart"
    }
}

/// The `Set-Cookie` value that lets a browser keep its cart.
#[must_use]
pub fn cookie(ctx: &Ctx, visitor: &str) -> String {
    set_cookie(ctx, visitor, VISITOR_SECONDS)
}

/// The `Set-Cookie` value that lets a browser forget its cart.
#[must_use]
pub fn clear_cookie(ctx: &Ctx) -> String {
    set_cookie(ctx, "", 0)
}

fn set_cookie(ctx: &Ctx, value: &str, max_age: i64) -> String {
    let name = cookie_name(ctx);
    let secure = if ctx.service.https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}")
}

/// Whose the cart of whoever asks is; a visitor without a token has none.
fn owner(ctx: &Ctx) -> Option<Owner> {
    match ctx.actor {
        Actor::Account { id, .. } => Some(Owner::Account(id)),
        Actor::Anonymous => ctx
            .visitor
            .as_ref()
            .map(|visitor| Owner::Visitor(token::hash(visitor))),
        Actor::System => None,
    }
}

/// Whose cart something is put into, and of a visitor the token that names it. A token that names no cart
/// is not taken over: whoever has set it may know it.
///
/// # Errors
/// [`Problem::RateLimited`] where a visitor can't get one now.
async fn owner_to_fill(ctx: &Ctx, tx: &mut Tx) -> Result<(Owner, Option<String>)> {
    match owner(ctx) {
        Some(owner @ Owner::Account(_)) => return Ok((owner, None)),
        Some(owner) if storage::cart::get(tx, &owner).await?.is_some() => {
            return Ok((owner, ctx.visitor.as_deref().map(str::to_owned)));
        }
        Some(Owner::Visitor(_)) => {}
        None if ctx.actor == Actor::System => return Err(Problem::Unauthenticated.into()),
        None => {}
    }
    ctx.service.new_visitors.admit(ctx.now())?;
    let visitor = token::random();
    Ok((Owner::Visitor(token::hash(&visitor)), Some(visitor)))
}

/// Makes a cart one of a campus.
///
/// # Errors
/// [`Problem::OtherCampus`] where there is something of another one in it that is not to be taken out.
async fn turn_to(
    tx: &mut Tx,
    stored: &mut StoredCart,
    campus_id: Uuid,
    replace: bool,
) -> Result<()> {
    if let Some(other) = stored
        .campus_id
        .filter(|known| *known != campus_id && !stored.cart.is_empty())
    {
        if !replace {
            let other = campus::by_id(tx, other).await?;
            return Err(Error::Problem(Problem::OtherCampus {
                campus: other.map(|campus| campus.name).unwrap_or_default(),
            }));
        }
        stored.cart = domain::cart::Cart::default();
    }
    stored.campus_id = Some(campus_id);
    Ok(())
}

fn refused(fault: CartFault) -> Error {
    match fault {
        CartFault::Quantity => Error::invalid(
            "quantity",
            InvalidCode::OutOfRange {
                min: 1,
                max: QUANTITY_MOST,
            },
        ),
        CartFault::Portions => {
            Error::invalid("quantity", InvalidCode::CartPortions { max: QUANTITY_MOST })
        }
        CartFault::Full => Error::invalid("lines", InvalidCode::CartLines { max: LINES_MOST }),
        CartFault::Unknown => Error::Problem(Problem::NotFound),
    }
}

async fn view(ctx: &Ctx, tx: &mut Tx, stored: &StoredCart) -> Result<CartView> {
    let campus = match stored.campus_id {
        Some(id) => campus::by_id(tx, id).await?,
        None => None,
    };
    let ids: Vec<Uuid> = stored.cart.lines().iter().map(|line| line.item).collect();
    let items: BTreeMap<Uuid, MenuItemRow> = menu::by_ids(tx, &ids)
        .await?
        .into_iter()
        .map(|item| (item.id, item))
        .collect();
    let available = stock::available(tx, &ids).await?;
    let restrictions = restrictions(ctx, tx).await?;
    let mut wanted: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in stored.cart.lines() {
        *wanted.entry(line.item).or_default() += line.quantity;
    }
    let lines = stored
        .cart
        .lines()
        .iter()
        // An item is never deleted; one that is not there has no name to be shown by.
        .filter_map(|line| {
            let item = items.get(&line.item)?;
            let free = available.get(&item.id).copied().unwrap_or_default();
            let short = wanted.get(&item.id).copied().unwrap_or_default() > free;
            let short = short.then_some(free);
            Some(line_view(ctx, line, item, short, &restrictions))
        })
        .collect();
    Ok(CartView { campus, lines })
}

/// A line as it is now; `short` is how many portions there are, where that is not enough.
fn line_view(
    ctx: &Ctx,
    line: &CartLine,
    item: &MenuItemRow,
    short: Option<i64>,
    restrictions: &Restrictions,
) -> LineView {
    let known = contents(ctx.service.catalogue(), item);
    let sold = item.active && known.is_some();
    let plain = known.unwrap_or_else(Contents::unknown);
    let configured = configure(&item.options, &line.options);
    let trouble = if !sold {
        Some(Trouble::NotSold)
    } else if configured.is_err() {
        Some(Trouble::OptionsChanged)
    } else {
        short.map(|available| Trouble::NotEnough { available })
    };
    let (options, price, contents) = match configured {
        Ok(configured) => {
            let contents = plain.with(&configured);
            (configured.options, item.price + configured.price, contents)
        }
        Err(_) => (Vec::new(), item.price, plain),
    };
    // With the options chosen: there is nothing left to choose.
    let forbidden = restrictions.against(&item.kind, &contents, &Options::default());
    LineView {
        id: line.id,
        item: item.id,
        kind: item.kind.clone(),
        name: item.name.clone(),
        selection: line.options.clone(),
        options,
        quantity: line.quantity,
        unit_price: price,
        contents,
        trouble,
        forbidden,
    }
}
