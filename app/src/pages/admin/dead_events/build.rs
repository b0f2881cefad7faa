//! Events that were given up, in words.

use super::api::{DeadEventLine, DeadEventsView};
use crate::context::number;
use crate::error::{AppError, describe};
use crate::pages::admin::say::Say;
use locales::Key;
use service::Ctx;
use service::outbox::{self, COUNTED_MOST, DeadEvent, DeadEventId};

/// How many events a page shows.
const PAGE: i64 = 50;

pub(super) async fn dead_events(ctx: &Ctx, after: &str) -> Result<DeadEventsView, AppError> {
    let say = Say::new(ctx);
    let after = match after {
        "" => None,
        id => Some(id.parse::<DeadEventId>()?),
    };
    let page = outbox::dead(ctx, after, PAGE).await?;
    Ok(DeadEventsView {
        items: page.items.iter().map(|event| line(&say, event)).collect(),
        count: match page.count {
            0 => say.words.t(Key::DeadEventsCountNone),
            1 => say.words.t(Key::DeadEventsCountOne),
            COUNTED_MOST => say.words.fill(
                Key::DeadEventsCountMany,
                &[("count", &number(COUNTED_MOST))],
            ),
            count => say
                .words
                .fill(Key::DeadEventsCount, &[("count", &number(count))]),
        },
        next: page.next.map(|id| id.to_string()),
        may_repeat: outbox::may_repeat(ctx),
    })
}

fn line(say: &Say<'_>, event: &DeadEvent) -> DeadEventLine {
    let (title, help) = describe(&event.problem);
    DeadEventLine {
        id: event.id.to_string(),
        title: say.words.name("event", &event.kind),
        kind: event.kind.clone(),
        consumer: say.words.name("event_consumer", event.id.consumer.key()),
        owner: event.owner.clone().unwrap_or_default(),
        aggregate: event.aggregate.clone(),
        attempts: number(event.attempts),
        why: format!("{title} {help}"),
        request_id: event.request_id.clone(),
        happened: say.moment(event.at),
        failed: say.moment(event.failed_at),
    }
}
