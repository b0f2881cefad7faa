//! A database of one institution, and transactions on it.

use crate::log::{self, Log};
use crate::sqlite::{Connections, Transaction};
use crate::{Error, Result};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, Postgres};
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

pub(crate) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");
pub(crate) static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");
static SQLITE_GATEWAY_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/gateway/sqlite");
static POSTGRES_GATEWAY_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/gateway/postgres");

/// What follows an institution's name in that of its gateway's ledger.
const GATEWAY_SUFFIX: &str = "_gateway";

/// How long a writer waits for another before it gives up.
const BUSY: Duration = Duration::from_secs(5);
/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long a database may take to show that it is there. A load balancer waits a second or two.
const PING: Duration = Duration::from_millis(1500);
/// How long a transaction on PostgreSQL may stand still before the server ends it, in milliseconds: what
/// a process that was frozen or cut off had locked is free before others take over its jobs.
const STANDSTILL: &str = "2000";
/// How long the wake-up waits before it tries to reach PostgreSQL again.
const RELISTEN: Duration = Duration::from_secs(1);
/// Readers of a SQLite file at once; each is a thread, and two cores are the smallest machine.
const SQLITE_READERS: u32 = 8;
/// Pages of the log, of 4 KiB each, after which the connection that writes carries what is left into the file, and
/// begins the log anew. Most of them [`Log::carry`] has carried by then.
const CHECKPOINT: &str = "16000";
/// Rows of an index that SQLite reads to know how its values are spread.
const ANALYSED: u32 = 400;
/// Tables of fewer rows tell SQLite's planner nothing: it would read one whole that had ten rows when it was asked
/// about, and has a million by now.
const TELLING_LEAST: i64 = 10_000;
/// Statements that a connection to SQLite keeps prepared: all that there are, alone and together with others.
const STATEMENTS: usize = 1000;
/// Rows that a statement on SQLite gives before its thread waits until they are taken.
const ROWS: usize = 500;
/// Connections to PostgreSQL, whose default allows a hundred to all its clients.
const POSTGRES_CONNECTIONS: u32 = 20;

/// The language of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Where an installation keeps its institutions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A folder with a SQLite file for each institution: `sqlite:var`.
    Sqlite(PathBuf),
    /// A PostgreSQL database with a schema for each institution: `postgres://…`.
    Postgres(String),
}

impl FromStr for Database {
    type Err = Error;
    fn from_str(address: &str) -> Result<Self> {
        if let Some(folder) = address.strip_prefix("sqlite:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            if !folder.is_empty() {
                return Ok(Self::Sqlite(folder.into()));
            }
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self::Postgres(address.to_owned()));
        }
        // The address may hold a password: only its scheme is repeated.
        Err(Error::Address(
            address.split(':').next().unwrap_or_default().to_owned(),
        ))
    }
}

/// Tells whoever waits for something that it may be there.
#[derive(Debug, Clone, Default)]
pub struct Wakeup(Arc<Notify>);

impl Wakeup {
    /// Wakes one waiter now, or the next one that waits.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody wakes.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// What a commit tells those who wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// A job may be ready.
    Jobs,
    /// Events are in the outbox.
    Events,
    /// Events were delivered to those who follow.
    Live,
}

impl Signal {
    const ALL: [Self; 3] = [Self::Jobs, Self::Events, Self::Live];

    /// What it is called on PostgreSQL's channel.
    const fn payload(self) -> &'static str {
        match self {
            Self::Jobs => "",
            Self::Events => "events",
            Self::Live => "live",
        }
    }
}

/// A number that nobody else has, in all likelihood.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// What begins the payload that is for every process but the one whose [`Db`] it names.
const OTHERS: &str = "others ";

/// Who waits for commits.
#[derive(Debug, Clone, Default)]
struct Wakeups([Wakeup; Signal::ALL.len()]);

impl Wakeups {
    const fn of(&self, signal: Signal) -> &Wakeup {
        &self.0[signal as usize]
    }
}

#[derive(Debug, Clone)]
enum Pools {
    Sqlite {
        writer: Connections,
        readers: Connections,
        file: Arc<OpenFile>,
        log: Log,
    },
    Postgres(PgPool),
}

/// A SQLite file as it was opened.
#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    identity: u64,
}

impl OpenFile {
    fn new(path: PathBuf) -> std::io::Result<Self> {
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }

    /// Whether it still is what its name leads to. A removed or replaced file can be read and
    /// written for as long as it is open, but nobody would ever find again what is written there.
    fn check(&self) -> std::io::Result<()> {
        if identity(&self.path)? == self.identity {
            Ok(())
        } else {
            Err(std::io::Error::other("another file took its place"))
        }
    }
}

/// What tells a file from another one that takes its place.
pub(crate) fn identity(path: &Path) -> std::io::Result<u64> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    let identity = std::os::unix::fs::MetadataExt::ino(&metadata);
    // An open file can be neither removed nor replaced there.
    #[cfg(not(unix))]
    let identity = u64::from(metadata.is_dir());
    Ok(identity)
}

/// How many connections a pool has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSize {
    /// What the pool is called: `reader`, `writer`, or `all` where one serves both.
    pub pool: &'static str,
    /// Connections that somebody uses.
    pub used: usize,
    /// Connections that wait for somebody.
    pub idle: usize,
}

impl PoolSize {
    fn of_postgres(pool: &PgPool) -> Self {
        let idle = pool.num_idle();
        Self {
            pool: "all",
            used: (pool.size() as usize).saturating_sub(idle),
            idle,
        }
    }

    fn of_sqlite(name: &'static str, connections: &Connections) -> Self {
        let (used, idle) = connections.used_and_idle();
        Self {
            pool: name,
            used,
            idle,
        }
    }
}

/// What a database is for: what is in it, and how many ask it at once.
struct Purpose {
    sqlite: &'static Migrator,
    postgres: &'static Migrator,
    sqlite_readers: u32,
    postgres_connections: u32,
    /// Whether anybody waits for what others commit there.
    has_waiters: bool,
}

/// An institution's own.
static INSTITUTION: Purpose = Purpose {
    sqlite: &SQLITE_MIGRATIONS,
    postgres: &POSTGRES_MIGRATIONS,
    sqlite_readers: SQLITE_READERS,
    postgres_connections: POSTGRES_CONNECTIONS,
    has_waiters: true,
};

/// The ledger of its simulated gateway, to which one task talks.
static GATEWAY: Purpose = Purpose {
    sqlite: &SQLITE_GATEWAY_MIGRATIONS,
    postgres: &POSTGRES_GATEWAY_MIGRATIONS,
    sqlite_readers: 1,
    postgres_connections: 2,
    has_waiters: false,
};

/// Checks a name that becomes part of a file or schema name. That of a gateway's ledger is taken.
pub(crate) fn check_institution(institution: &str) -> Result<()> {
    let sound = !institution.is_empty()
        && !institution.ends_with(GATEWAY_SUFFIX)
        && institution
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if sound {
        Ok(())
    } else {
        Err(Error::Address(institution.to_owned()))
    }
}

/// The file of an institution.
pub(crate) fn sqlite_file(folder: &Path, institution: &str) -> PathBuf {
    folder.join(format!("{institution}.db"))
}

/// The schema of an institution.
pub(crate) fn postgres_schema(institution: &str) -> String {
    format!("institution_{institution}")
}

/// What a database answers, or that it does not answer in time.
async fn in_time<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(PING, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Unavailable(sqlx::Error::PoolTimedOut)),
    }
}

/// The engine and its version, for people.
pub(crate) async fn sqlite_version(
    executor: impl sqlx::SqliteExecutor<'_>,
) -> std::result::Result<String, sqlx::Error> {
    let number: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(executor)
        .await?;
    Ok(format!("SQLite {number}"))
}

/// The engine and its version, for people.
pub(crate) async fn postgres_version(
    executor: impl sqlx::PgExecutor<'_>,
) -> std::result::Result<String, sqlx::Error> {
    let number: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(executor)
        .await?;
    Ok(format!("PostgreSQL {number}"))
}

/// The database of one institution.
#[derive(Debug, Clone)]
pub struct Db {
    pools: Pools,
    wakeups: Wakeups,
    /// What tells this from the same database opened by others.
    instance: u64,
    #[cfg(feature = "faults")]
    faults: crate::fault::Faults,
}

/// What is to be done once a transaction has been committed.
type Afterwards = Vec<Box<dyn FnOnce() + Send + Sync>>;

/// A transaction on SQLite.
pub struct SqliteTx {
    pub(crate) transaction: Transaction,
    afterwards: Afterwards,
    /// What its commit tells.
    signals: Vec<Signal>,
    wakeups: Wakeups,
    #[cfg(feature = "faults")]
    faults: crate::fault::Faults,
}

/// A transaction on PostgreSQL.
pub struct PostgresTx {
    pub(crate) connection: sqlx::Transaction<'static, Postgres>,
    afterwards: Afterwards,
    /// Whose it is.
    instance: u64,
    #[cfg(feature = "faults")]
    faults: crate::fault::Faults,
}

/// A transaction. Dropped without a commit, it changes nothing.
pub enum Tx {
    /// On SQLite.
    Sqlite(SqliteTx),
    /// On PostgreSQL.
    Postgres(PostgresTx),
}

impl Db {
    /// Opens the database of an institution, makes it where it is absent, and brings its schema up
    /// to date.
    ///
    /// `institution` becomes part of a file or schema name: lower-case letters, digits and `_`.
    ///
    /// # Errors
    /// Where the database can't be reached or its schema can't be brought up to date.
    pub async fn open(database: &Database, institution: &str) -> Result<Self> {
        check_institution(institution)?;
        Self::open_for(&INSTITUTION, database, institution).await
    }

    /// Opens the ledger of an institution's simulated gateway, apart from all that is the institution's.
    pub(crate) async fn open_gateway(database: &Database, institution: &str) -> Result<Self> {
        check_institution(institution)?;
        let name = format!("{institution}{GATEWAY_SUFFIX}");
        Self::open_for(&GATEWAY, database, &name).await
    }

    async fn open_for(purpose: &Purpose, database: &Database, name: &str) -> Result<Self> {
        match database {
            Database::Sqlite(folder) => Self::open_sqlite(purpose, folder, name).await,
            Database::Postgres(address) => Self::open_postgres(purpose, address, name).await,
        }
    }

    async fn open_sqlite(purpose: &Purpose, folder: &Path, name: &str) -> Result<Self> {
        if libsqlite3_sys::SQLITE_VERSION_NUMBER < 3_051_003 {
            let version = libsqlite3_sys::SQLITE_VERSION
                .to_str()
                .unwrap_or("of an unknown version");
            return Err(Error::OldSqlite(version));
        }
        let folder_owned = folder.to_owned();
        tokio::task::spawn_blocking(move || std::fs::create_dir_all(folder_owned))
            .await
            .map_err(|_| Error::from(sqlx::Error::WorkerCrashed))?
            .map_err(|error| Error::from(sqlx::Error::Io(error)))?;
        let path = sqlite_file(folder, name);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("cache_size", "-16000")
            .pragma("recursive_triggers", "on")
            .statement_cache_capacity(STATEMENTS)
            .row_buffer_size(ROWS);
        // By `run` the compiler does not see that this may go from thread to thread.
        let mut migrating = options.connect().await?;
        purpose
            .sqlite
            .run_direct(None, &mut migrating, false)
            .await?;
        migrating.close().await?;
        let writing = options
            .clone()
            // What a statement may have to undo of itself would go through a file, made and removed each time.
            .pragma("temp_store", "memory")
            // It leaves it to `Log` to write to the disk what it commits.
            .synchronous(SqliteSynchronous::Normal)
            .pragma("wal_autocheckpoint", CHECKPOINT);
        let writer = Connections::new(writing, 1, ACQUIRE);
        let readers = Connections::new(
            options.create_if_missing(false).pragma("query_only", "on"),
            purpose.sqlite_readers,
            ACQUIRE,
        );
        #[cfg(feature = "faults")]
        let faults = crate::fault::Faults::default();
        let log = Log::start(
            &path,
            #[cfg(feature = "faults")]
            faults.clone(),
        )?;
        tokio::spawn(Log::carry(log.durable(), readers.clone()));
        let file = OpenFile::new(path).map_err(|error| Error::from(sqlx::Error::Io(error)))?;
        Ok(Self {
            pools: Pools::Sqlite {
                writer,
                readers,
                file: Arc::new(file),
                log,
            },
            wakeups: Wakeups::default(),
            instance: random(),
            #[cfg(feature = "faults")]
            faults,
        })
    }

    async fn open_postgres(purpose: &Purpose, address: &str, name: &str) -> Result<Self> {
        let schema = postgres_schema(name);
        let options = PgConnectOptions::from_str(address)?;
        // The schema must exist before a search path can name it. Its name is checked above.
        let mut connection = options.connect().await?;
        let created = sqlx::query(sqlx::AssertSqlSafe(format!(
            "CREATE SCHEMA IF NOT EXISTS {schema}"
        )))
        .execute(&mut connection)
        .await
        .map_err(Error::from);
        connection.close().await?;
        match created {
            // Another process made it at this very moment, which "if not exists" does not cover.
            Ok(_) | Err(Error::Duplicate(_)) => {}
            Err(error) => return Err(error),
        }
        let pool = PgPoolOptions::new()
            .max_connections(purpose.postgres_connections)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.options([
                ("search_path", schema.as_str()),
                ("idle_in_transaction_session_timeout", STANDSTILL),
                // Every statement is written for an index. While a table is young its statistics say
                // otherwise, and a plan that was made then stays until they are gathered anew.
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                // Compiling a statement takes longer than any of them.
                ("jit", "off"),
            ]))
            .await?;
        purpose.postgres.run(&pool).await?;
        let wakeups = Wakeups::default();
        let instance = random();
        if !purpose.has_waiters {
            return Ok(Self {
                pools: Pools::Postgres(pool),
                wakeups,
                instance,
                #[cfg(feature = "faults")]
                faults: crate::fault::Faults::default(),
            });
        }
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(&schema).await?;
        let wakers = wakeups.clone();
        let own = instance.to_string();
        tokio::spawn(async move {
            loop {
                match listener.recv().await {
                    Ok(told) => {
                        if let Some(origin) = told.payload().strip_prefix(OTHERS)
                            && origin != own
                        {
                            wakers.of(Signal::Jobs).wake();
                        }
                        for signal in Signal::ALL {
                            if signal.payload() == told.payload() {
                                wakers.of(signal).wake();
                            }
                        }
                    }
                    Err(sqlx::Error::PoolClosed) => break,
                    // The server is away. Until it is back, workers look by themselves.
                    Err(_) => tokio::time::sleep(RELISTEN).await,
                }
            }
        });
        Ok(Self {
            pools: Pools::Postgres(pool),
            wakeups,
            instance,
            #[cfg(feature = "faults")]
            faults: crate::fault::Faults::default(),
        })
    }

    /// The engine's language.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// What is woken when a job was enqueued and committed.
    #[must_use]
    pub const fn wakeup(&self) -> &Wakeup {
        self.wakeups.of(Signal::Jobs)
    }

    /// What is woken when an event was appended to the outbox and committed.
    #[must_use]
    pub const fn events(&self) -> &Wakeup {
        self.wakeups.of(Signal::Events)
    }

    /// What is woken when events were delivered to those who follow, and committed.
    #[must_use]
    pub const fn live(&self) -> &Wakeup {
        self.wakeups.of(Signal::Live)
    }

    /// A transaction that only reads, on one consistent state.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where no connection is free in time.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => {
                self.sqlite(Transaction::reading(readers.lend().await?))
            }
            // By itself each statement there would see what was committed just before it.
            Pools::Postgres(pool) => Tx::Postgres(PostgresTx {
                connection: pool
                    .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ")
                    .await?,
                afterwards: Vec::new(),
                instance: self.instance,
                #[cfg(feature = "faults")]
                faults: self.faults.clone(),
            }),
        })
    }

    /// A transaction that writes. On SQLite there is one at a time; of other processes from its first statement on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where no connection is free in time. Where another process has locked the file, the
    /// first statement says so.
    pub async fn write(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, log, .. } => {
                self.sqlite(Transaction::writing(writer.lend().await?, log.clone()))
            }
            Pools::Postgres(pool) => Tx::Postgres(PostgresTx {
                connection: pool.begin().await?,
                afterwards: Vec::new(),
                instance: self.instance,
                #[cfg(feature = "faults")]
                faults: self.faults.clone(),
            }),
        })
    }

    fn sqlite(&self, transaction: Transaction) -> Tx {
        Tx::Sqlite(SqliteTx {
            transaction,
            afterwards: Vec::new(),
            signals: Vec::new(),
            wakeups: self.wakeups.clone(),
            #[cfg(feature = "faults")]
            faults: self.faults.clone(),
        })
    }

    /// Where a test has it stop.
    #[cfg(feature = "faults")]
    #[must_use]
    pub const fn faults(&self) -> &crate::fault::Faults {
        &self.faults
    }

    /// Whether the database answers, told within two seconds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it does not.
    pub async fn ping(&self) -> Result<()> {
        in_time(async {
            match &self.pools {
                Pools::Sqlite {
                    readers, file, log, ..
                } => {
                    log.check()?;
                    let file = Arc::clone(file);
                    // It may hang where the file is on a network.
                    tokio::task::spawn_blocking(move || file.check())
                        .await
                        .map_err(|_| sqlx::Error::WorkerCrashed)?
                        .map_err(sqlx::Error::Io)?;
                    // Unlike `SELECT 1`, it looks into the file.
                    let schema = sqlx::query("SELECT COUNT(*) FROM sqlite_schema");
                    let mut reader = readers.lend().await?;
                    schema.execute(&mut *reader).await?;
                    reader.give_back();
                }
                Pools::Postgres(pool) => {
                    sqlx::query("SELECT 1").execute(pool).await?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The engine and its version, for people: `PostgreSQL 17.6`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the database does not answer within two seconds.
    pub async fn version(&self) -> Result<String> {
        in_time(async {
            Ok(match &self.pools {
                Pools::Sqlite { readers, .. } => {
                    let mut reader = readers.lend().await?;
                    let version = sqlite_version(&mut *reader).await?;
                    reader.give_back();
                    version
                }
                Pools::Postgres(pool) => postgres_version(pool).await?,
            })
        })
        .await
    }

    /// How many connections each pool has.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolSize> {
        match &self.pools {
            Pools::Sqlite {
                writer, readers, ..
            } => vec![
                PoolSize::of_sqlite("writer", writer),
                PoolSize::of_sqlite("reader", readers),
            ],
            Pools::Postgres(pool) => vec![PoolSize::of_postgres(pool)],
        }
    }

    /// Gathers what SQLite's planner wants to know of large tables that have grown; PostgreSQL does so by itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where no connection is free in time.
    pub async fn optimize(&self) -> Result<()> {
        if let Pools::Sqlite { writer, .. } = &self.pools {
            let mut writer = writer.lend().await?;
            let optimize = format!("PRAGMA analysis_limit = {ANALYSED}; PRAGMA optimize");
            sqlx::raw_sql(sqlx::AssertSqlSafe(optimize))
                .execute(&mut *writer)
                .await?;
            let known: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')",
            )
            .fetch_one(&mut *writer)
            .await?;
            if known {
                let forget = format!(
                    "DELETE FROM sqlite_stat1 WHERE tbl IN (SELECT tbl FROM sqlite_stat1 GROUP BY tbl
                        HAVING MAX(CAST(stat AS INTEGER)) < {TELLING_LEAST});
                    ANALYZE sqlite_schema"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(forget))
                    .execute(&mut *writer)
                    .await?;
            }
            writer.give_back();
        }
        Ok(())
    }

    /// Closes every connection, once the last one is given back.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                if let Err(error) = self.optimize().await {
                    tracing::warn!(%error, "what the planner wants to know was not gathered");
                }
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// How many parameters the engine counts in a statement's text.
    ///
    /// # Errors
    /// Where the engine does not accept the text.
    pub async fn parameters(&self, statement: &crate::Statement) -> Result<usize> {
        use sqlx::{Either, Executor, SqlSafeStr, Statement as _};
        let count = |parameters: Option<usize>| parameters.unwrap_or_default();
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let mut reader = readers.lend().await?;
                let prepared = reader.prepare(statement.sqlite.into_sql_str()).await?;
                let parameters = prepared.parameters();
                let counted = count(parameters.map(|p| p.either(|types| types.len(), |n| n)));
                reader.give_back();
                counted
            }
            Pools::Postgres(pool) => {
                let mut connection: PoolConnection<Postgres> = pool.acquire().await?;
                let prepared = connection
                    .prepare(statement.postgres.into_sql_str())
                    .await?;
                count(prepared.parameters().map(|p| match p {
                    Either::Left(types) => types.len(),
                    Either::Right(number) => number,
                }))
            }
        })
    }
}

/// A transaction that is committed, and whose caller is not told yet.
#[must_use = "nobody may be told of it before it is durable"]
pub struct Written {
    /// What is to be on the disk, where the engine has not seen to that.
    log: Option<log::Written>,
    /// Who is woken then.
    wakes: Vec<Wakeup>,
    afterwards: Afterwards,
    #[cfg(feature = "faults")]
    faults: crate::fault::Faults,
}

impl Written {
    /// Waits until it lasts, wakes those who wait for some of it, and does what was to be done once it is
    /// committed.
    ///
    /// # Errors
    /// Where the disk refuses: whether it lasts is not known, and nothing is written any more.
    pub async fn durable(self) -> Result<()> {
        if let Some(log) = self.log {
            log.durable().await?;
        }
        self.wakes.iter().for_each(Wakeup::wake);
        for then in self.afterwards {
            then();
        }
        #[cfg(feature = "faults")]
        self.faults.pass().await;
        Ok(())
    }
}

impl Tx {
    /// The engine's language.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Makes everything that was done durable, wakes those who wait for some of it, and does what was to be
    /// done [`once_committed`](Self::once_committed).
    ///
    /// # Errors
    /// Where the engine could not; then nothing was done, or with a lost connection it is unknown.
    pub async fn commit(self) -> Result<()> {
        self.write_out().await?.durable().await
    }

    /// Commits everything that was done, for the next transaction to go on from, and leaves it to the caller to wait
    /// until it is [`durable`](Written::durable): before that nobody may be told of it.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn write_out(self) -> Result<Written> {
        #[cfg(feature = "faults")]
        let faults = match &self {
            Self::Sqlite(tx) => tx.faults.clone(),
            Self::Postgres(tx) => tx.faults.clone(),
        };
        #[cfg(feature = "faults")]
        faults.pass().await;
        Ok(match self {
            Self::Sqlite(tx) => Written {
                log: tx.transaction.commit().await?,
                wakes: tx
                    .signals
                    .into_iter()
                    .map(|signal| tx.wakeups.of(signal).clone())
                    .collect(),
                afterwards: tx.afterwards,
                #[cfg(feature = "faults")]
                faults,
            },
            Self::Postgres(tx) => {
                tx.connection.commit().await?;
                Written {
                    log: None,
                    // PostgreSQL has told whoever listens.
                    wakes: Vec::new(),
                    afterwards: tx.afterwards,
                    #[cfg(feature = "faults")]
                    faults,
                }
            }
        })
    }

    /// Takes everything back that was done, and gives up what was locked before it returns; a transaction
    /// that is only dropped does so a little later.
    ///
    /// # Errors
    /// Where the engine could not, as with a lost connection; then nothing was done all the same.
    pub async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.transaction.rollback().await?,
            Self::Postgres(tx) => tx.connection.rollback().await?,
        }
        Ok(())
    }

    /// Does something once this is committed, and nothing where it never is: as counting what has happened.
    /// Where the answer to the commit is lost, it is not done either.
    pub fn once_committed(&mut self, then: impl FnOnce() + Send + Sync + 'static) {
        let afterwards = match self {
            Self::Sqlite(tx) => &mut tx.afterwards,
            Self::Postgres(tx) => &mut tx.afterwards,
        };
        afterwards.push(Box::new(then));
    }

    /// Notes that there is something for the workers to do, so that the commit wakes them.
    ///
    /// # Errors
    /// Where the database does.
    pub async fn will_wake(&mut self) -> Result<()> {
        self.will_tell(Signal::Jobs).await
    }

    /// Notes that there is something for the workers of other processes to do, where there may be any.
    ///
    /// # Errors
    /// Where the database does.
    pub async fn will_wake_others(&mut self) -> Result<()> {
        match self {
            // Its file has one process.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => {
                let payload = format!("{OTHERS}{}", tx.instance);
                tx.notify(&payload).await
            }
        }
    }

    /// Notes that there are events for the relay, so that the commit wakes it.
    pub(crate) async fn will_relay(&mut self) -> Result<()> {
        self.will_tell(Signal::Events).await
    }

    /// Notes that there is something for those who follow, so that the commit wakes them.
    pub(crate) async fn will_broadcast(&mut self) -> Result<()> {
        self.will_tell(Signal::Live).await
    }

    async fn will_tell(&mut self, signal: Signal) -> Result<()> {
        match self {
            Self::Sqlite(tx) => {
                if !tx.signals.contains(&signal) {
                    tx.signals.push(signal);
                }
            }
            Self::Postgres(tx) => tx.notify(signal.payload()).await?,
        }
        Ok(())
    }
}

impl PostgresTx {
    /// Tells on commit, to every process that listens.
    async fn notify(&mut self, payload: &str) -> Result<()> {
        sqlx::query("SELECT pg_notify(current_schema(), $1)")
            .bind(payload)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}
