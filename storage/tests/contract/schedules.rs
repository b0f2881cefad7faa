//! Schedules: each time is done once, whoever is alive.

use crate::engines::{Engine, on_both_engines};
use crate::work::{in_tx, new_job, two_handles};
use crate::{NOW, SECOND, id};
use storage::schedule::{self, Schedule};
use storage::{Db, job};

on_both_engines!(
    a_schedule_is_added_once_and_changed_with_its_pattern,
    a_schedule_moves_on_from_the_time_that_it_is_due,
    of_two_that_fire_a_schedule_one_does,
);

const NAME: &str = "installation.sweep";

async fn ensure(db: &Db, cron: &str, zone: &str, at: i64) {
    in_tx!(db, schedule::ensure, NAME, cron, zone, at);
}

async fn only(db: &Db) -> Schedule {
    let mut all = in_tx!(db, schedule::all);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn a_schedule_is_added_once_and_changed_with_its_pattern(engine: &Engine) {
    let db = engine.open().await;
    ensure(&db, "17 * * * *", "UTC", NOW).await;
    let mut expected = Schedule {
        name: NAME.to_owned(),
        cron: "17 * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        next_at: NOW,
        last_at: None,
        last_job_id: None,
    };
    assert_eq!(only(&db).await, expected);
    // A process that starts later does not put off what is due.
    ensure(&db, "17 * * * *", "UTC", NOW + SECOND).await;
    assert_eq!(only(&db).await, expected);
    ensure(&db, "18 * * * *", "UTC", NOW + 2 * SECOND).await;
    expected.cron = "18 * * * *".to_owned();
    expected.next_at = NOW + 2 * SECOND;
    assert_eq!(only(&db).await, expected);
    ensure(&db, "18 * * * *", "Europe/Madrid", NOW + 3 * SECOND).await;
    expected.time_zone = "Europe/Madrid".to_owned();
    expected.next_at = NOW + 3 * SECOND;
    assert_eq!(only(&db).await, expected);
}

async fn a_schedule_moves_on_from_the_time_that_it_is_due(engine: &Engine) {
    let db = engine.open().await;
    ensure(&db, "17 * * * *", "UTC", NOW).await;
    let next = NOW + SECOND;
    assert!(!in_tx!(db, schedule::advance, NAME, NOW + 1, next, id(1)));
    assert!(!in_tx!(db, schedule::advance, "other", NOW, next, id(1)));
    assert_eq!(only(&db).await.next_at, NOW);
    assert!(in_tx!(db, schedule::advance, NAME, NOW, next, id(2)));
    assert!(!in_tx!(db, schedule::advance, NAME, NOW, next, id(3)));
    let moved = only(&db).await;
    assert_eq!(
        (moved.next_at, moved.last_at, moved.last_job_id),
        (next, Some(NOW), Some(id(2)))
    );
    // Whoever starts meanwhile keeps what is known of the last time.
    ensure(&db, "17 * * * *", "UTC", NOW).await;
    assert_eq!(only(&db).await, moved);
}

async fn of_two_that_fire_a_schedule_one_does(engine: &Engine) {
    let handles = two_handles(engine).await;
    ensure(&handles[0], "17 * * * *", "UTC", NOW).await;
    for turn in 0..20_i64 {
        let due = NOW + turn * SECOND;
        let tasks: Vec<_> = (0..4)
            .map(|process| {
                let db = handles[process % 2].clone();
                tokio::spawn(async move {
                    let new = new_job(100 * (turn as u128 + 1) + process as u128);
                    let mut tx = db.write().await.unwrap();
                    let ids = job::enqueue(&mut tx, std::slice::from_ref(&new)).await;
                    let fired =
                        schedule::advance(&mut tx, NAME, due, due + SECOND, ids.unwrap()[0]);
                    let fired = fired.await.unwrap();
                    if fired {
                        tx.commit().await.unwrap();
                    }
                    fired.then_some(new.id)
                })
            })
            .collect();
        let mut fired = Vec::new();
        for task in tasks {
            fired.extend(task.await.unwrap());
        }
        assert_eq!(fired.len(), 1, "turn {turn}");
        assert_eq!(only(&handles[0]).await.last_job_id, Some(fired[0]));
        let count = engine.raw("SELECT COUNT(*) FROM job").await;
        assert_eq!(count, [(turn + 1).to_string()]);
    }
}
