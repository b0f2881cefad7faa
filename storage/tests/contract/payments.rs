//! Payments of orders, the breakers of their gateways, and the ledger of the simulated one.

use crate::engines::{Engine, on_both_engines};
use crate::work::in_tx;
use crate::{NOW, SECOND, id, member};
use domain::breaker::Breaker;
use domain::payment::{DeclineReason, GatewayKind, PaymentState};
use std::collections::HashMap;
use storage::breaker::StoredBreaker;
use storage::ledger::{self, Charge, Decision, Ledger, NewCharge, NewRefund};
use storage::payment::{self, ChargedOrder, DeclinedOrder, NewPayment, Payment};
use storage::{Db, Dialect, Error, breaker};
use uuid::Uuid;

on_both_engines!(
    a_payment_goes_its_way_and_no_other,
    many_payments_are_moved_at_once,
    no_two_payments_share_a_key,
    what_is_asked_for_again_and_again_is_found_by_an_index,
    a_breaker_is_found_as_it_stood,
    the_ledger_takes_each_key_once,
    many_who_ask_for_the_same_charge_at_once_make_one,
    a_charge_is_given_back_once,
    a_charge_that_was_called_off_is_never_made,
    recent_charges_are_counted_so_far,
    the_ledger_is_a_database_of_its_own,
    every_statement_of_the_ledger_takes_as_many_parameters_as_it_states,
);

/// An id as the engine's SQL writes it.
pub fn literal(engine: &Engine, id: Uuid) -> String {
    match engine.database {
        storage::Database::Sqlite(_) => format!("x'{}'", id.simple()),
        storage::Database::Postgres(_) => format!("'{id}'"),
    }
}

/// A campus that sells in a currency, past the product's statements.
pub async fn campus(engine: &Engine, number: u128, currency: &str) {
    let id = literal(engine, id(number));
    engine
        .raw(&format!(
            "INSERT INTO campus (id, slug, name, currency, state, hours, slot_minutes, slot_capacity,
                lead_minutes)
            VALUES ({id}, 'campus-{number}', '{{}}', '{currency}', 'OPEN', '{{}}', 15, 100, 10)"
        ))
        .await;
}

/// An order of account 1 at campus 1.
pub async fn order(engine: &Engine, number: u128) -> Uuid {
    let (order, account, campus) = (
        literal(engine, id(number)),
        literal(engine, id(1)),
        literal(engine, id(1)),
    );
    engine
        .raw(&format!(
            "INSERT INTO orders (id, number, account_id, campus_id, slot_at, state, gateway, total, currency,
                idempotency_key, request_hash, placed_at, request_id)
            VALUES ({order}, {number}, {account}, {campus}, 1, 'PENDING', 'SIMULATED', 950, 'MXN',
                'key {number}', 'hash', 1, 'request')"
        ))
        .await;
    id(number)
}

async fn shop(engine: &Engine) -> Db {
    let db = engine.open().await;
    member(&db, 1).await;
    campus(engine, 1, "MXN").await;
    db
}

async fn request(db: &Db, order: Uuid) -> u64 {
    let new = NewPayment {
        order_id: order,
        gateway: GatewayKind::Simulated,
        key: &format!("order:{order}:charge"),
        refund_key: &format!("order:{order}:refund"),
        amount: 950,
        currency: "MXN",
        at: NOW,
    };
    in_tx!(db, payment::request, &[new])
}

async fn of(db: &Db, order: Uuid) -> Payment {
    let mut tx = db.read().await.unwrap();
    payment::of_order(&mut tx, order).await.unwrap().unwrap()
}

fn charged(order: Uuid, reference: &str) -> Vec<ChargedOrder> {
    vec![ChargedOrder {
        order_id: order,
        reference: reference.to_owned(),
    }]
}

fn declined(order: Uuid) -> Vec<DeclinedOrder> {
    vec![DeclinedOrder {
        order_id: order,
        reason: DeclineReason::CardDeclined,
    }]
}

async fn a_payment_goes_its_way_and_no_other(engine: &Engine) {
    let db = shop(engine).await;
    let paid = order(engine, 11).await;
    assert_eq!(request(&db, paid).await, 1);
    // Whoever takes over after a crash asks with the same keys.
    assert_eq!(request(&db, paid).await, 0);
    let fresh = of(&db, paid).await;
    assert_eq!(
        fresh,
        Payment {
            order_id: paid,
            gateway: GatewayKind::Simulated,
            method: None,
            key: format!("order:{paid}:charge"),
            refund_key: format!("order:{paid}:refund"),
            amount: 950,
            currency: "MXN".to_owned(),
            state: PaymentState::Requested,
            reference: None,
            decline_reason: None,
            at: NOW,
            updated_at: NOW,
        }
    );

    // Money that is not to go back has not gone back.
    assert_eq!(in_tx!(db, payment::refunded, &[paid], NOW + 1), 0);
    for _ in 0..2 {
        let told = in_tx!(db, payment::charged, &charged(paid, "c1"), NOW + 1);
        assert_eq!(told, 1);
    }
    assert_eq!(
        in_tx!(db, payment::charged, &charged(paid, "c2"), NOW + 2),
        0
    );
    assert_eq!(in_tx!(db, payment::declined, &declined(paid), NOW + 2), 0);
    assert_eq!(
        of(&db, paid).await,
        Payment {
            state: PaymentState::Charged,
            reference: Some("c1".to_owned()),
            updated_at: NOW + 1,
            ..fresh
        }
    );
    for _ in 0..2 {
        assert_eq!(in_tx!(db, payment::refunding, &[paid], NOW + 3), 1);
    }
    for _ in 0..2 {
        assert_eq!(in_tx!(db, payment::refunded, &[paid], NOW + 4), 1);
    }
    assert_eq!(
        in_tx!(db, payment::charged, &charged(paid, "c1"), NOW + 5),
        0
    );
    assert_eq!(in_tx!(db, payment::refunding, &[paid], NOW + 5), 0);
    let gone = of(&db, paid).await;
    assert_eq!(gone.state, PaymentState::Refunded);
    assert_eq!(gone.reference.as_deref(), Some("c1"));

    let refused = order(engine, 12).await;
    request(&db, refused).await;
    for _ in 0..2 {
        let told = in_tx!(db, payment::declined, &declined(refused), NOW + 1);
        assert_eq!(told, 1);
    }
    assert_eq!(
        in_tx!(db, payment::charged, &charged(refused, "c3"), NOW + 2),
        0
    );
    assert_eq!(in_tx!(db, payment::refunding, &[refused], NOW + 2), 0);
    let refused = of(&db, refused).await;
    assert_eq!(refused.state, PaymentState::Declined);
    assert_eq!(refused.decline_reason, Some(DeclineReason::CardDeclined));
    assert_eq!(refused.reference, None);

    // Whether it was charged is not known: it is to go back all the same.
    let unknown = order(engine, 13).await;
    request(&db, unknown).await;
    assert_eq!(in_tx!(db, payment::refunding, &[unknown], NOW), 1);
    assert_eq!(in_tx!(db, payment::refunded, &[unknown], NOW), 1);
}

async fn many_payments_are_moved_at_once(engine: &Engine) {
    let db = shop(engine).await;
    let mut orders = Vec::new();
    for number in 21..31 {
        let order = order(engine, number).await;
        request(&db, order).await;
        orders.push(order);
    }
    let told: Vec<ChargedOrder> = orders[..6]
        .iter()
        .map(|order| ChargedOrder {
            order_id: *order,
            reference: format!("c-{order}"),
        })
        .collect();
    assert_eq!(in_tx!(db, payment::charged, &told, NOW + 1), 6);
    let told: Vec<DeclinedOrder> = orders[4..8]
        .iter()
        .map(|order| DeclinedOrder {
            order_id: *order,
            reason: DeclineReason::InsufficientFunds,
        })
        .collect();
    assert_eq!(
        in_tx!(db, payment::declined, &told, NOW + 2),
        2,
        "the unpaid"
    );

    let mut tx = db.read().await.unwrap();
    let mut wanted = orders.clone();
    wanted.push(id(99));
    let all = payment::of_orders(&mut tx, &wanted).await.unwrap();
    let all: HashMap<Uuid, Payment> = all.into_iter().map(|it| (it.order_id, it)).collect();
    assert_eq!(all.len(), orders.len());
    for (index, order) in orders.iter().enumerate() {
        let payment = &all[order];
        let (state, reference) = match index {
            ..6 => (PaymentState::Charged, Some(format!("c-{order}"))),
            6..8 => (PaymentState::Declined, None),
            _ => (PaymentState::Requested, None),
        };
        assert_eq!((payment.state, &payment.reference), (state, &reference));
    }
}

async fn no_two_payments_share_a_key(engine: &Engine) {
    let db = shop(engine).await;
    let (one, other) = (order(engine, 41).await, order(engine, 42).await);
    request(&db, one).await;
    for (key, refund_key) in [
        (format!("order:{one}:charge"), "free".to_owned()),
        ("free".to_owned(), format!("order:{one}:refund")),
    ] {
        let mut tx = db.write().await.unwrap();
        let new = NewPayment {
            order_id: other,
            gateway: GatewayKind::Wallet,
            key: &key,
            refund_key: &refund_key,
            amount: 1,
            currency: "MXN",
            at: NOW,
        };
        let refused = payment::request(&mut tx, &[new]).await;
        assert!(matches!(refused, Err(Error::Duplicate(_))), "{refused:?}");
    }
}

/// Two hundred wallets, ten transfers each, as in an institution that has been used.
async fn fill(engine: &Engine, dialect: Dialect) {
    let numbers = match dialect {
        Dialect::Sqlite => {
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)"
        }
        Dialect::Postgres => "WITH numbers AS (SELECT n FROM generate_series(1, 2000) AS n)",
    };
    let id = |number: &str| match dialect {
        Dialect::Sqlite => format!("unhex(printf('%032x', {number}))"),
        Dialect::Postgres => format!("CAST(lpad(to_hex({number}), 32, '0') AS UUID)"),
    };
    let (number, owner, house) = (id("n"), id("n % 200 + 1"), id("1000"));
    for insert in [
        format!(
            "INSERT INTO account (id, email, name, password_hash, role, created_at)
            SELECT {number}, 'a' || n || '@example.org', 'Ana', '-', 'MEMBER', 1 FROM numbers WHERE n <= 200"
        ),
        format!(
            "INSERT INTO wallet_account (id, kind, owner_id, currency)
            SELECT {number}, 'MEMBER', {number}, 'MXN' FROM numbers WHERE n <= 200"
        ),
        format!(
            "INSERT INTO wallet_account (id, kind, owner_id, currency)
            SELECT {house}, 'CARD', NULL, 'MXN' FROM numbers WHERE n = 1"
        ),
        format!(
            "INSERT INTO wallet_transfer (id, key, kind, at)
            SELECT {number}, 'key ' || n, 'TOP_UP', n FROM numbers"
        ),
        format!(
            "INSERT INTO wallet_entry (transfer_id, account_id, amount)
            SELECT {number}, {owner}, 1 FROM numbers"
        ),
        format!(
            "INSERT INTO wallet_entry (transfer_id, account_id, amount)
            SELECT {number}, {house}, -1 FROM numbers"
        ),
    ] {
        engine.raw(&format!("{numbers} {insert}")).await;
    }
    engine.raw("ANALYZE").await;
}

async fn what_is_asked_for_again_and_again_is_found_by_an_index(engine: &Engine) {
    let db = engine.open().await;
    let dialect = db.dialect();
    fill(engine, dialect).await;
    let id = match dialect {
        Dialect::Sqlite => "x'00'",
        Dialect::Postgres => "'00000000-0000-0000-0000-000000000001'::uuid",
    };
    let (payment, key, transfer, entry) = match dialect {
        Dialect::Sqlite => (
            "SEARCH payment USING PRIMARY KEY",
            "sqlite_autoindex_wallet_transfer_2",
            "SEARCH t USING PRIMARY KEY",
            "SEARCH e USING PRIMARY KEY",
        ),
        Dialect::Postgres => (
            "payment_pkey",
            "wallet_transfer_key_key",
            "wallet_transfer_pkey",
            "wallet_entry_pkey",
        ),
    };
    let ids = r#"'["00000000000000000000000000000001"]'"#;
    let told = r#"'[{"orderId":"00000000000000000000000000000001","reference":"c","reason":"r"}]'"#;
    let cases: [(&str, &[&str], &[&str]); 11] = [
        ("payment::OF_ORDERS", &[ids], &[payment]),
        ("payment::CHARGED", &[told, "1"], &[payment]),
        ("payment::DECLINED", &[told, "1"], &[payment]),
        ("payment::REFUNDING", &[ids, "1"], &[payment]),
        ("payment::REFUNDED", &[ids, "1"], &[payment]),
        ("wallet::BY_KEY", &["'key 7'"], &[key, entry]),
        (
            "wallet::MOVE_OF_MEMBER",
            &[id, "'MXN'", "1", "9"],
            &["wallet_account_member"],
        ),
        (
            "wallet::MOVE_OF_HOUSE",
            &["'CARD'", "'MXN'", "1"],
            &["wallet_account_own"],
        ),
        ("wallet::BALANCES", &[id], &["wallet_account_member"]),
        (
            "wallet::STATEMENT",
            &[id, id, "20"],
            &["wallet_entry_account", transfer],
        ),
        ("wallet::ONE", &[id, id], &[entry, transfer]),
    ];
    for (name, values, indexes) in cases {
        let name = format!("storage::{name}");
        let plan = crate::statements::plan_of(engine, dialect, &name, values).await;
        for index in indexes {
            assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        }
        for line in plan.lines() {
            let given = ["SCAN json_each", "SCAN wanted"];
            let given = given.iter().any(|given| line.contains(given));
            let slow = ["SCAN", "Seq Scan", "USE TEMP B-TREE", "Sort"];
            let slow = slow.iter().any(|slow| line.contains(slow));
            // A member has few currencies: those are put in order.
            let few = name.ends_with("BALANCES") && line.contains("Sort");
            assert!(!slow || given || few, "{name} reads too much:\n{plan}");
        }
    }
    db.close().await;
}

async fn a_breaker_is_found_as_it_stood(engine: &Engine) {
    let db = engine.open().await;
    let until = NOW + SECOND;
    let states = [
        Breaker::Open { failures: 5, until },
        Breaker::HalfOpen {
            failures: 5,
            probing: Some(until),
        },
        Breaker::HalfOpen {
            failures: 5,
            probing: None,
        },
        Breaker::Closed { failures: 0 },
    ];
    in_tx!(db, breaker::put, "WALLET", states[0], NOW);
    for (breaker, at) in states.into_iter().zip(NOW..) {
        in_tx!(db, breaker::put, "SIMULATED", breaker, at);
        let mut tx = db.read().await.unwrap();
        let stored = |name: &str, breaker, changed_at| StoredBreaker {
            name: name.to_owned(),
            breaker,
            changed_at,
        };
        assert_eq!(
            breaker::all(&mut tx).await.unwrap(),
            [
                stored("SIMULATED", breaker, at),
                stored("WALLET", states[0], NOW)
            ]
        );
    }
}

async fn open(engine: &Engine) -> Ledger {
    Ledger::open(&engine.database, &engine.slug).await.unwrap()
}

fn new_charge(key: &str, account: u128, decision: Decision) -> NewCharge {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    NewCharge {
        key: key.to_owned(),
        reference: format!("charge-{number}"),
        account_id: id(account),
        order_id: Some(id(7)),
        amount: 950,
        currency: "MXN".to_owned(),
        decision,
        at: NOW,
    }
}

fn new_refund(charge_key: &str, key: &str) -> NewRefund {
    NewRefund {
        charge_key: charge_key.to_owned(),
        key: key.to_owned(),
        reference: format!("refund-{key}"),
        at: NOW + 1,
    }
}

async fn find(db: &Db, key: &str) -> Option<Charge> {
    let mut tx = db.read().await.unwrap();
    ledger::find(&mut tx, &[key]).await.unwrap().remove(key)
}

async fn the_ledger_takes_each_key_once(engine: &Engine) {
    let ledger = open(engine).await;
    let db = ledger.db();
    let first = new_charge("a", 1, Decision::Approved);
    let no = Decision::Declined(DeclineReason::SuspectedFraud);
    // The same key also within one batch.
    let batch = [
        first.clone(),
        new_charge("a", 1, no),
        new_charge("b", 2, no),
    ];
    in_tx!(db, ledger::charge, &batch);
    in_tx!(db, ledger::charge, &[new_charge("a", 1, no)]);
    in_tx!(
        db,
        ledger::charge,
        &[new_charge("b", 2, Decision::Approved)]
    );
    let kept = find(db, "a").await.unwrap();
    assert_eq!(
        kept,
        Charge {
            key: "a".to_owned(),
            reference: first.reference,
            account_id: id(1),
            order_id: Some(id(7)),
            amount: 950,
            currency: "MXN".to_owned(),
            decision: Decision::Approved,
            at: NOW,
            refund_key: None,
            refund_reference: None,
        }
    );
    assert!(kept.is_kept());
    let declined = find(db, "b").await.unwrap();
    assert_eq!(declined.decision, no);
    assert!(!declined.is_kept());
    assert_eq!(find(db, "c").await, None);
    let keys: Vec<String> = ledger
        .charges()
        .await
        .unwrap()
        .into_iter()
        .map(|charge| charge.key)
        .collect();
    assert_eq!(keys, ["a", "b"]);
}

async fn many_who_ask_for_the_same_charge_at_once_make_one(engine: &Engine) {
    let ledger = open(engine).await;
    let callers: Vec<_> = (0..40)
        .map(|_| {
            let db = ledger.db().clone();
            tokio::spawn(async move {
                let batch = ["x", "y", "z"].map(|key| new_charge(key, 1, Decision::Approved));
                let mut tx = db.write().await.unwrap();
                ledger::charge(&mut tx, &batch).await.unwrap();
                let found = ledger::find(&mut tx, &["x", "y", "z"]).await.unwrap();
                tx.commit().await.unwrap();
                ["x", "y", "z"].map(|key| found[key].reference.clone())
            })
        })
        .collect();
    let mut told = Vec::new();
    for caller in callers {
        told.push(caller.await.unwrap());
    }
    // Everybody was told of the same charges.
    told.dedup();
    assert_eq!(told.len(), 1);
    assert_eq!(ledger.charges().await.unwrap().len(), 3);
}

async fn a_charge_is_given_back_once(engine: &Engine) {
    let ledger = open(engine).await;
    let db = ledger.db();
    in_tx!(
        db,
        ledger::charge,
        &[new_charge("a", 1, Decision::Approved)]
    );
    let no = Decision::Declined(DeclineReason::CardDeclined);
    in_tx!(db, ledger::charge, &[new_charge("b", 1, no)]);
    let refunds = [
        new_refund("a", "a1"),
        new_refund("a", "a2"),
        new_refund("b", "b1"),
        new_refund("c", "c1"),
    ];
    for _ in 0..2 {
        in_tx!(db, ledger::refund, &refunds);
    }
    let back = find(db, "a").await.unwrap();
    // Which of two that come in one batch it is does not matter.
    let key = back.refund_key.clone().unwrap();
    assert!(["a1", "a2"].contains(&key.as_str()), "{key}");
    assert_eq!(back.refund_reference, Some(format!("refund-{key}")));
    assert_eq!(back.decision, Decision::Approved);
    assert!(!back.is_kept());
    // There is nothing to give back of what was not taken.
    assert_eq!(find(db, "b").await.unwrap().refund_key, None);
    assert_eq!(find(db, "c").await, None);
}

async fn a_charge_that_was_called_off_is_never_made(engine: &Engine) {
    let ledger = open(engine).await;
    let db = ledger.db();
    in_tx!(db, ledger::charge, &[new_charge("a", 1, Decision::Void)]);
    in_tx!(
        db,
        ledger::charge,
        &[new_charge("a", 1, Decision::Approved)]
    );
    in_tx!(db, ledger::refund, &[new_refund("a", "a1")]);
    let void = find(db, "a").await.unwrap();
    assert_eq!(void.decision, Decision::Void);
    assert_eq!(void.refund_key, None);
}

async fn recent_charges_are_counted_so_far(engine: &Engine) {
    let ledger = open(engine).await;
    let db = ledger.db();
    let no = Decision::Declined(DeclineReason::CardDeclined);
    let mut batch = Vec::new();
    for number in 0..10 {
        batch.push(NewCharge {
            at: NOW + number,
            ..new_charge(&format!("a{number}"), 1, Decision::Approved)
        });
        batch.push(new_charge(&format!("b{number}"), 2, no));
    }
    in_tx!(db, ledger::charge, &batch);
    let mut tx = db.read().await.unwrap();
    let accounts = [id(1), id(2), id(3)];
    let since = NOW + 3;
    let all = ledger::recent(&mut tx, &accounts, since, 20).await.unwrap();
    assert_eq!(all, HashMap::from([(id(1), 6), (id(2), 0), (id(3), 0)]));
    let few = ledger::recent(&mut tx, &accounts, since, 4).await.unwrap();
    assert_eq!(few[&id(1)], 4);
}

async fn the_ledger_is_a_database_of_its_own(engine: &Engine) {
    let db = engine.open().await;
    let ledger = open(engine).await;
    in_tx!(
        ledger.db(),
        ledger::charge,
        &[new_charge("a", 1, Decision::Approved)]
    );
    let tables = match db.dialect() {
        Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'charge'".to_owned(),
        Dialect::Postgres => format!(
            "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'charge' AND schemaname = '{}'",
            engine.schema()
        ),
    };
    assert_eq!(engine.raw(&tables).await, ["0"]);
    // Another process, or the same one later, finds what was written.
    let again = open(engine).await;
    assert!(find(again.db(), "a").await.is_some());
    // Nobody else's database may take its place.
    let taken = format!("{}_gateway", engine.slug);
    let opened = Db::open(&engine.database, &taken).await;
    assert!(matches!(opened, Err(Error::Address(_))));
}

async fn every_statement_of_the_ledger_takes_as_many_parameters_as_it_states(engine: &Engine) {
    let ledger = open(engine).await;
    assert!(ledger::statements().len() >= 4);
    for statement in ledger::statements() {
        let counted = ledger.db().parameters(statement).await;
        let counted = counted.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
        assert_eq!(counted, statement.parameters, "{}", statement.name);
    }
}

#[test]
fn both_engines_have_the_same_migrations_of_the_ledger() {
    let names = |engine: &str| -> Vec<String> {
        let folder = format!(
            "{}/../migrations/gateway/{engine}",
            env!("CARGO_MANIFEST_DIR")
        );
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("postgres"));
}
