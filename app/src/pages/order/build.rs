//! An order in words.

use super::api::{
    CountdownView, OfferChoiceView, OfferView, OrderLineView, OrderView, StateView, StepView,
};
use crate::context::number;
use crate::error::AppError;
use crate::words::Words;
use domain::allergen::Allergens;
use domain::amount::Amount;
use domain::menu::Campus;
use domain::nutrient::{Nutrient, Unit};
use domain::order::{Advance, CancelReason, OrderState};
use domain::payment::PaymentState;
use domain::problem::Problem;
use domain::saga::{Direction, Step};
use locales::Key;
use service::Ctx;
use service::order::{self, Answer, Offer, OrderLine, OrderStep};
use service::plan::parse_id;
use uuid::Uuid;

const MINUTE: i64 = 60_000_000;
const MILLISECOND: i64 = 1000;

pub(super) async fn order(ctx: &Ctx, id: &str) -> Result<OrderView, AppError> {
    // Before the address is read: whoever has not signed in learns nothing about it.
    ctx.account_id()?;
    let words = Words(ctx.language);
    let view = order::get(ctx, parse_id(id)?).await?;
    let order = &view.order;
    let mut allergens = Allergens::new();
    for line in &view.lines {
        allergens.extend(&line.item.allergens);
    }
    let sum = |nutrient: Nutrient| -> Amount {
        let lines = view.lines.iter();
        lines
            .filter_map(|line| Some(*line.item.nutrients.get(&nutrient)? * line.quantity))
            .sum()
    };
    let energy = [
        (
            "energy",
            &*words.with_unit(sum(Nutrient::Energy), Unit::Kilocalorie),
        ),
        (
            "protein",
            &*words.with_unit(sum(Nutrient::Protein), Unit::Gram),
        ),
    ];
    let number = number(order.number);
    let living = order.state.is_living();
    let (slot_at, now) = (order.slot_at / MILLISECOND, ctx.now() / MILLISECOND);
    let own = view.member.is_none();
    Ok(OrderView {
        id: order.id.to_string(),
        headline: words.fill_name(
            "order_text",
            order.state.key(),
            &[
                ("number", &number),
                ("campus", &words.of(&view.campus.name)),
            ],
        ),
        number,
        campus: words.of(&view.campus.name),
        state: state_view(words, order.state),
        remark: remark(words, &view),
        slot: slot_text(ctx, &view.campus, order.slot_at),
        countdown: living.then(|| CountdownView {
            at: slot_at.to_string(),
            now: now.to_string(),
            text: words.countdown((slot_at - now) * MILLISECOND),
        }),
        steps: steps(ctx, &view),
        lines: view
            .lines
            .iter()
            .map(|line| line_view(words, &order.currency, line))
            .collect(),
        total: words.price(order.total, &order.currency),
        payment: payment(words, &view),
        energy: words.fill(Key::MenuEnergy, &energy),
        allergens: allergens
            .iter()
            .map(|one| words.name("allergen", one.key()))
            .collect(),
        can_cancel: view.can_cancel,
        must_say_why: !own,
        offers: view
            .offers
            .iter()
            .map(|offer| offer_view(ctx, &order.currency, view.own, offer))
            .collect(),
        owed: match view.owed {
            0 => String::new(),
            owed => words.fill(
                Key::OfferOwed,
                &[("amount", &words.price(owed, &order.currency))],
            ),
        },
        next: view.next.map(|next| next.key().to_owned()),
        member: view.member,
        // Also while what was paid is on its way back.
        living: living || view.current.is_some(),
    })
}

/// How an order stands.
pub(crate) fn state_view(words: Words, state: OrderState) -> StateView {
    let tone = match state {
        OrderState::Pending => "none",
        OrderState::Confirmed => "blue",
        OrderState::Preparing => "saffron",
        OrderState::Ready => "leaf",
        OrderState::Collected => "none",
        OrderState::Cancelled => "beet",
    };
    StateView {
        key: state.key().to_owned(),
        name: words.name("order_state", state.key()),
        tone: tone.to_owned(),
    }
}

/// When it is collected: "today, 12:15–12:30".
pub(crate) fn slot_text(ctx: &Ctx, campus: &Campus, slot_at: i64) -> String {
    let words = Words(ctx.language);
    let local = |micros: i64| ctx.service.local_time(micros);
    let (from, until) = (
        local(slot_at),
        local(slot_at + campus.slot_minutes * MINUTE),
    );
    let day = words.near_day(from.date, local(ctx.now()).date);
    format!("{day}, {}–{}", words.clock(from), words.clock(until))
}

/// "2 × Chilaquiles", and "Large, oat milk".
pub(crate) fn line_text(words: Words, line: &OrderLine) -> (String, String) {
    let options: Vec<String> = line
        .item
        .options
        .iter()
        .map(|option| words.of(&option.name))
        .collect();
    let title = format!("{}\u{a0}× {}", line.quantity, words.of(&line.item.name));
    (title, options.join(", "))
}

fn line_view(words: Words, currency: &str, line: &OrderLine) -> OrderLineView {
    let (title, options) = line_text(words, line);
    OrderLineView {
        title,
        options,
        price: words.price(line.unit_price * line.quantity, currency),
    }
}

/// Why it was cancelled, or is to be.
fn remark(words: Words, view: &order::OrderView) -> String {
    let order = &view.order;
    let Some(reason) = order.cancel_reason else {
        return if view.cancelling {
            words.t(Key::OrderCancelling)
        } else {
            String::new()
        };
    };
    let mut remark = words.name("cancel_reason", reason.key());
    let declined = view
        .payment
        .as_ref()
        .and_then(|payment| payment.decline_reason);
    if let (CancelReason::PaymentDeclined, Some(declined)) = (reason, declined) {
        remark = format!("{remark} {}", words.name("decline", declined.key()));
    }
    match &order.cancel_note {
        Some(note) => words.fill(Key::OrderNote, &[("reason", &remark), ("note", note)]),
        None => remark,
    }
}

/// "Card · paid · MX$20.00 given back".
fn payment(words: Words, view: &order::OrderView) -> String {
    let gateway = words.name("gateway", view.order.gateway.key());
    let state = view.payment.as_ref().map(|payment| payment.state);
    let charged = state == Some(PaymentState::Charged);
    let state = match state {
        Some(state) => words.name("payment_state", state.key()),
        None if view.order.state == OrderState::Cancelled => words.t(Key::PaymentStateNONE),
        None => words.name("payment_state", PaymentState::Requested.key()),
    };
    let mut payment = format!("{gateway} · {state}");
    // Of a cancelled order the rest goes back too.
    if charged && view.returned > 0 {
        let returned = words.price(view.returned, &view.order.currency);
        let returned = words.fill(Key::OrderReturned, &[("amount", &returned)]);
        payment = format!("{payment} · {returned}");
    }
    payment
}

/// A step as it is drawn.
struct Drawn {
    key: String,
    title: String,
    state: &'static str,
    at: Option<i64>,
    note: String,
}

fn steps(ctx: &Ctx, view: &order::OrderView) -> Vec<StepView> {
    let words = Words(ctx.language);
    let order = &view.order;
    let cancelled = order.state == OrderState::Cancelled;
    let mut drawn = vec![Drawn {
        key: "PLACED".to_owned(),
        title: words.t(Key::OrderStepPLACED),
        state: "done",
        at: Some(order.placed_at),
        note: String::new(),
    }];
    for step in Step::ALL {
        let known = view
            .steps
            .iter()
            .find(|known| known.step == step && known.direction == Direction::Do);
        let current = view.current == Some((step, Direction::Do));
        match known {
            Some(known) => drawn.push(saga_step(words, known, current)),
            // What was never begun of an order that came to nothing is left out.
            None if cancelled => {}
            None => drawn.push(Drawn {
                key: step.key().to_owned(),
                title: words.name("order_step", step.key()),
                state: if current { "current" } else { "waiting" },
                at: None,
                note: String::new(),
            }),
        }
    }
    let kitchen = [
        (OrderState::Preparing, order.preparing_at),
        (OrderState::Ready, order.ready_at),
        (OrderState::Collected, order.collected_at),
    ];
    for (state, at) in kitchen {
        if cancelled && at.is_none() {
            continue;
        }
        let standing = match at {
            // What lasts is current until the next begins.
            Some(_) if order.state == state && state.is_living() => "current",
            Some(_) => "done",
            None => "waiting",
        };
        drawn.push(Drawn {
            key: state.key().to_owned(),
            title: words.name("order_step", state.key()),
            state: standing,
            at,
            note: String::new(),
        });
    }
    if let Some(at) = order.cancelled_at {
        drawn.push(Drawn {
            key: "CANCELLED".to_owned(),
            title: words.t(Key::OrderStateCANCELLED),
            state: "failed",
            at: Some(at),
            note: remark(words, view),
        });
    }
    let undone = view
        .steps
        .iter()
        .filter(|known| known.direction == Direction::Undo);
    for known in undone {
        let current = view.current == Some((known.step, Direction::Undo));
        drawn.push(saga_step(words, known, current));
    }
    drawn.into_iter().map(|step| step_view(ctx, step)).collect()
}

fn saga_step(words: Words, step: &OrderStep, current: bool) -> Drawn {
    let (table, prefix) = match step.direction {
        Direction::Do => ("order_step", ""),
        Direction::Undo => ("order_undo", "UNDO_"),
    };
    let state = match step.state.as_str() {
        "DONE" => "done",
        "REFUSED" | "EXHAUSTED" => "failed",
        _ if current => "current",
        _ => "waiting",
    };
    let attempts = number(step.attempts);
    let note = match (state, step.attempts) {
        ("done", 2..) => words.fill(Key::OrderAttempts, &[("count", &attempts)]),
        ("current", 1..) if step.error.is_some() => {
            words.fill(Key::OrderRetrying, &[("count", &attempts)])
        }
        ("failed", 2..) => words.fill(Key::OrderGivenUp, &[("count", &attempts)]),
        _ => String::new(),
    };
    Drawn {
        key: format!("{prefix}{}", step.step.key()),
        title: words.name(table, step.step.key()),
        state,
        at: step.ended_at,
        note,
    }
}

fn step_view(ctx: &Ctx, step: Drawn) -> StepView {
    let words = Words(ctx.language);
    let time = match step.at {
        Some(at) => {
            let local = ctx.service.local_time(at);
            let clock = format!("{:02}:{:02}:{:02}", local.hour, local.minute, local.second);
            (format!("{}T{clock}", local.date), clock)
        }
        None => (String::new(), String::new()),
    };
    // That it was cancelled is drawn as a failure, but came about.
    let spoken = match step.key.as_str() {
        "CANCELLED" => "done",
        _ => step.state,
    };
    StepView {
        key: step.key,
        title: step.title,
        spoken: words.name("step_state", spoken),
        state: step.state.to_owned(),
        time,
        note: step.note,
    }
}

/// What is out of stock, in words. Only whoever ordered is asked.
fn offer_view(ctx: &Ctx, currency: &str, own: bool, offer: &Offer) -> OfferView {
    let words = Words(ctx.language);
    let open = own && offer.is_open();
    let item = format!(
        "{}\u{a0}× {}",
        number(offer.quantity),
        words.of(&offer.name)
    );
    let until = words.clock(ctx.service.local_time(offer.expires_at));
    let chosen = offer
        .choices
        .iter()
        .find(|choice| Some(choice.item_id) == offer.chosen)
        .map(|choice| words.of(&choice.item.name));
    let text = if open {
        words.fill(Key::OfferAsk, &[("time", &until)])
    } else {
        words.fill_name(
            "offer_state",
            offer.state.key(),
            &[("time", &until), ("item", &chosen.unwrap_or_default())],
        )
    };
    let choices = offer.choices.iter().filter(|_| open).map(|choice| {
        let allergens: Vec<String> = choice
            .item
            .allergens
            .iter()
            .map(|one| words.name("allergen", one.key()))
            .collect();
        let mut notes = Vec::new();
        if !allergens.is_empty() {
            notes.push(words.fill(Key::OfferAllergens, &[("allergens", &allergens.join(", "))]));
        }
        notes.push(match choice.back {
            0 => words.t(Key::OfferSamePrice),
            back => words.fill(Key::OfferBack, &[("amount", &words.price(back, currency))]),
        });
        OfferChoiceView {
            item: choice.item_id.to_string(),
            name: words.of(&choice.item.name),
            note: notes.join(" "),
        }
    });
    OfferView {
        id: offer.id.to_string(),
        item,
        text,
        choices: choices.collect(),
        open,
    }
}

/// What a member says to an offer, from a button.
pub(super) fn offer_answer(text: &str) -> Result<Answer, AppError> {
    match text.split_once(':') {
        Some(("ACCEPT", item)) => Ok(Answer::Accept(parse_id(item)?)),
        None if text == "DECLINE" => Ok(Answer::Decline),
        _ => Err(Problem::Malformed.into()),
    }
}

/// An order and what is to be done with it, from a button.
pub(super) fn advance(text: &str) -> Result<(Uuid, Advance), AppError> {
    let (id, advance) = text.split_once(':').ok_or(Problem::Malformed)?;
    let advance = Advance::from_key(advance).ok_or(Problem::Malformed)?;
    Ok((parse_id(id)?, advance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::kitchen::OfferState;
    use domain::text::Language;

    fn step(direction: Direction, state: &str, attempts: i64, error: bool) -> OrderStep {
        OrderStep {
            step: Step::Pay,
            direction,
            state: state.to_owned(),
            attempts,
            error: error.then(|| serde_json::json!({})),
            started_at: 1,
            ended_at: None,
        }
    }

    #[test]
    fn every_step_and_reason_has_its_words() {
        let english = Words(Language::En);
        for one in Step::ALL {
            assert!(
                english.name("order_step", one.key()).contains(' '),
                "{one:?}"
            );
        }
        for reason in CancelReason::ALL {
            let text = english.name("cancel_reason", reason.key());
            assert!(text.contains(' '), "{reason:?}");
        }
        for state in OrderState::ALL {
            assert_ne!(english.name("order_state", state.key()), state.key());
            assert!(english.name("order_text", state.key()).contains(' '));
        }
        for state in PaymentState::ALL {
            assert_ne!(english.name("payment_state", state.key()), state.key());
        }
        for undone in [
            Step::SendConfirmation,
            Step::ConfirmReservation,
            Step::Pay,
            Step::Reserve,
        ] {
            assert!(english.name("order_undo", undone.key()).contains(' '));
        }
    }

    #[test]
    fn a_step_that_took_several_attempts_says_so() {
        let english = Words(Language::En);
        let drawn = |state: &str, attempts, error, current| {
            let step = step(Direction::Do, state, attempts, error);
            let drawn = saga_step(english, &step, current);
            (drawn.state, drawn.note)
        };
        assert_eq!(drawn("DONE", 1, false, false), ("done", String::new()));
        let (state, note) = drawn("DONE", 3, false, false);
        assert!(state == "done" && note.contains('3'), "{note}");
        let (state, note) = drawn("PENDING", 1, true, true);
        assert!(state == "current" && !note.is_empty(), "{note}");
        assert_eq!(drawn("REFUSED", 1, true, false).0, "failed");
    }

    #[test]
    fn a_button_says_what_is_wanted_instead() {
        let id = "0197a5c4-0000-7000-8000-000000000000";
        let item = id.parse().expect("an id");
        assert_eq!(
            offer_answer(&format!("ACCEPT:{id}")),
            Ok(Answer::Accept(item))
        );
        assert_eq!(offer_answer("DECLINE"), Ok(Answer::Decline));
        for other in ["", "ACCEPT", "ACCEPT:soup", "DECLINE:", "EAT"] {
            assert!(offer_answer(other).is_err(), "{other}");
        }
        for state in OfferState::ALL {
            assert_ne!(
                Words(Language::En).name("offer_state", state.key()),
                state.key()
            );
        }
    }

    #[test]
    fn a_button_names_its_order() {
        let id = "0197a5c4-0000-7000-8000-000000000000";
        let (order, one) = advance(&format!("{id}:READY")).expect("a button");
        assert_eq!((order.to_string().as_str(), one), (id, Advance::Ready));
        assert!(advance(&format!("{id}:EATEN")).is_err());
        assert!(advance(id).is_err());
    }
}
