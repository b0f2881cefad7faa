//! The wallet in words.

use super::api::{CardEntry, EntryView, HoldingView, TopUpNotice, WalletView};
use crate::error::AppError;
use crate::words::{Words, minor_units};
use domain::invalid::{InvalidCode, InvalidField};
use domain::payment::{TopUpStatus, parse_amount};
use domain::problem::Problem;
use locales::Key;
use service::Ctx;
use service::plan::parse_id;
use service::wallet::{self, Counterpart, Kind, Line, TopUp, TopUpJob};

/// How many entries a page shows.
const PAGE: i64 = 20;

pub(super) async fn wallet(
    ctx: &Ctx,
    currency: &str,
    after: &str,
    top_up: &str,
) -> Result<WalletView, AppError> {
    let words = Words(ctx.language);
    ctx.account_id()?;
    // Before the balance is read, so that both tell the same.
    let top_up = if top_up.is_empty() {
        None
    } else {
        let top_up = wallet::settled(ctx, parse_id(top_up)?).await?;
        Some(notice(words, &top_up))
    };
    let holdings = wallet::get(ctx).await?;
    let currency = Some(currency).filter(|currency| !currency.is_empty());
    let later = !after.is_empty();
    let after = if later { Some(parse_id(after)?) } else { None };
    let statement = wallet::statement(ctx, currency, after, PAGE).await?;
    let currency = statement.currency.unwrap_or_default();
    let cards = service::payments::card(ctx).await?;
    let address = |more: &str| format!("/wallet?currency={currency}{more}");
    Ok(WalletView {
        holdings: holdings
            .into_iter()
            .map(|held| HoldingView {
                balance: words.price(held.balance, &held.currency),
                href: (held.currency != currency)
                    .then(|| format!("/wallet?currency={}", held.currency)),
                currency: held.currency,
            })
            .collect(),
        entries: statement
            .items
            .into_iter()
            .map(|line| entry(ctx, words, line, &currency))
            .collect(),
        next: statement.next.map(|id| address(&format!("&after={id}"))),
        newest: later.then(|| address("")),
        currency,
        key: ctx.service.next_id().to_string(),
        takes_cards: cards.is_some(),
        card: cards
            .filter(|kind| kind.needs_method())
            .and_then(|_| CardEntry::of(ctx)),
        top_up,
    })
}

fn entry(ctx: &Ctx, words: Words, line: Line, currency: &str) -> EntryView {
    let local = ctx.service.local_time(line.at);
    let clock = words.clock(local);
    let what = match (line.kind, line.other) {
        (Kind::TopUp, Counterpart::Staff) => Key::WalletFromStaff,
        (Kind::TopUp, _) => Key::WalletFromCard,
        (Kind::Payment, _) => Key::WalletPayment,
        (Kind::Refund, Counterpart::Card) if line.amount < 0 => Key::WalletToCard,
        (Kind::Refund, _) => Key::WalletRefund,
    };
    let sign = if line.amount > 0 { "+" } else { "" };
    EntryView {
        id: line.id.to_string(),
        datetime: format!("{}T{clock}:{:02}", local.date, local.second),
        when: format!("{}, {clock}", words.full_date(local.date)),
        what: words.t(what),
        note: line.note,
        order: line.order_id.map(|id| format!("/orders/{id}")),
        amount: format!("{sign}{}", words.price(line.amount, currency)),
    }
}

fn notice(words: Words, top_up: &TopUpJob) -> TopUpNotice {
    let amount = words.price(top_up.amount, &top_up.currency);
    let (tone, title, text) = match (top_up.status, top_up.declined) {
        (TopUpStatus::Pending, _) => (
            "blue",
            words.t(Key::WalletPending),
            words.fill(Key::WalletPendingText, &[("amount", &amount)]),
        ),
        (TopUpStatus::Done, _) => (
            "leaf",
            words.fill(Key::WalletDone, &[("amount", &amount)]),
            words.t(Key::WalletDoneText),
        ),
        (TopUpStatus::Declined, Some(reason)) => (
            "beet",
            words.t(Key::WalletDeclined),
            words.name("decline", reason.key()),
        ),
        (TopUpStatus::Declined | TopUpStatus::Failed, _) => (
            "beet",
            words.t(Key::WalletFailed),
            words.t(Key::WalletFailedText),
        ),
    };
    TopUpNotice {
        tone: tone.to_owned(),
        title,
        text,
        pending: top_up.status == TopUpStatus::Pending,
    }
}

/// A top-up from what was typed.
pub(super) async fn top_up(
    ctx: &Ctx,
    key: String,
    amount: &str,
    currency: String,
    method: String,
) -> Result<TopUpJob, AppError> {
    let units = minor_units(&currency);
    let refuse = |code| {
        let fields = vec![InvalidField::new("amount", code)];
        AppError::from(Problem::Invalid { fields })
    };
    let amount = parse_amount(amount, units).map_err(refuse)?;
    let asked = wallet::top_up(
        ctx,
        TopUp {
            key,
            amount,
            currency,
            method: Some(method).filter(|method| !method.is_empty()),
        },
    );
    asked
        .await
        .map_err(|error| AppError::from(in_whole_units(Problem::from(error), units)))
}

/// The same problem with the bounds of an amount as people type it.
fn in_whole_units(problem: Problem, units: i64) -> Problem {
    let Problem::Invalid { mut fields } = problem else {
        return problem;
    };
    for field in &mut fields {
        if let (InvalidCode::OutOfRange { min, max }, "amount") =
            (&mut field.code, field.field.as_str())
        {
            *min = (*min + units - 1) / units;
            *max /= units;
        }
    }
    Problem::Invalid { fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_said_in_the_unit_that_is_typed() {
        let problem = |min, max| {
            let code = InvalidCode::OutOfRange { min, max };
            Problem::Invalid {
                fields: vec![
                    InvalidField::new("amount", code.clone()),
                    InvalidField::new("other", code),
                ],
            }
        };
        let Problem::Invalid { fields } = in_whole_units(problem(150, 50_050), 100) else {
            panic!("another problem");
        };
        assert_eq!(fields[0].code, InvalidCode::OutOfRange { min: 2, max: 500 });
        assert_eq!(
            fields[1].code,
            InvalidCode::OutOfRange {
                min: 150,
                max: 50_050
            }
        );
        let whole = in_whole_units(problem(150, 50_050), 1);
        assert_eq!(whole, problem(150, 50_050));
    }
}
