//! Starting.

use crate::engines::{Engine, on_both_engines};
use crate::{Product, settings};
use service::{DEMO_SECRET, Mode, Service, Settings, SystemClock};
use std::sync::Arc;

on_both_engines!(
    production_needs_a_secret_of_its_own,
    the_demo_starts_with_its_public_secret_and_accounts_and_again,
    every_food_is_imported_once,
);

async fn production_needs_a_secret_of_its_own(engine: &Engine) {
    for secret in ["", "short", "31 characters are one too few..", DEMO_SECRET] {
        let settings = Settings {
            secret: secret.to_owned(),
            ..settings(engine)
        };
        let refused = Service::start(settings, Arc::new(SystemClock))
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("NUTRIFLOW_SECRET"),
            "{refused}"
        );
        assert!(secret.is_empty() || !refused.to_string().contains(secret));
    }
    Product::start(engine).await;
}

async fn the_demo_starts_with_its_public_secret_and_accounts_and_again(engine: &Engine) {
    for _ in 0..2 {
        let settings = Settings {
            mode: Mode::Demo,
            secret: DEMO_SECRET.to_owned(),
            ..settings(engine)
        };
        Service::start(settings, Arc::new(SystemClock))
            .await
            .unwrap();
        assert_eq!(engine.raw("SELECT COUNT(*) FROM account").await, ["4"]);
    }
}

async fn every_food_is_imported_once(engine: &Engine) {
    engine.clear().await;
    let product = Product::start(engine).await;
    assert_eq!(engine.raw("SELECT COUNT(*) FROM food").await, ["8789"]);
    let found = service::catalogue::search_foods(&product.anonymous(), "jalapeño raw")
        .await
        .unwrap();
    assert!(found.iter().any(|food| food.ndb_no == "11979"), "{found:?}");
    // What a second start does not touch stays as it is.
    engine
        .raw("UPDATE food SET description = 'Marked' WHERE ndb_no = '01001'")
        .await;
    Product::start(engine).await;
    let marked = engine
        .raw("SELECT description FROM food WHERE ndb_no = '01001'")
        .await;
    assert_eq!(marked, ["Marked"]);
}

/// SQLite has one process, so this is PostgreSQL's alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_start_on_a_new_schema_at_once() {
    let Some(engine) = Engine::postgres().await else {
        return;
    };
    engine.clear().await;
    let starts: Vec<_> = (0..3)
        .map(|_| tokio::spawn(Service::start(settings(&engine), Arc::new(SystemClock))))
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    assert_eq!(engine.raw("SELECT COUNT(*) FROM food").await, ["8789"]);
    engine.remove().await;
}
