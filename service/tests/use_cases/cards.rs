//! Cards: whenever their gateway answers or tells, and however often, an order takes money once.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::orders::conserved;
use crate::shop::{CAMPUS, PRICE, Shop, takes};
use crate::stripe::{Act, HESITANT, Stripe, sign};
use crate::{NOW, Product, SECOND, admin, refused, settings_with};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::order::{Advance, CancelReason, OrderState};
use domain::payment::{DeclineReason, GatewayKind, PaymentState, TopUpStatus};
use domain::problem::Problem;
use domain::saga::{Direction, Step};
use domain::stock::{MovementDraft, MovementKind};
use futures::FutureExt as _;
use serde_json::{Value, json};
use service::audit::{self, AuditFilter};
use service::gateways::{ChargeRequest, GatewayError, GatewaySettings, RefundRequest, Refunded};
use service::jobs::runner::Runner;
use service::order::{self, Answer, OrderView, PlaceOrder, RefundDraft, RefundState};
use service::wallet::{self, TopUp};
use service::{Actor, Ctx, Service, SystemClock, card, overview, payments, stock};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

on_both_engines!(
    an_order_takes_money_once_whenever_the_gateway_tells,
    a_declined_card_pays_nothing_and_says_why,
    a_card_that_hesitates_is_asked_again,
    a_gateway_in_trouble_takes_money_once,
    an_answer_that_takes_too_long_is_found,
    a_gateway_that_is_away_is_left_alone,
    the_same_charge_at_once_is_one,
    a_charge_that_was_called_off_is_never_made,
    money_that_comes_after_all_goes_back,
    a_refund_that_nobody_here_asked_for_is_noted,
    a_part_that_nobody_here_asked_for_is_counted_once,
    a_part_that_was_promised_and_went_back_elsewhere_is_not_left,
    a_refund_that_fails_is_here_again,
    a_cancellation_whose_refund_fails_meanwhile_is_not_told_as_refunded,
    a_part_that_fails_meanwhile_is_refused_for_good,
    what_is_owed_is_paid_once_its_money_is_here_again,
    a_refund_at_the_gateway_that_fails_is_taken_back,
    a_dispute_is_written_down,
    parts_of_a_payment_go_back_once,
    what_went_back_in_parts_is_told_once,
    a_part_that_can_not_go_back_is_told_with_what_is_left,
    a_message_that_is_not_sound_changes_nothing,
    a_wallet_is_topped_up_by_the_card_that_is_on,
    a_wallet_follows_the_card_that_topped_it_up,
    what_went_back_before_it_was_in_the_wallet_is_taken_out_of_it,
    a_top_up_whose_money_could_not_go_back_is_in_the_wallet,
    a_campus_takes_what_an_administrator_chose,
    of_many_who_choose_at_once_one_is_right,
    nobody_eats_for_simulated_money_in_production,
    nothing_starts_where_cards_are_taken_without_a_key,
);

/// The product with a gateway of cards that a campus takes, and a member.
struct World {
    product: Product,
    stripe: Stripe,
    shop: Shop,
    maya: Ctx,
    ada: Ctx,
}

impl World {
    async fn open(engine: &Engine) -> Self {
        let stripe = Stripe::start().await;
        let settings = stripe.settings();
        Self::open_with(engine, stripe, settings).await
    }

    async fn open_with(engine: &Engine, stripe: Stripe, gateway: GatewaySettings) -> Self {
        let product = Product::start_with(settings_with(engine, gateway)).await;
        let shop = Shop::open(&product, 500, 500).await;
        let ada = admin(&product, "ada").await;
        let ada = product.ctx(Actor::Account {
            id: ada,
            role: Role::Admin,
        });
        takes(&ada, CAMPUS, &GatewayKind::ALL).await.unwrap();
        Self {
            maya: product.member("maya").await,
            product,
            stripe,
            shop,
            ada,
        }
    }

    fn order(&self, key: &str, card: &str) -> PlaceOrder {
        PlaceOrder {
            gateway: GatewayKind::Stripe,
            payment_method: Some(card.to_owned()),
            ..self.shop.order(key, 1)
        }
    }

    async fn place(&self, key: &str, card: &str) -> Uuid {
        let placed = order::place(&self.maya, self.order(key, card)).await;
        placed.unwrap().order_id
    }

    /// Waits until an order's saga has ended. Time passes meanwhile, so that what is tried again is due.
    async fn settled(&self, order: Uuid) -> OrderView {
        eventually("the saga ends", async || {
            self.product.clock.advance(SECOND / 4);
            let view = order::get(&self.maya, order).await.unwrap();
            view.current.is_none().then_some(view)
        })
        .await
    }

    /// Says that the soup of an order has run out, and lets its member take the salad. More soup comes afterwards.
    async fn replace_soup(&self, order: Uuid) {
        let (soup, salad) = (self.shop.soup, self.shop.salad);
        order::refuse(&self.ada, order, soup, &[salad])
            .await
            .unwrap();
        order::answer(&self.maya, order, Answer::Accept(salad))
            .await
            .unwrap();
        let received = MovementDraft {
            kind: MovementKind::Received.key().to_owned(),
            quantity: Some(10),
            reason: String::new(),
        };
        stock::record(&self.ada, soup, &received, None)
            .await
            .unwrap();
    }

    fn moved(&self, order: Uuid) -> (i64, i64) {
        self.stripe.moved(&key_of(order))
    }

    async fn close(self, engine: &Engine, runner: Runner) {
        assert_eq!(self.stripe.strange(), Vec::<String>::new());
        conserved(engine).await;
        runner.stop().await;
    }
}

fn key_of(order: Uuid) -> String {
    format!("order:{order}:pay")
}

/// Tells an event as Stripe does: again, until it was taken.
async fn tell(ctx: &Ctx, event: &Value) {
    let body = event.to_string();
    for _ in 0..100 {
        let signature = sign(body.as_bytes(), ctx.now());
        let taken = card::stripe_event(ctx, &signature, body.as_bytes()).await;
        if taken.is_ok() {
            return;
        }
        drop(taken);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("was not taken: {event}");
}

async fn number(engine: &Engine, sql: &str) -> i64 {
    engine.raw(sql).await[0].parse().unwrap()
}

/// When events are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Before the answer to the confirmation.
    Before,
    /// At the same time.
    During,
    /// Once the order is through.
    After,
    /// Instead of an answer, which gets lost.
    Instead,
    /// Once the order is through, though the first answer got lost.
    Late,
}

/// What becomes of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is kept.
    Kept,
    /// It is cancelled once it is confirmed.
    Cancelled,
    /// It is cancelled while nobody knows yet whether it was paid.
    CancelledMeanwhile,
}

/// How events are told.
#[derive(Debug, Clone, Copy)]
struct Way {
    twice: bool,
    backwards: bool,
}

impl Way {
    const ALL: [Self; 4] = [
        Self::new(false, false),
        Self::new(false, true),
        Self::new(true, false),
        Self::new(true, true),
    ];

    const fn new(twice: bool, backwards: bool) -> Self {
        Self { twice, backwards }
    }

    fn arrange(self, mut events: Vec<Value>) -> Vec<Value> {
        if self.backwards {
            events.reverse();
        }
        if self.twice {
            let again = events.clone();
            events.extend(again);
        }
        events
    }
}

async fn an_order_takes_money_once_whenever_the_gateway_tells(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let mut orders = 0;
    for when in [
        When::Before,
        When::During,
        When::After,
        When::Instead,
        When::Late,
    ] {
        for fate in [Fate::Kept, Fate::Cancelled] {
            for way in Way::ALL {
                interleave(&world, when, fate, way).await;
                orders += 1;
            }
        }
    }
    for way in Way::ALL {
        interleave(&world, When::Late, Fate::CancelledMeanwhile, way).await;
        orders += 1;
    }
    // What is left over of events and late jobs has no effect either.
    let living = "SELECT COUNT(*) FROM job WHERE finished_at IS NULL AND kind LIKE 'order.%'
        AND kind <> 'order.tend'";
    eventually("every job ends", async || {
        world.product.clock.advance(SECOND);
        (number(engine, living).await == 0).then_some(())
    })
    .await;
    let placed = number(engine, "SELECT COUNT(*) FROM orders").await;
    let paid = number(engine, "SELECT COUNT(*) FROM payment").await;
    assert_eq!((placed, paid), (orders, orders));
    let taken: i64 = world.stripe.intents().values().map(|it| it.captured).sum();
    assert_eq!(taken, orders, "one capture an order");
    let told_twice =
        "SELECT COUNT(*) FROM (SELECT aggregate FROM outbox WHERE kind = 'PAYMENT_CHARGED'
        GROUP BY aggregate HAVING COUNT(*) > 1) AS twice";
    assert_eq!(number(engine, told_twice).await, 0);
    let returned = "SELECT COUNT(*) FROM job WHERE kind = 'card.return'";
    assert_eq!(number(engine, returned).await, 0, "nothing was unexpected");
    world.close(engine, runner).await;
}

/// An order, with events at a moment and in a way, and a fate.
async fn interleave(world: &World, when: When, fate: Fate, way: Way) {
    let what = format!("{when:?} {fate:?} {way:?}");
    let stripe = &world.stripe;
    stripe.events();
    let act = match when {
        When::Before => Some(Act::Tell),
        When::During => Some(Act::TellAlong),
        When::Instead => Some(Act::TellAndMute),
        When::Late => Some(Act::Mute),
        When::After => None,
    };
    stripe.will("confirm", &act.map_or_else(Vec::new, |act| vec![act]));
    if fate == Fate::CancelledMeanwhile {
        // Nobody learns that it was paid before it is cancelled.
        stripe.will("look", &[Act::Deaf; 3]);
    }
    let (ctx, telling) = (world.maya.clone(), stripe.clone());
    stripe.tells(Arc::new(move |events: Vec<Value>| {
        let (ctx, telling) = (ctx.clone(), telling.clone());
        async move {
            for event in way.arrange(with_stale(&telling, events)) {
                tell(&ctx, &event).await;
            }
        }
        .boxed()
    }));
    let order = world.place(&what, "pm_card_visa").await;
    if fate == Fate::CancelledMeanwhile {
        eventually("the money is taken", async || {
            (world.moved(order).0 == 1).then_some(())
        })
        .await;
        order::cancel(&world.maya, order, None).await.unwrap();
    } else {
        let view = world.settled(order).await;
        assert_eq!(view.order.state, OrderState::Confirmed, "{what}");
        let payment = view.payment.unwrap();
        assert_eq!(payment.state, PaymentState::Charged, "{what}");
        assert_eq!(world.moved(order), (1, 0), "{what}");
    }
    if fate == Fate::Cancelled {
        if when == When::Before {
            stripe.will("refund", &[Act::Tell]);
        }
        order::cancel(&world.maya, order, None).await.unwrap();
        world.settled(order).await;
    }
    let late = matches!(when, When::After | When::Late);
    if late || fate != Fate::Kept {
        for event in way.arrange(with_stale(stripe, stripe.events())) {
            tell(&world.maya, &event).await;
        }
    }
    let view = world.settled(order).await;
    let (state, payment, moved) = match fate {
        Fate::Kept => (OrderState::Confirmed, PaymentState::Charged, (1, 0)),
        Fate::Cancelled | Fate::CancelledMeanwhile => {
            (OrderState::Cancelled, PaymentState::Refunded, (1, 1))
        }
    };
    assert_eq!(view.order.state, state, "{what}");
    assert_eq!(view.payment.unwrap().state, payment, "{what}");
    assert_eq!(world.moved(order), moved, "{what}");
    stripe.will("look", &[]);
    stripe.will("refund", &[]);
}

/// Some events, and before them one of an attempt that the card's bank declined and that came to nothing
/// else: it is told late, or never was true.
fn with_stale(stripe: &Stripe, events: Vec<Value>) -> Vec<Value> {
    let intent = events
        .iter()
        .find_map(|event| event["data"]["object"]["id"].as_str())
        .filter(|id| id.starts_with("pi_"))
        .map(|id| stripe.declined(id));
    intent.into_iter().chain(events).collect()
}

async fn a_declined_card_pays_nothing_and_says_why(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    for (key, card, reason, act) in [
        (
            "a",
            "pm_card_visa_chargeDeclined",
            DeclineReason::CardDeclined,
            None,
        ),
        (
            "b",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            DeclineReason::InsufficientFunds,
            None,
        ),
        // There is no such card.
        ("c", "pm_of_nobody", DeclineReason::CardDeclined, None),
        // That it was declined is told, and not answered.
        (
            "d",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            DeclineReason::InsufficientFunds,
            Some(Act::TellAndMute),
        ),
    ] {
        world
            .stripe
            .will("confirm", &act.map_or_else(Vec::new, |act| vec![act]));
        let ctx = world.maya.clone();
        world.stripe.tells(Arc::new(move |events: Vec<Value>| {
            let ctx = ctx.clone();
            async move {
                for event in &events {
                    tell(&ctx, event).await;
                }
            }
            .boxed()
        }));
        let order = world.place(key, card).await;
        let view = world.settled(order).await;
        assert_eq!(view.order.state, OrderState::Cancelled, "{key}");
        assert_eq!(
            view.order.cancel_reason,
            Some(CancelReason::PaymentDeclined),
            "{key}"
        );
        let payment = view.payment.unwrap();
        assert_eq!(payment.state, PaymentState::Declined, "{key}");
        assert_eq!(payment.decline_reason, Some(reason), "{key}");
        assert_eq!(world.moved(order), (0, 0), "{key}");
        // It can't be charged later either.
        let begun = world.stripe.of(&key_of(order));
        assert!(
            begun.iter().all(|(_, intent)| intent.status == "canceled"),
            "{key}"
        );
    }
    world.close(engine, runner).await;
}

async fn a_card_that_hesitates_is_asked_again(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", HESITANT).await;
    let view = world.settled(order).await;
    assert_eq!(view.order.state, OrderState::Confirmed);
    assert_eq!(world.moved(order), (1, 0));
    // Telling of the first attempt changes nothing, and causes no further one.
    let confirmed = |calls: Vec<&str>| calls.iter().filter(|call| **call == "confirm").count();
    assert_eq!(confirmed(world.stripe.calls()), 2);
    for event in world.stripe.events() {
        tell(&world.maya, &event).await;
    }
    let view = world.settled(order).await;
    assert_eq!(view.order.state, OrderState::Confirmed);
    assert_eq!(confirmed(world.stripe.calls()), 2);
    world.close(engine, runner).await;
}

async fn a_gateway_in_trouble_takes_money_once(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    for (key, create, confirm) in [
        ("429", vec![Act::Fail(429)], vec![Act::Fail(429)]),
        // What failed once under its key fails under that for ever.
        ("500", vec![Act::Fail(500)], vec![Act::Fail(500)]),
        ("503", vec![Act::Fail(503)], vec![Act::Fail(503), Act::Mute]),
        ("deaf", vec![Act::Deaf], vec![Act::Deaf, Act::Mute]),
        ("mute", vec![Act::Mute], vec![Act::Mute]),
    ] {
        world.stripe.will("create", &create);
        world.stripe.will("confirm", &confirm);
        let order = world.place(key, "pm_card_visa").await;
        let view = world.settled(order).await;
        assert_eq!(view.order.state, OrderState::Confirmed, "{key}");
        assert_eq!(world.moved(order), (1, 0), "{key}");
        let mut steps = view.steps.iter();
        let pay = steps.find(|step| (step.step, step.direction) == (Step::Pay, Direction::Do));
        assert!(pay.is_some_and(|step| step.attempts > 1), "{key}");

        world.stripe.will("refund", &create);
        order::cancel(&world.maya, order, None).await.unwrap();
        let view = world.settled(order).await;
        assert_eq!(view.order.state, OrderState::Cancelled, "{key}");
        assert_eq!(view.payment.unwrap().state, PaymentState::Refunded, "{key}");
        assert_eq!(world.moved(order), (1, 1), "{key}");
    }
    world.close(engine, runner).await;
}

async fn an_answer_that_takes_too_long_is_found(engine: &Engine) {
    let stripe = Stripe::start().await;
    let mut settings = stripe.settings();
    if let Some(stripe) = &mut settings.stripe {
        stripe.timeout = Duration::from_millis(400);
    }
    let world = World::open_with(engine, stripe, settings).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let slow = Act::Slow(Duration::from_millis(800));
    world.stripe.will("confirm", &[slow]);
    let order = world.place("a", "pm_card_visa").await;
    let view = world.settled(order).await;
    assert_eq!(view.order.state, OrderState::Confirmed);
    assert_eq!(world.moved(order), (1, 0));
    world.close(engine, runner).await;
}

async fn a_gateway_that_is_away_is_left_alone(engine: &Engine) {
    let world = World::open(engine).await;
    world.stripe.will("create", &[Act::Fail(503); 5]);
    let gateways = &world.maya.institution.gateways;
    let asked = charge(&world, "k", 950, 0);
    let call = async || gateways.charge(GatewayKind::Stripe, &asked).await;
    for _ in 0..5 {
        assert_eq!(call().await, Err(GatewayError::Transient));
    }
    let calls = world.stripe.calls().len();
    let left_alone = call().await;
    assert!(
        matches!(left_alone, Err(GatewayError::BreakerOpen { .. })),
        "{left_alone:?}"
    );
    assert_eq!(world.stripe.calls().len(), calls);
    let shown = service::gateways::breakers(&world.ada).await.unwrap();
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[2].gateway, GatewayKind::Stripe);
    assert_eq!(shown[2].state, domain::breaker::BreakerState::Open);
    world.product.clock.advance(60 * SECOND);
    assert!(call().await.is_ok());
}

fn charge(world: &World, key: &str, amount: i64, attempt: i64) -> ChargeRequest {
    ChargeRequest {
        key: key.to_owned(),
        amount,
        currency: "USD".to_owned(),
        account: world.maya.account_id().unwrap(),
        order: None,
        method: Some("pm_card_visa".to_owned()),
        attempt,
    }
}

fn refund(world: &World, key: &str, amount: i64) -> RefundRequest {
    RefundRequest {
        key: format!("{key}:refund"),
        charge_key: key.to_owned(),
        amount,
        currency: "USD".to_owned(),
        account: world.maya.account_id().unwrap(),
        order: None,
        attempt: 0,
    }
}

async fn the_same_charge_at_once_is_one(engine: &Engine) {
    let world = World::open(engine).await;
    let kind = GatewayKind::Stripe;
    let gateways = &world.maya.institution.gateways;
    // Also with different attempts, as where a worker takes over from one that still lives.
    let callers = (0..20).map(|attempt| {
        let asked = charge(&world, "k", 950, attempt);
        async move { gateways.charge(kind, &asked).await }
    });
    let mut told: Vec<_> = futures::future::join_all(callers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    told.dedup();
    assert_eq!(told.len(), 1);
    assert_eq!(world.stripe.moved("k"), (1, 0));
    assert_eq!(gateways.look_up(kind, "k").await, Ok(told.pop()));
    let other = gateways.charge(kind, &charge(&world, "k", 951, 0)).await;
    assert_eq!(other, Err(GatewayError::Refused));

    let callers = (0..20).map(|attempt| {
        let asked = RefundRequest {
            attempt,
            ..refund(&world, "k", 950)
        };
        async move { gateways.refund(kind, &asked).await }
    });
    for refunded in futures::future::join_all(callers).await {
        assert!(refunded.unwrap().reference.is_some());
    }
    assert_eq!(world.stripe.moved("k"), (1, 1));
    assert_eq!(gateways.look_up(kind, "k").await, Ok(None));
    let late = gateways.charge(kind, &charge(&world, "k", 950, 1)).await;
    let reason = DeclineReason::Voided;
    assert_eq!(late, Err(GatewayError::Declined { reason }));
    assert_eq!(world.stripe.strange(), Vec::<String>::new());
}

async fn a_charge_that_was_called_off_is_never_made(engine: &Engine) {
    let world = World::open(engine).await;
    let kind = GatewayKind::Stripe;
    let gateways = &world.maya.institution.gateways;
    let voided = Err(GatewayError::Declined {
        reason: DeclineReason::Voided,
    });
    let nothing = Ok(Refunded { reference: None });
    // Before anything was asked for.
    assert_eq!(
        gateways.refund(kind, &refund(&world, "a", 950)).await,
        nothing
    );
    let late = gateways.charge(kind, &charge(&world, "a", 950, 0)).await;
    assert_eq!(late, voided);

    // Once it has begun, and before it takes money.
    world.stripe.will("confirm", &[Act::Deaf]);
    let lost = gateways.charge(kind, &charge(&world, "b", 950, 0)).await;
    assert_eq!(lost, Err(GatewayError::TimedOut));
    assert_eq!(
        gateways.refund(kind, &refund(&world, "b", 950)).await,
        nothing
    );
    let late = gateways.charge(kind, &charge(&world, "b", 950, 1)).await;
    assert_eq!(late, voided);

    // While nobody knows whether it took money.
    world.stripe.will("confirm", &[Act::Mute]);
    let lost = gateways.charge(kind, &charge(&world, "c", 950, 0)).await;
    assert_eq!(lost, Err(GatewayError::TimedOut));
    let back = gateways.refund(kind, &refund(&world, "c", 950)).await;
    assert!(back.unwrap().reference.is_some());
    assert_eq!(
        gateways.charge(kind, &charge(&world, "c", 950, 1)).await,
        voided
    );
    let moved = ["a", "b", "c"].map(|key| world.stripe.moved(key));
    assert_eq!(moved, [(0, 0), (0, 0), (1, 1)]);
}

async fn money_that_comes_after_all_goes_back(engine: &Engine) {
    let world = World::open(engine).await;
    let kind = GatewayKind::Stripe;
    let gateways = &world.maya.institution.gateways;
    world.stripe.will("confirm", &[Act::Deaf]);
    let lost = gateways.charge(kind, &charge(&world, "k", 950, 0)).await;
    assert_eq!(lost, Err(GatewayError::TimedOut));
    let off = gateways.refund(kind, &refund(&world, "k", 950)).await;
    assert_eq!(off, Ok(Refunded { reference: None }));
    // Stripe takes no money for what was cancelled. Should it all the same:
    let (intent, _) = world.stripe.of("k").remove(0);
    for event in world.stripe.by_hand(&intent, "capture") {
        tell(&world.maya, &event).await;
        tell(&world.maya, &event).await;
    }
    assert_eq!(world.stripe.moved("k"), (1, 0));
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    eventually("it goes back", async || {
        world.product.clock.advance(SECOND);
        (world.stripe.moved("k") == (1, 1)).then_some(())
    })
    .await;
    let audited = engine
        .raw("SELECT action FROM audit WHERE action = 'payment.return'")
        .await;
    assert_eq!(audited.len(), 1);
    world.close(engine, runner).await;
}

async fn a_refund_that_nobody_here_asked_for_is_noted(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    assert_eq!(
        world.settled(order).await.order.state,
        OrderState::Confirmed
    );
    let (intent, _) = world.stripe.of(&key_of(order)).remove(0);
    for event in world.stripe.by_hand(&intent, "refund") {
        tell(&world.maya, &event).await;
        tell(&world.maya, &event).await;
    }
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.order.state, OrderState::Confirmed, "it is cooked");
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    let audited = engine
        .raw("SELECT action FROM audit WHERE action = 'payment.returned'")
        .await;
    assert_eq!(audited.len(), 1);
    assert_eq!(world.revenue().await, 0, "nothing is left of it");
    order::cancel(&world.maya, order, None).await.unwrap();
    let view = world.settled(order).await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(world.moved(order), (1, 1), "nothing goes back twice");
    assert_eq!(told_back(engine).await, (1, view.order.total), "told once");
    world.close(engine, runner).await;
}

/// How often members were told that money went back, and how much in all.
async fn told_back(engine: &Engine) -> (i64, i64) {
    let told = "FROM outbox WHERE kind = 'PAYMENT_REFUNDED'";
    let sum = format!(
        "SELECT CAST(COALESCE(SUM(CAST(payload ->> 'amount' AS BIGINT)), 0) AS BIGINT) {told}"
    );
    let count = format!("SELECT COUNT(*) {told}");
    (number(engine, &count).await, number(engine, &sum).await)
}

async fn audited(engine: &Engine, action: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM audit WHERE action = '{action}'");
    number(engine, &sql).await
}

impl World {
    async fn revenue(&self) -> i64 {
        let found = overview::overview(&self.ada, 7, None).await.unwrap();
        found.revenue().iter().map(|(_, amount)| amount).sum()
    }

    /// How much of an order's payment went back elsewhere, and how much administrators may give back.
    async fn left(&self, order: Uuid) -> (i64, i64) {
        let detail = order::detail(&self.ada, order).await.unwrap();
        (detail.elsewhere, detail.refundable)
    }

    async fn tell_all(&self, events: &[Value]) {
        for event in events {
            tell(&self.maya, event).await;
        }
    }

    fn intent(&self, key: &str) -> String {
        self.stripe.of(key).remove(0).0
    }
}

async fn a_part_that_nobody_here_asked_for_is_counted_once(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    let intent = world.intent(&key_of(order));
    let first = world.stripe.give_back_by_hand(&intent, 100);
    let second = world.stripe.give_back_by_hand(&intent, 50);
    // The sum is told, so that the older one is no news.
    for event in [&second, &first, &second] {
        tell(&world.maya, event).await;
        assert_eq!(world.left(order).await, (150, paid - 150));
    }
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    assert_eq!(world.revenue().await, paid - 150);
    assert_eq!(told_back(engine).await, (1, 150));
    assert_eq!(audited(engine, "payment.returned").await, 1);

    let more = order::refund(&world.ada, order, &give_back("more", Some(paid - 149))).await;
    assert!(matches!(refused(more), Problem::Invalid { .. }));
    world.give_back(order, &give_back("ours", Some(100))).await;
    world.tell_all(&world.stripe.events()).await;
    assert_eq!(world.left(order).await, (150, paid - 250));
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.returned, 250, "ours and the others'");
    assert_eq!(world.revenue().await, paid - 250);
    assert_eq!(told_back(engine).await, (2, 250));

    order::cancel(&world.maya, order, None).await.unwrap();
    let view = world.settled(order).await;
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    world.tell_all(&world.stripe.events()).await;
    assert_eq!(world.stripe.given_back(&key_of(order)), paid);
    assert_eq!(told_back(engine).await, (3, paid), "each of it once");
    world.close(engine, runner).await;
}

async fn a_part_that_was_promised_and_went_back_elsewhere_is_not_left(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    let intent = world.intent(&key_of(order));
    // It is given back elsewhere before anybody tells of it: too little is left for what is promised.
    let elsewhere = world.stripe.give_back_by_hand(&intent, 100);
    let most = give_back("most", Some(paid - 50));
    world.give_back(order, &most).await;
    let detail = order::detail(&world.ada, order).await.unwrap();
    assert_eq!(detail.refunds[0].state, RefundState::Refused);
    tell(&world.maya, &elsewhere).await;
    assert_eq!(world.left(order).await, (100, paid - 100));
    assert_eq!(told_back(engine).await, (1, 100));

    // And where all of it is given back there.
    let rest = world.stripe.give_back_by_hand(&intent, paid - 100);
    tell(&world.maya, &rest).await;
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(world.left(order).await, (paid, 0));
    assert_eq!(world.revenue().await, 0);
    assert_eq!(told_back(engine).await, (2, paid));
    world.close(engine, runner).await;
}

async fn a_refund_that_fails_is_here_again(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    let key = key_of(order);
    let last = || world.stripe.refunds_of(&key).pop().unwrap();
    world.give_back(order, &give_back("one", Some(100))).await;
    world.tell_all(&world.stripe.events()).await;
    assert_eq!(world.left(order).await, (0, paid - 100));
    // Told by two names, and twice each.
    let failed = world.stripe.fail_refund(&last());
    world.tell_all(&failed).await;
    world.tell_all(&failed).await;
    let detail = order::detail(&world.ada, order).await.unwrap();
    assert_eq!(detail.refunds[0].state, RefundState::Refused);
    assert_eq!(world.left(order).await, (0, paid));
    assert_eq!(world.revenue().await, paid, "it is here");
    let wanted = AuditFilter {
        action: Some("payment.refund_failed".to_owned()),
        subject: Some(order.to_string()),
        ..AuditFilter::default()
    };
    let log = audit::list(&world.ada, &wanted, None, 10).await.unwrap();
    assert_eq!(log.items.len(), 1);
    let difference = log.items[0].difference.as_ref().unwrap();
    assert_eq!(
        difference["state"],
        json!({ "before": "DONE", "after": "REFUSED" })
    );
    assert_eq!(difference["amount"]["after"], 100);
    assert_eq!(difference["reason"]["after"], "lost_or_stolen_card");

    // That it went back is told after that it did not.
    world.stripe.events();
    world.give_back(order, &give_back("two", Some(60))).await;
    let late = world.stripe.events();
    world.tell_all(&world.stripe.fail_refund(&last())).await;
    world.tell_all(&late).await;
    assert_eq!(world.left(order).await, (0, paid));

    // It is given back again, and this time it goes.
    world.stripe.events();
    world.give_back(order, &give_back("three", Some(70))).await;
    world.tell_all(&world.stripe.events()).await;
    assert_eq!(world.left(order).await, (0, paid - 70));

    // What a cancellation gives back may come again too.
    order::cancel(&world.maya, order, None).await.unwrap();
    let view = world.settled(order).await;
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    world.tell_all(&world.stripe.events()).await;
    world.tell_all(&world.stripe.fail_refund(&last())).await;
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    assert_eq!(world.left(order).await, (0, paid - 70));
    assert_eq!(audited(engine, "payment.refund_failed").await, 3);
    world.stripe.events();
    world.give_back(order, &give_back("rest", None)).await;
    world.tell_all(&world.stripe.events()).await;
    assert_eq!(world.stripe.given_back(&key), paid);
    assert_eq!(world.left(order).await, (0, 0));
    world.close(engine, runner).await;
}

impl World {
    /// Has what was given back last of a payment fail where an act tells that it was given back: that is told,
    /// and nothing else yet.
    fn fails_meanwhile(&self, key: &str) {
        let (ctx, telling, key) = (self.maya.clone(), self.stripe.clone(), key.to_owned());
        self.stripe.tells(Arc::new(move |_: Vec<Value>| {
            let (ctx, telling, key) = (ctx.clone(), telling.clone(), key.clone());
            async move {
                let refund = telling.refunds_of(&key).pop().unwrap();
                for event in telling.fail_refund(&refund) {
                    tell(&ctx, &event).await;
                }
            }
            .boxed()
        }));
    }

    async fn payment_state(&self, order: Uuid) -> PaymentState {
        let view = order::get(&self.maya, order).await.unwrap();
        view.payment.unwrap().state
    }
}

async fn a_cancellation_whose_refund_fails_meanwhile_is_not_told_as_refunded(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let gateways = &world.maya.institution.gateways;
    // Before its answer is noted, at the same time, with an answer that gets lost, in the answer itself, and
    // between what was noted and what would have been told of it.
    for act in [
        Some(Act::Tell),
        Some(Act::TellAlong),
        Some(Act::TellAndMute),
        Some(Act::Bounce),
        None,
    ] {
        let what = format!("{act:?}");
        let order = world.place(&what, "pm_card_visa").await;
        let paid = world.settled(order).await.order.total;
        let key = key_of(order);
        let told = told_back(engine).await;
        world.stripe.events();
        world.fails_meanwhile(&key);
        match act {
            Some(act) => world.stripe.will("refund", &[act]),
            None => {
                let asked = RefundRequest {
                    key: format!("order:{order}:refund"),
                    order: Some(order),
                    ..refund(&world, &key, paid)
                };
                let gone = gateways.refund(GatewayKind::Stripe, &asked).await;
                assert!(gone.unwrap().reference.is_some());
                let last = world.stripe.refunds_of(&key).pop().unwrap();
                world.tell_all(&world.stripe.fail_refund(&last)).await;
            }
        }
        order::cancel(&world.maya, order, None).await.unwrap();
        let view = world.settled(order).await;
        assert_eq!(view.order.state, OrderState::Cancelled, "{what}");
        eventually("the money is here again", async || {
            (world.payment_state(order).await == PaymentState::Charged).then_some(())
        })
        .await;
        if act != Some(Act::TellAlong) {
            assert_eq!(told_back(engine).await, told, "{what}");
        }
        // Whatever else is told of it, and again.
        world.tell_all(&world.stripe.events()).await;
        assert_eq!(world.payment_state(order).await, PaymentState::Charged);
        assert_eq!(world.left(order).await, (0, paid), "{what}");
        let refunds = world.stripe.refunds_of(&key);
        assert_eq!(refunds.len(), 1, "{what}: it is not tried again by itself");

        // Somebody gives it back, and this time it goes.
        world.give_back(order, &give_back(&what, None)).await;
        assert_eq!(world.stripe.given_back(&key), paid, "{what}");
        world.tell_all(&world.stripe.events()).await;
        assert_eq!(world.left(order).await, (0, 0), "{what}");
    }
    world.close(engine, runner).await;
}

async fn a_part_that_fails_meanwhile_is_refused_for_good(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    let key = key_of(order);
    world.fails_meanwhile(&key);
    let acts = [Act::Bounce, Act::Tell, Act::TellAlong, Act::TellAndMute];
    for (place, act) in acts.into_iter().enumerate() {
        let what = format!("{act:?}");
        world.stripe.events();
        world.stripe.will("refund", &[act]);
        world.give_back(order, &give_back(&what, Some(100))).await;
        eventually("it is refused", async || {
            let detail = order::detail(&world.ada, order).await.unwrap();
            let mut refunds = detail.refunds.iter();
            refunds
                .all(|refund| refund.state == RefundState::Refused)
                .then_some(())
        })
        .await;
        let once = world.stripe.refunds_of(&key).len();
        assert_eq!(once, place + 1, "{what}: it is not tried again by itself");
        world.tell_all(&world.stripe.events()).await;
        assert_eq!(world.stripe.given_back(&key), 0, "{what}");
        assert_eq!(world.left(order).await, (0, paid), "{what}");
    }
    assert_eq!(audited(engine, "payment.refund_failed").await, 4);
    assert_eq!(audited(engine, "payment.returned").await, 0);
    // What was refused is left once, and goes back once.
    world.give_back(order, &give_back("rest", None)).await;
    world.tell_all(&world.stripe.events()).await;
    assert_eq!(world.stripe.given_back(&key), paid);
    assert_eq!(world.left(order).await, (0, 0));
    world.close(engine, runner).await;
}

async fn what_is_owed_is_paid_once_its_money_is_here_again(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let cheaper = format!(
        "UPDATE menu_item SET price = {} WHERE position = 1",
        PRICE - 50
    );
    engine.raw(&cheaper).await;
    let mut balance = 0;
    // All of what was paid goes back before the order is collected, or all but a little.
    for (key, back, at_first) in [("all", PRICE, 0), ("most", PRICE - 20, 20)] {
        let order = world.place(key, "pm_card_visa").await;
        let paid = world.settled(order).await.order.total;
        assert_eq!(paid, PRICE);
        world.replace_soup(order).await;
        let charge = key_of(order);
        let returned = world.stripe.give_back_by_hand(&world.intent(&charge), back);
        tell(&world.maya, &returned).await;
        for advance in Advance::ALL {
            order::advance(&world.ada, order, advance).await.unwrap();
        }
        assert_eq!(world.balance().await, balance + at_first, "{key}");
        // That fails: what is owed is here to be paid.
        let last = world.stripe.refunds_of(&charge).pop().unwrap();
        let failed = world.stripe.fail_refund(&last);
        world.tell_all(&failed).await;
        world.tell_all(&failed).await;
        balance += 50;
        assert_eq!(world.balance().await, balance, "{key}");
        assert_eq!(world.payment_state(order).await, PaymentState::Charged);
        assert_eq!(world.left(order).await, (0, paid - 50), "{key}");
    }

    // Of an order that is cancelled nothing is owed besides: all of it is left.
    let order = world.place("off", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    world.replace_soup(order).await;
    assert_eq!(world.left(order).await, (0, paid - 50));
    order::cancel(&world.maya, order, None).await.unwrap();
    world.settled(order).await;
    let last = world.stripe.refunds_of(&key_of(order)).pop().unwrap();
    world.tell_all(&world.stripe.fail_refund(&last)).await;
    assert_eq!(world.payment_state(order).await, PaymentState::Charged);
    assert_eq!(world.left(order).await, (0, paid));
    assert_eq!(world.balance().await, balance);
    world.close(engine, runner).await;
}

async fn a_refund_at_the_gateway_that_fails_is_taken_back(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    let key = key_of(order);
    let intent = world.intent(&key);
    let part = world.stripe.give_back_by_hand(&intent, 100);
    let rest = world.stripe.give_back_by_hand(&intent, paid - 100);
    world.tell_all(&[rest, part]).await;
    assert_eq!(world.left(order).await, (paid, 0));
    let refunds = world.stripe.refunds_of(&key);
    world.tell_all(&world.stripe.fail_refund(&refunds[1])).await;
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    assert_eq!(world.left(order).await, (100, paid - 100));
    assert_eq!(world.revenue().await, paid - 100);
    // A cancellation gives it back.
    order::cancel(&world.maya, order, None).await.unwrap();
    let view = world.settled(order).await;
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(world.stripe.given_back(&key), paid);
    world.close(engine, runner).await;
}

async fn a_dispute_is_written_down(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    world.settled(order).await;
    let intent = world.intent(&key_of(order));
    for (kind, action, status) in [
        (
            "charge.dispute.created",
            "payment.disputed",
            "needs_response",
        ),
        ("charge.dispute.closed", "payment.dispute_closed", "lost"),
    ] {
        let event = world.stripe.disputes(&intent, kind, status);
        tell(&world.maya, &event).await;
        tell(&world.maya, &event).await;
        let wanted = AuditFilter {
            action: Some(action.to_owned()),
            subject: Some(order.to_string()),
            ..AuditFilter::default()
        };
        let log = audit::list(&world.ada, &wanted, None, 10).await.unwrap();
        assert_eq!(log.items.len(), 1, "{kind}");
        let difference = log.items[0].difference.as_ref().unwrap();
        assert_eq!(difference["amount"]["after"], 450, "{kind}");
        assert_eq!(difference["status"]["after"], status);
        assert_eq!(difference["reason"]["after"], "product_not_received");
        // Of somebody else who uses the same account.
        let foreign = world.stripe.disputes("pi_of_others", kind, status);
        tell(&world.maya, &foreign).await;
        assert_eq!(audited(engine, action).await, 1, "{kind}");
    }
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    world.close(engine, runner).await;
}

fn give_back(key: &str, amount: Option<i64>) -> RefundDraft {
    RefundDraft {
        key: key.to_owned(),
        amount,
        reason: "The soup was cold".to_owned(),
    }
}

impl World {
    /// Gives a part of an order's payment back, and waits until the gateway has.
    async fn give_back(&self, order: Uuid, draft: &RefundDraft) {
        order::refund(&self.ada, order, draft).await.unwrap();
        eventually("it is given back", async || {
            self.product.clock.advance(SECOND);
            let detail = order::detail(&self.ada, order).await.unwrap();
            let mut refunds = detail.refunds.iter();
            refunds
                .all(|refund| refund.state != RefundState::Requested)
                .then_some(())
        })
        .await;
    }
}

async fn parts_of_a_payment_go_back_once(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    for (key, amount, act) in [
        ("well", 10, None),
        ("mute", 20, Some(Act::Mute)),
        ("deaf", 30, Some(Act::Deaf)),
        ("429", 40, Some(Act::Fail(429))),
        // What failed once under its key fails under that for ever.
        ("500", 50, Some(Act::Fail(500))),
    ] {
        world
            .stripe
            .will("refund", &act.map_or_else(Vec::new, |act| vec![act]));
        world.give_back(order, &give_back(key, Some(amount))).await;
    }
    assert_eq!(world.stripe.given_back(&key_of(order)), 150);
    // That parts went back is told, and no news.
    for event in world.stripe.events() {
        tell(&world.maya, &event).await;
    }
    let view = order::get(&world.maya, order).await.unwrap();
    assert_eq!(view.payment.unwrap().state, PaymentState::Charged);
    let more = order::refund(&world.ada, order, &give_back("more", Some(paid - 149))).await;
    assert!(matches!(refused(more), Problem::Invalid { .. }));

    order::cancel(&world.maya, order, None).await.unwrap();
    let view = world.settled(order).await;
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(world.stripe.given_back(&key_of(order)), paid);
    assert_eq!(world.moved(order), (1, 1));
    world.close(engine, runner).await;
}

async fn a_part_that_can_not_go_back_is_told_with_what_is_left(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    let paid = world.settled(order).await.order.total;
    // All of it went back at the gateway, and nobody here has been told.
    let (intent, _) = world.stripe.of(&key_of(order)).remove(0);
    world.stripe.by_hand(&intent, "refund");
    let wanted = give_back("late", Some(10));
    let refund = order::refund(&world.ada, order, &wanted).await.unwrap();
    eventually("it is refused", async || {
        world.product.clock.advance(SECOND);
        let detail = order::detail(&world.ada, order).await.unwrap();
        (detail.refunds[0].state == RefundState::Refused).then_some(())
    })
    .await;
    let path = format!("refund.{}", refund.id);
    assert_eq!(
        world.product.audited("order.refund_refused").await,
        [json!({
            "left": { "before": paid - 10, "after": paid },
            path: { "before": "REQUESTED", "after": "REFUSED" },
        })]
    );
    world.close(engine, runner).await;
}

async fn what_went_back_in_parts_is_told_once(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let order = world.place("a", "pm_card_visa").await;
    world.settled(order).await;
    world.give_back(order, &give_back("one", Some(100))).await;
    world.give_back(order, &give_back("rest", None)).await;
    assert_eq!(world.moved(order), (1, 1));
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'PAYMENT_REFUNDED'";
    assert_eq!(number(engine, told).await, 2);
    for event in world.stripe.events() {
        tell(&world.maya, &event).await;
    }
    let returned = "SELECT COUNT(*) FROM audit WHERE action = 'payment.returned'";
    assert_eq!(number(engine, returned).await, 0, "it was asked for");
    order::cancel(&world.maya, order, None).await.unwrap();
    let view = world.settled(order).await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(world.moved(order), (1, 1), "nothing goes back twice");
    assert_eq!(number(engine, told).await, 2, "nothing was left");
    world.close(engine, runner).await;
}

async fn a_message_that_is_not_sound_changes_nothing(engine: &Engine) {
    let world = World::open(engine).await;
    let kind = GatewayKind::Stripe;
    let gateways = &world.maya.institution.gateways;
    world.stripe.will("confirm", &[Act::Deaf]);
    let lost = gateways.charge(kind, &charge(&world, "k", 950, 0)).await;
    assert_eq!(lost, Err(GatewayError::TimedOut));
    let (intent, _) = world.stripe.of("k").remove(0);
    let event = world.stripe.by_hand(&intent, "capture").remove(0);
    let body = event.to_string();
    let body = body.as_bytes();
    let anybody = world.product.anonymous();
    let year = 365 * 24 * 3600 * SECOND;
    let forged = sign(body, NOW).replace("v1=", "v1=00");
    for signature in [
        String::new(),
        forged,
        sign(b"{}", NOW),
        sign(body, NOW - year),
        sign(body, NOW - 301 * SECOND),
        sign(body, NOW + 301 * SECOND),
    ] {
        let taken = card::stripe_event(&anybody, &signature, body).await;
        assert_eq!(refused(taken), Problem::SignatureRefused, "{signature}");
    }
    for unreadable in ["", "{}", "[]", "{\"id\":\"evt_9\"}"] {
        let unreadable = unreadable.as_bytes();
        let taken = card::stripe_event(&anybody, &sign(unreadable, NOW), unreadable).await;
        assert_eq!(refused(taken), Problem::Malformed);
    }
    let events = "SELECT COUNT(*) FROM card_event";
    let charged = "SELECT COUNT(*) FROM card_payment WHERE state = 'CHARGED'";
    assert_eq!(number(engine, events).await, 0);
    assert_eq!(number(engine, charged).await, 0);

    // Of somebody else who uses the same account, and of what nobody listens to.
    let object = json!({ "id": "pi_of_others", "object": "payment_intent" });
    let foreign =
        json!({ "id": "evt_a", "type": "payment_intent.succeeded", "data": { "object": object } });
    let idle = json!({ "id": "evt_b", "type": "customer.created", "data": { "object": {} } });
    for event in [&foreign, &idle] {
        tell(&anybody, event).await;
    }
    assert_eq!(number(engine, charged).await, 0);
    // The message itself is taken, signed as it must be.
    tell(&anybody, &event).await;
    tell(&anybody, &event).await;
    assert_eq!(number(engine, charged).await, 1);
    assert_eq!(number(engine, events).await, 2);
}

async fn a_wallet_is_topped_up_by_the_card_that_is_on(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let top_up = |key: &str, method: Option<&str>| TopUp {
        key: key.to_owned(),
        amount: 2_500,
        currency: "USD".to_owned(),
        method: method.map(str::to_owned),
    };
    let invalid = |code| Problem::Invalid {
        fields: vec![InvalidField::new("paymentMethod", code)],
    };
    let nameless = wallet::top_up(&world.maya, top_up("a", None)).await;
    assert_eq!(refused(nameless), invalid(InvalidCode::Required));
    let numbered = wallet::top_up(&world.maya, top_up("a", Some("4242424242424242"))).await;
    assert_eq!(refused(numbered), invalid(InvalidCode::Malformed));

    let over = async |id: Uuid| {
        eventually("the top-up is over", async || {
            world.product.clock.advance(SECOND);
            let top_up = wallet::top_up_by_id(&world.maya, id).await.unwrap();
            (top_up.status != TopUpStatus::Pending).then_some(top_up)
        })
        .await
    };
    // The answer gets lost, and is told meanwhile.
    world.stripe.will("confirm", &[Act::Mute]);
    let asked = wallet::top_up(&world.maya, top_up("a", Some("pm_card_visa"))).await;
    let id = asked.unwrap().id;
    eventually("the money is taken", async || {
        let taken: i64 = world.stripe.intents().values().map(|it| it.captured).sum();
        (taken == 1).then_some(())
    })
    .await;
    for event in world.stripe.events() {
        tell(&world.maya, &event).await;
    }
    assert_eq!(over(id).await.status, TopUpStatus::Done);
    let card = "pm_card_visa_chargeDeclinedInsufficientFunds";
    let asked = wallet::top_up(&world.maya, top_up("b", Some(card))).await;
    let declined = over(asked.unwrap().id).await;
    assert_eq!(declined.declined, Some(DeclineReason::InsufficientFunds));
    let holdings = wallet::get(&world.maya).await.unwrap();
    assert_eq!(holdings[0].balance, 2_500);
    let taken: i64 = world.stripe.intents().values().map(|it| it.captured).sum();
    assert_eq!(taken, 1);

    // Where another gateway is on since, the same request is the same top-up.
    let cards = [GatewayKind::Simulated, GatewayKind::Wallet];
    takes(&world.ada, CAMPUS, &cards).await.unwrap();
    let again = wallet::top_up(&world.maya, top_up("b", Some(card))).await;
    assert_eq!(again.unwrap(), declined);
    let simulated = wallet::top_up(&world.maya, top_up("c", None)).await;
    assert_eq!(over(simulated.unwrap().id).await.status, TopUpStatus::Done);
    takes(&world.ada, CAMPUS, &[GatewayKind::Wallet])
        .await
        .unwrap();
    let nobody = refused(wallet::top_up(&world.maya, top_up("d", None)).await);
    let code = InvalidCode::PaymentNotAccepted;
    let fields = vec![InvalidField::new("amount", code)];
    assert_eq!(nobody, Problem::Invalid { fields });
    world.close(engine, runner).await;
}

impl World {
    /// Tops a wallet up by card; the intent.
    async fn topped_up(&self, key: &str) -> String {
        let wanted = TopUp {
            key: key.to_owned(),
            amount: 2_500,
            currency: "USD".to_owned(),
            method: Some("pm_card_visa".to_owned()),
        };
        let id = wallet::top_up(&self.maya, wanted).await.unwrap().id;
        let over = eventually("the top-up is over", async || {
            self.product.clock.advance(SECOND);
            let top_up = wallet::top_up_by_id(&self.maya, id).await.unwrap();
            (top_up.status != TopUpStatus::Pending).then_some(top_up)
        })
        .await;
        assert_eq!(over.status, TopUpStatus::Done, "{key}");
        let owner = self.maya.account_id().unwrap();
        self.intent(&format!("top-up:{owner}:{key}"))
    }

    /// What the member has; everything adds up.
    async fn balance(&self) -> i64 {
        let mut tx = self.maya.institution.db.read().await.unwrap();
        let uneven = storage::wallet::uneven(&mut tx).await.unwrap();
        assert_eq!(uneven, storage::wallet::Uneven::default());
        drop(tx);
        wallet::get(&self.maya).await.unwrap()[0].balance
    }
}

async fn a_wallet_follows_the_card_that_topped_it_up(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    let intent = world.topped_up("a").await;
    let part = world.stripe.give_back_by_hand(&intent, 500);
    tell(&world.maya, &part).await;
    tell(&world.maya, &part).await;
    assert_eq!(world.balance().await, 2_000);
    let meal = PlaceOrder {
        gateway: GatewayKind::Wallet,
        ..world.shop.order("meal", 4)
    };
    let meal = order::place(&world.maya, meal).await.unwrap().order_id;
    world.settled(meal).await;
    assert_eq!(world.balance().await, 200);

    // Most of what goes back is eaten.
    let rest = world.stripe.give_back_by_hand(&intent, 2_000);
    tell(&world.maya, &rest).await;
    tell(&world.maya, &part).await;
    assert_eq!(world.balance().await, 0);
    let wanted = AuditFilter {
        action: Some("wallet.returned".to_owned()),
        subject: Some(world.maya.account_id().unwrap().to_string()),
        ..AuditFilter::default()
    };
    let log = audit::list(&world.ada, &wanted, None, 10).await.unwrap();
    assert_eq!(log.items.len(), 2);
    let difference = log.items[0].difference.as_ref().unwrap();
    assert_eq!(difference["taken"], json!({ "before": 500, "after": 700 }));
    assert_eq!(difference["short"], json!({ "before": 0, "after": 1_800 }));
    let page = wallet::statement(&world.maya, None, None, 10)
        .await
        .unwrap();
    let lines: Vec<_> = page
        .items
        .iter()
        .map(|line| (line.kind, line.other, line.amount))
        .collect();
    assert_eq!(
        lines,
        [
            (wallet::Kind::Refund, wallet::Counterpart::Card, -200),
            (wallet::Kind::Payment, wallet::Counterpart::Sales, -1_800),
            (wallet::Kind::Refund, wallet::Counterpart::Card, -500),
            (wallet::Kind::TopUp, wallet::Counterpart::Card, 2_500),
        ]
    );

    // The bank did not take it: what was taken for that comes again, and nothing is short.
    let key = format!("top-up:{}:a", world.maya.account_id().unwrap());
    let refunds = world.stripe.refunds_of(&key);
    let failed = world.stripe.fail_refund(&refunds[1]);
    world.tell_all(&failed).await;
    world.tell_all(&failed).await;
    assert_eq!(world.balance().await, 200);
    let sums = "SELECT claimed - taken FROM card_payment WHERE order_id IS NULL";
    assert_eq!(number(engine, sums).await, 0);
    world.close(engine, runner).await;
}

async fn what_went_back_before_it_was_in_the_wallet_is_taken_out_of_it(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    for (key, amount) in [("part", 1_000), ("whole", 2_500)] {
        let (ctx, telling) = (world.maya.clone(), world.stripe.clone());
        world.stripe.tells(Arc::new(move |events: Vec<Value>| {
            let (ctx, telling) = (ctx.clone(), telling.clone());
            async move {
                let intent = events[0]["data"]["object"]["id"].as_str().unwrap();
                let back = telling.give_back_by_hand(intent, amount);
                tell(&ctx, &back).await;
            }
            .boxed()
        }));
        world.stripe.will("confirm", &[Act::Tell]);
        world.topped_up(key).await;
        assert_eq!(world.balance().await, 1_500, "{key}");
    }
    world.close(engine, runner).await;
}

async fn a_top_up_whose_money_could_not_go_back_is_in_the_wallet(engine: &Engine) {
    let world = World::open(engine).await;
    let runner = Runner::start(&world.product.service, "all").await.unwrap();
    // It goes back at the gateway before anybody here learns that it was taken.
    let (ctx, telling) = (world.maya.clone(), world.stripe.clone());
    world.stripe.tells(Arc::new(move |events: Vec<Value>| {
        let (ctx, telling) = (ctx.clone(), telling.clone());
        async move {
            let intent = events[0]["data"]["object"]["id"].as_str().unwrap();
            let back = telling.give_back_by_hand(intent, 2_500);
            tell(&ctx, &back).await;
        }
        .boxed()
    }));
    world.stripe.will("confirm", &[Act::TellAndMute]);
    let wanted = TopUp {
        key: "a".to_owned(),
        amount: 2_500,
        currency: "USD".to_owned(),
        method: Some("pm_card_visa".to_owned()),
    };
    let id = wallet::top_up(&world.maya, wanted).await.unwrap().id;
    let over = eventually("the top-up is over", async || {
        world.product.clock.advance(SECOND);
        let top_up = wallet::top_up_by_id(&world.maya, id).await.unwrap();
        (top_up.status != TopUpStatus::Pending).then_some(top_up)
    })
    .await;
    assert_eq!(over.status, TopUpStatus::Declined);
    assert_eq!(world.balance().await, 0);
    let owner = world.maya.account_id().unwrap();
    let last = |key: &str| world.stripe.refunds_of(key).pop().unwrap();
    let failed = world
        .stripe
        .fail_refund(&last(&format!("top-up:{owner}:a")));
    world.tell_all(&failed).await;
    world.tell_all(&failed).await;
    assert_eq!(world.balance().await, 2_500);
    let now = wallet::top_up_by_id(&world.maya, id).await.unwrap();
    assert_eq!(now.status, TopUpStatus::Done);

    // What came though it was called off goes back by a job, and fails after that or meanwhile.
    let kind = GatewayKind::Stripe;
    let gateways = &world.maya.institution.gateways;
    let mut balance = 2_500;
    for (key, act) in [
        ("after", None),
        ("meanwhile", Some(Act::Tell)),
        ("once", Some(Act::Bounce)),
    ] {
        world.stripe.will("confirm", &[Act::Deaf]);
        let lost = gateways.charge(kind, &charge(&world, key, 950, 0)).await;
        assert_eq!(lost, Err(GatewayError::TimedOut));
        let off = gateways.refund(kind, &refund(&world, key, 950)).await;
        assert_eq!(off, Ok(Refunded { reference: None }));
        world.fails_meanwhile(key);
        world
            .stripe
            .will("refund", &act.map_or_else(Vec::new, |act| vec![act]));
        let captured = world.stripe.by_hand(&world.intent(key), "capture");
        world.tell_all(&captured).await;
        if act.is_none() {
            eventually("it goes back", async || {
                world.product.clock.advance(SECOND);
                (world.stripe.moved(key) == (1, 1)).then_some(())
            })
            .await;
            assert_eq!(world.balance().await, balance);
            world.tell_all(&world.stripe.fail_refund(&last(key))).await;
        }
        balance += 950;
        eventually("it is in the wallet", async || {
            world.product.clock.advance(SECOND);
            (world.balance().await == balance).then_some(())
        })
        .await;
        world.tell_all(&world.stripe.events()).await;
        assert_eq!(world.balance().await, balance, "{key}: once");
        assert_eq!(world.stripe.given_back(key), 0, "{key}");
    }
    world.close(engine, runner).await;
}

async fn a_campus_takes_what_an_administrator_chose(engine: &Engine) {
    let world = World::open(engine).await;
    let not_accepted = Problem::Invalid {
        fields: vec![InvalidField::new(
            "payment",
            InvalidCode::PaymentNotAccepted,
        )],
    };
    let wallet_only = [GatewayKind::Wallet];
    takes(&world.ada, CAMPUS, &wallet_only).await.unwrap();
    assert_eq!(
        payments::offered(&world.maya, CAMPUS).await.unwrap(),
        wallet_only
    );
    let simulated = world.shop.place(&world.maya, "a", 1).await;
    assert_eq!(refused(simulated), not_accepted);
    let card = order::place(&world.maya, world.order("b", "pm_card_visa")).await;
    assert_eq!(refused(card), not_accepted);
    let paid = PlaceOrder {
        gateway: GatewayKind::Wallet,
        ..world.shop.order("c", 1)
    };
    let accepted = order::place(&world.maya, paid.clone()).await.unwrap();

    // What was accepted stays so, and the same request is the same order.
    takes(&world.ada, CAMPUS, &GatewayKind::USUAL)
        .await
        .unwrap();
    takes(&world.ada, CAMPUS, &[GatewayKind::Simulated])
        .await
        .unwrap();
    assert_eq!(order::place(&world.maya, paid).await.unwrap(), accepted);

    // Of two who have seen the same, the second is told, unless both want the same.
    let seen = GatewayKind::USUAL;
    let late = payments::accept(&world.ada, CAMPUS, &seen, &wallet_only).await;
    assert_eq!(refused(late), Problem::Conflict);
    payments::accept(&world.ada, CAMPUS, &seen, &[GatewayKind::Simulated])
        .await
        .unwrap();

    let fields = |code| Problem::Invalid {
        fields: vec![InvalidField::new("gateways", code)],
    };
    let none = takes(&world.ada, CAMPUS, &[]).await;
    assert_eq!(refused(none), fields(InvalidCode::Required));
    let nowhere = takes(&world.ada, "nowhere", &wallet_only).await;
    assert_eq!(refused(nowhere), Problem::NotFound);
    for other in [&world.maya, &world.product.anonymous()] {
        let chosen = refused(takes(other, CAMPUS, &wallet_only).await);
        assert!(matches!(
            chosen,
            Problem::Forbidden | Problem::Unauthenticated
        ));
        assert!(payments::all(other).await.is_err());
    }
    let chosen = AuditFilter {
        action: Some("campus.payments".to_owned()),
        ..AuditFilter::default()
    };
    let log = audit::list(&world.ada, &chosen, None, 10).await.unwrap();
    let mut changes = Vec::new();
    for entry in log.items.into_iter().rev() {
        assert_eq!(entry.subject, CAMPUS);
        changes.push(entry.difference.unwrap());
    }
    let on = json!({ "before": false, "after": true });
    let off = json!({ "before": true, "after": false });
    assert_eq!(
        changes,
        [
            json!({ "STRIPE": on }),
            json!({ "SIMULATED": off, "STRIPE": off }),
            json!({ "SIMULATED": on }),
            json!({ "WALLET": off }),
        ]
    );
    // A card is named where one is asked, and only there.
    let named = |code| Problem::Invalid {
        fields: vec![InvalidField::new("paymentMethod", code)],
    };
    for (gateway, method, code) in [
        (GatewayKind::Stripe, None, InvalidCode::Required),
        (
            GatewayKind::Stripe,
            Some("4242424242424242"),
            InvalidCode::Malformed,
        ),
        (
            GatewayKind::Wallet,
            Some("pm_card_visa"),
            InvalidCode::UnknownField,
        ),
    ] {
        let wanted = PlaceOrder {
            gateway,
            payment_method: method.map(str::to_owned),
            ..world.shop.order("d", 1)
        };
        assert_eq!(
            refused(order::place(&world.maya, wanted).await),
            named(code)
        );
    }
    assert_eq!(number(engine, "SELECT COUNT(*) FROM orders").await, 1);
}

async fn nobody_eats_for_simulated_money_in_production(engine: &Engine) {
    let gateway = GatewaySettings {
        simulated_in_production: false,
        ..GatewaySettings::kind()
    };
    let product = Product::start_with(settings_with(engine, gateway)).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let offered = payments::offered(&maya, CAMPUS).await.unwrap();
    assert_eq!(offered, [GatewayKind::Wallet]);
    assert_eq!(payments::card(&maya).await.unwrap(), None);
    let Problem::Invalid { fields } = refused(shop.place(&maya, "a", 1).await) else {
        panic!("it was refused otherwise");
    };
    assert_eq!(fields[0].code, InvalidCode::PaymentNotAccepted);
    let ada = admin(&product, "ada").await;
    let ada = product.ctx(Actor::Account {
        id: ada,
        role: Role::Admin,
    });
    for unusable in [
        &[GatewayKind::Simulated][..],
        &[GatewayKind::Wallet, GatewayKind::Stripe],
    ] {
        let Problem::Invalid { fields } = refused(takes(&ada, CAMPUS, unusable).await) else {
            panic!("it was refused otherwise");
        };
        assert_eq!(fields[0].code, InvalidCode::PaymentNotSetUp);
    }
}

async fn of_many_who_choose_at_once_one_is_right(engine: &Engine) {
    let world = World::open(engine).await;
    let choices = [
        &[GatewayKind::Wallet][..],
        &[GatewayKind::Stripe],
        &[GatewayKind::Simulated],
        &[GatewayKind::Simulated, GatewayKind::Wallet],
    ];
    let asked = choices
        .iter()
        .map(|wanted| payments::accept(&world.ada, CAMPUS, &GatewayKind::ALL, wanted));
    let done = futures::future::join_all(asked).await;
    let right: Vec<usize> = (0..choices.len())
        .filter(|place| done[*place].is_ok())
        .collect();
    assert_eq!(right.len(), 1, "{done:?}");
    for outcome in done.into_iter().filter(Result::is_err) {
        assert_eq!(refused(outcome), Problem::Conflict);
    }
    let now = payments::all(&world.ada).await.unwrap();
    let now = now.iter().find(|one| one.campus.slug == CAMPUS).unwrap();
    assert_eq!(now.accepted, choices[right[0]]);
}

async fn nothing_starts_where_cards_are_taken_without_a_key(engine: &Engine) {
    let world = World::open(engine).await;
    let keyless = settings_with(engine, GatewaySettings::kind());
    let refused = Service::start(keyless, Arc::new(SystemClock)).await;
    let said = refused.err().unwrap().to_string();
    assert!(said.contains("NUTRIFLOW_STRIPE_KEY"), "{said}");
    let mut halved = world.stripe.settings();
    if let Some(stripe) = &mut halved.stripe {
        stripe.webhook_secret = String::new();
    }
    let halved = settings_with(engine, halved);
    let refused = Service::start(halved, Arc::new(SystemClock)).await;
    let said = refused.err().unwrap().to_string();
    assert!(said.contains("NUTRIFLOW_STRIPE_WEBHOOK_SECRET"), "{said}");
    assert!(!said.contains("sk_test"), "{said}");
    takes(&world.ada, CAMPUS, &GatewayKind::USUAL)
        .await
        .unwrap();
    let keyless = settings_with(engine, GatewaySettings::kind());
    assert!(Service::start(keyless, Arc::new(SystemClock)).await.is_ok());
}
