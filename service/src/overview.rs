//! What an institution sold, how long people waited and what they liked, by day.

use crate::ctx::{Ctx, Service};
use crate::jobs::first_id_of;
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::text::Localized;
use domain::week::Date;
use storage::campus;
use storage::overview::{self as table, PopularRow, Span, WaitRow};

/// Who may see it.
const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];
/// So many days may be looked at, today among them.
pub const DAYS: [i64; 3] = [7, 30, 90];
/// How many items are named that were sold most.
pub const POPULAR_MOST: i64 = 10;

/// A day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOverview {
    /// Which.
    pub date: Date,
    /// How many orders were placed.
    pub orders: i64,
    /// How many of them came to nothing.
    pub cancelled: i64,
    /// What the others paid, by currency, in minor units, without what went back.
    pub revenue: Vec<(String, i64)>,
    /// How long those took that became ready.
    pub waits: Option<Waits>,
}

/// How long orders took, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// How many became ready.
    pub orders: i64,
    /// Half of them were ready at most so long after their pickup time began.
    pub late_half: i64,
    /// Nineteen of twenty were.
    pub late_most: i64,
    /// Half of them were cooked within this.
    pub cooked_half: i64,
    /// Nineteen of twenty were.
    pub cooked_most: i64,
}

impl From<&WaitRow> for Waits {
    fn from(row: &WaitRow) -> Self {
        Self {
            orders: row.orders,
            late_half: row.late_half,
            late_most: row.late_most,
            cooked_half: row.cooked_half,
            cooked_most: row.cooked_most,
        }
    }
}

/// What was sold of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PopularItem {
    /// The menu item.
    pub item_id: uuid::Uuid,
    /// What it is called.
    pub name: Localized<String>,
    /// The campus that sells it.
    pub campus: Localized<String>,
    /// How many portions.
    pub portions: i64,
    /// In how many orders.
    pub orders: i64,
    /// For how much, in minor units.
    pub revenue: i64,
    /// ISO 4217.
    pub currency: String,
}

impl From<PopularRow> for PopularItem {
    fn from(row: PopularRow) -> Self {
        Self {
            item_id: row.item_id,
            name: row.name.0,
            campus: row.campus_name.0,
            portions: row.portions,
            orders: row.orders,
            revenue: row.revenue,
            currency: row.currency,
        }
    }
}

/// What an institution sold in the last days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The days, oldest first, today last.
    pub days: Vec<DayOverview>,
    /// How long orders took over all days.
    pub waits: Option<Waits>,
    /// What was sold most over all days.
    pub popular: Vec<PopularItem>,
    /// How many orders have not ended.
    pub living: i64,
    /// Every campus, by its slug, and what it is called.
    pub campuses: Vec<(String, Localized<String>)>,
}

impl Overview {
    /// How many orders were placed.
    #[must_use]
    pub fn orders(&self) -> i64 {
        self.days.iter().map(|day| day.orders).sum()
    }

    /// How many of them came to nothing.
    #[must_use]
    pub fn cancelled(&self) -> i64 {
        self.days.iter().map(|day| day.cancelled).sum()
    }

    /// What the others paid, by currency, in minor units.
    #[must_use]
    pub fn revenue(&self) -> Vec<(String, i64)> {
        let mut sums = std::collections::BTreeMap::<&str, i64>::new();
        for (currency, amount) in self.days.iter().flat_map(|day| &day.revenue) {
            *sums.entry(currency).or_default() += amount;
        }
        sums.into_iter()
            .map(|(currency, sum)| (currency.to_owned(), sum))
            .collect()
    }
}

/// Whether whoever asks may see it, so that pages show the way only to them.
#[must_use]
pub fn may_see(ctx: &Ctx) -> bool {
    ctx.allow(&VIEWERS).is_ok()
}

/// When a date begins by the institution's clocks, in microseconds; an hour later where these leave its
/// first one out.
fn begins(service: &Service, date: Date) -> Result<i64> {
    service
        .moment_at(date, 0)
        .or_else(|| service.moment_at(date, 60))
        .ok_or_else(|| Error::Internal(format!("no day begins on {date}")))
}

/// What was sold in the last days, of a campus or all.
///
/// # Errors
/// [`InvalidCode::UnknownChoice`] at `days` for others than 7, 30 and 90, and at `campus` where there is
/// none of that slug; for others than administrators and operators as [`Ctx::allow`].
pub async fn overview(ctx: &Ctx, days: i64, campus: Option<&str>) -> Result<Overview> {
    ctx.allow(&VIEWERS)?;
    let unknown = |field| Error::invalid(field, InvalidCode::UnknownChoice);
    if !DAYS.contains(&days) {
        return Err(unknown("days"));
    }
    let service = &ctx.service;
    let today = service.local_time(ctx.now()).date;
    let dates: Vec<Date> = (1 - days..=1).map(|ahead| today.plus(ahead)).collect();
    let ids = dates
        .iter()
        .map(|date| begins(service, *date).map(first_id_of))
        .collect::<Result<Vec<_>>>()?;
    let spans: Vec<Span> = ids
        .windows(2)
        .zip(0..)
        .map(|(ends, day)| Span {
            day,
            from: ends[0],
            until: ends[1],
        })
        .collect();
    let whole = Span {
        day: 0,
        from: ids[0],
        until: ids[ids.len() - 1],
    };
    let mut tx = ctx.read().await?;
    let campuses = campus::all(&mut tx).await?;
    let wanted = match campus {
        None => None,
        Some(slug) => {
            let found = campuses.iter().find(|campus| campus.slug == slug);
            Some(found.ok_or_else(|| unknown("campus"))?.id)
        }
    };
    let counted = table::days(&mut tx, &spans, wanted).await?;
    let waits = table::waits(&mut tx, &spans, wanted).await?;
    let over_all = table::waits(&mut tx, &[whole], wanted).await?;
    let popular = table::popular(&mut tx, whole, wanted, POPULAR_MOST).await?;
    let living = table::living(&mut tx, wanted).await?;
    let of_day = |(day, date): (i64, &Date)| {
        let rows = counted.iter().filter(|row| row.day == day);
        DayOverview {
            date: *date,
            orders: rows.clone().map(|row| row.orders).sum(),
            cancelled: rows.clone().map(|row| row.cancelled).sum(),
            revenue: rows
                .map(|row| (row.currency.clone(), row.revenue))
                .collect(),
            waits: waits.iter().find(|row| row.day == day).map(Waits::from),
        }
    };
    Ok(Overview {
        days: (0..days).zip(&dates).map(of_day).collect(),
        waits: over_all.first().map(Waits::from),
        popular: popular.into_iter().map(PopularItem::from).collect(),
        living,
        campuses: campuses
            .into_iter()
            .map(|campus| (campus.slug, campus.name))
            .collect(),
    })
}
