//! An order in words.

use super::api::{DetailView, EventLine, RefundLine, StepLine};
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::list::major;
use crate::pages::admin::say::Say;
use crate::pages::order::{line_text, slot_text, state_view};
use crate::words::duration;
use domain::event::EventPayload;
use domain::saga::Direction;
use locales::Key;
use serde_json::Value;
use service::Ctx;
use service::order::{self, OrderDetail, OrderHappening, OrderStep, Refund, RefundState};

pub(super) async fn detail(ctx: &Ctx, id: &str) -> Result<DetailView, AppError> {
    let say = Say::new(ctx);
    let words = say.words;
    let detail = order::detail(ctx, service::plan::parse_id(id)?).await?;
    let view = &detail.view;
    let order = &view.order;
    let currency = order.currency.clone();
    let refundable = (detail.refundable > 0).then(|| {
        (
            major(detail.refundable, &currency),
            words.price(detail.refundable, &currency),
        )
    });
    let remark = match (order.cancel_reason, &order.cancel_note) {
        (Some(reason), Some(note)) => words.fill(
            Key::OrderNote,
            &[
                ("reason", &words.name("cancel_reason", reason.key())),
                ("note", note),
            ],
        ),
        (Some(reason), None) => words.name("cancel_reason", reason.key()),
        (None, _) if view.cancelling => words.t(Key::OrderCancelling),
        (None, _) => String::new(),
    };
    Ok(DetailView {
        id: order.id.to_string(),
        number: number(order.number),
        state: state_view(words, order.state),
        remark,
        member: (
            detail.account_id.to_string(),
            view.member.clone().unwrap_or_default(),
            detail.email.clone(),
        ),
        facts: facts(&say, &detail),
        placed: say.moment(order.placed_at),
        lines: view
            .lines
            .iter()
            .map(|line| {
                let (title, options) = line_text(words, line);
                let price = words.price(line.unit_price * line.quantity, &currency);
                (title, options, price)
            })
            .collect(),
        total: words.price(order.total, &currency),
        steps: view
            .steps
            .iter()
            .map(|step| step_line(&say, step))
            .collect(),
        elsewhere: (detail.elsewhere > 0).then(|| {
            let amount = words.price(detail.elsewhere, &currency);
            words.fill(Key::PanelOrderElsewhere, &[("amount", &amount)])
        }),
        refunds: detail
            .refunds
            .iter()
            .map(|refund| refund_line(&say, refund))
            .collect(),
        events: detail
            .events
            .iter()
            .map(|event| event_line(&say, event))
            .collect(),
        administers: service::people::may_keep(ctx),
        can_cancel: view.can_cancel,
        refundable,
        key: ctx.service.next_id().to_string(),
        currency,
    })
}

fn facts(say: &Say<'_>, detail: &OrderDetail) -> Vec<(String, String)> {
    let words = say.words;
    let view = &detail.view;
    let order = &view.order;
    let gateway = words.name("gateway", order.gateway.key());
    let payment = match &view.payment {
        Some(payment) => format!(
            "{gateway} · {}",
            words.name("payment_state", payment.state.key())
        ),
        None => format!("{gateway} · {}", words.t(Key::PaymentStateNONE)),
    };
    let mut facts = vec![
        (words.t(Key::PanelOrdersCampus), words.of(&view.campus.name)),
        (
            words.t(Key::PanelOrdersSlot),
            slot_text(say.ctx, &view.campus, order.slot_at),
        ),
        (words.t(Key::PanelOrderPayment), payment),
    ];
    let declined = view
        .payment
        .as_ref()
        .and_then(|payment| payment.decline_reason);
    if let Some(reason) = declined {
        let why = words.name("decline", reason.key());
        facts.push((words.t(Key::PanelOrderDeclined), why));
    }
    let given: i64 = detail
        .refunds
        .iter()
        .filter(|refund| refund.state != RefundState::Refused)
        .map(|refund| refund.amount)
        .sum();
    let given = given + detail.elsewhere;
    if given > 0 {
        let given = words.price(given, &order.currency);
        facts.push((words.t(Key::PanelOrderGivenBack), given));
    }
    if view.owed > 0 {
        let owed = words.price(view.owed, &order.currency);
        facts.push((words.t(Key::PanelOrderOwed), owed));
    }
    facts
}

fn step_line(say: &Say<'_>, step: &OrderStep) -> StepLine {
    let table = match step.direction {
        Direction::Do => "order_step",
        Direction::Undo => "order_undo",
    };
    let tone = match step.state.as_str() {
        "DONE" => "leaf",
        "REFUSED" | "EXHAUSTED" => "beet",
        _ => "saffron",
    };
    StepLine {
        title: say.words.name(table, step.step.key()),
        state: (
            tone.to_owned(),
            say.words.name("saga_step_state", &step.state),
        ),
        attempts: number(step.attempts),
        error: step
            .error
            .as_ref()
            .map_or_else(String::new, |error| error.to_string()),
        began: say.moment(step.started_at),
        took: step
            .ended_at
            .map_or_else(String::new, |ended| duration(ended - step.started_at)),
    }
}

fn refund_line(say: &Say<'_>, refund: &Refund) -> RefundLine {
    let tone = match refund.state {
        RefundState::Requested => "saffron",
        RefundState::Done => "leaf",
        RefundState::Refused => "beet",
    };
    let actor = refund.actor.clone();
    RefundLine {
        id: refund.id.to_string(),
        amount: say.words.price(refund.amount, &refund.currency),
        reason: refund.reason.clone(),
        state: (
            tone.to_owned(),
            say.words.name("refund_state", refund.state.key()),
        ),
        actor: actor.unwrap_or_else(|| say.words.t(Key::AuditSystem)),
        when: say.moment(refund.at),
    }
}

fn event_line(say: &Say<'_>, event: &OrderHappening) -> EventLine {
    EventLine {
        title: say.words.name("event", &event.kind),
        payload: payload_text(say, &event.payload),
        when: say.moment(event.at),
    }
}

/// What an event tells besides what the page tells of the order.
fn payload_text(say: &Say<'_>, payload: &Value) -> String {
    let Ok(told) = serde_json::from_value::<EventPayload>(payload.clone()) else {
        return payload.to_string();
    };
    let mut parts = Vec::new();
    if let (Some(amount), Some(currency)) = (told.amount, &told.currency) {
        parts.push(say.words.price(amount, currency));
    }
    let rest = EventPayload {
        order_id: None,
        number: None,
        slot_at: None,
        amount: None,
        currency: None,
        ..told
    };
    if rest != EventPayload::default() {
        // Texts and integers always have a JSON form.
        parts.push(serde_json::to_string(&rest).unwrap_or_default());
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use crate::words::Words;
    use domain::text::Language;
    use service::order::RefundState;

    #[test]
    fn every_state_has_its_words() {
        let words = Words(Language::Es);
        for state in RefundState::ALL {
            assert_ne!(words.name("refund_state", state.key()), state.key());
        }
        for state in ["PENDING", "DONE", "REFUSED", "EXHAUSTED"] {
            assert_ne!(words.name("saga_step_state", state), state);
        }
    }
}
