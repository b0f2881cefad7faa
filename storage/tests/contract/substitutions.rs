//! What is out of stock of orders, and the lists of kitchens.

use crate::engines::{Engine, on_both_engines};
use crate::payments::{campus, literal};
use crate::statements::plan_of;
use crate::{NOW, id, member};
use domain::kitchen::{OfferState, Station};
use domain::text::Localized;
use serde_json::json;
use storage::order::NewItem;
use storage::substitution::{self, ChoiceRow, NewSubstitution};
use storage::{Db, Error, order};
use uuid::Uuid;

on_both_engines!(
    an_offer_is_made_once_and_ends_once,
    what_nothing_replaces_has_ended,
    what_is_due_is_found,
    lines_are_replaced_and_never_cost_more,
    kitchens_list_what_is_living_by_their_index,
    stations_find_their_orders,
);

/// A campus with a few items, and an order of two of the first.
async fn open(engine: &Engine) -> Db {
    let db = engine.open().await;
    member(&db, 1).await;
    campus(engine, 1, "MXN").await;
    for number in 1..=3_u128 {
        let (item, campus) = (literal(engine, id(number)), literal(engine, id(1)));
        let station = if number == 3 { "COLD" } else { "HOT" };
        engine
            .raw(&format!(
                "INSERT INTO menu_item (id, campus_id, kind, reference, name, price, options, sale, minutes,
                    position, station)
                VALUES ({item}, {campus}, 'DISH', 'dish-{number}', '{{}}', 500, '{{}}', '{{}}', 5, {number},
                    '{station}')"
            ))
            .await;
    }
    place(engine, 10, "CONFIRMED", &[(1, 2, 500)]).await;
    db
}

/// An order of account 1 with items, portions and prices.
async fn place(engine: &Engine, number: u128, state: &str, lines: &[(u128, i64, i64)]) {
    let (order, account) = (literal(engine, id(number)), literal(engine, id(1)));
    let ended = match state {
        "CANCELLED" => "7, 'STAFF'",
        _ => "NULL, NULL",
    };
    engine
        .raw(&format!(
            "INSERT INTO orders (id, number, account_id, campus_id, slot_at, state, gateway, total, currency,
                idempotency_key, request_hash, placed_at, request_id, cancelled_at, cancel_reason)
            VALUES ({order}, {number}, {account}, {account}, {number}, '{state}', 'SIMULATED', 950, 'MXN',
                'key {number}', 'hash', 1, 'request', {ended})"
        ))
        .await;
    if lines.is_empty() {
        return;
    }
    let ordered = literal(engine, id(90));
    engine
        .raw(&format!(
            "INSERT INTO ordered_item (id, document) VALUES ({ordered}, '{{}}') ON CONFLICT (id) DO NOTHING"
        ))
        .await;
    for (position, (item, quantity, price)) in lines.iter().enumerate() {
        let item = literal(engine, id(*item));
        engine
            .raw(&format!(
                "INSERT INTO order_line (order_id, position, item_id, quantity, unit_price, ordered_item_id)
                VALUES ({order}, {position}, {item}, {quantity}, {price}, {ordered})"
            ))
            .await;
    }
}

fn choice(number: u128) -> ChoiceRow {
    ChoiceRow {
        item_id: id(number),
        unit_price: 450,
        document: json!({ "name": "Salad" }),
    }
}

async fn offer(db: &Db, number: u128, item: u128, choices: &[ChoiceRow]) -> Result<(), Error> {
    let mut tx = db.write().await.unwrap();
    let name = Localized {
        en: "Soup".to_owned(),
        es: "Sopa".to_owned(),
    };
    let new = NewSubstitution {
        id: id(number),
        order_id: id(10),
        item_id: id(item),
        quantity: 2,
        name: &name,
        choices,
        actor_id: None,
        offered_at: NOW,
        expires_at: NOW + number as i64,
    };
    substitution::insert(&mut tx, &new).await?;
    tx.commit().await
}

async fn an_offer_is_made_once_and_ends_once(engine: &Engine) {
    let db = open(engine).await;
    let choices = [choice(2), choice(3)];
    offer(&db, 100, 1, &choices).await.unwrap();
    let twice = offer(&db, 101, 2, &choices).await;
    assert!(
        matches!(twice, Err(Error::Duplicate(_))),
        "one question at a time"
    );
    let mut tx = db.write().await.unwrap();
    let open = substitution::open(&mut tx, &[id(10), id(11)])
        .await
        .unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].choices, choices);
    assert_eq!(open[0].name.es, "Sopa");
    assert_eq!((open[0].state, open[0].quantity), (OfferState::Offered, 2));
    let accept = substitution::accept(&mut tx, id(100), id(2), 100, NOW).await;
    assert!(accept.unwrap());
    let again = substitution::accept(&mut tx, id(100), id(3), 7, NOW).await;
    assert!(!again.unwrap());
    let ended = substitution::end(&mut tx, &[id(100)], OfferState::Expired, NOW).await;
    assert_eq!(ended.unwrap(), 0);
    let open = substitution::open(&mut tx, &[id(10)]).await.unwrap();
    assert!(open.is_empty());
    assert_eq!(substitution::owed(&mut tx, id(10)).await.unwrap(), 100);
    assert_eq!(substitution::owed(&mut tx, id(11)).await.unwrap(), 0);
    let all = substitution::of_order(&mut tx, id(10)).await.unwrap();
    assert_eq!(all[0].chosen_id, Some(id(2)));
    assert_eq!(all[0].ended_at, Some(NOW));
    tx.commit().await.unwrap();
    let owed = async || {
        let mut tx = db.read().await.unwrap();
        substitution::owed(&mut tx, id(10)).await.unwrap()
    };
    let set = |state: &str, ended: &str| {
        let order = literal(engine, id(10));
        format!("UPDATE orders SET state = '{state}', {ended} WHERE id = {order}")
    };
    let cancelled = set("CANCELLED", "cancelled_at = 7, cancel_reason = 'STAFF'");
    engine.raw(&cancelled).await;
    assert_eq!(owed().await, 0, "all of it goes back");
    let confirmed = set("CONFIRMED", "cancelled_at = NULL, cancel_reason = NULL");
    engine.raw(&confirmed).await;
    assert_eq!(owed().await, 100);
    let same = offer(&db, 102, 1, &choices).await;
    assert!(
        matches!(same, Err(Error::Duplicate(_))),
        "an item runs out of an order once"
    );
    db.close().await;
}

async fn what_nothing_replaces_has_ended(engine: &Engine) {
    let db = open(engine).await;
    offer(&db, 100, 1, &[]).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let all = substitution::of_order(&mut tx, id(10)).await.unwrap();
    assert_eq!(
        (all[0].state, all[0].ended_at),
        (OfferState::Unmet, Some(NOW))
    );
    let open = substitution::open(&mut tx, &[id(10)]).await.unwrap();
    assert!(open.is_empty());
    drop(tx);
    db.close().await;
}

async fn what_is_due_is_found(engine: &Engine) {
    let db = open(engine).await;
    offer(&db, 100, 1, &[choice(2)]).await.unwrap();
    let mut tx = db.write().await.unwrap();
    let due = async |tx: &mut storage::Tx, now| substitution::due(tx, now, 10).await.unwrap();
    assert_eq!(due(&mut tx, NOW + 99).await, [] as [Uuid; 0]);
    assert_eq!(due(&mut tx, NOW + 100).await, [id(10)]);
    let ended = substitution::end(&mut tx, &[id(100)], OfferState::Expired, NOW).await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(due(&mut tx, NOW + 100).await, [] as [Uuid; 0]);
    tx.commit().await.unwrap();
    let dialect = db.dialect();
    let plan = plan_of(engine, dialect, "storage::substitution::DUE", &["7", "10"]).await;
    assert!(plan.contains("substitution_due"), "{plan}");
    db.close().await;
}

async fn lines_are_replaced_and_never_cost_more(engine: &Engine) {
    let db = open(engine).await;
    place(
        engine,
        11,
        "CONFIRMED",
        &[(1, 2, 500), (2, 1, 300), (1, 1, 400)],
    )
    .await;
    let mut tx = db.write().await.unwrap();
    let document = json!({ "name": "Salad" });
    let salad = NewItem {
        id: id(91),
        document: &document,
    };
    order::insert_items(&mut tx, &[salad]).await.unwrap();
    let replaced = order::replace(&mut tx, id(11), id(1), (id(3), 450, id(91))).await;
    assert_eq!(replaced.unwrap(), 2);
    let lines = order::lines(&mut tx, &[id(11)]).await.unwrap();
    let found: Vec<(Uuid, i64, i64)> = lines
        .iter()
        .map(|line| (line.item_id, line.quantity, line.unit_price))
        .collect();
    assert_eq!(found, [(id(3), 2, 450), (id(2), 1, 300), (id(3), 1, 400)]);
    assert_eq!(lines[0].document.0, document);
    tx.commit().await.unwrap();
    db.close().await;
}

async fn kitchens_list_what_is_living_by_their_index(engine: &Engine) {
    let db = open(engine).await;
    for (number, state) in [
        (11, "PENDING"),
        (12, "PREPARING"),
        (13, "READY"),
        (14, "COLLECTED"),
        (15, "CANCELLED"),
    ] {
        place(engine, number, state, &[]).await;
    }
    let mut tx = db.read().await.unwrap();
    let ids = |rows: Vec<order::OrderRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let living = order::in_kitchen(&mut tx, id(1), 0, 100, 10).await.unwrap();
    assert_eq!(ids(living), [id(10), id(12), id(13)]);
    let some = order::in_kitchen(&mut tx, id(1), 12, 13, 10).await.unwrap();
    assert_eq!(ids(some), [id(12)]);
    let ended = order::ended(&mut tx, id(1), 0, 100, 10).await.unwrap();
    assert_eq!(ids(ended), [id(15), id(14)]);
    let called = order::called(&mut tx, id(1), 0, 100, 10).await.unwrap();
    let expected = [(12, "PREPARING".to_owned()), (13, "READY".to_owned())];
    assert_eq!(called, expected);
    drop(tx);
    if db.dialect() == storage::Dialect::Sqlite {
        // PostgreSQL reads a table of six rows as it is.
        let campus = literal(engine, id(1));
        let values = [campus.as_str(), "0", "100", "10"];
        for name in ["KITCHEN", "CALLED"] {
            let name = format!("storage::order::{name}");
            let plan = plan_of(engine, db.dialect(), &name, &values).await;
            assert!(plan.contains("orders_kitchen"), "{name}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{name}: {plan}");
        }
    }
    db.close().await;
}

async fn stations_find_their_orders(engine: &Engine) {
    let db = open(engine).await;
    place(engine, 11, "CONFIRMED", &[(1, 1, 500), (3, 1, 500)]).await;
    let mut tx = db.read().await.unwrap();
    let both = [id(10), id(11)];
    let mut there = async |station| {
        let mut found = order::at_station(&mut tx, &both, station).await.unwrap();
        found.sort();
        found
    };
    assert_eq!(there(Station::Hot).await, both);
    assert_eq!(there(Station::Cold).await, [id(11)]);
    assert_eq!(there(Station::Drinks).await, [] as [Uuid; 0]);
    let lines = order::station_lines(&mut tx, &both).await.unwrap();
    let found: Vec<(Uuid, &str)> = lines
        .iter()
        .map(|line| (line.line.order_id, line.station.as_str()))
        .collect();
    assert_eq!(found, [(id(10), "HOT"), (id(11), "HOT"), (id(11), "COLD")]);
    drop(tx);
    db.close().await;
}
