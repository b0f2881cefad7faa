//! Events: in order per aggregate, to each consumer once, and what becomes of those that fail.

use crate::engines::{Engine, on_both_engines};
use crate::statements::plan_of;
use crate::work::in_tx;
use crate::{NOW, SECOND, id, member};
use domain::event::{EventPayload, OrderEvent};
use domain::text::Localized;
use serde_json::{Value, json};
use std::time::Duration;
use storage::outbox::{self, Consumer, Event, Failure, NewEvent};
use storage::{Db, Dialect, inbox, live};
use uuid::Uuid;

on_both_engines!(
    events_of_an_aggregate_have_positions_in_the_order_in_which_they_happened,
    an_aggregates_events_come_in_their_order_also_where_clocks_differ,
    an_event_that_is_delivered_twice_has_one_effect_on_each_consumer,
    numbers_have_no_gap_and_none_is_given_twice,
    what_was_rolled_back_leaves_no_gap,
    an_event_that_failed_holds_back_its_own_aggregate_until_its_time,
    what_was_given_up_is_listed_and_can_be_delivered_again,
    pages_of_dead_letters_hold_each_of_them_once,
    one_process_delivers_at_a_time,
    commits_wake_those_who_wait_for_them,
    a_message_is_its_owners_alone,
    an_event_tells_what_its_campus_is_called,
    what_everybody_had_is_forgotten_and_the_rest_is_kept,
    an_event_is_due_alone_where_nothing_holds_it_back,
    frequent_statements_use_their_indexes,
);

const FAR: Duration = Duration::from_secs(30);

fn event(number: u128, aggregate: &str) -> NewEvent {
    NewEvent {
        id: id(number),
        aggregate: aggregate.to_owned(),
        kind: OrderEvent::OrderReady,
        payload: EventPayload {
            order_id: Some(id(7)),
            number: Some(42),
            ..EventPayload::default()
        },
        account_id: None,
        campus_id: None,
        request_id: "request".to_owned(),
        at: NOW + number as i64,
    }
}

fn for_account(number: u128, aggregate: &str, account: Uuid) -> NewEvent {
    NewEvent {
        account_id: Some(account),
        ..event(number, aggregate)
    }
}

async fn append(db: &Db, events: &[NewEvent]) {
    in_tx!(db, outbox::append, events);
}

async fn due(db: &Db, consumer: Consumer, now: i64, limit: i64) -> Vec<Event> {
    in_tx!(db, outbox::due, consumer, now, limit)
}

fn ids(events: &[Event]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

/// Delivers to those who follow whatever is due.
async fn deliver_live(db: &Db, now: i64) {
    let mut tx = db.write().await.unwrap();
    assert!(outbox::lock(&mut tx).await.unwrap());
    let due = outbox::due(&mut tx, Consumer::Live, now, 100)
        .await
        .unwrap();
    live::deliver(&mut tx, &ids(&due)).await.unwrap();
    let all: Vec<&Event> = due.iter().collect();
    outbox::settle(&mut tx, Consumer::Live, &all, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn fail(db: &Db, consumer: Consumer, event: u128, attempts: i64, next_at: Option<i64>) {
    let failure = Failure {
        event_id: id(event),
        attempts,
        next_at,
        error: json!({ "type": "INTERNAL" }).to_string(),
    };
    in_tx!(db, outbox::fail, consumer, &[failure], NOW);
}

async fn sequences(db: &Db) -> Vec<(i64, Uuid)> {
    let events = in_tx!(db, live::between, 0, i64::MAX, 1000);
    events
        .into_iter()
        .map(|event| (event.sequence, event.event_id))
        .collect()
}

async fn events_of_an_aggregate_have_positions_in_the_order_in_which_they_happened(
    engine: &Engine,
) {
    let db = engine.open().await;
    append(
        &db,
        &[
            event(1, "order:a"),
            event(2, "order:b"),
            event(3, "order:a"),
        ],
    )
    .await;
    append(&db, &[event(4, "order:a"), event(5, "order:b")]).await;
    append(&db, &[]).await;
    let due = due(&db, Consumer::Live, NOW, 100).await;
    let places: Vec<(&str, i64)> = due
        .iter()
        .map(|event| (event.aggregate.as_str(), event.position))
        .collect();
    let expected = [
        ("order:a", 1),
        ("order:b", 1),
        ("order:a", 2),
        ("order:a", 3),
        ("order:b", 2),
    ];
    assert_eq!(places, expected);
    assert_eq!(due[0].kind, "ORDER_READY");
    assert_eq!(
        due[0].payload.0,
        json!({ "orderId": id(7).to_string(), "number": 42 })
    );
    // Nobody's inbox waits for what is for nobody.
    assert!(self::due(&db, Consumer::Inbox, NOW, 100).await.is_empty());
}

async fn an_aggregates_events_come_in_their_order_also_where_clocks_differ(engine: &Engine) {
    let db = engine.open().await;
    append(&db, &[event(900, "order:a")]).await;
    // Another process, whose clock is late, goes on.
    append(&db, &[event(10, "order:a"), event(11, "order:b")]).await;
    append(&db, &[event(12, "order:a")]).await;
    let all = ids(&due(&db, Consumer::Live, NOW, 100).await);
    assert_eq!(all, [id(11), id(900), id(10), id(12)]);
    // Also where not all of it was asked for.
    let some = ids(&due(&db, Consumer::Live, NOW, 1).await);
    assert_eq!(some, [id(900), id(10), id(12)]);
}

async fn an_event_that_is_delivered_twice_has_one_effect_on_each_consumer(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    append(&db, &[for_account(10, "order:a", ana)]).await;
    for turn in 0..2 {
        let mut tx = db.write().await.unwrap();
        live::deliver(&mut tx, &[id(10)]).await.unwrap();
        inbox::deliver(&mut tx, &[id(10)], NOW).await.unwrap();
        tx.commit().await.unwrap();
        if turn == 0 {
            let read = in_tx!(db, inbox::read, ana, id(10), NOW + 5);
            assert_eq!(read.unwrap().read_at, Some(NOW + 5));
        }
    }
    assert_eq!(sequences(&db).await, [(1, id(10))]);
    let messages = in_tx!(db, inbox::list, ana, Uuid::max(), 10);
    assert_eq!(messages.len(), 1);
    // A message that was read does not become new.
    assert_eq!(messages[0].read_at, Some(NOW + 5));
    assert_eq!(in_tx!(db, inbox::count_unread, ana, 100), 0);
}

async fn numbers_have_no_gap_and_none_is_given_twice(engine: &Engine) {
    let db = engine.open().await;
    for round in 0..3_u128 {
        let events: Vec<NewEvent> = (0..4)
            .map(|number| event(10 * round + number + 1, &format!("order:{number}")))
            .collect();
        append(&db, &events).await;
        deliver_live(&db, NOW).await;
        // One that was delivered before is among those that come.
        in_tx!(db, live::deliver, &[id(1), id(2)]);
    }
    let numbers: Vec<i64> = sequences(&db).await.iter().map(|(it, _)| *it).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    let ends = in_tx!(db, live::ends);
    assert_eq!((ends.first, ends.last), (1, 12));
    // Everything is old; the newest stays, and numbers go on after it.
    assert_eq!(in_tx!(db, live::sweep, NOW + SECOND, 5), 5);
    assert_eq!(in_tx!(db, live::sweep, NOW + SECOND, 100), 6);
    assert_eq!(in_tx!(db, live::sweep, NOW + SECOND, 100), 0);
    let ends = in_tx!(db, live::ends);
    assert_eq!((ends.first, ends.last), (12, 12));
    append(&db, &[event(100, "order:z")]).await;
    deliver_live(&db, NOW).await;
    let numbers: Vec<i64> = sequences(&db).await.iter().map(|(it, _)| *it).collect();
    assert_eq!(numbers, [12, 13]);
}

async fn what_was_rolled_back_leaves_no_gap(engine: &Engine) {
    let db = engine.open().await;
    append(&db, &[event(1, "order:a"), event(2, "order:b")]).await;
    let mut tx = db.write().await.unwrap();
    live::deliver(&mut tx, &[id(1), id(2)]).await.unwrap();
    drop(tx);
    deliver_live(&db, NOW).await;
    assert_eq!(sequences(&db).await, [(1, id(1)), (2, id(2))]);
    let empty = in_tx!(db, live::between, 1, 1, 10);
    assert!(empty.is_empty());
}

async fn an_event_that_failed_holds_back_its_own_aggregate_until_its_time(engine: &Engine) {
    let db = engine.open().await;
    append(
        &db,
        &[
            event(1, "order:a"),
            event(2, "order:a"),
            event(3, "order:b"),
        ],
    )
    .await;
    fail(&db, Consumer::Live, 1, 1, Some(NOW + 5 * SECOND)).await;
    let at = async |now| ids(&due(&db, Consumer::Live, now, 100).await);
    assert_eq!(at(NOW).await, [id(3)]);
    assert_eq!(at(NOW + 5 * SECOND - 1).await, [id(3)]);
    let later = due(&db, Consumer::Live, NOW + 5 * SECOND, 100).await;
    assert_eq!(ids(&later), [id(1), id(2), id(3)]);
    assert_eq!(later[0].failures, 1);
    assert_eq!(later[1].failures, 0);
    // What it failed for is remembered until it is delivered.
    fail(&db, Consumer::Live, 1, 2, Some(NOW + 30 * SECOND)).await;
    let later = due(&db, Consumer::Live, NOW + 30 * SECOND, 100).await;
    assert_eq!(later[0].failures, 2);
    let mut tx = db.write().await.unwrap();
    outbox::settle(&mut tx, Consumer::Live, &[&later[0]], NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(at(NOW).await, [id(2), id(3)]);
    assert_eq!(
        engine.raw("SELECT COUNT(*) FROM outbox_failure").await,
        ["0"]
    );
}

async fn what_was_given_up_is_listed_and_can_be_delivered_again(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    append(
        &db,
        &[
            for_account(10, "order:a", ana),
            for_account(11, "order:a", ana),
        ],
    )
    .await;
    fail(&db, Consumer::Inbox, 10, 5, None).await;
    // Those after it go on, and other consumers do not hear of it.
    assert_eq!(ids(&due(&db, Consumer::Inbox, NOW, 100).await), [id(11)]);
    assert_eq!(
        ids(&due(&db, Consumer::Live, NOW, 100).await),
        [id(10), id(11)]
    );
    let dead = in_tx!(db, outbox::dead, None, 10);
    assert_eq!(dead.len(), 1);
    let letter = &dead[0];
    assert_eq!(
        (letter.event_id, letter.consumer.as_str(), letter.attempts),
        (id(10), "INBOX", 5)
    );
    assert_eq!(letter.owner.as_deref(), Some("member1@example.org"));
    assert_eq!(
        (letter.kind.as_str(), letter.aggregate.as_str()),
        ("ORDER_READY", "order:a")
    );
    assert_eq!(
        serde_json::from_str::<Value>(&letter.error).unwrap()["type"],
        "INTERNAL"
    );
    assert_eq!(in_tx!(db, outbox::count_dead, 10), 1);
    // Only what is dead can be repeated, and once.
    assert!(!in_tx!(db, outbox::repeat, id(10), Consumer::Live));
    assert!(!in_tx!(db, outbox::repeat, id(11), Consumer::Inbox));
    assert!(in_tx!(db, outbox::repeat, id(10), Consumer::Inbox));
    assert!(!in_tx!(db, outbox::repeat, id(10), Consumer::Inbox));
    let due = due(&db, Consumer::Inbox, NOW, 100).await;
    assert_eq!(ids(&due), [id(10), id(11)]);
    assert_eq!(due[0].failures, 0);
    assert_eq!(in_tx!(db, outbox::count_dead, 10), 0);
}

async fn pages_of_dead_letters_hold_each_of_them_once(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let mut expected = Vec::new();
    for number in 10..14 {
        append(&db, &[for_account(number, &format!("order:{number}"), ana)]).await;
        for consumer in Consumer::ALL {
            fail(&db, consumer, number, 5, None).await;
            expected.push((id(number), consumer.key()));
        }
    }
    // One that is still tried is none.
    append(&db, &[for_account(20, "order:20", ana)]).await;
    fail(&db, Consumer::Live, 20, 1, Some(NOW + SECOND)).await;
    expected.sort();
    expected.reverse();
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let page = in_tx!(db, outbox::dead, before, 3);
        let Some(last) = page.last() else { break };
        before = Some((last.event_id, Consumer::from_key(&last.consumer).unwrap()));
        found.extend(page.into_iter().map(|letter| {
            let consumer = Consumer::from_key(&letter.consumer).unwrap();
            (letter.event_id, consumer.key())
        }));
    }
    assert_eq!(found, expected);
    assert_eq!(in_tx!(db, outbox::count_dead, 3), 3);
}

async fn one_process_delivers_at_a_time(engine: &Engine) {
    let one = engine.open().await;
    let other = engine.open().await;
    let mut tx = one.write().await.unwrap();
    assert!(outbox::lock(&mut tx).await.unwrap());
    if one.dialect() == Dialect::Postgres {
        let mut second = other.write().await.unwrap();
        assert!(!outbox::lock(&mut second).await.unwrap());
    }
    tx.commit().await.unwrap();
    let mut tx = other.write().await.unwrap();
    assert!(outbox::lock(&mut tx).await.unwrap());
}

async fn commits_wake_those_who_wait_for_them(engine: &Engine) {
    let db = engine.open().await;
    // What is rolled back wakes nobody; what is committed wakes even where nobody waited yet.
    let mut tx = db.write().await.unwrap();
    outbox::append(&mut tx, &[event(1, "order:a")])
        .await
        .unwrap();
    drop(tx);
    append(&db, &[event(2, "order:a")]).await;
    tokio::time::timeout(FAR, db.events().woken())
        .await
        .unwrap();
    in_tx!(db, live::deliver, &[id(2)]);
    tokio::time::timeout(FAR, db.live().woken()).await.unwrap();
    fail(&db, Consumer::Live, 2, 5, None).await;
    assert!(in_tx!(db, outbox::repeat, id(2), Consumer::Live));
    tokio::time::timeout(FAR, db.events().woken())
        .await
        .unwrap();
}

async fn a_message_is_its_owners_alone(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    append(
        &db,
        &[
            for_account(10, "order:a", ana),
            for_account(11, "order:b", ben),
            for_account(12, "order:a", ana),
        ],
    )
    .await;
    in_tx!(db, inbox::deliver, &[id(11), id(12)], NOW);
    let seen = in_tx!(db, inbox::newest, ana);
    in_tx!(db, inbox::deliver, &[id(10)], NOW - SECOND);
    let list = async |account, before| {
        let rows = in_tx!(db, inbox::list, account, before, 10);
        rows.into_iter()
            .map(|row| row.event_id)
            .collect::<Vec<Uuid>>()
    };
    assert_eq!(list(ana, Uuid::max()).await, [id(12), id(10)]);
    assert_eq!(list(ana, id(12)).await, [id(10)]);
    assert_eq!(list(ben, Uuid::max()).await, [id(11)]);
    assert_eq!(in_tx!(db, inbox::read, ben, id(10), NOW), None);
    assert_eq!(in_tx!(db, inbox::count_unread, ana, 100), 2);
    assert_eq!(in_tx!(db, inbox::count_unread, ana, 1), 1);
    // What was delivered later stays unread, whatever the clock showed and however old it is.
    assert_eq!(in_tx!(db, inbox::read_all, ana, seen, NOW), 1);
    assert_eq!(in_tx!(db, inbox::count_unread, ana, 100), 1);
    // To read twice is to have read first.
    let again = in_tx!(db, inbox::read, ana, id(12), NOW + SECOND).unwrap();
    assert_eq!(again.read_at, Some(NOW));
    assert_eq!(in_tx!(db, inbox::count_unread, ben, 100), 1);
    // Who waits for no order has none.
    assert!(!in_tx!(db, live::waits, ana, 50));
}

async fn an_event_tells_what_its_campus_is_called(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let campus = match db.dialect() {
        Dialect::Sqlite => "x'00000000000000000000000000000005'",
        Dialect::Postgres => "'00000000-0000-0000-0000-000000000005'",
    };
    engine
        .raw(&format!(
            "INSERT INTO campus (id, slug, name, currency, state, hours, slot_minutes, slot_capacity, lead_minutes)
            VALUES ({campus}, 'main', '{{\"en\":\"Main\",\"es\":\"Central\"}}', 'MXN', 'OPEN', '[]', 15, 10, 5)"
        ))
        .await;
    let at_campus = NewEvent {
        campus_id: Some(id(5)),
        ..for_account(10, "order:a", ana)
    };
    let named = NewEvent {
        payload: EventPayload {
            campus: Some(Localized {
                en: "Annex".to_owned(),
                es: "Anexo".to_owned(),
            }),
            ..at_campus.payload.clone()
        },
        id: id(11),
        ..at_campus.clone()
    };
    append(&db, &[at_campus, named]).await;
    in_tx!(db, live::deliver, &[id(10), id(11)]);
    in_tx!(db, inbox::deliver, &[id(10), id(11)], NOW);
    let followed = in_tx!(db, live::between_of, ana, 0, i64::MAX, 10);
    let messages = in_tx!(db, inbox::list, ana, Uuid::max(), 10);
    for payload in [&followed[0].payload.0, &messages[1].payload.0] {
        let payload: EventPayload = serde_json::from_value(payload.clone()).unwrap();
        assert_eq!(payload.number, Some(42));
        assert_eq!(payload.campus.unwrap().es, "Central");
    }
    // What the event says itself holds.
    for payload in [&followed[1].payload.0, &messages[0].payload.0] {
        assert_eq!(payload["campus"]["es"], "Anexo");
    }
}

async fn what_everybody_had_is_forgotten_and_the_rest_is_kept(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let events: Vec<NewEvent> = (10..16)
        .map(|number| for_account(number, &format!("order:{number}"), ana))
        .collect();
    append(&db, &events).await;
    in_tx!(
        db,
        inbox::deliver,
        &(10..16).map(id).collect::<Vec<_>>(),
        NOW
    );
    // 10 and 11 were had by all, 12 only by those who follow, 13 was given up, 14 is tried again.
    let all = due(&db, Consumer::Live, NOW, 100).await;
    let mut tx = db.write().await.unwrap();
    let had: Vec<&Event> = all[..3].iter().collect();
    outbox::settle(&mut tx, Consumer::Live, &had, NOW)
        .await
        .unwrap();
    for consumer in [Consumer::Inbox, Consumer::Notice] {
        outbox::settle(&mut tx, consumer, &had[..2], NOW)
            .await
            .unwrap();
    }
    let given_up: Vec<&Event> = vec![&all[3]];
    for consumer in [Consumer::Live, Consumer::Notice] {
        outbox::settle(&mut tx, consumer, &given_up, NOW)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    fail(&db, Consumer::Inbox, 13, 5, None).await;
    fail(&db, Consumer::Live, 14, 1, Some(NOW + SECOND)).await;
    assert_eq!(in_tx!(db, outbox::sweep, id(100), id(0), 1), 1);
    assert_eq!(in_tx!(db, outbox::sweep, id(11), id(0), 100), 0);
    assert_eq!(in_tx!(db, outbox::sweep, id(100), id(0), 100), 1);
    assert_eq!(
        engine.raw("SELECT COUNT(*) FROM outbox").await,
        ["4"],
        "what is still needed is kept"
    );
    // Dead letters have a time of their own.
    assert_eq!(in_tx!(db, outbox::sweep, id(100), id(100), 100), 1);
    assert_eq!(in_tx!(db, outbox::count_dead, 10), 0);
    assert_eq!(in_tx!(db, inbox::sweep, id(12), 100), 2);
    assert_eq!(in_tx!(db, inbox::list, ana, Uuid::max(), 10).len(), 4);
}

async fn an_event_is_due_alone_where_nothing_holds_it_back(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    assert_eq!(in_tx!(db, outbox::oldest), None);
    let events = [
        for_account(10, "order:a", ana),
        for_account(11, "order:a", ana),
        for_account(12, "order:b", ana),
    ];
    append(&db, &events).await;
    let live = Consumer::Live;
    let still = async |number, now| {
        let due = in_tx!(db, outbox::still_due, live, id(number), now);
        due.map(|event| event.failures)
    };
    assert_eq!(still(10, NOW).await, Some(0));
    assert_eq!(still(11, NOW).await, None, "it comes after another");
    assert_eq!(still(99, NOW).await, None);
    assert_eq!(in_tx!(db, outbox::oldest), Some(NOW + 10));
    // One that has failed waits for its time, and those after it for it.
    fail(&db, live, 10, 3, Some(NOW + SECOND)).await;
    fail(&db, Consumer::Inbox, 10, 3, Some(NOW + SECOND)).await;
    fail(&db, Consumer::Notice, 10, 3, Some(NOW + SECOND)).await;
    assert_eq!(still(10, NOW).await, None);
    assert_eq!(still(10, NOW + SECOND).await, Some(3));
    assert_eq!(in_tx!(db, outbox::oldest), Some(NOW + 12));
    // What was had is not had again.
    deliver_live(&db, NOW).await;
    assert_eq!(still(12, NOW).await, None);
    assert_eq!(in_tx!(db, outbox::oldest), Some(NOW + 12), "of the inbox");
}

async fn frequent_statements_use_their_indexes(engine: &Engine) {
    let db = engine.open().await;
    for number in 1..=50 {
        member(&db, number).await;
    }
    let dialect = db.dialect();
    let (numbers, uuid) = match dialect {
        Dialect::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)",
            "unhex(printf('%032x', n))",
        ),
        Dialect::Postgres => (
            "WITH numbers AS (SELECT n FROM generate_series(1, 5000) AS n)",
            "CAST(lpad(to_hex(n), 32, '0') AS UUID)",
        ),
    };
    // Of five thousand events the last hundred are not delivered.
    engine
        .raw(&format!(
            "{numbers} INSERT INTO outbox (id, aggregate, position, kind, payload, request_id, at, live_at, inbox_at)
            SELECT {uuid}, 'order:' || (n / 5), n % 5 + 1, 'ORDER_STEP', '{{}}', 'r', n,
                CASE WHEN n <= 4900 THEN n END, CASE WHEN n <= 4900 THEN n END FROM numbers"
        ))
        .await;
    engine
        .raw(&format!(
            "{numbers} INSERT INTO live_event (sequence, event_id, kind, payload, at)
            SELECT n, {uuid}, 'ORDER_STEP', '{{}}', n FROM numbers"
        ))
        .await;
    // Fifty members have read most of their messages.
    let reader = match dialect {
        Dialect::Sqlite => "unhex(printf('%032x', n % 50 + 1))",
        Dialect::Postgres => "CAST(lpad(to_hex(n % 50 + 1), 32, '0') AS UUID)",
    };
    let (ana, last) = match dialect {
        Dialect::Sqlite => (
            "x'00000000000000000000000000000001'",
            "x'00000000000000000000000000001388'",
        ),
        Dialect::Postgres => (
            "CAST('00000000-0000-0000-0000-000000000001' AS UUID)",
            "CAST('00000000-0000-0000-0000-000000001388' AS UUID)",
        ),
    };
    engine
        .raw(&format!(
            "{numbers} INSERT INTO inbox_message (event_id, account_id, kind, payload, at, read_at, delivered_at)
            SELECT {uuid}, {reader}, 'ORDER_READY', '{{}}', n, CASE WHEN n <= 4900 THEN n END, n FROM numbers"
        ))
        .await;
    // Of those a few have failed.
    engine
        .raw(&format!(
            "{numbers} INSERT INTO outbox_failure (event_id, consumer, attempts, next_at, dead, error, failed_at)
            SELECT {uuid}, CASE WHEN n % 2 = 0 THEN 'LIVE' ELSE 'INBOX' END, 1, CASE WHEN n > 4000 THEN n END,
                n <= 4000, '{{}}', n FROM numbers WHERE n > 3900 AND n <= 4980"
        ))
        .await;
    engine.raw("ANALYZE").await;
    let (one, many) = match dialect {
        Dialect::Sqlite => (ana, format!("'[\"{:032x}\"]'", 4950)),
        Dialect::Postgres => (ana, format!("'[\"{:032x}\"]'::jsonb", 4950)),
    };
    let many = many.as_str();
    let waiting = "outbox_failure_waiting";
    let cases: [(&str, &[&str], &str); 14] = [
        ("storage::outbox::DUE_LIVE", &["1", "100"], "outbox_live"),
        ("storage::outbox::DUE_INBOX", &["1", "100"], "outbox_inbox"),
        ("storage::outbox::DUE_LIVE", &["4970", "100"], waiting),
        ("storage::outbox::DUE_INBOX", &["4970", "100"], waiting),
        ("storage::outbox::OLDEST", &[], "outbox_inbox"),
        ("storage::outbox::LIVE_AGAIN", &[one, "1"], ""),
        (
            "storage::outbox::COUNT_DEAD",
            &["100"],
            "outbox_failure_dead",
        ),
        ("storage::inbox::NEWEST", &[one], "inbox_message_delivered"),
        ("storage::outbox::SETTLE_LIVE", &[many, "1"], ""),
        ("storage::live::DELIVER", &[many], ""),
        ("storage::live::BETWEEN", &["10", "20", "100"], ""),
        (
            "storage::live::BETWEEN_OF",
            &[one, "10", "20", "100"],
            "live_event_account",
        ),
        (
            "storage::inbox::LIST",
            &[one, last, "20"],
            "inbox_message_member",
        ),
        (
            "storage::inbox::COUNT_UNREAD",
            &[one, "100"],
            "inbox_message_unread",
        ),
    ];
    for (name, values, index) in cases {
        let plan = plan_of(engine, dialect, name, values).await;
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        for slow in [
            "SCAN outbox\n",
            "SCAN event",
            "SCAN live_event\n",
            "SCAN inbox_message\n",
            "Seq Scan on outbox",
            "Seq Scan on live_event",
            "Seq Scan on inbox_message",
        ] {
            assert!(!plan.contains(slow), "{name} has {slow}:\n{plan}");
        }
    }
    // A place in an aggregate is found by its index.
    let append = format!(
        "'[{{\"id\":\"{:032x}\",\"aggregate\":\"order:900\",\"step\":1}}]'",
        9000
    );
    let append = match dialect {
        Dialect::Sqlite => append,
        Dialect::Postgres => format!("{append}::jsonb"),
    };
    let plan = plan_of(engine, dialect, "storage::outbox::APPEND", &[&append]).await;
    for slow in ["SCAN outbox", "Seq Scan on outbox"] {
        assert!(!plan.contains(slow), "an event's place is counted:\n{plan}");
    }
    db.close().await;
}
