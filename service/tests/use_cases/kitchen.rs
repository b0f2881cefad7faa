//! The kitchen: what it has to do, two cooks at once, and what becomes of an order of which something is
//! out of stock.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::orders::conserved;
use crate::shop::{CAMPUS, PRICE, SLOT, Shop, charged_and_refunded};
use crate::{Product, admin, draft, refused};
use domain::account::Role;
use domain::kitchen::{Age, OFFER_LASTS, OfferState, Station};
use domain::order::{Advance, CancelReason, OrderRefusal, OrderState};
use domain::payment::PaymentState;
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use serde_json::{Value, json};
use service::jobs::runner::Runner;
use service::order::{self, Answer, OrderView, RefundDraft};
use service::{Actor, Ctx};
use std::collections::BTreeSet;
use uuid::Uuid;

on_both_engines!(
    many_cooks_at_once_are_one_transition,
    something_cheaper_is_taken_and_the_difference_goes_back_in_the_end,
    something_dearer_costs_no_more,
    what_is_owed_can_not_be_given_back_besides,
    what_was_given_back_before_is_owed_no_more,
    what_was_offered_may_be_sold_out_meanwhile,
    whoever_wants_none_of_it_gets_the_money_back,
    who_does_not_answer_in_time_gets_the_money_back,
    without_anything_to_offer_the_order_is_cancelled,
    an_order_that_is_cancelled_otherwise_asks_no_more,
    what_the_profile_forbids_is_not_offered,
    who_may_not_learns_and_changes_nothing,
    one_answer_counts_however_many_come_at_once,
    the_kitchen_sees_what_is_to_be_done_by_station,
    the_hall_sees_numbers_alone,
);

/// A shop with a cook, a member and their order of two portions of soup, paid.
struct Setting {
    product: Product,
    shop: Shop,
    maya: Ctx,
    cook: Ctx,
    order: Uuid,
    runner: Runner,
}

impl Setting {
    async fn new(engine: &Engine) -> Self {
        Self::of(engine, false).await
    }

    /// The member may dislike the salad: the second dish of the catalogue, as [`Shop::open`] has it.
    async fn of(engine: &Engine, dislikes_salad: bool) -> Self {
        let product = Product::start(engine).await;
        let shop = Shop::open(&product, 10, 50).await;
        let maya = product.member("maya").await;
        if dislikes_salad {
            let profile = ProfileDraft {
                disliked_dishes: vec![product.service.catalogue().dishes[1].id.0.clone()],
                ..draft()
            };
            service::profile::put(&maya, &profile).await.unwrap();
        }
        let cook = admin(&product, "cook").await;
        let cook = product.ctx(Actor::Account {
            id: cook,
            role: Role::Admin,
        });
        let runner = Runner::start(&product.service, "all").await.unwrap();
        let order = shop.place(&maya, "one", 2).await.unwrap().order_id;
        let setting = Self {
            product,
            shop,
            maya,
            cook,
            order,
            runner,
        };
        let view = setting.settled().await;
        assert_eq!(view.order.state, OrderState::Confirmed);
        setting
    }

    async fn view(&self) -> OrderView {
        order::get(&self.maya, self.order).await.unwrap()
    }

    /// Waits until the order's saga has ended.
    async fn settled(&self) -> OrderView {
        eventually("the saga ends", async || {
            self.product.clock.advance(1_000_000);
            let view = self.view().await;
            (view.current.is_none()).then_some(view)
        })
        .await
    }

    async fn refuse(&self, substitutes: &[Uuid]) -> service::Result<()> {
        order::refuse(&self.cook, self.order, self.shop.soup, substitutes).await
    }

    async fn answer(&self, answer: Answer) -> service::Result<()> {
        order::answer(&self.maya, self.order, answer).await
    }
}

/// What the log tells of an order whose offer has ended so.
fn ended(offer: &str) -> Value {
    json!({
        "offer": { "before": "OFFERED", "after": offer },
        "state": { "before": "CONFIRMED", "after": "CANCELLED" },
    })
}

async fn number(engine: &Engine, sql: &str) -> i64 {
    engine.raw(sql).await[0].parse().unwrap()
}

/// How many portions of the soup and of the salad there are.
async fn portions(engine: &Engine) -> (i64, i64) {
    let of = async |position: i64| {
        let sql = format!(
            "SELECT on_hand - reserved FROM stock JOIN menu_item ON menu_item.id = item_id WHERE position = {position}"
        );
        number(engine, &sql).await
    };
    (of(0).await, of(1).await)
}

async fn price_of_salad(engine: &Engine, price: i64) {
    engine
        .raw(&format!(
            "UPDATE menu_item SET price = {price} WHERE position = 1"
        ))
        .await;
}

async fn many_cooks_at_once_are_one_transition(engine: &Engine) {
    let it = Setting::new(engine).await;
    for (advance, audit, event) in [
        (Advance::Start, "order.start", "ORDER_PREPARING"),
        (Advance::Ready, "order.ready", "ORDER_READY"),
        (Advance::Collected, "order.collected", "ORDER_COLLECTED"),
    ] {
        let all = (0..8).map(|_| order::advance(&it.cook, it.order, advance));
        let answers = futures::future::join_all(all).await;
        let done = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(done, 1, "{advance:?}");
        for answer in answers.into_iter().filter(Result::is_err) {
            assert_eq!(refused(answer), Problem::Conflict);
        }
        let written = format!("SELECT COUNT(*) FROM audit WHERE action = '{audit}'");
        assert_eq!(number(engine, &written).await, 1);
        let told = format!("SELECT COUNT(*) FROM outbox WHERE kind = '{event}'");
        assert_eq!(number(engine, &told).await, 1);
    }
    conserved(engine).await;
    it.runner.stop().await;
}

async fn something_cheaper_is_taken_and_the_difference_goes_back_in_the_end(engine: &Engine) {
    let it = Setting::new(engine).await;
    price_of_salad(engine, PRICE - 50).await;
    order::advance(&it.cook, it.order, Advance::Start)
        .await
        .unwrap();
    let candidates = order::candidates(&it.cook, it.order, it.shop.soup)
        .await
        .unwrap();
    let offered: Vec<Uuid> = candidates.iter().map(|one| one.item_id).collect();
    assert_eq!(offered, [it.shop.salad], "not what the order has already");
    it.refuse(&offered).await.unwrap();
    let told = it.product.audited("order.refuse").await.remove(0);
    assert_eq!(told["item"]["after"], json!(it.shop.soup));
    assert_eq!(told["quantity"], json!({ "before": null, "after": 2 }));
    assert_eq!(told["offered"]["after"][0]["item"], json!(it.shop.salad));
    assert!(told["offered"]["after"][0]["name"].is_object());
    assert!(told.get("state").is_none(), "it waits: {told}");
    assert_eq!(portions(engine).await, (0, 10), "nobody is sold soup");
    assert_eq!(refused(it.refuse(&offered).await), Problem::Conflict);
    let ready = order::advance(&it.cook, it.order, Advance::Ready).await;
    assert_eq!(refused(ready), Problem::Conflict, "its member is asked");
    let kitchen = order::kitchen(&it.cook, CAMPUS, None, None).await.unwrap();
    let details = kitchen.orders[0].details.as_ref().unwrap();
    assert!(details.asked.is_some() && details.next.is_none());

    let view = it.view().await;
    let offer = &view.offers[0];
    assert!(offer.is_open() && offer.quantity == 2);
    assert_eq!(offer.choices[0].back, 100);
    let soup = it.answer(Answer::Accept(it.shop.soup)).await;
    assert!(matches!(refused(soup), Problem::Invalid { .. }));
    it.answer(Answer::Accept(it.shop.salad)).await.unwrap();
    let told = it
        .product
        .audited("order.substitute_accept")
        .await
        .remove(0);
    let changed = |before: Value, after: Value| json!({ "before": before, "after": after });
    assert_eq!(told["offer"], changed(json!("OFFERED"), json!("ACCEPTED")));
    let (soup, salad) = (json!(it.shop.soup), json!(it.shop.salad));
    assert_eq!(told["item"], changed(soup, salad));
    assert_eq!(told["owed"], changed(json!(0), json!(100)));
    assert_eq!(
        refused(it.answer(Answer::Decline).await),
        Problem::Conflict,
        "one answer"
    );
    let view = it.view().await;
    assert_eq!(view.order.state, OrderState::Preparing);
    assert_eq!(view.offers[0].state, OfferState::Accepted);
    assert_eq!(view.lines[0].item_id, it.shop.salad);
    assert_eq!(
        (view.lines[0].quantity, view.lines[0].unit_price),
        (2, PRICE - 50)
    );
    assert_eq!((view.owed, view.order.total), (100, 2 * PRICE));
    assert_eq!(portions(engine).await, (0, 8));
    conserved(engine).await;
    assert_eq!(
        number(engine, "SELECT COUNT(*) FROM wallet_transfer").await,
        0,
        "it may still be cancelled"
    );

    for advance in [Advance::Ready, Advance::Collected] {
        order::advance(&it.cook, it.order, advance).await.unwrap();
    }
    assert_eq!(balance(engine).await, 100);
    assert_eq!(charged_and_refunded(engine).await, (2 * PRICE, 0));
    conserved(engine).await;
    it.runner.stop().await;
}

async fn something_dearer_costs_no_more(engine: &Engine) {
    let it = Setting::new(engine).await;
    price_of_salad(engine, 2 * PRICE).await;
    it.refuse(&[it.shop.salad]).await.unwrap();
    it.answer(Answer::Accept(it.shop.salad)).await.unwrap();
    let view = it.view().await;
    assert_eq!((view.lines[0].unit_price, view.owed), (PRICE, 0));
    for advance in Advance::ALL {
        order::advance(&it.cook, it.order, advance).await.unwrap();
    }
    assert_eq!(charged_and_refunded(engine).await, (2 * PRICE, 0));
    assert_eq!(
        number(engine, "SELECT COUNT(*) FROM wallet_transfer").await,
        0
    );
    conserved(engine).await;
    it.runner.stop().await;
}

fn give_back(key: &str, amount: Option<i64>) -> RefundDraft {
    RefundDraft {
        key: key.to_owned(),
        amount,
        reason: "It was cold".to_owned(),
    }
}

/// What the only member has in their wallet.
async fn balance(engine: &Engine) -> i64 {
    let balance = "SELECT balance FROM wallet_account WHERE kind = 'MEMBER'";
    number(engine, balance).await
}

async fn what_is_owed_can_not_be_given_back_besides(engine: &Engine) {
    let it = Setting::new(engine).await;
    price_of_salad(engine, PRICE - 50).await;
    it.refuse(&[it.shop.salad]).await.unwrap();
    it.answer(Answer::Accept(it.shop.salad)).await.unwrap();
    assert_eq!(it.view().await.owed, 100);
    let all = order::refund(&it.cook, it.order, &give_back("all", None))
        .await
        .unwrap();
    assert_eq!(all.amount, 2 * PRICE - 100);
    for advance in Advance::ALL {
        order::advance(&it.cook, it.order, advance).await.unwrap();
    }
    assert_eq!(balance(engine).await, 100);
    let more = order::refund(&it.cook, it.order, &give_back("more", None)).await;
    assert_eq!(refused(more), Problem::Conflict, "nothing is left");
    conserved(engine).await;
    it.runner.stop().await;
}

async fn what_was_given_back_before_is_owed_no_more(engine: &Engine) {
    let it = Setting::new(engine).await;
    price_of_salad(engine, PRICE - 50).await;
    let most = give_back("most", Some(2 * PRICE - 60));
    order::refund(&it.cook, it.order, &most).await.unwrap();
    it.refuse(&[it.shop.salad]).await.unwrap();
    it.answer(Answer::Accept(it.shop.salad)).await.unwrap();
    assert_eq!(it.view().await.owed, 60, "no more than is left");
    for advance in Advance::ALL {
        order::advance(&it.cook, it.order, advance).await.unwrap();
    }
    assert_eq!(balance(engine).await, 60);
    conserved(engine).await;
    it.runner.stop().await;
}

async fn what_was_offered_may_be_sold_out_meanwhile(engine: &Engine) {
    let it = Setting::new(engine).await;
    it.refuse(&[it.shop.salad]).await.unwrap();
    let omar = it.product.member("omar").await;
    let mut wanted = it.shop.order("salad", 9);
    wanted.lines[0].item_id = it.shop.salad;
    order::place(&omar, wanted).await.unwrap();
    eventually("the salad is gone", async || {
        it.product.clock.advance(1_000_000);
        (portions(engine).await.1 == 1).then_some(())
    })
    .await;
    let taken = refused(it.answer(Answer::Accept(it.shop.salad)).await);
    assert_eq!(
        taken,
        Problem::OrderRefused {
            refusals: vec![OrderRefusal::SoldOut {
                line: 0,
                available: 1
            }]
        }
    );
    assert!(it.view().await.offers[0].is_open(), "nothing has changed");
    it.answer(Answer::Decline).await.unwrap();
    assert_eq!(it.settled().await.order.state, OrderState::Cancelled);
    conserved(engine).await;
    it.runner.stop().await;
}

async fn whoever_wants_none_of_it_gets_the_money_back(engine: &Engine) {
    let it = Setting::new(engine).await;
    it.refuse(&[it.shop.salad]).await.unwrap();
    it.answer(Answer::Decline).await.unwrap();
    assert_eq!(
        it.product.audited("order.substitute_decline").await,
        [ended("DECLINED")]
    );
    let view = it.settled().await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(view.order.cancel_reason, Some(CancelReason::OutOfStock));
    assert_eq!(view.offers[0].state, OfferState::Declined);
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(
        portions(engine).await,
        (0, 10),
        "what is not there is not sold again"
    );
    assert_eq!(charged_and_refunded(engine).await, (2 * PRICE, 2 * PRICE));
    conserved(engine).await;
    it.runner.stop().await;
}

async fn who_does_not_answer_in_time_gets_the_money_back(engine: &Engine) {
    let it = Setting::new(engine).await;
    it.refuse(&[it.shop.salad]).await.unwrap();
    it.product.clock.advance(OFFER_LASTS);
    let late = it.answer(Answer::Accept(it.shop.salad)).await;
    assert_eq!(refused(late), Problem::Conflict);
    let view = eventually("the offer expires", async || {
        it.product.clock.advance(1_000_000);
        let view = it.view().await;
        (view.offers[0].state == OfferState::Expired).then_some(view)
    })
    .await;
    assert_eq!(view.order.state, OrderState::Cancelled);
    assert_eq!(
        it.product.audited("order.substitute_expire").await,
        [ended("EXPIRED")]
    );
    let view = it.settled().await;
    assert_eq!(view.order.cancel_reason, Some(CancelReason::OutOfStock));
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(portions(engine).await, (0, 10));
    conserved(engine).await;
    it.runner.stop().await;
}

async fn without_anything_to_offer_the_order_is_cancelled(engine: &Engine) {
    let it = Setting::new(engine).await;
    it.refuse(&[]).await.unwrap();
    let told = it.product.audited("order.refuse").await.remove(0);
    assert_eq!(told["state"], ended("UNMET")["state"]);
    assert_eq!(told["offered"]["after"], json!([]));
    let view = it.settled().await;
    assert_eq!(view.order.cancel_reason, Some(CancelReason::OutOfStock));
    assert_eq!(view.offers[0].state, OfferState::Unmet);
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(portions(engine).await, (0, 10));
    conserved(engine).await;
    it.runner.stop().await;
}

async fn an_order_that_is_cancelled_otherwise_asks_no_more(engine: &Engine) {
    let it = Setting::new(engine).await;
    it.refuse(&[it.shop.salad]).await.unwrap();
    order::cancel(&it.cook, it.order, Some("The oven broke"))
        .await
        .unwrap();
    let told = it.product.audited("order.cancel").await.remove(0);
    assert_eq!(told["offer"], ended("WITHDRAWN")["offer"]);
    let view = it.settled().await;
    assert_eq!(view.order.cancel_reason, Some(CancelReason::Staff));
    assert_eq!(view.offers[0].state, OfferState::Withdrawn);
    let late = it.answer(Answer::Accept(it.shop.salad)).await;
    assert_eq!(refused(late), Problem::Conflict);
    assert_eq!(portions(engine).await, (0, 10));
    assert_eq!(charged_and_refunded(engine).await, (2 * PRICE, 2 * PRICE));
    conserved(engine).await;
    it.runner.stop().await;
}

async fn what_the_profile_forbids_is_not_offered(engine: &Engine) {
    let it = Setting::of(engine, true).await;
    let candidates = order::candidates(&it.cook, it.order, it.shop.soup)
        .await
        .unwrap();
    assert!(candidates.is_empty(), "{candidates:?}");
    let Problem::Invalid { fields } = refused(it.refuse(&[it.shop.salad]).await) else {
        panic!("it was offered");
    };
    assert_eq!(fields[0].field, "substitutes");
    assert_eq!(portions(engine).await.0, 8, "nothing has changed");
    conserved(engine).await;
    it.runner.stop().await;
}

async fn who_may_not_learns_and_changes_nothing(engine: &Engine) {
    let it = Setting::new(engine).await;
    let (soup, salad) = (it.shop.soup, it.shop.salad);
    let omar = it.product.member("omar").await;
    let anonymous = it.product.anonymous();
    for (ctx, problem) in [
        (&it.maya, Problem::Forbidden),
        (&omar, Problem::Forbidden),
        (&anonymous, Problem::Unauthenticated),
    ] {
        assert_eq!(
            refused(order::kitchen(ctx, CAMPUS, None, None).await),
            problem
        );
        assert_eq!(
            refused(order::candidates(ctx, it.order, soup).await),
            problem
        );
        assert_eq!(
            refused(order::refuse(ctx, it.order, soup, &[]).await),
            problem
        );
    }
    it.refuse(&[salad]).await.unwrap();
    let accept = Answer::Accept(salad);
    for ctx in [&omar, &it.cook] {
        assert_eq!(
            refused(order::answer(ctx, it.order, accept).await),
            Problem::NotFound,
            "only whoever ordered answers"
        );
    }
    assert_eq!(
        refused(order::answer(&anonymous, it.order, accept).await),
        Problem::Unauthenticated
    );
    assert_eq!(
        refused(order::refuse(&it.cook, Uuid::nil(), soup, &[]).await),
        Problem::NotFound
    );
    let elsewhere = order::kitchen(&it.cook, "moon", None, None).await;
    assert_eq!(refused(elsewhere), Problem::NotFound);
    assert!(it.view().await.offers[0].is_open());
    it.runner.stop().await;
}

async fn one_answer_counts_however_many_come_at_once(engine: &Engine) {
    let it = Setting::new(engine).await;
    let salad = [it.shop.salad];
    let refusals = futures::future::join_all((0..4).map(|_| it.refuse(&salad))).await;
    assert_eq!(refusals.iter().filter(|one| one.is_ok()).count(), 1);
    let answers = (0..6).map(|turn| {
        it.answer(if turn % 2 == 0 {
            Answer::Accept(it.shop.salad)
        } else {
            Answer::Decline
        })
    });
    let answers = futures::future::join_all(answers).await;
    assert_eq!(answers.iter().filter(|one| one.is_ok()).count(), 1);
    let view = it.settled().await;
    let taken = view.offers[0].state == OfferState::Accepted;
    let expected = if taken {
        (OrderState::Confirmed, (0, 8))
    } else {
        (OrderState::Cancelled, (0, 10))
    };
    assert_eq!((view.order.state, portions(engine).await), expected);
    conserved(engine).await;
    it.runner.stop().await;
}

async fn the_kitchen_sees_what_is_to_be_done_by_station(engine: &Engine) {
    let it = Setting::new(engine).await;
    engine
        .raw("UPDATE menu_item SET station = 'COLD' WHERE position = 1")
        .await;
    let omar = it.product.member("omar").await;
    let mut wanted = it.shop.order("both", 1);
    let mut salad = wanted.lines[0].clone();
    salad.item_id = it.shop.salad;
    wanted.lines.push(salad);
    let both = order::place(&omar, wanted).await.unwrap().order_id;
    let read = async |station, only: Option<&BTreeSet<Uuid>>| {
        order::kitchen(&it.cook, CAMPUS, station, only)
            .await
            .unwrap()
            .orders
    };
    eventually("the second order is paid", async || {
        it.product.clock.advance(1_000_000);
        (read(None, None).await.len() == 2).then_some(())
    })
    .await;
    let cold = read(Some(Station::Cold), None).await;
    assert_eq!(cold.len(), 1);
    assert_eq!(cold[0].order.id, both);
    let lines = &cold[0].details.as_ref().unwrap().lines;
    let stations: Vec<Station> = lines.iter().map(|line| line.station).collect();
    assert_eq!(stations, [Station::Hot, Station::Cold]);
    assert_eq!(read(Some(Station::Drinks), None).await.len(), 0);

    let only = BTreeSet::from([both]);
    let some = read(None, Some(&only)).await;
    let told: Vec<(Uuid, bool)> = some
        .iter()
        .map(|one| (one.order.id, one.details.is_some()))
        .collect();
    assert_eq!(told, [(it.order, false), (both, true)]);

    let details = some[1].details.as_ref().unwrap();
    assert_eq!((details.age, details.member.as_str()), (Age::Fresh, "omar"));
    it.product.clock.advance(SLOT - it.product.service.now());
    let late = read(None, None).await;
    assert_eq!(late[0].details.as_ref().unwrap().age, Age::Late);
    it.runner.stop().await;
}

async fn the_hall_sees_numbers_alone(engine: &Engine) {
    let it = Setting::new(engine).await;
    let anonymous = it.product.anonymous();
    let read = async || {
        let called = order::called(&anonymous, CAMPUS).await.unwrap();
        (called.cooking, called.ready)
    };
    assert_eq!(read().await, (vec![], vec![]), "nobody has begun");
    order::advance(&it.cook, it.order, Advance::Start)
        .await
        .unwrap();
    assert_eq!(read().await, (vec![1], vec![]));
    order::advance(&it.cook, it.order, Advance::Ready)
        .await
        .unwrap();
    assert_eq!(read().await, (vec![], vec![1]));
    order::advance(&it.cook, it.order, Advance::Collected)
        .await
        .unwrap();
    assert_eq!(read().await, (vec![], vec![]));
    let elsewhere = order::called(&anonymous, "moon").await;
    assert_eq!(refused(elsewhere), Problem::NotFound);
    it.runner.stop().await;
}
