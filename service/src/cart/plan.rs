//! From the plan into the cart: the dishes of a day, or of one meal, as far as a campus sells them.

use super::turn_to;
use crate::ctx::Ctx;
use crate::menu::restrictions;
use crate::{Error, Result};
use domain::cart::CartLine;
use domain::dish::DishId;
use domain::invalid::InvalidCode;
use domain::menu::{Campus, Restrictions};
use domain::order::QUANTITY_MOST;
use domain::plan::PlannedMeal;
use domain::problem::Problem;
use domain::week::IsoWeek;
use std::collections::{BTreeMap, HashMap};
use storage::cart::{Owner, StoredCart};
use storage::menu::MenuItemRow;
use storage::{Tx, campus, menu, stock};
use uuid::Uuid;

/// Meals of a member's plan.
#[derive(Debug, Clone)]
pub struct Meals {
    /// The week.
    pub week: IsoWeek,
    /// The version of its plan; the newest where none is named.
    pub version: Option<String>,
    /// The day, 0 is Monday.
    pub day: usize,
    /// The place of the meal in the day, from 0; every meal where none is named.
    pub meal: Option<usize>,
}

/// Why a dish of the plan is not in the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The campus does not sell it.
    NotSold,
    /// None is left.
    SoldOut,
    /// There it comes only with something that the profile forbids.
    Forbidden,
    /// The cart is full.
    NoRoom,
}

impl Missing {
    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotSold => "NOT_SOLD",
            Self::SoldOut => "SOLD_OUT",
            Self::Forbidden => "FORBIDDEN",
            Self::NoRoom => "NO_ROOM",
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct PlanOutcome {
    /// The campus at which they were looked for; the cart is of it where some are in it now.
    pub campus: Campus,
    /// The dishes that are in it now.
    pub added: Vec<DishId>,
    /// Those that are not, and why.
    pub missing: Vec<(DishId, Missing)>,
}

/// A campus, and how many dishes of the meals it sells at present.
#[derive(Debug)]
pub struct SoldThere {
    /// The campus.
    pub campus: Campus,
    /// How many of them have portions left there.
    pub dishes: i64,
}

/// What is ordered of a dish: its servings to the nearest portion, one at least.
fn portions(meal: &PlannedMeal) -> i64 {
    meal.servings.rounded().clamp(1, QUANTITY_MOST)
}

/// Puts the dishes of meals into the member's cart, and says which it could not. Without a campus it is
/// that of the cart, and where that is empty the one that sells most of them; with another one than the
/// cart's what is in the cart gives way to them, and stays where that campus has none of them.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such plan, day, meal or campus, or no campus at all.
pub async fn add_from_plan(ctx: &Ctx, meals: &Meals, slug: Option<&str>) -> Result<PlanOutcome> {
    let account = ctx.account_id()?;
    let wanted = wanted(ctx, meals).await?;
    let mut tx = ctx.write().await?;
    let owner = Owner::Account(account);
    let mut stored = storage::cart::open(&mut tx, &owner, ctx.service.next_id(), ctx.now()).await?;
    let sold = sold(&mut tx, &wanted).await?;
    let campus = choose(&mut tx, &stored, &sold, slug).await?;
    turn_to(&mut tx, &mut stored, campus.id, true).await?;
    let restrictions = restrictions(ctx, &mut tx).await?;
    let mut added = Vec::new();
    let mut missing = Vec::new();
    for (dish, quantity) in wanted {
        let outcome = match sold.of(campus.id, &dish) {
            Some((item, free)) => put(ctx, &mut stored, item, quantity, free, &restrictions),
            None => Err(Missing::NotSold),
        };
        match outcome {
            Ok(()) => added.push(dish),
            Err(why) => missing.push((dish, why)),
        }
    }
    if !added.is_empty() {
        storage::cart::put(&mut tx, &stored).await?;
        tx.commit().await?;
    }
    Ok(PlanOutcome {
        campus,
        added,
        missing,
    })
}

/// How many dishes of meals each campus has, by slug.
///
/// # Errors
/// As [`add_from_plan`].
pub async fn sold_where(ctx: &Ctx, meals: &Meals) -> Result<Vec<SoldThere>> {
    let wanted = wanted(ctx, meals).await?;
    let mut tx = ctx.read().await?;
    let sold = sold(&mut tx, &wanted).await?;
    let campuses = campus::all(&mut tx).await?;
    Ok(campuses
        .into_iter()
        .map(|campus| SoldThere {
            dishes: sold.dishes(campus.id),
            campus,
        })
        .collect())
}

/// The dishes of meals with their portions, in the order in which they are eaten; each once.
async fn wanted(ctx: &Ctx, meals: &Meals) -> Result<Vec<(DishId, i64)>> {
    ctx.account_id()?;
    let found = crate::plan::of_week(ctx, meals.week, meals.version.as_deref()).await?;
    let plan = found.plan.ok_or(Error::Problem(Problem::NotFound))?.plan;
    let day = plan
        .days
        .get(meals.day)
        .ok_or(Error::Problem(Problem::NotFound))?;
    let chosen: Vec<&PlannedMeal> = match meals.meal {
        Some(place) => vec![
            day.meals
                .get(place)
                .ok_or(Error::Problem(Problem::NotFound))?,
        ],
        None => day.meals.iter().collect(),
    };
    let mut wanted: Vec<(DishId, i64)> = Vec::new();
    for meal in chosen {
        let portions = portions(meal);
        match wanted.iter_mut().find(|(dish, _)| *dish == meal.dish_id) {
            Some((_, quantity)) => *quantity = (*quantity + portions).min(QUANTITY_MOST),
            None => wanted.push((meal.dish_id.clone(), portions)),
        }
    }
    Ok(wanted)
}

/// What campuses sell of some dishes.
struct Sold {
    /// The campus and dish of each item, by the campus's slug.
    places: Vec<(Uuid, DishId, Uuid)>,
    items: BTreeMap<Uuid, MenuItemRow>,
    available: HashMap<Uuid, i64>,
}

async fn sold(tx: &mut Tx, wanted: &[(DishId, i64)]) -> Result<Sold> {
    let dishes: Vec<DishId> = wanted.iter().map(|(dish, _)| dish.clone()).collect();
    let places = storage::cart::sold(tx, &dishes).await?;
    let ids: Vec<Uuid> = places.iter().map(|(.., item)| *item).collect();
    let items = menu::by_ids(tx, &ids).await?;
    Ok(Sold {
        places,
        items: items.into_iter().map(|item| (item.id, item)).collect(),
        available: stock::available(tx, &ids).await?,
    })
}

impl Sold {
    fn free(&self, item: Uuid) -> i64 {
        self.available.get(&item).copied().unwrap_or_default()
    }

    /// The item of a dish at a campus, and how many portions can be ordered.
    fn of(&self, campus: Uuid, dish: &DishId) -> Option<(&MenuItemRow, i64)> {
        let (.., item) = self
            .places
            .iter()
            .find(|(place, of, _)| *place == campus && of == dish)?;
        Some((self.items.get(item)?, self.free(*item)))
    }

    /// How many of the dishes a campus has.
    fn dishes(&self, campus: Uuid) -> i64 {
        self.places
            .iter()
            .filter(|(place, _, item)| *place == campus && self.free(*item) > 0)
            .count() as i64
    }
}

/// The campus that is named, else that of the cart, else the one that has most of the dishes.
async fn choose(
    tx: &mut Tx,
    stored: &StoredCart,
    sold: &Sold,
    slug: Option<&str>,
) -> Result<Campus> {
    if let Some(slug) = slug {
        let named = campus::by_slug(tx, slug).await?;
        return named.ok_or_else(|| Error::invalid("campus", InvalidCode::UnknownChoice));
    }
    let of_cart = stored.campus_id.filter(|_| !stored.cart.is_empty());
    let campuses = campus::all(tx).await?;
    let chosen = match of_cart {
        Some(id) => campuses.into_iter().find(|campus| campus.id == id),
        // The first of those that have as many: the last one in reverse.
        None => campuses
            .into_iter()
            .rev()
            .max_by_key(|campus| sold.dishes(campus.id)),
    };
    chosen.ok_or(Error::Problem(Problem::NotFound))
}

/// Puts an item into a cart as simply as the profile allows.
fn put(
    ctx: &Ctx,
    stored: &mut StoredCart,
    item: &MenuItemRow,
    quantity: i64,
    free: i64,
    restrictions: &Restrictions,
) -> std::result::Result<(), Missing> {
    let there: i64 = stored
        .cart
        .lines()
        .iter()
        .filter(|line| line.item == item.id)
        .map(|line| line.quantity)
        .sum();
    let quantity = quantity.min(free - there);
    if quantity < 1 {
        return Err(Missing::SoldOut);
    }
    let options = item
        .options
        .simplest(|option| restrictions.against_option(option).is_empty())
        .ok_or(Missing::Forbidden)?;
    let line = CartLine {
        id: ctx.service.next_id(),
        item: item.id,
        options,
        quantity,
    };
    stored.cart.add(line).map_err(|_| Missing::NoRoom)
}
