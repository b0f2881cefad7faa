//! The queue: what makes a job run, run once at a time, and never get lost.

use crate::engines::{Engine, on_both_engines};
use crate::{NOW, SECOND, id, member};
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;
use storage::job::{self, ClaimedJob, NewJob};
use storage::{Db, Tx};
use uuid::Uuid;

on_both_engines!(
    a_claimed_job_is_what_was_enqueued,
    a_unique_key_belongs_to_one_living_job,
    jobs_without_a_key_are_all_enqueued,
    the_same_key_at_once_is_one_job,
    jobs_are_claimed_by_priority_then_time_then_id,
    a_queue_is_claimed_apart_from_others,
    each_job_is_claimed_once_by_concurrent_workers,
    a_running_job_is_not_claimed,
    an_acknowledgement_after_a_reclaim_changes_nothing,
    an_acknowledgement_after_the_end_changes_nothing,
    only_leases_that_ended_are_reclaimed,
    a_renewed_lease_is_not_reclaimed,
    a_reclaim_counts_no_attempt,
    a_retry_is_claimable_at_its_time_only,
    a_dead_job_stays_dead,
    a_job_is_shown_to_its_owner_only,
    enqueueing_wakes_a_worker_on_commit_only,
);

const QUEUE: &str = "diet-plans";
const LEASE: i64 = 4 * SECOND;

fn new_job(number: u128) -> NewJob<'static> {
    NewJob {
        id: id(number),
        queue: QUEUE,
        kind: "plan.compute",
        priority: 100,
        arguments: json!({ "number": number as u64 }),
        owner_id: None,
        unique_key: None,
        max_attempts: 5,
        request_id: "request",
        now: NOW,
    }
}

async fn enqueue(db: &Db, job: NewJob<'_>) -> Uuid {
    let mut tx = db.write().await.unwrap();
    let id = job::enqueue(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn claim(db: &Db, now: i64, limit: i64) -> Vec<ClaimedJob> {
    let mut tx = db.write().await.unwrap();
    let claimed = job::claim(&mut tx, QUEUE, now, now + LEASE, limit)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claimed
}

async fn claim_one(db: &Db, now: i64) -> ClaimedJob {
    let mut claimed = claim(db, now, 1).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

async fn reclaim(db: &Db, now: i64) -> u64 {
    let mut tx = db.write().await.unwrap();
    let reclaimed = job::reclaim(&mut tx, now).await.unwrap();
    tx.commit().await.unwrap();
    reclaimed
}

/// Does something in a transaction of its own.
macro_rules! in_tx {
    ($db:expr, $function:path $(, $argument:expr)*) => {{
        let mut tx: Tx = $db.write().await.unwrap();
        let done = $function(&mut tx $(, $argument)*).await.unwrap();
        tx.commit().await.unwrap();
        done
    }};
}

/// Every way to acknowledge, none of which may be taken.
async fn nothing_is_acknowledged(engine: &Engine, db: &Db, job: &ClaimedJob) {
    let whole = "SELECT state || ' ' || fence || ' ' || attempts || ' ' || run_at || ' '
        || COALESCE(CAST(lease_until AS TEXT), '-') || ' ' || COALESCE(CAST(result AS TEXT), '-') || ' '
        || COALESCE(CAST(error AS TEXT), '-') || ' ' || COALESCE(CAST(finished_at AS TEXT), '-') FROM job";
    let before = engine.raw(whole).await;
    let (id, fence, value) = (job.id, job.fence, json!({ "late": true }));
    assert!(!in_tx!(db, job::succeed, id, fence, &value, NOW));
    assert!(!in_tx!(db, job::retry, id, fence, &value, NOW));
    assert!(!in_tx!(db, job::bury, id, fence, &value, NOW));
    assert!(!in_tx!(db, job::renew, id, fence, NOW + 100 * LEASE));
    assert_eq!(engine.raw(whole).await, before);
}

async fn a_claimed_job_is_what_was_enqueued(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    enqueue(
        &db,
        NewJob {
            owner_id: Some(ana),
            ..new_job(10)
        },
    )
    .await;
    let job = claim_one(&db, NOW).await;
    assert_eq!(
        (job.id, job.kind.as_str(), job.owner_id),
        (id(10), "plan.compute", Some(ana))
    );
    assert_eq!(job.arguments.0, json!({ "number": 10 }));
    assert_eq!((job.attempts, job.max_attempts, job.fence), (0, 5, 1));
    assert_eq!((job.request_id.as_str(), job.created_at), ("request", NOW));
}

async fn a_unique_key_belongs_to_one_living_job(engine: &Engine) {
    let db = engine.open().await;
    let keyed = |number| NewJob {
        unique_key: Some("input"),
        ..new_job(number)
    };
    assert_eq!(enqueue(&db, keyed(10)).await, id(10));
    assert_eq!(enqueue(&db, keyed(11)).await, id(10), "while it waits");
    let job = claim_one(&db, NOW).await;
    assert_eq!(enqueue(&db, keyed(12)).await, id(10), "while it runs");
    assert!(in_tx!(db, job::succeed, job.id, job.fence, &json!({}), NOW));
    assert_eq!(
        enqueue(&db, keyed(13)).await,
        id(10),
        "once it has succeeded"
    );
    let other_kind = NewJob {
        kind: "plan.other",
        ..keyed(14)
    };
    assert_eq!(enqueue(&db, other_kind).await, id(14), "another kind");

    let job = claim_one(&db, NOW).await;
    assert!(in_tx!(db, job::bury, job.id, job.fence, &json!({}), NOW));
    let again = NewJob {
        kind: "plan.other",
        ..keyed(15)
    };
    assert_eq!(enqueue(&db, again).await, id(15), "once the other is dead");
}

async fn jobs_without_a_key_are_all_enqueued(engine: &Engine) {
    let db = engine.open().await;
    for number in 10..13 {
        assert_eq!(enqueue(&db, new_job(number)).await, id(number));
    }
    assert_eq!(claim(&db, NOW, 10).await.len(), 3);
}

async fn the_same_key_at_once_is_one_job(engine: &Engine) {
    let db = engine.open().await;
    let tasks: Vec<_> = (10..40)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                enqueue(
                    &db,
                    NewJob {
                        unique_key: Some("input"),
                        ..new_job(number)
                    },
                )
                .await
            })
        })
        .collect();
    let mut ids = HashSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job").await, ["1"]);
}

async fn jobs_are_claimed_by_priority_then_time_then_id(engine: &Engine) {
    let db = engine.open().await;
    enqueue(
        &db,
        NewJob {
            now: NOW + 2,
            ..new_job(10)
        },
    )
    .await;
    enqueue(
        &db,
        NewJob {
            now: NOW + 1,
            ..new_job(13)
        },
    )
    .await;
    enqueue(
        &db,
        NewJob {
            now: NOW + 1,
            ..new_job(12)
        },
    )
    .await;
    enqueue(
        &db,
        NewJob {
            priority: 1,
            now: NOW + 3,
            ..new_job(11)
        },
    )
    .await;
    enqueue(
        &db,
        NewJob {
            priority: 1,
            now: NOW + 100,
            ..new_job(14)
        },
    )
    .await;
    let order: Vec<Uuid> = claim(&db, NOW + 3, 3)
        .await
        .iter()
        .map(|job| job.id)
        .collect();
    assert_eq!(order, [11, 12, 13].map(id));
    assert_eq!(claim_one(&db, NOW + 3).await.id, id(10));
    assert!(
        claim(&db, NOW + 99, 10).await.is_empty(),
        "the last is not due"
    );
    assert_eq!(claim_one(&db, NOW + 100).await.id, id(14));
}

async fn a_queue_is_claimed_apart_from_others(engine: &Engine) {
    let db = engine.open().await;
    enqueue(
        &db,
        NewJob {
            queue: "mail",
            ..new_job(10)
        },
    )
    .await;
    assert!(claim(&db, NOW, 10).await.is_empty());
    assert_eq!(
        in_tx!(db, job::claim, "mail", NOW, NOW + LEASE, 10).len(),
        1
    );
}

async fn each_job_is_claimed_once_by_concurrent_workers(engine: &Engine) {
    const JOBS: usize = 200;
    let db = engine.open().await;
    for number in 0..JOBS {
        enqueue(&db, new_job(number as u128 + 1)).await;
    }
    // Two processes on PostgreSQL; a SQLite file has one.
    let handles = match db.dialect() {
        storage::Dialect::Sqlite => [db.clone(), db.clone()],
        storage::Dialect::Postgres => [db.clone(), engine.open().await],
    };
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let db = handles[worker % 2].clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let claimed = claim(&db, NOW, 3).await;
                    assert!(claimed.len() <= 3);
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.into_iter().map(|job| job.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), JOBS);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), JOBS);
}

async fn a_running_job_is_not_claimed(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    claim_one(&db, NOW).await;
    assert!(claim(&db, NOW, 10).await.is_empty());
    // Also after the lease: it must be reclaimed first, which moves the fence.
    assert!(claim(&db, NOW + 2 * LEASE, 10).await.is_empty());
}

async fn an_acknowledgement_after_a_reclaim_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let late = claim_one(&db, NOW).await;
    assert_eq!(reclaim(&db, NOW + LEASE).await, 1);
    nothing_is_acknowledged(engine, &db, &late).await;
    let current = claim_one(&db, NOW + LEASE).await;
    assert!(current.fence > late.fence);
    nothing_is_acknowledged(engine, &db, &late).await;
    assert!(in_tx!(
        db,
        job::succeed,
        current.id,
        current.fence,
        &json!({}),
        NOW
    ));
    nothing_is_acknowledged(engine, &db, &late).await;
}

async fn an_acknowledgement_after_the_end_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let job = claim_one(&db, NOW).await;
    assert!(in_tx!(
        db,
        job::succeed,
        job.id,
        job.fence,
        &json!({ "planId": 1 }),
        NOW
    ));
    nothing_is_acknowledged(engine, &db, &job).await;
}

async fn only_leases_that_ended_are_reclaimed(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    enqueue(&db, new_job(11)).await;
    let first = claim_one(&db, NOW).await;
    claim_one(&db, NOW + SECOND).await;
    assert_eq!(reclaim(&db, NOW + LEASE - 1).await, 0);
    assert_eq!(reclaim(&db, NOW + LEASE).await, 1);
    assert_eq!(claim_one(&db, NOW + LEASE).await.id, first.id);
    assert!(claim(&db, NOW + LEASE, 10).await.is_empty());
}

async fn a_renewed_lease_is_not_reclaimed(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let job = claim_one(&db, NOW).await;
    assert!(in_tx!(db, job::renew, job.id, job.fence, NOW + 2 * LEASE));
    assert_eq!(reclaim(&db, NOW + LEASE).await, 0);
    assert_eq!(reclaim(&db, NOW + 2 * LEASE).await, 1);
}

async fn a_reclaim_counts_no_attempt(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    for crash in 0..10 {
        let job = claim_one(&db, NOW + crash * LEASE).await;
        assert_eq!(job.attempts, 0);
        assert_eq!(reclaim(&db, NOW + (crash + 1) * LEASE).await, 1);
    }
}

async fn a_retry_is_claimable_at_its_time_only(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let job = claim_one(&db, NOW).await;
    assert!(in_tx!(
        db,
        job::retry,
        job.id,
        job.fence,
        &json!({ "type": "INTERNAL" }),
        NOW + SECOND
    ));
    assert!(claim(&db, NOW + SECOND - 1, 10).await.is_empty());
    let again = claim_one(&db, NOW + SECOND).await;
    assert_eq!((again.id, again.attempts), (job.id, 1));
}

async fn a_dead_job_stays_dead(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    enqueue(
        &db,
        NewJob {
            owner_id: Some(ana),
            ..new_job(10)
        },
    )
    .await;
    let job = claim_one(&db, NOW).await;
    assert!(in_tx!(
        db,
        job::bury,
        job.id,
        job.fence,
        &json!({ "type": "INTERNAL" }),
        NOW + 5
    ));
    assert!(claim(&db, NOW + 100 * LEASE, 10).await.is_empty());
    assert_eq!(reclaim(&db, i64::MAX).await, 0);
    let row = in_tx!(db, job::of_owner, ana, job.id).unwrap();
    assert_eq!(
        (row.state.as_str(), row.finished_at),
        ("dead", Some(NOW + 5))
    );
    assert_eq!(row.error.unwrap().0, json!({ "type": "INTERNAL" }));
}

async fn a_job_is_shown_to_its_owner_only(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    enqueue(
        &db,
        NewJob {
            owner_id: Some(ana),
            ..new_job(10)
        },
    )
    .await;
    enqueue(&db, new_job(11)).await;
    assert_eq!(
        in_tx!(db, job::of_owner, ana, id(10)).unwrap().state,
        "ready"
    );
    assert!(in_tx!(db, job::of_owner, ben, id(10)).is_none());
    assert!(
        in_tx!(db, job::of_owner, ana, id(11)).is_none(),
        "the installation's own"
    );
}

async fn enqueueing_wakes_a_worker_on_commit_only(engine: &Engine) {
    let db = engine.open().await;
    let mut tx = db.write().await.unwrap();
    job::enqueue(&mut tx, &new_job(10)).await.unwrap();
    drop(tx);
    enqueue(&db, new_job(11)).await;
    let woken = tokio::time::timeout(Duration::from_secs(30), db.wakeup().woken());
    woken.await.expect("the commit wakes");
    // One commit, one wake-up: what was rolled back woke nobody.
    let again = tokio::time::timeout(Duration::from_millis(300), db.wakeup().woken());
    assert!(again.await.is_err());
}
