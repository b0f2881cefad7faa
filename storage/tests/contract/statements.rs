//! Every statement is accepted as it is stated, and the ones that are run most use an index.

use crate::engines::{Engine, on_both_engines};
use std::collections::BTreeSet;
use storage::Dialect;

on_both_engines!(
    every_statement_takes_as_many_parameters_as_it_states,
    frequent_statements_use_their_indexes,
    an_institution_must_have_a_name_that_fits_a_schema,
    opening_again_changes_nothing,
);

async fn every_statement_takes_as_many_parameters_as_it_states(engine: &Engine) {
    let db = engine.open().await;
    let statements = storage::statements();
    assert!(statements.len() > 30, "{}", statements.len());
    for statement in statements {
        let counted = db
            .parameters(statement)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", statement.name));
        assert_eq!(counted, statement.parameters, "{}", statement.name);
    }
    db.close().await;
}

/// The engine's plan of a statement, each parameter replaced by a value of its type.
async fn plan_of(engine: &Engine, dialect: Dialect, name: &str, values: &[&str]) -> String {
    let statement = storage::statements()
        .into_iter()
        .find(|statement| statement.name == name)
        .unwrap_or_else(|| panic!("no statement is called {name}"));
    assert_eq!(statement.parameters, values.len(), "{name}");
    let mut text = statement.text(dialect).to_owned();
    for (index, value) in values.iter().enumerate().rev() {
        text = text.replace(&format!("${}", index + 1), value);
    }
    let explain = match dialect {
        Dialect::Sqlite => "EXPLAIN QUERY PLAN",
        Dialect::Postgres => "EXPLAIN",
    };
    engine.raw(&format!("{explain} {text}")).await.join("\n")
}

async fn frequent_statements_use_their_indexes(engine: &Engine) {
    let db = engine.open().await;
    let dialect = db.dialect();
    let (hash, uuid) = match dialect {
        Dialect::Sqlite => ("x'00'", "x'00'"),
        Dialect::Postgres => (
            "'\\x00'::bytea",
            "'00000000-0000-0000-0000-000000000001'::uuid",
        ),
    };
    // What each engine calls the index of a primary key.
    let (session_key, account_key) = match dialect {
        Dialect::Sqlite => ("sqlite_autoindex_session_1", "sqlite_autoindex_account_1"),
        Dialect::Postgres => ("session_pkey", "account_pkey"),
    };
    let cases: [(&str, &[&str], &[&str]); 6] = [
        (
            "storage::job::CLAIM",
            &["'diet-plans'", "1", "2", "3"],
            &["job_claim"],
        ),
        ("storage::job::RECLAIM", &["1"], &["job_lease"]),
        (
            "storage::job::BY_UNIQUE_KEY",
            &["'a'", "'b'"],
            &["job_unique"],
        ),
        (
            "storage::session::ACCOUNT",
            &[hash, "1"],
            &[session_key, account_key],
        ),
        ("storage::plan::LIST", &[uuid, uuid, "20"], &["plan_recent"]),
        (
            "storage::plan::LATEST_OF_WEEK",
            &[uuid, "'2027-W01'"],
            &["plan_week"],
        ),
    ];
    for (name, values, indexes) in cases {
        let plan = plan_of(engine, dialect, name, values).await;
        for index in indexes {
            assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        }
        for slow in ["SCAN", "Seq Scan", "USE TEMP B-TREE", "Sort"] {
            assert!(!plan.contains(slow), "{name} has {slow}:\n{plan}");
        }
    }
    db.close().await;
}

async fn an_institution_must_have_a_name_that_fits_a_schema(engine: &Engine) {
    for name in [
        "",
        "Demo",
        "a-b",
        "x; DROP SCHEMA public",
        "../elsewhere",
        "ñ",
    ] {
        let opened = storage::Db::open(&engine.database, name).await;
        assert!(
            matches!(opened, Err(storage::Error::Address(_))),
            "{name:?}"
        );
    }
}

async fn opening_again_changes_nothing(engine: &Engine) {
    let first = engine.open().await;
    let member = crate::member(&first, 1).await;
    first.close().await;
    let second = engine.open().await;
    let mut tx = second.read().await.unwrap();
    assert!(
        storage::account::by_id(&mut tx, member)
            .await
            .unwrap()
            .is_some()
    );
    drop(tx);
    second.close().await;
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/").to_owned() + engine;
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("postgres"));
}
