//! Orders: what is accepted, and what becomes of it.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::shop::{CAMPUS, PRICE, SLOT, Shop, takes};
use crate::{Product, admin, refused, settings_with};
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::menu::CampusState;
use domain::order::{Advance, CancelReason, OrderRefusal, OrderState};
use domain::payment::{DeclineReason, GatewayKind, PaymentState};
use domain::problem::Problem;
use domain::saga::Step;
use service::gateways::{Act, GatewaySettings, Operation};
use service::jobs::runner::Runner;
use service::order::{self, OrderStep, OrderView};
use service::{Actor, Ctx};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

on_both_engines!(
    an_order_is_accepted_paid_cooked_and_collected,
    the_same_request_is_one_order_however_often_and_at_once,
    what_can_not_be_had_is_refused_and_changes_nothing,
    what_is_changed_on_a_menu_holds_for_the_next_order,
    a_slot_takes_as_many_as_it_has_room_for,
    the_last_portions_are_sold_once,
    a_declined_payment_gives_back_what_was_kept,
    a_payment_that_timed_out_after_charging_is_charged_once,
    a_gateway_that_fails_for_good_is_paid_nothing,
    a_failed_call_is_noted_at_its_step,
    a_member_cancels_and_gets_the_money_back,
    it_is_too_late_to_cancel_what_is_being_cooked,
    an_order_that_waits_for_its_payment_is_cancelled_at_once,
    requests_at_the_same_moment_are_refused_alike,
    low_stock_is_told_with_its_name_and_place,
    nobody_else_sees_an_order,
    what_is_kept_for_too_long_is_given_back,
    a_saga_that_lost_its_job_is_taken_up_again,
);

/// Waits until an order's saga has ended. Time passes meanwhile, so that what is tried again is due.
async fn settled(product: &Product, ctx: &Ctx, order: Uuid) -> OrderView {
    eventually("the saga ends", async || {
        product.clock.advance(1_000_000);
        let view = order::get(ctx, order).await.unwrap();
        (view.current.is_none()).then_some(view)
    })
    .await
}

async fn number(engine: &Engine, sql: &str) -> i64 {
    engine.raw(sql).await[0].parse().unwrap()
}

/// What must be so whenever nothing is under way.
pub async fn conserved(engine: &Engine) {
    let off = "SELECT COUNT(*) FROM stock WHERE on_hand <> (SELECT COALESCE(SUM(on_hand_change), 0)
            FROM stock_movement WHERE stock_movement.item_id = stock.item_id)
        OR reserved <> (SELECT COALESCE(SUM(reserved_change), 0)
            FROM stock_movement WHERE stock_movement.item_id = stock.item_id)";
    assert_eq!(number(engine, off).await, 0, "the ledger adds up");
    let seats = "SELECT COUNT(*) FROM slot WHERE taken <> (SELECT COUNT(*) FROM orders
        WHERE orders.campus_id = slot.campus_id AND orders.slot_at = slot.starts_at AND state <> 'CANCELLED')";
    assert_eq!(
        number(engine, seats).await,
        0,
        "slots have what orders take"
    );
    let wallets = "SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM wallet_account";
    assert_eq!(
        number(engine, wallets).await,
        0,
        "wallets add up to nothing"
    );
}

async fn available(engine: &Engine, item: Uuid) -> (i64, i64) {
    let id = match engine.database {
        storage::Database::Sqlite(_) => format!("x'{}'", item.simple()),
        storage::Database::Postgres(_) => format!("'{item}'"),
    };
    let one = |column| format!("SELECT {column} FROM stock WHERE item_id = {id}");
    (
        number(engine, &one("on_hand")).await,
        number(engine, &one("reserved")).await,
    )
}

async fn an_order_is_accepted_paid_cooked_and_collected(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let accepted = shop.place(&maya, "one", 2).await.unwrap();
    let view = settled(&product, &maya, accepted.order_id).await;
    assert_eq!(view.order.state, OrderState::Confirmed);
    assert_eq!((view.order.number, view.order.total), (1, 2 * PRICE));
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    assert_eq!(view.steps.len(), 6);
    let good = |step: &OrderStep| step.state == "DONE" && step.error.is_none();
    assert!(view.steps.iter().all(good), "{:?}", view.steps);
    assert_eq!(available(engine, shop.soup).await, (8, 0));

    let cook = admin(&product, "cook").await;
    let cook = product.ctx(Actor::Account {
        id: cook,
        role: Role::Admin,
    });
    let id = accepted.order_id;
    assert_eq!(
        refused(order::advance(&cook, id, Advance::Ready).await),
        Problem::Conflict,
        "nothing is ready that nobody has begun"
    );
    assert_eq!(
        refused(order::advance(&maya, id, Advance::Start).await),
        Problem::Forbidden
    );
    for advance in Advance::ALL {
        order::advance(&cook, id, advance).await.unwrap();
        assert_eq!(
            refused(order::advance(&cook, id, advance).await),
            Problem::Conflict,
            "two cooks at once are one"
        );
    }
    let status = order::status(&maya, id).await.unwrap();
    assert_eq!(status.state, OrderState::Collected);
    assert!(status.collected_at.is_some());
    conserved(engine).await;
    runner.stop().await;
}

async fn the_same_request_is_one_order_however_often_and_at_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 500, 500).await;
    let maya = product.member("maya").await;
    let all = (0..100).map(|_| shop.place(&maya, "the same", 1));
    let orders: BTreeSet<Uuid> = futures::future::join_all(all)
        .await
        .into_iter()
        .map(|accepted| accepted.unwrap().order_id)
        .collect();
    assert_eq!(orders.len(), 1);
    assert_eq!(number(engine, "SELECT COUNT(*) FROM orders").await, 1);
    let other = refused(shop.place(&maya, "the same", 2).await);
    let Problem::Invalid { fields } = other else {
        panic!("{other:?}");
    };
    assert_eq!(fields[0].code, InvalidCode::KeyReused);
    // Another member's key is another key.
    let omar = product.member("omar").await;
    let theirs = shop.place(&omar, "the same", 2).await.unwrap();
    assert!(!orders.contains(&theirs.order_id));
    assert_eq!(refused(shop.place(&maya, "", 1).await), Problem::KeyMissing);
    conserved(engine).await;
}

async fn what_can_not_be_had_is_refused_and_changes_nothing(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let refusals = async |change: &dyn Fn(&mut order::PlaceOrder)| {
        let mut wanted = shop.order("key", 1);
        change(&mut wanted);
        match refused(order::place(&maya, wanted).await) {
            Problem::OrderRefused { refusals } => refusals,
            other => panic!("{other:?}"),
        }
    };
    let fields = async |change: &dyn Fn(&mut order::PlaceOrder)| {
        let mut wanted = shop.order("key", 1);
        change(&mut wanted);
        match refused(order::place(&maya, wanted).await) {
            Problem::Invalid { fields } => fields[0].field.clone(),
            other => panic!("{other:?}"),
        }
    };
    for quantity in [0, -1, 1_000_000_000] {
        let field = fields(&|order| order.lines[0].quantity = quantity).await;
        assert_eq!(field, "lines[0].quantity");
    }
    assert_eq!(fields(&|order| order.lines.clear()).await, "lines");
    let unknown = fields(&|order| order.lines[0].item_id = Uuid::nil()).await;
    assert_eq!(unknown, "lines[0].itemId");
    let campus = fields(&|order| order.campus = "nowhere".to_owned()).await;
    assert_eq!(campus, "campus");
    assert_eq!(
        refusals(&|order| order.lines[0].unit_price = 1).await,
        [OrderRefusal::StalePrice {
            line: 0,
            offered: 1,
            price: PRICE
        }]
    );
    assert_eq!(
        refusals(&|order| order.lines[0].quantity = 11).await,
        [OrderRefusal::SoldOut {
            line: 0,
            available: 10
        }]
    );
    let options = refusals(&|order| {
        order.lines[0].options.insert("gold".to_owned());
    })
    .await;
    assert!(matches!(
        options[..],
        [OrderRefusal::BrokenRules { line: 0, .. }]
    ));
    for slot in [
        SLOT + 1,
        SLOT - 3 * 3600 * 1_000_000,
        SLOT + 400 * crate::DAY,
    ] {
        let refused = refusals(&|order| order.slot_at = slot).await;
        assert!(
            matches!(
                refused[..],
                [OrderRefusal::NotCollectable { line: None, .. }]
            ),
            "{refused:?}"
        );
    }
    let anonymous = order::place(&product.anonymous(), shop.order("key", 1)).await;
    assert_eq!(refused(anonymous), Problem::Unauthenticated);
    assert_eq!(number(engine, "SELECT COUNT(*) FROM orders").await, 0);
    conserved(engine).await;
}

async fn what_is_changed_on_a_menu_holds_for_the_next_order(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 100, 100).await;
    let maya = product.member("maya").await;
    let admin = product.ctx(Actor::Account {
        id: admin(&product, "ada").await,
        role: Role::Admin,
    });
    let mut orders = 0;
    let mut place = async |change: &dyn Fn(&mut order::PlaceOrder)| {
        orders += 1;
        let mut wanted = shop.order(&orders.to_string(), 1);
        change(&mut wanted);
        order::place(&maya, wanted).await
    };
    place(&|_| ()).await.unwrap();
    // Not by this process, which would know without looking.
    engine.raw("UPDATE menu_item SET price = 500").await;
    let refusals = vec![OrderRefusal::StalePrice {
        line: 0,
        offered: PRICE,
        price: 500,
    }];
    let stale = refused(place(&|_| ()).await);
    assert_eq!(stale, Problem::OrderRefused { refusals });
    let at_500 = |order: &mut order::PlaceOrder| order.lines[0].unit_price = 500;
    let accepted = place(&at_500).await.unwrap();
    assert_eq!(
        order::get(&maya, accepted.order_id)
            .await
            .unwrap()
            .order
            .total,
        500
    );
    engine.raw("UPDATE menu_item SET active = FALSE").await;
    let refusal = refused(place(&at_500).await);
    assert!(
        matches!(refusal, Problem::OrderRefused { .. }),
        "{refusal:?}"
    );
    engine.raw("UPDATE menu_item SET active = TRUE").await;
    place(&at_500).await.unwrap();
    service::menu::set_campus_state(&admin, CAMPUS, CampusState::Paused { until: SLOT + 1 })
        .await
        .unwrap();
    let refusal = refused(place(&at_500).await);
    assert!(
        matches!(refusal, Problem::OrderRefused { .. }),
        "{refusal:?}"
    );
    service::menu::set_campus_state(&admin, CAMPUS, CampusState::Open)
        .await
        .unwrap();
    place(&at_500).await.unwrap();
    takes(&admin, CAMPUS, &[GatewayKind::Wallet]).await.unwrap();
    let refusal = refused(place(&at_500).await);
    assert!(matches!(refusal, Problem::Invalid { .. }), "{refusal:?}");
    takes(&admin, CAMPUS, &[GatewayKind::Simulated])
        .await
        .unwrap();
    place(&at_500).await.unwrap();
    // What nobody knew is looked for again.
    let new = Uuid::from_u128(5);
    let of_new = |order: &mut order::PlaceOrder| order.lines[0].item_id = new;
    assert!(matches!(
        refused(place(&of_new).await),
        Problem::Invalid { .. }
    ));
    shop.add(&product, new, 2).await;
    place(&of_new).await.unwrap();
    assert_eq!(number(engine, "SELECT COUNT(*) FROM orders").await, 6);
    let numbers = "SELECT COUNT(*) FROM (SELECT DISTINCT number FROM orders) AS different";
    assert_eq!(number(engine, numbers).await, 6);
}

async fn a_slot_takes_as_many_as_it_has_room_for(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 500, 7).await;
    let maya = product.member("maya").await;
    let keys: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let all = keys.iter().map(|key| shop.place(&maya, key, 1));
    let outcomes = futures::future::join_all(all).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 7);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        let refusals = vec![OrderRefusal::SlotFull];
        assert_eq!(refused(outcome), Problem::OrderRefused { refusals });
    }
    conserved(engine).await;
}

async fn the_last_portions_are_sold_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 50, 1000).await;
    let maya = product.member("maya").await;
    // All are accepted, since nothing is kept before the workers run.
    let keys: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    let all = keys.iter().map(|key| shop.place(&maya, key, 1));
    for accepted in futures::future::join_all(all).await {
        accepted.unwrap();
    }
    let runner = Runner::start(&product.service, "all").await.unwrap();
    eventually("every saga ends", async || {
        let living = "SELECT COUNT(*) FROM saga WHERE phase IN ('FORWARD', 'BACK')";
        product.clock.advance(1_000_000);
        (number(engine, living).await == 0).then_some(())
    })
    .await;
    let count = async |condition: &str| {
        number(
            engine,
            &format!("SELECT COUNT(*) FROM orders WHERE {condition}"),
        )
        .await
    };
    assert_eq!(count("state = 'CONFIRMED'").await, 50);
    assert_eq!(count("cancel_reason = 'OUT_OF_STOCK'").await, 450);
    assert_eq!(available(engine, shop.soup).await, (0, 0));
    conserved(engine).await;
    runner.stop().await;
}

/// The product with a gateway that does as it is told, a shop and a member.
async fn with_gateway(engine: &Engine, gateway: GatewaySettings) -> (Product, Shop, Ctx, Runner) {
    let product = Product::start_with(settings_with(engine, gateway)).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    (product, shop, maya, runner)
}

async fn a_declined_payment_gives_back_what_was_kept(engine: &Engine) {
    let declines = GatewaySettings::scripted(|_| Some(Act::Decline(DeclineReason::CardDeclined)));
    let (product, shop, maya, runner) = with_gateway(engine, declines).await;
    let accepted = shop.place(&maya, "one", 2).await.unwrap();
    let view = settled(&product, &maya, accepted.order_id).await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(
        view.order.cancel_reason,
        Some(CancelReason::PaymentDeclined)
    );
    let payment = view.payment.unwrap();
    assert_eq!(payment.state, PaymentState::Declined);
    assert_eq!(payment.decline_reason, Some(DeclineReason::CardDeclined));
    assert_eq!(available(engine, shop.soup).await, (10, 0));
    conserved(engine).await;
    runner.stop().await;
}

async fn a_payment_that_timed_out_after_charging_is_charged_once(engine: &Engine) {
    let slow = GatewaySettings::scripted(|asked| {
        (asked.operation == Operation::Charge && asked.attempt == 0).then_some(Act::TimeOutAfter)
    });
    let (product, shop, maya, runner) = with_gateway(engine, slow).await;
    let accepted = shop.place(&maya, "one", 2).await.unwrap();
    let view = settled(&product, &maya, accepted.order_id).await;
    assert_eq!(view.order.state, OrderState::Confirmed);
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    let sums = crate::shop::charged_and_refunded(engine).await;
    assert_eq!(
        sums,
        (2 * PRICE, 0),
        "the gateway's own ledger is the truth"
    );
    runner.stop().await;
}

async fn a_gateway_that_fails_for_good_is_paid_nothing(engine: &Engine) {
    // It charges each time and never says so; refunds work.
    let lost = GatewaySettings::scripted(|asked| {
        (asked.operation == Operation::Charge).then_some(Act::TimeOutAfter)
    });
    let (product, shop, maya, runner) = with_gateway(engine, lost).await;
    let accepted = shop.place(&maya, "one", 2).await.unwrap();
    let view = settled(&product, &maya, accepted.order_id).await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(
        view.order.cancel_reason,
        Some(CancelReason::PaymentUnavailable)
    );
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    let (charged, refunded) = crate::shop::charged_and_refunded(engine).await;
    assert_eq!(charged, refunded, "whatever was taken has gone back");
    assert_eq!(available(engine, shop.soup).await, (10, 0));
    conserved(engine).await;
    runner.stop().await;
}

async fn a_failed_call_is_noted_at_its_step(engine: &Engine) {
    let failing = GatewaySettings::scripted(|asked| {
        (asked.operation == Operation::Charge && asked.attempt < 2).then_some(Act::Transient)
    });
    let (product, shop, maya, runner) = with_gateway(engine, failing).await;
    let mut orders = Vec::new();
    for key in ["one", "two"] {
        orders.push(shop.place(&maya, key, 1).await.unwrap().order_id);
    }
    let paying = async |id: Uuid| {
        let view = order::get(&maya, id).await.unwrap();
        view.steps.into_iter().find(|step| step.step == Step::Pay)
    };
    for id in &orders {
        // Time stands still: it is not tried again.
        let step = eventually("the failure is noted", async || paying(*id).await).await;
        assert_eq!((step.state.as_str(), step.attempts), ("PENDING", 1));
        assert_eq!(step.ended_at, None);
        assert_eq!(step.error.unwrap()["gateway"], "the gateway failed");
    }
    let noted =
        "SELECT COUNT(*) FROM job WHERE kind = 'order.pay' AND state = 'retrying' AND attempts = 1
        AND result IS NULL AND error IS NOT NULL";
    assert_eq!(
        number(engine, noted).await,
        2,
        "together with the job's own"
    );
    for id in orders {
        let view = settled(&product, &maya, id).await;
        assert_eq!(view.order.state, OrderState::Confirmed);
        let step = paying(id).await.unwrap();
        assert_eq!((step.state.as_str(), step.attempts), ("DONE", 3));
        assert!(step.ended_at.is_some());
        // What had gone wrong before stays.
        assert_eq!(step.error.unwrap()["gateway"], "the gateway failed");
    }
    conserved(engine).await;
    runner.stop().await;
}

async fn a_member_cancels_and_gets_the_money_back(engine: &Engine) {
    let (product, shop, maya, runner) = with_gateway(engine, GatewaySettings::kind()).await;
    let accepted = shop.place(&maya, "one", 2).await.unwrap();
    settled(&product, &maya, accepted.order_id).await;
    order::cancel(&maya, accepted.order_id, None).await.unwrap();
    let view = settled(&product, &maya, accepted.order_id).await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(view.order.cancel_reason, Some(CancelReason::Member));
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(
        crate::shop::charged_and_refunded(engine).await,
        (2 * PRICE, 2 * PRICE)
    );
    assert_eq!(available(engine, shop.soup).await, (10, 0));
    let again = order::cancel(&maya, accepted.order_id, None).await;
    assert_eq!(refused(again), Problem::Conflict);
    conserved(engine).await;
    runner.stop().await;
}

async fn it_is_too_late_to_cancel_what_is_being_cooked(engine: &Engine) {
    let (product, shop, maya, runner) = with_gateway(engine, GatewaySettings::kind()).await;
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    settled(&product, &maya, id).await;
    let cook = admin(&product, "cook").await;
    let cook = product.ctx(Actor::Account {
        id: cook,
        role: Role::Admin,
    });
    order::advance(&cook, id, Advance::Start).await.unwrap();
    assert_eq!(
        refused(order::cancel(&maya, id, None).await),
        Problem::Conflict
    );
    let silent = refused(order::cancel(&cook, id, Some("  ")).await);
    assert!(matches!(silent, Problem::Invalid { .. }), "staff say why");
    order::cancel(&cook, id, Some("The oven broke"))
        .await
        .unwrap();
    let view = settled(&product, &maya, id).await;
    assert_eq!(view.order.cancel_reason, Some(CancelReason::Staff));
    assert_eq!(view.order.cancel_note.as_deref(), Some("The oven broke"));
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    conserved(engine).await;
    runner.stop().await;
}

async fn nobody_else_sees_an_order(engine: &Engine) {
    let (product, shop, maya, runner) = with_gateway(engine, GatewaySettings::kind()).await;
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    let omar = product.member("omar").await;
    assert_eq!(refused(order::get(&omar, id).await), Problem::NotFound);
    assert_eq!(refused(order::status(&omar, id).await), Problem::NotFound);
    assert_eq!(
        refused(order::cancel(&omar, id, None).await),
        Problem::NotFound
    );
    let anonymous = product.anonymous();
    assert_eq!(
        refused(order::get(&anonymous, id).await),
        Problem::Unauthenticated
    );
    assert!(
        order::list(&omar, None, None, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(
        refused(order::today(&omar, "north").await),
        Problem::Forbidden
    );
    let page = order::list(&maya, None, None, 10).await.unwrap();
    assert_eq!(page.items.len(), 1);
    runner.stop().await;
}

async fn what_is_kept_for_too_long_is_given_back(engine: &Engine) {
    // The gateway is away: the payment waits for its breaker and its next try, and so does the refund.
    let away = Arc::new(AtomicBool::new(true));
    let known = Arc::clone(&away);
    let gateway = GatewaySettings::scripted(move |_| {
        known.load(Ordering::SeqCst).then_some(Act::Unavailable)
    });
    let (product, shop, maya, runner) = with_gateway(engine, gateway).await;
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    eventually("the portion is kept", async || {
        (available(engine, shop.soup).await == (10, 1)).then_some(())
    })
    .await;
    product.clock.advance(11 * 60 * 1_000_000);
    eventually("the portion is free", async || {
        product.clock.advance(1_000_000);
        (available(engine, shop.soup).await == (10, 0)).then_some(())
    })
    .await;
    away.store(false, Ordering::SeqCst);
    let view = settled(&product, &maya, id).await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    let (charged, refunded) = crate::shop::charged_and_refunded(engine).await;
    assert_eq!(charged, refunded);
    conserved(engine).await;
    runner.stop().await;
}

async fn a_saga_that_lost_its_job_is_taken_up_again(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    engine
        .raw("UPDATE job SET state = 'dead', finished_at = created_at WHERE kind = 'order.stock'")
        .await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    product.clock.advance(2 * 60 * 1_000_000);
    let view = settled(&product, &maya, id).await;
    assert_eq!(view.order.state, OrderState::Confirmed);
    runner.stop().await;
}

async fn an_order_that_waits_for_its_payment_is_cancelled_at_once(engine: &Engine) {
    let away = GatewaySettings::scripted(|asked| {
        (asked.operation == Operation::Charge).then_some(Act::Unavailable)
    });
    let (product, shop, maya, runner) = with_gateway(engine, away).await;
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    eventually("the payment waits for its next try", async || {
        let waiting = "SELECT COUNT(*) FROM job WHERE kind = 'order.pay' AND state = 'retrying'";
        (number(engine, waiting).await == 1).then_some(())
    })
    .await;
    let until = number(engine, "SELECT reserved_until FROM saga").await;
    let cook = admin(&product, "cook").await;
    let cook = product.ctx(Actor::Account {
        id: cook,
        role: Role::Admin,
    });
    product.clock.advance(1000);
    order::cancel(&cook, id, Some("Closed early"))
        .await
        .unwrap();
    let longer = format!("SELECT COUNT(*) FROM saga WHERE reserved_until > {until}");
    assert_eq!(
        number(engine, &longer).await,
        0,
        "nothing is kept for longer"
    );
    // Time stands still: its next try does not come by itself.
    let view = eventually("the saga ends", async || {
        let view = order::get(&maya, id).await.unwrap();
        view.current.is_none().then_some(view)
    })
    .await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(view.order.cancel_note.as_deref(), Some("Closed early"));
    assert_eq!(crate::shop::charged_and_refunded(engine).await, (0, 0));
    conserved(engine).await;
    runner.stop().await;
}

async fn requests_at_the_same_moment_are_refused_alike(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 3, 5).await;
    let maya = product.member("maya").await;
    let all = (0..50).map(|_| shop.place(&maya, "the same", 4));
    for outcome in futures::future::join_all(all).await {
        let refusals = vec![OrderRefusal::SoldOut {
            line: 0,
            available: 3,
        }];
        assert_eq!(refused(outcome), Problem::OrderRefused { refusals });
    }
}

async fn low_stock_is_told_with_its_name_and_place(engine: &Engine) {
    let (product, shop, maya, runner) = with_gateway(engine, GatewaySettings::kind()).await;
    let id = shop.place(&maya, "all", 10).await.unwrap().order_id;
    settled(&product, &maya, id).await;
    let told = engine
        .raw("SELECT CAST(payload AS TEXT) FROM outbox WHERE kind = 'STOCK_LOW' AND campus_id IS NOT NULL")
        .await;
    assert_eq!(told.len(), 1);
    let told: serde_json::Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!(told["item"]["en"], "Dish");
    assert_eq!(told["campus"]["en"], "North");
    assert_eq!(told["available"], 0);
    runner.stop().await;
}
