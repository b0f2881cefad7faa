//! Runs a test once on each engine. Also included by the tests of the layers above. What a suite's tests
//! find in their databases, its `crate::prepare` makes, once a process.

#![allow(
    dead_code,
    reason = "not every suite that includes this file needs all of it"
)]

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use storage::{Database, Db};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Names the PostgreSQL server that the tests use.
const POSTGRES_URL: &str = "NUTRIFLOW_TEST_POSTGRES_URL";
/// How long something may take that will happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The institution's name, and so that of its file and schema.
const INSTITUTION: &str = "demo";
/// What PostgreSQL databases are called of which a suite's others are copies.
const PREPARED: &str = "prepared_";

/// A database of one test's own: a folder of SQLite files, or a PostgreSQL database.
pub struct Engine {
    pub database: Database,
    pub slug: String,
    _folder: Option<TempDir>,
}

impl Engine {
    /// A folder without any file.
    pub fn empty_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            database: Database::Sqlite(folder.path().to_owned()),
            slug: INSTITUTION.to_owned(),
            _folder: Some(folder),
        }
    }

    fn on_postgres(url: &str, database: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap().database(database);
        Self {
            database: Database::Postgres(options.to_url_lossy().into()),
            slug: INSTITUTION.to_owned(),
            _folder: None,
        }
    }

    /// A copy of the files that the suite has prepared: making them anew takes most tests' time.
    pub async fn sqlite() -> Self {
        static FILES: OnceCell<Vec<(OsString, Vec<u8>)>> = OnceCell::const_new();
        let files = FILES
            .get_or_init(async || {
                let prepared = Self::empty_folder();
                crate::prepare(&prepared).await;
                prepared.files().await
            })
            .await;
        let engine = Self::empty_folder();
        for (name, bytes) in files {
            std::fs::write(engine.folder().join(name), bytes).unwrap();
        }
        engine
    }

    /// A copy of the database that the suite has prepared. Nothing where no server is named, unless
    /// PostgreSQL is required.
    pub async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static NAME: OnceCell<String> = OnceCell::const_new();
        let Ok(url) = std::env::var(POSTGRES_URL) else {
            let required = ["CI", "NUTRIFLOW_REQUIRE_POSTGRES"]
                .iter()
                .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
            assert!(
                !required,
                "{POSTGRES_URL} is not set, and PostgreSQL is required here"
            );
            eprintln!("skipped: {POSTGRES_URL} is not set");
            return None;
        };
        let prepared = NAME
            .get_or_init(async || {
                // A process id comes again one day, but not with the same time.
                let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
                let name = format!("{PREPARED}{started}_{}", std::process::id());
                forget_prepared(&url, started).await;
                on_server(&url, &format!("CREATE DATABASE {name}")).await;
                crate::prepare(&Self::on_postgres(&url, &name)).await;
                // A database that anybody uses can't be copied.
                let close = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
                on_server(&url, &close).await;
                let leave = format!(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
                );
                on_server(&url, &leave).await;
                name
            })
            .await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}_{number}", prepared.replacen(PREPARED, "test_", 1));
        let copy = format!("CREATE DATABASE {name} TEMPLATE {prepared} STRATEGY file_copy");
        on_server(&url, &copy).await;
        Some(Self::on_postgres(&url, &name))
    }

    /// Every SQLite file there is, whole, whoever has it open.
    async fn files(&self) -> Vec<(OsString, Vec<u8>)> {
        use sqlx::Connection as _;
        let copies = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(self.folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension() != Some("db".as_ref()) {
                continue;
            }
            let name = path.file_name().unwrap().to_owned();
            let copy = copies.path().join(&name);
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
            let mut connection = sqlx::SqliteConnection::connect_with(&options)
                .await
                .unwrap();
            sqlx::query("VACUUM INTO $1")
                .bind(copy.to_str().unwrap())
                .execute(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
            files.push((name, std::fs::read(copy).unwrap()));
        }
        files
    }

    fn folder(&self) -> &Path {
        match &self.database {
            Database::Sqlite(folder) => folder,
            Database::Postgres(_) => panic!("PostgreSQL has no folder"),
        }
    }

    /// Takes away what was prepared, for who wants to see how it is made.
    pub async fn clear(&self) {
        match &self.database {
            Database::Sqlite(folder) => {
                for entry in std::fs::read_dir(folder).unwrap() {
                    std::fs::remove_file(entry.unwrap().path()).unwrap();
                }
            }
            Database::Postgres(url) => {
                for schema in [self.schema(), format!("{}_gateway", self.schema())] {
                    on_server(url, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
                }
            }
        }
    }

    /// Opens the database, as each process does for itself.
    pub async fn open(&self) -> Db {
        Db::open(&self.database, &self.slug).await.unwrap()
    }

    /// The address that the command line takes.
    pub fn address(&self) -> String {
        match &self.database {
            Database::Sqlite(folder) => format!("sqlite:{}", folder.display()),
            Database::Postgres(url) => url.clone(),
        }
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        self.folder().join(format!("{}.db", self.slug))
    }

    pub fn schema(&self) -> String {
        format!("institution_{}", self.slug)
    }

    /// Rows of a query of the test's own, each as text, past the product's statements.
    pub async fn raw(&self, sql: &str) -> Vec<String> {
        use sqlx::{Connection as _, Row as _};
        match &self.database {
            Database::Sqlite(_) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file());
                let mut connection = sqlx::SqliteConnection::connect_with(&options)
                    .await
                    .unwrap();
                let rows = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                connection.close().await.unwrap();
                // The text of a plan is the last column of EXPLAIN QUERY PLAN.
                rows.iter()
                    .map(|row| {
                        let last = row.columns().len() - 1;
                        row.try_get::<String, _>(last)
                            .unwrap_or_else(|_| row.get::<i64, _>(last).to_string())
                    })
                    .collect()
            }
            Database::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                for setting in [
                    format!("SET search_path TO {}", self.schema()),
                    // As the product sets it, so that small tables too are read by index.
                    "SET enable_seqscan TO off".to_owned(),
                    "SET enable_hashjoin TO off".to_owned(),
                    "SET enable_mergejoin TO off".to_owned(),
                ] {
                    sqlx::query(sqlx::AssertSqlSafe(setting))
                        .execute(&mut connection)
                        .await
                        .unwrap();
                }
                let rows = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                connection.close().await.unwrap();
                rows.iter()
                    .map(|row| {
                        row.try_get::<String, _>(0)
                            .unwrap_or_else(|_| row.get::<i64, _>(0).to_string())
                    })
                    .collect()
            }
        }
    }

    /// Removes what the test has made; a test that fails leaves it to be looked at.
    pub async fn remove(self) {
        if let Database::Postgres(url) = &self.database {
            let options = PgConnectOptions::from_str(url).unwrap();
            let name = options.get_database().unwrap();
            let server = std::env::var(POSTGRES_URL).unwrap();
            on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn on_server(url: &str, sql: &str) {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// Drops what was prepared a day ago or longer: nothing tells a suite that its last test has ended.
async fn forget_prepared(url: &str, now: u64) {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname::TEXT FROM pg_database WHERE starts_with(datname, $1)")
            .bind(PREPARED)
            .fetch_all(&mut connection)
            .await
            .unwrap();
    for name in names {
        let started = name[PREPARED.len()..]
            .split('_')
            .next()
            .and_then(|started| started.parse::<u64>().ok());
        if started.is_some_and(|started| started + 24 * 3600 < now) {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // Another suite may be doing the same.
            let _ = sqlx::query(sqlx::AssertSqlSafe(drop))
                .execute(&mut connection)
                .await;
        }
    }
    connection.close().await.unwrap();
}

/// Waits until `attempt` gives something; fails after a time that is long enough for any machine.
pub async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = attempt().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    match waited.await {
        Ok(found) => found,
        Err(_) => panic!("did not happen: {what}"),
    }
}

/// Makes of each `async fn name(&Engine)` the tests `sqlite::name` and `postgres::name`.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let engine = $crate::engines::Engine::sqlite().await;
                    super::$name(&engine).await;
                    engine.remove().await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(engine) = $crate::engines::Engine::postgres().await else { return };
                    super::$name(&engine).await;
                    engine.remove().await;
                }
            )*
        }
    };
}
pub(crate) use on_both_engines;
