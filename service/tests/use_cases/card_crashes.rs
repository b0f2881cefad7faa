//! A process that stops at each of its commits while cards are asked, and is started again: whoever was
//! charged has a meal, and nobody is charged twice. The gateway goes on meanwhile, and tells all it did.

use crate::crashes::copy_of;
use crate::engines::Engine;
use crate::orders::conserved;
use crate::shop::{CAMPUS, Shop, takes};
use crate::stripe::{Act, Stripe, sign};
use crate::{Product, settings_with};
use domain::account::Role;
use domain::order::OrderState;
use domain::payment::GatewayKind;
use service::jobs::runner::Runner;
use service::order::PlaceOrder;
use service::{Actor, Ctx, card};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// More boundaries than three orders have: a bound to the test, not to what it looks at.
const BOUNDARIES_MOST: i64 = 400;
/// How often the orders are looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// How much time passes meanwhile, in microseconds.
const TICK: i64 = 100_000;
/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is ordered, with which card; what becomes of it is in the names.
const KEPT: &str = "kept";
const CANCELLED: &str = "cancelled";
const DECLINED: &str = "declined";
const ORDERS: [(&str, &str); 3] = [
    (KEPT, "pm_card_visa"),
    (CANCELLED, "pm_card_mastercard"),
    (DECLINED, "pm_card_visa_chargeDeclined"),
];

/// Who orders where; the same in every life.
#[derive(Clone, Copy)]
struct World {
    member: Uuid,
    soup: Uuid,
    salad: Uuid,
    campus: Uuid,
}

/// A world with enough for everybody, where cards are taken.
fn begin(engine: &Engine, stripe: &Stripe) -> World {
    let runtime = Runtime::new().unwrap();
    let settings = settings_with(engine, stripe.settings());
    let world = runtime.block_on(async {
        let product = Product::start_with(settings).await;
        let shop = Shop::open(&product, 20, 20).await;
        let system = product.ctx(Actor::System);
        takes(&system, CAMPUS, &[GatewayKind::Stripe])
            .await
            .unwrap();
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

/// One life of a process, which ends at a boundary or when everything is done; which, is told.
fn live(engine: &Engine, stripe: &Stripe, world: World, life: i64, boundary: Option<i64>) -> bool {
    let settings = settings_with(engine, stripe.settings());
    let runtime = Runtime::new().unwrap();
    let done = runtime.block_on(async {
        let product = Product::start_with(settings).await;
        product.clock.advance(life * 30 * 1_000_000);
        let institution = product.service.institution(None).unwrap();
        let faults = institution.db.faults().clone();
        if let Some(boundary) = boundary {
            faults.stop_after(boundary);
        }
        tokio::select! {
            () = faults.stopped() => false,
            ended = tokio::time::timeout(PATIENCE, day(&product, stripe, world)) => {
                ended.expect("the orders end");
                true
            }
        }
    });
    // What stands still is dropped with its connections, as when a process dies.
    runtime.shutdown_timeout(Duration::from_secs(20));
    done
}

/// Places the orders, or finds them placed, and waits until nothing is left to do for them. What the gateway
/// tells comes meanwhile; in each life all of it again.
async fn day(product: &Product, stripe: &Stripe, world: World) {
    let shop = Shop {
        campus: world.campus,
        soup: world.soup,
        salad: world.salad,
    };
    let maya = product.ctx(Actor::Account {
        id: world.member,
        role: Role::Member,
    });
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let mut orders = BTreeMap::new();
    for (key, method) in ORDERS {
        let wanted = PlaceOrder {
            gateway: GatewayKind::Stripe,
            payment_method: Some(method.to_owned()),
            ..shop.order(key, 1)
        };
        let accepted = service::order::place(&maya, wanted).await.unwrap();
        orders.insert(key, accepted.order_id);
    }
    let mut told = HashSet::new();
    while !are_done(&maya, &orders).await {
        for event in stripe.all_events() {
            let body = event.to_string();
            let signature = sign(body.as_bytes(), maya.now());
            if !told.contains(&body)
                && card::stripe_event(&maya, &signature, body.as_bytes())
                    .await
                    .is_ok()
            {
                told.insert(body);
            }
        }
        product.clock.advance(TICK);
        tokio::time::sleep(GLANCE).await;
    }
    runner.stop().await;
}

async fn are_done(maya: &Ctx, orders: &BTreeMap<&str, Uuid>) -> bool {
    let mut done = true;
    for (key, id) in orders {
        let view = service::order::get(maya, *id).await.unwrap();
        if *key == CANCELLED && view.order.state == OrderState::Confirmed {
            service::order::cancel(maya, *id, None).await.unwrap();
            done = false;
        }
        done &= view.current.is_none();
    }
    done
}

/// What must be so in the end, however often a process stopped on the way.
fn check(engine: &Engine, stripe: &Stripe, what: &str) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        conserved(engine).await;
        let states = engine
            .raw(
                "SELECT idempotency_key || ' ' || orders.state || ' ' || payment.state
                FROM orders JOIN payment ON order_id = id ORDER BY 1",
            )
            .await;
        assert_eq!(
            states,
            [
                "cancelled CANCELLED REFUNDED",
                "declined CANCELLED DECLINED",
                "kept CONFIRMED CHARGED"
            ],
            "{what}"
        );
        let mut moved: Vec<(i64, i64)> = stripe
            .intents()
            .values()
            .map(|intent| (intent.captured, intent.refunded))
            .filter(|moved| *moved != (0, 0))
            .collect();
        moved.sort_unstable();
        assert_eq!(moved, [(1, 0), (1, 1)], "{what}");
        assert_eq!(stripe.strange(), Vec::<String>::new(), "{what}");
    });
}

#[test]
fn a_process_may_stop_at_each_commit_while_cards_are_asked() {
    // The gateway outlives every process.
    let server = Runtime::new().unwrap();
    let template = server.block_on(Engine::sqlite());
    let world = begin(&template, &server.block_on(Stripe::start()));
    let file = template.file();
    let folder: &Path = file.parent().unwrap();
    let mut at = 0;
    loop {
        assert!(at < BOUNDARIES_MOST);
        let engine = copy_of(folder);
        let stripe = server.block_on(Stripe::start());
        // The answer to the first confirmation gets lost.
        stripe.will("confirm", &[Act::Mute]);
        if live(&engine, &stripe, world, 0, Some(at)) {
            check(&engine, &stripe, &format!("no boundary {at}"));
            break;
        }
        // The second stop is at another place each time.
        let second = at * 5 % 23;
        if !live(&engine, &stripe, world, 1, Some(second)) {
            assert!(live(&engine, &stripe, world, 2, None));
        }
        check(&engine, &stripe, &format!("{at}, then {second}"));
        at += 1;
    }
    assert!(at > 4, "there were boundaries");
    server.shutdown_timeout(Duration::from_secs(5));
}
