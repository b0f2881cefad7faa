//! What a transaction promises, whenever its statements reach the engine.

use crate::engines::{Engine, on_both_engines};
use crate::menu::campus_of;
use crate::{NOW, member};
use domain::notification::Preferences;
use domain::payment::GatewayKind;
use domain::text::Language;
use storage::order::RequestKey;
use storage::{Db, Tx, campus, campus_gateway, contact, order};
use uuid::Uuid;

on_both_engines!(
    what_is_written_is_read_by_what_follows,
    more_is_written_than_goes_together,
    what_the_tables_refuse_changes_nothing,
    what_is_not_committed_changes_nothing,
    what_is_asked_together_is_answered_in_any_order,
);

async fn speak(tx: &mut Tx, account: Uuid, spoken: Language) {
    contact::set_language(tx, account, spoken, NOW)
        .await
        .unwrap();
}

async fn language(db: &Db, account: Uuid) -> Option<Language> {
    let mut tx = db.read().await.unwrap();
    let known = contact::get(&mut tx, account).await.unwrap();
    known.map(|known| known.language)
}

async fn what_is_written_is_read_by_what_follows(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let mut tx = db.write().await.unwrap();
    for (account, spoken) in [
        (ana, Language::Es),
        (ben, Language::En),
        (ana, Language::En),
    ] {
        speak(&mut tx, account, spoken).await;
    }
    speak(&mut tx, ben, Language::Es).await;
    let known = contact::get(&mut tx, ben).await.unwrap().unwrap();
    assert_eq!(known.language, Language::Es);
    assert_eq!(language(&db, ben).await, None, "it is not committed");
    tx.commit().await.unwrap();
    assert_eq!(language(&db, ana).await, Some(Language::En));
    assert_eq!(language(&db, ben).await, Some(Language::Es));
    // Nothing at all is no fault.
    db.write().await.unwrap().commit().await.unwrap();
    db.read().await.unwrap().commit().await.unwrap();
    db.close().await;
    assert!(db.write().await.is_err(), "it is closed");
}

async fn more_is_written_than_goes_together(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    for count in [1, 2, 15, 16, 17, 18, 50] {
        let mut tx = db.write().await.unwrap();
        for turn in 0..count {
            let spoken = if turn % 2 == 0 {
                Language::Es
            } else {
                Language::En
            };
            speak(&mut tx, ana, spoken).await;
        }
        tx.commit().await.unwrap();
        let last = if count % 2 == 1 {
            Language::Es
        } else {
            Language::En
        };
        assert_eq!(language(&db, ana).await, Some(last), "{count}");
    }
    db.close().await;
}

async fn what_the_tables_refuse_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let no_phone = Preferences {
        sms: true,
        ..Preferences::default()
    };
    let mut tx = db.write().await.unwrap();
    speak(&mut tx, ana, Language::Es).await;
    let put = contact::put(&mut tx, ana, &no_phone, NOW).await;
    if put.is_ok() {
        // It is told by what comes next.
        assert!(contact::get(&mut tx, ana).await.is_err());
    }
    // Nothing that follows makes good what came before.
    assert!(contact::get(&mut tx, ana).await.is_err());
    // PostgreSQL takes the word for one that undoes it.
    let _ = tx.commit().await;
    assert_eq!(language(&db, ana).await, None);
    let mut tx = db.write().await.unwrap();
    speak(&mut tx, ana, Language::En).await;
    tx.commit().await.unwrap();
    assert_eq!(language(&db, ana).await, Some(Language::En));
    db.close().await;
}

async fn what_is_not_committed_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    for read in [false, true] {
        let mut tx = db.write().await.unwrap();
        speak(&mut tx, ana, Language::Es).await;
        if read {
            assert!(contact::get(&mut tx, ana).await.unwrap().is_some());
        }
        drop(tx);
        assert_eq!(language(&db, ana).await, None);
        let mut tx = db.write().await.unwrap();
        speak(&mut tx, ana, Language::Es).await;
        tx.rollback().await.unwrap();
        assert_eq!(language(&db, ana).await, None);
    }
    // Each was given back: there are fewer connections than that.
    for _ in 0..100 {
        let mut tx = db.read().await.unwrap();
        assert!(contact::get(&mut tx, ana).await.unwrap().is_none());
    }
    db.close().await;
}

async fn what_is_asked_together_is_answered_in_any_order(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let north = campus_of(2, "north");
    let mut tx = db.write().await.unwrap();
    assert!(campus::insert(&mut tx, &north).await.unwrap());
    campus_gateway::set(&mut tx, north.id, &[GatewayKind::Wallet])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for count in [1, 2, 15, 16, 17, 40] {
        let mut tx = db.write().await.unwrap();
        let mut asked = Vec::new();
        for number in 0..count {
            speak(&mut tx, ana, Language::Es).await;
            let campuses = campus::ask_all(&mut tx).await.unwrap();
            let accepted = campus_gateway::ask_all(&mut tx).await.unwrap();
            let key = RequestKey {
                account_id: ana,
                key: number.to_string(),
            };
            let placed = order::ask_placed(&mut tx, &[key]).await.unwrap();
            asked.push((placed, campuses, accepted));
        }
        for (placed, campuses, accepted) in asked.into_iter().rev() {
            assert_eq!(placed.answer(&mut tx).await.unwrap(), []);
            let accepted = accepted.answer(&mut tx).await.unwrap();
            assert_eq!(accepted[&north.id], [GatewayKind::Wallet]);
            let campuses = campuses.answer(&mut tx).await.unwrap();
            assert_eq!(campuses, std::slice::from_ref(&north));
        }
        // What nobody wants to know any more is asked all the same, and told to nobody.
        let _ = campus::ask_all(&mut tx).await.unwrap();
        let known = contact::get(&mut tx, ana).await.unwrap();
        assert_eq!(known.map(|known| known.language), Some(Language::Es));
        tx.rollback().await.unwrap();
    }
    db.close().await;
}
