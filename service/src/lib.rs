//! What NutriFlow does: one function a use case, `fn(&Ctx, Command) -> Result<…>`.
//!
//! Each authorises, opens the one transaction, and commits once. Pages, REST, the command line and
//! jobs call the same functions.

pub mod account;
pub mod audit;
pub mod board;
pub mod card;
pub mod cart;
pub mod catalogue;
mod clock;
mod ctx;
pub mod demo;
mod difference;
pub mod doctor;
mod error;
pub mod gateways;
mod guard;
pub mod health;
pub mod inbox;
pub mod jobs;
pub mod live;
mod local_time;
pub mod menu;
pub mod notify;
pub mod order;
pub mod outbox;
pub mod overview;
mod password;
pub mod payments;
pub mod people;
pub mod plan;
pub mod profile;
mod sample;
pub mod search;
mod sheet;
pub mod stock;
pub mod system;
mod token;
pub mod wallet;

pub use clock::{Clock, ManualClock, SystemClock};
pub use ctx::{Actor, Ctx, DEMO_SECRET, Institution, Mode, Service, Settings};
pub use error::{Error, Result};
pub use local_time::LocalTime;
pub use sample::{Sample, sample};
