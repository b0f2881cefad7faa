//! What an engine refuses, as the layers above get to know it.

use crate::engines::Engine;
use sqlx::Connection as _;
use storage::{Error, setting};

/// What SQLite answers when the disk is full, without filling one.
#[tokio::test]
async fn a_full_sqlite_file_is_unavailable_and_not_a_fault() {
    let engine = Engine::sqlite().await;
    engine.open().await.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(engine.file());
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let bound = format!("PRAGMA max_page_count = {pages}");
    sqlx::query(sqlx::AssertSqlSafe(bound))
        .execute(&mut connection)
        .await
        .unwrap();
    let full =
        sqlx::query("INSERT INTO setting (name, value) VALUES ('large', hex(zeroblob(100000)))")
            .execute(&mut connection)
            .await
            .unwrap_err();
    assert!(full.to_string().contains("full"), "{full}");
    assert!(matches!(Error::from(full), Error::Unavailable(_)));
}

#[tokio::test]
async fn a_locked_sqlite_file_is_unavailable_and_can_still_be_read() {
    let engine = Engine::sqlite().await;
    let (one, other) = (engine.open().await, engine.open().await);
    let mut held = one.write().await.unwrap();
    assert!(setting::put(&mut held, "of", "one").await.unwrap());
    let mut refused = other.write().await.unwrap();
    let put = setting::put(&mut refused, "of", "other").await;
    assert!(matches!(put, Err(Error::Unavailable(_))), "{put:?}");
    drop(refused);
    other.ping().await.unwrap();
    let mut read = other.read().await.unwrap();
    assert_eq!(setting::get(&mut read, "of").await.unwrap(), None);
    held.rollback().await.unwrap();
    let mut free = other.write().await.unwrap();
    assert!(setting::put(&mut free, "of", "other").await.unwrap());
    free.commit().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    // Port 9, discard, is never PostgreSQL's.
    let nowhere: storage::Database = "postgres://nobody@127.0.0.1:9/none".parse().unwrap();
    let opened = storage::Db::open(&nowhere, "demo").await;
    assert!(matches!(opened, Err(Error::Unavailable(_))), "{opened:?}");
}

#[test]
fn an_address_that_cannot_be_read_is_refused_without_its_password() {
    for address in ["mysql://root:hunter2@host/db", "sqlite:", "", "nonsense"] {
        let error = address.parse::<storage::Database>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
