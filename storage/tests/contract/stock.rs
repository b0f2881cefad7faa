//! Stock: never sold twice, never lost, and always what the ledger adds up to.

use crate::engines::{Engine, on_both_engines};
use crate::statements::plan_of;
use crate::work::literal;
use crate::{NOW, SECOND, id, member};
use domain::dish::DishId;
use domain::menu::{Campus, CampusState, MenuItemKind, Opening, OpeningHours, Options, Sale};
use domain::stock::{Holding, Level, MovementKind, Step};
use domain::text::Localized;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::menu::MenuItemRow;
use storage::stock::{self, BecameLow, Moved, Moves, NewMovement, NewStock, OrderLines, PeriodSum};
use storage::{Db, Dialect, campus, menu};
use uuid::Uuid;

on_both_engines!(
    portions_come_go_and_come_back,
    an_order_gets_all_that_it_wants_or_nothing,
    who_comes_first_is_served_first,
    nothing_is_done_twice,
    a_reservation_that_has_ended_is_neither_sold_nor_given_again,
    five_hundred_buyers_share_fifty_portions,
    orders_that_want_the_same_the_other_way_round_do_not_wait_for_each_other,
    a_sale_and_a_release_at_once_are_one_of_them,
    whatever_is_done_the_ledger_adds_up,
    what_is_written_down_is_written_once_and_only_where_it_fits,
    what_becomes_low_is_told_once,
    what_can_not_be_is_refused_by_the_database,
    a_ledger_is_read_page_by_page_and_summed_up,
    stock_is_read_by_its_indexes,
);

fn both(text: &str) -> Localized<String> {
    Localized {
        en: text.to_owned(),
        es: format!("{text} (es)"),
    }
}

/// The id of an item by its number.
const fn item(number: u128) -> Uuid {
    id(0x17e0_0000 + number)
}

/// A campus whose items, numbered from 1, have so many portions each.
async fn stocked(engine: &Engine, portions: &[i64]) -> Db {
    let db = engine.open().await;
    let mut tx = db.write().await.unwrap();
    let north = Campus {
        id: id(1),
        slug: "north".to_owned(),
        name: both("North"),
        currency: "USD".to_owned(),
        state: CampusState::Open,
        hours: OpeningHours(std::array::from_fn(|_| {
            vec![Opening {
                opens: 0,
                closes: 1440,
            }]
        })),
        slot_minutes: 15,
        slot_capacity: 10,
        lead_minutes: 15,
    };
    assert!(campus::insert(&mut tx, &north).await.unwrap());
    let numbers = || 1..=portions.len() as u128;
    let items: Vec<MenuItemRow> = numbers()
        .map(|number| MenuItemRow {
            id: item(number),
            campus_id: north.id,
            kind: MenuItemKind::Dish(DishId(format!("dish-{number}"))),
            name: both(&format!("Dish {number}")),
            price: 450,
            options: Options::default(),
            sale: Sale::always(),
            minutes: 10,
            active: true,
            // The other way round than their ids.
            position: -(number as i64),
            station: Default::default(),
        })
        .collect();
    menu::insert(&mut tx, &items).await.unwrap();
    let counted: Vec<NewStock> = numbers()
        .map(|number| NewStock {
            item_id: item(number),
            low_mark: 2,
        })
        .collect();
    stock::open(&mut tx, &counted).await.unwrap();
    let received: Vec<NewMovement> = numbers()
        .zip(portions)
        .filter(|(_, portions)| **portions > 0)
        .map(|(number, portions)| by_hand(number, MovementKind::Received, *portions, "first"))
        .collect();
    stock::record(&mut tx, received).await.unwrap();
    // What is counted already is left alone.
    stock::open(&mut tx, &counted).await.unwrap();
    tx.commit().await.unwrap();
    db
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Ids that grow.
fn next_id() -> Uuid {
    id(0xabc0_0000_0000 + u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn by_hand(number: u128, kind: MovementKind, quantity: i64, cause: &str) -> NewMovement {
    NewMovement {
        id: next_id(),
        item_id: item(number),
        kind,
        quantity,
        cause: format!("{number}:{cause}"),
        order_id: None,
        actor_id: None,
        note: "why".to_owned(),
        at: NOW,
    }
}

const fn order_id(number: u128) -> Uuid {
    id(0x0ade_0000 + number)
}

/// An order of items by their numbers.
fn order(number: u128, lines: &[(u128, i64)]) -> OrderLines {
    let lines = lines.iter().map(|(number, want)| (item(*number), *want));
    OrderLines::new(order_id(number), lines)
}

/// Moves portions of orders in a transaction of its own.
async fn moved(db: &Db, kind: MovementKind, orders: &[OrderLines]) -> Moves {
    let mut tx = db.write().await.unwrap();
    let moves = match kind {
        MovementKind::Reserved => stock::reserve(&mut tx, orders, NOW, next_id).await,
        MovementKind::Released => stock::release(&mut tx, orders, NOW, next_id).await,
        MovementKind::Sold => stock::sell(&mut tx, orders, NOW, next_id).await,
        MovementKind::Restored => stock::restore(&mut tx, orders, NOW, next_id).await,
        other => panic!("no order does {other:?}"),
    };
    let moves = moves.unwrap();
    assert_eq!(moves.outcomes.len(), orders.len());
    tx.commit().await.unwrap();
    moves
}

async fn outcomes(db: &Db, kind: MovementKind, orders: &[OrderLines]) -> Vec<Moved> {
    moved(db, kind, orders).await.outcomes
}

async fn recorded(db: &Db, movements: Vec<NewMovement>) -> Moves {
    let mut tx = db.write().await.unwrap();
    let moves = stock::record(&mut tx, movements).await.unwrap();
    tx.commit().await.unwrap();
    moves
}

/// What is on hand and reserved of items by their numbers.
async fn levels<const N: usize>(db: &Db, numbers: [u128; N]) -> [(i64, i64); N] {
    let mut tx = db.read().await.unwrap();
    let rows = stock::levels(&mut tx, &numbers.map(item)).await.unwrap();
    assert_eq!(rows.len(), N);
    numbers.map(|number| {
        let row = rows.iter().find(|row| row.item_id == item(number));
        let level = row.unwrap().level();
        (level.on_hand(), level.reserved())
    })
}

/// Every level is what the movements of its item add up to.
async fn adds_up(engine: &Engine) {
    let apart = engine
        .raw(
            "SELECT COUNT(*) FROM stock WHERE on_hand <> COALESCE((SELECT SUM(on_hand_change)
                FROM stock_movement WHERE stock_movement.item_id = stock.item_id), 0)
            OR reserved <> COALESCE((SELECT SUM(reserved_change)
                FROM stock_movement WHERE stock_movement.item_id = stock.item_id), 0)",
        )
        .await;
    assert_eq!(apart, ["0"]);
}

use MovementKind::{Released, Reserved, Restored, Sold};

async fn portions_come_go_and_come_back(engine: &Engine) {
    let db = stocked(engine, &[10, 5]).await;
    let orders = [order(1, &[(1, 4), (2, 1)])];
    for (kind, then) in [
        (Reserved, [(10, 4), (5, 1)]),
        (Sold, [(6, 0), (4, 0)]),
        (Restored, [(10, 4), (5, 1)]),
        (Released, [(10, 0), (5, 0)]),
    ] {
        assert_eq!(outcomes(&db, kind, &orders).await, [Moved::Now], "{kind:?}");
        assert_eq!(levels(&db, [1, 2]).await, then, "{kind:?}");
        adds_up(engine).await;
    }
    let mut tx = db.read().await.unwrap();
    let ledger = stock::of_item(&mut tx, item(1), Uuid::max(), 10)
        .await
        .unwrap();
    let told: Vec<_> = ledger
        .iter()
        .map(|row| (row.kind.as_str(), row.quantity, row.order_id))
        .collect();
    let first = Some(order_id(1));
    assert_eq!(
        told,
        [
            ("RELEASED", 4, first),
            ("RESTORED", 4, first),
            ("SOLD", 4, first),
            ("RESERVED", 4, first),
            ("RECEIVED", 10, None),
        ]
    );
    let free = stock::available(&mut tx, &[item(1), item(2), item(3)]).await;
    let free = free.unwrap();
    assert_eq!(free.len(), 2);
    assert_eq!((free[&item(1)], free[&item(2)]), (10, 5));
}

async fn an_order_gets_all_that_it_wants_or_nothing(engine: &Engine) {
    let db = stocked(engine, &[10, 1]).await;
    let all = [
        order(1, &[(1, 2), (2, 2)]),
        // Lines of the same item are one.
        order(2, &[(1, 6), (1, 5)]),
        // An item that is not counted.
        order(3, &[(1, 1), (9, 1)]),
        order(4, &[(1, 3), (2, 1), (1, 4)]),
        // Nothing is wanted, and nothing is missing.
        order(5, &[]),
    ];
    assert_eq!(
        outcomes(&db, Reserved, &all).await,
        [
            Moved::Short(vec![item(2)]),
            Moved::Short(vec![item(1)]),
            Moved::Short(vec![item(9)]),
            Moved::Now,
            Moved::Now,
        ]
    );
    assert_eq!(levels(&db, [1, 2]).await, [(10, 7), (1, 1)]);
    adds_up(engine).await;
}

async fn who_comes_first_is_served_first(engine: &Engine) {
    let db = stocked(engine, &[10]).await;
    let wants = [4, 4, 4, 2, 1];
    let orders: Vec<OrderLines> = wants
        .iter()
        .zip(1..)
        .map(|(want, number)| order(number, &[(1, *want)]))
        .collect();
    let short = Moved::Short(vec![item(1)]);
    assert_eq!(
        outcomes(&db, Reserved, &orders).await,
        [Moved::Now, Moved::Now, short.clone(), Moved::Now, short]
    );
    assert_eq!(levels(&db, [1]).await, [(10, 10)]);
    // What was refused may be asked for again, and is given once there is enough.
    outcomes(&db, Released, &orders[..1]).await;
    assert_eq!(outcomes(&db, Reserved, &orders[2..3]).await, [Moved::Now]);
    adds_up(engine).await;
}

async fn nothing_is_done_twice(engine: &Engine) {
    let db = stocked(engine, &[10, 10]).await;
    let one = order(1, &[(2, 2), (1, 3)]);
    let other = order(2, &[(1, 1)]);
    for kind in [Reserved, Sold, Restored, Released] {
        // Twice in one call, and once more.
        let twice = [one.clone(), other.clone(), one.clone()];
        assert_eq!(
            outcomes(&db, kind, &twice).await,
            [Moved::Now, Moved::Now, Moved::Before],
            "{kind:?}"
        );
        let before = levels(&db, [1, 2]).await;
        assert_eq!(
            outcomes(&db, kind, &twice).await,
            [Moved::Before, Moved::Before, Moved::Before],
            "{kind:?}"
        );
        assert_eq!(levels(&db, [1, 2]).await, before, "{kind:?}");
    }
    assert_eq!(levels(&db, [1, 2]).await, [(10, 0), (10, 0)]);
    adds_up(engine).await;
}

async fn a_reservation_that_has_ended_is_neither_sold_nor_given_again(engine: &Engine) {
    let db = stocked(engine, &[10]).await;
    let orders = [order(1, &[(1, 3)])];
    for kind in [Released, Sold, Restored] {
        assert_eq!(outcomes(&db, kind, &orders).await, [Moved::Never]);
    }
    assert_eq!(outcomes(&db, Reserved, &orders).await, [Moved::Now]);
    assert_eq!(outcomes(&db, Restored, &orders).await, [Moved::Never]);
    assert_eq!(outcomes(&db, Released, &orders).await, [Moved::Now]);
    for kind in [Sold, Restored, Reserved] {
        assert_eq!(outcomes(&db, kind, &orders).await, [Moved::Never]);
    }
    assert!(!Moved::Never.is_done() && !Moved::Short(vec![]).is_done());
    assert!(Moved::Before.is_done() && Moved::Now.is_done());

    // What was sold is not released under whoever has it.
    let sold = [order(2, &[(1, 3)])];
    outcomes(&db, Reserved, &sold).await;
    outcomes(&db, Sold, &sold).await;
    assert_eq!(outcomes(&db, Released, &sold).await, [Moved::Never]);
    assert_eq!(levels(&db, [1]).await, [(7, 0)]);
    adds_up(engine).await;
}

async fn five_hundred_buyers_share_fifty_portions(engine: &Engine) {
    const BUYERS: u128 = 500;
    const AT_ONCE: usize = 7;
    const CALLERS: u128 = 8;
    let db = stocked(engine, &[50]).await;
    // Each caller comes with several orders at a time, as a worker does.
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let db = db.clone();
            tokio::spawn(async move {
                let mine: Vec<OrderLines> = (0..BUYERS)
                    .filter(|number| number % CALLERS == caller)
                    .map(|number| order(number + 1, &[(1, 1)]))
                    .collect();
                let mut got = Vec::new();
                for batch in mine.chunks(AT_ONCE) {
                    let reserved = outcomes(&db, Reserved, batch).await;
                    let kept: Vec<OrderLines> = batch
                        .iter()
                        .zip(&reserved)
                        .filter(|(_, outcome)| outcome.is_done())
                        .map(|(order, _)| order.clone())
                        .collect();
                    let sold = outcomes(&db, Sold, &kept).await;
                    assert!(sold.iter().all(|outcome| *outcome == Moved::Now));
                    got.extend(kept.iter().map(OrderLines::order_id));
                }
                got
            })
        })
        .collect();
    let mut buyers = BTreeSet::new();
    for caller in callers {
        buyers.extend(caller.await.unwrap());
    }
    assert_eq!(buyers.len(), 50);
    assert_eq!(levels(&db, [1]).await, [(0, 0)]);
    let sold = "SELECT COUNT(*) FROM stock_movement WHERE kind = 'SOLD'";
    assert_eq!(engine.raw(sold).await, ["50"]);
    adds_up(engine).await;
}

async fn orders_that_want_the_same_the_other_way_round_do_not_wait_for_each_other(engine: &Engine) {
    const ITEMS: u128 = 6;
    const CALLERS: u128 = 6;
    const TURNS: u128 = 20;
    let db = stocked(engine, &[10_000; ITEMS as usize]).await;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let db = db.clone();
            tokio::spawn(async move {
                for turn in 0..TURNS {
                    // In an order of its own, and of its items each caller names another one first.
                    let batch: Vec<OrderLines> = (0..4)
                        .map(|place| {
                            let number = 1 + place + 4 * (turn + TURNS * caller);
                            let first = 1 + (caller + place * 5) % ITEMS;
                            let second = 1 + (caller * 5 + turn) % ITEMS;
                            order(number, &[(first, 1), (second, 1)])
                        })
                        .collect();
                    for kind in [Reserved, Sold] {
                        let done = outcomes(&db, kind, &batch).await;
                        assert!(done.iter().all(|outcome| *outcome == Moved::Now));
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        // A deadlock would end one of the transactions with an error.
        caller.await.unwrap();
    }
    adds_up(engine).await;
    let sold = "SELECT COUNT(DISTINCT order_id) FROM stock_movement WHERE kind = 'SOLD'";
    assert_eq!(engine.raw(sold).await, [(4 * TURNS * CALLERS).to_string()]);
}

async fn a_sale_and_a_release_at_once_are_one_of_them(engine: &Engine) {
    const ORDERS: u128 = 40;
    let db = stocked(engine, &[ORDERS as i64]).await;
    let orders: Vec<OrderLines> = (1..=ORDERS)
        .map(|number| order(number, &[(1, 1)]))
        .collect();
    outcomes(&db, Reserved, &orders).await;
    let orders = Arc::new(orders);
    // One goes from the front and the other from the back: they meet.
    let task = |kind, backwards: bool| {
        let (db, orders) = (db.clone(), Arc::clone(&orders));
        tokio::spawn(async move {
            let mut done = Vec::new();
            for place in 0..orders.len() {
                let place = if backwards {
                    orders.len() - 1 - place
                } else {
                    place
                };
                let outcome = outcomes(&db, kind, &orders[place..=place]).await.remove(0);
                assert!(matches!(outcome, Moved::Now | Moved::Never), "{outcome:?}");
                done.extend((outcome == Moved::Now).then(|| orders[place].order_id()));
            }
            done
        })
    };
    let (selling, releasing) = (task(Sold, false), task(Released, true));
    let (sold, released) = (selling.await.unwrap(), releasing.await.unwrap());
    assert_eq!(sold.len() + released.len(), ORDERS as usize);
    let both: BTreeSet<Uuid> = sold.iter().chain(&released).copied().collect();
    assert_eq!(both.len(), ORDERS as usize);
    assert_eq!(
        levels(&db, [1]).await,
        [(ORDERS as i64 - sold.len() as i64, 0)]
    );
    adds_up(engine).await;
}

/// SplitMix64: the same numbers for the same seed, for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What the stock should be, by the rules of the domain alone.
struct Model {
    levels: BTreeMap<Uuid, Level>,
    orders: BTreeMap<Uuid, Holding>,
}

impl Model {
    /// Makes all of the changes or none; the items of which there is too little.
    fn make(&mut self, kind: MovementKind, wants: &BTreeMap<Uuid, i64>) -> Vec<Uuid> {
        let after = |(item, quantity): (&Uuid, &i64)| {
            let level = self.levels.get(item);
            let after = level.and_then(|level| level.after(kind.change(*quantity)));
            (*item, after)
        };
        let after: Vec<(Uuid, Option<Level>)> = wants.iter().map(after).collect();
        let short = after.iter().filter(|(_, level)| level.is_none());
        let short: Vec<Uuid> = short.map(|(item, _)| *item).collect();
        if short.is_empty() {
            let after = after.into_iter();
            self.levels
                .extend(after.filter_map(|(item, level)| Some((item, level?))));
        }
        short
    }

    fn order(&mut self, kind: MovementKind, order: Uuid, wants: &BTreeMap<Uuid, i64>) -> Moved {
        match self
            .orders
            .get(&order)
            .copied()
            .unwrap_or_default()
            .step(kind)
        {
            Step::Done => Moved::Before,
            Step::Never => Moved::Never,
            Step::Do => {
                let short = self.make(kind, wants);
                if short.is_empty() {
                    self.orders.entry(order).or_default().note(kind);
                    Moved::Now
                } else {
                    Moved::Short(short)
                }
            }
        }
    }
}

async fn whatever_is_done_the_ledger_adds_up(engine: &Engine) {
    const ITEMS: u64 = 4;
    const ORDERS: u64 = 25;
    let db = stocked(engine, &[20; ITEMS as usize]).await;
    let mut random = Random(7);
    let twenty = Level::new(20, 0).unwrap();
    let mut model = Model {
        levels: (1..=ITEMS)
            .map(|number| (item(number.into()), twenty))
            .collect(),
        orders: BTreeMap::new(),
    };
    let orders: Vec<BTreeMap<Uuid, i64>> = (0..ORDERS)
        .map(|_| {
            let lines = 1 + random.below(3);
            (0..lines)
                .map(|_| {
                    // Now and then one that nobody counts.
                    let number = 1 + random.below(ITEMS + 1);
                    (item(number.into()), 1 + random.below(8).cast_signed())
                })
                .collect()
        })
        .collect();
    for turn in 0..150 {
        let kind = MovementKind::ALL[random.below(7) as usize];
        if MovementKind::BY_HAND.contains(&kind) {
            let number = 1 + random.below(ITEMS);
            let quantity = match kind {
                MovementKind::Corrected => random.below(21).cast_signed() - 10,
                _ => 1 + random.below(10).cast_signed(),
            };
            if quantity == 0 {
                continue;
            }
            let wants = BTreeMap::from([(item(number.into()), quantity)]);
            let expected = match model.make(kind, &wants) {
                short if short.is_empty() => Moved::Now,
                short => Moved::Short(short),
            };
            let cause = format!("turn {turn}");
            let new = by_hand(number.into(), kind, quantity, &cause);
            let moves = recorded(&db, vec![new]).await;
            assert_eq!(moves.outcomes, [expected], "turn {turn}");
            continue;
        }
        let several: Vec<usize> = (0..1 + random.below(5))
            .map(|_| random.below(ORDERS) as usize)
            .collect();
        let expected: Vec<Moved> = several
            .iter()
            .map(|place| model.order(kind, order_id(*place as u128), &orders[*place]))
            .collect();
        let batch: Vec<OrderLines> = several
            .iter()
            .map(|place| {
                let wants = &orders[*place];
                let lines = wants.iter().map(|(item, want)| (*item, *want));
                OrderLines::new(order_id(*place as u128), lines)
            })
            .collect();
        let done = outcomes(&db, kind, &batch).await;
        assert_eq!(done, expected, "turn {turn}: {kind:?} {several:?}");
    }
    let held = levels(&db, [1, 2, 3, 4]).await;
    let wanted: Vec<(i64, i64)> = model
        .levels
        .values()
        .map(|level| (level.on_hand(), level.reserved()))
        .collect();
    assert_eq!(held.as_slice(), wanted);
    adds_up(engine).await;
}

async fn what_is_written_down_is_written_once_and_only_where_it_fits(engine: &Engine) {
    let db = stocked(engine, &[10, 3]).await;
    let ana = member(&db, 1).await;
    outcomes(&db, Reserved, &[order(1, &[(1, 4)])]).await;
    let corrected = NewMovement {
        actor_id: Some(ana),
        ..by_hand(1, MovementKind::Corrected, -6, "counted")
    };
    let moves = recorded(
        &db,
        vec![
            by_hand(1, MovementKind::Wasted, 7, "too many"),
            corrected.clone(),
            by_hand(1, MovementKind::Wasted, 1, "now none is free"),
            by_hand(1, MovementKind::Received, 5, "came"),
            by_hand(1, MovementKind::Wasted, 1, "now one is"),
            by_hand(9, MovementKind::Received, 5, "of nothing"),
            // The same again within one call.
            NewMovement {
                id: next_id(),
                ..corrected.clone()
            },
        ],
    )
    .await;
    let short = |number| Moved::Short(vec![item(number)]);
    assert_eq!(
        moves.outcomes,
        [
            short(1),
            Moved::Now,
            short(1),
            Moved::Now,
            Moved::Now,
            short(9),
            Moved::Before,
        ]
    );
    assert_eq!(levels(&db, [1, 2]).await, [(8, 4), (3, 0)]);
    let again = NewMovement {
        id: next_id(),
        quantity: -1,
        ..corrected
    };
    let moves = recorded(&db, vec![again]).await;
    assert_eq!(moves.outcomes, [Moved::Before]);
    assert_eq!(levels(&db, [1]).await, [(8, 4)]);
    adds_up(engine).await;

    let mut tx = db.read().await.unwrap();
    let written = stock::by_cause(&mut tx, "1:counted")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            written.kind.as_str(),
            written.quantity,
            written.on_hand_change
        ),
        ("CORRECTED", -6, -6)
    );
    assert_eq!(written.actor.as_deref(), Some("Ana"));
    assert_eq!((written.note.as_str(), written.at), ("why", NOW));
    let causes = ["1:counted", "1:too many", "1:came"].map(str::to_owned);
    let made = stock::made(&mut tx, &causes).await.unwrap();
    let made: BTreeSet<&str> = made.iter().map(String::as_str).collect();
    assert_eq!(made, BTreeSet::from(["1:came", "1:counted"]));
}

async fn what_becomes_low_is_told_once(engine: &Engine) {
    let db = stocked(engine, &[5, 5]).await;
    let low = |number, available| BecameLow {
        item_id: item(number),
        available,
        low_mark: 2,
    };
    let first = moved(&db, Reserved, &[order(1, &[(1, 2), (2, 1)])]).await;
    assert_eq!(first.low, []);
    let second = moved(&db, Reserved, &[order(2, &[(1, 1), (2, 1)])]).await;
    assert_eq!(second.low, [low(1, 2)]);
    // It is low already, and becomes no lower by being sold.
    let third = moved(&db, Reserved, &[order(3, &[(1, 1)])]).await;
    assert_eq!(third.low, []);
    assert_eq!(moved(&db, Sold, &[order(3, &[(1, 1)])]).await.low, []);
    let came = vec![by_hand(1, MovementKind::Received, 5, "came")];
    assert_eq!(recorded(&db, came).await.low, []);
    let gone = vec![
        by_hand(1, MovementKind::Wasted, 5, "gone"),
        by_hand(2, MovementKind::Wasted, 3, "gone"),
    ];
    assert_eq!(recorded(&db, gone).await.low, [low(1, 1), low(2, 0)]);
}

async fn what_can_not_be_is_refused_by_the_database(engine: &Engine) {
    let db = stocked(engine, &[5]).await;
    outcomes(&db, Reserved, &[order(1, &[(1, 2)])]).await;
    drop(db);
    let key = literal(engine, item(1));
    for wrong in [
        "reserved = 6",
        "reserved = -1",
        "on_hand = 1",
        "on_hand = -1, reserved = -1",
        "low_mark = -1",
    ] {
        let statement = format!("UPDATE stock SET {wrong} WHERE item_id = {key}");
        let database = engine.database.clone();
        let path = format!("SET search_path TO {}", engine.schema());
        let refused = match &database {
            storage::Database::Sqlite(_) => {
                use sqlx::Connection as _;
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(engine.file());
                let mut connection = sqlx::SqliteConnection::connect_with(&options)
                    .await
                    .unwrap();
                sqlx::query(sqlx::AssertSqlSafe(statement))
                    .execute(&mut connection)
                    .await
                    .unwrap_err()
            }
            storage::Database::Postgres(url) => {
                use sqlx::Connection as _;
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query(sqlx::AssertSqlSafe(path))
                    .execute(&mut connection)
                    .await
                    .unwrap();
                sqlx::query(sqlx::AssertSqlSafe(statement))
                    .execute(&mut connection)
                    .await
                    .unwrap_err()
            }
        };
        let database = refused.into_database_error().unwrap();
        assert!(database.is_check_violation(), "{wrong}: {database}");
    }
}

async fn a_ledger_is_read_page_by_page_and_summed_up(engine: &Engine) {
    const PERIOD: i64 = 900 * SECOND;
    let db = stocked(engine, &[0, 0]).await;
    let movements: Vec<NewMovement> = (0..7)
        .map(|number| NewMovement {
            at: NOW - NOW % PERIOD + i64::from(number) * PERIOD / 2,
            ..by_hand(1, MovementKind::Received, 1, &number.to_string())
        })
        .collect();
    let ids: Vec<Uuid> = movements.iter().rev().map(|movement| movement.id).collect();
    recorded(&db, movements).await;
    recorded(&db, vec![by_hand(2, MovementKind::Received, 9, "other")]).await;

    let mut tx = db.read().await.unwrap();
    let mut found = Vec::new();
    let mut before = Uuid::max();
    loop {
        let page = stock::of_item(&mut tx, item(1), before, 3).await.unwrap();
        assert!(page.len() <= 3 && page.iter().all(|row| row.item_id == item(1)));
        let Some(last) = page.last() else { break };
        before = last.id;
        found.extend(page.iter().map(|row| row.id));
    }
    assert_eq!(found, ids);

    let sum = |period: i64, on_hand| PeriodSum {
        period: NOW / PERIOD + period,
        kind: "RECEIVED".to_owned(),
        on_hand,
        reserved: 0,
    };
    let all = stock::sums(&mut tx, item(1), Uuid::nil(), PERIOD).await;
    assert_eq!(all.unwrap(), [sum(0, 2), sum(1, 2), sum(2, 2), sum(3, 1)]);
    let latest = stock::sums(&mut tx, item(1), ids[1], PERIOD).await;
    assert_eq!(latest.unwrap(), [sum(2, 1), sum(3, 1)]);

    let listed = stock::list(&mut tx, None, None, 10).await.unwrap();
    // By their places on the menu.
    let names: Vec<_> = listed
        .iter()
        .map(|row| (row.item_id, row.name.en.as_str(), row.on_hand))
        .collect();
    assert_eq!(names, [(item(2), "Dish 2", 9), (item(1), "Dish 1", 7)]);
    assert_eq!(listed[0].campus, "north");
    assert_eq!(listed[0].campus_name.es, "North (es)");
    assert_eq!(
        stock::list(&mut tx, None, None, 1).await.unwrap(),
        listed[..1]
    );
    for (campus, kind) in [(Some("nowhere"), None), (None, Some("SOUP"))] {
        assert_eq!(stock::list(&mut tx, campus, kind, 9).await.unwrap(), []);
    }
    let first = &listed[0];
    let alike = stock::list(&mut tx, Some(&first.campus), Some(&first.kind), 10).await;
    let is_alike =
        |row: &&stock::StockRow| (&row.campus, &row.kind) == (&first.campus, &first.kind);
    assert!(alike.unwrap().iter().eq(listed.iter().filter(is_alike)));
    let one = stock::get(&mut tx, item(1)).await.unwrap().unwrap();
    assert_eq!(one, listed[1]);
    assert_eq!(stock::get(&mut tx, item(3)).await.unwrap(), None);
    let sold = stock::sold_where(&mut tx, &[item(2), item(9)])
        .await
        .unwrap();
    assert_eq!(sold.len(), 1);
    assert_eq!((sold[0].item_id, sold[0].campus_id), (item(2), id(1)));
    assert_eq!(sold[0].name.en, "Dish 2");
}

async fn stock_is_read_by_its_indexes(engine: &Engine) {
    let db = stocked(engine, &[5]).await;
    let dialect = db.dialect();
    let key = literal(engine, item(1));
    let items = format!("'[\"{}\"]'", item(1).simple());
    let change = format!(
        "'[{{\"itemId\":\"{}\",\"onHand\":0,\"reserved\":1}}]'",
        item(1).simple()
    );
    let (stock_key, cause_key) = match dialect {
        Dialect::Sqlite => (
            "USING PRIMARY KEY (item_id=?)",
            "sqlite_autoindex_stock_movement_2",
        ),
        Dialect::Postgres => ("stock_pkey", "stock_movement_cause_key"),
    };
    let cases: [(&str, &[&str], &str); 7] = [
        ("LEVELS", &[&items], stock_key),
        ("LOCK", &[&items], stock_key),
        ("MOVE", &[&change], stock_key),
        ("MADE", &["'[\"one\",\"two\"]'"], cause_key),
        ("BY_CAUSE", &["'one'"], cause_key),
        ("OF_ITEM", &[&key, &key, "20"], "stock_movement_item"),
        ("SUMS", &[&key, &key, "900000000"], "stock_movement_item"),
    ];
    for (name, values, index) in cases {
        let plan = plan_of(engine, dialect, &format!("storage::stock::{name}"), values).await;
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        for line in plan.lines() {
            let given = ["wanted", "json_each", "change"];
            let given = given.iter().any(|given| line.contains(given));
            let slow = line.contains("Seq Scan") || line.contains("SCAN");
            assert!(!slow || given, "{name} reads everything:\n{plan}");
        }
    }
}
