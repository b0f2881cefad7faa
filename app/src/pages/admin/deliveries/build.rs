//! Deliveries in words.

use super::api::{ChannelLine, DeliveriesView, DeliveryLine};
use super::filter::Filter;
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::say::Say;
use domain::breaker::BreakerState;
use domain::notification::{DeliveryState, Template};
use locales::Key;
use service::Ctx;
use service::notify::{self, COUNTED_MOST, ChannelOverview, Delivery};

pub(super) async fn deliveries(ctx: &Ctx, filter: &Filter) -> Result<DeliveriesView, AppError> {
    let say = Say::new(ctx);
    let list = notify::list(ctx, &filter.query()?).await?;
    let count = match list.count {
        0 => say.words.t(Key::DeliveriesCountNone),
        1 => say.words.t(Key::DeliveriesCountOne),
        COUNTED_MOST => say.words.fill(
            Key::DeliveriesCountMany,
            &[("count", &number(COUNTED_MOST))],
        ),
        count => say
            .words
            .fill(Key::DeliveriesCount, &[("count", &number(count))]),
    };
    Ok(DeliveriesView {
        items: list.items.iter().map(|one| line(&say, one)).collect(),
        count,
        next: list.next.map(|id| id.to_string()),
        channels: list.channels.iter().map(|one| channel(&say, one)).collect(),
    })
}

/// A delivery's line.
pub(in crate::pages::admin) fn line(say: &Say<'_>, delivery: &Delivery) -> DeliveryLine {
    let words = say.words;
    DeliveryLine {
        id: delivery.id.to_string(),
        what: words.name("mail_template", delivery.template.key()),
        order: match delivery.template {
            Template::Code => String::new(),
            _ => words.fill(
                Key::DeliveriesOrder,
                &[("number", &number(delivery.number))],
            ),
        },
        channel: words.name("channel", delivery.channel.key()),
        recipient: delivery.recipient.clone(),
        tone: tone(delivery.state).to_owned(),
        state: words.name("delivery_state", delivery.state.key()),
        attempts: match delivery.attempts {
            0 => String::new(),
            1 => words.t(Key::DeliveriesAttempt),
            attempts => words.fill(Key::DeliveriesAttempts, &[("count", &number(attempts))]),
        },
        why: failure(say, delivery),
        queued: say.moment(delivery.queued_at),
    }
}

/// Why a delivery failed last, in a sentence, with what was said.
fn failure(say: &Say<'_>, delivery: &Delivery) -> String {
    let Some(error) = &delivery.error else {
        return String::new();
    };
    let (code, said) = error.split_once(' ').unwrap_or((error.as_str(), ""));
    let sentence = say.words.name("delivery_error", code);
    if said.is_empty() {
        sentence
    } else {
        format!("{sentence} ({said})")
    }
}

/// What a state's colour says.
const fn tone(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "blue",
        DeliveryState::Sent => "leaf",
        DeliveryState::Failed => "beet",
    }
}

fn channel(say: &Say<'_>, channel: &ChannelOverview) -> ChannelLine {
    let words = say.words;
    let (tone, state) = match (channel.open, channel.state, channel.until) {
        (false, ..) => ("none", words.t(Key::DeliveriesChannelClosed)),
        (true, BreakerState::Closed, _) => ("leaf", words.t(Key::DeliveriesChannelWell)),
        (true, BreakerState::Open, Some(until)) if until > say.now => (
            "beet",
            words.fill(Key::DeliveriesChannelPaused, &[("time", &say.clock(until))]),
        ),
        (true, BreakerState::Open | BreakerState::HalfOpen, _) => {
            ("saffron", words.t(Key::DeliveriesChannelTried))
        }
    };
    ChannelLine {
        name: words.name("channel", channel.channel.key()),
        tone: tone.to_owned(),
        state,
    }
}
