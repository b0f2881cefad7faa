//! Payments: whatever happens between asking and being told, money moves once.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::shop::Shop;
use crate::{NOW, Product, SECOND, admin, refused, register, settings_with};
use domain::account::Role;
use domain::breaker::{Breaker, BreakerState};
use domain::invalid::{InvalidCode, InvalidField};
use domain::payment::{
    BALANCE_MOST, DeclineReason, FraudRules, GatewayKind, Rates, TOP_UP_MOST, TopUpStatus,
};
use domain::problem::Problem;
use service::gateways::{
    self, Act, ChargeRequest, Charged, GatewayError, GatewaySettings, Gateways, Operation,
    RefundRequest, Refunded,
};
use service::jobs::runner::Runner;
use service::wallet::{self, Counterpart, Kind, StaffTopUp, TopUp, TopUpJob};
use service::{Actor, Ctx};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use storage::ledger::{Charge, Decision};
use storage::wallet::Uneven;
use uuid::Uuid;

on_both_engines!(
    a_hundred_identical_charges_at_once_are_one,
    a_charge_that_timed_out_after_it_was_made_is_found,
    a_charge_that_timed_out_before_it_was_made_is_not_found,
    a_refund_is_made_once_and_calls_off_what_was_not_charged,
    a_breaker_opens_after_five_failures_and_closes_again,
    a_breaker_is_remembered_and_shown_to_those_who_run_the_place,
    a_call_that_is_dropped_does_not_hold_the_breaker,
    saying_no_opens_no_breaker,
    the_same_seed_gives_the_same_answers,
    large_and_frequent_charges_are_declined,
    a_wallet_pays_as_far_as_it_goes,
    a_wallet_adds_up_however_many_pay_at_once,
    a_card_tops_a_wallet_up_once,
    a_card_that_is_declined_tops_nothing_up,
    a_lost_answer_tops_a_wallet_up_once,
    a_top_up_whose_job_was_cancelled_is_taken_up_again,
    top_ups_under_way_count_towards_the_most,
    a_card_that_cannot_be_asked_is_not_charged,
    a_top_up_is_refused_with_its_reason,
    staff_top_a_wallet_up_with_a_reason,
);

const KEY: &str = "order:1:charge";

fn of(ctx: &Ctx) -> &Gateways {
    &ctx.institution.gateways
}

fn charge(account: Uuid, key: &str, amount: i64, attempt: i64) -> ChargeRequest {
    ChargeRequest {
        key: key.to_owned(),
        amount,
        currency: "USD".to_owned(),
        account,
        order: Some(Uuid::from_u128(1)),
        method: None,
        attempt,
    }
}

fn refund(account: Uuid, charge_key: &str, amount: i64) -> RefundRequest {
    RefundRequest {
        key: format!("{charge_key}:refund"),
        charge_key: charge_key.to_owned(),
        amount,
        currency: "USD".to_owned(),
        account,
        order: Some(Uuid::from_u128(1)),
        attempt: 0,
    }
}

/// A product whose gateway does what a function says of charges, and a member.
async fn scripted(
    engine: &Engine,
    script: impl Fn(&gateways::Asked<'_>) -> Option<Act> + Send + Sync + 'static,
) -> (Product, Ctx, Uuid) {
    let settings = settings_with(engine, GatewaySettings::scripted(script));
    let product = Product::start_with(settings).await;
    let ctx = product.member("ana").await;
    let account = ctx.account_id().unwrap();
    (product, ctx, account)
}

async fn ledger(ctx: &Ctx) -> Vec<Charge> {
    of(ctx).ledger().charges().await.unwrap()
}

async fn a_hundred_identical_charges_at_once_are_one(engine: &Engine) {
    let (_product, ctx, account) = scripted(engine, |_| None).await;
    for kind in GatewayKind::USUAL {
        if kind == GatewayKind::Wallet {
            fund(&ctx, 10_000).await;
        }
        let callers: Vec<_> = (0..100)
            .map(|_| {
                let ctx = ctx.clone();
                tokio::spawn(
                    async move { of(&ctx).charge(kind, &charge(account, KEY, 950, 0)).await },
                )
            })
            .collect();
        let mut told = Vec::new();
        for caller in callers {
            told.push(caller.await.unwrap().unwrap());
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{kind:?}");
        assert_eq!(of(&ctx).look_up(kind, KEY).await, Ok(told.pop()));
        // The key of a charge is no other's.
        let other = of(&ctx).charge(kind, &charge(account, KEY, 951, 0)).await;
        assert_eq!(other, Err(GatewayError::Refused), "{kind:?}");
    }
    let charges = ledger(&ctx).await;
    assert_eq!(charges.len(), 1);
    assert!(charges[0].is_kept());
    assert_eq!(balance(&ctx).await, 9_050);
    adds_up(&ctx).await;
}

async fn a_charge_that_timed_out_after_it_was_made_is_found(engine: &Engine) {
    let (_product, ctx, account) = scripted(engine, |asked| {
        (asked.operation == Operation::Charge && asked.attempt == 0).then_some(Act::TimeOutAfter)
    })
    .await;
    let kind = GatewayKind::Simulated;
    let first = of(&ctx).charge(kind, &charge(account, KEY, 950, 0)).await;
    assert_eq!(first, Err(GatewayError::TimedOut));
    let found = of(&ctx).look_up(kind, KEY).await.unwrap().unwrap();
    let again = of(&ctx).charge(kind, &charge(account, KEY, 950, 1)).await;
    assert_eq!(again, Ok(found));
    assert_eq!(ledger(&ctx).await.len(), 1);
}

async fn a_charge_that_timed_out_before_it_was_made_is_not_found(engine: &Engine) {
    let (_product, ctx, account) = scripted(engine, |asked| match asked.attempt {
        0 => Some(Act::TimeOutBefore),
        1 => Some(Act::Transient),
        _ => None,
    })
    .await;
    let kind = GatewayKind::Simulated;
    for (attempt, error) in [(0, GatewayError::TimedOut), (1, GatewayError::Transient)] {
        let asked = charge(account, KEY, 950, attempt);
        assert_eq!(of(&ctx).charge(kind, &asked).await, Err(error));
        assert!(ledger(&ctx).await.is_empty());
    }
    let made = of(&ctx).charge(kind, &charge(account, KEY, 950, 2)).await;
    assert!(made.is_ok());
    assert_eq!(ledger(&ctx).await.len(), 1);
}

async fn a_refund_is_made_once_and_calls_off_what_was_not_charged(engine: &Engine) {
    let (_product, ctx, account) = scripted(engine, |asked| {
        (asked.key == "no").then_some(Act::Decline(DeclineReason::CardDeclined))
    })
    .await;
    let gateways = of(&ctx);
    let voided = GatewayError::Declined {
        reason: DeclineReason::Voided,
    };
    for kind in GatewayKind::USUAL {
        if kind == GatewayKind::Wallet {
            fund(&ctx, 1_000).await;
        }
        gateways
            .charge(kind, &charge(account, KEY, 950, 0))
            .await
            .unwrap();
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let ctx = ctx.clone();
                tokio::spawn(async move { of(&ctx).refund(kind, &refund(account, KEY, 950)).await })
            })
            .collect();
        let mut told = Vec::new();
        for caller in callers {
            told.push(caller.await.unwrap().unwrap());
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{kind:?}");
        assert!(told[0].reference.is_some(), "{kind:?}");
        // Its money is no longer there, whoever asks.
        assert_eq!(gateways.look_up(kind, KEY).await, Ok(None));
        let late = gateways.charge(kind, &charge(account, KEY, 950, 1)).await;
        assert_eq!(late, Err(voided), "{kind:?}");

        let nothing = Refunded { reference: None };
        let called_off = gateways.refund(kind, &refund(account, "late", 950)).await;
        assert_eq!(called_off, Ok(nothing.clone()), "{kind:?}");
        let late = gateways
            .charge(kind, &charge(account, "late", 950, 0))
            .await;
        assert_eq!(late, Err(voided), "{kind:?}");
        let again = gateways.refund(kind, &refund(account, "late", 950)).await;
        assert_eq!(again, Ok(nothing), "{kind:?}");
    }
    let kind = GatewayKind::Simulated;
    let no = gateways.charge(kind, &charge(account, "no", 950, 0)).await;
    let declined = GatewayError::Declined {
        reason: DeclineReason::CardDeclined,
    };
    assert_eq!(no, Err(declined));
    let none = gateways.refund(kind, &refund(account, "no", 950)).await;
    assert_eq!(none, Ok(Refunded { reference: None }));
    assert!(!ledger(&ctx).await.iter().any(Charge::is_kept));
    assert_eq!(balance(&ctx).await, 1_000);
    adds_up(&ctx).await;
}

/// A gateway of which so many calls fail.
async fn failing(engine: &Engine, failures: i64) -> (Product, Ctx, Uuid, Arc<AtomicI64>) {
    let calls = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&calls);
    let (product, ctx, account) = scripted(engine, move |_| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        (call < failures).then_some(Act::Transient)
    })
    .await;
    (product, ctx, account, calls)
}

async fn a_breaker_opens_after_five_failures_and_closes_again(engine: &Engine) {
    let (product, ctx, account, calls) = failing(engine, 6).await;
    let asked = charge(account, KEY, 950, 0);
    let call = async || of(&ctx).charge(GatewayKind::Simulated, &asked).await;
    for _ in 0..5 {
        assert_eq!(call().await, Err(GatewayError::Transient));
    }
    let mut until = NOW + Breaker::OPEN_LEAST;
    for _ in 0..20 {
        assert_eq!(call().await, Err(GatewayError::BreakerOpen { until }));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 5, "it was left alone");
    // Whoever pays otherwise need not wait.
    let wallet = of(&ctx).look_up(GatewayKind::Wallet, KEY).await;
    assert_eq!(wallet, Ok(None));

    product.clock.advance(Breaker::OPEN_LEAST);
    assert_eq!(call().await, Err(GatewayError::Transient), "the probe");
    until += 2 * Breaker::OPEN_LEAST;
    assert_eq!(call().await, Err(GatewayError::BreakerOpen { until }));
    product.clock.advance(2 * Breaker::OPEN_LEAST);
    let charged = call().await.unwrap();
    for _ in 0..20 {
        assert_eq!(call().await, Ok(charged.clone()));
    }
}

async fn a_breaker_is_remembered_and_shown_to_those_who_run_the_place(engine: &Engine) {
    let (product, ctx, account, _calls) = failing(engine, i64::MAX).await;
    let ada = admin(&product, "ada").await;
    let ada = Ctx {
        actor: Actor::Account {
            id: ada,
            role: Role::Admin,
        },
        ..ctx.clone()
    };
    let shown = async || {
        let breakers = gateways::breakers(&ada).await.unwrap();
        let card = breakers[0];
        assert_eq!(card.gateway, GatewayKind::Simulated);
        assert_eq!(breakers[1].state, BreakerState::Closed);
        (card.state, card.since, card.until)
    };
    assert_eq!(shown().await, (BreakerState::Closed, None, None));
    assert!(service::health::detailed(&ada).await.unwrap().ok);
    assert_eq!(
        refused(gateways::breakers(&ctx).await),
        Problem::Forbidden,
        "members"
    );

    let asked = charge(account, KEY, 950, 0);
    for _ in 0..5 {
        let call = of(&ctx).charge(GatewayKind::Simulated, &asked).await;
        assert_eq!(call, Err(GatewayError::Transient));
    }
    let until = NOW + Breaker::OPEN_LEAST;
    let open = (BreakerState::Open, Some(NOW), Some(until));
    assert_eq!(shown().await, open);
    let health = service::health::detailed(&ada).await.unwrap();
    assert!(!health.ok);
    assert_eq!(health.breakers[0].state, BreakerState::Open);
    assert_eq!(health.breakers[0].next_try_seconds, Some(1));

    // A process that starts now does not ask either.
    let other = Product::start(engine).await;
    let restarted = other.ctx(Actor::System);
    let call = of(&restarted).charge(GatewayKind::Simulated, &asked).await;
    assert_eq!(call, Err(GatewayError::BreakerOpen { until }));
    other.clock.advance(Breaker::OPEN_LEAST);
    let call = of(&restarted).charge(GatewayKind::Simulated, &asked).await;
    assert!(call.is_ok());
    let closed = (BreakerState::Closed, Some(until), None);
    assert_eq!(shown().await, closed);
}

/// SQLite has one process, so this is PostgreSQL's alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_finds_out_of_a_gateway_the_other_knows() {
    let Some(engine) = Engine::postgres().await else {
        return;
    };
    let (one, here, account, calls) = failing(&engine, 6).await;
    let asked_there = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&asked_there);
    let well = GatewaySettings::scripted(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        None
    });
    let other = Product::start_with(settings_with(&engine, well)).await;
    let there = other.ctx(Actor::System);
    let asked = charge(account, KEY, 950, 0);
    let call = async |ctx: &Ctx| of(ctx).charge(GatewayKind::Simulated, &asked).await;
    for _ in 0..5 {
        assert_eq!(call(&here).await, Err(GatewayError::Transient));
    }
    other.clock.advance(SECOND / 2);
    let until = NOW + Breaker::OPEN_LEAST;
    assert_eq!(call(&there).await, Err(GatewayError::BreakerOpen { until }));

    one.clock.advance(Breaker::OPEN_LEAST);
    assert_eq!(call(&here).await, Err(GatewayError::Transient), "the probe");
    other.clock.advance(SECOND / 2);
    let until = until + 2 * Breaker::OPEN_LEAST;
    assert_eq!(call(&there).await, Err(GatewayError::BreakerOpen { until }));
    assert_eq!(asked_there.load(Ordering::SeqCst), 0, "it was left alone");

    // Whoever finds that it is well again tells the other, whose time is not over.
    other.clock.advance(2 * Breaker::OPEN_LEAST);
    let charged = call(&there).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 6);
    one.clock.advance(SECOND / 2);
    assert_eq!(call(&here).await, Ok(charged));
    engine.remove().await;
}

async fn a_call_that_is_dropped_does_not_hold_the_breaker(engine: &Engine) {
    let mut gateway =
        GatewaySettings::scripted(|asked| (asked.attempt < 5).then_some(Act::Transient));
    // Its answers take real time from here on.
    gateway.delay = true;
    let product = Product::start_with(settings_with(engine, gateway)).await;
    let ctx = product.member("ana").await;
    let account = ctx.account_id().unwrap();
    let kind = GatewayKind::Simulated;
    let failures = (0..5).map(|attempt| {
        let ctx = ctx.clone();
        async move {
            let asked = charge(account, &attempt.to_string(), 950, attempt);
            of(&ctx).charge(kind, &asked).await
        }
    });
    for failed in futures::future::join_all(failures).await {
        assert_eq!(failed, Err(GatewayError::Transient));
    }
    product.clock.advance(Breaker::OPEN_LEAST);
    let asked = charge(account, KEY, 950, 9);
    let probe = of(&ctx).charge(kind, &asked);
    // Longer than it takes to be let through, shorter than any answer takes.
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(40), async {
        tokio::join!(probe, std::future::pending::<()>())
    });
    assert!(stopped.await.is_err());
    assert!(of(&ctx).charge(kind, &asked).await.is_ok());
}

async fn saying_no_opens_no_breaker(engine: &Engine) {
    let reason = DeclineReason::InsufficientFunds;
    let (_product, ctx, account) = scripted(engine, move |_| Some(Act::Decline(reason))).await;
    for kind in GatewayKind::USUAL {
        for number in 0..20 {
            let asked = charge(account, &format!("charge {number}"), 950, 0);
            let declined = of(&ctx).charge(kind, &asked).await;
            assert_eq!(declined, Err(GatewayError::Declined { reason }));
        }
    }
    // What was decided stays so, and is no charge.
    let charges = ledger(&ctx).await;
    assert_eq!(charges.len(), 20);
    let declined = Decision::Declined(reason);
    assert!(charges.iter().all(|charge| charge.decision == declined));
}

/// How a gateway of the usual rates answers a series of charges.
async fn answers(ctx: &Ctx, account: Uuid, prefix: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for number in 0..60 {
        let asked = charge(account, &format!("{prefix}{number}"), 950, 0);
        let answer = of(ctx).charge(GatewayKind::Simulated, &asked).await;
        answers.push(match answer {
            Ok(_) => "approved".to_owned(),
            Err(error) => error.to_string(),
        });
    }
    answers
}

async fn the_same_seed_gives_the_same_answers(engine: &Engine) {
    let seeded = |seed| GatewaySettings {
        seed,
        rates: Rates::new(15, 15, 20).unwrap(),
        ..GatewaySettings::kind()
    };
    let mut told = Vec::new();
    // Each asks for what none has asked for yet.
    for (seed, prefix) in [(7, "a"), (8, "b")] {
        let product = Product::start_with(settings_with(engine, seeded(seed))).await;
        let ctx = product.ctx(Actor::System);
        let answers = answers(&ctx, Uuid::from_u128(5), prefix).await;
        let expected: Vec<String> = (0..60)
            .map(|number| {
                let rates = Rates::new(15, 15, 20).unwrap();
                let drawn = rates.simulate(seed, &format!("{prefix}{number}"), 950, 0);
                let outcome = match drawn.verdict {
                    domain::payment::Verdict::Approved if drawn.answer_lost => {
                        Err(GatewayError::TimedOut)
                    }
                    domain::payment::Verdict::Approved => Ok(()),
                    domain::payment::Verdict::Transient => Err(GatewayError::Transient),
                    domain::payment::Verdict::Declined(reason) => {
                        Err(GatewayError::Declined { reason })
                    }
                };
                outcome.map_or_else(|error| error.to_string(), |()| "approved".to_owned())
            })
            .collect();
        assert_eq!(answers, expected);
        told.push(answers);
    }
    assert_ne!(told[0], told[1]);
    let kinds: std::collections::HashSet<&String> = told[0].iter().collect();
    assert!(kinds.len() >= 4, "{kinds:?}");
}

async fn large_and_frequent_charges_are_declined(engine: &Engine) {
    let gateway = GatewaySettings {
        fraud: Some(FraudRules {
            amount_most: 5_000,
            charges_most: 3,
            period: 60 * SECOND,
        }),
        ..GatewaySettings::kind()
    };
    let product = Product::start_with(settings_with(engine, gateway)).await;
    let ctx = product.ctx(Actor::System);
    let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let ask = async |account, key: &str, amount| {
        let asked = charge(account, key, amount, 0);
        match of(&ctx).charge(GatewayKind::Simulated, &asked).await {
            Ok(_) => None,
            Err(GatewayError::Declined { reason }) => Some(reason),
            Err(error) => panic!("{error}"),
        }
    };
    let limit = Some(DeclineReason::LimitExceeded);
    assert_eq!(ask(ana, "large", 5_001).await, limit);
    // What was declined is no charge of hers.
    for key in ["a1", "a2", "a3"] {
        assert_eq!(ask(ana, key, 5_000).await, None, "{key}");
    }
    let fraud = Some(DeclineReason::SuspectedFraud);
    assert_eq!(ask(ana, "a4", 1).await, fraud);
    // Asking again for what was approved is not one more.
    assert_eq!(ask(ana, "a3", 5_000).await, None);
    assert_eq!(ask(ben, "b1", 1).await, None);
    product.clock.advance(60 * SECOND);
    assert_eq!(ask(ana, "a5", 1).await, None);
    assert_eq!(ask(ana, "a4", 1).await, fraud, "what was decided stays so");

    // Also those that come in one batch.
    let asks = (0..40).map(|number| {
        let ctx = ctx.clone();
        async move {
            let asked = charge(Uuid::from_u128(3), &format!("c{number}"), 1, 0);
            of(&ctx)
                .charge(GatewayKind::Simulated, &asked)
                .await
                .is_ok()
        }
    });
    let approved = futures::future::join_all(asks).await;
    assert_eq!(approved.into_iter().filter(|ok| *ok).count(), 3);
}

/// Puts money into a member's wallet, past the service.
async fn fund(ctx: &Ctx, amount: i64) {
    let new = storage::wallet::NewTransfer {
        id: ctx.service.next_id(),
        account_ids: [ctx.service.next_id(), ctx.service.next_id()],
        key: &ctx.service.next_id().to_string(),
        kind: Kind::TopUp,
        owner: ctx.account_id().unwrap(),
        house: Counterpart::Staff,
        amount,
        currency: "USD",
        balance_most: i64::MAX,
        order_id: None,
        actor_id: None,
        note: "",
        at: ctx.now(),
    };
    let mut tx = ctx.institution.db.write().await.unwrap();
    storage::wallet::transfer(&mut tx, &new).await.unwrap();
    tx.commit().await.unwrap();
}

async fn balance(ctx: &Ctx) -> i64 {
    let holdings = wallet::get(ctx).await.unwrap();
    let dollars = holdings.iter().find(|held| held.currency == "USD");
    dollars.map_or(0, |held| held.balance)
}

async fn adds_up(ctx: &Ctx) {
    let mut tx = ctx.institution.db.read().await.unwrap();
    let uneven = storage::wallet::uneven(&mut tx).await.unwrap();
    assert_eq!(uneven, Uneven::default());
}

async fn a_wallet_pays_as_far_as_it_goes(engine: &Engine) {
    let (_product, ctx, account) = scripted(engine, |_| None).await;
    let kind = GatewayKind::Wallet;
    let gateways = of(&ctx);
    let short = Err(GatewayError::Declined {
        reason: DeclineReason::InsufficientFunds,
    });
    let asked = charge(account, KEY, 950, 0);
    fund(&ctx, 949).await;
    let before = charge(account, "before", 950, 0);
    assert_eq!(gateways.charge(kind, &before).await, short);
    assert_eq!(gateways.look_up(kind, "before").await, Ok(None));
    fund(&ctx, 1).await;
    // What was declined stays so: the order may have been given up.
    assert_eq!(gateways.charge(kind, &before).await, short);
    let returned = gateways.refund(kind, &refund(account, "before", 950)).await;
    assert_eq!(returned, Ok(Refunded { reference: None }));
    assert_eq!(balance(&ctx).await, 950);
    let Charged { reference } = gateways.charge(kind, &asked).await.unwrap();
    assert_eq!(balance(&ctx).await, 0);
    let found = gateways.look_up(kind, KEY).await;
    assert_eq!(found, Ok(Some(Charged { reference })));
    // What costs nothing is paid all the same.
    let free = charge(account, "free", 0, 0);
    let paid = gateways.charge(kind, &free).await.unwrap();
    assert_eq!(gateways.charge(kind, &free).await, Ok(paid));
    let less = charge(account, "less", -1, 0);
    assert_eq!(
        gateways.charge(kind, &less).await,
        Err(GatewayError::Refused)
    );
    // The card's gateway was asked for nothing.
    assert!(ledger(&ctx).await.is_empty());

    let page = wallet::statement(&ctx, None, None, 2).await.unwrap();
    assert_eq!(page.currency.as_deref(), Some("USD"));
    let newest = &page.items[0];
    assert_eq!(
        (newest.kind, newest.other, newest.amount, newest.order_id),
        (
            Kind::Payment,
            Counterpart::Sales,
            -950,
            Some(Uuid::from_u128(1))
        )
    );
    let rest = wallet::statement(&ctx, Some("USD"), page.next, 2).await;
    let rest = rest.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    adds_up(&ctx).await;
}

async fn a_wallet_adds_up_however_many_pay_at_once(engine: &Engine) {
    let (_product, ctx, account) = scripted(engine, |_| None).await;
    fund(&ctx, 1_000).await;
    let kind = GatewayKind::Wallet;
    let buyers = (0..40).map(|number| {
        let ctx = ctx.clone();
        tokio::spawn(async move {
            let key = format!("order:{number}:charge");
            let paid = of(&ctx).charge(kind, &charge(account, &key, 90, 0)).await;
            if paid.is_ok() && number % 4 == 0 {
                let back = of(&ctx).refund(kind, &refund(account, &key, 90)).await;
                assert!(back.unwrap().reference.is_some());
                return 0;
            }
            // Half of the others are told twice.
            if paid.is_ok() && number % 2 == 0 {
                let again = of(&ctx).charge(kind, &charge(account, &key, 90, 1)).await;
                assert_eq!(again, paid);
            }
            i64::from(paid.is_ok())
        })
    });
    let mut kept = 0;
    for buyer in futures::future::join_all(buyers).await {
        kept += buyer.unwrap();
    }
    assert!((1..=11).contains(&kept), "{kept}");
    assert_eq!(balance(&ctx).await, 1_000 - 90 * kept);
    adds_up(&ctx).await;
}

fn top_up(key: &str, amount: i64) -> TopUp {
    TopUp {
        key: key.to_owned(),
        amount,
        currency: "USD".to_owned(),
        method: None,
    }
}

/// What becomes of a top-up, however long its job waits by the product's clock.
async fn outcome(product: &Product, ctx: &Ctx, id: Uuid) -> TopUpJob {
    eventually("the top-up is over", async || {
        let top_up = wallet::top_up_by_id(ctx, id).await.unwrap();
        if top_up.status == TopUpStatus::Pending {
            product.clock.advance(SECOND);
            return None;
        }
        Some(top_up)
    })
    .await
}

async fn a_card_tops_a_wallet_up_once(engine: &Engine) {
    let (product, ctx, account) = scripted(engine, |_| None).await;
    Shop::open(&product, 1, 1).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let callers = (0..20).map(|_| {
        let ctx = ctx.clone();
        async move { wallet::top_up(&ctx, top_up("one", 2_500)).await }
    });
    let mut ids: Vec<Uuid> = futures::future::join_all(callers)
        .await
        .into_iter()
        .map(|asked| asked.unwrap().id)
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let settled = wallet::settled(&ctx, ids[0]).await.unwrap();
    assert_eq!(settled, outcome(&product, &ctx, ids[0]).await);
    assert_eq!(settled.status, TopUpStatus::Done);
    assert_eq!((settled.amount, settled.currency.as_str()), (2_500, "USD"));
    assert_eq!(balance(&ctx).await, 2_500);
    adds_up(&ctx).await;
    let charges = ledger(&ctx).await;
    assert_eq!(charges.len(), 1);
    assert_eq!((charges[0].account_id, charges[0].amount), (account, 2_500));
    assert!(charges[0].is_kept());

    // Asked for again, also once its job is forgotten, it is the same one; another one is refused.
    let again = async |amount| wallet::top_up(&ctx, top_up("one", amount)).await;
    let reused = InvalidField::new("idempotencyKey", InvalidCode::KeyReused);
    for _ in 0..2 {
        assert_eq!(again(2_500).await.unwrap().id, ids[0]);
        assert_eq!(
            refused(again(2_600).await),
            Problem::Invalid {
                fields: vec![reused.clone()]
            }
        );
        engine
            .raw("DELETE FROM job WHERE kind = 'wallet.top_up'")
            .await;
    }
    let found = wallet::top_up_by_id(&ctx, ids[0]).await.unwrap();
    assert_eq!(found.status, TopUpStatus::Done);
    // It is nobody else's, and the same key of somebody else is another one.
    let ben = product.member("ben").await;
    let foreign = wallet::top_up_by_id(&ben, ids[0]).await;
    assert_eq!(refused(foreign), Problem::NotFound);
    let other = wallet::top_up(&ben, top_up("one", 100)).await.unwrap();
    assert_eq!(
        outcome(&product, &ben, other.id).await.status,
        TopUpStatus::Done
    );
    assert_eq!(balance(&ctx).await, 2_500);
    assert_eq!(balance(&ben).await, 100);
    adds_up(&ctx).await;
    runner.stop().await;
}

async fn a_card_that_is_declined_tops_nothing_up(engine: &Engine) {
    let reason = DeclineReason::CardDeclined;
    let (product, ctx, _) = scripted(engine, move |_| Some(Act::Decline(reason))).await;
    Shop::open(&product, 1, 1).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let asked = wallet::top_up(&ctx, top_up("one", 2_500)).await.unwrap();
    let declined = outcome(&product, &ctx, asked.id).await;
    assert_eq!(
        (declined.status, declined.declined),
        (TopUpStatus::Declined, Some(reason))
    );
    let again = wallet::top_up(&ctx, top_up("one", 2_500)).await.unwrap();
    assert_eq!(again, declined);
    assert_eq!(balance(&ctx).await, 0);
    let page = wallet::statement(&ctx, None, None, 10).await.unwrap();
    assert_eq!(page.currency.as_deref(), Some("USD"));
    assert!(page.items.is_empty());
    runner.stop().await;
}

async fn a_lost_answer_tops_a_wallet_up_once(engine: &Engine) {
    // The answers of some come at last; those of others never do.
    let (product, ctx, _) = scripted(engine, |asked| match (asked.operation, asked.attempt) {
        (Operation::Charge, 0) => Some(Act::Transient),
        (Operation::Charge, 1 | 2) => Some(Act::TimeOutAfter),
        (Operation::Charge, _) if asked.amount == 2_600 => Some(Act::TimeOutAfter),
        _ => None,
    })
    .await;
    Shop::open(&product, 1, 1).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    for (key, amount) in [("one", 2_500), ("two", 2_600)] {
        let asked = wallet::top_up(&ctx, top_up(key, amount)).await.unwrap();
        let done = outcome(&product, &ctx, asked.id).await;
        assert_eq!(done.status, TopUpStatus::Done, "{amount}");
    }
    assert_eq!(balance(&ctx).await, 5_100);
    let charges = ledger(&ctx).await;
    assert_eq!(charges.len(), 2);
    assert!(charges.iter().all(Charge::is_kept));
    adds_up(&ctx).await;
    runner.stop().await;
}

async fn a_top_up_whose_job_was_cancelled_is_taken_up_again(engine: &Engine) {
    let (product, ctx, _) = scripted(engine, |asked| {
        (asked.operation == Operation::Charge).then_some(if asked.amount == 2_500 {
            Act::TimeOutAfter
        } else {
            Act::TimeOutBefore
        })
    })
    .await;
    Shop::open(&product, 1, 1).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let charged = wallet::top_up(&ctx, top_up("one", 2_500)).await.unwrap();
    let not = wallet::top_up(&ctx, top_up("two", 2_600)).await.unwrap();
    // The clock stands still: the next try is not due.
    eventually("both were tried", async || {
        let waiting =
            "SELECT COUNT(*) FROM job WHERE kind = 'wallet.top_up' AND state = 'retrying'";
        (engine.raw(waiting).await == ["2"]).then_some(())
    })
    .await;
    engine
        .raw("UPDATE job SET state = 'cancelled', finished_at = created_at WHERE kind = 'wallet.top_up'")
        .await;
    for id in [charged.id, not.id] {
        let known = wallet::top_up_by_id(&ctx, id).await.unwrap();
        assert_eq!(known.status, TopUpStatus::Pending, "nobody knows yet");
    }
    assert_eq!(
        outcome(&product, &ctx, charged.id).await.status,
        TopUpStatus::Done
    );
    assert_eq!(
        outcome(&product, &ctx, not.id).await.status,
        TopUpStatus::Failed
    );
    assert_eq!(balance(&ctx).await, 2_500);
    let kept = ledger(&ctx).await;
    assert_eq!(kept.iter().filter(|charge| charge.is_kept()).count(), 1);
    adds_up(&ctx).await;
    runner.stop().await;
}

async fn top_ups_under_way_count_towards_the_most(engine: &Engine) {
    let (product, ctx, _) = scripted(engine, |_| None).await;
    Shop::open(&product, 1, 1).await;
    let asking: Vec<_> = (0..8)
        .map(|number| {
            let ctx = ctx.clone();
            let top_up = top_up(&format!("key {number}"), TOP_UP_MOST);
            tokio::spawn(async move { wallet::top_up(&ctx, top_up).await })
        })
        .collect();
    let mut promised = 0;
    for asked in asking {
        match asked.await.unwrap() {
            Ok(_) => promised += TOP_UP_MOST,
            other => assert_eq!(refused(other), invalid("amount", InvalidCode::WalletFull)),
        }
    }
    assert_eq!(promised, BALANCE_MOST);
}

async fn a_card_that_cannot_be_asked_is_not_charged(engine: &Engine) {
    // To find that out and call it off takes several tries.
    let looked_up = AtomicI64::new(0);
    let refunds = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&refunds);
    let (product, ctx, _) = scripted(engine, move |asked| {
        let fails = match asked.operation {
            Operation::Charge => return Some(Act::TimeOutBefore),
            Operation::LookUp => looked_up.fetch_add(1, Ordering::SeqCst) < 2,
            Operation::Refund => counted.fetch_add(1, Ordering::SeqCst) < 2,
        };
        fails.then_some(Act::Transient)
    })
    .await;
    Shop::open(&product, 1, 1).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let top_up = wallet::top_up(&ctx, top_up("one", 2_500)).await.unwrap();
    let failed = outcome(&product, &ctx, top_up.id).await;
    assert_eq!(
        (failed.status, failed.declined),
        (TopUpStatus::Failed, None)
    );
    assert_eq!(refunds.load(Ordering::SeqCst), 3);
    assert_eq!(balance(&ctx).await, 0);
    let charges = ledger(&ctx).await;
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].decision, Decision::Void, "it never will be");
    runner.stop().await;
}

fn invalid(field: &str, code: InvalidCode) -> Problem {
    Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    }
}

async fn a_top_up_is_refused_with_its_reason(engine: &Engine) {
    let (product, ctx, _) = scripted(engine, |_| None).await;
    let nowhere = wallet::top_up(&ctx, top_up("one", 2_500)).await;
    let unknown = invalid("currency", InvalidCode::UnknownChoice);
    assert_eq!(refused(nowhere), unknown, "nothing is sold here");
    assert!(wallet::get(&ctx).await.unwrap().is_empty());
    let none = wallet::statement(&ctx, None, None, 10).await.unwrap();
    assert_eq!(none.currency, None);

    Shop::open(&product, 1, 1).await;
    let range = |min, max| InvalidCode::OutOfRange { min, max };
    let long = "é".repeat(201);
    for (key, amount, currency, problem) in [
        ("", 2_500, "USD", Problem::KeyMissing),
        ("a", 99, "USD", invalid("amount", range(100, 50_000))),
        ("a", 50_001, "USD", invalid("amount", range(100, 50_000))),
        ("a", -2_500, "USD", invalid("amount", range(100, 50_000))),
        ("a", i64::MAX, "USD", invalid("amount", range(100, 50_000))),
        ("a", 2_500, "XXX", unknown.clone()),
        ("a", 2_500, "usd", unknown.clone()),
        (
            "\u{7}",
            2_500,
            "USD",
            invalid("idempotencyKey", InvalidCode::Malformed),
        ),
        (
            long.as_str(),
            2_500,
            "USD",
            invalid("idempotencyKey", InvalidCode::TooLong { max: 200 }),
        ),
    ] {
        let asked = TopUp {
            currency: currency.to_owned(),
            ..top_up(key, amount)
        };
        assert_eq!(refused(wallet::top_up(&ctx, asked).await), problem);
    }
    let nobody = wallet::top_up(&product.anonymous(), top_up("a", 2_500)).await;
    assert_eq!(refused(nobody), Problem::Unauthenticated);
    fund(&ctx, BALANCE_MOST - 2_499).await;
    let full = wallet::top_up(&ctx, top_up("a", 2_500)).await;
    assert_eq!(refused(full), invalid("amount", InvalidCode::WalletFull));
    assert_eq!(
        engine
            .raw("SELECT COUNT(*) FROM job WHERE kind = 'wallet.top_up'")
            .await,
        ["0"],
        "what was refused is not begun"
    );
    // As much as fits.
    wallet::top_up(&ctx, top_up("a", 2_499)).await.unwrap();

    for limit in [0, -1, 101] {
        let page = wallet::statement(&ctx, None, None, limit).await;
        assert_eq!(refused(page), invalid("limit", range(1, 100)));
    }
    let page = wallet::statement(&ctx, Some("XXX"), None, 10).await;
    assert_eq!(refused(page), unknown);
}

async fn staff_top_a_wallet_up_with_a_reason(engine: &Engine) {
    let (product, ctx, account) = scripted(engine, |_| None).await;
    Shop::open(&product, 1, 1).await;
    let system = product.ctx(Actor::System);
    let sam = service::account::create_with_role(&system, register("sam"), Role::Staff);
    let sam = product.ctx(Actor::Account {
        id: sam.await.unwrap(),
        role: Role::Staff,
    });
    let wanted = StaffTopUp {
        account,
        key: "one".to_owned(),
        amount: 2_500,
        currency: "USD".to_owned(),
        reason: " paid in cash ".to_owned(),
    };
    let ask = async |by: &Ctx, top_up: StaffTopUp| wallet::top_up_by_staff(by, top_up).await;
    let first = ask(&sam, wanted.clone()).await.unwrap();
    assert_eq!(ask(&sam, wanted.clone()).await.unwrap(), first);
    let page = wallet::statement(&ctx, None, None, 10).await.unwrap();
    let line = &page.items[0];
    assert_eq!(page.items.len(), 1);
    assert_eq!(
        (line.id, line.other, line.amount, line.note.as_str()),
        (first, Counterpart::Staff, 2_500, "paid in cash")
    );
    let audit = "SELECT action || ' ' || subject FROM audit WHERE action = 'wallet.top_up'";
    assert_eq!(
        engine.raw(audit).await,
        [format!("wallet.top_up {account}")]
    );

    let reused = invalid("idempotencyKey", InvalidCode::KeyReused);
    let with = |change: fn(&mut StaffTopUp)| {
        let mut top_up = wanted.clone();
        top_up.key = "two".to_owned();
        change(&mut top_up);
        top_up
    };
    let own = sam.account_id().unwrap();
    let to_oneself = StaffTopUp {
        account: own,
        ..with(|_| {})
    };
    assert_eq!(refused(ask(&sam, to_oneself).await), Problem::Forbidden);
    let cases: [(StaffTopUp, Problem); 9] = [
        (
            with(|it| it.reason = "\u{0}".to_owned()),
            invalid("reason", InvalidCode::Malformed),
        ),
        (
            with(|it| {
                it.key = "one".to_owned();
                it.amount = 2_600;
            }),
            reused.clone(),
        ),
        (
            with(|it| {
                it.key = "one".to_owned();
                it.reason = "a gift".to_owned();
            }),
            reused,
        ),
        (
            with(|it| it.reason = "  ".to_owned()),
            invalid("reason", InvalidCode::Required),
        ),
        (
            with(|it| it.reason = "x".repeat(201)),
            invalid("reason", InvalidCode::TooLong { max: 200 }),
        ),
        (
            with(|it| it.account = Uuid::from_u128(9)),
            Problem::NotFound,
        ),
        (with(|it| it.key = String::new()), Problem::KeyMissing),
        (
            with(|it| it.currency = "XXX".to_owned()),
            invalid("currency", InvalidCode::UnknownChoice),
        ),
        (
            with(|it| it.amount = 0),
            invalid(
                "amount",
                InvalidCode::OutOfRange {
                    min: 100,
                    max: 50_000,
                },
            ),
        ),
    ];
    for (top_up, problem) in cases {
        assert_eq!(refused(ask(&sam, top_up).await), problem);
    }
    assert_eq!(
        refused(ask(&ctx, with(|_| ())).await),
        Problem::Forbidden,
        "members"
    );
    for number in 0..3 {
        let mut top_up = with(|it| it.amount = TOP_UP_MOST);
        top_up.key = number.to_string();
        ask(&sam, top_up).await.unwrap();
    }
    let full = ask(&sam, with(|it| it.amount = TOP_UP_MOST)).await;
    assert_eq!(refused(full), invalid("amount", InvalidCode::WalletFull));
    assert_eq!(balance(&ctx).await, 2_500 + 3 * TOP_UP_MOST);
    adds_up(&ctx).await;
}
