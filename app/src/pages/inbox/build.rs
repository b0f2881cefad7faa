//! The inbox in words.

use super::api::{InboxView, MessageView};
use crate::context::number;
use crate::error::AppError;
use crate::words::Words;
use domain::event::OrderEvent;
use locales::Key;
use service::Ctx;
use service::inbox::{self, Message, UNREAD_MOST};

/// How many messages a page shows.
const PAGE: i64 = 20;

pub(super) async fn inbox(ctx: &Ctx, after: &str) -> Result<InboxView, AppError> {
    let words = Words(ctx.language);
    let after = match after {
        "" => None,
        id => Some(service::plan::parse_id(id)?),
    };
    let page = inbox::list(ctx, after, PAGE).await?;
    let newest = (page.unread > 0).then_some(page.newest);
    Ok(InboxView {
        count: match page.unread {
            0 => words.t(Key::InboxCountNone),
            1 => words.t(Key::InboxCountOne),
            unread => words.fill(Key::InboxCount, &[("count", &unread_number(unread))]),
        },
        newest: newest.map(|newest| newest.to_string()),
        next: page.next.map(|id| id.to_string()),
        items: page
            .items
            .iter()
            .map(|message| view(ctx, message))
            .collect(),
    })
}

/// So many unread messages: "12", "99+".
pub(crate) fn unread_number(unread: i64) -> String {
    if unread < UNREAD_MOST {
        number(unread)
    } else {
        format!("{}+", UNREAD_MOST - 1)
    }
}

/// The page of the order that a message tells of.
pub(super) fn href(message: &Message) -> String {
    match message.payload.order_id {
        Some(order) => format!("/orders/{order}"),
        None => "/orders".to_owned(),
    }
}

fn view(ctx: &Ctx, message: &Message) -> MessageView {
    let words = Words(ctx.language);
    let (now, at) = (
        ctx.service.local_time(ctx.now()),
        ctx.service.local_time(message.at),
    );
    let clock = words.clock(at);
    // Yesterday's and older days have their dates.
    let day = words.near_day(at.date, now.date);
    MessageView {
        id: message.id.to_string(),
        title: title(words, message),
        text: text(ctx, message),
        datetime: format!(
            "{}T{:02}:{:02}:{:02}",
            at.date, at.hour, at.minute, at.second
        ),
        when: words.fill(Key::InboxWhen, &[("day", &day), ("time", &clock)]),
        tone: match message.kind {
            OrderEvent::OrderReady => "leaf",
            OrderEvent::OrderCancelled => "beet",
            OrderEvent::SubstituteOffered => "saffron",
            _ => "blue",
        }
        .to_owned(),
        href: href(message),
        unread: message.read_at.is_none(),
    }
}

fn title(words: Words, message: &Message) -> String {
    let payload = &message.payload;
    let order = number(payload.number.unwrap_or_default());
    let amount = words.price(
        payload.amount.unwrap_or_default(),
        payload.currency.as_deref().unwrap_or_default(),
    );
    words.fill_name(
        "message",
        message.kind.key(),
        &[("number", &order), ("amount", &amount)],
    )
}

fn text(ctx: &Ctx, message: &Message) -> String {
    let words = Words(ctx.language);
    let payload = &message.payload;
    let order = number(payload.number.unwrap_or_default());
    let campus = payload.campus.as_ref().map(|campus| words.of(campus));
    let slot = ctx
        .service
        .local_time(payload.slot_at.unwrap_or(message.at));
    let at = ctx.service.local_time(message.at);
    // As of the message, which may be read a day later: "today" would be another day then.
    let day = if slot.date == at.date && at.date == ctx.service.local_time(ctx.now()).date {
        words.t(Key::DateToday)
    } else {
        words.date(slot.date)
    };
    let reason = payload.reason.as_deref().unwrap_or_default();
    let item = payload.item.as_ref().map(|item| words.of(item));
    let said = match (message.kind, reason) {
        (OrderEvent::PaymentRefunded, "SUBSTITUTE") => "SUBSTITUTE_REFUNDED",
        (kind, _) => kind.key(),
    };
    words.fill_name(
        "message_text",
        said,
        &[
            ("item", &item.unwrap_or_default()),
            ("number", &order),
            ("campus", &campus.unwrap_or_default()),
            ("day", &day),
            ("time", &words.clock(slot)),
            ("reason", &words.name("message_reason", reason)),
        ],
    )
}
