//! What the kitchen has to do at a campus, as its display shows it.

use super::{DAY, LONGEST_DAY, OrderItem, OrderLine, STAFF, line_of, midnight, unknown};
use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::kitchen::{Age, Station};
use domain::menu::Campus;
use domain::order::{Advance, OrderState};
use domain::problem::Problem;
use domain::text::Localized;
use std::collections::{BTreeSet, HashMap, HashSet};
use storage::{Tx, account, campus, substitution};
use uuid::Uuid;

/// The most orders that a display shows.
pub(super) const ORDERS_MOST: i64 = 500;
/// How many orders it shows that were collected or cancelled.
const ENDED_MOST: i64 = 30;
/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;
/// How far back unfinished orders are looked for after midnight, in microseconds.
const EVENING: i64 = 6 * 3_600_000_000;

/// What a campus's kitchen has to do.
#[derive(Debug, Clone)]
pub struct Kitchen {
    /// Where.
    pub campus: Campus,
    /// What is to be cooked or handed out, by slot.
    pub orders: Vec<KitchenOrder>,
    /// What was collected or cancelled last.
    pub ended: Vec<OrderItem>,
}

/// An order in the kitchen.
#[derive(Debug, Clone)]
pub struct KitchenOrder {
    /// What a list tells of it.
    pub order: OrderItem,
    /// What is in it; nothing where only others were asked for.
    pub details: Option<KitchenDetails>,
}

/// What whoever cooks an order must know.
#[derive(Debug, Clone)]
pub struct KitchenDetails {
    /// Who ordered.
    pub member: String,
    /// How pressing it is.
    pub age: Age,
    /// What is to be made, at every station.
    pub lines: Vec<KitchenLine>,
    /// What comes next; nothing while the member is asked.
    pub next: Option<Advance>,
    /// What is out of stock, and until when the member may say what they want in its place.
    pub asked: Option<(Localized<String>, i64)>,
}

/// A line of an order, and where it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KitchenLine {
    /// The line.
    pub line: OrderLine,
    /// The station.
    pub station: Station,
}

/// When the time begins and ends that a kitchen looks after: this day, and what is left of the evening
/// before.
pub(super) fn period(ctx: &Ctx) -> Result<(i64, i64)> {
    let midnight = midnight(ctx)?;
    let since = midnight.min(ctx.now() - EVENING);
    Ok((since, midnight + LONGEST_DAY))
}

/// What a campus's kitchen has to do today; once nothing more is to come, also what tomorrow begins with. Of a
/// station, where one is named, only what has something that is made there. With `only`, everything is
/// listed all the same, but only what of these orders is in them is told: so that a display can bring them
/// up to date without reading all of them anew.
///
/// # Errors
/// For others than staff and administrators as [`Ctx::allow`]; [`Problem::NotFound`] where there is no
/// such campus.
pub async fn kitchen(
    ctx: &Ctx,
    campus: &str,
    station: Option<Station>,
    only: Option<&BTreeSet<Uuid>>,
) -> Result<Kitchen> {
    ctx.allow(&STAFF)?;
    let (since, until) = period(ctx)?;
    let mut tx = ctx.read().await?;
    let campus = campus::by_slug(&mut tx, campus)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let mut rows =
        storage::order::in_kitchen(&mut tx, campus.id, since, until, ORDERS_MOST).await?;
    let now = ctx.now();
    let length = campus.slot_minutes * MINUTE;
    if rows.iter().all(|row| row.slot_at + length <= now) {
        // Nothing more comes today.
        let tomorrow =
            storage::order::in_kitchen(&mut tx, campus.id, until, until + DAY, ORDERS_MOST).await?;
        rows.extend(tomorrow);
    }
    if let Some(station) = station {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let there = storage::order::at_station(&mut tx, &ids, station).await?;
        let there: HashSet<Uuid> = there.into_iter().collect();
        rows.retain(|row| there.contains(&row.id));
    }
    let ended = storage::order::ended(&mut tx, campus.id, since, until, ENDED_MOST).await?;
    let wanted: Vec<(Uuid, Uuid)> = rows
        .iter()
        .filter(|row| only.is_none_or(|only| only.contains(&row.id)))
        .map(|row| (row.id, row.account_id))
        .collect();
    let mut details = read_details(&mut tx, &wanted).await?;
    drop(tx);
    let orders = rows
        .into_iter()
        .map(|row| {
            let order = OrderItem::try_from(row)?;
            let details = details.remove(&order.id).map(|known| KitchenDetails {
                age: Age::of(order.state, order.slot_at, order.ready_at, now),
                next: Advance::of(order.state).filter(|_| known.asked.is_none()),
                member: known.member,
                lines: known.lines,
                asked: known.asked,
            });
            Ok(KitchenOrder { order, details })
        })
        .collect::<Result<_>>()?;
    Ok(Kitchen {
        campus,
        orders,
        ended: ended
            .into_iter()
            .map(OrderItem::try_from)
            .collect::<Result<_>>()?,
    })
}

/// What the database knows of an order beside its own row.
#[derive(Default)]
struct Known {
    member: String,
    lines: Vec<KitchenLine>,
    asked: Option<(Localized<String>, i64)>,
}

/// By order; each order comes with the account that it is of.
async fn read_details(tx: &mut Tx, orders: &[(Uuid, Uuid)]) -> Result<HashMap<Uuid, Known>> {
    let ids: Vec<Uuid> = orders.iter().map(|(order, _)| *order).collect();
    let members: Vec<Uuid> = orders.iter().map(|(_, account)| *account).collect();
    let names: HashMap<Uuid, String> = account::names(tx, &members).await?.into_iter().collect();
    let mut known: HashMap<Uuid, Known> = orders
        .iter()
        .map(|(order, account)| {
            let member = names.get(account).cloned().unwrap_or_default();
            let known = Known {
                member,
                ..Known::default()
            };
            (*order, known)
        })
        .collect();
    for row in storage::order::station_lines(tx, &ids).await? {
        let Some(known) = known.get_mut(&row.line.order_id) else {
            continue;
        };
        known.lines.push(KitchenLine {
            station: Station::from_key(&row.station)
                .ok_or_else(|| unknown("station", &row.station))?,
            line: line_of(row.line)?,
        });
    }
    for offer in substitution::open(tx, &ids).await? {
        if let Some(known) = known.get_mut(&offer.order_id) {
            known.asked = Some((offer.name, offer.expires_at));
        }
    }
    Ok(known)
}

impl Kitchen {
    /// The states in which an order is on a display, in their order.
    pub const STATES: [OrderState; 3] = [
        OrderState::Confirmed,
        OrderState::Preparing,
        OrderState::Ready,
    ];
}
