//! Plans.

use crate::engines::{Engine, on_both_engines};
use crate::{NOW, id, member};
use storage::Db;
use storage::plan::{self, NewPlan};
use uuid::Uuid;

on_both_engines!(
    the_same_input_is_one_plan,
    a_document_keeps_its_bytes,
    a_plan_is_its_owners_only,
    a_list_is_paged_newest_first,
    the_latest_plan_of_a_week_is_found,
);

async fn store(db: &Db, account_id: Uuid, number: u128, week: &str, input_hash: &str) {
    let mut tx = db.write().await.unwrap();
    let new = NewPlan {
        id: id(number),
        account_id,
        week,
        input_hash,
        document: &format!(r#"{{"b": {number}, "a": 1.50}}"#),
        energy: 2000,
        cost: 5000,
        score: 7,
        created_at: NOW + number as i64,
    };
    plan::insert(&mut tx, &new).await.unwrap();
    tx.commit().await.unwrap();
}

async fn the_same_input_is_one_plan(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    store(&db, ana, 10, "2027-W01", "same").await;
    store(&db, ana, 11, "2027-W01", "same").await;
    store(&db, ben, 12, "2027-W01", "same").await;
    let mut tx = db.read().await.unwrap();
    assert_eq!(
        plan::by_input(&mut tx, ana, "same").await.unwrap(),
        Some(id(10))
    );
    assert_eq!(
        plan::by_input(&mut tx, ben, "same").await.unwrap(),
        Some(id(12))
    );
    assert_eq!(plan::by_input(&mut tx, ana, "other").await.unwrap(), None);
    assert_eq!(
        plan::list(&mut tx, ana, Uuid::max(), 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn a_document_keeps_its_bytes(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    store(&db, ana, 10, "2027-W01", "one").await;
    let mut tx = db.read().await.unwrap();
    let stored = plan::by_id(&mut tx, ana, id(10)).await.unwrap().unwrap();
    assert_eq!(stored.document, r#"{"b": 10, "a": 1.50}"#);
    assert_eq!(stored.created_at, NOW + 10);
}

async fn a_plan_is_its_owners_only(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    store(&db, ana, 10, "2027-W01", "one").await;
    let mut tx = db.read().await.unwrap();
    assert!(plan::by_id(&mut tx, ben, id(10)).await.unwrap().is_none());
    assert!(
        plan::list(&mut tx, ben, Uuid::max(), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        plan::latest_of_week(&mut tx, ben, "2027-W01")
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_list_is_paged_newest_first(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    for number in 10..15 {
        store(&db, ana, number, "2027-W01", &format!("input {number}")).await;
    }
    store(&db, ben, 20, "2027-W01", "another's").await;
    let mut tx = db.read().await.unwrap();
    let mut before = Uuid::max();
    let mut seen = Vec::new();
    loop {
        let page = plan::list(&mut tx, ana, before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        before = last.id;
        seen.extend(page.iter().map(|row| row.id));
    }
    assert_eq!(seen, [14, 13, 12, 11, 10].map(id));
}

async fn the_latest_plan_of_a_week_is_found(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    store(&db, ana, 10, "2027-W01", "one").await;
    store(&db, ana, 11, "2027-W01", "two").await;
    store(&db, ana, 12, "2027-W02", "three").await;
    let mut tx = db.read().await.unwrap();
    let latest = plan::latest_of_week(&mut tx, ana, "2027-W01")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(latest.id, id(11));
    assert!(
        plan::latest_of_week(&mut tx, ana, "2027-W03")
            .await
            .unwrap()
            .is_none()
    );
}
