//! Campuses and what they sell.

use crate::engines::{Engine, on_both_engines};
use crate::statements::plan_of;
use crate::{NOW, id};
use domain::amount::Amount;
use domain::dish::DishId;
use domain::menu::{
    Campus, CampusState, MenuItemKind, MenuOption, Opening, OpeningHours, OptionGroup, OptionRule,
    Options, ProductId, RuleKind, Sale,
};
use domain::nutrient::Nutrient;
use domain::text::Localized;
use storage::campus::{self, SlotRow};
use storage::menu::{self, MenuItemRow};
use storage::{Db, Dialect, Error};
use uuid::Uuid;

on_both_engines!(
    campuses_are_kept_and_found,
    the_state_of_a_campus_is_set,
    slots_are_read_in_their_time,
    items_are_kept_as_they_were_given,
    a_campus_sells_a_dish_once,
    menus_are_read_by_index,
);

fn text(text: &str) -> Localized<String> {
    Localized {
        en: text.to_owned(),
        es: format!("«{text}» ñ"),
    }
}

pub fn campus_of(number: u128, slug: &str) -> Campus {
    let mut hours = OpeningHours::default();
    hours.0[4] = vec![
        Opening {
            opens: 480,
            closes: 660,
        },
        Opening {
            opens: 720,
            closes: 1440,
        },
    ];
    Campus {
        id: id(number),
        slug: slug.to_owned(),
        name: text(slug),
        currency: "USD".to_owned(),
        state: CampusState::Open,
        hours,
        slot_minutes: 15,
        slot_capacity: 30,
        lead_minutes: 20,
    }
}

/// An item with all that options may have.
fn item(number: u128, campus: u128, kind: MenuItemKind, position: i64) -> MenuItemRow {
    let option = |key: &str| MenuOption {
        key: key.to_owned(),
        name: text(key),
        price: 50,
        grams: Amount(12_345),
        nutrients: [
            (Nutrient::Energy, Amount(7)),
            (Nutrient::VitaminC, Amount(0)),
        ]
        .into(),
        allergens: [domain::allergen::Allergen::TreeNuts].into(),
        excluded_diets: [domain::diet::Diet::Vegan].into(),
        foods: [domain::food::NdbNo("01001".to_owned())].into(),
    };
    MenuItemRow {
        id: id(number),
        campus_id: id(campus),
        kind,
        name: text("Item"),
        price: 1250,
        options: Options {
            groups: vec![OptionGroup {
                key: "extras".to_owned(),
                name: text("Extras"),
                min: 0,
                max: 2,
                options: vec![option("z"), option("a")],
            }],
            rules: vec![OptionRule {
                kind: RuleKind::Requires,
                option: "z".to_owned(),
                other: "a".to_owned(),
            }],
        },
        sale: Sale {
            days: [0, 4].into(),
            from: 420,
            until: 690,
        },
        minutes: 8,
        active: number % 2 == 1,
        position,
        station: domain::kitchen::Station::Drinks,
    }
}

fn dish(name: &str) -> MenuItemKind {
    MenuItemKind::Dish(DishId(name.to_owned()))
}

async fn add(db: &Db, campus: &Campus) -> bool {
    let mut tx = db.write().await.unwrap();
    let added = campus::insert(&mut tx, campus).await.unwrap();
    tx.commit().await.unwrap();
    added
}

async fn campuses_are_kept_and_found(engine: &Engine) {
    let db = engine.open().await;
    let (south, north) = (campus_of(1, "south"), campus_of(2, "north"));
    assert!(add(&db, &south).await);
    assert!(add(&db, &north).await);
    // Whoever comes second with a slug changes nothing.
    assert!(!add(&db, &campus_of(3, "south")).await);

    let mut tx = db.read().await.unwrap();
    assert_eq!(
        campus::all(&mut tx).await.unwrap(),
        [north.clone(), south.clone()]
    );
    let found = campus::by_slug(&mut tx, "north").await.unwrap();
    assert_eq!(found.as_ref(), Some(&north));
    assert_eq!(campus::by_id(&mut tx, id(1)).await.unwrap(), Some(south));
    for none in ["North", "", "north\0", "\0", &"n".repeat(61)] {
        assert_eq!(campus::by_slug(&mut tx, none).await.unwrap(), None);
    }
    assert_eq!(campus::by_id(&mut tx, id(3)).await.unwrap(), None);
    drop(tx);
    db.close().await;
}

async fn the_state_of_a_campus_is_set(engine: &Engine) {
    let db = engine.open().await;
    add(&db, &campus_of(1, "north")).await;
    add(&db, &campus_of(2, "south")).await;
    for state in [
        CampusState::Busy { minutes: 25 },
        CampusState::Paused { until: NOW },
        CampusState::Open,
    ] {
        let mut tx = db.write().await.unwrap();
        assert!(campus::set_state(&mut tx, id(1), state).await.unwrap());
        assert!(!campus::set_state(&mut tx, id(9), state).await.unwrap());
        tx.commit().await.unwrap();
        let all = campus::all(&mut db.read().await.unwrap()).await.unwrap();
        let states: Vec<CampusState> = all.iter().map(|campus| campus.state).collect();
        assert_eq!(states, [state, CampusState::Open]);
    }
    // The table itself keeps the minutes within bounds.
    let mut tx = db.write().await.unwrap();
    let refused = campus::set_state(&mut tx, id(1), CampusState::Busy { minutes: 241 }).await;
    assert!(matches!(refused, Err(Error::Other(_))), "{refused:?}");
    drop(tx);
    db.close().await;
}

async fn slots_are_read_in_their_time(engine: &Engine) {
    let db = engine.open().await;
    add(&db, &campus_of(1, "north")).await;
    add(&db, &campus_of(2, "south")).await;
    let key = |number: u128| match db.dialect() {
        Dialect::Sqlite => format!("x'{:032x}'", number),
        Dialect::Postgres => format!("'{}'", Uuid::from_u128(number)),
    };
    for (campus, starts_at, taken) in [(1, 30, 3), (1, 10, 1), (1, 20, 0), (2, 20, 7), (1, 40, 4)] {
        let values = format!("{}, {starts_at}, 30, {taken}", key(campus));
        engine
            .raw(&format!(
                "INSERT INTO slot (campus_id, starts_at, capacity, taken) VALUES ({values})"
            ))
            .await;
    }
    let mut tx = db.read().await.unwrap();
    let slots = campus::slots(&mut tx, id(1), 20, 40).await.unwrap();
    let slot = |starts_at, taken| SlotRow {
        starts_at,
        capacity: 30,
        taken,
    };
    assert_eq!(slots, [slot(20, 0), slot(30, 3)]);
    drop(tx);
    db.close().await;
}

async fn items_are_kept_as_they_were_given(engine: &Engine) {
    let db = engine.open().await;
    add(&db, &campus_of(1, "north")).await;
    add(&db, &campus_of(2, "south")).await;
    let water = MenuItemKind::Product(ProductId("soup".to_owned()));
    let (second, first) = (item(11, 1, dish("soup"), 2), item(12, 1, water, 1));
    let elsewhere = item(13, 2, dish("soup"), 1);
    let mut plain = item(14, 2, dish("rice"), 2);
    plain.options = Options::default();
    plain.sale = Sale::always();
    let mut tx = db.write().await.unwrap();
    let all = [
        second.clone(),
        first.clone(),
        elsewhere.clone(),
        plain.clone(),
    ];
    menu::insert(&mut tx, &all).await.unwrap();
    menu::insert(&mut tx, &[]).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = db.read().await.unwrap();
    let north = menu::of_campus(&mut tx, id(1)).await.unwrap();
    assert_eq!(north, [first.clone(), second.clone()]);
    let south = menu::of_campus(&mut tx, id(2)).await.unwrap();
    assert_eq!(south, [elsewhere.clone(), plain]);
    let mut found = menu::by_ids(&mut tx, &[id(13), id(11), id(99), id(12)])
        .await
        .unwrap();
    found.sort_by_key(|item| item.id);
    assert_eq!(found, [second.clone(), first, elsewhere]);
    assert_eq!(menu::by_ids(&mut tx, &[]).await.unwrap(), []);
    let one = menu::one(&mut tx, id(1), id(11)).await.unwrap();
    assert_eq!(one, Some(second));
    // What another campus sells is not sold here.
    assert_eq!(menu::one(&mut tx, id(2), id(11)).await.unwrap(), None);
    drop(tx);
    db.close().await;
}

async fn a_campus_sells_a_dish_once(engine: &Engine) {
    let db = engine.open().await;
    add(&db, &campus_of(1, "north")).await;
    let mut tx = db.write().await.unwrap();
    let twice = [item(11, 1, dish("soup"), 1), item(12, 1, dish("soup"), 2)];
    let refused = menu::insert(&mut tx, &twice).await;
    assert!(matches!(refused, Err(Error::Duplicate(_))), "{refused:?}");
    drop(tx);
    let mut cheap = item(11, 1, dish("soup"), 1);
    cheap.price = -1;
    let mut tx = db.write().await.unwrap();
    let refused = menu::insert(&mut tx, &[cheap]).await;
    assert!(matches!(refused, Err(Error::Other(_))), "{refused:?}");
    drop(tx);
    let mut tx = db.write().await.unwrap();
    let nowhere = menu::insert(&mut tx, &[item(11, 9, dish("soup"), 1)]).await;
    assert!(matches!(nowhere, Err(Error::Other(_))), "{nowhere:?}");
    drop(tx);
    db.close().await;
}

async fn menus_are_read_by_index(engine: &Engine) {
    let db = engine.open().await;
    let dialect = db.dialect();
    let (uuid, item_key, one_key, slot_key, slug_key) = match dialect {
        Dialect::Sqlite => (
            "x'00000000000000000000000000000001'",
            "sqlite_autoindex_menu_item_1",
            "sqlite_autoindex_menu_item_1",
            "PRIMARY KEY",
            "sqlite_autoindex_campus_2",
        ),
        Dialect::Postgres => (
            "'00000000-0000-0000-0000-000000000001'::uuid",
            "menu_item_pkey",
            // The campus is asked for too, and its index has the id as well.
            "menu_item_p",
            "slot_pkey",
            "campus_slug_key",
        ),
    };
    let ids = match dialect {
        Dialect::Sqlite => r#"'["00000000000000000000000000000001"]'"#,
        Dialect::Postgres => r#"'["00000000000000000000000000000001"]'::jsonb"#,
    };
    let cases: [(&str, &[&str], &str); 5] = [
        (
            "storage::menu::OF_CAMPUS",
            &[uuid, "500"],
            "menu_item_place",
        ),
        ("storage::menu::BY_IDS", &[ids], item_key),
        ("storage::menu::ONE", &[uuid, uuid], one_key),
        ("storage::campus::SLOTS", &[uuid, "1", "2"], slot_key),
        ("storage::campus::BY_SLUG", &["'north'"], slug_key),
    ];
    for (name, values, index) in cases {
        let plan = plan_of(engine, dialect, name, values).await;
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        // A menu that PostgreSQL finds small is sorted, but read by its index.
        for slow in ["SCAN menu_item", "SCAN slot", "Seq Scan", "USE TEMP B-TREE"] {
            assert!(!plan.contains(slow), "{name} has {slow}:\n{plan}");
        }
    }
    db.close().await;
}
