//! The job board over a full table: how long a page of a list with its count takes, whatever is asked.

use anyhow::{Context, ensure};
use domain::job::JobState;
use service::board::{self, JobFilter};
use service::jobs::{KINDS, Queue};
use service::{Ctx, Mode, Service, Settings, SystemClock};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::account::NewAccount;
use storage::{Database, account};
use uuid::Uuid;

/// Names the PostgreSQL server; `cargo xtask bench` starts one.
pub(crate) const POSTGRES_URL: &str = "NUTRIFLOW_TEST_POSTGRES_URL";
/// What the institution is called that has the jobs.
const INSTITUTION: &str = "board";
/// The time to keep below, of each filter; the 99th percentile.
const GOAL: Duration = Duration::from_millis(50);
/// How often each filter is asked for.
const REPETITIONS: usize = 100;
/// How many jobs one statement makes.
const CHUNK: u64 = 250_000;
/// Over how many days the jobs were enqueued.
const DAYS: i64 = 90;
/// How many members they are for.
const MEMBERS: u64 = 1000;
/// How many of the slowest filters are named.
const SHOWN: usize = 5;
/// How many jobs a page shows.
const PAGE: i64 = 50;
const HOUR: i64 = 3_600_000_000;

#[derive(clap::Args)]
pub struct Options {
    /// How many jobs there are.
    #[arg(long, default_value_t = 5_000_000)]
    jobs: u64,
    /// Only this engine: `sqlite` or `postgres`.
    #[arg(long)]
    engine: Option<String>,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let mut missed = Vec::new();
    for engine in ["sqlite", "postgres"] {
        if options.engine.as_deref().is_some_and(|only| only != engine) {
            continue;
        }
        let folder = tempfile::tempdir()?;
        let address = match engine {
            "sqlite" => format!("sqlite:{}", folder.path().display()),
            _ => std::env::var(POSTGRES_URL).context(POSTGRES_URL)?,
        };
        let worst = measure(engine, &address, options.jobs).await?;
        if worst > GOAL {
            missed.push(format!(
                "{engine}: a page takes {worst:?}, the goal is {GOAL:?}"
            ));
        }
    }
    ensure!(missed.is_empty(), "{}", missed.join("; "));
    Ok(())
}

/// What a service of a benchmark is set to.
pub(crate) fn settings(address: &str, institution: &str) -> anyhow::Result<Settings> {
    Ok(Settings {
        mode: Mode::Production,
        database: address.parse()?,
        institutions: vec![institution.to_owned()],
        secret: "of a benchmark, and long enough for it".to_owned(),
        public_url: "http://127.0.0.1".to_owned(),
        time_zone: "UTC".to_owned(),
        gateway: service::gateways::GatewaySettings::kind(),
        notify: service::notify::NotifySettings::default(),
    })
}

async fn measure(engine: &str, address: &str, jobs: u64) -> anyhow::Result<Duration> {
    let settings = settings(address, INSTITUTION)?;
    let service = Service::start(settings.clone(), Arc::new(SystemClock)).await?;
    let ctx = Ctx::system(&service, service.institution(None)?, "bench");
    let begun = Instant::now();
    let now = service.now();
    fill(&ctx, &settings.database, jobs, now).await?;
    println!(
        "{engine:>9}: {jobs} jobs were made in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let mut asked = Vec::new();
    let mut all = Vec::new();
    for filter in filters(now) {
        let (times, found) = times(&ctx, &filter).await?;
        let filter = serde_json::to_string(&filter)?;
        let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
        asked.push((p99, p50, format!("{filter} {found}")));
        all.extend(times);
    }
    all.sort_unstable();
    println!(
        "{engine:>9}: a page and its count: p50 {:.1} ms, p99 {:.1} ms of {} in all",
        milliseconds(percentile(&all, 50)),
        milliseconds(percentile(&all, 99)),
        all.len()
    );
    asked.sort_unstable_by(|one, other| other.cmp(one));
    for (p99, p50, filter) in asked.iter().take(SHOWN) {
        println!(
            "{engine:>9}: among the slowest: p50 {:.1} ms, p99 {:.1} ms, {filter}",
            milliseconds(*p50),
            milliseconds(*p99)
        );
    }
    Ok(asked.first().map_or(Duration::ZERO, |(p99, ..)| *p99))
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The smallest of them that the percentage does not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let place = sorted.get(rank.saturating_sub(1));
    place.copied().unwrap_or_default()
}

/// How long each page took, from the shortest to the longest: the first pages in turn, each as it is
/// found by going on from the one before.
async fn times(ctx: &Ctx, filter: &JobFilter) -> anyhow::Result<(Vec<Duration>, String)> {
    let mut times = Vec::with_capacity(REPETITIONS);
    let mut next = None;
    let mut found = String::new();
    for turn in 0..REPETITIONS {
        let begun = Instant::now();
        let page = board::list(ctx, filter, next, PAGE).await?;
        times.push(begun.elapsed());
        if turn == 0 {
            found = format!("{:?}", page.count);
        }
        next = page.next;
    }
    times.sort_unstable();
    Ok((times, found))
}

/// Filters of every sort, alone and together.
fn filters(now: i64) -> Vec<JobFilter> {
    let none = JobFilter::default();
    let text = |text: &str| Some(text.to_owned());
    let mut filters = vec![none.clone()];
    for queue in Queue::ALL {
        let queue = text(queue.name());
        filters.push(JobFilter {
            queue,
            ..none.clone()
        });
    }
    for (kind, _) in KINDS {
        let kind = text(kind);
        filters.push(JobFilter {
            kind,
            ..none.clone()
        });
    }
    for state in JobState::ALL {
        let state = Some(state);
        filters.push(JobFilter {
            state,
            ..none.clone()
        });
    }
    for (kind, state) in [
        ("plan.compute", JobState::Dead),
        ("installation.ping", JobState::Ready),
        ("installation.sweep", JobState::Cancelled),
    ] {
        let (kind, state) = (text(kind), Some(state));
        filters.push(JobFilter {
            kind,
            state,
            ..none.clone()
        });
    }
    for hours in [1, 24, 24 * 45] {
        let since = Some(now - hours * HOUR);
        let until = Some(now - hours * HOUR);
        filters.push(JobFilter {
            since,
            ..none.clone()
        });
        filters.push(JobFilter {
            until,
            ..none.clone()
        });
        let (since, until) = (Some(now - (hours + 5) * HOUR), Some(now - hours * HOUR));
        let state = Some(JobState::Dead);
        filters.push(JobFilter {
            since,
            until,
            ..none.clone()
        });
        filters.push(JobFilter {
            since,
            until,
            state,
            ..none.clone()
        });
    }
    for subject in [
        "plan:77",
        "plan:of many",
        "plan:of nobody",
        "member7@example.org",
        "nobody@example.org",
        "00000000-0000-0000-0000-000000000009",
    ] {
        let subject = text(subject);
        let state = Some(JobState::Dead);
        filters.push(JobFilter {
            subject: subject.clone(),
            ..none.clone()
        });
        filters.push(JobFilter {
            subject,
            state,
            ..none.clone()
        });
    }
    for words in ["2027-w07", "nothing has this", "profile", "777"] {
        let words = text(words);
        let state = Some(JobState::Dead);
        let (kind, subject) = (text("plan.compute"), text("member7@example.org"));
        filters.push(JobFilter {
            text: words.clone(),
            ..none.clone()
        });
        filters.push(JobFilter {
            text: words.clone(),
            state,
            ..none.clone()
        });
        filters.push(JobFilter {
            text: words.clone(),
            kind,
            ..none.clone()
        });
        filters.push(JobFilter {
            text: words,
            subject,
            ..none.clone()
        });
    }
    filters
}

/// Makes the jobs by statements of its own: as one enqueues, claims and acknowledges them it would take
/// many times as long, and none of that is measured here.
async fn fill(ctx: &Ctx, database: &Database, jobs: u64, now: i64) -> anyhow::Result<()> {
    let mut tx = ctx.institution.db.write().await?;
    for number in 1..=MEMBERS {
        let member = NewAccount {
            id: Uuid::from_u128(number.into()),
            email: &format!("member{number}@example.org"),
            name: "Member",
            password_hash: "$argon2id$",
            role: domain::account::Role::Member,
            created_at: 0,
        };
        account::insert(&mut tx, &member).await?;
    }
    tx.commit().await?;
    let step = DAYS * 24 * HOUR / i64::try_from(jobs.max(1))?;
    let begin = now - step * i64::try_from(jobs)?;
    for first in (0..jobs).step_by(usize::try_from(CHUNK)?) {
        let last = (first + CHUNK).min(jobs) - 1;
        let statement = insert(database, first, last, begin, step);
        execute(database, INSTITUTION, &statement).await?;
    }
    // What PostgreSQL does by itself after a while. A SQLite file is used as it is.
    if matches!(database, Database::Postgres(_)) {
        execute(database, INSTITUTION, "ANALYZE job").await?;
        execute(database, INSTITUTION, "ANALYZE job_count_change").await?;
    }
    let mut tx = ctx.institution.db.write().await?;
    storage::queue::fold_counts(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The statement that makes the jobs of some numbers: of every kind and state, most of them plans that
/// were computed, for members, about something.
fn insert(database: &Database, first: u64, last: u64, begin: i64, step: i64) -> String {
    let (numbers, id, member, worker, arguments) = match database {
        Database::Sqlite(_) => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            ),
            "unhex(printf('%012x%020x', at / 1000, n))",
            "unhex(printf('%032x', n % 1000 + 1))",
            "unhex(printf('%032x', 1))",
            "document",
        ),
        Database::Postgres(_) => (
            format!(
                "WITH numbers AS (SELECT n FROM generate_series({first}::BIGINT, {last}::BIGINT) AS n)"
            ),
            "CAST(lpad(to_hex(at / 1000), 12, '0') || lpad(to_hex(n), 20, '0') AS UUID)",
            "CAST(lpad(to_hex(n % 1000 + 1), 32, '0') AS UUID)",
            "CAST(lpad('1', 32, '0') AS UUID)",
            "CAST(document AS JSONB)",
        ),
    };
    format!(
        "{numbers} INSERT INTO job (id, queue, kind, state, priority, arguments, owner_id, subject, run_at,
            max_attempts, request_id, created_at, worker_id, started_at, finished_at, fence, unique_key,
            unique_scope)
        SELECT {id}, queue, kind, state, 100, {arguments}, CASE kind WHEN 'plan.compute' THEN {member} END,
            CASE WHEN n % 100 = 7 THEN 'plan:of many' WHEN n % 3 = 0 THEN 'plan:' || n / 30 END, at, 5,
            'bench', at, CASE state WHEN 'running' THEN {worker} END, at + 1000,
            CASE WHEN state IN ('succeeded', 'dead', 'cancelled') THEN at + 9000 END, 1,
            CASE WHEN state = 'succeeded' AND kind = 'plan.compute' THEN 'bench:' || n END, 'kept'
        FROM (SELECT n, at, kind, document,
            CASE kind WHEN 'plan.compute' THEN 'diet-plans' WHEN 'jobs.change' THEN 'operations'
                ELSE 'maintenance' END AS queue,
            CASE WHEN n * 7 % 10007 = 3 THEN 'running' WHEN n * 7 % 97 = 1 THEN 'dead'
                WHEN n * 7 % 97 = 2 THEN 'cancelled' WHEN n * 7 % 97 = 3 THEN 'scheduled'
                WHEN n * 7 % 97 = 4 THEN 'retrying' WHEN n * 7 % 97 BETWEEN 5 AND 9 THEN 'ready'
                ELSE 'succeeded' END AS state
            FROM (SELECT n, {begin} + n * {step} AS at,
                CASE n % 50 WHEN 1 THEN 'installation.sweep' WHEN 2 THEN 'plan.regenerate'
                    WHEN 3 THEN 'jobs.change' WHEN 4 THEN 'installation.ping' WHEN 5 THEN 'installation.ping'
                    ELSE 'plan.compute' END AS kind,
                '{{\"profile\":{{\"sex\":\"FEMALE\",\"age\":21,\"heightCm\":165,\"weightKg\":62,\"activity\":\"MODERATE\",'
                    || '\"allergens\":[\"EGG\",\"MILK\"],\"pattern\":\"OMNIVORE\",\"mealsPerDay\":4,\"goal\":\"MAINTAIN\",'
                    || '\"dislikedDishes\":[\"lentil-soup\"],\"budget\":4000}},\"week\":\"2027-W0' || n % 9
                    || '\",\"inputHash\":\"' || n || '-8f14e45fceea167a5a36dedd4bea2543\"}}' AS document
                FROM numbers) AS numbered) AS described"
    )
}

/// Executes a statement of the benchmark's own, past the product's.
pub(crate) async fn execute(
    database: &Database,
    institution: &str,
    statement: &str,
) -> anyhow::Result<()> {
    let statement = AssertSqlSafe(statement.to_owned());
    match database {
        Database::Sqlite(folder) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(folder.join(format!("{institution}.db")))
                .foreign_keys(true)
                .pragma("recursive_triggers", "on")
                .pragma("cache_size", "-200000");
            let mut connection = sqlx::SqliteConnection::connect_with(&options).await?;
            connection.execute(statement).await?;
            connection.close().await?;
        }
        Database::Postgres(address) => {
            let mut connection = sqlx::PgConnection::connect(address).await?;
            let path = format!("SET search_path TO institution_{institution}");
            connection.execute(AssertSqlSafe(path)).await?;
            connection.execute(statement).await?;
            connection.close().await?;
        }
    }
    Ok(())
}
