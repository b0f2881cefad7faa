//! What happens while jobs take long: every thread that computes is kept busy, so that the plan that
//! a job is to compute has to wait for as long as the test wants.

use crate::engines::{Engine, eventually};
use crate::plans::ended;
use crate::queue::set;
use crate::side::Side;
use crate::workers::{db, literal, ping};
use crate::{Product, week};
use domain::job::JobStatus;
use serde_json::json;
use service::jobs::runner::Runner;
use service::{Ctx, plan};
use std::sync::mpsc;
use storage::{job, worker};
use tokio::sync::oneshot;
use uuid::Uuid;

/// The threads of a test that compute.
const THREADS: usize = 4;

/// Makes of each `async fn name(&Engine)` the tests `sqlite::name` and `postgres::name`, in which few
/// threads compute.
macro_rules! on_both_engines_with_few_threads {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $name() {
                    super::runtime().block_on(async {
                        let engine = $crate::engines::Engine::sqlite().await;
                        super::$name(&engine).await;
                        engine.remove().await;
                    });
                }
            )*
        }
        mod postgres {
            $(
                #[test]
                fn $name() {
                    super::runtime().block_on(async {
                        let Some(engine) = $crate::engines::Engine::postgres().await else { return };
                        super::$name(&engine).await;
                        engine.remove().await;
                    });
                }
            )*
        }
    };
}

on_both_engines_with_few_threads!(
    a_running_job_is_cancelled,
    as_many_run_at_once_as_the_queue_allows,
    a_stop_waits_for_what_runs,
    a_stop_hands_back_what_does_not_end_in_time,
    a_worker_that_was_taken_for_dead_begins_anew,
);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()
        .unwrap()
}

/// Keeps every thread busy that computes, until it is dropped.
struct Stall(#[allow(dead_code, reason = "what it holds ends with it")] Vec<mpsc::Sender<()>>);

impl Stall {
    async fn begin() -> Self {
        let mut held = Vec::new();
        for _ in 0..THREADS {
            let (hold, end) = mpsc::channel::<()>();
            let (busy, is_busy) = oneshot::channel();
            tokio::task::spawn_blocking(move || {
                busy.send(()).unwrap();
                // It fails, and that is the end, once nobody holds the other side.
                let _ = end.recv();
            });
            is_busy.await.unwrap();
            held.push(hold);
        }
        Self(held)
    }
}

/// The product with a worker, whose jobs take long from here on.
struct Stalled {
    product: Product,
    ana: Ctx,
    runner: Runner,
    side: Side,
    stall: Stall,
}

impl Stalled {
    async fn start(engine: &Engine) -> Self {
        let product = Product::start(engine).await;
        let ana = product.eater("ana").await;
        let runner = Runner::start(&product.service, "all").await.unwrap();
        let side = Side::open(engine).await;
        Self {
            stall: Stall::begin().await,
            product,
            ana,
            runner,
            side,
        }
    }
}

async fn column(side: &mut Side, engine: &Engine, column: &str, id: Uuid) -> String {
    let key = literal(engine, id);
    let query = format!("SELECT COALESCE(CAST({column} AS TEXT), '-') FROM job WHERE id = {key}");
    side.rows(&query).await.remove(0)
}

async fn becomes(side: &mut Side, engine: &Engine, id: Uuid, state: &str) {
    eventually(&format!("the job is {state}"), async || {
        (column(side, engine, "state", id).await == state).then_some(())
    })
    .await;
}

async fn count(side: &mut Side, of: &str) -> i64 {
    let query = format!("SELECT CAST(COUNT(*) AS TEXT) FROM {of}");
    side.rows(&query).await.remove(0).parse().unwrap()
}

async fn a_running_job_is_cancelled(engine: &Engine) {
    let Stalled {
        ana,
        runner,
        mut side,
        stall,
        ..
    } = Stalled::start(engine).await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    let other = plan::request(&ana, week(2)).await.unwrap();
    becomes(&mut side, engine, asked.id, "running").await;
    becomes(&mut side, engine, other.id, "running").await;
    let key = literal(engine, asked.id);
    let cancel = format!("UPDATE job SET cancelling = TRUE WHERE id = {key}");
    side.rows(&cancel).await;
    becomes(&mut side, engine, asked.id, "cancelled").await;
    assert_eq!(column(&mut side, engine, "attempts", asked.id).await, "0");
    assert_eq!(
        column(&mut side, engine, "state", other.id).await,
        "running"
    );
    // The same may be asked for again, and is another job.
    let again = plan::request(&ana, week(1)).await.unwrap();
    assert_ne!(again.id, asked.id);
    drop(stall);
    for id in [again.id, other.id] {
        assert_eq!(ended(&ana, id).await.status, JobStatus::Ready);
    }
    runner.stop().await;
    assert_eq!(
        column(&mut side, engine, "state", asked.id).await,
        "cancelled"
    );
    assert_eq!(count(&mut side, "plan").await, 2);
}

async fn as_many_run_at_once_as_the_queue_allows(engine: &Engine) {
    let Stalled {
        ana,
        runner,
        mut side,
        stall,
        ..
    } = Stalled::start(engine).await;
    let mut asked = Vec::new();
    for number in 1..=12 {
        asked.push(plan::request(&ana, week(number)).await.unwrap().id);
    }
    let running = "job WHERE state = 'running' AND kind = 'plan.compute'";
    for allowed in [2, 3, 7] {
        set!(&ana, set_concurrency, allowed);
        eventually("so many run", async || {
            (count(&mut side, running).await == allowed).then_some(())
        })
        .await;
        ping(engine, &ana).await;
        assert_eq!(count(&mut side, running).await, allowed);
    }
    // With fewer, those that run go on, and none is begun until there is a place.
    set!(&ana, set_concurrency, 1);
    ping(engine, &ana).await;
    assert_eq!(count(&mut side, running).await, 7);
    drop(stall);
    for id in asked {
        assert_eq!(ended(&ana, id).await.status, JobStatus::Ready);
        assert_eq!(column(&mut side, engine, "fence", id).await, "1");
    }
    runner.stop().await;
}

async fn a_stop_waits_for_what_runs(engine: &Engine) {
    let Stalled {
        ana,
        runner,
        mut side,
        stall,
        ..
    } = Stalled::start(engine).await;
    let mut asked = Vec::new();
    for number in 1..=3 {
        asked.push(plan::request(&ana, week(number)).await.unwrap().id);
    }
    becomes(&mut side, engine, asked[0], "running").await;
    becomes(&mut side, engine, asked[1], "running").await;
    let stopping = tokio::spawn(runner.stop());
    // A worker that stops claims nothing more: not what waits, and not what comes.
    let late = plan::request(&ana, week(4)).await.unwrap().id;
    drop(stall);
    stopping.await.unwrap();
    for id in &asked[..2] {
        let (state, fence) = (
            column(&mut side, engine, "state", *id).await,
            column(&mut side, engine, "fence", *id).await,
        );
        assert_eq!((state.as_str(), fence.as_str()), ("succeeded", "1"));
    }
    assert_eq!(count(&mut side, "worker").await, 0);
    let ready = "job WHERE state IN ('ready', 'succeeded')";
    assert_eq!(count(&mut side, ready).await, 4, "nothing is left running");
    let _ = late;
}

/// The token of a job's latest claim.
async fn fence(side: &mut Side, engine: &Engine, job: Uuid) -> i64 {
    let fence = column(side, engine, "fence", job).await;
    fence.parse().unwrap()
}

async fn a_stop_hands_back_what_does_not_end_in_time(engine: &Engine) {
    let Stalled {
        product,
        ana,
        runner,
        mut side,
        stall,
    } = Stalled::start(engine).await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    becomes(&mut side, engine, asked.id, "running").await;
    let claimed = fence(&mut side, engine, asked.id).await;
    runner.stop().await;
    let told = async |side: &mut Side| {
        let mut told = Vec::new();
        for name in ["state", "attempts", "deaths"] {
            told.push(column(side, engine, name, asked.id).await);
        }
        told.join(" ")
    };
    assert_eq!(told(&mut side).await, "ready 0 0");
    let handed_back = fence(&mut side, engine, asked.id).await;
    assert_eq!(handed_back, claimed + 1);
    assert_eq!(count(&mut side, "worker").await, 0);
    assert_eq!(count(&mut side, "job_attempt").await, 0);
    // What it still computes changes nothing, and the next worker makes the plan.
    drop(stall);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    assert_eq!(ended(&ana, asked.id).await.status, JobStatus::Ready);
    assert_eq!(told(&mut side).await, "succeeded 0 0");
    assert_eq!(fence(&mut side, engine, asked.id).await, handed_back + 1);
    assert_eq!(count(&mut side, "plan").await, 1);
    runner.stop().await;
}

async fn a_worker_that_was_taken_for_dead_begins_anew(engine: &Engine) {
    let Stalled {
        product,
        ana,
        runner,
        mut side,
        stall,
    } = Stalled::start(engine).await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    becomes(&mut side, engine, asked.id, "running").await;
    // As another process does that has not seen it beat.
    let mut tx = db(&ana).write().await.unwrap();
    let workers = worker::all(&mut tx).await.unwrap();
    let [dead] = workers.as_slice() else { panic!() };
    assert!(worker::remove(&mut tx, dead.id, dead.beat).await.unwrap());
    let reclaimed = job::reclaim(&mut tx, dead.id, 3, ana.now(), &json!({})).await;
    assert_eq!(reclaimed.unwrap(), 1);
    tx.commit().await.unwrap();
    let risen = eventually("it is a worker again", async || {
        let mut tx = db(&ana).read().await.unwrap();
        worker::all(&mut tx).await.unwrap().pop()
    })
    .await;
    assert_ne!(risen.id, dead.id);
    drop(stall);
    assert_eq!(ended(&ana, asked.id).await.status, JobStatus::Ready);
    assert_eq!(column(&mut side, engine, "deaths", asked.id).await, "1");
    assert_eq!(column(&mut side, engine, "attempts", asked.id).await, "0");
    assert_eq!(count(&mut side, "plan").await, 1);
    // It works on, and beats.
    let later = plan::request(&ana, week(2)).await.unwrap();
    assert_eq!(ended(&ana, later.id).await.status, JobStatus::Ready);
    runner.stop().await;
    assert_eq!(count(&mut side, "worker").await, 0);
    drop(product);
}
