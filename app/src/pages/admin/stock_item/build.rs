//! An item's stock in words.

use super::api::{MovementLine, StockItemView};
use crate::components::chart::{ChartData, Series, Shape, Unit};
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::say::Say;
use crate::pages::admin::stock::{kind_name, shortage_mark};
use domain::stock::MovementKind;
use locales::Key;
use service::Ctx;
use service::stock::{self, MovementItem, StockDay};

/// How many movements a page has.
const PAGE: i64 = 25;

pub(super) async fn item(ctx: &Ctx, id: &str, before: &str) -> Result<StockItemView, AppError> {
    let say = Say::new(ctx);
    let id = service::plan::parse_id(id)?;
    let before = match before {
        "" => None,
        before => Some(service::plan::parse_id(before)?),
    };
    let item = stock::get(ctx, id).await?;
    let movements = stock::movements(ctx, id, before, PAGE).await?;
    let days = stock::history(ctx, id).await?;
    let words = say.words;
    Ok(StockItemView {
        id: item.id.to_string(),
        name: words.of(&item.name),
        about: [
            words.of(&item.campus_name),
            kind_name(words, &item),
            words.price(item.price, &item.currency),
        ]
        .join(" · "),
        active: item.active,
        on_hand: number(item.level.on_hand()),
        reserved: number(item.level.reserved()),
        available: number(item.level.available()),
        low_mark: number(item.low_mark),
        mark: shortage_mark(words, &item),
        charts: charts(&say, &days),
        movements: movements
            .items
            .into_iter()
            .map(|movement| line(&say, movement))
            .collect(),
        next: movements.next.map(|id| id.to_string()),
        key: ctx.service.next_id().to_string(),
    })
}

fn line(say: &Say<'_>, movement: MovementItem) -> MovementLine {
    let by = match (movement.actor, movement.order_number) {
        (Some(actor), _) => actor,
        (None, Some(order)) => say
            .words
            .fill(Key::StockItemOrder, &[("number", &number(order))]),
        (None, None) => say.words.t(Key::StockItemNobody),
    };
    MovementLine {
        id: movement.id.to_string(),
        what: say.words.name("movement", movement.kind.key()),
        tone: tone(movement.kind).to_owned(),
        on_hand: signed(movement.on_hand_change),
        reserved: signed(movement.reserved_change),
        by,
        reason: movement.reason,
        when: say.moment(movement.at),
    }
}

/// What a movement's colour says.
const fn tone(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Received => "leaf",
        MovementKind::Reserved => "blue",
        MovementKind::Released | MovementKind::Restored => "none",
        MovementKind::Sold => "accent",
        MovementKind::Wasted => "beet",
        MovementKind::Corrected => "saffron",
    }
}

/// "+40", "−2"; nothing where there is no change.
fn signed(change: i64) -> String {
    match change {
        0 => String::new(),
        1.. => format!("+{}", number(change)),
        _ => number(change),
    }
}

/// How the item stood at the end of each day, and what each day did.
fn charts(say: &Say<'_>, days: &[StockDay]) -> Vec<ChartData> {
    let times: Vec<String> = days.iter().map(|day| say.words.date(day.date)).collect();
    let series = |label: Key, tone: &str, of: fn(&StockDay) -> i64| Series {
        label: say.words.t(label),
        tone: tone.to_owned(),
        values: days.iter().map(|day| Some(of(day).max(0))).collect(),
    };
    let chart = |title: Key, shape, series| ChartData {
        title: say.words.t(title),
        shape,
        unit: Unit::Count,
        times: times.clone(),
        series,
    };
    vec![
        chart(
            Key::StockItemLevels,
            Shape::Lines,
            vec![
                series(Key::StockColumnOnHand, "leaf", |day| day.level.on_hand()),
                series(Key::StockColumnAvailable, "blue", |day| {
                    day.level.available()
                }),
            ],
        ),
        chart(
            Key::StockItemDays,
            Shape::Bars,
            vec![
                series(Key::StockItemSold, "accent", |day| day.sold),
                series(Key::StockItemWasted, "beet", |day| day.wasted),
                series(Key::StockItemReceived, "leaf", |day| day.received),
            ],
        ),
    ]
}
