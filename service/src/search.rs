//! One field that finds orders by number, dishes, people and jobs, each only for those who may see them: a
//! bounded query a kind.

use crate::ctx::Ctx;
use crate::{Error, Result, board, order, people};
use domain::invalid::InvalidCode;
use domain::order::OrderState;
use domain::text::{Localized, folded};
use storage::order_list;
use uuid::Uuid;

/// How many of each kind are found.
pub const HITS_MOST: usize = 6;
/// The longest text that is looked for, in characters.
pub const TEXT_MOST: i64 = 100;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hit {
    /// An order.
    Order {
        /// Its id.
        id: Uuid,
        /// What is called out.
        number: i64,
        /// How it stands.
        state: OrderState,
        /// Who ordered.
        member: String,
        /// When it is collected, in microseconds.
        slot_at: i64,
    },
    /// A dish of the catalogue.
    Dish {
        /// Its name in addresses.
        id: String,
        /// What it is called.
        name: Localized<String>,
    },
    /// Somebody.
    Person {
        /// Their account.
        id: Uuid,
        /// What they are called.
        name: String,
        /// Their address.
        email: String,
    },
    /// A job.
    Job {
        /// Its id.
        id: Uuid,
        /// Its kind.
        kind: String,
        /// How it stands, by its name on the wire.
        state: &'static str,
        /// What it is about.
        subject: Option<String>,
    },
}

/// Whether whoever asks works here at all, so that pages show the field only to them.
#[must_use]
pub fn may_search(ctx: &Ctx) -> bool {
    order::may_see(ctx)
}

/// What a text stands for: an order's number, words of dishes and people, the id of an order or job, what a
/// job is about.
///
/// # Errors
/// [`InvalidCode::TooLong`] for a text beyond a hundred characters; for others than staff, administrators
/// and operators as [`Ctx::allow`].
pub async fn search(ctx: &Ctx, text: &str) -> Result<Vec<Hit>> {
    order::check_viewer(ctx)?;
    let text = text.trim();
    if text.chars().count() as i64 > TEXT_MOST {
        return Err(Error::invalid("q", InvalidCode::TooLong { max: TEXT_MOST }));
    }
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut hits = orders(ctx, text).await?;
    hits.extend(dishes(ctx, text));
    if people::may_keep(ctx) {
        hits.extend(persons(ctx, text).await?);
    }
    if board::may_see(ctx) {
        hits.extend(jobs(ctx, text).await?);
    }
    Ok(hits)
}

/// Orders that are called out by a number, `42` or `#42`, or the one of an id.
async fn orders(ctx: &Ctx, text: &str) -> Result<Vec<Hit>> {
    let number = text.trim_start_matches('#').parse::<i64>();
    let number = number.ok().filter(|number| *number > 0);
    let id = text.parse::<Uuid>().ok();
    let mut tx = ctx.read().await?;
    let ids = match (number, id) {
        (Some(number), _) => order_list::by_number(&mut tx, number, HITS_MOST as i64)
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect(),
        (None, Some(id)) => vec![id],
        (None, None) => return Ok(Vec::new()),
    };
    let mut found = order_list::listed(&mut tx, &ids).await?;
    found.sort_by_key(|order| std::cmp::Reverse(order.id));
    found
        .into_iter()
        .map(|order| {
            Ok(Hit::Order {
                id: order.id,
                number: order.number,
                state: OrderState::from_key(&order.state)
                    .ok_or_else(|| Error::Internal(format!("no order is {}", order.state)))?,
                member: order.member,
                slot_at: order.slot_at,
            })
        })
        .collect()
}

/// Dishes whose names have each word.
fn dishes(ctx: &Ctx, text: &str) -> Vec<Hit> {
    let text = folded(text);
    let dishes = ctx.service.catalogue().dishes.iter();
    dishes
        .filter(|dish| {
            let name = folded(&format!("{} {}", dish.name.en, dish.name.es));
            text.split_whitespace().all(|word| name.contains(word))
        })
        .take(HITS_MOST)
        .map(|dish| Hit::Dish {
            id: dish.id.0.clone(),
            name: dish.name.clone(),
        })
        .collect()
}

async fn persons(ctx: &Ctx, text: &str) -> Result<Vec<Hit>> {
    let mut tx = ctx.read().await?;
    let ids = match text.parse::<Uuid>() {
        Ok(id) => vec![id],
        Err(_) => people::called(&mut tx, text, HITS_MOST as i64).await?,
    };
    let mut found = storage::people::listed(&mut tx, &ids).await?;
    found.sort_by(|one, other| one.name.cmp(&other.name).then(one.id.cmp(&other.id)));
    Ok(found
        .into_iter()
        .map(|person| Hit::Person {
            id: person.id,
            name: person.name,
            email: person.email,
        })
        .collect())
}

/// The job of an id, or the newest ones that are about something or are for somebody so called.
async fn jobs(ctx: &Ctx, text: &str) -> Result<Vec<Hit>> {
    // A kind by a part of its name, `plan`; else what it is about.
    let kind = crate::jobs::KINDS
        .iter()
        .find(|(kind, _)| text.len() > 2 && kind.contains(&text.to_lowercase()));
    let filter = match kind {
        Some((kind, _)) => board::JobFilter {
            kind: Some((*kind).to_owned()),
            ..board::JobFilter::default()
        },
        None => board::JobFilter {
            subject: Some(text.to_owned()),
            ..board::JobFilter::default()
        },
    };
    let found = match text.parse::<Uuid>() {
        Ok(id) => board::listed(ctx, id).await?,
        Err(_) => {
            board::list(ctx, &filter, None, HITS_MOST as i64)
                .await?
                .items
        }
    };
    Ok(found
        .into_iter()
        .map(|job| Hit::Job {
            id: job.id,
            kind: job.kind,
            state: job.state.key(),
            subject: job.subject,
        })
        .collect())
}
