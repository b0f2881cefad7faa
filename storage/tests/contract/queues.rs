//! Queues: what is set of them, how much waits in them, how fast they are.

use crate::engines::{Engine, on_both_engines};
use crate::work::{
    QUEUE, claim, claim_one, end, enqueue, enqueue_all, in_tx, new_job, reclaim, two_handles,
    worker_id,
};
use crate::{NOW, SECOND, id};
use storage::Db;
use storage::job::{self, EndState, NewJob};
use storage::queue::{self, Measured, QueueRow};

on_both_engines!(
    a_queue_is_added_once,
    settings_of_a_queue_are_changed,
    a_queue_that_is_not_there_is_not_changed,
    changing_a_setting_wakes_the_workers,
    counts_are_what_counting_gives,
    counts_are_right_while_many_write_and_fold,
    what_is_rolled_back_is_not_counted,
    measurements_add_up_and_are_forgotten,
    a_rate_is_shared_by_concurrent_claims,
);

async fn named(db: &Db, name: &str) -> QueueRow {
    let all = in_tx!(db, queue::all);
    all.into_iter().find(|queue| queue.name == name).unwrap()
}

async fn a_queue_is_added_once(engine: &Engine) {
    let db = engine.open().await;
    in_tx!(db, queue::ensure, "b", 2);
    in_tx!(db, queue::ensure, "a", 3);
    in_tx!(db, queue::set_concurrency, "b", 9);
    in_tx!(db, queue::set_paused, "b", true);
    in_tx!(db, queue::ensure, "b", 2);
    let row = |name: &str, paused, concurrency| QueueRow {
        name: name.to_owned(),
        paused,
        concurrency,
        rate_limit: None,
        rate_period: None,
        rate_due: 0,
    };
    let all = in_tx!(db, queue::all);
    assert_eq!(all, [row("a", false, 3), row("b", true, 9)]);
}

async fn settings_of_a_queue_are_changed(engine: &Engine) {
    let db = engine.open().await;
    in_tx!(db, queue::ensure, QUEUE, 2);
    in_tx!(db, queue::ensure, "other", 2);
    let untouched = named(&db, "other").await;

    assert!(in_tx!(db, queue::set_paused, QUEUE, true));
    assert!(named(&db, QUEUE).await.paused);
    assert!(in_tx!(db, queue::set_paused, QUEUE, false));
    assert!(!named(&db, QUEUE).await.paused);

    assert!(in_tx!(db, queue::set_concurrency, QUEUE, 1000));
    assert_eq!(named(&db, QUEUE).await.concurrency, 1000);
    for refused in [0, -1, 1001] {
        let mut tx = db.write().await.unwrap();
        let set = queue::set_concurrency(&mut tx, QUEUE, refused).await;
        assert!(set.is_err(), "{refused}");
    }

    assert!(in_tx!(db, queue::set_rate, QUEUE, Some((5, SECOND))));
    in_tx!(db, queue::set_rate_due, QUEUE, NOW);
    let row = named(&db, QUEUE).await;
    assert_eq!(
        (row.rate_limit, row.rate_period, row.rate_due),
        (Some(5), Some(SECOND), NOW)
    );
    assert_eq!(in_tx!(db, queue::lock, QUEUE), Some(row));
    // Another rate begins anew.
    assert!(in_tx!(db, queue::set_rate, QUEUE, None));
    let row = named(&db, QUEUE).await;
    assert_eq!(
        (row.rate_limit, row.rate_period, row.rate_due),
        (None, None, 0)
    );
    assert_eq!(named(&db, "other").await, untouched);
}

async fn a_queue_that_is_not_there_is_not_changed(engine: &Engine) {
    let db = engine.open().await;
    assert!(!in_tx!(db, queue::set_paused, QUEUE, true));
    assert!(!in_tx!(db, queue::set_concurrency, QUEUE, 1));
    assert!(!in_tx!(db, queue::set_rate, QUEUE, Some((5, SECOND))));
    assert_eq!(in_tx!(db, queue::lock, QUEUE), None);
    assert!(in_tx!(db, queue::all).is_empty());
}

async fn changing_a_setting_wakes_the_workers(engine: &Engine) {
    let db = engine.open().await;
    in_tx!(db, queue::ensure, QUEUE, 2);
    let woken = async |what: &str| {
        let woken = tokio::time::timeout(std::time::Duration::from_secs(30), db.wakeup().woken());
        assert!(woken.await.is_ok(), "{what}");
    };
    in_tx!(db, queue::set_paused, QUEUE, false);
    woken("paused").await;
    in_tx!(db, queue::set_concurrency, QUEUE, 3);
    woken("concurrency").await;
    in_tx!(db, queue::set_rate, QUEUE, None);
    woken("rate").await;
}

/// The counts, and what counting the table gives, each as text.
async fn both_counts(engine: &Engine, db: &Db) -> (Vec<String>, Vec<String>) {
    let kept = in_tx!(db, queue::counts)
        .iter()
        .map(|count| {
            let queue::Count {
                queue,
                kind,
                state,
                jobs,
            } = count;
            format!("{queue} {kind} {state} {jobs}")
        })
        .collect();
    let counted = engine
        .raw(
            "SELECT queue || ' ' || kind || ' ' || state || ' ' || COUNT(*) FROM job
            GROUP BY queue, kind, state ORDER BY queue, kind, state",
        )
        .await;
    (kept, counted)
}

/// Compares the counts with counting, as they are and once they are folded.
async fn counts_agree(engine: &Engine, db: &Db, when: &str) {
    let (kept, counted) = both_counts(engine, db).await;
    assert_eq!(kept, counted, "{when}");
    in_tx!(db, queue::fold_counts);
    let (kept, counted) = both_counts(engine, db).await;
    assert_eq!(kept, counted, "{when}, folded");
}

async fn counts_are_what_counting_gives(engine: &Engine) {
    const HOUR: i64 = 3600 * SECOND;
    let db = engine.open().await;
    counts_agree(engine, &db, "empty").await;
    let jobs: Vec<NewJob> = (1..=40)
        .map(|number| NewJob {
            queue: if number % 7 == 0 { "other" } else { QUEUE },
            kind: if number % 3 == 0 { "a" } else { "b" },
            run_at: NOW + HOUR * i64::from(number % 5 == 0),
            now: NOW + HOUR * (number as i64 % 4) / 2,
            ..new_job(number)
        })
        .collect();
    enqueue_all(&db, &jobs).await;
    counts_agree(engine, &db, "enqueued").await;
    let claimed = claim(&db, NOW, 20).await;
    counts_agree(engine, &db, "claimed").await;
    let states = [
        EndState::Succeeded,
        EndState::Retrying,
        EndState::Dead,
        EndState::Cancelled,
        EndState::Ready,
    ];
    for (job, state) in claimed[..10].iter().zip(states.iter().cycle()) {
        end(&db, job, *state).await;
        counts_agree(engine, &db, &format!("{state:?}")).await;
    }
    in_tx!(db, job::promote, i64::MAX);
    counts_agree(engine, &db, "promoted").await;
    reclaim(&db, worker_id(1), NOW).await;
    counts_agree(engine, &db, "reclaimed").await;
    claim(&db, NOW, 5).await;
    in_tx!(db, job::hand_back, worker_id(1), &[], NOW);
    counts_agree(engine, &db, "handed back").await;
    for (kind, state) in [("a", "succeeded"), ("b", "dead"), ("b", "ready")] {
        in_tx!(db, job::sweep, kind, state, id(99), 100);
        counts_agree(engine, &db, "swept").await;
    }
    engine.raw("DELETE FROM job").await;
    counts_agree(engine, &db, "deleted").await;
    let (kept, _) = both_counts(engine, &db).await;
    assert!(kept.is_empty());
}

async fn counts_are_right_while_many_write_and_fold(engine: &Engine) {
    let handles = two_handles(engine).await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let db = handles[task % 2].clone();
            tokio::spawn(async move {
                for turn in 0..20 {
                    let first = 10_000 * (task as u128 + 1) + 10 * turn;
                    let jobs: Vec<NewJob> = (first..first + 3).map(new_job).collect();
                    enqueue_all(&db, &jobs).await;
                    let worker = worker_id(task as u128);
                    let claimed = in_tx!(db, job::claim, &[(QUEUE, 3)], worker, NOW);
                    if let Some(job) = claimed.first() {
                        end(&db, job, EndState::Succeeded).await;
                    }
                    in_tx!(db, queue::fold_counts);
                    in_tx!(db, job::hand_back, worker, &[], NOW);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    counts_agree(engine, &handles[0], "afterwards").await;
    let (kept, _) = both_counts(engine, &handles[0]).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
}

async fn what_is_rolled_back_is_not_counted(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let mut tx = db.write().await.unwrap();
    job::enqueue(&mut tx, &[new_job(11)]).await.unwrap();
    job::claim(&mut tx, &[(QUEUE, 10)], worker_id(1), NOW)
        .await
        .unwrap();
    queue::fold_counts(&mut tx).await.unwrap();
    drop(tx);
    let (kept, _) = both_counts(engine, &db).await;
    assert_eq!(kept, ["diet-plans plan.compute ready 1"]);
    counts_agree(engine, &db, "rolled back").await;
}

async fn measurements_add_up_and_are_forgotten(engine: &Engine) {
    let db = engine.open().await;
    let measured = |minute, measure: &str, exponent, jobs| Measured {
        minute,
        queue: QUEUE.to_owned(),
        measure: measure.to_owned(),
        exponent,
        jobs,
    };
    let first = [measured(5, "wait", 10, 2), measured(5, "run", 10, 1)];
    in_tx!(db, queue::measure, &first);
    let second = [
        measured(5, "wait", 10, 3),
        measured(5, "wait", 11, 1),
        measured(6, "dead", 0, 4),
    ];
    in_tx!(db, queue::measure, &second);
    let all = [
        measured(5, "run", 10, 1),
        measured(5, "wait", 10, 5),
        measured(5, "wait", 11, 1),
        measured(6, "dead", 0, 4),
    ];
    assert_eq!(in_tx!(db, queue::measured, 0), all);
    assert_eq!(in_tx!(db, queue::measured, 6), all[3..]);
    in_tx!(db, queue::forget_measured, 6);
    assert_eq!(in_tx!(db, queue::measured, 0), all[3..]);
}

async fn a_rate_is_shared_by_concurrent_claims(engine: &Engine) {
    const LIMIT: i64 = 10;
    let handles = two_handles(engine).await;
    in_tx!(handles[0], queue::ensure, QUEUE, 100);
    in_tx!(
        handles[0],
        queue::set_rate,
        QUEUE,
        Some((LIMIT, LIMIT * SECOND))
    );
    let jobs: Vec<NewJob> = (1..=40).map(new_job).collect();
    enqueue_all(&handles[0], &jobs).await;
    // What a worker does with a queue that has a rate.
    let round = async |now: i64| {
        let tasks: Vec<_> = (0..6)
            .map(|worker| {
                let db = handles[worker % 2].clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await.unwrap();
                    let row = queue::lock(&mut tx, QUEUE).await.unwrap().unwrap();
                    let limit = row.allowed(now).min(4);
                    let worker = worker_id(worker as u128);
                    let wanted = [(QUEUE, limit)];
                    let claimed = job::claim(&mut tx, &wanted, worker, now).await;
                    let claimed = claimed.unwrap().len() as i64;
                    let due = row.due_after(claimed, now);
                    queue::set_rate_due(&mut tx, QUEUE, due).await.unwrap();
                    tx.commit().await.unwrap();
                    claimed
                })
            })
            .collect();
        let mut claimed = 0;
        for task in tasks {
            claimed += task.await.unwrap();
        }
        claimed
    };
    assert_eq!(round(NOW).await, LIMIT);
    assert_eq!(round(NOW).await, 0);
    assert_eq!(round(NOW + SECOND).await, 1);
    assert_eq!(round(NOW + 4 * SECOND).await, 3);
    // Without the rate whatever is there may be claimed.
    in_tx!(handles[0], queue::set_rate, QUEUE, None);
    assert_eq!(round(NOW + 4 * SECOND).await, 24);
    let job = claim_one(&handles[0], NOW).await;
    assert_eq!(job.id, id(39));
}

fn limited(limit: i64, period: i64) -> QueueRow {
    QueueRow {
        name: QUEUE.to_owned(),
        paused: false,
        concurrency: 1,
        rate_limit: Some(limit),
        rate_period: Some(period),
        rate_due: 0,
    }
}

#[test]
fn a_queue_without_a_rate_allows_everything() {
    let free = QueueRow {
        rate_limit: None,
        rate_period: None,
        rate_due: 7,
        ..limited(1, 1)
    };
    assert_eq!(free.allowed(NOW), i64::MAX);
    assert_eq!(free.due_after(1000, NOW), 7);
}

#[test]
fn a_rate_allows_one_periods_worth_at_once_and_then_each_when_it_is_due() {
    let minute = 60 * SECOND;
    let mut queue = limited(100, minute);
    assert_eq!(queue.allowed(NOW), 100);
    queue.rate_due = queue.due_after(60, NOW);
    assert_eq!(queue.allowed(NOW), 40);
    queue.rate_due = queue.due_after(40, NOW);
    assert_eq!(queue.rate_due, NOW + minute);
    for (after, allowed) in [
        (0, 0),
        (minute / 100 - 1, 0),
        (minute / 100, 1),
        (minute / 2, 50),
        (minute - 1, 99),
        (minute, 100),
        (100 * minute, 100),
    ] {
        assert_eq!(queue.allowed(NOW + after), allowed, "after {after} µs");
    }
}

#[test]
fn a_rate_holds_however_often_is_asked() {
    // Each: the limit, the period, how much time passes between two looks.
    for (limit, period, step) in [
        (1, SECOND, 1000),
        (7, 60 * SECOND, 123_457),
        (100, 60 * SECOND, 10_000),
        (1000, SECOND, 777),
    ] {
        let mut queue = limited(limit, period);
        let mut claimed = 0;
        let mut now = NOW;
        while now < NOW + 5 * period {
            let allowed = queue.allowed(now);
            assert!((0..=limit).contains(&allowed));
            queue.rate_due = queue.due_after(allowed, now);
            claimed += allowed;
            now += step;
        }
        // One period's worth at the beginning and one for each period; and it is not slower.
        let most = 6 * limit;
        assert!(
            (most - 1..=most).contains(&claimed),
            "{limit} in {period}: {claimed}"
        );
    }
}

#[test]
fn a_rate_does_not_outlast_a_clock_that_jumps_back() {
    let mut queue = limited(10, SECOND);
    queue.rate_due = queue.due_after(10, NOW);
    let earlier = NOW - 3600 * SECOND;
    let wait = (0..=2)
        .map(|periods| queue.allowed(earlier + periods * SECOND))
        .max();
    assert_ne!(wait, Some(0), "nothing would run for an hour");
}
