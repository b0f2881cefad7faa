//! The server function of earlier weeks, and what it sends.

use crate::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A page of planned weeks, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlansView {
    /// The plans.
    pub items: Vec<PlanLine>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// A plan in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    /// Its address.
    pub href: String,
    /// "Week 47".
    pub week: String,
    /// "16–22 November 2026".
    pub title: String,
    /// "1 970 kcal a day · US$54.20 a week".
    pub text: String,
    /// "planned on 15 November 2026".
    pub made: String,
}

/// How many weeks a page shows.
#[cfg(feature = "ssr")]
const PAGE: i64 = 12;

/// Planned weeks, the newest first, after the one where the last page ended.
#[server(endpoint = "plans")]
pub async fn get_plans(#[server(default)] after: String) -> Result<PlansView, AppError> {
    use crate::context::number;
    use crate::words::Words;
    use domain::week::{Date, IsoWeek};
    use locales::Key;
    use service::plan::{list, parse_id, parse_week};

    let ctx = crate::context::ctx()?;
    ctx.account_id()?;
    let words = Words(ctx.language);
    let after = if after.is_empty() {
        None
    } else {
        Some(parse_id(&after)?)
    };
    let page = list(&ctx, after, PAGE).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let week = parse_week(&row.week)?;
        let (energy, cost) = (number(row.energy), words.money(row.cost));
        items.push(PlanLine {
            href: format!("/plan/{week}?plan={}", row.id),
            week: words.fill(Key::PlanWeek, &[("number", &week.number().to_string())]),
            title: words.week(week),
            text: words.fill(Key::PlansRow, &[("energy", &energy), ("cost", &cost)]),
            made: words.fill(
                Key::PlansMade,
                &[("date", &words.full_date(day_of(row.created_at)))],
            ),
        });
    }
    return Ok(PlansView {
        items,
        next: page.next.map(|id| id.to_string()),
    });

    /// The day of a moment, in UTC.
    fn day_of(micros: i64) -> Date {
        let weekday = (micros.div_euclid(86_400_000_000) + 3).rem_euclid(7) as usize;
        IsoWeek::of_micros(micros).dates()[weekday]
    }
}
