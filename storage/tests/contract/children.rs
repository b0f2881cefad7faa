//! Jobs that wait for the ones that they caused.

use crate::engines::{Engine, on_both_engines};
use crate::work::{
    await_children, claim, claim_one, column, columns, end, ended, enqueue, finish, in_tx, keyed,
    literal, new_job, reclaim, to_be_cancelled, worker_id,
};
use crate::{NOW, id, member};
use storage::Db;
use storage::job::{self, ClaimedJob, EndState, Ended, NewJob, Scope};

on_both_engines!(
    a_parent_ends_with_its_last_child,
    a_parent_ends_whatever_becomes_of_its_children,
    a_child_that_is_tried_again_is_waited_for,
    a_parent_whose_handler_still_runs_does_not_end_early,
    a_parent_without_children_ends_at_once,
    children_that_are_not_awaited_are_not_waited_for,
    children_end_a_parent_when_all_end_at_once,
    children_that_end_at_once_in_two_transactions_end_a_parent_once,
    a_parent_that_is_awaited_itself_ends_its_own_parent,
    a_waiting_parent_is_nobodys_to_acknowledge,
    a_waiting_parent_survives_the_death_of_its_worker,
    a_parent_that_was_given_up_stays_so,
    a_living_key_is_kept_until_the_last_child_has_ended,
    a_kept_key_is_kept_when_the_last_child_has_ended,
    a_parent_ends_when_its_last_children_are_deleted,
);

const PARENT: u128 = 10;

/// A parent that waits for so many children, 11 and on, which are ready.
async fn waiting_parent(db: &Db, children: u128) -> ClaimedJob {
    enqueue(db, new_job(PARENT)).await;
    let parent = claim_one(db, NOW).await;
    wait_for(db, &parent, children).await;
    parent
}

/// What a handler's effect does that has children: they and its end are one transaction.
async fn wait_for(db: &Db, parent: &ClaimedJob, children: u128) {
    let first = parent.id.as_u128() + 1;
    let new: Vec<NewJob> = (first..first + children).map(new_job).collect();
    let mut tx = db.write().await.unwrap();
    await_children(&mut tx, parent, &new).await;
    let end = ended(parent, EndState::Succeeded);
    job::finish(&mut tx, &[end]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn parent_is(engine: &Engine, state: &str, left: u32, progress: u32) {
    let names = ["state", "children_left", "progress"];
    let expected = [state.to_owned(), left.to_string(), progress.to_string()];
    assert_eq!(columns(engine, names, id(PARENT)).await, expected);
}

async fn a_parent_ends_with_its_last_child(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 3).await;
    parent_is(engine, "running", 3, 0).await;
    let names = ["worker_id", "finished_at", "result"];
    assert_eq!(
        columns(engine, names, id(PARENT)).await,
        ["-", "-", "\"done\""]
    );
    let children = claim(&db, NOW, 10).await;
    assert_eq!(children.len(), 3);
    for (child, left) in children.iter().zip([2, 1, 0]) {
        parent_is(engine, "running", left + 1, 0).await;
        let end = Ended {
            now: NOW + 100 + i64::from(left),
            ..ended(child, EndState::Succeeded)
        };
        assert_eq!(finish(&db, &[end]).await, 1);
    }
    parent_is(engine, "succeeded", 0, 100).await;
    let at = (NOW + 100).to_string();
    assert_eq!(
        columns(engine, names, id(PARENT)).await,
        ["-", at.as_str(), "\"done\""]
    );
}

async fn a_parent_ends_whatever_becomes_of_its_children(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 4).await;
    let children = claim(&db, NOW, 10).await;
    end(&db, &children[0], EndState::Dead).await;
    parent_is(engine, "running", 3, 0).await;
    end(&db, &children[1], EndState::Cancelled).await;
    parent_is(engine, "running", 2, 0).await;
    // The last two end with their worker: one is cancelled, the other has died too often.
    to_be_cancelled(engine, children[2].id).await;
    assert_eq!(reclaim(&db, worker_id(1), NOW).await, 2);
    parent_is(engine, "running", 1, 0).await;
    for left in [1, 0] {
        assert_eq!(claim_one(&db, NOW).await.id, children[3].id);
        parent_is(engine, "running", 1, 0).await;
        assert_eq!(reclaim(&db, worker_id(1), NOW + 7).await, 1);
        let state = if left == 0 { "dead" } else { "ready" };
        assert_eq!(column(engine, "state", children[3].id).await, state);
    }
    parent_is(engine, "succeeded", 0, 100).await;
    let at = column(engine, "finished_at", id(PARENT)).await;
    assert_eq!(at, (NOW + 7).to_string());
}

async fn a_child_that_is_tried_again_is_waited_for(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 1).await;
    let child = claim_one(&db, NOW).await;
    end(&db, &child, EndState::Retrying).await;
    parent_is(engine, "running", 1, 0).await;
    in_tx!(db, job::promote, i64::MAX);
    let child = claim_one(&db, NOW).await;
    end(&db, &child, EndState::Ready).await;
    parent_is(engine, "running", 1, 0).await;
    let child = claim_one(&db, NOW).await;
    in_tx!(db, job::hand_back, worker_id(1), &[], NOW);
    parent_is(engine, "running", 1, 0).await;
    assert_eq!(finish(&db, &[ended(&child, EndState::Dead)]).await, 0);
    parent_is(engine, "running", 1, 0).await;
    let child = claim_one(&db, NOW).await;
    end(&db, &child, EndState::Succeeded).await;
    parent_is(engine, "succeeded", 0, 100).await;
}

async fn a_parent_whose_handler_still_runs_does_not_end_early(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(PARENT)).await;
    let parent = claim_one(&db, NOW).await;
    let mut tx = db.write().await.unwrap();
    await_children(&mut tx, &parent, &[new_job(11), new_job(12)]).await;
    tx.commit().await.unwrap();
    for child in claim(&db, NOW, 10).await {
        end(&db, &child, EndState::Succeeded).await;
    }
    parent_is(engine, "running", 0, 0).await;
    let runs = "CASE WHEN worker_id IS NULL THEN 'nowhere' ELSE 'somewhere' END";
    assert_eq!(column(engine, runs, id(PARENT)).await, "somewhere");
    end(&db, &parent, EndState::Succeeded).await;
    parent_is(engine, "succeeded", 0, 100).await;
}

async fn a_parent_without_children_ends_at_once(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 0).await;
    parent_is(engine, "succeeded", 0, 100).await;
}

async fn children_that_are_not_awaited_are_not_waited_for(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 1).await;
    let caused = NewJob {
        parent_id: Some(id(PARENT)),
        priority: 1,
        ..new_job(20)
    };
    enqueue(&db, caused).await;
    let other = claim_one(&db, NOW).await;
    assert_eq!(other.id, id(20));
    end(&db, &other, EndState::Succeeded).await;
    parent_is(engine, "running", 1, 0).await;
}

async fn children_end_a_parent_when_all_end_at_once(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 50).await;
    let states = [EndState::Succeeded, EndState::Dead, EndState::Cancelled];
    let endings: Vec<Ended> = claim(&db, NOW, 50)
        .await
        .iter()
        .zip(states.iter().cycle())
        .map(|(child, state)| ended(child, *state))
        .collect();
    assert_eq!(finish(&db, &endings[1..]).await, 49);
    parent_is(engine, "running", 1, 0).await;
    assert_eq!(finish(&db, &endings[..1]).await, 1);
    parent_is(engine, "succeeded", 0, 100).await;
}

async fn children_that_end_at_once_in_two_transactions_end_a_parent_once(engine: &Engine) {
    let handles = crate::work::two_handles(engine).await;
    waiting_parent(&handles[0], 40).await;
    let children = claim(&handles[0], NOW, 40).await;
    let tasks: Vec<_> = children
        .into_iter()
        .enumerate()
        .map(|(index, child)| {
            let db = handles[index % 2].clone();
            tokio::spawn(async move { end(&db, &child, EndState::Succeeded).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    parent_is(engine, "succeeded", 0, 100).await;
}

async fn a_parent_that_is_awaited_itself_ends_its_own_parent(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 1).await;
    let child = claim_one(&db, NOW).await;
    wait_for(&db, &child, 1).await;
    parent_is(engine, "running", 1, 0).await;
    let grandchild = claim_one(&db, NOW).await;
    assert_eq!(grandchild.id, id(12));
    end(&db, &grandchild, EndState::Succeeded).await;
    assert_eq!(column(engine, "state", id(11)).await, "succeeded");
    parent_is(engine, "succeeded", 0, 100).await;
}

async fn a_waiting_parent_is_nobodys_to_acknowledge(engine: &Engine) {
    let db = engine.open().await;
    let parent = waiting_parent(&db, 1).await;
    assert!(in_tx!(db, job::held, &[(parent.id, parent.fence)]).is_empty());
    for state in [EndState::Succeeded, EndState::Dead, EndState::Ready] {
        assert_eq!(finish(&db, &[ended(&parent, state)]).await, 0);
    }
    parent_is(engine, "running", 1, 0).await;
}

async fn a_waiting_parent_survives_the_death_of_its_worker(engine: &Engine) {
    let db = engine.open().await;
    waiting_parent(&db, 1).await;
    assert_eq!(reclaim(&db, worker_id(1), NOW).await, 0);
    assert_eq!(in_tx!(db, job::hand_back, worker_id(1), &[], NOW), 0);
    parent_is(engine, "running", 1, 0).await;
    assert_eq!(column(engine, "deaths", id(PARENT)).await, "0");
}

async fn a_parent_that_was_given_up_stays_so(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(PARENT)).await;
    let parent = claim_one(&db, NOW).await;
    let mut tx = db.write().await.unwrap();
    await_children(&mut tx, &parent, &[new_job(11)]).await;
    tx.commit().await.unwrap();
    end(&db, &parent, EndState::Dead).await;
    let child = claim_one(&db, NOW).await;
    end(&db, &child, EndState::Succeeded).await;
    parent_is(engine, "dead", 0, 0).await;
    let at = column(engine, "finished_at", id(PARENT)).await;
    assert_eq!(at, (NOW + 5).to_string());
}

async fn a_living_key_is_kept_until_the_last_child_has_ended(engine: &Engine) {
    let db = engine.open().await;
    let living = |number| keyed(number, "week", Scope::Living);
    enqueue(&db, living(PARENT)).await;
    let parent = claim_one(&db, NOW).await;
    wait_for(&db, &parent, 1).await;
    assert_eq!(
        enqueue(&db, living(20)).await,
        id(PARENT),
        "while it waits for its child"
    );
    let child = claim_one(&db, NOW).await;
    end(&db, &child, EndState::Succeeded).await;
    parent_is(engine, "succeeded", 0, 100).await;
    assert_eq!(enqueue(&db, living(21)).await, id(21), "once it has ended");
}

async fn a_kept_key_is_kept_when_the_last_child_has_ended(engine: &Engine) {
    let db = engine.open().await;
    let kept = |number| keyed(number, "week", Scope::Kept);
    enqueue(&db, kept(PARENT)).await;
    let parent = claim_one(&db, NOW).await;
    wait_for(&db, &parent, 1).await;
    let child = claim_one(&db, NOW).await;
    end(&db, &child, EndState::Succeeded).await;
    parent_is(engine, "succeeded", 0, 100).await;
    assert_eq!(enqueue(&db, kept(20)).await, id(PARENT));
}

async fn a_parent_ends_when_its_last_children_are_deleted(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    enqueue(&db, new_job(PARENT)).await;
    let parent = claim_one(&db, NOW).await;
    let anas = NewJob {
        owner_id: Some(ana),
        ..new_job(11)
    };
    let mut tx = db.write().await.unwrap();
    await_children(&mut tx, &parent, &[anas]).await;
    let end = ended(&parent, EndState::Succeeded);
    job::finish(&mut tx, &[end]).await.unwrap();
    tx.commit().await.unwrap();
    parent_is(engine, "running", 1, 0).await;
    // Her account goes, and with it whatever is hers.
    let key = literal(engine, ana);
    engine
        .raw(&format!("DELETE FROM account WHERE id = {key}"))
        .await;
    parent_is(engine, "succeeded", 0, 100).await;
}
