//! The queue as the layers above use it: what is submitted is run, at its time, as it was set.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::plans::ended;
use crate::shop::Shop;
use crate::workers::{column, db, number, ping};
use crate::{NOW, Product, SECOND, week};
use domain::job::JobStatus;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use service::jobs::ping::Ping;
use service::jobs::regenerate_plans::RegeneratePlans;
use service::jobs::runner::Runner;
use service::jobs::{self, Job, JobError, Outcome, Queue, Run};
use service::{Actor, Ctx, order, plan};
use std::collections::HashSet;
use std::time::Duration;
use storage::Dialect;
use storage::fault::Disk;

on_both_engines!(
    jobs_of_concurrent_callers_are_durable_and_committed_together,
    the_same_job_of_concurrent_callers_is_one,
    a_delayed_job_runs_at_its_time,
    a_paused_queue_runs_nothing_until_it_is_resumed,
    a_rate_is_kept,
    a_clock_that_jumps_loses_nothing_and_runs_nothing_twice,
    what_is_due_again_and_again_is_done_once_each_time,
    a_job_that_was_run_is_measured,
);

const HOUR: i64 = 3600 * SECOND;

/// A job that is only enqueued here.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    number: u64,
}

impl Job for Note {
    const KIND: &'static str = "test.note";
    const QUEUE: Queue = Queue::Maintenance;

    fn run(self, _: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async { Ok(Outcome::Done) }.boxed()
    }
}

async fn jobs_of_concurrent_callers_are_durable_and_committed_together(engine: &Engine) {
    const JOBS: u64 = 1000;
    const CALLERS: u64 = 64;
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let account = ana.account_id().unwrap();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let ana = ana.clone();
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for number in (caller..JOBS).step_by(CALLERS as usize) {
                    let note = Note { number };
                    let id = jobs::submit(&ana, Some(account), &note, Duration::ZERO).await;
                    let id = id.unwrap();
                    // Whoever was told of it finds it.
                    let mut tx = db(&ana).read().await.unwrap();
                    let row = storage::job::of_owner(&mut tx, account, id).await.unwrap();
                    assert_eq!(row.unwrap().state, "ready");
                    ids.push(id);
                }
                ids
            })
        })
        .collect();
    let mut ids = HashSet::new();
    for caller in callers {
        ids.extend(caller.await.unwrap());
    }
    assert_eq!(ids.len() as u64, JOBS);
    let there = "SELECT COUNT(DISTINCT CAST(arguments AS TEXT)) FROM job WHERE kind = 'test.note'";
    assert_eq!(number(engine, there).await as u64, JOBS);
    assert_eq!(
        number(engine, "SELECT COUNT(*) FROM job").await as u64,
        JOBS
    );
    if db(&ana).dialect() == Dialect::Postgres {
        let commits = "SELECT COUNT(DISTINCT CAST(xmin AS TEXT)) FROM job";
        let commits = number(engine, commits).await as u64;
        assert!(commits < JOBS, "each was committed by itself");
    }
}

async fn the_same_job_of_concurrent_callers_is_one(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    let callers: Vec<_> = (0..200)
        .map(|caller| {
            let system = system.clone();
            let week = Some(week(1 + caller % 2));
            tokio::spawn(async move {
                let job = RegeneratePlans { week };
                jobs::submit(&system, None, &job, Duration::ZERO).await
            })
        })
        .collect();
    let mut ids = HashSet::new();
    for caller in callers {
        ids.insert(caller.await.unwrap().unwrap());
    }
    assert_eq!(ids.len(), 2);
    assert_eq!(number(engine, "SELECT COUNT(*) FROM job").await, 2);
}

async fn a_delayed_job_runs_at_its_time(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let later = Ping {
        sent_at: system.now(),
    };
    let delayed = |seconds| jobs::submit(&system, None, &later, Duration::from_secs(seconds));
    let (second, first) = (delayed(20).await.unwrap(), delayed(10).await.unwrap());
    let states = async || {
        let first = column(engine, "state", first).await;
        first + " " + &column(engine, "state", second).await
    };
    ping(engine, &system).await;
    assert_eq!(states().await, "scheduled scheduled");
    product.clock.advance(10 * SECOND - 1);
    ping(engine, &system).await;
    assert_eq!(states().await, "scheduled scheduled");
    product.clock.advance(1);
    eventually("the first runs", async || {
        (states().await == "succeeded scheduled").then_some(())
    })
    .await;
    product.clock.advance(10 * SECOND);
    eventually("the second runs", async || {
        (states().await == "succeeded succeeded").then_some(())
    })
    .await;
    runner.stop().await;
}

/// Changes what is set of the queue of plans, whether a worker has begun or not.
macro_rules! set {
    ($ctx:expr, $function:ident, $value:expr) => {{
        let mut tx = crate::workers::db($ctx).write().await.unwrap();
        let name = service::jobs::Queue::DietPlans.name();
        storage::queue::ensure(&mut tx, name, 2).await.unwrap();
        let set = storage::queue::$function(&mut tx, name, $value).await;
        assert!(set.unwrap());
        tx.commit().await.unwrap();
    }};
}
pub(crate) use set;

async fn a_paused_queue_runs_nothing_until_it_is_resumed(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    set!(&ana, set_paused, true);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let asked = plan::request(&ana, week(1)).await.unwrap();
    for _ in 0..3 {
        // Others go on.
        ping(engine, &ana).await;
        assert_eq!(column(engine, "fence", asked.id).await, "0");
    }
    set!(&ana, set_paused, false);
    assert_eq!(ended(&ana, asked.id).await.status, JobStatus::Ready);

    // It is paused while the worker runs as well: the next look sees it.
    set!(&ana, set_paused, true);
    let paused = "SELECT COUNT(*) FROM worker WHERE beat >= 2 + ";
    let beat = number(engine, "SELECT beat FROM worker").await;
    eventually("the worker beats twice", async || {
        (number(engine, &format!("{paused}{beat}")).await == 1).then_some(())
    })
    .await;
    let asked = plan::request(&ana, week(2)).await.unwrap();
    ping(engine, &ana).await;
    assert_eq!(column(engine, "fence", asked.id).await, "0");
    set!(&ana, set_paused, false);
    assert_eq!(ended(&ana, asked.id).await.status, JobStatus::Ready);
    runner.stop().await;
}

async fn a_rate_is_kept(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    set!(&ana, set_rate, Some((3, HOUR)));
    for number in 1..=8 {
        plan::request(&ana, week(number)).await.unwrap();
    }
    let runner = Runner::start(&product.service, "all").await.unwrap();
    // Three at once, then one each twenty minutes.
    for (minutes, done) in [(0, 3), (20, 4), (19, 4), (1, 5), (40, 7), (60, 8)] {
        product.clock.advance(minutes * 60 * SECOND);
        let of_plans = |what: &str| format!("SELECT {what} FROM job WHERE kind = 'plan.compute'");
        let succeeded = of_plans("COALESCE(SUM(CASE state WHEN 'succeeded' THEN 1 END), 0)");
        eventually("so many are done", async || {
            (number(engine, &succeeded).await == done).then_some(())
        })
        .await;
        ping(engine, &ana).await;
        let begun = of_plans("CAST(SUM(fence) AS BIGINT)");
        assert_eq!(number(engine, &begun).await, done, "after {minutes}");
    }
    runner.stop().await;
}

async fn a_clock_that_jumps_loses_nothing_and_runs_nothing_twice(engine: &Engine) {
    const WEEKS: i64 = 12;
    let product = Product::start(engine).await;
    let members = [product.eater("ana").await, product.eater("ben").await];
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let set_clock = |at: i64| product.clock.advance(at - product.service.now());
    let mut asked = Vec::new();
    let mut delayed = Vec::new();
    for number in 1..=WEEKS {
        // Forth and back, by up to eleven hours.
        set_clock(NOW + HOUR * (number * 7 % 12));
        for ctx in &members {
            asked.push((ctx, plan::request(ctx, week(number)).await.unwrap().id));
        }
        let note = Ping {
            sent_at: product.service.now(),
        };
        let delay = Duration::from_secs(3600 * (number as u64 % 3));
        delayed.push(jobs::submit(&members[0], None, &note, delay).await.unwrap());
        set_clock(NOW - HOUR * (number * 5 % 12));
        if number % 4 == 0 {
            let (ctx, id) = asked[asked.len() - 1];
            assert_eq!(ended(ctx, id).await.status, JobStatus::Ready);
        }
    }
    set_clock(NOW + 15 * HOUR);
    for (ctx, id) in &asked {
        assert_eq!(ended(ctx, *id).await.status, JobStatus::Ready);
    }
    for id in delayed {
        eventually("the delayed one is done", async || {
            (column(engine, "state", id).await == "succeeded").then_some(())
        })
        .await;
    }
    let plans = 2 * WEEKS;
    assert_eq!(number(engine, "SELECT COUNT(*) FROM plan").await, plans);
    // Each was claimed once, and no worker was taken for dead.
    let once =
        "SELECT COUNT(*) FROM job WHERE fence = 1 AND deaths = 0 AND attempts = 0 AND kind NOT IN ";
    let others = "('installation.sweep', 'order.tend', 'notification.tend')";
    assert_eq!(
        number(engine, &format!("{once}{others}")).await,
        plans + WEEKS
    );
    assert_eq!(number(engine, "SELECT COUNT(*) FROM worker").await, 1);
    runner.stop().await;
}

async fn what_is_due_again_and_again_is_done_once_each_time(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let swept =
        "SELECT COUNT(*) FROM job WHERE kind = 'installation.sweep' AND state = 'succeeded'";
    ping(engine, &system).await;
    assert_eq!(number(engine, swept).await, 0, "it is not due yet");
    for (hours, times) in [(1, 1), (1, 2), (5, 3)] {
        // What was missed while the clock stood elsewhere is done once.
        product.clock.advance(hours * HOUR);
        eventually("it is done", async || {
            (number(engine, swept).await == times).then_some(())
        })
        .await;
        // Back and forth again, nothing is due a second time.
        product.clock.advance(-HOUR / 2);
        ping(engine, &system).await;
        product.clock.advance(HOUR / 2);
    }
    let beat = number(engine, "SELECT beat FROM worker").await;
    eventually("the worker beats twice", async || {
        (number(engine, "SELECT beat FROM worker").await >= beat + 2).then_some(())
    })
    .await;
    let all = "SELECT COUNT(*) FROM job WHERE kind = 'installation.sweep'";
    assert_eq!(number(engine, all).await, 3);
    let last = "SELECT COUNT(*) FROM job JOIN schedule ON schedule.last_job_id = job.id
        WHERE schedule.name = 'installation.sweep'";
    assert_eq!(number(engine, last).await, 1);
    runner.stop().await;
}

async fn a_job_that_was_run_is_measured(engine: &Engine) {
    let product = Product::start(engine).await;
    let system: Ctx = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    ping(engine, &system).await;
    runner.stop().await;
    let measured = engine
        .raw("SELECT measure || ' ' || jobs FROM job_time WHERE queue = 'maintenance' ORDER BY 1")
        .await;
    assert_eq!(measured, ["run 1", "succeeded 1", "wait 1"]);
    let minute = number(engine, "SELECT MIN(minute) FROM job_time").await;
    assert_eq!(minute, NOW / (60 * SECOND));
    let counted = storage::queue::counts(&mut db(&system).read().await.unwrap()).await;
    let counted = counted.unwrap();
    assert_eq!(
        (counted[0].state.as_str(), counted[0].jobs),
        ("succeeded", 1)
    );
}

#[tokio::test]
async fn nothing_begins_and_nobody_is_told_before_the_disk_has_it() {
    let engine = Engine::sqlite().await;
    let product = Product::start(&engine).await;
    let system = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    ping(&engine, &system).await;
    let submit = || {
        let system = system.clone();
        tokio::spawn(async move {
            let job = Ping {
                sent_at: system.now(),
            };
            jobs::submit(&system, None, &job, Duration::ZERO).await
        })
    };
    let are = async |states: &str| {
        let all = "SELECT state FROM job WHERE kind = 'installation.ping' ORDER BY id";
        let all = engine.raw(all).await.join(" ");
        (all == states).then_some(())
    };
    db(&system).faults().set_disk(Disk::Stalls);
    let first = submit();
    eventually("the first is claimed", || are("succeeded running")).await;
    // The engine goes on while the disk writes what was claimed.
    let second = submit();
    eventually("the second waits", || are("succeeded running ready")).await;
    assert!(!first.is_finished() && !second.is_finished());
    db(&system).faults().set_disk(Disk::Writes);
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    let all = "succeeded succeeded succeeded";
    eventually("both are done", || are(all)).await;
    runner.stop().await;
    engine.remove().await;
}

#[tokio::test]
async fn the_step_that_follows_takes_a_free_slot_as_it_comes() {
    let engine = Engine::sqlite().await;
    let product = Product::start(&engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    engine
        .raw(
            "CREATE TABLE claimed (job_id BLOB);
            CREATE TRIGGER job_claimed AFTER UPDATE OF state ON job
            WHEN OLD.state = 'ready' AND NEW.state = 'running' AND NEW.subject LIKE 'order:%'
            BEGIN INSERT INTO claimed VALUES (NEW.id); END",
        )
        .await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let accepted = shop.place(&maya, "one", 2).await.unwrap();
    eventually("the saga ends", async || {
        product.clock.advance(SECOND);
        let view = order::get(&maya, accepted.order_id).await.unwrap();
        view.current.is_none().then_some(())
    })
    .await;
    let steps = "SELECT COUNT(*) FROM job WHERE subject LIKE 'order:%' AND state = 'succeeded'";
    eventually("its steps are acknowledged", async || {
        (number(&engine, steps).await == 6).then_some(())
    })
    .await;
    // The first one waited to be claimed; of the others one does where a look at all queues coincides.
    let claimed = number(&engine, "SELECT COUNT(*) FROM claimed").await;
    assert!((1..6).contains(&claimed), "{claimed} were claimed");
    runner.stop().await;
    engine.remove().await;
}
