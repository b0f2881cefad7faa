//! What those who run the place see: lists by index however long they are, sums, refunds, versions.

use crate::engines::{Engine, on_both_engines};
use crate::statements::plan_of;
use crate::work::{in_tx, literal};
use crate::{NOW, SECOND, id, member};
use domain::account::Role;
use domain::payment::{PaymentState, Returns};
use serde_json::{Value, json};
use storage::audit::{self, AuditFilter, Entry};
use storage::card::{self, NewCardPayment};
use storage::order_list::{self, Part, Place};
use storage::overview::{self, Span};
use storage::people;
use storage::refund::{self, NewRefund};
use storage::{Db, Dialect};
use uuid::Uuid;

on_both_engines!(
    orders_are_listed_in_every_order_page_by_page,
    orders_are_found_by_number_and_person,
    people_are_listed_and_found_by_how_their_names_begin,
    somebody_is_changed_only_from_what_they_were,
    what_is_given_back_is_never_more_than_was_paid,
    what_went_back_elsewhere_is_not_left,
    a_refund_that_failed_is_left_again,
    a_cancellation_whose_refund_failed_is_left_again,
    the_audit_log_is_filtered_and_counted,
    days_are_summed_up_and_waits_are_ranked,
    long_lists_are_read_by_their_indexes,
);

/// States that orders of the tests have, by their number.
const STATES: [&str; 6] = [
    "PENDING",
    "CONFIRMED",
    "PREPARING",
    "READY",
    "COLLECTED",
    "CANCELLED",
];

/// Orders of two campuses and fifty members, numbered from 1: number `n` is of campus `n % 2 + 1`, member
/// `n % 50 + 1` and state `n % 6`; its slot is so many seconds after the turn of a day that slots of
/// neighbours are far apart.
async fn fill(engine: &Engine, orders: u32) -> Db {
    let db = engine.open().await;
    for number in 1..=50 {
        member(&db, number).await;
    }
    campus(engine, 1, "USD").await;
    campus(engine, 2, "MXN").await;
    let (numbers, order, person, place) = match db.dialect() {
        Dialect::Sqlite => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {orders})"
            ),
            "unhex(printf('%032x', n + 1000))",
            "unhex(printf('%032x', n % 50 + 1))",
            "unhex(printf('%032x', n % 2 + 1))",
        ),
        Dialect::Postgres => (
            format!(
                "WITH numbers AS (SELECT CAST(n AS BIGINT) AS n FROM generate_series(1, {orders}) AS n)"
            ),
            "CAST(lpad(to_hex(n + 1000), 32, '0') AS UUID)",
            "CAST(lpad(to_hex(n % 50 + 1), 32, '0') AS UUID)",
            "CAST(lpad(to_hex(n % 2 + 1), 32, '0') AS UUID)",
        ),
    };
    let state = "CASE n % 6 WHEN 0 THEN 'PENDING' WHEN 1 THEN 'CONFIRMED' WHEN 2 THEN 'PREPARING'
        WHEN 3 THEN 'READY' WHEN 4 THEN 'COLLECTED' ELSE 'CANCELLED' END";
    engine
        .raw(&format!(
            "{numbers} INSERT INTO orders (id, number, account_id, campus_id, slot_at, state, gateway, total, currency,
                idempotency_key, request_hash, placed_at, preparing_at, ready_at, cancelled_at, cancel_reason, request_id)
            SELECT {order}, n % 200 + 1, {person}, {place}, {NOW} + n * 7919 % 1000 * {SECOND}, {state}, 'SIMULATED',
                100 + n % 10, CASE n % 2 WHEN 0 THEN 'USD' ELSE 'MXN' END, 'key ' || n, 'hash', {NOW} + n,
                CASE WHEN n % 6 = 4 THEN {NOW} + n * 7919 % 1000 * {SECOND} - 60 * {SECOND} END,
                CASE WHEN n % 6 = 4 THEN {NOW} + n * 7919 % 1000 * {SECOND} + n % 100 * {SECOND} END,
                CASE WHEN n % 6 = 5 THEN 1 END, CASE WHEN n % 6 = 5 THEN 'MEMBER' END, 'r' FROM numbers"
        ))
        .await;
    db
}

/// A campus that sells in a currency, past the product's statements.
async fn campus(engine: &Engine, number: u128, currency: &str) {
    let campus = literal(engine, id(number));
    engine
        .raw(&format!(
            r#"INSERT INTO campus (id, slug, name, currency, state, hours, slot_minutes, slot_capacity, lead_minutes)
            VALUES ({campus}, 'campus-{number}', '{{"en":"Campus","es":"Campus"}}', '{currency}', 'OPEN',
                '[[],[],[],[],[],[],[]]', 15, 100, 10)"#
        ))
        .await;
}

const fn order(number: u128) -> Uuid {
    id(number + 1000)
}

/// When the slot of an order of the tests is.
const fn slot(number: i64) -> i64 {
    NOW + number * 7919 % 1000 * SECOND
}

fn parts(campuses: &[u128], states: &[&'static str]) -> Vec<Part> {
    campuses
        .iter()
        .flat_map(|campus| {
            states.iter().map(move |state| Part {
                campus: id(*campus),
                state,
            })
        })
        .collect()
}

async fn orders_are_listed_in_every_order_page_by_page(engine: &Engine) {
    let db = fill(engine, 120).await;
    for (campuses, states) in [
        (&[1, 2][..], &STATES[..]),
        (&[1][..], &STATES[..]),
        (&[1, 2][..], &["READY", "COLLECTED"][..]),
        (&[2][..], &["CANCELLED"][..]),
    ] {
        let parts = parts(campuses, states);
        let mut wanted: Vec<(i64, Uuid)> = (1..=120)
            .filter(|number| campuses.contains(&((number % 2 + 1) as u128)))
            .filter(|number| states.contains(&STATES[(number % 6) as usize]))
            .map(|number| (slot(number), order(number as u128)))
            .collect();
        let counted = in_tx!(
            db,
            order_list::count_placed,
            &parts,
            Uuid::nil(),
            Uuid::max(),
            1000
        );
        assert_eq!(counted, wanted.len() as i64);
        let due = in_tx!(db, order_list::count_due, &parts, 0, i64::MAX, 1000);
        assert_eq!(due, counted);
        let ids = |wanted: &[(i64, Uuid)]| wanted.iter().map(|(_, id)| *id).collect::<Vec<_>>();

        wanted.sort_by_key(|(_, id)| *id);
        let (mut found, mut last) = (Vec::new(), Uuid::nil());
        loop {
            let page = in_tx!(db, order_list::oldest, &parts, last, Uuid::max(), 7);
            let Some(end) = page.last() else { break };
            last = *end;
            found.extend(page);
        }
        assert_eq!(found, ids(&wanted), "oldest first");
        let (mut found, mut last) = (Vec::new(), Uuid::max());
        loop {
            let page = in_tx!(db, order_list::newest, &parts, last, Uuid::nil(), 7);
            let Some(end) = page.last() else { break };
            last = *end;
            found.extend(page);
        }
        found.reverse();
        assert_eq!(found, ids(&wanted), "newest first");

        wanted.sort_unstable();
        let place_of = |order: Uuid| {
            let (slot_at, id) = wanted.iter().find(|(_, id)| *id == order).unwrap();
            Place {
                slot_at: *slot_at,
                id: *id,
            }
        };
        let (mut found, mut last) = (
            Vec::new(),
            Place {
                slot_at: 0,
                id: Uuid::nil(),
            },
        );
        loop {
            let page = in_tx!(db, order_list::soonest, &parts, last, i64::MAX, 7);
            let Some(end) = page.last() else { break };
            last = place_of(*end);
            found.extend(page);
        }
        assert_eq!(found, ids(&wanted), "soonest first");
        let (mut found, mut last) = (
            Vec::new(),
            Place {
                slot_at: i64::MAX,
                id: Uuid::max(),
            },
        );
        loop {
            let page = in_tx!(db, order_list::latest, &parts, last, 0, 7);
            let Some(end) = page.last() else { break };
            last = place_of(*end);
            found.extend(page);
        }
        found.reverse();
        assert_eq!(found, ids(&wanted), "latest first");
    }
    // Bounds leave out what lies beyond.
    let parts = parts(&[1, 2], &STATES);
    let some = in_tx!(db, order_list::newest, &parts, order(20), order(10), 100);
    assert_eq!(some.len(), 10);
    let counted = in_tx!(
        db,
        order_list::count_placed,
        &parts,
        order(10),
        order(20),
        1000
    );
    assert_eq!(counted, 10);
    let few = in_tx!(
        db,
        order_list::count_placed,
        &parts,
        order(1),
        order(120),
        3
    );
    assert!((3..=36).contains(&few), "{few}");
    db.close().await;
}

async fn orders_are_found_by_number_and_person(engine: &Engine) {
    let db = fill(engine, 450).await;
    let called: Vec<Uuid> = in_tx!(db, order_list::by_number, 8, 10)
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(called, [order(407), order(207), order(7)]);
    assert_eq!(in_tx!(db, order_list::by_number, 8, 2).len(), 2);
    assert!(in_tx!(db, order_list::by_number, 9999, 10).is_empty());
    let own: Vec<Uuid> = in_tx!(db, order_list::of_people, &[id(1), id(2)], 4)
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(own, [order(450), order(401), order(400), order(351)]);
    let listed = in_tx!(db, order_list::listed, &[order(7), order(9999)]);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (
            listed[0].number,
            listed[0].campus.as_str(),
            listed[0].email.as_str()
        ),
        (8, "campus-2", "member8@example.org")
    );
    db.close().await;
}

/// An account that is called so.
async fn called(db: &Db, number: u128, name: &str, email: &str, role: Role) {
    let mut tx = db.write().await.unwrap();
    let new = storage::account::NewAccount {
        id: id(number),
        email,
        name,
        password_hash: "$argon2id$",
        role,
        created_at: NOW,
    };
    assert!(storage::account::insert(&mut tx, &new).await.unwrap());
    tx.commit().await.unwrap();
}

fn everybody() -> Vec<people::Part> {
    Role::ALL
        .into_iter()
        .flat_map(|role| {
            [true, false].map(|active| people::Part {
                role: role.key(),
                active,
            })
        })
        .collect()
}

async fn people_are_listed_and_found_by_how_their_names_begin(engine: &Engine) {
    let db = engine.open().await;
    called(&db, 1, "Ana María López", "ana@uni.mx", Role::Member).await;
    called(&db, 2, "Lope Ruiz", "zoe.ruiz@uni.mx", Role::Staff).await;
    called(&db, 3, "Bob", "bob@lopez.org", Role::Admin).await;
    let find = async |first: &str, others: &[&str]| {
        let mut found = in_tx!(db, people::called, first, others, 10, 100);
        found.sort_unstable();
        found
    };
    assert_eq!(find("lope", &[]).await, [id(1), id(2), id(3)]);
    assert_eq!(find("lopez", &[]).await, [id(1), id(3)]);
    assert_eq!(find("maria", &["ana"]).await, [id(1)]);
    assert_eq!(find("zoe.ruiz@uni.mx", &[]).await, [id(2)]);
    assert!(find("maria", &["ruiz"]).await.is_empty());
    assert!(find("nobody", &[]).await.is_empty());

    let all = everybody();
    assert_eq!(
        in_tx!(db, people::newest, &all, Uuid::max(), 10),
        [id(3), id(2), id(1)]
    );
    assert_eq!(in_tx!(db, people::newest, &all, id(3), 1), [id(2)]);
    assert_eq!(
        in_tx!(db, people::by_email, &all, "", 10),
        [id(1), id(3), id(2)]
    );
    assert_eq!(in_tx!(db, people::by_email, &all, "ana@uni.mx", 1), [id(3)]);
    assert_eq!(in_tx!(db, people::count, &all, 1000), 3);
    let staff = [people::Part {
        role: "STAFF",
        active: true,
    }];
    assert_eq!(in_tx!(db, people::newest, &staff, Uuid::max(), 10), [id(2)]);
    db.close().await;
}

async fn somebody_is_changed_only_from_what_they_were(engine: &Engine) {
    let db = engine.open().await;
    called(&db, 1, "Ana", "ana@uni.mx", Role::Member).await;
    let staff = (Role::Staff, true);
    assert!(!in_tx!(db, people::set, id(1), staff, staff), "she is none");
    assert!(in_tx!(
        db,
        people::set,
        id(1),
        (Role::Member, true),
        (Role::Staff, false)
    ));
    let now = in_tx!(db, people::listed, &[id(1)]).pop().unwrap();
    assert_eq!((now.role, now.active), (Role::Staff, false));
    db.close().await;
}

/// A payment of an order of the tests that was charged.
async fn charged(engine: &Engine, number: u128, amount: i64) {
    let order = literal(engine, order(number));
    engine
        .raw(&format!(
            "INSERT INTO payment (order_id, gateway, key, refund_key, amount, currency, state, reference, at, updated_at)
            VALUES ({order}, 'SIMULATED', 'pay {number}', 'back {number}', {amount}, 'USD', 'CHARGED', 'x', 1, 1)"
        ))
        .await;
}

fn new_refund<'a>(number: u128, key: &'a str, amount: i64) -> NewRefund<'a> {
    NewRefund {
        id: id(number),
        order_id: order(1),
        key,
        request_key: key,
        request: "{}",
        amount,
        currency: "USD",
        reason: "cold",
        actor_id: None,
        at: NOW,
    }
}

async fn what_is_given_back_is_never_more_than_was_paid(engine: &Engine) {
    let db = fill(engine, 2).await;
    assert_eq!(in_tx!(db, refund::left, order(1)), None);
    charged(engine, 1, 1000).await;
    assert!(in_tx!(db, refund::request, &new_refund(1, "one", 600)));
    assert!(!in_tx!(db, refund::request, &new_refund(2, "two", 401)));
    assert!(in_tx!(db, refund::request, &new_refund(3, "three", 400)));
    let left = in_tx!(db, refund::left, order(1)).unwrap();
    assert_eq!((left.amount, left.currency.as_str()), (0, "USD"));
    assert_eq!(in_tx!(db, refund::returned, order(1)), 0, "nothing so far");

    assert!(in_tx!(db, refund::done, id(1), Some("x"), NOW));
    assert!(!in_tx!(db, refund::done, id(1), Some("x"), NOW), "once");
    assert_eq!(in_tx!(db, refund::returned, order(1)), 600);
    let third = in_tx!(db, refund::get, id(3)).unwrap();
    assert!(in_tx!(db, refund::refused, &third, NOW));
    assert!(!in_tx!(db, refund::refused, &third, NOW), "once");
    let left = in_tx!(db, refund::left, order(1)).unwrap();
    assert_eq!(left.amount, 400, "what won't be made is left");
    let states: Vec<String> = in_tx!(db, refund::of_order, order(1), 10)
        .into_iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, ["DONE", "REFUSED"]);
    assert_eq!(
        in_tx!(db, refund::by_request, "one").map(|row| row.id),
        Some(id(1))
    );
    // A payment of which all goes back has nothing left for others.
    in_tx!(db, storage::payment::refunding, &[order(1)], NOW);
    assert!(!in_tx!(db, refund::request, &new_refund(4, "four", 1)));
    db.close().await;
}

async fn what_went_back_elsewhere_is_not_left(engine: &Engine) {
    let db = fill(engine, 2).await;
    assert_eq!(
        in_tx!(db, refund::reckon, order(1), 10, NOW),
        0,
        "no payment"
    );
    charged(engine, 1, 1000).await;
    let left = async || in_tx!(db, refund::left, order(1)).unwrap().amount;
    assert_eq!(in_tx!(db, refund::reckon, order(1), 100, NOW), 100);
    assert_eq!(in_tx!(db, refund::reckon, order(1), 100, NOW), 0, "known");
    assert_eq!(in_tx!(db, refund::elsewhere, order(1)), 100);
    assert_eq!(left().await, 900);
    // What is asked for here is not elsewhere, whether it has gone back or not.
    assert!(!in_tx!(db, refund::request, &new_refund(1, "one", 901)));
    assert!(in_tx!(db, refund::request, &new_refund(1, "one", 600)));
    assert_eq!(in_tx!(db, refund::reckon, order(1), 100, NOW), 0);
    assert_eq!(in_tx!(db, refund::reckon, order(1), 700, NOW), 0);
    assert_eq!(left().await, 300);
    assert_eq!(in_tx!(db, refund::returned, order(1)), 100);
    assert!(in_tx!(db, refund::done, id(1), Some("re_1"), NOW));
    assert_eq!(in_tx!(db, refund::returned, order(1)), 700);
    assert_eq!(in_tx!(db, refund::reckon, order(1), 750, NOW), 50);
    assert_eq!(left().await, 250);
    in_tx!(db, refund::came_again, order(1), 50, NOW);
    assert_eq!(left().await, 300);
    // Never more than was paid.
    assert_eq!(in_tx!(db, refund::reckon, order(1), 5000, NOW), 900);
    assert_eq!(left().await, 0);
    in_tx!(db, refund::came_again, order(1), 5000, NOW);
    assert_eq!(in_tx!(db, refund::elsewhere, order(1)), 0);
    assert_eq!(left().await, 400);
    db.close().await;
}

async fn a_refund_that_failed_is_left_again(engine: &Engine) {
    let db = fill(engine, 2).await;
    charged(engine, 1, 1000).await;
    for (number, key) in [(1, "one"), (2, "two")] {
        assert!(in_tx!(db, refund::request, &new_refund(number, key, 400)));
    }
    assert!(in_tx!(db, refund::done, id(1), Some("re_1"), NOW));
    let found = async |reference: &str, key: Option<&str>| {
        let row = in_tx!(db, refund::of_gateway, order(1), reference, key);
        row.map(|row| row.id)
    };
    assert_eq!(found("re_1", None).await, Some(id(1)));
    assert_eq!(found("re_1", Some("two")).await, Some(id(1)));
    assert_eq!(found("re_2", Some("two")).await, Some(id(2)));
    assert_eq!(found("re_2", Some("one")).await, None, "it is another one");
    assert_eq!(found("re_2", None).await, None);
    let done = in_tx!(db, refund::get, id(1)).unwrap();
    assert!(in_tx!(db, refund::failed, &done, NOW));
    assert!(!in_tx!(db, refund::failed, &done, NOW), "once");
    let left = in_tx!(db, refund::left, order(1)).unwrap();
    assert_eq!(left.amount, 600);
    assert_eq!(in_tx!(db, refund::get, id(1)).unwrap().state, "REFUSED");

    assert!(!in_tx!(
        db,
        storage::payment::recovered,
        order(1),
        "pi_1",
        NOW
    ));
    in_tx!(db, storage::payment::refunding, &[order(1)], NOW);
    in_tx!(db, storage::payment::refunded, &[order(1)], NOW);
    assert!(in_tx!(
        db,
        storage::payment::recovered,
        order(1),
        "pi_1",
        NOW
    ));
    let payment = in_tx!(db, storage::payment::of_order, order(1)).unwrap();
    assert_eq!(payment.state, PaymentState::Charged);
    assert_eq!(payment.reference.as_deref(), Some("x"));
    db.close().await;
}

async fn a_cancellation_whose_refund_failed_is_left_again(engine: &Engine) {
    let db = fill(engine, 2).await;
    charged(engine, 1, 1000).await;
    assert!(in_tx!(db, refund::request, &new_refund(1, "one", 400)));
    assert!(in_tx!(db, refund::done, id(1), Some("re_1"), NOW));
    let card = NewCardPayment {
        key: "pay 1",
        account_id: id(1),
        order_id: Some(order(1)),
        amount: 1000,
        currency: "USD",
        intent_id: Some("pi_1"),
        at: NOW,
    };
    assert!(in_tx!(db, card::open, &card));
    assert!(in_tx!(db, card::charged, "pay 1", NOW));
    let orders = [order(1), order(2)];
    in_tx!(db, storage::payment::refunding, &orders, NOW);
    let here_again = async || in_tx!(db, storage::payment::here_again, &orders, NOW);
    assert!(here_again().await.is_empty(), "nothing has failed");
    let mut told = Returns::default();
    assert!(told.fail("re_2", 600, None));
    assert!(in_tx!(db, card::returned, "pay 1", &told, NOW));
    assert!(in_tx!(db, card::refunded, "pay 1", Some("re_3"), NOW));
    assert!(here_again().await.is_empty(), "another one was made");
    assert!(in_tx!(db, card::recovered, "pay 1", NOW));
    assert_eq!(here_again().await, [order(1)]);
    assert!(here_again().await.is_empty(), "once");
    let left = in_tx!(db, refund::left, order(1)).unwrap();
    assert_eq!(left.state, PaymentState::Charged);
    assert_eq!(left.amount, 600);
    db.close().await;
}

async fn entry(
    db: &Db,
    number: u128,
    actor: Option<Uuid>,
    (action, subject): (&str, &str),
    difference: Option<&Value>,
) {
    let entry = Entry {
        id: id(number),
        at: NOW,
        actor_id: actor,
        action,
        subject,
        request_id: "r",
        difference,
    };
    in_tx!(db, audit::insert, &entry);
}

async fn the_audit_log_is_filtered_and_counted(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let omar = member(&db, 2).await;
    let price = json!({ "price": { "before": 1, "after": 2 } });
    entry(&db, 10, Some(ana), ("menu.edit", "soup"), Some(&price)).await;
    entry(&db, 11, Some(omar), ("menu.edit", "soup"), None).await;
    entry(&db, 12, Some(ana), ("order.cancel", "7"), None).await;
    entry(&db, 13, None, ("menu.seed", "demo"), None).await;
    let list = async |filter: &AuditFilter, before: Uuid, limit: i64| -> Vec<Uuid> {
        let rows = in_tx!(db, audit::list, filter, before, limit);
        rows.into_iter().map(|row| row.id).collect()
    };
    let all = AuditFilter::default();
    let max = Uuid::max();
    assert_eq!(list(&all, max, 10).await, [id(13), id(12), id(11), id(10)]);
    assert_eq!(list(&all, id(13), 2).await, [id(12), id(11)]);
    let of = |actor: Option<Uuid>, action: Option<&str>, subject: Option<&str>| AuditFilter {
        actor,
        action: action.map(str::to_owned),
        subject: subject.map(str::to_owned),
        since: Uuid::nil(),
    };
    for (filter, wanted) in [
        (of(Some(ana), None, None), vec![id(12), id(10)]),
        (of(None, Some("menu.edit"), None), vec![id(11), id(10)]),
        (of(Some(ana), Some("menu.edit"), None), vec![id(10)]),
        (of(None, None, Some("soup")), vec![id(11), id(10)]),
        (of(Some(omar), None, Some("soup")), vec![id(11)]),
        (of(Some(omar), Some("order.cancel"), Some("soup")), vec![]),
    ] {
        assert_eq!(list(&filter, max, 10).await, wanted, "{filter:?}");
        let counted = in_tx!(db, audit::count, &filter, max, 1000);
        assert_eq!(counted, wanted.len() as i64, "{filter:?}");
        let later = AuditFilter {
            since: id(11),
            ..filter
        };
        let wanted: Vec<Uuid> = wanted.into_iter().filter(|one| *one >= id(11)).collect();
        assert_eq!(list(&later, max, 10).await, wanted, "{later:?}");
    }
    assert_eq!(in_tx!(db, audit::count, &all, max, 3), 3, "no further");
    let row = in_tx!(db, audit::list, &of(None, None, Some("soup")), max, 10);
    assert_eq!(row[1].difference.as_ref().map(|json| &json.0), Some(&price));
    assert_eq!(row[1].actor.as_deref(), Some("Ana"));

    // Many at once are as one by one.
    let many = |number: u128, actor_id, difference| Entry {
        id: id(number),
        at: NOW,
        actor_id,
        action: "order.substitute_expire",
        subject: "7",
        request_id: "r",
        difference,
    };
    let entries = [many(20, Some(ana), Some(&price)), many(21, None, None)];
    in_tx!(db, audit::insert_all, &entries);
    in_tx!(db, audit::insert_all, &[]);
    let expired = of(None, Some("order.substitute_expire"), None);
    let rows = in_tx!(db, audit::list, &expired, max, 10);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].actor_id, &rows[0].difference), (None, &None));
    assert_eq!((rows[1].actor_id, rows[1].at), (Some(ana), NOW));
    assert_eq!(
        rows[1].difference.as_ref().map(|json| &json.0),
        Some(&price)
    );
    db.close().await;
}

async fn days_are_summed_up_and_waits_are_ranked(engine: &Engine) {
    let db = fill(engine, 600).await;
    charged(engine, 1, 1000).await;
    in_tx!(db, refund::request, &new_refund(1, "one", 40));
    let span = |day, from, until| Span {
        day,
        from: order(from),
        until: order(until),
    };
    let days = in_tx!(
        db,
        overview::days,
        &[span(0, 1, 301), span(1, 301, 601)],
        None
    );
    let sums: Vec<(i64, &str, i64, i64)> = days
        .iter()
        .map(|row| (row.day, row.currency.as_str(), row.orders, row.cancelled))
        .collect();
    assert_eq!(
        sums,
        [
            (0, "MXN", 150, 50),
            (0, "USD", 150, 0),
            (1, "MXN", 150, 50),
            (1, "USD", 150, 0)
        ]
    );
    // Neither what came to nothing nor what is not accepted yet is revenue, nor what went back.
    let revenue = |currency: &str, from: i64, until: i64| -> i64 {
        (from..until)
            .filter(|number| (number % 2 == 0) == (currency == "USD"))
            .filter(|number| ![0, 5].contains(&(number % 6)))
            .map(|number| 100 + number % 10)
            .sum()
    };
    assert_eq!(days[0].revenue, revenue("MXN", 1, 301) - 40);
    assert_eq!(days[1].revenue, revenue("USD", 1, 301));
    let north = in_tx!(db, overview::days, &[span(0, 1, 601)], Some(id(1)));
    assert_eq!((north.len(), north[0].orders), (1, 300));

    let waits = in_tx!(db, overview::waits, &[span(5, 1, 601)], None);
    let mut late: Vec<i64> = (1..=600)
        .filter(|number| number % 6 == 4)
        .map(|number| number % 100 * SECOND)
        .collect();
    late.sort_unstable();
    let rank = |percent: usize| late[(late.len() * percent).div_ceil(100) - 1];
    assert_eq!(waits.len(), 1);
    assert_eq!((waits[0].day, waits[0].orders), (5, 100));
    assert_eq!(
        (waits[0].late_half, waits[0].late_most),
        (rank(50), rank(95))
    );
    assert_eq!(waits[0].cooked_half, rank(50) + 60 * SECOND);
    let none = in_tx!(db, overview::waits, &[span(0, 9000, 9001)], None);
    assert!(none.is_empty());
    let living = in_tx!(db, overview::living, None);
    assert_eq!(living, 400, "four of six states");
    db.close().await;
}

async fn long_lists_are_read_by_their_indexes(engine: &Engine) {
    let db = fill(engine, 20_000).await;
    let dialect = db.dialect();
    let (numbers, uuid) = match dialect {
        Dialect::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)",
            "unhex(printf('%032x', n + 100000))",
        ),
        Dialect::Postgres => (
            "WITH numbers AS (SELECT n FROM generate_series(1, 20000) AS n)",
            "CAST(lpad(to_hex(n + 100000), 32, '0') AS UUID)",
        ),
    };
    engine
        .raw(&format!(
            "{numbers} INSERT INTO account (id, email, name, password_hash, role, created_at)
            SELECT {uuid}, 'person' || n || '@example.org', 'Person ' || n, 'x',
                CASE WHEN n % 100 = 0 THEN 'STAFF' ELSE 'MEMBER' END, n FROM numbers"
        ))
        .await;
    engine
        .raw(&format!(
            "{numbers} INSERT INTO account_word (word, account_id) SELECT 'person' || n, {uuid} FROM numbers"
        ))
        .await;
    engine
        .raw(&format!(
            "{numbers} INSERT INTO audit (id, at, actor_id, action, subject, request_id)
            SELECT {uuid}, n, {uuid}, CASE WHEN n % 100 = 0 THEN 'menu.edit' ELSE 'order.ready' END,
                'subject ' || n, 'r' FROM numbers"
        ))
        .await;
    engine.raw("ANALYZE").await;
    let hex = |number: u128| id(number).simple().to_string();
    let part = format!(r#"'[{{"campus":"{}","state":"READY"}}]'"#, hex(1));
    let span = format!(
        r#"'[{{"day":1,"from":"{}","until":"{}"}}]'"#,
        order(100).simple(),
        order(200).simple()
    );
    let people = r#"'[{"role":"STAFF","active":true}]'"#;
    let ids = format!(r#"'["{}"]'"#, hex(7));
    let none = match dialect {
        Dialect::Sqlite => "NULL",
        Dialect::Postgres => "CAST(NULL AS UUID)",
    };
    let (low, high) = (literal(engine, order(1)), literal(engine, order(9000)));
    let (low, high) = (low.as_str(), high.as_str());
    let actor = literal(engine, id(100_100));
    let actor = actor.as_str();
    let campus = literal(engine, id(1));
    let campus = campus.as_str();
    let (part, span, ids) = (part.as_str(), span.as_str(), ids.as_str());
    let at = NOW.to_string();
    let at = at.as_str();
    let member = match dialect {
        Dialect::Sqlite => "sqlite_autoindex_orders_2 (account_id=?)",
        Dialect::Postgres => "orders_member",
    };
    // Where everybody has few, PostgreSQL finds the index of the keys as good.
    let of_member = match dialect {
        Dialect::Sqlite => member,
        Dialect::Postgres => "orders_account_id_idempotency_key_key",
    };
    let cases: [(&str, &[&str], &str); 29] = [
        ("order::OF_MEMBER", &[actor, high, "NULL", "21"], of_member),
        ("order::OF_SLOTS", &[campus, "0", "99", "21"], "orders_due"),
        ("order::ENDED", &[campus, "0", "99", "21"], "orders_due"),
        ("order::TO_DO", &["0", "99"], "orders_due"),
        (
            "order_list::NEWEST",
            &[part, high, low, "21"],
            "orders_listed",
        ),
        (
            "order_list::OLDEST",
            &[part, low, high, "21"],
            "orders_listed",
        ),
        (
            "order_list::LATEST",
            &[part, at, low, "0", "21"],
            "orders_due",
        ),
        (
            "order_list::SOONEST",
            &[part, at, low, "99", "21"],
            "orders_due",
        ),
        (
            "order_list::COUNT_PLACED",
            &[part, low, high, "1000"],
            "orders_",
        ),
        ("order_list::COUNT_DUE", &[part, "0", at, "1000"], "orders_"),
        ("order_list::BY_NUMBER", &["7", "21"], "orders_number"),
        ("order_list::OF_PEOPLE", &[ids, "21"], member),
        ("live::WAITS", &[actor, "20"], of_member),
        ("order_list::LISTED", &[ids], ""),
        ("order_list::EVENTS", &["'order:1'", "50"], ""),
        ("people::NEWEST", &[people, high, "21"], "account_listed"),
        (
            "people::BY_EMAIL",
            &[people, "'a'", "21"],
            "account_by_email",
        ),
        ("people::COUNT", &[people, "1000"], "account_"),
        (
            "people::CALLED",
            &["'person77'", "'[\"person\"]'", "21", "500"],
            "account_word",
        ),
        ("people::LISTED", &[ids], ""),
        ("audit::ALL", &[high, low, "21"], ""),
        ("audit::BY_ACTOR", &[high, low, "21", actor], "audit_actor"),
        (
            "audit::BY_ACTION",
            &[high, low, "21", "'menu.edit'"],
            "audit_action",
        ),
        (
            "audit::BY_BOTH",
            &[high, low, "21", actor, "'menu.edit'"],
            "audit_actor",
        ),
        (
            "audit::BY_SUBJECT",
            &[high, low, "21", "'subject 7'", none, "NULL"],
            "audit_subject",
        ),
        (
            "audit::COUNT_BY_ACTION",
            &[low, high, "'menu.edit'", "1000"],
            "audit_action",
        ),
        ("overview::DAYS", &[span, none], ""),
        ("overview::WAITS", &[span, none], ""),
        ("overview::POPULAR", &[low, high, none, "10"], "order_line"),
    ];
    for (name, values, index) in cases {
        let plan = plan_of(engine, dialect, &format!("storage::{name}"), values).await;
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        for table in ["orders", "account", "audit", "account_word", "order_line"] {
            for slow in [
                format!("SCAN {table}\n"),
                format!("SCAN {table} USING"),
                format!("Seq Scan on {table} "),
            ] {
                assert!(!plan.contains(&slow), "{name} has {slow}:\n{plan}");
            }
        }
    }
    db.close().await;
}
