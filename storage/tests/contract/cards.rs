//! Payments by card, what their gateway has told, and which ways to pay campuses take.

use crate::engines::{Engine, on_both_engines};
use crate::payments::campus;
use crate::work::in_tx;
use crate::{NOW, id, member};
use domain::payment::{DeclineReason, GatewayKind, Returns};
use storage::card::{self, CardPayment, CardState, NewCardEvent, NewCardPayment};
use storage::{Db, Error, campus_gateway};

on_both_engines!(
    a_payment_by_card_goes_its_way_and_no_other,
    how_much_has_gone_back_is_noted,
    the_first_intent_of_a_key_is_the_one,
    money_that_comes_is_noted_whatever_was_thought,
    what_the_gateway_tells_is_taken_once,
    a_campus_takes_what_was_chosen,
);

fn new<'a>(key: &'a str, intent: Option<&'a str>) -> NewCardPayment<'a> {
    NewCardPayment {
        key,
        account_id: id(1),
        order_id: Some(id(7)),
        amount: 950,
        currency: "MXN",
        intent_id: intent,
        at: NOW,
    }
}

async fn of(db: &Db, key: &str) -> CardPayment {
    let mut tx = db.read().await.unwrap();
    card::by_key(&mut tx, key).await.unwrap().unwrap()
}

async fn state(db: &Db, key: &str) -> CardState {
    of(db, key).await.state
}

async fn a_payment_by_card_goes_its_way_and_no_other(engine: &Engine) {
    let db = engine.open().await;
    assert!(in_tx!(db, card::open, &new("k", Some("pi_1"))));
    assert_eq!(
        of(&db, "k").await,
        CardPayment {
            key: "k".to_owned(),
            account_id: id(1),
            order_id: Some(id(7)),
            amount: 950,
            currency: "MXN".to_owned(),
            intent_id: Some("pi_1".to_owned()),
            state: CardState::Open,
            refund_id: None,
            returns: Returns::default(),
            claimed: 0,
            taken: 0,
            updated_at: NOW,
        }
    );
    assert!(in_tx!(db, card::charged, "k", NOW + 1));
    assert!(!in_tx!(db, card::charged, "k", NOW + 2), "it is known");
    assert!(!in_tx!(
        db,
        card::declined,
        "k",
        DeclineReason::CardDeclined,
        NOW + 2
    ));
    assert!(!in_tx!(db, card::void, "k", NOW + 2));
    assert_eq!(state(&db, "k").await, CardState::Charged);
    assert!(in_tx!(db, card::refunded, "k", Some("re_1"), NOW + 3));
    assert!(in_tx!(db, card::refunded, "k", Some("re_2"), NOW + 4));
    assert!(!in_tx!(db, card::charged, "k", NOW + 5), "it has gone back");
    let gone = of(&db, "k").await;
    assert_eq!(gone.state, CardState::Refunded);
    assert_eq!(gone.refund_id.as_deref(), Some("re_1"));
    // Until it has come again.
    assert!(in_tx!(db, card::recovered, "k", NOW + 6));
    assert!(!in_tx!(db, card::recovered, "k", NOW + 6), "once");
    let back = of(&db, "k").await;
    assert_eq!((back.state, back.refund_id), (CardState::Charged, None));
    db.close().await;
}

async fn how_much_has_gone_back_is_noted(engine: &Engine) {
    let db = engine.open().await;
    assert!(in_tx!(db, card::open, &new("k", Some("pi_1"))));
    let mut told = Returns::default();
    assert!(told.take(20, 500) && told.fail("re_1", 100, Some(23)));
    assert!(in_tx!(db, card::returned, "k", &told, NOW + 1));
    assert!(in_tx!(db, card::claimed, "k", 400, 300, NOW + 2));
    let noted = in_tx!(db, card::lock_by_key, "k").unwrap();
    assert_eq!((noted.returns.returned(), &noted.returns), (400, &told));
    assert_eq!((noted.claimed, noted.taken), (400, 300));
    assert!(!in_tx!(db, card::returned, "other", &told, NOW));
    let mut tx = db.write().await.unwrap();
    assert!(told.take(24, 951));
    let more = card::returned(&mut tx, "k", &told, NOW).await;
    assert!(more.is_err(), "than was taken");
    drop(tx);
    let mut tx = db.write().await.unwrap();
    let more = card::claimed(&mut tx, "k", 400, 401, NOW).await;
    assert!(more.is_err(), "than was asked for");
    drop(tx);
    db.close().await;
}

async fn the_first_intent_of_a_key_is_the_one(engine: &Engine) {
    let db = engine.open().await;
    assert!(in_tx!(db, card::open, &new("k", Some("pi_1"))));
    assert!(!in_tx!(db, card::open, &new("k", Some("pi_2"))));
    assert!(!in_tx!(db, card::open, &new("k", None)), "nor is it void");
    assert_eq!(of(&db, "k").await.intent_id.as_deref(), Some("pi_1"));
    let mut tx = db.write().await.unwrap();
    let found = card::by_intent(&mut tx, "pi_1").await.unwrap().unwrap();
    assert_eq!(found.key, "k");
    assert_eq!(card::by_intent(&mut tx, "pi_2").await.unwrap(), None);
    drop(tx);
    let mut tx = db.write().await.unwrap();
    let twice = card::open(&mut tx, &new("other", Some("pi_1"))).await;
    assert!(matches!(twice, Err(Error::Duplicate(_))), "{twice:?}");
    drop(tx);

    // Called off before there was one, it never gets one.
    assert!(in_tx!(db, card::open, &new("off", None)));
    assert!(!in_tx!(db, card::open, &new("off", Some("pi_3"))));
    assert_eq!(state(&db, "off").await, CardState::Void);
    assert!(!in_tx!(db, card::charged, "off", NOW));
    assert!(!in_tx!(db, card::refunded, "off", None, NOW));
    db.close().await;
}

async fn money_that_comes_is_noted_whatever_was_thought(engine: &Engine) {
    let db = engine.open().await;
    let reason = DeclineReason::InsufficientFunds;
    for (key, intent) in [("declined", "pi_1"), ("void", "pi_2")] {
        assert!(in_tx!(db, card::open, &new(key, Some(intent))));
    }
    assert!(in_tx!(db, card::declined, "declined", reason, NOW));
    assert!(in_tx!(db, card::void, "void", NOW));
    assert_eq!(state(&db, "declined").await, CardState::Declined(reason));
    assert_eq!(state(&db, "void").await, CardState::Void);
    for key in ["declined", "void"] {
        assert!(in_tx!(db, card::charged, key, NOW));
        assert_eq!(state(&db, key).await, CardState::Charged);
    }
    db.close().await;
}

async fn what_the_gateway_tells_is_taken_once(engine: &Engine) {
    let db = engine.open().await;
    let event = |id: &'static str, at: i64| NewCardEvent {
        id,
        kind: "payment_intent.succeeded",
        intent_id: Some("pi_1"),
        received_at: at,
    };
    assert!(in_tx!(db, card::receive, &event("evt_1", NOW)));
    assert!(!in_tx!(db, card::receive, &event("evt_1", NOW + 1)));
    assert!(in_tx!(db, card::receive, &event("evt_2", NOW + 2)));
    assert_eq!(in_tx!(db, card::sweep, NOW + 1, 10), 1);
    assert!(
        in_tx!(db, card::receive, &event("evt_1", NOW + 3)),
        "it is forgotten"
    );
    db.close().await;
}

async fn a_campus_takes_what_was_chosen(engine: &Engine) {
    let db = engine.open().await;
    member(&db, 1).await;
    campus(engine, 1, "MXN").await;
    campus(engine, 2, "USD").await;
    let accepted = async || {
        let mut tx = db.read().await.unwrap();
        campus_gateway::all(&mut tx).await.unwrap()
    };
    assert!(accepted().await.is_empty());
    let some = [GatewayKind::Stripe, GatewayKind::Wallet];
    in_tx!(db, campus_gateway::set, id(1), &some);
    in_tx!(db, campus_gateway::set, id(2), &GatewayKind::ALL);
    in_tx!(db, campus_gateway::set, id(2), &[GatewayKind::Wallet]);
    let now = accepted().await;
    assert_eq!(now[&id(1)], [GatewayKind::Wallet, GatewayKind::Stripe]);
    assert_eq!(now[&id(2)], [GatewayKind::Wallet]);
    db.close().await;
}
