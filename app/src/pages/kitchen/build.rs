//! The kitchen's display in words.

use super::api::{
    CardView, ColumnView, DetailsView, EndedView, KitchenView, LineView, Look, MissingView,
    QuestionView, SlotView,
};
use crate::context::number;
use crate::error::AppError;
use crate::pages::order::{line_text, state_view};
use crate::words::{Words, coarse};
use domain::invalid::InvalidCode;
use domain::kitchen::{Age, Station};
use domain::order::OrderState;
use domain::problem::Problem;
use locales::Key;
use service::order::{self, Kitchen, KitchenDetails, KitchenLine, KitchenOrder, OrderItem};
use service::plan::parse_id;
use service::{Ctx, Error};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The most orders of which a display is told alone.
const ONLY_MOST: usize = 100;

pub(super) async fn kitchen(ctx: &Ctx, look: Look) -> Result<KitchenView, AppError> {
    let campuses = service::menu::campuses(ctx).await?;
    let to_do = order::to_do(ctx).await?;
    let left = |campus: &domain::menu::Campus| to_do.get(&campus.id).copied().unwrap_or_default();
    let campus = match look.campus.as_str() {
        // Where there is something to do; else the first.
        "" => campuses
            .iter()
            .find(|one| left(one) > 0)
            .or(campuses.first())
            .map(|campus| campus.slug.clone())
            .unwrap_or_default(),
        _ => look.campus,
    };
    let station = match look.station.as_str() {
        "" => None,
        name => Some(Station::from_key(name).ok_or(Problem::NotFound)?),
    };
    let only = only(&look.only)?;
    let kitchen = order::kitchen(ctx, &campus, station, only.as_ref()).await?;
    let question = question(ctx, &kitchen, &look.refuse, &look.item).await?;
    let words = Words(ctx.language);
    let living = number(kitchen.orders.len() as i64);
    Ok(KitchenView {
        campus_id: kitchen.campus.id.to_string(),
        campus,
        campuses: campuses
            .iter()
            .map(|campus| (campus.slug.clone(), words.of(&campus.name), left(campus)))
            .collect(),
        station: look.station,
        count: words.fill(Key::KitchenCount, &[("count", &living)]),
        columns: Kitchen::STATES
            .iter()
            .map(|state| column(ctx, &kitchen.orders, *state, station))
            .collect(),
        ended: kitchen
            .ended
            .iter()
            .map(|order| ended(ctx, order))
            .collect(),
        question,
    })
}

/// The orders that an address names; nothing where it names none, and so means all of them.
fn only(text: &str) -> Result<Option<BTreeSet<Uuid>>, AppError> {
    if text.is_empty() {
        return Ok(None);
    }
    let ids = text
        .split('.')
        .take(ONLY_MOST)
        .map(parse_id)
        .collect::<Result<_, _>>()?;
    Ok(Some(ids))
}

fn column(
    ctx: &Ctx,
    orders: &[KitchenOrder],
    state: OrderState,
    station: Option<Station>,
) -> ColumnView {
    let words = Words(ctx.language);
    let of_state = orders.iter().filter(|one| one.order.state == state);
    let mut slots: BTreeMap<i64, Vec<CardView>> = BTreeMap::new();
    let mut count = 0;
    for one in of_state {
        count += 1;
        let cards = slots.entry(one.order.slot_at).or_default();
        cards.push(card(ctx, one, station));
    }
    ColumnView {
        state: state.key().to_owned(),
        title: words.name("kitchen_state", state.key()),
        count: number(count),
        slots: slots
            .into_iter()
            .map(|(at, cards)| SlotView {
                key: format!("{}-{at}", state.key()),
                title: slot(ctx, at),
                cards,
            })
            .collect(),
    }
}

/// "12:15"; "tomorrow, 12:15" where it is of another day.
fn slot(ctx: &Ctx, slot_at: i64) -> String {
    let words = Words(ctx.language);
    let slot = ctx.service.local_time(slot_at);
    let today = ctx.service.local_time(ctx.now()).date;
    let clock = words.clock(slot);
    if slot.date == today {
        clock
    } else {
        format!("{}, {clock}", words.near_day(slot.date, today))
    }
}

fn card(ctx: &Ctx, one: &KitchenOrder, station: Option<Station>) -> CardView {
    let details = one.details.as_ref();
    CardView {
        id: one.order.id.to_string(),
        details: details.map(|details| describe(ctx, &one.order, details, station)),
    }
}

fn describe(
    ctx: &Ctx,
    order: &OrderItem,
    details: &KitchenDetails,
    station: Option<Station>,
) -> DetailsView {
    let words = Words(ctx.language);
    let is_here = |line: &&KitchenLine| station.is_none_or(|station| line.station == station);
    let here: Vec<&KitchenLine> = details.lines.iter().filter(is_here).collect();
    let elsewhere = details.lines.len() - here.len();
    let lines = here.into_iter().map(|line| {
        let (title, options) = line_text(words, &line.line);
        LineView {
            title,
            options,
            station: words.name("station", line.station.key()),
        }
    });
    let asked = details.asked.as_ref().map(|(name, until)| {
        let clock = words.clock(ctx.service.local_time(*until));
        let arguments = [("item", &*words.of(name)), ("time", &*clock)];
        words.fill(Key::KitchenAsked, &arguments)
    });
    DetailsView {
        number: number(order.number),
        member: details.member.clone(),
        age: details.age.key().to_owned(),
        tone: tone(details.age).to_owned(),
        age_text: age_text(words, order, details.age, ctx.now()),
        lines: lines.collect(),
        elsewhere: match elsewhere {
            0 => String::new(),
            1 => words.t(Key::KitchenElsewhereOne),
            more => {
                let more = number(more as i64);
                words.fill(Key::KitchenElsewhere, &[("count", &more)])
            }
        },
        next: details.next.map(|next| next.key().to_owned()),
        asked: asked.unwrap_or_default(),
    }
}

const fn tone(age: Age) -> &'static str {
    match age {
        Age::Fresh => "leaf",
        Age::Soon => "blue",
        Age::Due => "saffron",
        Age::Late => "beet",
    }
}

/// How pressing it is, in words: "Soon: in 12 min", "Late: 5 min over time", "Waiting for 7 min".
fn age_text(words: Words, order: &OrderItem, age: Age, now: i64) -> String {
    let (since, key) = if order.state == OrderState::Ready {
        let since = Age::waits_since(order.slot_at, order.ready_at);
        (since, Key::KitchenWaits)
    } else {
        (order.slot_at, Key::KitchenOver)
    };
    let time = if now >= since {
        words.fill(key, &[("duration", &coarse(now - since))])
    } else {
        words.until(since, now)
    };
    words.fill_name("age", age.key(), &[("time", &time)])
}

fn ended(ctx: &Ctx, order: &OrderItem) -> EndedView {
    EndedView {
        id: order.id.to_string(),
        number: number(order.number),
        slot: slot(ctx, order.slot_at),
        state: state_view(Words(ctx.language), order.state),
    }
}

/// What is asked before an order is refused; nothing where none is, or it is gone.
async fn question(
    ctx: &Ctx,
    kitchen: &Kitchen,
    refuse: &str,
    item: &str,
) -> Result<Option<QuestionView>, AppError> {
    let words = Words(ctx.language);
    let orders = &kitchen.orders;
    let found = orders.iter().find(|one| one.order.id.to_string() == refuse);
    let Some((order, details)) = found.and_then(|one| Some((&one.order, one.details.as_ref()?)))
    else {
        return Ok(None);
    };
    let mut portions: BTreeMap<Uuid, (i64, String)> = BTreeMap::new();
    for line in &details.lines {
        let name = words.of(&line.line.item.name);
        let portion = portions.entry(line.line.item_id).or_insert((0, name));
        portion.0 += line.line.quantity;
    }
    let may_run_out = order.state.kitchen_may_refuse() && details.asked.is_none();
    let missing = match item.parse::<Uuid>() {
        Ok(id) if may_run_out => portions.get(&id).map(|portion| (id, portion)),
        _ => None,
    };
    let missing = match missing {
        Some((id, (quantity, name))) => {
            let candidates = order::candidates(ctx, order.id, id).await?;
            let candidates = candidates.into_iter().map(|candidate| {
                let price = words.price(candidate.unit_price, &order.currency);
                let left = number(candidate.left);
                let arguments = [("price", &*price), ("left", &*left)];
                (
                    candidate.item_id.to_string(),
                    words.of(&candidate.item.name),
                    words.fill(Key::KitchenCandidate, &arguments),
                )
            });
            Some(MissingView {
                item: id.to_string(),
                title: format!("{}\u{a0}× {name}", number(*quantity)),
                candidates: candidates.collect(),
            })
        }
        None => None,
    };
    Ok(Some(QuestionView {
        id: order.id.to_string(),
        number: number(order.number),
        may_run_out,
        items: portions
            .iter()
            .map(|(id, (_, name))| (id.to_string(), name.clone()))
            .collect(),
        missing,
    }))
}

/// Refuses an item of an order, as the form says.
pub(super) async fn refuse(
    ctx: &Ctx,
    order: &str,
    item: &str,
    substitutes: &[String],
    cancel: bool,
) -> Result<(), AppError> {
    let (order, item) = (parse_id(order)?, parse_id(item)?);
    if cancel {
        return Ok(order::refuse(ctx, order, item, &[]).await?);
    }
    if substitutes.is_empty() {
        let nothing = Error::invalid("substitutes", InvalidCode::Required);
        return Err(nothing.into());
    }
    let substitutes = substitutes
        .iter()
        .map(|id| parse_id(id))
        .collect::<Result<Vec<Uuid>, Error>>()?;
    Ok(order::refuse(ctx, order, item, &substitutes).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::kitchen::OfferState;
    use domain::text::Language;

    #[test]
    fn every_age_station_and_state_has_its_words() {
        for words in [Words(Language::En), Words(Language::Es)] {
            for age in Age::ALL {
                let text = words.fill_name("age", age.key(), &[("time", "|")]);
                assert!(text.contains('|') && text.len() > 2, "{age:?}: {text}");
            }
            for station in Station::ALL {
                assert_ne!(words.name("station", station.key()), station.key());
            }
            for state in Kitchen::STATES {
                assert_ne!(words.name("kitchen_state", state.key()), state.key());
            }
            for state in OfferState::ALL {
                assert!(words.name("offer_state", state.key()).contains(' '));
            }
        }
    }

    #[test]
    fn an_address_names_orders() {
        let id = "0197a5c4-0000-7000-8000-000000000000";
        assert_eq!(only("").unwrap_or_default(), None);
        let two = only(&format!("{id}.{id}")).unwrap_or_default();
        assert_eq!(two.map(|ids| ids.len()), Some(1));
        assert!(only("no-id").is_err());
    }
}
