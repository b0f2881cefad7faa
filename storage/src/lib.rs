//! Every SQL statement, one file an aggregate. Nothing else names a table.
//!
//! One text serves both engines: parameters are `$1`, booleans and identifiers are typed by the
//! driver, JSON is compared by `->>`. Where the dialects differ, a statement has two texts and the
//! transaction picks its own. Each statement states how many parameters it takes, since SQLite
//! binds a missing one as NULL without a word; the compiler compares that with the arguments, and
//! a test with what each engine counts.

pub mod account;
pub mod audit;
pub mod board;
pub mod breaker;
pub mod campus;
pub mod campus_gateway;
pub mod card;
pub mod cart;
pub mod change;
pub mod contact;
mod db;
pub mod delivery;
mod error;
#[cfg(feature = "faults")]
pub mod fault;
pub mod food;
pub mod inbox;
mod inspection;
pub mod job;
pub mod ledger;
pub mod live;
mod log;
pub mod menu;
pub mod menu_edit;
pub mod order;
pub mod order_list;
pub mod outbox;
pub mod overview;
pub mod payment;
pub mod people;
pub mod phone_code;
pub mod plan;
pub mod process;
pub mod profile;
pub mod queue;
pub mod refund;
pub mod saga;
pub mod schedule;
pub mod session;
pub mod setting;
mod sqlite;
mod statement;
pub mod stock;
pub mod substitution;
pub mod wallet;
pub mod worker;

pub use db::{Database, Db, Dialect, PoolSize, Tx, Wakeup, Written};
pub use error::Error;
pub use inspection::{Inspection, inspect};
pub use statement::{Asked, Statement};

/// What each function here returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Every statement of the product, for the test that prepares them all.
#[must_use]
pub fn statements() -> Vec<&'static Statement> {
    [
        account::STATEMENTS,
        audit::STATEMENTS,
        board::STATEMENTS,
        breaker::STATEMENTS,
        campus::STATEMENTS,
        campus_gateway::STATEMENTS,
        card::STATEMENTS,
        cart::STATEMENTS,
        change::STATEMENTS,
        contact::STATEMENTS,
        delivery::STATEMENTS,
        food::STATEMENTS,
        inbox::STATEMENTS,
        job::STATEMENTS,
        live::STATEMENTS,
        menu::STATEMENTS,
        menu_edit::STATEMENTS,
        order::STATEMENTS,
        order_list::STATEMENTS,
        outbox::STATEMENTS,
        overview::STATEMENTS,
        payment::STATEMENTS,
        people::STATEMENTS,
        phone_code::STATEMENTS,
        plan::STATEMENTS,
        process::STATEMENTS,
        profile::STATEMENTS,
        queue::STATEMENTS,
        refund::STATEMENTS,
        saga::STATEMENTS,
        schedule::STATEMENTS,
        session::STATEMENTS,
        setting::STATEMENTS,
        stock::STATEMENTS,
        substitution::STATEMENTS,
        wallet::STATEMENTS,
        worker::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}
