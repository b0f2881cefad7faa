//! The overview in words.

use super::api::{OverviewView, PopularLine};
use crate::components::chart::{ChartData, Series, Shape, Unit};
use crate::context::number;
use crate::error::AppError;
use crate::words::{Words, duration, minor_units};
use locales::Key;
use service::Ctx;
use service::overview::{self, DayOverview, Overview, Waits};

pub(super) async fn overview(ctx: &Ctx, days: i64, campus: &str) -> Result<OverviewView, AppError> {
    let words = Words(ctx.language);
    let campus = Some(campus).filter(|slug| !slug.is_empty());
    let found = overview::overview(ctx, days, campus).await?;
    Ok(OverviewView {
        facts: facts(words, &found),
        charts: charts(words, &found),
        popular: popular(words, &found),
        campuses: found
            .campuses
            .iter()
            .map(|(slug, name)| (slug.clone(), words.of(name)))
            .collect(),
    })
}

fn facts(words: Words, found: &Overview) -> Vec<(String, String)> {
    let mut facts = vec![
        (words.t(Key::OverviewOrders), number(found.orders())),
        (words.t(Key::OverviewLiving), number(found.living)),
        (words.t(Key::OverviewCancelled), number(found.cancelled())),
    ];
    for (currency, sum) in found.revenue() {
        let label = words.fill(Key::OverviewRevenue, &[("currency", &currency)]);
        facts.push((label, words.price(sum, &currency)));
    }
    if let Some(waits) = found.waits {
        for (label, value) in [
            (Key::OverviewLateHalf, waits.late_half),
            (Key::OverviewLateMost, waits.late_most),
            (Key::OverviewCookedHalf, waits.cooked_half),
            (Key::OverviewCookedMost, waits.cooked_most),
        ] {
            facts.push((words.t(label), whole_time(value)));
        }
    }
    facts
}

/// A length of time without what nobody waits for.
fn whole_time(micros: i64) -> String {
    duration(micros / 1_000_000 * 1_000_000)
}

fn charts(words: Words, found: &Overview) -> Vec<ChartData> {
    let days = &found.days;
    let times: Vec<String> = days.iter().map(|day| words.date(day.date)).collect();
    let series = |label: String, tone: &str, of: &dyn Fn(&DayOverview) -> Option<i64>| Series {
        label,
        tone: tone.to_owned(),
        values: days.iter().map(of).collect(),
    };
    let chart = |title: String, shape, unit, series| ChartData {
        title,
        shape,
        unit,
        times: times.clone(),
        series,
    };
    let mut charts = vec![chart(
        words.t(Key::OverviewOrdersADay),
        Shape::Bars,
        Unit::Count,
        vec![
            series(words.t(Key::OverviewServed), "leaf", &|day| {
                Some(day.orders - day.cancelled)
            }),
            series(words.t(Key::OverviewCancelled), "beet", &|day| {
                Some(day.cancelled)
            }),
        ],
    )];
    for (currency, _) in found.revenue() {
        let unit = minor_units(&currency);
        let of = |day: &DayOverview| {
            let sum = day.revenue.iter().find(|(one, _)| *one == currency);
            // In whole units: nobody reads cents off a chart.
            Some(sum.map_or(0, |(_, sum)| (sum / unit).max(0)))
        };
        let label = words.fill(Key::OverviewRevenue, &[("currency", &currency)]);
        let bars = vec![series(label, "accent", &of)];
        let title = words.fill(Key::OverviewRevenueADay, &[("currency", &currency)]);
        charts.push(chart(title, Shape::Bars, Unit::Count, bars));
    }
    let wait = |of: fn(&Waits) -> i64| {
        move |day: &DayOverview| day.waits.as_ref().map(|waits| of(waits).max(0))
    };
    charts.push(chart(
        words.t(Key::OverviewWaits),
        Shape::Lines,
        Unit::Micros,
        vec![
            series(
                words.t(Key::OverviewLateHalf),
                "blue",
                &wait(|waits| waits.late_half),
            ),
            series(
                words.t(Key::OverviewLateMost),
                "beet",
                &wait(|waits| waits.late_most),
            ),
            series(
                words.t(Key::OverviewCookedHalf),
                "leaf",
                &wait(|waits| waits.cooked_half),
            ),
            series(
                words.t(Key::OverviewCookedMost),
                "saffron",
                &wait(|waits| waits.cooked_most),
            ),
        ],
    ));
    charts
}

fn popular(words: Words, found: &Overview) -> Vec<PopularLine> {
    let most = found.popular.iter().map(|item| item.portions).max();
    let most = most.unwrap_or_default().max(1);
    found
        .popular
        .iter()
        .map(|item| PopularLine {
            id: item.item_id.to_string(),
            name: words.of(&item.name),
            campus: words.of(&item.campus),
            portions: number(item.portions),
            orders: number(item.orders),
            revenue: words.price(item.revenue, &item.currency),
            share: item.portions * 1000 / most,
        })
        .collect()
}
