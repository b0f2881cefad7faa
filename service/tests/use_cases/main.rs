//! The use cases on each engine, at moments that the tests choose.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod accounts;
mod administration;
mod board;
mod card_crashes;
mod cards;
mod carriers;
mod carts;
mod counted;
mod crashes;
#[path = "../../../storage/tests/support/engines.rs"]
mod engines;
mod frozen;
mod kitchen;
mod live;
mod menu;
mod notifications;
mod orders;
mod payments;
mod plans;
mod queue;
mod shop;
#[path = "../../../storage/tests/contract/side.rs"]
mod side;
mod stalled;
mod start;
mod stock;
mod stripe;
mod workers;

use domain::account::Role;
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use domain::week::IsoWeek;
use engines::Engine;
use service::account::{Register, TokenPair};
use service::{Actor, Ctx, Error, ManualClock, Mode, Service, Settings};
use std::sync::Arc;

/// A moment in 2027, in microseconds.
const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * SECOND;
const PASSWORD: &str = "a quiet sentence";

/// An institution with every food.
async fn prepare(engine: &Engine) {
    Product::start(engine).await;
}

fn settings(engine: &Engine) -> Settings {
    settings_with(engine, service::gateways::GatewaySettings::kind())
}

/// With a gateway that does as it is told.
fn settings_with(engine: &Engine, gateway: service::gateways::GatewaySettings) -> Settings {
    Settings {
        mode: Mode::Production,
        database: engine.database.clone(),
        institutions: vec![engine.slug.clone()],
        secret: "of the tests, and long enough for them".to_owned(),
        public_url: "http://127.0.0.1".to_owned(),
        time_zone: "UTC".to_owned(),
        gateway,
        notify: service::notify::NotifySettings::default(),
    }
}

/// The product, at a moment that stands until it is moved.
struct Product {
    service: Arc<Service>,
    clock: Arc<ManualClock>,
}

impl Product {
    async fn start(engine: &Engine) -> Self {
        Self::start_with(settings(engine)).await
    }

    async fn start_with(settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let service = Service::start(settings, Arc::clone(&clock) as _).await;
        Self {
            service: service.unwrap(),
            clock,
        }
    }

    fn ctx(&self, actor: Actor) -> Ctx {
        let institution = self.service.institution(None).unwrap();
        Ctx {
            actor,
            ..Ctx::system(&self.service, institution, "test")
        }
    }

    /// What its clock shows.
    fn clock_now(&self) -> i64 {
        service::Clock::now(&*self.clock)
    }

    fn anonymous(&self) -> Ctx {
        self.ctx(Actor::Anonymous)
    }

    /// Whom an access token makes one.
    async fn holder(&self, tokens: &TokenPair) -> Option<Ctx> {
        service::account::actor_of_access_token(&self.anonymous(), &tokens.access_token)
            .await
            .unwrap()
            .map(|actor| self.ctx(actor))
    }

    /// A new member.
    async fn member(&self, name: &str) -> Ctx {
        let tokens = service::account::register_client(&self.anonymous(), register(name)).await;
        self.holder(&tokens.unwrap()).await.unwrap()
    }

    /// What the audit log tells that actions of a name have changed, the newest first.
    async fn audited(&self, action: &str) -> Vec<serde_json::Value> {
        let filter = service::audit::AuditFilter {
            action: Some(action.to_owned()),
            ..service::audit::AuditFilter::default()
        };
        let page = service::audit::list(&self.ctx(Actor::System), &filter, None, 100).await;
        let entries = page.unwrap().items.into_iter();
        entries
            .map(|entry| entry.difference.unwrap_or_default())
            .collect()
    }

    /// A new member with a profile that has plans.
    async fn eater(&self, name: &str) -> Ctx {
        let ctx = self.member(name).await;
        service::profile::put(&ctx, &draft()).await.unwrap();
        ctx
    }
}

fn register(name: &str) -> Register {
    Register {
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        password: PASSWORD.to_owned(),
    }
}

fn draft() -> ProfileDraft {
    ProfileDraft {
        sex: Some("FEMALE".to_owned()),
        age: Some(21.0),
        height_cm: Some(165.0),
        weight_kg: Some(62.0),
        activity: Some("MODERATE".to_owned()),
        ..ProfileDraft::default()
    }
}

fn week(number: i64) -> IsoWeek {
    IsoWeek::new(2027, number).unwrap()
}

/// What a use case refused with.
fn refused<T>(outcome: Result<T, Error>) -> Problem {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.into(),
    }
}

/// The role that `create_with_role` alone gives.
async fn admin(product: &Product, name: &str) -> uuid::Uuid {
    service::account::create_with_role(&product.ctx(Actor::System), register(name), Role::Admin)
        .await
        .unwrap()
}
