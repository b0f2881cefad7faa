//! Every statement is accepted as it is stated, and the ones that are run most use an index.

use crate::engines::{Engine, on_both_engines};
use std::collections::BTreeSet;
use storage::Dialect;

on_both_engines!(
    every_statement_takes_as_many_parameters_as_it_states,
    frequent_statements_use_their_indexes,
    the_queue_reads_a_full_table_by_its_indexes,
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
pub async fn plan_of(engine: &Engine, dialect: Dialect, name: &str, values: &[&str]) -> String {
    let statement = storage::statements()
        .into_iter()
        .find(|statement| statement.name == name)
        .unwrap_or_else(|| panic!("no statement is called {name}"));
    assert_eq!(statement.parameters, values.len(), "{name}");
    let mut text = statement.text(dialect).to_owned();
    // SQLite plans by the text alone, before it knows what is bound.
    if dialect == Dialect::Postgres {
        for (index, value) in values.iter().enumerate().rev() {
            text = text.replace(&format!("${}", index + 1), value);
        }
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
    let cases: [(&str, &[&str], &[&str]); 3] = [
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

/// Five thousand jobs, of which few wait and few run, as in an installation that has been used.
async fn fill(engine: &Engine, dialect: Dialect) {
    let (numbers, uuid, worker) = match dialect {
        Dialect::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)",
            "unhex(printf('%032x', n))",
            "unhex(printf('%032x', n / 50 % 3 + 1))",
        ),
        Dialect::Postgres => (
            "WITH numbers AS (SELECT n FROM generate_series(1, 5000) AS n)",
            "CAST(lpad(to_hex(n), 32, '0') AS UUID)",
            "CAST(lpad(to_hex(n / 50 % 3 + 1), 32, '0') AS UUID)",
        ),
    };
    let insert = format!(
        "{numbers} INSERT INTO job (id, queue, kind, state, priority, arguments, run_at, max_attempts,
            request_id, created_at, worker_id, finished_at, fence, unique_key, unique_scope)
        SELECT {uuid}, 'diet-plans', 'plan.compute', CASE n % 50 WHEN 0 THEN 'ready' WHEN 1 THEN 'running'
                WHEN 2 THEN 'scheduled' WHEN 3 THEN 'retrying' WHEN 4 THEN 'dead' ELSE 'succeeded' END,
            100, '{{}}', n, 5, 'r', n, CASE WHEN n % 50 = 1 THEN {worker} END,
            CASE WHEN n % 50 > 3 THEN n END, 1, 'key ' || n, 'kept' FROM numbers"
    );
    engine.raw(&insert).await;
    engine.raw("ANALYZE").await;
}

async fn the_queue_reads_a_full_table_by_its_indexes(engine: &Engine) {
    let db = engine.open().await;
    let dialect = db.dialect();
    fill(engine, dialect).await;
    let runs = |rest: &str| {
        let run = |number: u32| format!(r#"{{"id":"{number:032x}","fence":1{rest}}}"#);
        let runs: Vec<String> = (0..20).map(|turn| run(1 + 50 * turn)).collect();
        format!("'[{}]'", runs.join(","))
    };
    let (uuid, key) = match dialect {
        Dialect::Sqlite => (
            "x'00000000000000000000000000000001'",
            "USING PRIMARY KEY (id",
        ),
        Dialect::Postgres => ("'00000000-0000-0000-0000-000000000001'::uuid", "job_pkey"),
    };
    let half = uuid.replace("0000001'", "00009c4'");
    let half = half.as_str();
    let (held, ended, told) = (
        runs(""),
        runs(r#","state":"succeeded","failed":0,"now":7"#),
        runs(r#","progress":5"#),
    );
    let error = match dialect {
        Dialect::Sqlite => "'{}'",
        Dialect::Postgres => "'{}'::jsonb",
    };
    let wanted = r#"'[{"queue":"diet-plans","most":3}]'"#;
    let wanted = match dialect {
        Dialect::Sqlite => wanted.to_owned(),
        Dialect::Postgres => format!("{wanted}::jsonb"),
    };
    let cases: [(&str, &[&str], &[&str]); 15] = [
        ("CLAIM", &[&wanted, uuid, "2"], &[key, "job_claim"]),
        ("PROMOTE", &["7"], &["job_due"]),
        ("NEXT_DUE", &[], &["job_due"]),
        ("HELD", &[&held], &[key, "job_state"]),
        ("FINISH", &[&ended], &[key, "job_state"]),
        ("REPORT", &[&told], &[key, "job_state"]),
        ("CANCELLING", &[uuid], &["job_state"]),
        ("DIED", &[uuid, "7"], &["job_state"]),
        ("RECLAIM", &[uuid, "3", "7", error], &["job_state"]),
        ("HAND_BACK", &[uuid, "'[]'", "7"], &["job_state"]),
        ("ORPHANED", &[], &["job_state"]),
        ("AWAIT", &[uuid, "1", "1"], &[key]),
        (
            "RELEASE_KEYS",
            &[r#"'[{"kind":"plan.compute","uniqueKey":"key 7","now":7}]'"#],
            &["job_unique"],
        ),
        (
            "WITH_KEYS",
            &[r#"'[{"kind":"plan.compute","uniqueKey":"key 7"}]'"#],
            &["job_unique"],
        ),
        (
            "SWEEP",
            &["'plan.compute'", "'succeeded'", half, "100"],
            &[key, "job_state"],
        ),
    ];
    for (name, values, indexes) in cases {
        let plan = plan_of(engine, dialect, &format!("storage::job::{name}"), values).await;
        // Of few that run, their own index is as good as their ids.
        let used = indexes.iter().any(|index| plan.contains(index));
        assert!(used, "{name} uses none of {indexes:?}:\n{plan}");
        for line in plan.lines() {
            // What the statement was given is read from beginning to end, and so is the first row of
            // an index that is in the order asked for.
            let given = [
                "json_each",
                "jsonb_each",
                "ended",
                "report",
                "row",
                "wanted",
                "value",
                // What was claimed of one queue, already in its order and bounded.
                "(subquery",
            ]
            .iter()
            .any(|given| line.contains(&format!("SCAN {given}")));
            let first = name == "NEXT_DUE" && line.contains("SCAN job USING");
            let slow = line.contains("Seq Scan") || line.contains("SCAN");
            assert!(!slow || given || first, "{name} reads everything:\n{plan}");
            let sorted = line.contains("USE TEMP B-TREE") || line.contains("Sort");
            // Only those that were named, or that run, are put in order.
            let few = ["HELD", "ORPHANED"].contains(&name);
            assert!(!sorted || few, "{name} sorts:\n{plan}");
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
