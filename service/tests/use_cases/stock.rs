//! Stock: who keeps it, what the table shows, what is written down, and files out and in.

use crate::engines::{Engine, on_both_engines};
use crate::shop::{Shop, both};
use crate::{DAY, NOW, Product, SECOND, refused, register};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{MenuItemKind, Options, ProductId, Sale};
use domain::problem::Problem;
use domain::stock::{MovementDraft, MovementKind};
use domain::text::Localized;
use serde_json::{Value, json};
use service::stock::{
    self, BadLines, Count, Imported, RefusedLine, Shortage, StockFilter, StockQuery, StockSort,
};
use service::{Actor, Ctx};
use std::collections::BTreeSet;
use storage::menu::MenuItemRow;
use storage::stock::{NewMovement, NewStock, OrderLines};
use uuid::Uuid;

on_both_engines!(
    staff_and_administrators_keep_the_stock_and_nobody_else_does,
    what_is_written_down_is_in_the_log_with_what_it_changed,
    the_table_is_searched_filtered_and_put_in_order,
    a_movement_is_written_down_once,
    what_is_kept_for_orders_is_not_written_off,
    a_count_corrects_what_was_seen,
    of_two_who_count_the_same_the_second_is_told,
    what_becomes_low_is_told_to_those_who_work_there,
    a_ledger_is_read_page_by_page,
    days_are_those_of_the_institution,
    a_file_with_a_bad_line_is_refused_whole_or_taken_without_it,
    the_same_file_again_is_taken_once,
    what_goes_out_comes_in_again,
    what_is_no_such_file_is_refused,
);

const HOUR: i64 = 3600 * SECOND;

async fn with_role(product: &Product, name: &str, role: Role) -> Ctx {
    let system = product.ctx(Actor::System);
    let created = service::account::create_with_role(&system, register(name), role).await;
    let id = created.unwrap();
    product.ctx(Actor::Account { id, role })
}

async fn sam(product: &Product) -> Ctx {
    with_role(product, "sam", Role::Staff).await
}

/// A product of the shop with so many portions, and a mark.
async fn sell(
    product: &Product,
    shop: &Shop,
    name: Localized<String>,
    portions: i64,
    low_mark: i64,
) -> Uuid {
    let ctx = product.ctx(Actor::System);
    let item_id = ctx.service.next_id();
    let item = MenuItemRow {
        id: item_id,
        campus_id: shop.campus,
        kind: MenuItemKind::Product(ProductId(name.en.clone())),
        name,
        price: 100,
        options: Options::default(),
        sale: Sale::always(),
        minutes: 0,
        active: true,
        position: 9,
        station: Default::default(),
    };
    let mut tx = ctx.institution.db.write().await.unwrap();
    storage::menu::insert(&mut tx, &[item]).await.unwrap();
    storage::stock::open(&mut tx, &[NewStock { item_id, low_mark }])
        .await
        .unwrap();
    if portions > 0 {
        let received = NewMovement {
            id: ctx.service.next_id(),
            item_id,
            kind: MovementKind::Received,
            quantity: portions,
            cause: format!("test:{item_id}"),
            order_id: None,
            actor_id: None,
            note: String::new(),
            at: ctx.now(),
        };
        storage::stock::record(&mut tx, vec![received])
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    item_id
}

/// Keeps portions for an order of its own.
async fn reserve(product: &Product, item: Uuid, portions: i64) -> OrderLines {
    let ctx = product.ctx(Actor::System);
    let order = OrderLines::new(ctx.service.next_id(), [(item, portions)]);
    let mut tx = ctx.institution.db.write().await.unwrap();
    let orders = std::slice::from_ref(&order);
    let moves = storage::stock::reserve(&mut tx, orders, ctx.now(), || ctx.service.next_id()).await;
    assert!(moves.unwrap().outcomes[0].is_done());
    tx.commit().await.unwrap();
    order
}

/// Sells what is kept for an order.
async fn sold(product: &Product, order: &OrderLines) {
    let ctx = product.ctx(Actor::System);
    let mut tx = ctx.institution.db.write().await.unwrap();
    let orders = std::slice::from_ref(order);
    let moves = storage::stock::sell(&mut tx, orders, ctx.now(), || ctx.service.next_id()).await;
    assert!(moves.unwrap().outcomes[0].is_done());
    tx.commit().await.unwrap();
}

fn draft(kind: MovementKind, quantity: i64, reason: &str) -> MovementDraft {
    MovementDraft {
        kind: kind.key().to_owned(),
        quantity: Some(quantity),
        reason: reason.to_owned(),
    }
}

fn count(seen: i64, counted: i64) -> Count {
    Count {
        seen: Some(seen),
        counted: Some(counted),
        reason: "counted".to_owned(),
        last: None,
    }
}

fn query() -> StockQuery {
    StockQuery {
        filter: StockFilter::default(),
        sort: StockSort::Name,
        descending: false,
        page: 1,
        limit: 50,
    }
}

fn invalid(fields: &[(&str, InvalidCode)]) -> Problem {
    Problem::Invalid {
        fields: fields
            .iter()
            .map(|(field, code)| InvalidField::new(*field, code.clone()))
            .collect(),
    }
}

/// What is on hand and reserved.
async fn level(ctx: &Ctx, item: Uuid) -> (i64, i64) {
    let item = stock::get(ctx, item).await.unwrap();
    (item.level.on_hand(), item.level.reserved())
}

async fn actions(engine: &Engine) -> Vec<String> {
    engine
        .raw("SELECT action FROM audit WHERE action LIKE 'stock.%' ORDER BY id")
        .await
}

async fn staff_and_administrators_keep_the_stock_and_nobody_else_does(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let item = shop.soup;
    for (ctx, problem) in [
        (product.anonymous(), Problem::Unauthenticated),
        (product.member("ana").await, Problem::Forbidden),
        (
            with_role(&product, "omar", Role::Operator).await,
            Problem::Forbidden,
        ),
    ] {
        let received = draft(MovementKind::Received, 1, "");
        assert_eq!(refused(stock::list(&ctx, &query()).await), problem);
        assert_eq!(refused(stock::get(&ctx, item).await), problem);
        assert_eq!(
            refused(stock::movements(&ctx, item, None, 10).await),
            problem
        );
        assert_eq!(refused(stock::history(&ctx, item).await), problem);
        assert_eq!(
            refused(stock::record(&ctx, item, &received, None).await),
            problem
        );
        assert_eq!(
            refused(stock::correct(&ctx, item, &count(10, 9), None).await),
            problem
        );
        let file = stock::import_csv(&ctx, b"item", BadLines::RefuseAll, None).await;
        assert_eq!(refused(file), problem);
        let file = stock::export_csv(&ctx, &StockFilter::default()).await;
        assert_eq!(refused(file), problem);
        assert!(!stock::may_keep(&ctx));
        assert_eq!(refused(stock::check_keeper(&ctx)), problem);
    }
    for (name, role) in [("sam", Role::Staff), ("ada", Role::Admin)] {
        let ctx = with_role(&product, name, role).await;
        assert!(stock::may_keep(&ctx));
        assert_eq!(stock::list(&ctx, &query()).await.unwrap().count, 2);
        let received = draft(MovementKind::Received, 1, "");
        stock::record(&ctx, item, &received, None).await.unwrap();
    }
    assert_eq!(actions(engine).await, ["stock.receive", "stock.receive"]);
}

async fn what_is_written_down_is_in_the_log_with_what_it_changed(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let item = shop.soup;
    let changed = |before: i64, after: i64, reason: Value| {
        let mut told = json!({ "onHand": { "before": before, "after": after } });
        if !reason.is_null() {
            told["reason"] = json!({ "before": null, "after": reason });
        }
        told
    };
    let received = draft(MovementKind::Received, 5, "");
    stock::record(&sam, item, &received, Some("one"))
        .await
        .unwrap();
    // The same again is the same, and told once.
    stock::record(&sam, item, &received, Some("one"))
        .await
        .unwrap();
    assert_eq!(
        product.audited("stock.receive").await,
        [changed(10, 15, Value::Null)]
    );
    let wasted = draft(MovementKind::Wasted, 2, "fell down");
    stock::record(&sam, item, &wasted, None).await.unwrap();
    assert_eq!(
        product.audited("stock.waste").await,
        [changed(15, 13, json!("fell down"))]
    );
    stock::correct(&sam, item, &count(13, 9), None)
        .await
        .unwrap();
    assert_eq!(
        product.audited("stock.correct").await,
        [changed(13, 9, json!("counted"))]
    );
    let file = format!(
        "item,kind,quantity,reason\n{item},RECEIVED,3,\n{item},WASTED,1,old\n{},RECEIVED,1,\n",
        shop.salad
    );
    stock::import_csv(&sam, file.as_bytes(), BadLines::RefuseAll, Some("file"))
        .await
        .unwrap();
    let told = product.audited("stock.import").await.remove(0);
    assert_eq!(told["items"], json!({ "before": 0, "after": 2 }));
    let of = |item: Uuid| told[format!("onHand.{item}").as_str()].clone();
    assert_eq!(of(item), json!({ "before": 9, "after": 11 }));
    assert_eq!(of(shop.salad), json!({ "before": 10, "after": 11 }));
}

async fn the_table_is_searched_filtered_and_put_in_order(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let name = |en: &str, es: &str| Localized {
        en: en.to_owned(),
        es: es.to_owned(),
    };
    let water = sell(&product, &shop, name("Water", "Agua"), 40, 5).await;
    let apple = sell(&product, &shop, name("Apple", "Manzana"), 3, 5).await;
    let pear = sell(&product, &shop, name("Pear tart", "Tarta jalapeña"), 0, 0).await;
    reserve(&product, water, 12).await;

    let found = async |query: StockQuery| {
        let list = stock::list(&sam, &query).await.unwrap();
        list.items.iter().map(|item| item.id).collect::<Vec<_>>()
    };
    let filtered = |filter| StockQuery { filter, ..query() };
    let by_text = |text: &str| {
        filtered(StockFilter {
            text: Some(text.to_owned()),
            ..StockFilter::default()
        })
    };
    assert_eq!(found(by_text("TART")).await, [pear]);
    assert_eq!(found(by_text("jalapena tarta")).await, [pear]);
    assert!(found(by_text("tart water")).await.is_empty());
    assert_eq!(found(by_text("agua")).await, [water]);

    let short = |shortage| {
        filtered(StockFilter {
            shortage: Some(shortage),
            ..StockFilter::default()
        })
    };
    assert_eq!(found(short(Shortage::Low)).await, [apple, pear]);
    assert_eq!(found(short(Shortage::Out)).await, [pear]);
    let of_kind = |kind: &str| {
        filtered(StockFilter {
            kind: Some(kind.to_owned()),
            ..StockFilter::default()
        })
    };
    assert_eq!(found(of_kind("PRODUCT")).await, [apple, pear, water]);
    assert_eq!(found(of_kind("DISH")).await.len(), 2);

    let sorted = |sort, descending| StockQuery {
        sort,
        descending,
        ..of_kind("PRODUCT")
    };
    for (sort, order) in [
        (StockSort::Name, [apple, pear, water]),
        (StockSort::OnHand, [pear, apple, water]),
        (StockSort::Available, [pear, apple, water]),
    ] {
        let mut backwards = order;
        backwards.reverse();
        assert_eq!(found(sorted(sort, false)).await, order, "{sort:?}");
        assert_eq!(found(sorted(sort, true)).await, backwards, "{sort:?}");
    }
    // Those that are alike follow by name, whichever way round.
    let reserved = StockSort::Reserved;
    assert_eq!(found(sorted(reserved, false)).await, [apple, pear, water]);
    assert_eq!(found(sorted(reserved, true)).await, [water, apple, pear]);
    let spanish = Ctx {
        language: domain::text::Language::Es,
        ..sam.clone()
    };
    let list = stock::list(&spanish, &sorted(StockSort::Name, false)).await;
    let names = list.unwrap().items;
    let names: Vec<_> = names.iter().map(|item| item.name.es.as_str()).collect();
    assert_eq!(names, ["Agua", "Manzana", "Tarta jalapeña"]);

    let page = |page| StockQuery {
        page,
        limit: 2,
        ..sorted(StockSort::Name, false)
    };
    let first = stock::list(&sam, &page(1)).await.unwrap();
    assert_eq!((first.items.len(), first.count, first.pages), (2, 3, 2));
    assert_eq!((first.any, first.low, first.out), (3, 2, 1));
    let campuses: Vec<_> = first.campuses.iter().map(|(slug, _)| slug).collect();
    assert_eq!(campuses, [crate::shop::CAMPUS]);
    assert_eq!(found(page(2)).await, [water]);
    assert!(found(page(3)).await.is_empty());
    let none = stock::list(&sam, &by_text("soufflé")).await.unwrap();
    assert_eq!((none.count, none.pages, none.any), (0, 1, 0));

    let limits = |page, limit| StockQuery {
        page,
        limit,
        ..query()
    };
    let out_of_range = |field, max| invalid(&[(field, InvalidCode::OutOfRange { min: 1, max })]);
    for limit in [0, 101, i64::MIN] {
        let list = stock::list(&sam, &limits(1, limit)).await;
        assert_eq!(refused(list), out_of_range("limit", stock::PAGE_MOST));
    }
    for page in [0, i64::MAX] {
        let list = stock::list(&sam, &limits(page, 10)).await;
        assert_eq!(refused(list), out_of_range("page", stock::ITEMS_MOST));
    }
    let list = stock::list(&sam, &by_text(&"x".repeat(201))).await;
    assert_eq!(
        refused(list),
        invalid(&[("text", InvalidCode::TooLong { max: 200 })])
    );
    let list = stock::list(&sam, &of_kind("SOUP")).await;
    assert_eq!(
        refused(list),
        invalid(&[("kind", InvalidCode::UnknownChoice)])
    );
    let elsewhere = filtered(StockFilter {
        campus: Some("elsewhere".to_owned()),
        ..StockFilter::default()
    });
    assert_eq!(
        refused(stock::list(&sam, &elsewhere).await),
        invalid(&[("campus", InvalidCode::UnknownChoice)])
    );
}

async fn a_movement_is_written_down_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let wasted = draft(MovementKind::Wasted, 3, " burnt ");
    let write = async |ctx: Ctx, draft: MovementDraft, key: Option<&str>| {
        stock::record(&ctx, shop.soup, &draft, key).await
    };
    let first = write(sam.clone(), wasted.clone(), Some("one"))
        .await
        .unwrap();
    assert_eq!(first.movement.kind, MovementKind::Wasted);
    assert_eq!(first.movement.on_hand_change, -3);
    assert_eq!(first.movement.reason, "burnt");
    assert_eq!(first.movement.actor.as_deref(), Some("sam"));
    assert_eq!(first.item.level.on_hand(), 7);

    // Again, and many times at once.
    let again: Vec<_> = (0..8)
        .map(|_| {
            let (sam, wasted, soup) = (sam.clone(), wasted.clone(), shop.soup);
            tokio::spawn(async move { stock::record(&sam, soup, &wasted, Some("two")).await })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for one in again {
        ids.insert(one.await.unwrap().unwrap().movement.id);
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(level(&sam, shop.soup).await, (4, 0));
    assert_eq!(actions(engine).await, ["stock.waste", "stock.waste"]);

    // The key of somebody else is another one, and so is that of another item.
    let ada = with_role(&product, "ada", Role::Admin).await;
    write(ada, wasted.clone(), Some("two")).await.unwrap();
    stock::record(&sam, shop.salad, &wasted, Some("two"))
        .await
        .unwrap();
    assert_eq!(level(&sam, shop.soup).await, (1, 0));
    // Without a key each is its own.
    let received = draft(MovementKind::Received, 5, "");
    for _ in 0..2 {
        write(sam.clone(), received.clone(), None).await.unwrap();
    }
    assert_eq!(level(&sam, shop.soup).await, (11, 0));

    let reused = invalid(&[("idempotencyKey", InvalidCode::KeyReused)]);
    for other in [
        draft(MovementKind::Wasted, 2, "burnt"),
        draft(MovementKind::Wasted, 3, "spilt"),
        draft(MovementKind::Corrected, -3, "burnt"),
    ] {
        let outcome = write(sam.clone(), other, Some("one")).await;
        assert_eq!(refused(outcome), reused);
    }
    let long = "k".repeat(201);
    for (key, code) in [
        ("", InvalidCode::Required),
        (long.as_str(), InvalidCode::TooLong { max: 200 }),
        ("a\nb", InvalidCode::Malformed),
    ] {
        let outcome = write(sam.clone(), wasted.clone(), Some(key)).await;
        assert_eq!(refused(outcome), invalid(&[("idempotencyKey", code)]));
    }
    let nowhere = stock::record(&sam, Uuid::nil(), &wasted, None).await;
    assert_eq!(refused(nowhere), Problem::NotFound);
    let nothing = write(sam.clone(), MovementDraft::default(), None).await;
    assert_eq!(
        refused(nothing),
        invalid(&[
            ("kind", InvalidCode::Required),
            ("quantity", InvalidCode::Required)
        ])
    );
    assert_eq!(level(&sam, shop.soup).await, (11, 0));
}

async fn what_is_kept_for_orders_is_not_written_off(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    reserve(&product, shop.soup, 6).await;
    let free = invalid(&[("quantity", InvalidCode::NotInStock { free: 4 })]);
    let spilt = |portions| draft(MovementKind::Wasted, portions, "spilt");
    let too_many = stock::record(&sam, shop.soup, &spilt(5), None).await;
    assert_eq!(refused(too_many), free);
    let too_few = stock::correct(&sam, shop.soup, &count(10, 5), None).await;
    assert_eq!(
        refused(too_few),
        invalid(&[("counted", InvalidCode::NotInStock { free: 4 })])
    );
    assert_eq!(level(&sam, shop.soup).await, (10, 6));
    assert_eq!(actions(engine).await, [""; 0]);
    stock::record(&sam, shop.soup, &spilt(4), None)
        .await
        .unwrap();
    assert_eq!(level(&sam, shop.soup).await, (6, 6));
}

async fn a_count_corrects_what_was_seen(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    // While somebody counts nine of ten, two are sold: there are seven, not nine.
    let order = reserve(&product, shop.soup, 2).await;
    sold(&product, &order).await;
    let corrected = stock::correct(&sam, shop.soup, &count(10, 9), Some("once")).await;
    let corrected = corrected.unwrap();
    assert_eq!(corrected.movement.kind, MovementKind::Corrected);
    assert_eq!(corrected.movement.quantity, -1);
    assert_eq!(level(&sam, shop.soup).await, (7, 0));
    // The same form again.
    let again = stock::correct(&sam, shop.soup, &count(10, 9), Some("once")).await;
    assert_eq!(again.unwrap().movement, corrected.movement);
    assert_eq!(level(&sam, shop.soup).await, (7, 0));
    stock::correct(&sam, shop.soup, &count(7, 20), None)
        .await
        .unwrap();
    assert_eq!(level(&sam, shop.soup).await, (20, 0));
    assert_eq!(actions(engine).await, ["stock.correct", "stock.correct"]);

    let refused = async |count: Count| refused(stock::correct(&sam, shop.soup, &count, None).await);
    let max = domain::stock::QUANTITY_MOST;
    let range = InvalidCode::OutOfRange { min: 0, max };
    for counted in [-1, max + 1, i64::MIN] {
        assert_eq!(
            refused(count(20, counted)).await,
            invalid(&[("counted", range.clone())])
        );
    }
    assert_eq!(
        refused(count(20, 20)).await,
        invalid(&[("counted", InvalidCode::NothingToCorrect)])
    );
    let empty = Count {
        seen: Some(20),
        ..Count::default()
    };
    assert_eq!(
        refused(empty).await,
        invalid(&[
            ("counted", InvalidCode::Required),
            ("reason", InvalidCode::Required)
        ])
    );
    let unseen = Count {
        seen: None,
        ..count(0, 3)
    };
    assert_eq!(
        refused(unseen).await,
        invalid(&[("seen", InvalidCode::Required)])
    );
    assert_eq!(level(&sam, shop.soup).await, (20, 0));
}

async fn of_two_who_count_the_same_the_second_is_told(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let ada = with_role(&product, "ada", Role::Admin).await;
    let (item, last) = stock::to_correct(&sam, shop.soup).await.unwrap();
    assert_eq!(item.level.on_hand(), 10);
    // What orders do meanwhile is no matter.
    let order = reserve(&product, shop.soup, 2).await;
    sold(&product, &order).await;
    let nine = Count {
        last: Some(last),
        ..count(10, 9)
    };
    let first = stock::correct(&sam, shop.soup, &nine, Some("sam")).await;
    let second = stock::correct(&ada, shop.soup, &nine, Some("ada")).await;
    assert_eq!(refused(second), Problem::Conflict);
    assert_eq!(level(&sam, shop.soup).await, (7, 0));
    // The same form again is no other one.
    let again = stock::correct(&sam, shop.soup, &nine, Some("sam")).await;
    assert_eq!(again.unwrap().movement, first.unwrap().movement);
    let (item, last) = stock::to_correct(&ada, shop.soup).await.unwrap();
    let eight = Count {
        last: Some(last),
        ..count(item.level.on_hand(), 8)
    };
    stock::correct(&ada, shop.soup, &eight, None).await.unwrap();
    assert_eq!(level(&sam, shop.soup).await, (8, 0));
    // Of an item that nobody has written down the newest movement is none.
    let tart = sell(&product, &shop, both("Tart"), 0, 0).await;
    let (_, none) = stock::to_correct(&sam, tart).await.unwrap();
    assert_eq!(none, Uuid::nil());
    let found = draft(MovementKind::Received, 1, "");
    for (last, problem) in [(none, None), (none, Some(Problem::Conflict))] {
        let done = stock::record_after(&sam, tart, Some(last), &found, None).await;
        assert_eq!(done.err().map(Problem::from), problem);
    }
}

async fn what_becomes_low_is_told_to_those_who_work_there(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let tart = sell(&product, &shop, both("Tart"), 8, 5).await;
    let spilt = |portions| draft(MovementKind::Wasted, portions, "spilt");
    for portions in [2, 1, 1] {
        stock::record(&sam, tart, &spilt(portions), None)
            .await
            .unwrap();
    }
    let told = "SELECT aggregate || ' ' || kind || ' ' || (payload ->> 'available') || ' '
            || (CASE WHEN account_id IS NULL AND campus_id IS NOT NULL THEN 'campus' ELSE 'somebody' END)
        FROM outbox ORDER BY id";
    assert_eq!(
        engine.raw(told).await,
        [format!("item:{tart} STOCK_LOW 5 campus")]
    );
}

async fn a_ledger_is_read_page_by_page(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let order = reserve(&product, shop.soup, 2).await;
    for quantity in 1..=4 {
        let received = draft(MovementKind::Received, quantity, "");
        stock::record(&sam, shop.soup, &received, None)
            .await
            .unwrap();
    }
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = stock::movements(&sam, shop.soup, before, 4).await.unwrap();
        all.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let told: Vec<_> = all
        .iter()
        .map(|movement| (movement.kind.key(), movement.quantity))
        .collect();
    assert_eq!(
        told,
        [
            ("RECEIVED", 4),
            ("RECEIVED", 3),
            ("RECEIVED", 2),
            ("RECEIVED", 1),
            ("RESERVED", 2),
            ("RECEIVED", 10),
        ]
    );
    assert_eq!(all[4].order_id, Some(order.order_id()));
    assert_eq!((all[4].on_hand_change, all[4].reserved_change), (0, 2));
    // A page that ends with the last one has none after it.
    let exact = stock::movements(&sam, shop.soup, None, 6).await.unwrap();
    assert_eq!((exact.items.len(), exact.next), (6, None));
    for limit in [0, 101] {
        let list = stock::movements(&sam, shop.soup, None, limit).await;
        let range = InvalidCode::OutOfRange { min: 1, max: 100 };
        assert_eq!(refused(list), invalid(&[("limit", range)]));
    }
    let nowhere = stock::movements(&sam, Uuid::nil(), None, 5).await;
    assert_eq!(refused(nowhere), Problem::NotFound);
    assert_eq!(
        refused(stock::history(&sam, Uuid::nil()).await),
        Problem::NotFound
    );
    assert_eq!(
        refused(stock::get(&sam, Uuid::nil()).await),
        Problem::NotFound
    );
}

async fn days_are_those_of_the_institution(engine: &Engine) {
    let mut settings = crate::settings(engine);
    settings.time_zone = "Asia/Kathmandu".to_owned();
    let product = Product::start_with(settings).await;
    // In Nepal, a quarter of an hour off every hour of UTC, it is 13:45.
    assert_eq!(product.ctx(Actor::System).service.local_time(NOW).hour, 13);
    let midnight = 10 * HOUR + HOUR / 4;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let write = async |kind, quantity| {
        let draft = draft(kind, quantity, "why");
        stock::record(&sam, shop.soup, &draft, None).await.unwrap();
    };
    write(MovementKind::Wasted, 1).await;
    product.clock.advance(midnight - SECOND);
    write(MovementKind::Received, 5).await;
    product.clock.advance(SECOND);
    let order = reserve(&product, shop.soup, 4).await;
    sold(&product, &order).await;
    product.clock.advance(DAY);
    reserve(&product, shop.soup, 3).await;
    write(MovementKind::Corrected, -2).await;

    let days = stock::history(&sam, shop.soup).await.unwrap();
    assert_eq!(days.len() as i64, stock::DAYS);
    let today = sam.service.local_time(sam.now()).date;
    for (day, back) in days.iter().rev().zip(0..) {
        assert_eq!(day.date, today.plus(-back));
    }
    let told: Vec<_> = days
        .iter()
        .skip(10)
        .map(|day| {
            let did = (day.received, day.sold, day.wasted, day.corrected);
            (did, day.level.on_hand(), day.level.reserved())
        })
        .collect();
    assert_eq!(
        told,
        [
            ((0, 0, 0, 0), 0, 0),
            ((15, 0, 1, 0), 14, 0),
            ((0, 4, 0, 0), 10, 0),
            ((0, 0, 0, -2), 8, 3),
        ]
    );
    // What is older than is shown is not.
    product.clock.advance(13 * DAY);
    let days = stock::history(&sam, shop.soup).await.unwrap();
    assert_eq!(days[0].corrected, -2);
    assert_eq!(days[0].level.on_hand(), 8);
    assert!(days[1..].iter().all(|day| day.level.available() == 5));
}

/// A file whose lines are `item,kind,quantity,reason`.
fn file(lines: &[(Uuid, &str, &str, &str)]) -> String {
    let lines: String = lines
        .iter()
        .map(|(item, kind, quantity, reason)| format!("{item},{kind},{quantity},{reason}\n"))
        .collect();
    format!("item,kind,quantity,reason\n{lines}")
}

async fn import(ctx: &Ctx, file: &str, bad: BadLines) -> Result<Imported, service::Error> {
    stock::import_csv(ctx, file.as_bytes(), bad, None).await
}

async fn a_file_with_a_bad_line_is_refused_whole_or_taken_without_it(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    reserve(&product, shop.salad, 8).await;
    let elsewhere = Uuid::from_u128(7);
    let bad = file(&[
        (shop.soup, "RECEIVED", "40", ""),
        (shop.soup, "received", "many", ""),
        (shop.soup, "", "", ""),
        (shop.salad, "WASTED", "3", "\"spilt, all of it\""),
        (elsewhere, "RECEIVED", "1", ""),
        (shop.salad, "SOLD", "0", ""),
        (shop.salad, "WASTED", "2", "spilt"),
    ]) + "soup,CORRECTED,0,\n";
    let free = InvalidCode::NotInStock { free: 0 };
    let range = InvalidCode::OutOfRange {
        min: 1,
        max: domain::stock::QUANTITY_MOST,
    };
    let field = |field: &str, code: &InvalidCode| InvalidField::new(field, code.clone());
    let line = |line, fields: &[(&str, InvalidCode)]| RefusedLine {
        line,
        fields: fields
            .iter()
            .map(|(name, code)| field(name, code))
            .collect(),
    };
    let lines = [
        line(3, &[("quantity", InvalidCode::Malformed)]),
        line(5, &[("quantity", free)]),
        line(6, &[("item", InvalidCode::NotInCatalogue)]),
        line(
            7,
            &[("kind", InvalidCode::UnknownChoice), ("quantity", range)],
        ),
        line(
            9,
            &[
                ("item", InvalidCode::NotInCatalogue),
                ("quantity", InvalidCode::NothingToCorrect),
                ("reason", InvalidCode::Required),
            ],
        ),
    ];
    let Problem::Invalid { fields } = refused(import(&sam, &bad, BadLines::RefuseAll).await) else {
        panic!("another problem");
    };
    let named: Vec<InvalidField> = lines
        .iter()
        .flat_map(|RefusedLine { line, fields }| {
            fields
                .iter()
                .map(move |one| field(&format!("lines[{line}].{}", one.field), &one.code))
        })
        .collect();
    assert_eq!(fields, named);
    assert_eq!(level(&sam, shop.soup).await, (10, 0));
    assert_eq!(level(&sam, shop.salad).await, (10, 8));
    assert_eq!(actions(engine).await, [""; 0]);

    let taken = import(&sam, &bad, BadLines::LeaveOut).await.unwrap();
    assert_eq!((taken.taken, taken.silent, taken.left_out), (2, 1, 5));
    assert_eq!(taken.refused, lines);
    assert_eq!(level(&sam, shop.soup).await, (50, 0));
    assert_eq!(level(&sam, shop.salad).await, (8, 8));
    assert_eq!(actions(engine).await, ["stock.import"]);
    // A quote that nobody closed takes nothing with it in silence.
    let torn = file(&[
        (shop.soup, "WASTED", "1", "\"spilt"),
        (shop.soup, "RECEIVED", "40", ""),
    ]);
    assert_eq!(
        refused(import(&sam, &torn, BadLines::RefuseAll).await),
        invalid(&[("lines[2].line", InvalidCode::Malformed)])
    );
    assert_eq!(level(&sam, shop.soup).await, (50, 0));
    // Lines are taken in their order: what comes may go again.
    let good = file(&[
        (shop.salad, "RECEIVED", "2", "\"sent, late\""),
        (shop.salad, "WASTED", "2", "wilted"),
        (shop.salad, "CORRECTED", "+1", "found"),
    ]);
    let taken = import(&sam, &good, BadLines::RefuseAll).await.unwrap();
    assert_eq!((taken.taken, taken.left_out), (3, 0));
    assert_eq!(level(&sam, shop.salad).await, (9, 8));
    let ledger = stock::movements(&sam, shop.salad, None, 3).await.unwrap();
    let reasons: Vec<_> = ledger.items.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["found", "wilted", "sent, late"]);
}

async fn the_same_file_again_is_taken_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let some = file(&[
        (shop.soup, "RECEIVED", "5", ""),
        (shop.salad, "WASTED", "11", "lost"),
    ]);
    let take = async |text: &str, key: Option<&str>| {
        stock::import_csv(&sam, text.as_bytes(), BadLines::LeaveOut, key).await
    };
    let first = take(&some, Some("key")).await.unwrap();
    assert_eq!((first.taken, first.left_out), (1, 1));
    // What was left out then is left out again, though there would be enough by now.
    let received = draft(MovementKind::Received, 5, "");
    stock::record(&sam, shop.salad, &received, None)
        .await
        .unwrap();
    let again = take(&some, Some("key")).await.unwrap();
    assert_eq!((again.taken, again.left_out), (1, 1));
    assert_eq!(level(&sam, shop.soup).await, (15, 0));
    assert_eq!(level(&sam, shop.salad).await, (15, 0));
    // Another file under the same key, and the same file without one, are others.
    let other = file(&[(shop.soup, "RECEIVED", "6", "")]);
    take(&other, Some("key")).await.unwrap();
    take(&other, None).await.unwrap();
    assert_eq!(level(&sam, shop.soup).await, (27, 0));

    let callers: Vec<_> = (0..6)
        .map(|_| {
            let (sam, other) = (sam.clone(), other.clone());
            tokio::spawn(async move {
                stock::import_csv(&sam, other.as_bytes(), BadLines::RefuseAll, Some("at once"))
                    .await
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().taken, 1);
    }
    assert_eq!(level(&sam, shop.soup).await, (33, 0));
}

async fn what_goes_out_comes_in_again(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let tart = sell(&product, &shop, both("=Tart; \"sour\", ñ"), 3, 5).await;
    reserve(&product, tart, 1).await;
    let all = StockFilter::default();
    let out = stock::export_csv(&sam, &all).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.split("\r\n").collect();
    assert_eq!(lines[0], format!("\u{feff}{}", stock::COLUMNS.join(",")));
    assert_eq!(lines.len(), 5);
    // What begins like a formula is none.
    let line = format!("{tart},north,\"'=Tart; \"\"sour\"\", ñ\",3,1,2,5,,,");
    assert_eq!(lines[3], line);

    // As it went out it changes nothing.
    let nothing = import(&sam, &out, BadLines::RefuseAll).await.unwrap();
    assert_eq!((nothing.taken, nothing.silent), (0, 3));
    let filled = out.replace(
        &line,
        &line.replace(",3,1,2,5,,,", ",3,1,2,5,RECEIVED,7,truck"),
    );
    let taken = import(&sam, &filled, BadLines::RefuseAll).await.unwrap();
    assert_eq!((taken.taken, taken.silent), (1, 2));
    assert_eq!(level(&sam, tart).await, (10, 1));
    // As a spreadsheet writes it where numbers have a comma, with columns in another order.
    let other = format!("reason;Quantity; ITEM;kind\r\nspilt;2;{tart};wasted\r\n;;;\r\n");
    let taken = import(&sam, &other, BadLines::RefuseAll).await.unwrap();
    assert_eq!((taken.taken, taken.silent), (1, 0));
    assert_eq!(level(&sam, tart).await, (8, 1));

    let low = StockFilter {
        shortage: Some(Shortage::Out),
        ..all
    };
    let none = stock::export_csv(&sam, &low).await.unwrap();
    assert_eq!(none.split(|byte| *byte == b'\n').count(), 2);
}

async fn what_is_no_such_file_is_refused(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 10).await;
    let sam = sam(&product).await;
    let import =
        async |file: &[u8]| refused(stock::import_csv(&sam, file, BadLines::LeaveOut, None).await);
    let whole = |code| invalid(&[("file", code)]);
    assert_eq!(import(b"").await, whole(InvalidCode::Required));
    assert_eq!(import(b" \r\n").await, whole(InvalidCode::Required));
    assert_eq!(import(b"item,\xff").await, whole(InvalidCode::Malformed));
    assert_eq!(
        import(b"item,quantity\n").await,
        invalid(&[
            ("columns.kind", InvalidCode::ColumnMissing),
            ("columns.reason", InvalidCode::ColumnMissing)
        ])
    );
    let most = stock::LINES_MOST as usize;
    let many = |lines: usize| file(&vec![(shop.soup, "RECEIVED", "1", ""); lines]);
    assert_eq!(
        import(many(most + 1).as_bytes()).await,
        whole(InvalidCode::TooLong {
            max: stock::LINES_MOST
        })
    );
    let large = vec![b'x'; stock::FILE_MOST + 1];
    assert_eq!(import(&large).await, Problem::TooLarge);
    assert_eq!(level(&sam, shop.soup).await, (10, 0));
    // As many as there may be, in one transaction; of bad ones not all are named.
    let all = stock::import_csv(&sam, many(most).as_bytes(), BadLines::RefuseAll, None).await;
    assert_eq!(all.unwrap().taken, stock::LINES_MOST);
    assert_eq!(level(&sam, shop.soup).await, (10 + stock::LINES_MOST, 0));
    let eaten = file(&vec![(shop.soup, "EATEN", "1", ""); 300]);
    let bad = stock::import_csv(&sam, eaten.as_bytes(), BadLines::LeaveOut, None).await;
    let bad = bad.unwrap();
    assert_eq!((bad.taken, bad.left_out, bad.refused.len()), (0, 300, 200));
    let bad = stock::import_csv(&sam, eaten.as_bytes(), BadLines::RefuseAll, None).await;
    let Problem::Invalid { fields } = refused(bad) else {
        panic!("another problem");
    };
    let all = InvalidField::new("file", InvalidCode::BadLines { count: 300 });
    assert_eq!((fields.len(), fields.last()), (201, Some(&all)));
}
