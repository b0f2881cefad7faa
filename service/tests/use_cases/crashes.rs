//! A process that stops at each boundary of its commits, its own and its gateway's, is started again,
//! and stops once more while it recovers: nobody is charged without a meal, no meal is sold twice.

use crate::engines::Engine;
use crate::orders::conserved;
use crate::shop::{PRICE, Shop, charged_and_refunded};
use crate::{Product, settings_with};
use domain::account::Role;
use domain::order::OrderState;
use domain::payment::DeclineReason;
use service::gateways::{Act, GatewaySettings, Operation};
use service::jobs::runner::Runner;
use service::{Actor, Ctx};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use storage::ledger::{Decision, Ledger};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// More boundaries than four orders have: a bound to the test, not to what it looks at.
pub const BOUNDARIES_MOST: i64 = 400;
/// How often the orders are looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// How much time passes meanwhile, in microseconds.
const TICK: i64 = 100_000;
/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Portions of each order: what the gateway does with it follows from its amount.
const APPROVED: i64 = 1;
const DECLINED: i64 = 2;
const ANSWER_LOST: i64 = 3;
const CANCELLED: i64 = 4;

/// Where a life ends.
#[derive(Debug, Clone, Copy)]
pub enum Boundary {
    /// In the institution's database, after so many boundaries.
    Own(i64),
    /// In the gateway's ledger.
    Gateway(i64),
    /// Nowhere: it lives until everything is done.
    None,
}

/// Who orders where; the same in every life.
#[derive(Clone, Copy)]
pub struct World {
    pub member: Uuid,
    soup: Uuid,
    salad: Uuid,
    campus: Uuid,
}

impl World {
    pub fn shop(self) -> Shop {
        Shop {
            campus: self.campus,
            soup: self.soup,
            salad: self.salad,
        }
    }
}

fn gateway() -> GatewaySettings {
    GatewaySettings::scripted(|asked| match (asked.operation, asked.amount / PRICE) {
        (Operation::Charge, DECLINED) => Some(Act::Decline(DeclineReason::CardDeclined)),
        (Operation::Charge, ANSWER_LOST) if asked.attempt == 0 => Some(Act::TimeOutAfter),
        _ => None,
    })
}

/// One life of a process, which ends at a boundary or when everything is done; which, is told.
fn live(engine: &Engine, world: World, life: i64, boundary: Boundary) -> bool {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    live_in(runtime, engine, world, life, boundary)
}

/// As [`live`], on these threads.
pub fn live_in(
    runtime: Runtime,
    engine: &Engine,
    world: World,
    life: i64,
    boundary: Boundary,
) -> bool {
    let settings = settings_with(engine, gateway());
    let done = runtime.block_on(async move {
        let product = Product::start_with(settings).await;
        product.clock.advance(life * 30 * 1_000_000);
        let institution = product.service.institution(None).unwrap();
        let own = institution.db.faults().clone();
        let ledger = institution.gateways.ledger().db().faults().clone();
        match boundary {
            Boundary::Own(at) => own.stop_after(at),
            Boundary::Gateway(at) => ledger.stop_after(at),
            Boundary::None => {}
        }
        tokio::select! {
            () = own.stopped() => false,
            () = ledger.stopped() => false,
            ended = tokio::time::timeout(PATIENCE, day(&product, world)) => {
                ended.expect("the orders end");
                true
            }
        }
    });
    // What stands still is dropped with its connections, as when a process dies.
    runtime.shutdown_timeout(Duration::from_secs(20));
    done
}

/// Places the orders, or finds them placed, and waits until nothing is left to do for them.
async fn day(product: &Product, world: World) {
    let shop = world.shop();
    let maya = product.ctx(Actor::Account {
        id: world.member,
        role: Role::Member,
    });
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let mut orders = HashMap::new();
    for portions in [APPROVED, DECLINED, ANSWER_LOST, CANCELLED] {
        let key = portions.to_string();
        let accepted = shop.place(&maya, &key, portions).await.unwrap();
        orders.insert(portions, accepted.order_id);
    }
    while !(are_done(&maya, &orders).await && is_told(&maya).await) {
        product.clock.advance(TICK);
        tokio::time::sleep(GLANCE).await;
    }
    runner.stop().await;
}

async fn are_done(maya: &Ctx, orders: &HashMap<i64, Uuid>) -> bool {
    let mut done = true;
    for (portions, id) in orders {
        let view = service::order::get(maya, *id).await.unwrap();
        if *portions == CANCELLED && view.order.state == OrderState::Confirmed {
            service::order::cancel(maya, *id, None).await.unwrap();
            done = false;
        }
        done &= view.current.is_none();
    }
    done
}

/// Whether every event was delivered to everybody.
async fn is_told(maya: &Ctx) -> bool {
    let mut tx = maya.institution.db.read().await.unwrap();
    let now = maya.now();
    for consumer in storage::outbox::Consumer::ALL {
        let due = storage::outbox::due(&mut tx, consumer, now, 1)
            .await
            .unwrap();
        if !due.is_empty() {
            return false;
        }
    }
    true
}

/// What must be so in the end, however often a process stopped on the way.
fn check(engine: &Engine, what: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        conserved(engine).await;
        let states = engine.raw("SELECT state FROM orders ORDER BY total").await;
        assert_eq!(
            states,
            ["CONFIRMED", "CANCELLED", "CONFIRMED", "CANCELLED"],
            "{what}"
        );
        let living = engine
            .raw("SELECT COUNT(*) FROM saga WHERE phase IN ('FORWARD', 'BACK')")
            .await;
        assert_eq!(living, ["0"], "{what}: every order has ended");
        let ledger = Ledger::open(&engine.database, &engine.slug).await.unwrap();
        let charges = ledger.charges().await.unwrap();
        ledger.db().close().await;
        let mut kept: Vec<i64> = charges
            .iter()
            .filter(|charge| charge.is_kept())
            .map(|charge| charge.amount / PRICE)
            .collect();
        kept.sort_unstable();
        assert_eq!(kept, [APPROVED, ANSWER_LOST], "{what}: who paid");
        let mut orders: Vec<_> = charges
            .iter()
            .filter(|charge| charge.decision == Decision::Approved)
            .map(|charge| charge.order_id)
            .collect();
        let made = orders.len();
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders.len(), made, "{what}: one charge an order");
        let (charged, refunded) = charged_and_refunded(engine).await;
        assert_eq!(
            charged - refunded,
            (APPROVED + ANSWER_LOST) * PRICE,
            "{what}"
        );
        let told = engine
            .raw("SELECT COUNT(*) FROM outbox WHERE live_at IS NULL OR inbox_at IS NULL")
            .await;
        assert_eq!(told, ["0"], "{what}: every event was delivered");
        let once = engine
            .raw("SELECT (SELECT COUNT(*) FROM outbox) - (SELECT COUNT(*) FROM live_event)")
            .await;
        assert_eq!(once, ["0"], "{what}: and each of them once");
    });
}

/// A world with enough for everybody.
pub fn begin(engine: &Engine) -> World {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(async {
        let product = Product::start_with(settings_with(engine, gateway())).await;
        let shop = Shop::open(&product, 20, 20).await;
        let maya = product.member("maya").await;
        // Its files are copied: nothing is to be left in a log of what was written ahead.
        let institution = product.service.institution(None).unwrap();
        institution.gateways.ledger().db().close().await;
        institution.db.close().await;
        World {
            member: maya.account_id().unwrap(),
            soup: shop.soup,
            salad: shop.salad,
            campus: shop.campus,
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(20));
    world
}

/// A process stops at one boundary, the one after it at another, and the third goes through; false
/// where the first found no such boundary.
fn stops_twice(engine: &Engine, world: World, first: Boundary, second: Boundary) -> bool {
    if live(engine, world, 0, first) {
        check(engine, &format!("{first:?}"));
        return false;
    }
    if !live(engine, world, 1, second) {
        assert!(live(engine, world, 2, Boundary::None));
    }
    check(engine, &format!("{first:?}, then {second:?}"));
    true
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(future)
}

/// A copy of a world that has begun: making each anew would take most of the time.
pub fn copy_of(template: &Path) -> Engine {
    let engine = Engine::empty_folder();
    for entry in std::fs::read_dir(template).unwrap() {
        let entry = entry.unwrap();
        let folder = engine.file();
        let to = folder.parent().unwrap().join(entry.file_name());
        std::fs::copy(entry.path(), to).unwrap();
    }
    engine
}

fn each_boundary_on_sqlite(boundary: fn(i64) -> Boundary) {
    let template = block_on(Engine::sqlite());
    let world = begin(&template);
    let folder = template.file();
    let folder = folder.parent().unwrap();
    let mut at = 0;
    loop {
        assert!(at < BOUNDARIES_MOST);
        let engine = copy_of(folder);
        // The second stop is at another place each time.
        if !stops_twice(&engine, world, boundary(at), Boundary::Own(at * 5 % 23)) {
            break;
        }
        at += 1;
    }
    assert!(at > 4, "there were boundaries");
}

#[test]
fn a_process_may_stop_at_each_commit() {
    each_boundary_on_sqlite(Boundary::Own);
}

#[test]
fn a_process_may_stop_at_each_commit_of_its_gateway() {
    each_boundary_on_sqlite(Boundary::Gateway);
}

/// Every world is begun anew on PostgreSQL, so that only some of the boundaries are looked at.
#[test]
fn a_process_on_postgres_may_stop_too() {
    for boundary in [
        Boundary::Own(0),
        Boundary::Own(1),
        Boundary::Own(3),
        Boundary::Own(6),
        Boundary::Own(9),
        Boundary::Own(14),
        Boundary::Gateway(0),
        Boundary::Gateway(1),
        Boundary::Gateway(2),
        Boundary::Gateway(3),
    ] {
        let Some(engine) = block_on(Engine::postgres()) else {
            return;
        };
        let world = begin(&engine);
        stops_twice(&engine, world, boundary, Boundary::Own(7));
        block_on(engine.remove());
    }
}
