//! Accounts, sign-ins and profiles.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::{NOW, SECOND, id, member};
use domain::account::Role;
use domain::profile::ProfileDraft;
use storage::account::NewAccount;
use storage::session::Family;
use storage::{Db, Dialect, account, profile, session, setting};
use uuid::Uuid;

on_both_engines!(
    an_address_has_one_account,
    an_account_is_read_as_it_was_written,
    a_session_ends_when_it_expires,
    a_session_that_was_deleted_is_gone,
    a_refresh_token_is_used_once,
    an_expired_refresh_token_is_not_used,
    ending_a_family_ends_all_its_tokens_and_no_others,
    ending_a_family_ends_a_token_that_is_just_being_exchanged,
    a_profile_is_replaced_by_the_next,
    a_setting_is_stored_once,
    what_is_not_committed_did_not_happen,
);

async fn an_address_has_one_account(engine: &Engine) {
    let db = engine.open().await;
    let first = member(&db, 1).await;
    let mut tx = db.write().await.unwrap();
    let again = NewAccount {
        id: id(2),
        email: "member1@example.org",
        name: "Somebody else",
        password_hash: "other",
        role: Role::Admin,
        created_at: NOW,
    };
    assert!(!account::insert(&mut tx, &again).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = db.read().await.unwrap();
    let kept = account::by_email(&mut tx, "member1@example.org")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.id, kept.name.as_str(), kept.role()),
        (first, "Ana", Role::Member)
    );
    assert!(account::by_id(&mut tx, id(2)).await.unwrap().is_none());
}

async fn an_account_is_read_as_it_was_written(engine: &Engine) {
    let db = engine.open().await;
    for (number, role) in [Role::Member, Role::Staff, Role::Admin, Role::Operator]
        .into_iter()
        .enumerate()
    {
        let mut tx = db.write().await.unwrap();
        let new = NewAccount {
            id: id(number as u128 + 1),
            email: &format!("ñandú'; --{number}@example.org"),
            name: "María \"Mar\" O'Higgins 🥑",
            password_hash: "$argon2id$v=19$",
            role,
            created_at: NOW,
        };
        assert!(account::insert(&mut tx, &new).await.unwrap());
        let found = account::by_email(&mut tx, new.email)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.id, new.id);
        assert_eq!(found.name, new.name);
        assert_eq!(found.password_hash, new.password_hash);
        assert_eq!(found.role(), role);
        tx.commit().await.unwrap();
    }
}

async fn who(db: &Db, token: &[u8], now: i64) -> Option<Uuid> {
    let mut tx = db.read().await.unwrap();
    session::account(&mut tx, token, now)
        .await
        .unwrap()
        .map(|account| account.id)
}

async fn a_session_ends_when_it_expires(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let mut tx = db.write().await.unwrap();
    session::insert(&mut tx, b"short", ana, NOW, NOW + SECOND)
        .await
        .unwrap();
    session::insert(&mut tx, b"long", ana, NOW, NOW + 2 * SECOND)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(who(&db, b"short", NOW + SECOND - 1).await, Some(ana));
    assert_eq!(who(&db, b"short", NOW + SECOND).await, None);
    assert_eq!(who(&db, b"other", NOW).await, None);

    let mut tx = db.write().await.unwrap();
    assert_eq!(
        session::delete_expired(&mut tx, NOW + SECOND)
            .await
            .unwrap(),
        1
    );
    tx.commit().await.unwrap();
    assert_eq!(who(&db, b"short", NOW).await, None);
    assert_eq!(who(&db, b"long", NOW).await, Some(ana));
}

async fn a_session_that_was_deleted_is_gone(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let mut tx = db.write().await.unwrap();
    session::insert(&mut tx, b"one", ana, NOW, NOW + SECOND)
        .await
        .unwrap();
    session::insert(&mut tx, b"two", ana, NOW, NOW + SECOND)
        .await
        .unwrap();
    session::delete(&mut tx, b"one").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(who(&db, b"one", NOW).await, None);
    assert_eq!(who(&db, b"two", NOW).await, Some(ana));
}

async fn refresh(db: &Db, token: &[u8], family_id: Uuid, account_id: Uuid) {
    let mut tx = db.write().await.unwrap();
    let family = Family {
        family_id,
        account_id,
    };
    session::insert_refresh(&mut tx, token, family, NOW, NOW + SECOND)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn used(db: &Db, token: &[u8], now: i64) -> Option<Uuid> {
    let mut tx = db.write().await.unwrap();
    let family = session::use_refresh(&mut tx, token, now).await.unwrap();
    tx.commit().await.unwrap();
    family.map(|family| family.family_id)
}

async fn a_refresh_token_is_used_once(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    refresh(&db, b"token", id(10), ana).await;
    assert_eq!(used(&db, b"token", NOW).await, Some(id(10)));
    assert_eq!(used(&db, b"token", NOW).await, None);
    assert_eq!(used(&db, b"unknown", NOW).await, None);
    // It still names its family, so that its second use can end it.
    let mut tx = db.read().await.unwrap();
    let family = session::family(&mut tx, b"token").await.unwrap().unwrap();
    assert_eq!((family.family_id, family.account_id), (id(10), ana));
    assert!(
        session::family(&mut tx, b"unknown")
            .await
            .unwrap()
            .is_none()
    );
}

async fn an_expired_refresh_token_is_not_used(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    refresh(&db, b"token", id(10), ana).await;
    assert_eq!(used(&db, b"token", NOW + SECOND).await, None);
    assert_eq!(used(&db, b"token", NOW + SECOND - 1).await, Some(id(10)));
}

async fn ending_a_family_ends_all_its_tokens_and_no_others(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    refresh(&db, b"first", id(10), ana).await;
    refresh(&db, b"second", id(10), ana).await;
    refresh(&db, b"elsewhere", id(11), ana).await;
    let mut tx = db.write().await.unwrap();
    session::delete_family(&mut tx, id(10)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(used(&db, b"first", NOW).await, None);
    assert_eq!(used(&db, b"second", NOW).await, None);
    assert_eq!(used(&db, b"elsewhere", NOW).await, Some(id(11)));
}

async fn ending_a_family_ends_a_token_that_is_just_being_exchanged(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    refresh(&db, b"used before", id(10), ana).await;
    assert!(used(&db, b"used before", NOW).await.is_some());
    refresh(&db, b"current", id(10), ana).await;

    let mut exchange = db.write().await.unwrap();
    let family = session::use_refresh(&mut exchange, b"current", NOW)
        .await
        .unwrap()
        .unwrap();
    session::insert_refresh(&mut exchange, b"next", family, NOW, NOW + SECOND)
        .await
        .unwrap();
    let ending = tokio::spawn({
        let db = db.clone();
        async move {
            let mut tx = db.write().await.unwrap();
            session::delete_family(&mut tx, id(10)).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    if db.dialect() == Dialect::Postgres {
        // The deletion has begun and waits for the row that is being exchanged.
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM refresh_token%'";
        eventually("the deletion waits", async || {
            (engine.raw(waiting).await != ["0"]).then_some(())
        })
        .await;
    }
    exchange.commit().await.unwrap();
    ending.await.unwrap();
    assert_eq!(used(&db, b"next", NOW).await, None);
}

async fn a_profile_is_replaced_by_the_next(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let profile_of = |age: f64| {
        let draft = ProfileDraft {
            sex: Some("FEMALE".to_owned()),
            age: Some(age),
            height_cm: Some(165.0),
            weight_kg: Some(62.4),
            activity: Some("MODERATE".to_owned()),
            allergens: vec!["EGG".to_owned()],
            disliked_foods: vec!["11124".to_owned()],
            ..ProfileDraft::default()
        };
        draft.validate().unwrap()
    };
    let mut tx = db.write().await.unwrap();
    assert!(profile::get(&mut tx, ana).await.unwrap().is_none());
    for age in [20.0, 21.0] {
        let written = profile_of(age);
        profile::put(&mut tx, ana, &written, NOW).await.unwrap();
        assert_eq!(profile::get(&mut tx, ana).await.unwrap(), Some(written));
    }
    tx.commit().await.unwrap();
}

async fn a_setting_is_stored_once(engine: &Engine) {
    let db = engine.open().await;
    let mut tx = db.write().await.unwrap();
    assert_eq!(setting::get(&mut tx, "colour").await.unwrap(), None);
    assert!(setting::put(&mut tx, "colour", "green").await.unwrap());
    assert!(!setting::put(&mut tx, "colour", "green").await.unwrap());
    assert!(setting::put(&mut tx, "colour", "red").await.unwrap());
    assert_eq!(
        setting::get(&mut tx, "colour").await.unwrap().as_deref(),
        Some("red")
    );
}

async fn what_is_not_committed_did_not_happen(engine: &Engine) {
    let db = engine.open().await;
    let mut tx = db.write().await.unwrap();
    setting::put(&mut tx, "colour", "green").await.unwrap();
    drop(tx);
    let mut tx = db.write().await.unwrap();
    assert_eq!(setting::get(&mut tx, "colour").await.unwrap(), None);
}
