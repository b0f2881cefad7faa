//! SQLite's log: nobody is told of a commit before the disk has it, and the disk is waited for by nobody else.

use crate::engines::Engine;
use crate::{NOW, member};
use domain::text::Language;
use futures::FutureExt as _;
use storage::fault::Disk;
use storage::{Db, Error, Written, contact};
use uuid::Uuid;

async fn speak(db: &Db, account: Uuid, spoken: Language) -> Result<Written, Error> {
    let mut tx = db.write().await?;
    contact::set_language(&mut tx, account, spoken, NOW).await?;
    tx.write_out().await
}

async fn language(db: &Db, account: Uuid) -> Option<Language> {
    let known = contact::get(&mut db.read().await.unwrap(), account).await;
    known.unwrap().map(|known| known.language)
}

#[tokio::test]
async fn what_is_written_goes_on_while_the_disk_writes_what_was() {
    let engine = Engine::sqlite().await;
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    db.faults().set_disk(Disk::Stalls);
    let mut first = Box::pin(speak(&db, ana, Language::Es).await.unwrap().durable());
    let mut second = Box::pin(speak(&db, ana, Language::En).await.unwrap().durable());
    assert_eq!(language(&db, ana).await, Some(Language::En));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    // Whoever changes nothing may have read what is not on the disk yet.
    let mut tx = db.write().await.unwrap();
    contact::get(&mut tx, ana).await.unwrap();
    let mut reader = Box::pin(tx.write_out().await.unwrap().durable());
    assert!((&mut reader).now_or_never().is_none());
    db.faults().set_disk(Disk::Writes);
    first.await.unwrap();
    second.await.unwrap();
    reader.await.unwrap();
    // Nothing is written for it, so that nothing is waited for.
    db.faults().set_disk(Disk::Stalls);
    let mut tx = db.write().await.unwrap();
    contact::get(&mut tx, ana).await.unwrap();
    tx.commit().await.unwrap();
    db.write().await.unwrap().commit().await.unwrap();
    db.faults().set_disk(Disk::Writes);
    db.close().await;
}

#[tokio::test]
async fn nothing_is_committed_once_the_disk_has_refused() {
    let engine = Engine::sqlite().await;
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    db.ping().await.unwrap();
    db.faults().set_disk(Disk::Refuses);
    let written = speak(&db, ana, Language::Es).await.unwrap();
    assert!(matches!(
        written.durable().await,
        Err(Error::Unavailable(_))
    ));
    // A disk that has lost something may well say that all is fine the next time.
    db.faults().set_disk(Disk::Writes);
    let refused = speak(&db, ana, Language::En).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))));
    assert!(matches!(db.ping().await, Err(Error::Unavailable(_))));
    assert_ne!(language(&db, ana).await, Some(Language::En));
    db.close().await;
    let db = engine.open().await;
    let written = speak(&db, ana, Language::En).await.unwrap();
    written.durable().await.unwrap();
    assert_eq!(language(&db, ana).await, Some(Language::En));
    db.close().await;
}

#[tokio::test]
async fn a_log_that_was_carried_into_the_file_is_followed_by_another() {
    let engine = Engine::sqlite().await;
    let log = engine.file().with_extension("db-wal");
    for number in 1..=3 {
        let db = engine.open().await;
        let ana = member(&db, number).await;
        for turn in 0..100 {
            let spoken = if turn % 2 == 0 {
                Language::Es
            } else {
                Language::En
            };
            let written = speak(&db, ana, spoken).await.unwrap();
            written.durable().await.unwrap();
        }
        assert!(log.is_file());
        db.close().await;
        assert!(!log.exists(), "whoever closes it last carries it");
    }
}
