//! What is about to be ordered, in words, and the order in the service's terms.

use super::api::{CardEntry, CheckoutLine, CheckoutView, DayView, SlotView};
use crate::error::AppError;
use crate::words::Words;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{BrokenRule, Named, Refusal};
use domain::order::{LineDraft, OrderRefusal};
use domain::payment::GatewayKind;
use domain::problem::Problem;
use locales::Key;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::cart::{self, CartView, LineView, Part};
use service::menu::FreeSlot;
use service::order::PlaceOrder;
use uuid::Uuid;

/// With so many places or fewer a slot says how many.
const FEW: i64 = 5;
/// How many days of slots a page shows: those that are near.
const DAYS: usize = 3;

/// A line of the cart as the page remembers it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageLine {
    /// The cart's line.
    line_id: Uuid,
    /// What is ordered.
    draft: LineDraft,
}

pub(super) async fn checkout(
    ctx: &Ctx,
    part: &str,
    refused: &[OrderRefusal],
    asked: &str,
) -> Result<CheckoutView, AppError> {
    ctx.account_id()?;
    let words = Words(ctx.language);
    let mut cart = cart::get(ctx).await?;
    let campus = cart.campus.clone().ok_or(Problem::NotFound)?;
    let currency = &*campus.currency;
    // What was asked for names the lines that a refusal is about.
    let asked: Vec<PageLine> = serde_json::from_str(asked).unwrap_or_default();
    let refusals = refused
        .iter()
        .flat_map(|refusal| refusal_texts(words, &cart, &asked, currency, refusal))
        .collect();
    let parts = cart::parts(ctx, &cart).await?;
    let place = part.parse().unwrap_or(0).min(parts.len().saturating_sub(1));
    let part_views = part_views(words, &cart, &parts, place);
    let part = parts.get(place).ok_or(Problem::NotFound)?;
    cart.lines.retain(|line| part.lines.contains(&line.id));
    let holdings = service::wallet::get(ctx).await?;
    let balance = holdings
        .iter()
        .find(|holding| holding.currency == campus.currency)
        .map_or(0, |holding| holding.balance);
    let balance_text = words.fill(
        Key::CheckoutBalance,
        &[("balance", &words.price(balance, currency))],
    );
    let lines: Vec<PageLine> = cart.lines.iter().map(page_line).collect();
    let mut gateways = service::payments::offered(ctx, &campus.slug).await?;
    gateways.sort_by_key(|kind| *kind == GatewayKind::Wallet);
    let card = gateways.iter().any(|kind| kind.needs_method());
    Ok(CheckoutView {
        gateways: gateways.iter().map(|kind| kind.key().to_owned()).collect(),
        card: card.then(|| CardEntry::of(ctx)).flatten(),
        campus: (campus.slug.clone(), words.of(&campus.name)),
        lines: cart
            .lines
            .iter()
            .map(|line| line_view(words, currency, line))
            .collect(),
        document: serde_json::to_string(&lines).unwrap_or_default(),
        total: words.price(cart.total(), currency),
        key: ctx.service.next_id().to_string(),
        days: days(ctx, &part.slots),
        parts: part_views,
        wallet: (balance_text, balance >= cart.total()),
        orderable: cart.is_orderable(),
        refusals,
    })
}

/// What is in each part, where there are several; this is the one at a place.
fn part_views(words: Words, cart: &CartView, parts: &[Part], place: usize) -> Vec<(String, bool)> {
    if parts.len() < 2 {
        return Vec::new();
    }
    let names = |part: &Part| {
        let lines = cart.lines.iter();
        let names: Vec<String> = lines
            .filter(|line| part.lines.contains(&line.id))
            .map(|line| words.of(&line.name))
            .collect();
        names.join(", ")
    };
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| (names(part), index == place))
        .collect()
}

fn page_line(line: &LineView) -> PageLine {
    PageLine {
        line_id: line.id,
        draft: LineDraft {
            item_id: line.item,
            quantity: line.quantity,
            options: line.selection.clone(),
            unit_price: line.unit_price,
        },
    }
}

fn line_view(words: Words, currency: &str, line: &LineView) -> CheckoutLine {
    let options: Vec<String> = line
        .options
        .iter()
        .map(|option| words.of(&option.name))
        .collect();
    CheckoutLine {
        title: format!("{}\u{a0}× {}", line.quantity, words.of(&line.name)),
        options: options.join(", "),
        price: words.price(line.unit_price * line.quantity, currency),
    }
}

fn days(ctx: &Ctx, slots: &[FreeSlot]) -> Vec<DayView> {
    let words = Words(ctx.language);
    let today = ctx.service.local_time(ctx.now()).date;
    let days = slots.chunk_by(|a, b| a.slot.date == b.slot.date);
    days.take(DAYS)
        .map(|slots| DayView {
            title: slots
                .first()
                .map(|free| words.near_day(free.slot.date, today))
                .unwrap_or_default(),
            slots: slots.iter().map(|free| slot_view(words, free)).collect(),
        })
        .collect()
}

fn slot_view(words: Words, free: &FreeSlot) -> SlotView {
    let minute = free.slot.minute;
    SlotView {
        value: free.slot.starts_at.to_string(),
        time: format!("{:02}:{:02}", minute / 60, minute % 60),
        note: match free.left {
            ..=0 => words.t(Key::CheckoutFull),
            1..=FEW => words.fill(Key::CheckoutLeft, &[("count", &free.left.to_string())]),
            _ => String::new(),
        },
        full: free.left <= 0,
    }
}

/// Why an order was refused, in words: usually one sentence.
fn refusal_texts(
    words: Words,
    cart: &CartView,
    asked: &[PageLine],
    currency: &str,
    refusal: &OrderRefusal,
) -> Vec<String> {
    let name = |line: i64| {
        let line = usize::try_from(line).ok().and_then(|line| asked.get(line));
        let known = line.and_then(|line| {
            cart.lines
                .iter()
                .find(|known| known.item == line.draft.item_id)
        });
        known.map(|known| words.of(&known.name)).unwrap_or_default()
    };
    match refusal {
        OrderRefusal::StalePrice {
            line,
            offered,
            price,
        } => vec![words.fill(
            Key::CheckoutStalePrice,
            &[
                ("name", &name(*line)),
                ("offered", &words.price(*offered, currency)),
                ("price", &words.price(*price, currency)),
            ],
        )],
        OrderRefusal::SoldOut { line, available } => vec![match available {
            ..=0 => words.fill(Key::CheckoutSoldOut, &[("name", &name(*line))]),
            _ => words.fill(
                Key::CheckoutNotEnough,
                &[("name", &name(*line)), ("count", &available.to_string())],
            ),
        }],
        OrderRefusal::BrokenRules { line, rules } => {
            let name = name(*line);
            rules
                .iter()
                .map(|rule| format!("{name}: {}", rule_text(words, rule)))
                .collect()
        }
        OrderRefusal::NotCollectable { line, refusal } => {
            let text = collect_text(words, *refusal);
            vec![match line {
                Some(line) => format!("{}: {text}", name(*line)),
                None => text,
            }]
        }
        OrderRefusal::SlotFull => vec![words.t(Key::CheckoutSlotFull)],
    }
}

/// Why something can't be collected then.
fn collect_text(words: Words, refusal: Refusal) -> String {
    // It serialises to its name and its number: what the sentence needs.
    let value = serde_json::to_value(refusal).unwrap_or_default();
    let name = value["reason"].as_str().unwrap_or_default();
    let number = |field: &str| value[field].as_i64().unwrap_or_default().to_string();
    words.fill_name(
        "refusal",
        &name.to_ascii_lowercase(),
        &[("minutes", &number("minutes")), ("days", &number("days"))],
    )
}

/// A rule that a choice breaks.
fn rule_text(words: Words, rule: &BrokenRule) -> String {
    let of = |named: &Named| words.of(&named.name);
    match rule {
        BrokenRule::UnknownOption { option } => {
            words.fill(Key::BrokenRuleUnknownOption, &[("option", option)])
        }
        BrokenRule::TooFew { group, min } => words.fill(
            Key::BrokenRuleTooFew,
            &[("group", &of(group)), ("min", &min.to_string())],
        ),
        BrokenRule::TooMany { group, max } => words.fill(
            Key::BrokenRuleTooMany,
            &[("group", &of(group)), ("max", &max.to_string())],
        ),
        BrokenRule::Requires { option, other } => words.fill(
            Key::BrokenRuleRequires,
            &[("option", &of(option)), ("other", &of(other))],
        ),
        BrokenRule::Excludes { option, other } => words.fill(
            Key::BrokenRuleExcludes,
            &[("option", &of(option)), ("other", &of(other))],
        ),
    }
}

/// An order from what the page sends. A card is sent with every way to pay, and is of one.
pub(super) fn order(
    campus: String,
    lines: &str,
    slot: &str,
    (gateway, method): (&str, String),
    key: String,
) -> Result<PlaceOrder, AppError> {
    let lines: Vec<PageLine> = serde_json::from_str(lines).map_err(|_| Problem::Malformed)?;
    let mut fields = Vec::new();
    let slot_at = match slot {
        "" => {
            fields.push(InvalidField::new("slot", InvalidCode::Required));
            0
        }
        slot => slot.parse().map_err(|_| Problem::Malformed)?,
    };
    let gateway = match gateway {
        "" => {
            fields.push(InvalidField::new("gateway", InvalidCode::Required));
            GatewayKind::Simulated
        }
        gateway => GatewayKind::from_key(gateway).ok_or(Problem::Malformed)?,
    };
    if !fields.is_empty() {
        return Err(Problem::Invalid { fields }.into());
    }
    Ok(PlaceOrder {
        key,
        campus,
        slot_at,
        gateway,
        payment_method: Some(method).filter(|_| gateway.needs_method()),
        lines: lines.into_iter().map(|line| line.draft).collect(),
    })
}

/// A problem at the fields as the page calls them.
pub(super) fn as_asked(problem: Problem) -> AppError {
    let Problem::Invalid { mut fields } = problem else {
        return problem.into();
    };
    for field in &mut fields {
        if field.field == "payment" {
            field.field = "gateway".to_owned();
        }
    }
    Problem::Invalid { fields }.into()
}

/// Takes what was ordered out of the cart.
pub(super) async fn empty_cart(ctx: &Ctx, lines: &str) -> Result<(), AppError> {
    let lines: Vec<PageLine> = serde_json::from_str(lines).map_err(|_| Problem::Malformed)?;
    let lines: Vec<Uuid> = lines.iter().map(|line| line.line_id).collect();
    Ok(cart::remove_ordered(ctx, &lines).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"[{"lineId":"0197a5c4-0000-7000-8000-000000000000","draft":{"itemId":"0197a5c4-0000-7000-8000-000000000001","quantity":2,"options":["large"],"unitPrice":5400}}]"#;

    #[test]
    fn an_order_is_what_the_page_showed() {
        let read: Vec<PageLine> = serde_json::from_str(LINES).expect("lines");
        assert_eq!(serde_json::to_string(&read).expect("JSON"), LINES);
        let paid = |gateway: &str| {
            let (north, key) = ("north".to_owned(), "k".to_owned());
            let card = "pm_card_visa".to_owned();
            order(north, LINES, "7", (gateway, card), key).expect("a sound order")
        };
        let wallet = paid("WALLET");
        assert_eq!((wallet.slot_at, wallet.gateway), (7, GatewayKind::Wallet));
        assert_eq!(wallet.lines[0].unit_price, 5400);
        // Which card is chosen as well matters where one is asked.
        assert_eq!(wallet.payment_method, None);
        let card = paid("STRIPE").payment_method;
        assert_eq!(card.as_deref(), Some("pm_card_visa"));
    }

    #[test]
    fn what_was_not_chosen_is_asked_for() {
        let none = || ("", String::new());
        let refused = order(String::new(), LINES, "", none(), String::new());
        let Err(AppError(Problem::Invalid { fields })) = refused else {
            panic!("{refused:?}");
        };
        let names: Vec<&str> = fields.iter().map(|field| &*field.field).collect();
        assert_eq!(names, ["slot", "gateway"]);
        for (lines, slot, gateway) in [
            ("[", "1", "WALLET"),
            (LINES, "soon", "WALLET"),
            (LINES, "1", "GOLD"),
        ] {
            let asked = (gateway, String::new());
            let refused = order(String::new(), lines, slot, asked, String::new());
            assert!(matches!(refused, Err(AppError(Problem::Malformed))));
        }
    }
}
