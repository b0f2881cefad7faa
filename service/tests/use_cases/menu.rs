//! What campuses sell, to whom, and when it can be collected.

use crate::engines::{Engine, on_both_engines};
use crate::{DAY, NOW, Product, SECOND, draft, refused, register, settings};
use domain::account::Role;
use domain::allergen::Allergen;
use domain::diet::Diet;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{CampusState, Forbidden, Refusal, Selection};
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use service::menu::{self, Menu, MenuFilter};
use service::{Actor, Ctx, Settings};
use std::collections::BTreeSet;
use storage::menu::MenuItemRow;

on_both_engines!(
    the_demo_is_made_once,
    a_menu_is_searched_and_filtered,
    what_a_profile_forbids_is_marked_and_hidden_on_request,
    slots_follow_the_clocks_and_the_kitchen,
    slots_are_those_of_the_institutions_clocks,
    one_item_says_all_about_it,
    the_kitchen_says_how_it_takes_orders,
    what_cannot_be_collected_says_why,
    what_the_catalogue_has_no_more_is_not_sold,
);

const MINUTE: i64 = 60 * SECOND;
/// [`NOW`] is a Friday, 8:00 UTC.
const EIGHT: i64 = NOW;

async fn seeded(engine: &Engine) -> Product {
    let product = Product::start(engine).await;
    menu::seed(&product.ctx(Actor::System)).await.unwrap();
    product
}

async fn with_role(product: &Product, name: &str, role: Role) -> Ctx {
    let system = product.ctx(Actor::System);
    let id = service::account::create_with_role(&system, register(name), role).await;
    product.ctx(Actor::Account {
        id: id.unwrap(),
        role,
    })
}

async fn north(ctx: &Ctx, filter: &MenuFilter) -> Menu {
    menu::menu(ctx, "north", filter).await.unwrap()
}

fn references(menu: &Menu) -> BTreeSet<&str> {
    let items = menu.items.iter();
    items.map(|card| card.item.kind.reference()).collect()
}

async fn item(ctx: &Ctx, reference: &str) -> MenuItemRow {
    let menu = north(ctx, &MenuFilter::default()).await;
    let mut items = menu.items.into_iter().map(|card| card.item);
    items
        .find(|item| item.kind.reference() == reference)
        .unwrap()
}

fn chosen(keys: &[&str]) -> Selection {
    keys.iter().map(|&key| key.to_owned()).collect()
}

fn only(field: &str, code: InvalidCode) -> Problem {
    Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    }
}

async fn the_demo_is_made_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    assert_eq!(menu::campuses(&system).await.unwrap(), []);
    let admin = with_role(&product, "ada", Role::Admin).await;
    assert_eq!(refused(menu::seed(&admin).await), Problem::Forbidden);
    let anonymous = product.anonymous();
    assert_eq!(
        refused(menu::seed(&anonymous).await),
        Problem::Unauthenticated
    );

    // Two processes that start at once, and one that starts later.
    let (one, other) = tokio::join!(menu::seed(&system), menu::seed(&system));
    one.and(other).unwrap();
    menu::seed(&system).await.unwrap();
    let campuses = menu::campuses(&anonymous).await.unwrap();
    let slugs: Vec<&str> = campuses.iter().map(|campus| campus.slug.as_str()).collect();
    assert_eq!(slugs, ["lakeside", "north"]);
    let items = north(&anonymous, &MenuFilter::default()).await.items;
    assert!(items.len() >= 50, "{}", items.len());
    assert!(items.iter().all(|card| card.left > 0));
    // The levels are the sums of what was received.
    let off =
        "SELECT COUNT(*) FROM stock WHERE reserved <> 0 OR on_hand <> (SELECT SUM(on_hand_change)
        FROM stock_movement WHERE stock_movement.item_id = stock.item_id AND kind = 'RECEIVED')";
    assert_eq!(engine.raw(off).await, ["0"]);
    let without = "SELECT COUNT(*) FROM menu_item WHERE id NOT IN (SELECT item_id FROM stock)";
    assert_eq!(engine.raw(without).await, ["0"]);
    let audited = "SELECT COUNT(*) FROM audit WHERE action = 'menu.seed'";
    assert_eq!(engine.raw(audited).await, ["1"]);
}

async fn a_menu_is_searched_and_filtered(engine: &Engine) {
    let product = seeded(engine).await;
    let ctx = product.anonymous();
    let all = north(&ctx, &MenuFilter::default()).await;
    assert_eq!((all.hidden, all.campus.slug.as_str()), (0, "north"));
    let positions: Vec<i64> = all.items.iter().map(|card| card.item.position).collect();
    assert!(positions.is_sorted());

    let found = async |text: &str| {
        let filter = MenuFilter {
            text: text.to_owned(),
            ..MenuFilter::default()
        };
        let menu = north(&ctx, &filter).await;
        references(&menu)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    // Words in any order and language, without accents.
    assert_eq!(found("papaya YOGURT").await, ["papaya-yogur-amaranto"]);
    assert_eq!(
        found("platano cacahuate").await,
        ["licuado-platano-avena-cacahuate"]
    );
    assert_eq!(found("papaya brick").await, [] as [&str; 0]);

    let vegan = MenuFilter {
        diet: Some(Diet::Vegan),
        ..MenuFilter::default()
    };
    let menu = north(&ctx, &vegan).await;
    assert!(menu.items.len() >= 10);
    let vegan = |card: &menu::MenuCard| card.contents.diets.contains(&Diet::Vegan);
    assert!(menu.items.iter().all(vegan));
    assert_eq!(
        menu.items.len(),
        all.items.iter().filter(|card| vegan(card)).count()
    );

    let without = MenuFilter {
        without: [Allergen::Milk, Allergen::TreeNuts].into(),
        ..MenuFilter::default()
    };
    let menu = north(&ctx, &without).await;
    let listed = references(&menu);
    assert!(listed.contains("tacos-de-camote-y-frijol-negro"));
    assert!(!listed.contains("mango-lassi") && !listed.contains("almonds"));

    let cheap = MenuFilter {
        price_most: Some(190),
        ..MenuFilter::default()
    };
    let menu = north(&ctx, &cheap).await;
    assert!(references(&menu).contains("coffee"));
    assert!(menu.items.iter().all(|card| card.item.price <= 190));

    let soon = MenuFilter {
        ready_within: Some(15),
        ..MenuFilter::default()
    };
    let menu = north(&ctx, &soon).await;
    let listed = references(&menu);
    assert!(listed.contains("chilaquiles-verdes") && listed.contains("esquites"));
    assert!(!listed.contains("pollo-en-mole"));
    let sooner = MenuFilter {
        ready_within: Some(14),
        ..MenuFilter::default()
    };
    assert_eq!(references(&north(&ctx, &sooner).await), BTreeSet::new());

    let wrong = MenuFilter {
        text: "x".repeat(101),
        price_most: Some(-1),
        ready_within: Some(10_081),
        ..MenuFilter::default()
    };
    let Problem::Invalid { fields } = refused(menu::menu(&ctx, "north", &wrong).await) else {
        panic!("refused otherwise");
    };
    let fields: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["q", "maxPrice", "readyWithin"]);
    let nowhere = menu::menu(&ctx, "south", &MenuFilter::default()).await;
    assert_eq!(refused(nowhere), Problem::NotFound);
    let nowhere = menu::campus(&ctx, "North").await;
    assert_eq!(refused(nowhere), Problem::NotFound);
}

async fn what_a_profile_forbids_is_marked_and_hidden_on_request(engine: &Engine) {
    let product = seeded(engine).await;
    let ctx = product.member("ana").await;
    let before = north(&ctx, &MenuFilter::default()).await;
    assert!(before.items.iter().all(|card| card.forbidden.is_empty()));

    let profile = ProfileDraft {
        diet: Some("VEGETARIAN".to_owned()),
        allergens: vec!["PEANUT".to_owned()],
        disliked_dishes: vec!["esquites".to_owned()],
        disliked_foods: vec!["09003".to_owned()],
        ..draft()
    };
    service::profile::put(&ctx, &profile).await.unwrap();
    let marked = north(&ctx, &MenuFilter::default()).await;
    assert_eq!(references(&marked), references(&before));
    let reasons = |reference: &str| {
        let mut cards = marked.items.iter();
        let card = cards.find(|card| card.item.kind.reference() == reference);
        card.unwrap().forbidden.clone()
    };
    assert_eq!(
        reasons("pollo-en-mole").first(),
        Some(&Forbidden::Diet {
            diet: Diet::Vegetarian
        })
    );
    assert_eq!(
        reasons("licuado-platano-avena-cacahuate"),
        [Forbidden::Allergen {
            allergen: Allergen::Peanut
        }]
    );
    assert_eq!(reasons("esquites"), [Forbidden::Dish]);
    assert!(matches!(reasons("apple")[..], [Forbidden::Food { .. }]));
    assert_eq!(reasons("dal-tadka"), []);

    let hide = MenuFilter {
        hide_forbidden: true,
        ..MenuFilter::default()
    };
    let shown = north(&ctx, &hide).await;
    let forbidden = marked
        .items
        .iter()
        .filter(|card| !card.forbidden.is_empty());
    let forbidden = forbidden.count() as i64;
    assert!(forbidden > 10, "{forbidden}");
    assert_eq!(shown.hidden, forbidden);
    assert_eq!(
        shown.items.len() as i64,
        marked.items.len() as i64 - forbidden
    );
    assert!(shown.items.iter().all(|card| card.forbidden.is_empty()));

    // Another's profile is another's.
    let ben = product.eater("ben").await;
    assert_eq!(north(&ben, &hide).await.hidden, 0);
}

async fn slots_follow_the_clocks_and_the_kitchen(engine: &Engine) {
    let product = seeded(engine).await;
    let staff = with_role(&product, "sam", Role::Staff).await;
    let first = async || {
        let menu = north(&staff, &MenuFilter::default()).await;
        menu.slots
            .first()
            .map(|free| (free.slot.starts_at, free.left))
    };
    let menu = north(&staff, &MenuFilter::default()).await;
    assert_eq!(first().await, Some((EIGHT + 15 * MINUTE, 30)));
    // Friday from 8:15, a Saturday, a Sunday, four days, and the next Friday up to this time.
    assert_eq!(menu.slots.len(), 49 + 32 + 20 + 4 * 52 + 3);
    assert!(menu.slots.is_sorted_by_key(|free| free.slot.starts_at));
    let last = menu.slots.last().unwrap().slot;
    assert_eq!((last.starts_at, last.minute), (NOW + 7 * DAY, 8 * 60));
    let first_of = |menu: &Menu, reference: &str| {
        let mut cards = menu.items.iter();
        let card = cards.find(|card| card.item.kind.reference() == reference);
        card.unwrap().first_slot.map(|slot| slot.starts_at - EIGHT)
    };
    assert_eq!(first_of(&menu, "chilaquiles-verdes"), Some(15 * MINUTE));
    assert_eq!(first_of(&menu, "pollo-en-mole"), Some(210 * MINUTE));
    assert_eq!(first_of(&menu, "paella-de-mariscos"), Some(210 * MINUTE));

    // On a Saturday there is fish again on Wednesday.
    product.clock.advance(DAY);
    let menu = north(&staff, &MenuFilter::default()).await;
    let wednesday = 5 * DAY + 210 * MINUTE;
    assert_eq!(first_of(&menu, "paella-de-mariscos"), Some(wednesday));
    assert_eq!(first().await.unwrap().0, EIGHT + DAY + 15 * MINUTE);

    let busy = CampusState::Busy { minutes: 20 };
    menu::set_campus_state(&staff, "north", busy).await.unwrap();
    assert_eq!(first().await.unwrap().0, EIGHT + DAY + 45 * MINUTE);
    let pause = CampusState::Paused {
        until: EIGHT + DAY + 60 * MINUTE,
    };
    menu::set_campus_state(&staff, "north", pause)
        .await
        .unwrap();
    let menu = north(&staff, &MenuFilter::default()).await;
    assert!(menu.slots.is_empty());
    assert!(menu.items.iter().all(|card| card.first_slot.is_none()));
    // It ends by itself.
    product.clock.advance(3600 * SECOND);
    assert_eq!(first().await.unwrap().0, EIGHT + DAY + 75 * MINUTE);

    // A slot without room is shown, and passed over.
    let full = EIGHT + DAY + 75 * MINUTE;
    engine
        .raw(&format!(
            "INSERT INTO slot (campus_id, starts_at, capacity, taken)
            SELECT id, {full}, 30, 30 FROM campus WHERE slug = 'north'"
        ))
        .await;
    assert_eq!(first().await, Some((full, 0)));
    let menu = north(&staff, &MenuFilter::default()).await;
    assert_eq!(
        first_of(&menu, "chilaquiles-verdes"),
        Some(DAY + 90 * MINUTE)
    );
}

async fn slots_are_those_of_the_institutions_clocks(engine: &Engine) {
    let settings = Settings {
        time_zone: "America/Mexico_City".to_owned(),
        ..settings(engine)
    };
    let product = Product::start_with(settings).await;
    menu::seed(&product.ctx(Actor::System)).await.unwrap();
    // Two in the morning there: the campus opens at 7:30.
    let ctx = product.anonymous();
    let menu = north(&ctx, &MenuFilter::default()).await;
    let slot = menu.slots[0].slot;
    assert_eq!(slot.starts_at, EIGHT + 330 * MINUTE);
    assert_eq!(
        (slot.minute, slot.date.to_string().as_str()),
        (450, "2027-01-15")
    );
    let service = &product.service;
    assert_eq!(menu::slot_at(service, slot.starts_at), Some(slot));
    for beside in [1, SECOND, 59 * SECOND, -1] {
        assert_eq!(menu::slot_at(service, slot.starts_at + beside), None);
    }
}

async fn one_item_says_all_about_it(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let vegan = ProfileDraft {
        diet: Some("VEGAN".to_owned()),
        allergens: vec!["SESAME".to_owned()],
        ..draft()
    };
    service::profile::put(&ana, &vegan).await.unwrap();
    let bowl = item(&ana, "cauliflower-rice-tofu-bowl").await;
    let detail = menu::item(&ana, "north", bowl.id).await.unwrap();
    assert_eq!((&detail.card.item, detail.card.left), (&bowl, 40));
    // Of the dressings that with lime comes first, and nobody must have any extra.
    assert_eq!(detail.simplest, Some(chosen(&["dressing-lime"])));
    let marks: Vec<&str> = detail
        .marks
        .iter()
        .map(|mark| mark.option.as_str())
        .collect();
    assert_eq!(marks, ["dressing-yogurt", "dressing-tahini"]);
    assert_eq!(
        detail.marks[1].forbidden,
        [Forbidden::Allergen {
            allergen: Allergen::Sesame
        }]
    );
    // It is sold from half past eleven on.
    let slots = &detail.slots;
    assert_eq!(slots[0].slot.starts_at, EIGHT + 210 * MINUTE);
    assert!(slots.iter().all(|free| free.slot.minute >= 690));

    // Where everything is against the profile, there is still what would be ordered.
    let chicken = item(&ana, "pollo-con-nopales-en-salsa-verde").await;
    let detail = menu::item(&ana, "north", chicken.id).await.unwrap();
    assert!(!detail.card.forbidden.is_empty());
    assert_eq!(detail.simplest, Some(chosen(&["side-white-rice"])));

    let elsewhere = menu::item(&ana, "lakeside", bowl.id).await;
    assert_eq!(refused(elsewhere), Problem::NotFound);
    let nothing = menu::item(&ana, "north", uuid::Uuid::nil()).await;
    assert_eq!(refused(nothing), Problem::NotFound);

    engine
        .raw("UPDATE menu_item SET active = FALSE WHERE reference = 'cauliflower-rice-tofu-bowl'")
        .await;
    let detail = menu::item(&ana, "north", bowl.id).await.unwrap();
    assert!(!detail.card.item.active);
    assert_eq!((detail.card.first_slot, detail.slots.len()), (None, 0));
    let menu = north(&ana, &MenuFilter::default()).await;
    assert!(!references(&menu).contains("cauliflower-rice-tofu-bowl"));
}

async fn the_kitchen_says_how_it_takes_orders(engine: &Engine) {
    let product = seeded(engine).await;
    let set =
        async |ctx: &Ctx, campus: &str, state| menu::set_campus_state(ctx, campus, state).await;
    let busy = |minutes| CampusState::Busy { minutes };
    let paused = |until| CampusState::Paused { until };
    let sam = with_role(&product, "sam", Role::Staff).await;
    let ada = with_role(&product, "ada", Role::Admin).await;
    assert!(menu::may_set_state(&sam) && menu::may_set_state(&ada));

    for (ctx, problem) in [
        (product.anonymous(), Problem::Unauthenticated),
        (product.member("ana").await, Problem::Forbidden),
        (
            with_role(&product, "olga", Role::Operator).await,
            Problem::Forbidden,
        ),
    ] {
        assert!(!menu::may_set_state(&ctx));
        assert_eq!(refused(set(&ctx, "north", busy(5)).await), problem);
    }
    let minutes = only("minutes", InvalidCode::OutOfRange { min: 1, max: 240 });
    for wrong in [0, -1, 241, i64::MAX] {
        assert_eq!(refused(set(&sam, "north", busy(wrong)).await), minutes);
    }
    let until = only("until", InvalidCode::NotWithinDays { days: 7 });
    for wrong in [NOW, NOW - 1, NOW + 7 * DAY + 1, i64::MAX, i64::MIN] {
        assert_eq!(refused(set(&sam, "north", paused(wrong)).await), until);
    }
    let nowhere = set(&sam, "south", CampusState::Open).await;
    assert_eq!(refused(nowhere), Problem::NotFound);
    assert_eq!(
        engine
            .raw("SELECT COUNT(*) FROM audit WHERE action LIKE 'campus.%'")
            .await,
        ["0"]
    );

    for (ctx, state) in [
        (&sam, busy(240)),
        (&ada, paused(NOW + 7 * DAY)),
        (&sam, CampusState::Open),
    ] {
        let campus = set(ctx, "north", state).await.unwrap();
        assert_eq!(campus.state, state);
        assert_eq!(menu::campus(&sam, "north").await.unwrap(), campus);
        let other = menu::campus(&sam, "lakeside").await.unwrap();
        assert_eq!(other.state, CampusState::Open);
    }
    let audited = "SELECT action FROM audit WHERE subject = 'north' ORDER BY id";
    assert_eq!(
        engine.raw(audited).await,
        ["campus.busy", "campus.pause", "campus.open"]
    );
}

async fn what_cannot_be_collected_says_why(engine: &Engine) {
    let product = seeded(engine).await;
    let ctx = product.anonymous();
    let campus = menu::campus(&ctx, "north").await.unwrap();
    let lakeside = menu::campus(&ctx, "lakeside").await.unwrap();
    let mole = item(&ctx, "pollo-en-mole").await;
    let at = |minutes: i64| {
        let slot_at = EIGHT + minutes * MINUTE;
        menu::available_at(&product.service, &campus, &mole, ctx.now(), slot_at)
    };
    assert_eq!(at(210), Ok(()));
    assert_eq!(at(15), Err(Refusal::NotOnSale));
    assert_eq!(at(0), Err(Refusal::SlotTooSoon { minutes: 15 }));
    assert_eq!(at(-24 * 60), Err(Refusal::SlotTooSoon { minutes: 15 }));
    assert_eq!(at(217), Err(Refusal::NoSuchSlot));
    assert_eq!(at(13 * 60), Err(Refusal::CampusClosed));
    assert_eq!(at(8 * 24 * 60), Err(Refusal::SlotTooFar { days: 7 }));
    let elsewhere = menu::available_at(
        &product.service,
        &lakeside,
        &mole,
        ctx.now(),
        EIGHT + 240 * MINUTE,
    );
    assert_eq!(elsewhere, Err(Refusal::NotSold));

    let catalogue = product.service.catalogue();
    let choice = chosen(&["size-large", "box-large", "bread-tortillas"]);
    let priced = menu::price(catalogue, &mole, &choice).unwrap();
    assert_eq!(priced.unit_price, mole.price + 240 + 50 + 30);
    assert_eq!(priced.name, mole.name);
    assert_eq!(priced.options.len(), 3);
    let broken = menu::price(catalogue, &mole, &chosen(&["size-large", "box-small"]));
    assert_eq!(broken.unwrap_err().len(), 1);
}

async fn what_the_catalogue_has_no_more_is_not_sold(engine: &Engine) {
    let product = seeded(engine).await;
    let ctx = product.anonymous();
    let mix = item(&ctx, "trail-mix").await;
    engine
        .raw("UPDATE menu_item SET reference = 'gone' WHERE reference = 'trail-mix'")
        .await;
    let menu = north(&ctx, &MenuFilter::default()).await;
    assert!(!references(&menu).contains("gone"));
    let detail = menu::item(&ctx, "north", mix.id).await;
    assert_eq!(refused(detail), Problem::NotFound);

    let mut tx = ctx.institution.db.read().await.unwrap();
    let gone = storage::menu::by_ids(&mut tx, &[mix.id]).await.unwrap();
    drop(tx);
    let slot_at = EIGHT + 60 * MINUTE;
    let campus = menu::campus(&ctx, "north").await.unwrap();
    let available = |item: &MenuItemRow| {
        menu::available_at(&product.service, &campus, item, ctx.now(), slot_at)
    };
    assert_eq!(available(&mix), Ok(()));
    assert_eq!(available(&gone[0]), Err(Refusal::NotSold));
    let priced = menu::price(product.service.catalogue(), &gone[0], &Selection::new()).unwrap();
    assert_eq!(priced.allergens.len(), Allergen::ALL.len());
    assert_eq!(priced.diets, BTreeSet::new());
}
