//! Events reach those whom they concern: in order, without a gap, and whoever fails alone.

use crate::crashes::block_on;
use crate::engines::{Engine, eventually, on_both_engines};
use crate::workers::db;
use crate::{DAY, NOW, Product, SECOND, admin, refused};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use service::jobs::runner::Runner;
use service::live::{self, Beginning, FOLLOWING_MOST, Followed, Following, Next};
use service::outbox::{self, Consumer, DeadEventId, Followers, Inboxes, Receiver, Relay};
use service::{Actor, Ctx, Error, board, inbox};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use storage::Tx;
use storage::outbox::{Event, NewEvent};
use tokio::sync::watch;
use uuid::Uuid;

on_both_engines!(
    whoever_comes_back_misses_nothing_while_many_write,
    a_slow_reader_is_let_go_and_goes_on_where_they_were,
    an_event_that_a_consumer_can_not_take_holds_back_its_aggregate_alone,
    an_event_that_can_not_be_written_holds_back_its_aggregate_alone,
    of_two_processes_each_event_is_delivered_once,
    what_a_commit_appended_is_delivered_by_the_runner,
    everybody_follows_what_they_may_see,
    one_account_follows_in_so_many_places,
    whoever_comes_back_too_late_begins_anew,
    when_the_process_stops_everybody_is_let_go,
    members_read_their_own_messages,
    what_happened_long_ago_is_forgotten,
);

fn event(ctx: &Ctx, aggregate: &str, kind: OrderEvent, number: i64) -> NewEvent {
    NewEvent {
        id: ctx.service.next_id(),
        aggregate: aggregate.to_owned(),
        kind,
        payload: EventPayload {
            order_id: Some(Uuid::from_u128(1)),
            number: Some(number),
            ..EventPayload::default()
        },
        account_id: ctx.account_id().ok(),
        campus_id: None,
        request_id: "test".to_owned(),
        at: ctx.now(),
    }
}

async fn append(ctx: &Ctx, events: &[NewEvent]) {
    let mut tx = db(ctx).write().await.unwrap();
    storage::outbox::append(&mut tx, events).await.unwrap();
    tx.commit().await.unwrap();
}

async fn ready(ctx: &Ctx, aggregate: &str, number: i64) -> Uuid {
    let event = event(ctx, aggregate, OrderEvent::OrderReady, number);
    append(ctx, std::slice::from_ref(&event)).await;
    event.id
}

fn relay(product: &Product) -> Relay {
    Relay::new(&product.service, product.service.institution(None).unwrap())
}

/// A relay that delivers until the sender is dropped or told.
fn relaying(product: &Product) -> watch::Sender<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(relay(product).run(stopped));
    stop
}

async fn somebody(product: &Product, name: &str, role: Role) -> Ctx {
    let system = product.ctx(Actor::System);
    let account = service::account::create_with_role(&system, crate::register(name), role);
    let id = account.await.unwrap();
    product.ctx(Actor::Account { id, role })
}

async fn next(following: &mut Following) -> Option<Arc<Followed>> {
    let next = tokio::time::timeout(Duration::from_secs(30), following.next());
    match next.await.unwrap().unwrap() {
        Next::Event(event) => Some(event),
        Next::Behind => None,
        Next::Closing => panic!("it is not closing"),
    }
}

/// Follows until so many events have come after a number, and as often as it is let go comes back.
async fn collect(ctx: &Ctx, after: i64, many: usize) -> Vec<Arc<Followed>> {
    let mut all: Vec<Arc<Followed>> = Vec::new();
    while all.len() < many {
        let after = all.last().map_or(after, |event| event.sequence);
        let mut following = live::follow(ctx, Some(after)).await.unwrap();
        assert_eq!(following.beginning(), Beginning::After(after));
        while all.len() < many
            && let Some(event) = next(&mut following).await
        {
            all.push(event);
        }
    }
    all
}

/// Whether each aggregate's events stand in their order; their numbers grow.
fn in_order(events: &[Arc<Followed>]) -> bool {
    let mut last: HashMap<Option<Uuid>, i64> = HashMap::new();
    events.iter().all(|event| {
        let number = event.payload.number.unwrap();
        let before = last.insert(event.payload.order_id, number);
        before.is_none_or(|before| before < number)
    })
}

async fn whoever_comes_back_misses_nothing_while_many_write(engine: &Engine) {
    const WRITERS: i64 = 6;
    const EACH: i64 = 60;
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let staff = somebody(&product, "staff", Role::Staff).await;
    let _relay = relaying(&product);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let whose = if writer % 2 == 0 { &ana } else { &ben }.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    let mut event = event(
                        &whose,
                        &format!("order:{writer}"),
                        OrderEvent::OrderStep,
                        number,
                    );
                    event.payload.order_id = Some(Uuid::from_u128(writer as u128));
                    append(&whose, &[event]).await;
                }
            })
        })
        .collect();
    let total = (WRITERS * EACH) as usize;
    let all = {
        let staff = staff.clone();
        tokio::spawn(async move { collect(&staff, 0, total).await })
    };
    // She looks away after every few events.
    let mut own: Vec<Arc<Followed>> = Vec::new();
    while own.len() < total / 2 {
        let after = own.last().map_or(0, |event| event.sequence);
        own.extend(collect(&ana, after, 7.min(total / 2 - own.len())).await);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let all = all.await.unwrap();
    let sequences: Vec<i64> = all.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=total as i64).collect::<Vec<_>>());
    assert!(in_order(&all));
    let hers: Vec<i64> = all
        .iter()
        .filter(|event| event.account_id == ana.account_id().ok())
        .map(|event| event.sequence)
        .collect();
    let seen: Vec<i64> = own.iter().map(|event| event.sequence).collect();
    assert_eq!(seen, hers);
}

async fn a_slow_reader_is_let_go_and_goes_on_where_they_were(engine: &Engine) {
    const EVENTS: usize = 1500;
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let mut slow = live::follow(&ana, None).await.unwrap();
    assert_eq!(slow.beginning(), Beginning::After(0));
    // Somebody who keeps up, to know when all was handed on.
    let quick = {
        let ana = ana.clone();
        tokio::spawn(async move { collect(&ana, 0, EVENTS).await })
    };
    let events: Vec<NewEvent> = (0..EVENTS as i64)
        .map(|number| {
            event(
                &ana,
                &format!("order:{number}"),
                OrderEvent::OrderStep,
                number,
            )
        })
        .collect();
    append(&ana, &events).await;
    let relay = relay(&product);
    while relay.pass().await.unwrap() {}
    assert_eq!(quick.await.unwrap().len(), EVENTS);
    // Only now does the slow one begin to read: what was in the buffer is there, and nothing after it.
    let mut had: Vec<Arc<Followed>> = Vec::new();
    while let Some(event) = next(&mut slow).await {
        had.push(event);
    }
    assert!(!had.is_empty() && had.len() < EVENTS, "{}", had.len());
    let after = had.last().unwrap().sequence;
    assert_eq!(after as usize, had.len());
    had.extend(collect(&ana, after, EVENTS - had.len()).await);
    let sequences: Vec<i64> = had.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=EVENTS as i64).collect::<Vec<_>>());
}

/// Inboxes that can't take some events.
struct Troubled {
    trouble: watch::Receiver<Option<Uuid>>,
    /// Whether it is noticed only when they are written.
    late: bool,
}

impl Receiver for Troubled {
    fn consumer(&self) -> Consumer {
        Inboxes.consumer()
    }

    fn check(&self, event: &Event) -> Result<(), Problem> {
        if !self.late && *self.trouble.borrow() == Some(event.id) {
            return Err(Problem::Malformed);
        }
        Inboxes.check(event)
    }

    fn deliver<'run>(
        &'run self,
        tx: &'run mut Tx,
        events: &'run [Uuid],
        now: i64,
    ) -> BoxFuture<'run, service::Result<()>> {
        let trouble = *self.trouble.borrow();
        async move {
            Inboxes.deliver(tx, events, now).await?;
            if self.late && events.iter().any(|event| Some(*event) == trouble) {
                return Err(Error::Internal("on purpose".to_owned()));
            }
            Ok(())
        }
        .boxed()
    }
}

async fn an_event_that_a_consumer_can_not_take_holds_back_its_aggregate_alone(engine: &Engine) {
    trouble(engine, false).await;
}

async fn an_event_that_can_not_be_written_holds_back_its_aggregate_alone(engine: &Engine) {
    trouble(engine, true).await;
}

async fn trouble(engine: &Engine, late: bool) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let id = admin(&product, "ada").await;
    let role = Role::Admin;
    let ada = product.ctx(Actor::Account { id, role });
    let (tell, trouble) = watch::channel(None);
    let relay = Relay::to(
        &product.service,
        &ana.institution,
        vec![Box::new(Followers), Box::new(Troubled { trouble, late })],
    );
    let bad = ready(&ana, "order:a", 1).await;
    tell.send_replace(Some(bad));
    let behind = ready(&ana, "order:a", 2).await;
    let other = ready(&ana, "order:b", 3).await;
    let pass = async || while relay.pass().await.unwrap() {};
    let told = async || {
        let page = inbox::list(&ana, None, 100).await.unwrap();
        let mut ids: Vec<Uuid> = page.items.iter().map(|message| message.id).collect();
        ids.sort();
        ids
    };
    // The others' events, and other consumers, do not wait.
    pass().await;
    assert_eq!(told().await, [other]);
    assert_eq!(collect(&ana, 0, 3).await.len(), 3);
    for wait in [5, 25, 125, 625] {
        assert_eq!(outbox::dead(&ada, None, 10).await.unwrap().count, 0);
        product.clock.advance(wait * SECOND - 1);
        pass().await;
        assert_eq!(told().await, [other], "it is not tried before its time");
        product.clock.advance(1);
        pass().await;
    }
    // After five attempts it is given up, and what came after it goes on.
    pass().await;
    assert_eq!(told().await, [behind, other]);
    let dead = outbox::dead(&ada, None, 10).await.unwrap();
    assert_eq!((dead.count, dead.items.len(), dead.next), (1, 1, None));
    let letter = &dead.items[0];
    let consumer = Consumer::Inbox;
    assert_eq!(
        letter.id,
        DeadEventId {
            event: bad,
            consumer
        }
    );
    assert_eq!(letter.attempts, 5);
    assert_eq!(letter.owner.as_deref(), Some("ana@example.org"));
    let problem = if late {
        Problem::Internal
    } else {
        Problem::Malformed
    };
    assert_eq!(letter.problem, problem);
    // Who may look and change is decided here.
    assert_eq!(
        refused(outbox::dead(&ana, None, 10).await),
        Problem::Forbidden
    );
    let operator = somebody(&product, "oto", Role::Operator).await;
    assert_eq!(outbox::dead(&operator, None, 10).await.unwrap().count, 1);
    assert_eq!(
        refused(outbox::repeat(&operator, letter.id).await),
        Problem::Forbidden
    );
    // The cause is mended.
    tell.send_replace(None);
    outbox::repeat(&ada, letter.id).await.unwrap();
    assert_eq!(
        refused(outbox::repeat(&ada, letter.id).await),
        Problem::NotFound
    );
    pass().await;
    assert_eq!(told().await, [bad, behind, other]);
    assert_eq!(outbox::dead(&ada, None, 10).await.unwrap().count, 0);
    let audited = "SELECT subject FROM audit WHERE action = 'event.repeat'";
    assert_eq!(engine.raw(audited).await, [format!("event:{bad}.INBOX")]);
}

async fn of_two_processes_each_event_is_delivered_once(engine: &Engine) {
    const EVENTS: i64 = 200;
    let (one, other) = (Product::start(engine).await, Product::start(engine).await);
    let ana = one.member("ana").await;
    let relays = [relaying(&one), relaying(&other)];
    for number in 0..EVENTS {
        ready(&ana, &format!("order:{}", number % 7), number).await;
    }
    // Somebody follows in the other process.
    let there = other.ctx(ana.actor);
    let all = collect(&there, 0, EVENTS as usize).await;
    let sequences: Vec<i64> = all.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=EVENTS).collect::<Vec<_>>());
    let undelivered = "SELECT COUNT(*) FROM outbox WHERE live_at IS NULL OR inbox_at IS NULL";
    eventually("everything is delivered", async || {
        (engine.raw(undelivered).await == ["0"]).then_some(())
    })
    .await;
    assert_eq!(
        engine.raw("SELECT COUNT(*) FROM inbox_message").await,
        [EVENTS.to_string()]
    );
    drop(relays);
}

/// A process stops within the transaction in which its relay delivers, before it lasts and after it, and is
/// started again.
fn stops_while_it_delivers(engine: &Engine) {
    const EVENTS: usize = 9;
    for boundary in 0..2 {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let product = Product::start(engine).await;
            let ana = product.member(&format!("ana{boundary}")).await;
            for number in 0..EVENTS {
                let aggregate = format!("order:{boundary}.{}", number % 3);
                ready(&ana, &aggregate, number as i64).await;
            }
            let relay = relay(&product);
            let faults = db(&ana).faults().clone();
            faults.stop_after(boundary);
            tokio::select! {
                () = faults.stopped() => {}
                passed = relay.pass() => panic!("it has not stopped: {passed:?}"),
            }
        });
        // What stands still is dropped with its connections, as when a process dies.
        runtime.shutdown_timeout(Duration::from_secs(20));
        let rounds = boundary as usize;
        let delivered = async || {
            let mut delivered = Vec::new();
            for query in [
                "SELECT COUNT(*) FROM live_event",
                "SELECT COUNT(*) FROM (SELECT DISTINCT event_id FROM live_event) AS events",
                "SELECT COUNT(*) FROM inbox_message",
            ] {
                delivered.push(engine.raw(query).await.remove(0));
            }
            delivered
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            // What had lasted by then was delivered, and nothing else.
            let lasted = (rounds * 2 * EVENTS).to_string();
            assert_eq!(delivered().await, [&*lasted; 3], "{boundary}");
            let product = Product::start(engine).await;
            let relay = relay(&product);
            while relay.pass().await.unwrap() {}
            let all = ((rounds + 1) * EVENTS).to_string();
            assert_eq!(delivered().await, [&*all; 3], "{boundary}");
            let waiting = "SELECT COUNT(*) FROM outbox
                WHERE live_at IS NULL OR inbox_at IS NULL OR notice_at IS NULL";
            assert_eq!(engine.raw(waiting).await, ["0"], "{boundary}");
        });
        runtime.shutdown_timeout(Duration::from_secs(20));
    }
}

#[test]
fn a_process_may_stop_while_its_relay_delivers() {
    let engine = block_on(Engine::sqlite());
    stops_while_it_delivers(&engine);
}

#[test]
fn a_process_on_postgres_may_stop_while_its_relay_delivers() {
    let Some(engine) = block_on(Engine::postgres()) else {
        return;
    };
    stops_while_it_delivers(&engine);
    block_on(engine.remove());
}

async fn what_a_commit_appended_is_delivered_by_the_runner(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let mut following = live::follow(&ana, None).await.unwrap();
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let id = ready(&ana, "order:a", 42).await;
    let event = next(&mut following).await.unwrap();
    assert_eq!(
        (event.kind.as_str(), event.payload.number),
        ("ORDER_READY", Some(42))
    );
    assert!(following.is_own(&event));
    eventually("a message comes", async || {
        let page = inbox::list(&ana, None, 10).await.unwrap();
        (page.items.first()?.id == id && page.unread == 1).then_some(())
    })
    .await;
    runner.stop().await;
}

async fn everybody_follows_what_they_may_see(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let staff = somebody(&product, "sara", Role::Staff).await;
    let operator = somebody(&product, "oto", Role::Operator).await;
    let mut hers = live::follow(&ana, None).await.unwrap();
    let mut his = live::follow(&ben, None).await.unwrap();
    let mut theirs = live::follow(&staff, None).await.unwrap();
    let mut installation = live::follow(&operator, None).await.unwrap();
    let low = NewEvent {
        account_id: None,
        ..event(&ana, "item:a", OrderEvent::StockLow, 1)
    };
    append(&ana, &[low]).await;
    ready(&ana, "order:a", 2).await;
    ready(&ben, "order:b", 3).await;
    ready(&operator, "order:c", 4).await;
    relay(&product).pass().await.unwrap();
    let number = async |following: &mut Following| {
        let event = next(following).await.unwrap();
        (event.payload.number.unwrap(), following.is_own(&event))
    };
    assert_eq!(number(&mut hers).await, (2, true));
    assert_eq!(number(&mut his).await, (3, true));
    assert_eq!(number(&mut installation).await, (4, true));
    for expected in 1..=4 {
        assert_eq!(number(&mut theirs).await, (expected, false));
    }
    // The same holds for what is asked for later.
    assert_eq!(collect(&ana, 0, 1).await[0].payload.number, Some(2));
    assert_eq!(collect(&staff, 0, 4).await.len(), 4);
    assert_eq!(
        refused(live::follow(&product.anonymous(), None).await),
        Problem::Unauthenticated
    );
    let field = InvalidField::new(
        "after",
        InvalidCode::OutOfRange {
            min: 0,
            max: i64::MAX,
        },
    );
    assert_eq!(
        refused(live::follow(&ana, Some(-1)).await),
        Problem::Invalid {
            fields: vec![field]
        }
    );
}

async fn one_account_follows_in_so_many_places(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let mut places = Vec::new();
    for _ in 0..FOLLOWING_MOST {
        places.push(live::follow(&ana, None).await.unwrap());
    }
    assert!(matches!(
        refused(live::follow(&ana, None).await),
        Problem::RateLimited { after: 1.. }
    ));
    assert_eq!(
        product.service.institution(None).unwrap().live.following(),
        12
    );
    live::follow(&ben, None).await.unwrap();
    places.pop();
    live::follow(&ana, None).await.unwrap();
}

async fn whoever_comes_back_too_late_begins_anew(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    for number in 1..=4 {
        ready(&ana, "order:a", number).await;
    }
    relay(&product).pass().await.unwrap();
    let begins = async |after| {
        let following = live::follow(&ana, Some(after)).await.unwrap();
        following.beginning()
    };
    assert_eq!(begins(0).await, Beginning::After(0));
    assert_eq!(begins(4).await, Beginning::After(4));
    // From a database that was put back.
    assert_eq!(begins(5).await, Beginning::Anew(4));
    engine
        .raw("DELETE FROM live_event WHERE sequence <= 2")
        .await;
    assert_eq!(begins(1).await, Beginning::Anew(4));
    assert_eq!(begins(2).await, Beginning::After(2));
    // What is forgotten while somebody has yet to be told of it is not passed over in silence.
    let mut late = live::follow(&ana, Some(2)).await.unwrap();
    engine
        .raw("DELETE FROM live_event WHERE sequence <= 3")
        .await;
    assert_eq!(late.next().await.unwrap(), Next::Behind);
    assert_eq!(begins(2).await, Beginning::Anew(4));
    // Who begins anew hears of what comes.
    let mut anew = live::follow(&ana, Some(1)).await.unwrap();
    ready(&ana, "order:a", 5).await;
    relay(&product).pass().await.unwrap();
    assert_eq!(next(&mut anew).await.unwrap().sequence, 5);
}

async fn when_the_process_stops_everybody_is_let_go(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let mut following = live::follow(&ana, None).await.unwrap();
    product.service.begin_to_stop();
    assert_eq!(following.next().await.unwrap(), Next::Closing);
    assert_eq!(
        refused(live::follow(&ana, None).await),
        Problem::Unavailable
    );
    let left = product.service.followers_left();
    tokio::pin!(left);
    assert!(left.as_mut().now_or_never().is_none());
    drop(following);
    tokio::time::timeout(Duration::from_secs(30), left)
        .await
        .unwrap();
}

async fn members_read_their_own_messages(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let kinds = [
        OrderEvent::OrderCreated,
        OrderEvent::OrderStep,
        OrderEvent::OrderConfirmed,
        OrderEvent::OrderReady,
        OrderEvent::OrderCollected,
    ];
    let events = kinds.map(|kind| event(&ana, "order:a", kind, 7));
    append(&ana, &events).await;
    relay(&product).pass().await.unwrap();
    // Not everything is worth a message.
    let page = inbox::list(&ana, None, 1).await.unwrap();
    assert_eq!(page.unread, 2);
    let message = &page.items[0];
    assert_eq!(
        (message.kind, message.payload.number, message.read_at),
        (OrderEvent::OrderReady, Some(7), None)
    );
    let rest = inbox::list(&ana, page.next, 10).await.unwrap();
    assert_eq!(rest.items.len(), 1);
    assert_eq!(rest.items[0].kind, OrderEvent::OrderConfirmed);
    assert_eq!(rest.next, None);
    // To others it does not exist.
    assert_eq!(
        refused(inbox::read(&ben, message.id).await),
        Problem::NotFound
    );
    assert_eq!(inbox::read_all(&ben, page.newest).await.unwrap(), 0);
    assert_eq!(inbox::unread(&ana).await.unwrap(), 2);
    let read = inbox::read(&ana, message.id).await.unwrap();
    assert_eq!(read.read_at, Some(NOW));
    assert_eq!(inbox::unread(&ana).await.unwrap(), 1);
    assert_eq!(inbox::read_all(&ana, page.newest).await.unwrap(), 1);
    assert_eq!(inbox::unread(&ana).await.unwrap(), 0);
    // What is delivered after they looked stays unread, though it happened before what they saw.
    let (older, newer) = (
        event(&ana, "order:b", OrderEvent::OrderReady, 8),
        event(&ana, "order:c", OrderEvent::OrderReady, 9),
    );
    append(&ana, &[newer]).await;
    relay(&product).pass().await.unwrap();
    let seen = inbox::list(&ana, None, 10).await.unwrap();
    append(&ana, &[older]).await;
    relay(&product).pass().await.unwrap();
    assert_eq!(inbox::read_all(&ana, seen.newest).await.unwrap(), 1);
    assert_eq!(inbox::unread(&ana).await.unwrap(), 1);
    // A message that can't be read keeps nobody from the others, nor from the next page.
    engine
        .raw("UPDATE inbox_message SET payload = '7' WHERE read_at IS NULL")
        .await;
    let first = inbox::list(&ana, None, 1).await.unwrap();
    let rest = inbox::list(&ana, first.next, 1).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len()), (1, 0));
    let rest = inbox::list(&ana, rest.next, 10).await.unwrap();
    assert_eq!(rest.items.len(), 2);
    let nobody = product.anonymous();
    assert_eq!(inbox::unread(&nobody).await.unwrap(), 0);
    assert_eq!(
        refused(inbox::list(&nobody, None, 10).await),
        Problem::Unauthenticated
    );
    assert!(matches!(
        refused(inbox::list(&ana, None, 101).await),
        Problem::Invalid { .. }
    ));
}

async fn what_happened_long_ago_is_forgotten(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let id = admin(&product, "ada").await;
    let role = Role::Admin;
    let ada = product.ctx(Actor::Account { id, role });
    for number in 1..=3 {
        ready(&ana, "order:a", number).await;
    }
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let count = async |sql: &str| engine.raw(sql).await[0].parse::<i64>().unwrap();
    let undelivered = "SELECT COUNT(*) FROM outbox WHERE live_at IS NULL OR inbox_at IS NULL";
    eventually("everything is delivered", async || {
        (count(undelivered).await == 0).then_some(())
    })
    .await;
    let events = "SELECT COUNT(*) FROM outbox";
    let followed = "SELECT COUNT(*) FROM live_event";
    let messages = async || inbox::list(&ana, None, 10).await.unwrap().items.len();
    // Repeated, since the one that the clock itself has begun may have begun at the moment before.
    let swept = async |expected| {
        eventually("it is swept", async || {
            let job = board::run_schedule(&ada, "installation.sweep").await;
            let job = job.unwrap();
            eventually("the sweep ends", async || {
                let detail = board::get(&ada, job).await.unwrap();
                detail.job.state.has_ended().then_some(())
            })
            .await;
            let left = (count(events).await, count(followed).await, messages().await);
            (left == expected).then_some(())
        })
        .await;
    };
    product.clock.advance(6 * DAY);
    swept((3, 3, 3)).await;
    product.clock.advance(2 * DAY);
    // The newest keeps its number from being given again.
    swept((0, 1, 3)).await;
    product.clock.advance(90 * DAY);
    swept((0, 1, 0)).await;
    runner.stop().await;
}
