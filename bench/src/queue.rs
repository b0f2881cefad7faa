//! The queue: full lifecycles a second, how long a job waits, and what a killed process loses.
//!
//! A lifecycle is a job that one of 64 concurrent callers has enqueued by itself, durably, and that was
//! claimed, run and acknowledged. The ceiling is the same SQL in the same batches, without callers,
//! channels, tasks or handlers: what the engine adds is the distance to it.

use anyhow::{Context, ensure};
use service::jobs::ping::Ping;
use service::jobs::runner::Runner;
use service::jobs::{Queue, submit};
use service::{Ctx, Mode, Service, Settings, SystemClock};
use std::collections::HashSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::job::{self, EndState, Ended, NewJob};
use storage::{Database, Db, queue};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Names the PostgreSQL server; `cargo xtask bench` starts one.
const POSTGRES_URL: &str = "NUTRIFLOW_TEST_POSTGRES_URL";
/// How many enqueue at once.
const CALLERS: usize = 64;
/// How many jobs run at once.
const CONCURRENCY: i64 = 256;
/// The share of the ceiling to reach.
const SHARE_GOAL: f64 = 0.6;
/// How many jobs of a backlog are enqueued at once.
const FILLED: usize = 5000;
/// How many jobs show how long one waits.
const WAITS: usize = 2000;
/// The waiting time to keep below when idle, and under load; the 99th percentile.
const IDLE_GOAL: Duration = Duration::from_millis(5);
const LOAD_GOAL: Duration = Duration::from_millis(25);
/// The load of the second: this share of what was reached.
const LOAD: f64 = 0.7;
/// How long the process that is killed may work before.
const LIFE: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub struct Options {
    /// How many lifecycles are timed.
    #[arg(long, default_value_t = 150_000)]
    jobs: usize,
    /// How many jobs that nobody waits for stand before the urgent ones of the last measurement.
    #[arg(long, default_value_t = 1_000_000)]
    backlog: usize,
    /// Only this engine: `sqlite` or `postgres`.
    #[arg(long)]
    engine: Option<String>,
}

#[derive(clap::Args)]
pub struct Child {
    /// The database.
    #[arg(long)]
    database: String,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let mut missed = Vec::new();
    for (engine, goal) in [("sqlite", 15_000.0), ("postgres", 7_000.0)] {
        if options.engine.as_deref().is_some_and(|only| only != engine) {
            continue;
        }
        let folder = tempfile::tempdir()?;
        let address = match engine {
            "sqlite" => format!("sqlite:{}", folder.path().display()),
            _ => std::env::var(POSTGRES_URL).context(POSTGRES_URL)?,
        };
        missed.extend(measure(engine, &address, options, goal).await?);
    }
    ensure!(missed.is_empty(), "{}", missed.join("; "));
    Ok(())
}

fn settings(address: &str, institution: &str) -> anyhow::Result<Settings> {
    Ok(Settings {
        mode: Mode::Production,
        database: address.parse::<Database>()?,
        institutions: vec![institution.to_owned()],
        secret: "of a benchmark, and long enough for it".to_owned(),
        public_url: "http://127.0.0.1".to_owned(),
        time_zone: "UTC".to_owned(),
        gateway: service::gateways::GatewaySettings::kind(),
        notify: service::notify::NotifySettings::default(),
    })
}

async fn start(address: &str, institution: &str) -> anyhow::Result<(Arc<Service>, Ctx)> {
    let service = Service::start(settings(address, institution)?, Arc::new(SystemClock)).await?;
    let ctx = Ctx::system(&service, service.institution(None)?, "bench");
    Ok((service, ctx))
}

async fn allow(db: &Db, concurrency: i64) -> anyhow::Result<()> {
    let mut tx = db.write().await?;
    queue::ensure(&mut tx, Queue::Maintenance.name(), concurrency).await?;
    queue::set_concurrency(&mut tx, Queue::Maintenance.name(), concurrency).await?;
    tx.commit().await?;
    Ok(())
}

async fn measure(
    engine: &str,
    address: &str,
    options: &Options,
    goal: f64,
) -> anyhow::Result<Vec<String>> {
    let jobs = options.jobs;
    let mut missed = Vec::new();
    let (service, ctx) = start(address, "ceiling").await?;
    let ceiling = ceiling(&ctx.institution.db, jobs).await?;
    drop((service, ctx));

    let (service, ctx) = start(address, "queue").await?;
    allow(&ctx.institution.db, CONCURRENCY).await?;
    let runner = Runner::start(&service, "all").await?;
    let rate = lifecycles(&ctx, jobs).await?;
    println!(
        "{engine:>9}: {rate:>8.0} lifecycles/s, {:.0} % of the ceiling of {ceiling:.0}/s ({CALLERS} callers, durable)",
        rate / ceiling * 100.0
    );
    if rate < goal {
        missed.push(format!(
            "{engine}: {rate:.0} lifecycles/s, the goal is {goal}"
        ));
    }
    if rate < ceiling * SHARE_GOAL {
        missed.push(format!("{engine}: less than {SHARE_GOAL} of the ceiling"));
    }
    let idle = waits(&ctx, None).await?;
    let load = waits(&ctx, Some(rate * LOAD)).await?;
    fill(&ctx, options.backlog).await?;
    let behind = waits(&ctx, None).await?;
    let left = waiting(&ctx).await?;
    println!(
        "{engine:>9}: {left} of the {} jobs of the backlog were left then",
        options.backlog
    );
    for (name, waits, goal) in [
        ("idle", idle, IDLE_GOAL),
        ("at 70 % load", load, LOAD_GOAL),
        (
            "urgent before a backlog that is worked off",
            behind,
            LOAD_GOAL,
        ),
    ] {
        for (from, times) in [("call", &waits.called), ("commit", &waits.committed)] {
            println!(
                "{engine:>9}: from the {from} to the handler, {name}: p50 {:.2} ms, p99 {:.2} ms",
                percentile(times, 50).as_secs_f64() * 1000.0,
                percentile(times, 99).as_secs_f64() * 1000.0
            );
        }
        let p99 = percentile(&waits.committed, 99);
        if p99 > goal {
            missed.push(format!(
                "{engine}: p99 {name} is {p99:?}, the goal is {goal:?}"
            ));
        }
    }
    runner.stop().await;
    drop((service, ctx));

    let (acknowledged, lost) = crash(address).await?;
    println!(
        "{engine:>9}: killed in the middle: {acknowledged} jobs were acknowledged, {lost} lost"
    );
    if lost > 0 {
        missed.push(format!("{engine}: {lost} acknowledged jobs lost"));
    }
    Ok(missed)
}

/// The statements of a busy engine in batches of the same size, one after the other: what the last
/// batch has run is acknowledged, and the next one enqueued into the slots that this frees.
async fn ceiling(db: &Db, jobs: usize) -> anyhow::Result<f64> {
    let worker = storage::worker::Worker {
        id: Uuid::from_u128(1),
        host: "bench".to_owned(),
        process: 1,
        role: "all".to_owned(),
        beat: 0,
        started_at: 0,
        seen_at: 0,
    };
    let mut tx = db.write().await?;
    storage::worker::insert(&mut tx, &worker).await?;
    tx.commit().await?;
    let begun = Instant::now();
    let mut running: Vec<Ended> = Vec::new();
    let now = 1_800_000_000_000_000;
    for batch in 0..=jobs / CALLERS {
        let count = if batch < jobs / CALLERS { CALLERS } else { 0 };
        let new: Vec<NewJob> = (0..count)
            .map(|number| NewJob {
                worker_id: Some(worker.id),
                ..ready(
                    Uuid::from_u128((batch * CALLERS + number + 1) as u128),
                    100,
                    now,
                )
            })
            .collect();
        let mut tx = db.write().await?;
        if !running.is_empty() {
            job::finish(&mut tx, &running).await?;
        }
        if !new.is_empty() {
            job::enqueue(&mut tx, &new).await?;
        }
        tx.commit().await?;
        running = new
            .into_iter()
            .map(|job| Ended {
                id: job.id,
                fence: 1,
                state: EndState::Succeeded,
                failed: 0,
                result: Some(serde_json::json!({ "waitedMicros": 0 })),
                error: None,
                run_at: None,
                started_at: now,
                now,
            })
            .collect();
    }
    Ok((jobs / CALLERS * CALLERS) as f64 / begun.elapsed().as_secs_f64())
}

/// A job that may run.
fn ready(id: Uuid, priority: i64, now: i64) -> NewJob {
    NewJob {
        id,
        queue: Queue::Maintenance.name(),
        kind: "installation.ping",
        priority,
        arguments: serde_json::json!({ "sentAt": now }),
        owner_id: None,
        subject: None,
        unique_key: None,
        unique_scope: None,
        unique_until: None,
        run_at: now,
        max_attempts: 5,
        worker_id: None,
        request_id: "bench".to_owned(),
        parent_id: None,
        awaited: false,
        now,
    }
}

fn ping(ctx: &Ctx) -> Ping {
    Ping { sent_at: ctx.now() }
}

/// Enqueues jobs that are less urgent than all others, past the engine.
async fn fill(ctx: &Ctx, jobs: usize) -> anyhow::Result<()> {
    let now = ctx.now();
    for batch in 0..jobs.div_ceil(FILLED) {
        let new: Vec<NewJob> = (0..FILLED.min(jobs - batch * FILLED))
            .map(|number| {
                ready(
                    Uuid::from_u128((batch * FILLED + number + 1) as u128),
                    900,
                    now,
                )
            })
            .collect();
        let mut tx = ctx.institution.db.write().await?;
        job::enqueue(&mut tx, &new).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn waiting(ctx: &Ctx) -> anyhow::Result<i64> {
    let counts = queue::counts(&mut ctx.institution.db.read().await?).await?;
    let ready = counts.iter().filter(|count| count.state == "ready");
    Ok(ready.map(|count| count.jobs).sum())
}

async fn succeeded(ctx: &Ctx) -> anyhow::Result<i64> {
    let counts = queue::counts(&mut ctx.institution.db.read().await?).await?;
    let of_ping =
        |count: &&queue::Count| count.kind == "installation.ping" && count.state == "succeeded";
    Ok(counts.iter().filter(of_ping).map(|count| count.jobs).sum())
}

/// Enqueues so many jobs, each caller one after the other, and waits until all have ended.
async fn lifecycles(ctx: &Ctx, jobs: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let ctx = ctx.clone();
        callers.spawn(async move {
            for _ in 0..jobs / CALLERS {
                submit(&ctx, None, &ping(&ctx), Duration::ZERO).await?;
            }
            Ok::<_, service::Error>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    let all = (jobs / CALLERS * CALLERS) as i64;
    while succeeded(ctx).await? < all {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(all as f64 / begun.elapsed().as_secs_f64())
}

/// How long jobs wait for their handlers, over [`WAITS`] of them: one at a time, or beside others that
/// come at `rate` a second.
async fn waits(ctx: &Ctx, rate: Option<f64>) -> anyhow::Result<Waits> {
    let mut load = JoinSet::new();
    if let Some(rate) = rate {
        let between = Duration::from_secs_f64(CALLERS as f64 / rate);
        for caller in 0..CALLERS as u32 {
            let ctx = ctx.clone();
            load.spawn(async move {
                let mut next = tokio::time::interval(between);
                next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
                tokio::time::sleep(between * caller / CALLERS as u32).await;
                loop {
                    next.tick().await;
                    if submit(&ctx, None, &ping(&ctx), Duration::ZERO)
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut asked = Vec::new();
    for _ in 0..WAITS {
        let ping = ping(ctx);
        let id = submit(ctx, None, &ping, Duration::ZERO).await?;
        asked.push((id, ctx.now() - ping.sent_at));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    load.shutdown().await;
    let mut waits = Waits::default();
    for (id, committed) in asked {
        let result = loop {
            let mut tx = ctx.institution.db.read().await?;
            if let Some(result) = job::result(&mut tx, id).await? {
                break result;
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let waited = result["waitedMicros"].as_i64().context("a time")?;
        waits.called.push(waited);
        // A handler may have begun before its caller was told.
        waits.committed.push((waited - committed).max(0));
    }
    waits.called.sort_unstable();
    waits.committed.sort_unstable();
    Ok(waits)
}

/// How long jobs waited for their handlers, in microseconds, from the shortest to the longest.
#[derive(Default)]
struct Waits {
    /// Since they were asked for.
    called: Vec<i64>,
    /// Since whoever asked was told that they are durable.
    committed: Vec<i64>,
}

/// The smallest that the percentage does not exceed.
fn percentile(sorted: &[i64], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let micros = sorted.get(rank.saturating_sub(1)).copied();
    Duration::from_micros(u64::try_from(micros.unwrap_or_default()).unwrap_or_default())
}

/// Kills a process that enqueues and runs jobs, then counts what it had acknowledged and what of
/// that is not there or does not end.
async fn crash(address: &str) -> anyhow::Result<(usize, usize)> {
    let mut child = tokio::process::Command::new(std::env::current_exe()?)
        .args(["queue-child", "--database", address])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("the output is not piped")?;
    let reader = tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        let mut ids = HashSet::new();
        while let Some(line) = lines.next_line().await? {
            // The last line may be cut off.
            if let Ok(id) = line.parse::<Uuid>() {
                ids.insert(id);
            }
        }
        Ok::<_, std::io::Error>(ids)
    });
    tokio::time::sleep(LIFE).await;
    child.kill().await?;
    let acknowledged = reader.await??;
    let (service, ctx) = start(address, "crash").await?;
    let runner = Runner::start(&service, "all").await?;
    let mut lost = 0;
    let patience = Instant::now() + Duration::from_secs(60);
    for id in &acknowledged {
        loop {
            let mut tx = ctx.institution.db.read().await?;
            if job::result(&mut tx, *id).await?.is_some() {
                break;
            }
            drop(tx);
            if Instant::now() > patience {
                lost += 1;
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    runner.stop().await;
    Ok((acknowledged.len(), lost))
}

/// Enqueues and runs jobs for ever, and prints the id of each once it is acknowledged.
pub async fn run_child(child: &Child) -> anyhow::Result<()> {
    let (service, ctx) = start(&child.database, "crash").await?;
    allow(&ctx.institution.db, CONCURRENCY).await?;
    let _runner = Runner::start(&service, "all").await?;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let ctx = ctx.clone();
        callers.spawn(async move {
            loop {
                let id = submit(&ctx, None, &ping(&ctx), Duration::ZERO).await?;
                println!("{id}");
            }
            #[allow(unreachable_code, reason = "names the error's type")]
            Ok::<(), service::Error>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(())
}
