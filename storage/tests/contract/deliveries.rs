//! Deliveries: each once by its key, sent by whoever has its job, and found by an index however many there
//! are; and how members wish to be told.

use crate::engines::{Engine, on_both_engines};
use crate::statements::plan_of;
use crate::work::in_tx;
use crate::{NOW, SECOND, id, member};
use domain::event::{EventPayload, OrderEvent};
use domain::notification::{Channel, DeliveryState, PhoneNumber, Preferences, Template};
use domain::text::Language;
use storage::contact::{self, BROWSERS_MOST, Browser};
use storage::delivery::{self, Filter, NewDelivery, Settled, Sought};
use storage::outbox::{self, NewEvent};
use storage::phone_code::{self, NewCode};
use storage::{Db, Dialect, session};
use uuid::Uuid;

on_both_engines!(
    a_delivery_is_made_once_by_its_key,
    a_delivery_is_sent_by_whoever_has_its_job,
    who_wishes_to_be_told_how_is_known_of_an_event,
    a_contact_is_replaced_and_its_language_noted_once,
    a_code_counts_while_it_is_the_last_and_young_and_seldom_tried,
    codes_are_counted_by_account_and_by_number,
    a_browser_is_whoever_allowed_it_last,
    a_browser_is_forgotten_with_the_sign_in_in_which_it_was_allowed,
    deliveries_are_listed_by_parts_and_by_people,
    what_was_made_for_an_account_is_counted,
    deliveries_without_a_living_job_are_found,
    old_deliveries_are_forgotten_but_those_to_be_sent,
    many_deliveries_are_found_by_their_indexes,
);

fn new(number: u128, account: Uuid) -> NewDelivery {
    NewDelivery {
        id: id(number),
        key: format!("key {number}"),
        event_id: id(9000 + number),
        account_id: account,
        channel: Channel::Email,
        template: Template::Ready,
        language: Language::Es,
        recipient: "ana@example.org".to_owned(),
        subscription_id: None,
        number: number as i64,
        payload: EventPayload {
            order_id: Some(id(7)),
            number: Some(number as i64),
            ..EventPayload::default()
        },
        job_id: id(5000 + number),
        request_id: "request".to_owned(),
        at: NOW,
        now: NOW,
    }
}

fn settled(number: u128, state: DeliveryState) -> Settled {
    Settled {
        id: id(number),
        job_id: id(5000 + number),
        state,
        error: (state == DeliveryState::Failed).then(|| "REFUSED".to_owned()),
        reference: (state == DeliveryState::Sent).then(|| "queued as 1".to_owned()),
        now: NOW + SECOND,
    }
}

async fn a_delivery_is_made_once_by_its_key(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let made = in_tx!(db, delivery::insert, &[new(1, ana), new(2, ana)]);
    assert_eq!(made.len(), 2);
    let same = NewDelivery {
        id: id(3),
        key: "key 1".to_owned(),
        recipient: "elsewhere@example.org".to_owned(),
        ..new(1, ana)
    };
    let made = in_tx!(db, delivery::insert, &[same, new(4, ana)]);
    assert_eq!(made, [id(4)]);
    let first = in_tx!(db, delivery::get, id(1)).unwrap();
    assert_eq!(first.recipient, "ana@example.org");
    assert_eq!(first.payload.number, Some(1));
    assert_eq!(
        (first.channel, first.template, first.language),
        (Channel::Email, Template::Ready, Language::Es)
    );
    assert_eq!(
        (first.state, first.attempts, first.unsettled),
        (DeliveryState::Queued, 0, 0)
    );
    assert_eq!(in_tx!(db, delivery::get, id(3)), None);
    let push = NewDelivery {
        channel: Channel::Push,
        subscription_id: Some(id(77)),
        ..new(5, ana)
    };
    in_tx!(db, delivery::insert, &[push]);
    let push = in_tx!(db, delivery::get, id(5)).unwrap();
    assert_eq!(push.subscription_id, Some(id(77)));
    db.close().await;
}

async fn a_delivery_is_sent_by_whoever_has_its_job(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    in_tx!(db, delivery::insert, &[new(1, ana), new(2, ana)]);
    assert_eq!(in_tx!(db, delivery::begin, id(1), id(1), NOW), None);
    let begun = in_tx!(db, delivery::begin, id(1), id(5001), NOW).unwrap();
    assert_eq!((begun.attempts, begun.unsettled), (1, 1));
    in_tx!(
        db,
        delivery::postpone,
        id(1),
        id(5001),
        "UNAVAILABLE nobody",
        NOW
    );
    let later = in_tx!(db, delivery::get, id(1)).unwrap();
    assert_eq!((later.attempts, later.unsettled), (1, 0));
    assert_eq!(later.error.as_deref(), Some("UNAVAILABLE nobody"));
    // What nobody knows stays unknown, also where the next time is known to have failed.
    in_tx!(db, delivery::begin, id(1), id(5001), NOW);
    in_tx!(db, delivery::doubt, id(1), id(5001), "TIMED_OUT", NOW);
    let begun = in_tx!(db, delivery::begin, id(1), id(5001), NOW).unwrap();
    assert_eq!((begun.attempts, begun.unsettled), (3, 2));
    assert_eq!(begun.error.as_deref(), Some("TIMED_OUT"));
    in_tx!(db, delivery::postpone, id(1), id(5001), "POSTPONED", NOW);
    let later = in_tx!(db, delivery::get, id(1)).unwrap();
    assert_eq!((later.attempts, later.unsettled), (3, 1));
    in_tx!(db, delivery::begin, id(1), id(5001), NOW);
    let sent = settled(1, DeliveryState::Sent);
    let other = Settled {
        job_id: id(1),
        ..settled(2, DeliveryState::Failed)
    };
    assert_eq!(in_tx!(db, delivery::settle, &[&sent, &other]), [id(1)]);
    let one = in_tx!(db, delivery::get, id(1)).unwrap();
    assert_eq!(
        (one.state, one.attempts, one.unsettled, one.error),
        (DeliveryState::Sent, 4, 0, None)
    );
    assert_eq!(one.sent_at, Some(NOW + SECOND));
    assert_eq!(one.reference.as_deref(), Some("queued as 1"));
    // What has ended is neither begun nor ended again.
    assert_eq!(in_tx!(db, delivery::begin, id(1), id(5001), NOW), None);
    assert!(in_tx!(db, delivery::settle, &[&sent]).is_empty());
    // Unless somebody has it sent again, by another job.
    assert!(in_tx!(db, delivery::requeue, id(1), id(6001), NOW));
    assert!(!in_tx!(db, delivery::requeue, id(1), id(6002), NOW));
    assert!(in_tx!(db, delivery::settle, &[&sent]).is_empty());
    let again = in_tx!(db, delivery::begin, id(1), id(6001), NOW).unwrap();
    assert_eq!((again.attempts, again.reference), (1, None));
    db.close().await;
}

async fn who_wishes_to_be_told_how_is_known_of_an_event(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let wishes = Preferences {
        email: false,
        sms: true,
        push: true,
        phone: PhoneNumber::parse("+525512345678").ok(),
        language: Language::Es,
        ..Preferences::default()
    };
    in_tx!(db, contact::put, ben, &wishes, NOW);
    let event = |number: u128, account: Option<Uuid>| NewEvent {
        id: id(number),
        aggregate: format!("order:{number}"),
        kind: OrderEvent::OrderReady,
        payload: EventPayload {
            order_id: Some(id(7)),
            number: Some(42),
            ..EventPayload::default()
        },
        account_id: account,
        campus_id: None,
        request_id: "request".to_owned(),
        at: NOW,
    };
    let events = [event(10, Some(ana)), event(11, Some(ben)), event(12, None)];
    in_tx!(db, outbox::append, &events);
    let mut known = in_tx!(db, delivery::prospects, &[id(10), id(11), id(12)]);
    known.sort_by_key(|one| one.event_id);
    assert_eq!(known.len(), 2);
    let (first, second) = (&known[0], &known[1]);
    assert_eq!(
        (first.email.as_str(), first.language),
        ("member1@example.org", Language::En)
    );
    assert!(first.by_email && !first.by_sms && !first.by_push);
    assert_eq!(first.payload.number, Some(42));
    assert!(!second.by_email && second.by_sms && second.by_push);
    // Whose the number is nobody knows yet.
    assert_eq!(second.phone, None);
    assert_eq!(second.language, Language::Es);
    let phone = wishes.phone.unwrap();
    assert!(in_tx!(db, contact::confirm, ben, &phone, NOW));
    let known = in_tx!(db, delivery::prospects, &[id(11)]);
    assert_eq!(known[0].phone.as_deref(), Some("+525512345678"));
    db.close().await;
}

async fn a_contact_is_replaced_and_its_language_noted_once(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    assert_eq!(in_tx!(db, contact::get, ana), None);
    in_tx!(db, contact::note_language, ana, Language::Es, NOW);
    in_tx!(db, contact::note_language, ana, Language::En, NOW);
    let known = in_tx!(db, contact::get, ana).unwrap();
    assert_eq!(
        known,
        Preferences {
            language: Language::Es,
            ..Preferences::default()
        }
    );
    let wishes = Preferences {
        inbox: false,
        sms: true,
        phone: PhoneNumber::parse("+525512345678").ok(),
        ..Preferences::default()
    };
    in_tx!(db, contact::put, ana, &wishes, NOW);
    assert_eq!(in_tx!(db, contact::get, ana), Some(wishes.clone()));
    in_tx!(db, contact::set_language, ana, Language::Es, NOW);
    let known = in_tx!(db, contact::get, ana).unwrap();
    assert_eq!(
        known,
        Preferences {
            language: Language::Es,
            ..wishes.clone()
        }
    );
    // A number is confirmed as long as it stays the same.
    let (phone, other) = (
        wishes.phone.clone().unwrap(),
        PhoneNumber::parse("+12025550143").unwrap(),
    );
    assert!(!in_tx!(db, contact::confirm, ana, &other, NOW));
    assert!(in_tx!(db, contact::confirm, ana, &phone, NOW));
    in_tx!(db, contact::put, ana, &wishes, NOW);
    assert!(in_tx!(db, contact::get, ana).unwrap().confirmed);
    let another = Preferences {
        phone: Some(other),
        confirmed: true,
        ..wishes.clone()
    };
    for wishes in [&another, &wishes] {
        in_tx!(db, contact::put, ana, wishes, NOW);
        assert!(!in_tx!(db, contact::get, ana).unwrap().confirmed);
    }
    // The table itself refuses what makes no sense.
    let no_phone = Preferences {
        sms: true,
        ..Preferences::default()
    };
    let mut tx = db.write().await.unwrap();
    let put = contact::put(&mut tx, ana, &no_phone, NOW).await;
    let refused = match put {
        Ok(()) => tx.commit().await,
        Err(error) => tx.rollback().await.and(Err(error)),
    };
    assert!(refused.is_err());
    db.close().await;
}

fn code(number: u128, account: Uuid, phone: &str, at: i64) -> NewCode {
    NewCode {
        id: id(number),
        account_id: account,
        phone: PhoneNumber::parse(phone).unwrap(),
        hash: [number as u8; 32],
        created_at: at,
        expires_at: at + 600 * SECOND,
    }
}

async fn a_code_counts_while_it_is_the_last_and_young_and_seldom_tried(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    assert_eq!(in_tx!(db, phone_code::latest, ana), None);
    in_tx!(db, phone_code::insert, &code(1, ana, "+525512345678", NOW));
    let second = code(2, ana, "+525512345678", NOW + SECOND);
    in_tx!(db, phone_code::insert, &second);
    let latest = in_tx!(db, phone_code::latest, ana).unwrap();
    assert_eq!(
        (latest.id, latest.phone.as_str(), latest.expires_at),
        (id(2), "+525512345678", second.expires_at)
    );
    let attempt = async |now: i64| in_tx!(db, phone_code::attempt, id(2), 3, now);
    assert_eq!(attempt(second.expires_at).await, None);
    for _ in 0..3 {
        assert_eq!(attempt(NOW).await, Some(vec![2; 32]));
    }
    assert_eq!(attempt(NOW).await, None);
    in_tx!(db, phone_code::spend, id(1), NOW);
    assert_eq!(in_tx!(db, phone_code::attempt, id(1), 3, NOW), None);
    assert_eq!(in_tx!(db, phone_code::sweep, NOW + 1, 10), 1);
    assert_eq!(in_tx!(db, phone_code::latest, ana).unwrap().id, id(2));
    db.close().await;
}

async fn codes_are_counted_by_account_and_by_number(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let (mine, other) = ("+525512345678", "+12025550143");
    for (number, account, phone) in [(1, ana, mine), (2, ana, other), (3, ben, mine)] {
        let at = NOW + number as i64 * SECOND;
        in_tx!(db, phone_code::insert, &code(number, account, phone, at));
    }
    let phone = PhoneNumber::parse(mine).unwrap();
    in_tx!(db, phone_code::lock, ana, &phone);
    assert_eq!(
        in_tx!(db, phone_code::of_account, ana, NOW, 3),
        [NOW + 2 * SECOND, NOW + SECOND]
    );
    assert_eq!(
        in_tx!(db, phone_code::of_phone, &phone, NOW, 3),
        [NOW + 3 * SECOND, NOW + SECOND]
    );
    assert_eq!(
        in_tx!(db, phone_code::of_phone, &phone, NOW + SECOND, 1),
        [NOW + 3 * SECOND]
    );
    db.close().await;
}

fn browser(number: u128, account: Uuid, endpoint: &str) -> Browser {
    Browser {
        id: id(number),
        account_id: account,
        endpoint: endpoint.to_owned(),
        public_key: vec![4; 65],
        auth: vec![7; 16],
        created_at: NOW,
    }
}

async fn a_browser_is_whoever_allowed_it_last(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let first = browser(1, ana, "https://push.example.net/1");
    assert_eq!(in_tx!(db, contact::subscribe, &first, None), id(1));
    let his = browser(2, ben, "https://push.example.net/1");
    assert_eq!(in_tx!(db, contact::subscribe, &his, None), id(1));
    assert_eq!(in_tx!(db, contact::browser, id(1), ana), None);
    let known = in_tx!(db, contact::browsers_of, &[ana, ben]);
    assert_eq!(known, [Browser { id: id(1), ..his }]);
    assert!(!in_tx!(db, contact::unsubscribe, id(1), ana));
    assert!(in_tx!(db, contact::unsubscribe, id(1), ben));
    // Of many the oldest make room.
    for number in 0..BROWSERS_MOST as u128 + 3 {
        let endpoint = format!("https://push.example.net/many/{number}");
        in_tx!(
            db,
            contact::subscribe,
            &browser(100 + number, ana, &endpoint),
            None
        );
    }
    let known = in_tx!(db, contact::browsers, ana);
    assert_eq!(known.len() as i64, BROWSERS_MOST);
    assert_eq!(known[0].id, id(103));
    db.close().await;
}

async fn a_browser_is_forgotten_with_the_sign_in_in_which_it_was_allowed(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let (here, there): (&[u8], &[u8]) = (&[1; 32], &[2; 32]);
    for session in [here, there] {
        in_tx!(db, session::insert, session, ana, NOW, NOW + 10);
    }
    assert!(in_tx!(db, session::hold, here, ana));
    assert!(!in_tx!(db, session::hold, here, ben));
    assert!(!in_tx!(db, session::hold, &[3; 32], ana));
    let allow = async |number: u128, session: Option<&[u8]>| {
        let endpoint = format!("https://push.example.net/{number}");
        in_tx!(
            db,
            contact::subscribe,
            &browser(number, ana, &endpoint),
            session
        );
    };
    allow(1, Some(here)).await;
    allow(2, Some(there)).await;
    allow(3, None).await;
    let ids = async || {
        let known = in_tx!(db, contact::browsers, ana);
        known.iter().map(|one| one.id.as_u128()).collect::<Vec<_>>()
    };
    let forgotten = in_tx!(db, contact::unsubscribe_session, here);
    assert_eq!(forgotten.len(), 1);
    assert_eq!(ids().await, [2, 3]);
    // It may be allowed anew, and goes with the row of the sign-in however that goes.
    allow(1, Some(here)).await;
    in_tx!(db, session::delete, here);
    assert_eq!(ids().await, [2, 3]);
    in_tx!(db, session::delete_expired, NOW + 10);
    assert_eq!(ids().await, [3]);
    db.close().await;
}

async fn listed(db: &Db, filter: Filter, sought: Option<&Sought>, oldest: bool) -> Vec<u128> {
    let all = in_tx!(db, delivery::list, filter, sought, oldest, None, 100);
    all.iter().map(|one| one.id.as_u128()).collect()
}

async fn deliveries_are_listed_by_parts_and_by_people(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let sms = NewDelivery {
        channel: Channel::Sms,
        template: Template::Confirmed,
        ..new(3, ben)
    };
    in_tx!(
        db,
        delivery::insert,
        &[new(1, ana), new(2, ben), sms, new(4, ana)]
    );
    in_tx!(db, delivery::settle, &[&settled(4, DeliveryState::Failed)]);
    let any = Filter::default();
    assert_eq!(listed(&db, any, None, false).await, [4, 3, 2, 1]);
    assert_eq!(listed(&db, any, None, true).await, [1, 2, 3, 4]);
    let email = Filter {
        channel: Some(Channel::Email),
        state: Some(DeliveryState::Queued),
        ..any
    };
    assert_eq!(listed(&db, email, None, false).await, [2, 1]);
    assert_eq!(in_tx!(db, delivery::count, email, None, 100), 2);
    assert_eq!(in_tx!(db, delivery::count, any, None, 3), 3);
    let page = in_tx!(db, delivery::list, any, None, false, Some(id(3)), 1);
    assert_eq!(page[0].id, id(2));
    let page = in_tx!(db, delivery::list, any, None, true, Some(id(3)), 5);
    assert_eq!(page[0].id, id(4));

    let his = Sought {
        accounts: vec![ben],
        number: None,
    };
    assert_eq!(listed(&db, any, Some(&his), false).await, [3, 2]);
    assert_eq!(listed(&db, any, Some(&his), true).await, [2, 3]);
    assert_eq!(listed(&db, email, Some(&his), false).await, [2]);
    let hers_or_three = Sought {
        accounts: vec![ana],
        number: Some(3),
    };
    assert_eq!(
        listed(&db, any, Some(&hers_or_three), false).await,
        [4, 3, 1]
    );
    assert_eq!(
        in_tx!(db, delivery::count, any, Some(&hers_or_three), 100),
        3
    );
    let nobody = Sought::default();
    assert!(listed(&db, any, Some(&nobody), false).await.is_empty());
    assert_eq!(in_tx!(db, delivery::people, "member", 10), [ana, ben]);
    assert_eq!(in_tx!(db, delivery::people, "member2@", 10), [ben]);
    assert_eq!(in_tx!(db, delivery::people, "member", 1), [ana]);
    assert!(in_tx!(db, delivery::people, "%", 10).is_empty());
    db.close().await;
}

async fn what_was_made_for_an_account_is_counted(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let sms = NewDelivery {
        channel: Channel::Sms,
        ..new(3, ana)
    };
    let code = NewDelivery {
        template: Template::Code,
        number: 0,
        ..new(6, ana)
    };
    in_tx!(
        db,
        delivery::insert,
        &[
            new(1, ana),
            new(2, ana),
            sms,
            new(4, ana),
            new(5, ben),
            code
        ]
    );
    in_tx!(db, delivery::settle, &[&settled(2, DeliveryState::Sent)]);
    in_tx!(db, delivery::settle, &[&settled(4, DeliveryState::Failed)]);
    let made = async |since: u128, before: u128, most: i64| {
        let (since, before) = (id(since), id(before));
        in_tx!(db, delivery::made, ana, Channel::Email, since, before, most)
    };
    // What was given up does not count, nor what is another's or of another channel.
    assert_eq!(made(0, 7, 10).await, 3);
    assert_eq!(made(2, 6, 10).await, 1);
    assert_eq!(made(0, 7, 2).await, 2);
    db.close().await;
}

async fn deliveries_without_a_living_job_are_found(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    in_tx!(
        db,
        delivery::insert,
        &[new(1, ana), new(2, ana), new(3, ana)]
    );
    in_tx!(db, delivery::settle, &[&settled(3, DeliveryState::Sent)]);
    let living = storage::job::NewJob {
        id: id(5001),
        ..crate::work::new_job(1)
    };
    in_tx!(db, storage::job::enqueue, std::slice::from_ref(&living));
    // The second has none, and the third needs none.
    assert_eq!(
        in_tx!(db, delivery::stranded, NOW + 1, 10),
        [(id(2), id(5002))]
    );
    assert!(in_tx!(db, delivery::stranded, NOW, 10).is_empty());
    db.close().await;
}

async fn old_deliveries_are_forgotten_but_those_to_be_sent(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let all: Vec<NewDelivery> = (1..=5).map(|number| new(number, ana)).collect();
    in_tx!(db, delivery::insert, &all);
    let ended: Vec<Settled> = (2..=5)
        .map(|number| settled(number, DeliveryState::Sent))
        .collect();
    let ended: Vec<&Settled> = ended.iter().collect();
    in_tx!(db, delivery::settle, &ended);
    assert_eq!(in_tx!(db, delivery::sweep, id(5), 2), 2);
    assert_eq!(in_tx!(db, delivery::sweep, id(5), 2), 1);
    assert_eq!(in_tx!(db, delivery::sweep, id(5), 2), 0);
    assert_eq!(listed(&db, Filter::default(), None, true).await, [1, 5]);
    db.close().await;
}

async fn many_deliveries_are_found_by_their_indexes(engine: &Engine) {
    let db = engine.open().await;
    for number in 1..=50 {
        member(&db, number).await;
    }
    let dialect = db.dialect();
    let (numbers, uuid, whose) = match dialect {
        Dialect::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)",
            "unhex(printf('%032x', n))",
            "unhex(printf('%032x', n % 50 + 1))",
        ),
        Dialect::Postgres => (
            "WITH numbers AS (SELECT n FROM generate_series(1, 20000) AS n)",
            "CAST(lpad(to_hex(n), 32, '0') AS UUID)",
            "CAST(lpad(to_hex(n % 50 + 1), 32, '0') AS UUID)",
        ),
    };
    // Of many that were sent a few have failed, and a few are to be sent.
    engine
        .raw(&format!(
            "{numbers} INSERT INTO delivery (id, key, event_id, account_id, channel, template, language, recipient,
                number, payload, state, error, job_id, request_id, at, queued_at, updated_at, sent_at)
            SELECT {uuid}, 'key ' || n, {uuid}, {whose}, CASE WHEN n % 5 = 0 THEN 'SMS' ELSE 'EMAIL' END,
                CASE WHEN n % 3 = 0 THEN 'READY' ELSE 'CONFIRMED' END, 'en', 'ana@example.org', n % 900, '{{}}',
                CASE WHEN n % 700 = 0 THEN 'FAILED' WHEN n > 19990 THEN 'QUEUED' ELSE 'SENT' END,
                CASE WHEN n % 700 = 0 THEN 'REFUSED' END, {uuid}, 'r', n, n, n, n FROM numbers"
        ))
        .await;
    engine.raw("ANALYZE").await;
    let (one, json) = match dialect {
        Dialect::Sqlite => ("x'00000000000000000000000000002710'", ""),
        Dialect::Postgres => (
            "CAST('00000000-0000-0000-0000-000000002710' AS UUID)",
            "::jsonb",
        ),
    };
    let part = format!(r#"'[{{"channel":"SMS","state":"FAILED","template":"READY"}}]'{json}"#);
    let people = format!("'[\"{:032x}\"]'{json}", 7);
    let (part, people) = (part.as_str(), people.as_str());
    let begin = if dialect == Dialect::Sqlite {
        "sqlite_autoindex_account_2"
    } else {
        "account_email_start"
    };
    let found: &[&str] = &[people, "42", "NULL", "'FAILED'", "NULL", one, "20"];
    let counted: &[&str] = &[people, "42", "NULL", "'FAILED'", "NULL", "100"];
    let (first, whose) = match dialect {
        Dialect::Sqlite => (
            "x'00000000000000000000000000000000'",
            "x'00000000000000000000000000000007'",
        ),
        Dialect::Postgres => (
            "CAST('00000000-0000-0000-0000-000000000000' AS UUID)",
            "CAST('00000000-0000-0000-0000-000000000007' AS UUID)",
        ),
    };
    let cases: [(&str, &[&str], &[&str]); 9] = [
        (
            "MADE",
            &[whose, first, one, "'SMS'", "20"],
            &["delivery_account"],
        ),
        ("NEWEST", &[part, one, "20"], &["delivery_part"]),
        ("OLDEST", &[part, one, "20"], &["delivery_part"]),
        ("COUNT", &[part, "100"], &["delivery_part"]),
        (
            "FOUND_NEWEST",
            found,
            &["delivery_account", "delivery_number"],
        ),
        (
            "FOUND_OLDEST",
            found,
            &["delivery_account", "delivery_number"],
        ),
        ("COUNT_FOUND", counted, &["delivery_number"]),
        ("PEOPLE", &["'ana'", "'anb'", "50"], &[begin]),
        ("STRANDED", &["100", "50"], &["delivery_queued"]),
    ];
    for (name, values, indexes) in cases {
        let plan = plan_of(
            engine,
            dialect,
            &format!("storage::delivery::{name}"),
            values,
        )
        .await;
        for index in indexes {
            assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        }
        for slow in ["SCAN delivery\n", "Seq Scan on delivery", "SCAN account\n"] {
            assert!(!plan.contains(slow), "{name} reads everything:\n{plan}");
        }
    }
    // What stands at the ends of a long list is found whichever way it is asked for.
    let failed = Filter {
        state: Some(DeliveryState::Failed),
        ..Filter::default()
    };
    let newest = in_tx!(db, delivery::list, failed, None, false, None, 5);
    let numbers: Vec<u128> = newest.iter().map(|one| one.id.as_u128()).collect();
    assert_eq!(numbers, [19600, 18900, 18200, 17500, 16800]);
    assert_eq!(in_tx!(db, delivery::count, failed, None, 10_000), 28);
    db.close().await;
}
