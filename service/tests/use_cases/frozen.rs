//! A process that stands still for a while, as one whose machine is suspended: others take it for dead, and
//! when it goes on, what it was at changes nothing any more. SQLite has one process, so this is PostgreSQL's
//! alone.

use crate::crashes::{begin, block_on};
use crate::engines::{Engine, eventually};
use crate::orders::conserved;
use crate::shop::{PRICE, charged_and_refunded};
use crate::{Product, settings_with};
use domain::account::Role;
use service::Actor;
use service::gateways::{Act, GatewaySettings, Operation};
use service::jobs::runner::Runner;
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long it may take until it stands still.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_process_that_stood_still_has_lost_its_step() {
    let Some(engine) = block_on(Engine::postgres()) else {
        return;
    };
    let world = begin(&engine);
    let (freeze, is_frozen) = mpsc::channel::<()>();
    let (thaw, thawed) = mpsc::channel::<()>();
    let thawed = Mutex::new(thawed);
    // It has one thread, which stands still while the gateway is asked: nothing beats meanwhile.
    let gateway = GatewaySettings::scripted(move |asked| {
        if asked.operation != Operation::Charge {
            return None;
        }
        let _ = freeze.send(());
        // It fails, and that is the end, once nobody holds the other side.
        let _ = thawed.lock().unwrap().recv();
        Some(Act::Unavailable)
    });
    let settings = settings_with(&engine, gateway);
    let (stop, stopped) = oneshot::channel::<()>();
    let frozen = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let product = Product::start_with(settings).await;
            let runner = Runner::start(&product.service, "all").await.unwrap();
            let maya = product.ctx(Actor::Account {
                id: world.member,
                role: Role::Member,
            });
            world.shop().place(&maya, "one", 1).await.unwrap();
            stopped.await.unwrap();
            runner.stop().await;
        });
    });
    is_frozen.recv_timeout(PATIENCE).unwrap();

    block_on(async {
        let other = Product::start(&engine).await;
        let runner = Runner::start(&other.service, "all").await.unwrap();
        eventually("another process goes on with it", async || {
            (engine.raw("SELECT state FROM orders").await == ["CONFIRMED"]).then_some(())
        })
        .await;
        let told = || async {
            let mut told = Vec::new();
            for query in [
                "SELECT state || ' ' || attempts || ' ' || deaths FROM job WHERE kind = 'order.pay'",
                "SELECT state || ' ' || attempts FROM saga_step WHERE step = 'PAY' AND error IS NULL",
                "SELECT phase FROM saga",
                "SELECT COUNT(*) FROM outbox WHERE kind = 'PAYMENT_CHARGED'",
            ] {
                told.extend(engine.raw(query).await);
            }
            told
        };
        let before = told().await;
        assert_eq!(before, ["succeeded 0 1", "DONE 1", "COMPLETED", "1"]);

        drop(thaw);
        eventually("it is a worker again", async || {
            (engine.raw("SELECT COUNT(*) FROM worker").await == ["2"]).then_some(())
        })
        .await;
        // It waits for what still runs there.
        stop.send(()).unwrap();
        tokio::task::spawn_blocking(move || frozen.join())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            told().await,
            before,
            "what it tells too late changes nothing"
        );
        assert_eq!(charged_and_refunded(&engine).await, (PRICE, 0));
        conserved(&engine).await;
        runner.stop().await;
    });
    block_on(engine.remove());
}
