//! Runs a test once on each engine. Also included by the tests of the layers above.

#![allow(
    dead_code,
    reason = "not every suite that includes this file needs all of it"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use storage::{Database, Db};
use tempfile::TempDir;

/// Names the PostgreSQL server that the tests use.
const POSTGRES_URL: &str = "NUTRIFLOW_TEST_POSTGRES_URL";
/// How long something may take that will happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database of one test's own: a SQLite file in a folder, or a PostgreSQL schema.
pub struct Engine {
    pub database: Database,
    /// The institution's name, and so that of the file or schema.
    pub slug: String,
    _folder: Option<TempDir>,
}

impl Engine {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            database: Database::Sqlite(folder.path().to_owned()),
            slug: "demo".to_owned(),
            _folder: Some(folder),
        }
    }

    /// Nothing where no server is named, unless PostgreSQL is required.
    pub fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
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
        // A process id comes again one day, but not with the same time.
        let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            database: Database::Postgres(url),
            slug: format!("test_{started}_{}_{number}", std::process::id()),
            _folder: None,
        })
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
    pub fn file(&self) -> std::path::PathBuf {
        match &self.database {
            Database::Sqlite(folder) => folder.join(format!("{}.db", self.slug)),
            Database::Postgres(_) => panic!("PostgreSQL has no file"),
        }
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
                    // So that small tables too are read by index where there is one.
                    "SET enable_seqscan TO off".to_owned(),
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
        use sqlx::Connection as _;
        if let Database::Postgres(url) = &self.database {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            for schema in [self.schema(), format!("{}_gateway", self.schema())] {
                sqlx::query(sqlx::AssertSqlSafe(format!(
                    "DROP SCHEMA IF EXISTS {schema} CASCADE"
                )))
                .execute(&mut connection)
                .await
                .unwrap();
            }
        }
    }
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
                    let engine = $crate::engines::Engine::sqlite();
                    super::$name(&engine).await;
                    engine.remove().await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(engine) = $crate::engines::Engine::postgres() else { return };
                    super::$name(&engine).await;
                    engine.remove().await;
                }
            )*
        }
    };
}
pub(crate) use on_both_engines;
