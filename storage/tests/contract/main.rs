//! What the layers above rely on, tested on each engine: `sqlite::…` and `postgres::…`.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod accounts;
mod administration;
mod board;
mod cards;
mod carts;
mod children;
mod deliveries;
#[path = "../support/engines.rs"]
mod engines;
mod errors;
mod foods;
mod jobs;
mod log;
mod menu;
mod model;
mod outbox;
mod payments;
mod plans;
mod queues;
mod schedules;
mod side;
mod statements;
mod stock;
mod substitutions;
mod transactions;
mod unique_keys;
mod wallet;
mod work;
mod workers;

use domain::account::Role;
use engines::Engine;
use storage::account::NewAccount;
use storage::{Db, account};
use uuid::Uuid;

/// A moment in 2027, in microseconds.
const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;

/// The id of a number; ids of larger numbers are larger.
const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A schema that is up to date.
async fn prepare(engine: &Engine) {
    engine.open().await.close().await;
}

/// Makes an account whose address and id follow from a number.
async fn member(db: &Db, number: u128) -> Uuid {
    let mut tx = db.write().await.unwrap();
    let new = NewAccount {
        id: id(number),
        email: &format!("member{number}@example.org"),
        name: "Ana",
        password_hash: "$argon2id$",
        role: Role::Member,
        created_at: NOW,
    };
    assert!(account::insert(&mut tx, &new).await.unwrap());
    tx.commit().await.unwrap();
    id(number)
}
