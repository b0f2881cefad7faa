//! A look at the database from beside. Also included by the tests of the layers above.

use crate::engines::Engine;

/// A connection of a test's own, past the product's statements.
pub enum Side {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Side {
    pub async fn open(engine: &Engine) -> Self {
        use sqlx::Connection as _;
        match &engine.database {
            storage::Database::Sqlite(_) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(engine.file());
                let connection = sqlx::SqliteConnection::connect_with(&options).await;
                Self::Sqlite(connection.unwrap())
            }
            storage::Database::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                let path = format!("SET search_path TO {}", engine.schema());
                sqlx::query(sqlx::AssertSqlSafe(path))
                    .execute(&mut connection)
                    .await
                    .unwrap();
                Self::Postgres(connection)
            }
        }
    }

    /// Rows of a query, each as text.
    pub async fn rows(&mut self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
        .unwrap()
    }
}
