//! How the installation is: whether it can serve, and what its operators want to know.

use crate::Result;
use crate::board::{PRIORITIES_MOST, with_new};
use crate::ctx::{Ctx, Service};
use crate::gateways::{self, BreakerOverview};
use domain::account::Role;
use domain::breaker::BreakerState;
use domain::payment::GatewayKind;
use domain::problem::Problem;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;
use storage::{Database, Db, Dialect, board, queue};

/// Who may see how the installation is.
const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];

/// How an institution's part of the installation is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether everything that can be told here is well.
    pub ok: bool,
    /// Seconds since the process could serve.
    pub uptime_seconds: u64,
    /// What it consists of.
    pub versions: Versions,
    /// The institution's database.
    pub database: DatabaseHealth,
    /// Its queues; none where the database does not answer.
    pub queues: Vec<QueueHealth>,
    /// The breakers of its gateways; none where the database does not answer.
    pub breakers: Vec<BreakerHealth>,
    /// Where the data folder lies; nothing with PostgreSQL, whose disk is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// What the process takes.
    pub memory: Memory,
}

/// What the installation consists of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Versions {
    /// This program.
    pub nutriflow: &'static str,
    /// The dishes and the foods that they are made of.
    pub catalogue: String,
    /// The engine of the database, where it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// How a database is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseHealth {
    /// Whether it answers.
    pub ok: bool,
    /// `SQLITE` or `POSTGRES`.
    pub engine: &'static str,
    /// How long it took to answer, or until it was no longer waited for, in milliseconds.
    pub ping_milliseconds: f64,
}

/// How far a queue is behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueHealth {
    /// Its name.
    pub name: String,
    /// How many of its jobs might run.
    pub ready: i64,
    /// For how many seconds the one has waited that has waited longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_ready_seconds: Option<i64>,
    /// Whether nothing of it is begun.
    pub paused: bool,
}

/// How the breaker of a gateway stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakerHealth {
    /// What it stands before.
    pub gateway: GatewayKind,
    /// How it stands.
    pub state: BreakerState,
    /// For how many seconds; since ever, where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_seconds: Option<i64>,
    /// While it is open: in how many seconds the next call is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_seconds: Option<i64>,
}

/// How much room a disk has, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// What is left to this process.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
}

/// What the process takes, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Memory that is not swapped out, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<u64>,
}

impl Disk {
    /// How much room there is where a folder lies. It may take a while where that is on a network.
    ///
    /// # Errors
    /// Where there is no such folder.
    pub fn of(folder: &Path) -> std::io::Result<Self> {
        let disk = fs4::statvfs(folder)?;
        Ok(Self {
            free_bytes: disk.available_space(),
            total_bytes: disk.total_space(),
        })
    }
}

impl Service {
    /// Notes that the process was told to stop: from now on it is not ready, and nobody follows what
    /// happens here.
    pub fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        for institution in self.institutions() {
            institution.live.close();
        }
    }

    /// Waits until nobody follows any more what happens here.
    pub async fn followers_left(&self) {
        let left = self
            .institutions()
            .map(|institution| institution.live.left());
        futures::future::join_all(left).await;
    }

    /// Whether requests should come here: every database answers, and the process will go on. It is
    /// told within two seconds.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where they should not.
    pub async fn ready(&self) -> Result<()> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(Problem::Unavailable.into());
        }
        let pings = self.institutions().map(|institution| institution.db.ping());
        futures::future::try_join_all(pings).await?;
        Ok(())
    }
}

/// How the institution's part of the installation is, for administrators and operators.
///
/// # Errors
/// [`Problem::Unauthenticated`] and [`Problem::Forbidden`] for everybody else. A database that does
/// not answer is no error but the answer.
pub async fn detailed(ctx: &Ctx) -> Result<Health> {
    ctx.allow(&VIEWERS)?;
    let database = ping(&ctx.institution.db).await;
    let (version, queues, breakers) = if database.ok {
        let version = ctx.institution.db.version().await.ok();
        let queues = queues(ctx).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the queues can't be read");
            Vec::new()
        });
        let breakers = breakers(ctx).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the breakers can't be read");
            Vec::new()
        });
        (version, queues, breakers)
    } else {
        (None, Vec::new(), Vec::new())
    };
    let closed = |breaker: &BreakerHealth| breaker.state == BreakerState::Closed;
    Ok(Health {
        ok: database.ok && breakers.iter().all(closed),
        uptime_seconds: ctx.service.started.elapsed().as_secs(),
        versions: Versions {
            nutriflow: env!("CARGO_PKG_VERSION"),
            catalogue: ctx.service.catalogue.version.clone(),
            database: version,
        },
        database,
        queues,
        breakers,
        disk: disk(ctx).await,
        memory: Memory {
            resident_bytes: resident_bytes(),
        },
    })
}

/// How much memory of the process is not swapped out, where the system tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    metrics_process::collector::collect().resident_memory_bytes
}

async fn queues(ctx: &Ctx) -> Result<Vec<QueueHealth>> {
    let mut tx = ctx.read().await?;
    let counts = queue::counts(&mut tx).await?;
    let oldest = board::oldest_ready(&mut tx, PRIORITIES_MOST).await?;
    let rows = with_new(queue::all(&mut tx).await?);
    let now = ctx.now();
    Ok(rows
        .into_iter()
        .map(|row| {
            let ready = |count: &&queue::Count| count.queue == row.name && count.state == "ready";
            let since = oldest.iter().find(|(name, _)| *name == row.name);
            QueueHealth {
                ready: counts.iter().filter(ready).map(|count| count.jobs).sum(),
                oldest_ready_seconds: since.map(|(_, at)| (now - at).max(0) / 1_000_000),
                paused: row.paused,
                name: row.name,
            }
        })
        .collect())
}

async fn breakers(ctx: &Ctx) -> Result<Vec<BreakerHealth>> {
    let now = ctx.now();
    let health = |breaker: BreakerOverview| BreakerHealth {
        gateway: breaker.gateway,
        state: breaker.state,
        since_seconds: breaker.since.map(|at| (now - at).max(0) / 1_000_000),
        next_try_seconds: breaker.until.map(|at| (at - now).max(0) / 1_000_000),
    };
    let breakers = gateways::breakers(ctx).await?;
    Ok(breakers.into_iter().map(health).collect())
}

async fn ping(db: &Db) -> DatabaseHealth {
    let begun = Instant::now();
    let ok = match db.ping().await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            false
        }
    };
    DatabaseHealth {
        ok,
        engine: match db.dialect() {
            Dialect::Sqlite => "SQLITE",
            Dialect::Postgres => "POSTGRES",
        },
        ping_milliseconds: begun.elapsed().as_secs_f64() * 1000.0,
    }
}

async fn disk(ctx: &Ctx) -> Option<Disk> {
    let Database::Sqlite(folder) = &ctx.service.settings.database else {
        return None;
    };
    let folder = folder.clone();
    let looked = tokio::task::spawn_blocking(move || Disk::of(&folder)).await;
    looked.ok()?.ok()
}
