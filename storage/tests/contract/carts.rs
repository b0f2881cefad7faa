//! Carts.

use crate::engines::{Engine, on_both_engines};
use crate::statements::plan_of;
use crate::{NOW, SECOND, id, member};
use domain::cart::{Cart, CartLine};
use domain::dish::DishId;
use domain::menu::{Campus, CampusState, MenuItemKind, OpeningHours, Options, ProductId, Sale};
use domain::text::Localized;
use storage::cart::{self, Owner, StoredCart};
use storage::menu::MenuItemRow;
use storage::{Db, Dialect, campus, menu};
use uuid::Uuid;

on_both_engines!(
    a_cart_keeps_what_is_put_in,
    carts_are_their_owners_only,
    what_two_put_in_at_once_is_both_in,
    a_visitors_cart_is_taken_once,
    only_carts_that_visitors_have_left_are_forgotten,
    an_account_takes_its_cart_along,
    campuses_tell_what_they_sell_of_some_dishes,
    carts_are_read_by_index,
);

async fn open_campus(db: &Db, number: u128, slug: &str) -> Uuid {
    let campus = Campus {
        id: id(number),
        slug: slug.to_owned(),
        name: Localized::default(),
        currency: "USD".to_owned(),
        state: CampusState::Open,
        hours: OpeningHours::default(),
        slot_minutes: 15,
        slot_capacity: 30,
        lead_minutes: 20,
    };
    let mut tx = db.write().await.unwrap();
    assert!(campus::insert(&mut tx, &campus).await.unwrap());
    tx.commit().await.unwrap();
    id(number)
}

fn line(number: u128, quantity: i64) -> CartLine {
    CartLine {
        id: id(number),
        item: id(number + 1000),
        options: ["large", "ñ \"'"].map(str::to_owned).into(),
        quantity,
    }
}

/// Puts a line into a cart, as whoever shops does.
async fn put(db: &Db, owner: &Owner, campus: Uuid, line: CartLine, now: i64) -> StoredCart {
    let mut tx = db.write().await.unwrap();
    let visitors = u128::from(matches!(owner, Owner::Visitor(_)));
    let new = id(500 + 500 * visitors + line.id.as_u128());
    let mut stored = cart::open(&mut tx, owner, new, now).await.unwrap();
    stored.campus_id = Some(campus);
    stored.cart.add(line).unwrap();
    cart::put(&mut tx, &stored).await.unwrap();
    tx.commit().await.unwrap();
    stored
}

async fn found(db: &Db, owner: &Owner) -> Option<StoredCart> {
    cart::get(&mut db.read().await.unwrap(), owner)
        .await
        .unwrap()
}

const VISITOR: Owner = Owner::Visitor([7; 32]);

async fn a_cart_keeps_what_is_put_in(engine: &Engine) {
    let db = engine.open().await;
    let ana = Owner::Account(member(&db, 1).await);
    let north = open_campus(&db, 10, "north").await;
    for owner in [ana, VISITOR] {
        assert_eq!(found(&db, &owner).await, None);
        put(&db, &owner, north, line(20, 3), NOW).await;
        let stored = put(&db, &owner, north, line(21, 1), NOW + 1).await;
        assert_eq!(found(&db, &owner).await, Some(stored.clone()));
        assert_eq!(stored.cart.lines(), [line(20, 3), line(21, 1)]);
        assert_eq!(stored.campus_id, Some(north));

        let mut tx = db.write().await.unwrap();
        let mut held = cart::hold(&mut tx, &owner, NOW + 2).await.unwrap().unwrap();
        assert_eq!(held, stored);
        held.cart = Cart::default();
        held.campus_id = None;
        cart::put(&mut tx, &held).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found(&db, &owner).await, Some(held));
    }
    let nobody = Owner::Visitor([8; 32]);
    let mut tx = db.write().await.unwrap();
    assert_eq!(cart::hold(&mut tx, &nobody, NOW).await.unwrap(), None);
}

async fn carts_are_their_owners_only(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let north = open_campus(&db, 10, "north").await;
    put(&db, &Owner::Account(ana), north, line(20, 3), NOW).await;
    put(&db, &VISITOR, north, line(21, 1), NOW).await;
    assert_eq!(found(&db, &Owner::Account(ben)).await, None);
    assert_eq!(found(&db, &Owner::Visitor([0; 32])).await, None);
    let own = found(&db, &Owner::Account(ana)).await.unwrap();
    assert_eq!(own.cart.lines(), [line(20, 3)]);
}

async fn what_two_put_in_at_once_is_both_in(engine: &Engine) {
    let db = engine.open().await;
    let north = open_campus(&db, 10, "north").await;
    let additions = (20..36).map(|number| {
        let db = db.clone();
        tokio::spawn(async move { put(&db, &VISITOR, north, line(number, 1), NOW).await })
    });
    for addition in additions.collect::<Vec<_>>() {
        addition.await.unwrap();
    }
    let stored = found(&db, &VISITOR).await.unwrap();
    assert_eq!(stored.cart.portions(), 16);
    assert_eq!(engine.raw("SELECT COUNT(*) FROM cart").await, ["1"]);
}

async fn a_visitors_cart_is_taken_once(engine: &Engine) {
    let db = engine.open().await;
    let north = open_campus(&db, 10, "north").await;
    let stored = put(&db, &VISITOR, north, line(20, 3), NOW).await;
    let mut tx = db.write().await.unwrap();
    let taken = cart::take(&mut tx, &[7; 32]).await.unwrap();
    assert_eq!(taken, Some(stored));
    assert_eq!(cart::take(&mut tx, &[7; 32]).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(found(&db, &VISITOR).await, None);
}

async fn only_carts_that_visitors_have_left_are_forgotten(engine: &Engine) {
    let db = engine.open().await;
    let ana = Owner::Account(member(&db, 1).await);
    let north = open_campus(&db, 10, "north").await;
    let young = Owner::Visitor([9; 32]);
    put(&db, &ana, north, line(20, 1), NOW).await;
    put(&db, &VISITOR, north, line(21, 1), NOW).await;
    put(&db, &young, north, line(22, 1), NOW + SECOND).await;
    let mut tx = db.write().await.unwrap();
    let before = NOW + SECOND;
    let none = cart::delete_expired(&mut tx, before, 0).await.unwrap();
    let forgotten = cart::delete_expired(&mut tx, before, 9).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((none, forgotten), (0, 1));
    assert_eq!(found(&db, &VISITOR).await, None);
    assert!(found(&db, &ana).await.is_some() && found(&db, &young).await.is_some());
}

async fn an_account_takes_its_cart_along(engine: &Engine) {
    let db = engine.open().await;
    let ana = Owner::Account(member(&db, 1).await);
    let north = open_campus(&db, 10, "north").await;
    put(&db, &ana, north, line(20, 1), NOW).await;
    engine.raw("DELETE FROM account").await;
    assert_eq!(found(&db, &ana).await, None);
    assert_eq!(engine.raw("SELECT COUNT(*) FROM cart").await, ["0"]);
}

async fn campuses_tell_what_they_sell_of_some_dishes(engine: &Engine) {
    let db = engine.open().await;
    let north = open_campus(&db, 10, "north").await;
    let lakeside = open_campus(&db, 11, "lakeside").await;
    let item = |number: u128, campus_id: Uuid, kind: MenuItemKind, active: bool| MenuItemRow {
        id: id(number),
        campus_id,
        kind,
        name: Localized::default(),
        price: 1250,
        options: Options::default(),
        sale: Sale::always(),
        minutes: 8,
        active,
        position: number as i64,
        station: Default::default(),
    };
    let dish = |name: &str| MenuItemKind::Dish(DishId(name.to_owned()));
    let mut tx = db.write().await.unwrap();
    let items = [
        item(100, north, dish("mole"), true),
        item(101, north, dish("dal"), true),
        item(102, north, dish("soup"), false),
        item(103, lakeside, dish("mole"), true),
        item(
            104,
            lakeside,
            MenuItemKind::Product(ProductId("dal".to_owned())),
            true,
        ),
    ];
    menu::insert(&mut tx, &items).await.unwrap();
    let dishes = ["dal", "mole", "soup", "pie"].map(|name| DishId(name.to_owned()));
    let sold = cart::sold(&mut tx, &dishes).await.unwrap();
    let expected = [
        (lakeside, "mole", 103),
        (north, "dal", 101),
        (north, "mole", 100),
    ];
    assert_eq!(
        sold,
        expected.map(|(campus, name, number)| (campus, DishId(name.to_owned()), id(number)))
    );
    assert_eq!(cart::sold(&mut tx, &[]).await.unwrap(), []);
}

async fn carts_are_read_by_index(engine: &Engine) {
    let db = engine.open().await;
    let dialect = db.dialect();
    let (uuid, hash) = match dialect {
        Dialect::Sqlite => ("x'00000000000000000000000000000001'", "x'0707'"),
        Dialect::Postgres => (
            "'00000000-0000-0000-0000-000000000001'::uuid",
            "'\\x0707'::bytea",
        ),
    };
    let dishes = match dialect {
        Dialect::Sqlite => "'[\"mole\"]'",
        Dialect::Postgres => "'[\"mole\"]'::jsonb",
    };
    let cases: [(&str, &[&str], &str, &str); 4] = [
        ("OF_ACCOUNT", &[uuid], "account_id", "cart_account_id_key"),
        ("OF_VISITOR", &[hash], "token_hash", "cart_token_hash_key"),
        ("DELETE_EXPIRED", &["7", "10"], "cart_age", "cart_age"),
        (
            "SOLD",
            &[dishes],
            "campus_id=? AND kind=? AND reference=?",
            "menu_item_campus_id_kind_reference_key",
        ),
    ];
    for (name, values, sqlite, postgres) in cases {
        let plan = plan_of(engine, dialect, &format!("storage::cart::{name}"), values).await;
        let index = match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
    }
    db.close().await;
}
