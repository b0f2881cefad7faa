//! Looks at a database without changing it: nothing is made, nothing brought up to date.

use crate::db::{
    POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, check_institution, postgres_schema, postgres_version,
    sqlite_file, sqlite_version,
};
use crate::{Database, Error, Result, campus_gateway, outbox};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

/// How long looking may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was seen of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Whether it was ever made.
    pub made: bool,
    /// The engine and its version.
    pub version: String,
    /// Migrations of this program that the database has.
    pub applied: usize,
    /// Migrations of this program that the database does not have yet.
    pub pending: usize,
    /// Migrations of the database that this program does not know, or knows otherwise.
    pub foreign: usize,
    /// What the database's own clock shows, in microseconds since 1970; nothing where it has none.
    pub clock: Option<i64>,
    /// When the oldest event happened that was not delivered though nothing holds it back, in
    /// microseconds; nothing where there is none, or the database is not as this program needs it.
    pub undelivered: Option<i64>,
    /// How many campuses take cards by Stripe, where the database is as this program needs it.
    pub stripe: i64,
}

/// Looks at the database of an institution.
///
/// # Errors
/// Where it can't be reached. That it was never made is none.
pub async fn inspect(database: &Database, institution: &str) -> Result<Inspection> {
    check_institution(institution)?;
    let looked = async {
        match database {
            Database::Sqlite(folder) => sqlite(&sqlite_file(folder, institution)).await,
            Database::Postgres(address) => postgres(address, &postgres_schema(institution)).await,
        }
    };
    match tokio::time::timeout(PATIENCE, looked).await {
        Ok(looked) => looked,
        Err(_) => Err(Error::Unavailable(sqlx::Error::PoolTimedOut)),
    }
}

async fn sqlite(file: &Path) -> Result<Inspection> {
    let made = file.is_file();
    // Where there is no file, one in memory stands for it.
    let options = if made {
        SqliteConnectOptions::new().filename(file)
    } else {
        SqliteConnectOptions::from_str("sqlite::memory:")?
    };
    let mut connection =
        SqliteConnection::connect_with(&options.pragma("query_only", "on")).await?;
    let version = sqlite_version(&mut connection).await?;
    let lists: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema WHERE name = $1")
        .bind(SQLITE_MIGRATIONS.table_name.as_ref())
        .fetch_one(&mut connection)
        .await?;
    let (applied, pending, foreign) =
        compare(&SQLITE_MIGRATIONS, &mut connection, lists > 0).await?;
    let (undelivered, stripe) = if pending == 0 && foreign == 0 {
        let undelivered = sqlx::query_scalar::<_, Option<i64>>(outbox::oldest_statement().sqlite)
            .fetch_one(&mut connection)
            .await?;
        let stripe = sqlx::query_scalar::<_, i64>(campus_gateway::stripe_statement().sqlite)
            .fetch_one(&mut connection)
            .await?;
        (undelivered, stripe)
    } else {
        (None, 0)
    };
    connection.close().await?;
    Ok(Inspection {
        made,
        version,
        applied,
        pending,
        foreign,
        clock: None,
        undelivered,
        stripe,
    })
}

async fn postgres(address: &str, schema: &str) -> Result<Inspection> {
    let options = PgConnectOptions::from_str(address)?.options([("search_path", schema)]);
    let mut connection = PgConnection::connect_with(&options).await?;
    let version = postgres_version(&mut connection).await?;
    let (clock, made, lists): (i64, bool, bool) = sqlx::query_as(
        "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT,
            EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
            EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2)",
    )
    .bind(schema)
    .bind(POSTGRES_MIGRATIONS.table_name.as_ref())
    .fetch_one(&mut connection)
    .await?;
    let (applied, pending, foreign) = compare(&POSTGRES_MIGRATIONS, &mut connection, lists).await?;
    let (undelivered, stripe) = if pending == 0 && foreign == 0 {
        let undelivered = sqlx::query_scalar::<_, Option<i64>>(outbox::oldest_statement().postgres)
            .fetch_one(&mut connection)
            .await?;
        let stripe = sqlx::query_scalar::<_, i64>(campus_gateway::stripe_statement().postgres)
            .fetch_one(&mut connection)
            .await?;
        (undelivered, stripe)
    } else {
        (None, 0)
    };
    connection.close().await?;
    Ok(Inspection {
        made,
        version,
        applied,
        pending,
        foreign,
        clock: Some(clock),
        undelivered,
        stripe,
    })
}

/// Compares the program's migrations with those that the database lists, where it has a list: how
/// many are applied, pending, and not the program's.
async fn compare(
    migrator: &Migrator,
    connection: &mut impl Migrate,
    lists: bool,
) -> Result<(usize, usize, usize)> {
    let mut listed = BTreeMap::new();
    if lists {
        let migrations = connection
            .list_applied_migrations(&migrator.table_name)
            .await?;
        for migration in migrations {
            listed.insert(migration.version, migration.checksum);
        }
    }
    let (mut applied, mut pending) = (0, 0);
    for known in migrator.iter() {
        match listed.get(&known.version) {
            Some(checksum) if *checksum == known.checksum => {
                listed.remove(&known.version);
                applied += 1;
            }
            // It stays in the list: the database has another migration of this number.
            Some(_) => {}
            None => pending += 1,
        }
    }
    Ok((applied, pending, listed.len()))
}
