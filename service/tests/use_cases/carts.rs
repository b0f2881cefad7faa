//! What somebody means to order, before and after they have signed in.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::plans::ended;
use crate::{DAY, NOW, PASSWORD, Product, SECOND, admin, draft, refused, register, week};
use domain::account::Role;
use domain::allergen::Allergen;
use domain::invalid::{InvalidCode, InvalidField};
use domain::menu::{MenuItemKind, Selection};
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use service::account::SignIn;
use service::cart::{self, Addition, CartView, Meals, Missing, Trouble};
use service::jobs::runner::Runner;
use service::menu::{self, MenuFilter};
use service::{Actor, Ctx};
use storage::menu::MenuItemRow;
use uuid::Uuid;

on_both_engines!(
    a_visitors_cart_is_known_by_its_token_and_taken_along,
    what_is_put_in_keeps_the_rules_of_its_item,
    a_cart_is_bounded,
    a_cart_is_of_one_campus,
    what_changes_meanwhile_is_told,
    a_day_of_the_plan_is_ordered_where_it_is_sold,
    what_a_profile_forbids_is_not_ordered_for_it,
    what_is_not_sold_together_is_ordered_in_parts,
    carts_that_visitors_leave_are_forgotten,
    visitors_get_so_many_carts_a_minute,
    what_left_the_catalogue_can_be_taken_out,
);

async fn seeded(engine: &Engine) -> Product {
    let product = Product::start(engine).await;
    menu::seed(&product.ctx(Actor::System)).await.unwrap();
    product
}

/// The item of a dish or product at a campus.
async fn item(ctx: &Ctx, campus: &str, reference: &str) -> MenuItemRow {
    let menu = menu::menu(ctx, campus, &MenuFilter::default()).await;
    let mut items = menu.unwrap().items.into_iter().map(|card| card.item);
    items
        .find(|item| item.kind.reference() == reference)
        .unwrap()
}

fn some(item: Uuid, quantity: i64) -> Addition {
    Addition {
        item,
        options: Selection::new(),
        quantity,
        replace: false,
    }
}

/// The simplest choice of an item, so many times.
fn simply(item: &MenuItemRow, quantity: i64) -> Addition {
    Addition {
        options: item.options.simplest(|_| true).unwrap(),
        ..some(item.id, quantity)
    }
}

fn invalid(field: &str, code: InvalidCode) -> Problem {
    Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    }
}

fn quantities(cart: &CartView) -> Vec<(&str, i64)> {
    let lines = cart.lines.iter();
    lines
        .map(|line| (line.kind.reference(), line.quantity))
        .collect()
}

/// A browser with this token in its cookie.
fn visitor(product: &Product, token: Option<&str>) -> Ctx {
    Ctx {
        visitor: token.map(Into::into),
        ..product.anonymous()
    }
}

async fn a_visitors_cart_is_known_by_its_token_and_taken_along(engine: &Engine) {
    let product = seeded(engine).await;
    let nobody = visitor(&product, None);
    let water = item(&nobody, "north", "still-water").await.id;
    let apple = item(&nobody, "north", "apple").await.id;
    assert_eq!(cart::count(&nobody).await.unwrap(), 0);
    let added = cart::add(&nobody, some(water, 2)).await.unwrap();
    let token = added.visitor.expect("a token");

    // The token leads back to it, and is made once: its browser keeps it for longer.
    let browser = visitor(&product, Some(&token));
    let again = cart::add(&browser, some(apple, 1)).await.unwrap();
    assert_eq!(again.visitor.as_deref(), Some(token.as_str()));
    let seen = cart::get(&browser).await.unwrap();
    assert_eq!(quantities(&seen), [("still-water", 2), ("apple", 1)]);
    assert_eq!(cart::count(&browser).await.unwrap(), 3);
    assert_eq!(seen.campus.as_ref().unwrap().slug, "north");
    assert_eq!(seen.total(), 2 * 150 + 90);
    // It is not stored, and nobody chooses their own.
    let stored = engine.raw("SELECT CAST(lines AS TEXT) FROM cart").await;
    assert!(!stored.join(" ").contains(&token));
    let guessed = visitor(&product, Some("made up"));
    assert!(cart::get(&guessed).await.unwrap().lines.is_empty());
    let other = cart::add(&guessed, some(water, 1)).await.unwrap();
    assert_ne!(other.visitor.as_deref(), Some("made up"));

    // Whoever signs up takes it along; the token is worth nothing then.
    let session = service::account::register(&browser, register("ana"))
        .await
        .unwrap();
    let actor = service::account::actor_of_session(&nobody, &session.token)
        .await
        .unwrap();
    let ana = product.ctx(actor);
    assert_eq!(
        quantities(&cart::get(&ana).await.unwrap()),
        [("still-water", 2), ("apple", 1)]
    );
    assert!(cart::get(&browser).await.unwrap().lines.is_empty());

    // Signing in later adds what another browser holds.
    let phone = cart::add(&nobody, some(apple, 4)).await.unwrap();
    let phone = visitor(&product, phone.visitor.as_deref());
    let sign_in = SignIn {
        email: "ana@example.org".to_owned(),
        password: PASSWORD.to_owned(),
    };
    service::account::sign_in(&phone, sign_in.clone())
        .await
        .unwrap();
    assert_eq!(
        quantities(&cart::get(&ana).await.unwrap()),
        [("still-water", 2), ("apple", 5)]
    );
    // Of two campuses it is the one that was chosen now.
    let lake = item(&nobody, "lakeside", "still-water").await.id;
    let tablet = cart::add(&nobody, some(lake, 1)).await.unwrap();
    let tablet = visitor(&product, tablet.visitor.as_deref());
    service::account::sign_in(&tablet, sign_in).await.unwrap();
    let own = cart::get(&ana).await.unwrap();
    assert_eq!(quantities(&own), [("still-water", 1)]);
    assert_eq!(own.campus.unwrap().slug, "lakeside");
}

async fn what_is_put_in_keeps_the_rules_of_its_item(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let dish = item(&ana, "north", "chilaquiles-verdes").await;
    let group = |key: &str| format!("options.{key}");
    let needed = dish
        .options
        .groups
        .iter()
        .find(|group| group.min == 1)
        .unwrap();

    let refusal = refused(cart::add(&ana, some(dish.id, 1)).await);
    let Problem::Invalid { fields } = refusal else {
        panic!("{refusal:?}");
    };
    let expected = InvalidField::new(group(&needed.key), InvalidCode::ChooseAtLeast { min: 1 });
    assert!(fields.contains(&expected), "{fields:?}");

    let mut unknown = simply(&dish, 1);
    unknown.options.insert("gold-leaf".to_owned());
    assert_eq!(
        refused(cart::add(&ana, unknown).await),
        invalid("options", InvalidCode::UnknownChoice)
    );

    let mut both = simply(&dish, 1);
    both.options
        .extend(needed.options.iter().map(|option| option.key.clone()));
    let refusal = refused(cart::add(&ana, both).await);
    let Problem::Invalid { fields } = refusal else {
        panic!("{refusal:?}");
    };
    let expected = InvalidField::new(group(&needed.key), InvalidCode::ChooseAtMost { max: 1 });
    assert!(fields.contains(&expected), "{fields:?}");

    // A rule between options is told at the group of the one that was chosen.
    let menu = menu::menu(&ana, "north", &MenuFilter::default())
        .await
        .unwrap();
    let ruled = menu
        .items
        .into_iter()
        .map(|card| card.item)
        .find(|item| !item.options.rules.is_empty())
        .unwrap();
    let rule = &ruled.options.rules[0];
    let mut against = simply(&ruled, 1);
    against.options.insert(rule.option.clone());
    match rule.kind {
        domain::menu::RuleKind::Requires => against.options.remove(&rule.other),
        domain::menu::RuleKind::Excludes => against.options.insert(rule.other.clone()),
    };
    let Problem::Invalid { fields } = refused(cart::add(&ana, against).await) else {
        panic!("it was taken");
    };
    let told = fields.iter().any(|field| {
        field.field.starts_with("options.")
            && matches!(
                field.code,
                InvalidCode::OptionRequires { .. } | InvalidCode::OptionExcludes { .. }
            )
    });
    assert!(told, "{fields:?}");
    assert!(cart::get(&ana).await.unwrap().lines.is_empty());

    // The price and what is in it follow the options.
    let plain = cart::add(&ana, simply(&dish, 1)).await.unwrap();
    let mut large = simply(&dish, 1);
    large.options.remove("size-regular");
    large.options.insert("size-large".to_owned());
    let large = cart::add(&ana, large).await.unwrap();
    let seen = cart::get(&ana).await.unwrap();
    let line = |id| seen.lines.iter().find(|line| line.id == id).unwrap();
    let (plain, large) = (line(plain.line), line(large.line));
    assert_eq!(large.unit_price, plain.unit_price + 240);
    assert!(large.contents.grams > plain.contents.grams);
}

async fn a_cart_is_bounded(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let water = item(&ana, "north", "still-water").await.id;
    let range = InvalidCode::OutOfRange { min: 1, max: 20 };
    for wrong in [0, -1, 21, 1_000_000_000, i64::MAX] {
        let refusal = refused(cart::add(&ana, some(water, wrong)).await);
        assert_eq!(refusal, invalid("quantity", range.clone()), "{wrong}");
    }
    let line = cart::add(&ana, some(water, 20)).await.unwrap().line;
    assert_eq!(
        refused(cart::add(&ana, some(water, 1)).await),
        invalid("quantity", InvalidCode::CartPortions { max: 20 })
    );
    for wrong in [0, -1, 21] {
        let refusal = refused(cart::set_quantity(&ana, line, wrong).await);
        assert_eq!(refusal, invalid("quantity", range.clone()), "{wrong}");
    }
    cart::set_quantity(&ana, line, 7).await.unwrap();
    assert_eq!(cart::count(&ana).await.unwrap(), 7);

    // Another member's line is not there, nor is an item that is not.
    let ben = product.member("ben").await;
    assert_eq!(refused(cart::remove(&ben, line).await), Problem::NotFound);
    assert_eq!(
        refused(cart::set_quantity(&ben, line, 1).await),
        Problem::NotFound
    );
    assert_eq!(
        refused(cart::add(&ben, some(Uuid::nil(), 1)).await),
        Problem::NotFound
    );
    cart::remove_ordered(&ben, &[line]).await.unwrap();
    cart::clear(&ben).await.unwrap();
    assert_eq!(cart::count(&ana).await.unwrap(), 7);

    // No more than there is.
    engine
        .raw("UPDATE stock SET on_hand = 3 WHERE item_id IN (SELECT id FROM menu_item WHERE reference = 'apple')")
        .await;
    let apple = item(&ana, "north", "apple").await.id;
    assert_eq!(
        refused(cart::add(&ana, some(apple, 4)).await),
        invalid("quantity", InvalidCode::NotInStock { free: 3 })
    );
    cart::add(&ana, some(apple, 3)).await.unwrap();
    cart::clear(&ana).await.unwrap();
    let seen = cart::get(&ana).await.unwrap();
    assert!(seen.lines.is_empty() && seen.campus.is_none() && !seen.is_orderable());
}

async fn a_cart_is_of_one_campus(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let here = item(&ana, "north", "apple").await.id;
    let there = item(&ana, "lakeside", "apple").await.id;
    cart::add(&ana, some(here, 2)).await.unwrap();
    let refusal = refused(cart::add(&ana, some(there, 1)).await);
    let Problem::OtherCampus { campus } = refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(campus.en, "North campus");
    assert_eq!(cart::count(&ana).await.unwrap(), 2);

    let replacing = Addition {
        replace: true,
        ..some(there, 1)
    };
    cart::add(&ana, replacing).await.unwrap();
    let seen = cart::get(&ana).await.unwrap();
    assert_eq!(seen.campus.as_ref().unwrap().slug, "lakeside");
    assert_eq!(quantities(&seen), [("apple", 1)]);
    // What is empty can become one of any campus.
    cart::remove(&ana, seen.lines[0].id).await.unwrap();
    cart::add(&ana, some(here, 1)).await.unwrap();
}

async fn what_changes_meanwhile_is_told(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let dish = item(&ana, "north", "chilaquiles-verdes").await;
    for reference in ["apple", "banana", "still-water"] {
        let id = item(&ana, "north", reference).await.id;
        cart::add(&ana, some(id, 2)).await.unwrap();
    }
    cart::add(&ana, simply(&dish, 1)).await.unwrap();
    let seen = cart::get(&ana).await.unwrap();
    assert!(seen.is_orderable());
    for statement in [
        "UPDATE menu_item SET active = FALSE WHERE reference = 'apple'",
        "UPDATE stock SET on_hand = 1 WHERE item_id IN (SELECT id FROM menu_item WHERE reference = 'banana')",
        "UPDATE menu_item SET price = 200 WHERE reference = 'still-water'",
        r#"UPDATE menu_item SET options = '{"groups":[],"rules":[]}' WHERE reference = 'chilaquiles-verdes'"#,
    ] {
        engine.raw(statement).await;
    }
    let seen = cart::get(&ana).await.unwrap();
    let told: Vec<_> = seen.lines.iter().map(|line| line.trouble).collect();
    assert_eq!(
        told,
        [
            Some(Trouble::NotSold),
            Some(Trouble::NotEnough { available: 1 }),
            None,
            Some(Trouble::OptionsChanged),
        ]
    );
    assert!(!seen.is_orderable());
    assert_eq!(seen.lines[2].unit_price, 200);
    let apple = seen.lines[0].item;
    assert_eq!(
        refused(cart::add(&ana, some(apple, 1)).await),
        Problem::NotFound
    );
}

/// Plans a week and gives the dishes of its first day.
async fn planned(ctx: &Ctx, product: &Product) -> Vec<String> {
    let worker = Runner::start(&product.service, "worker").await.unwrap();
    let job = service::plan::request(ctx, week(3)).await.unwrap();
    ended(ctx, job.id).await;
    worker.stop().await;
    let plan = service::plan::latest_of_week(ctx, week(3)).await.unwrap();
    let day = plan.unwrap().plan.days.into_iter().next().unwrap();
    day.meals.into_iter().map(|meal| meal.dish_id.0).collect()
}

fn meals(day: usize, meal: Option<usize>) -> Meals {
    Meals {
        week: week(3),
        version: None,
        day,
        meal,
    }
}

/// Makes a campus sell exactly these dishes of the day, and gives them.
async fn sells(engine: &Engine, campus: &str, dishes: &[&str]) {
    let of = format!("campus_id IN (SELECT id FROM campus WHERE slug = '{campus}')");
    // Names that no dish has, so that the ones wanted are free.
    engine
        .raw(&format!(
            "UPDATE menu_item SET reference = 'none-' || position WHERE kind = 'DISH' AND {of}"
        ))
        .await;
    for (place, dish) in dishes.iter().enumerate() {
        engine
            .raw(&format!(
                "UPDATE menu_item SET reference = '{dish}' WHERE kind = 'DISH' AND {of} AND position =
                    (SELECT position FROM menu_item WHERE kind = 'DISH' AND {of} ORDER BY position LIMIT 1 OFFSET {place})"
            ))
            .await;
    }
}

async fn a_day_of_the_plan_is_ordered_where_it_is_sold(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.eater("ana").await;
    assert_eq!(
        refused(cart::add_from_plan(&ana, &meals(0, None), None).await),
        Problem::NotFound
    );
    let day = planned(&ana, &product).await;
    let dishes: Vec<&str> = day.iter().map(String::as_str).collect();
    sells(engine, "north", &dishes[..1]).await;
    sells(engine, "lakeside", &dishes[..2]).await;

    // The campus that sells most of it is taken where nothing else says which.
    let outcome = cart::add_from_plan(&ana, &meals(0, None), None)
        .await
        .unwrap();
    assert_eq!(outcome.campus.slug, "lakeside");
    let added: Vec<&str> = outcome.added.iter().map(|dish| dish.0.as_str()).collect();
    assert_eq!(added, dishes[..2]);
    let missing: Vec<_> = outcome
        .missing
        .iter()
        .map(|(dish, why)| (dish.0.as_str(), *why))
        .collect();
    let expected: Vec<_> = dishes[2..]
        .iter()
        .map(|dish| (*dish, Missing::NotSold))
        .collect();
    assert_eq!(missing, expected);
    let seen = cart::get(&ana).await.unwrap();
    assert!(seen.is_orderable(), "{:?}", seen.lines);
    assert!(
        seen.lines
            .iter()
            .all(|line| matches!(line.kind, MenuItemKind::Dish(_)))
    );
    let there = cart::sold_where(&ana, &meals(0, None)).await.unwrap();
    let there: Vec<_> = there
        .iter()
        .map(|there| (there.campus.slug.as_str(), there.dishes))
        .collect();
    assert_eq!(there, [("lakeside", 2), ("north", 1)]);

    // One meal goes where the cart is; another campus empties it.
    let outcome = cart::add_from_plan(&ana, &meals(0, Some(0)), None)
        .await
        .unwrap();
    assert_eq!(outcome.campus.slug, "lakeside");
    let outcome = cart::add_from_plan(&ana, &meals(0, None), Some("north"))
        .await
        .unwrap();
    assert_eq!(outcome.added.len(), 1);
    let seen = cart::get(&ana).await.unwrap();
    assert_eq!(seen.campus.unwrap().slug, "north");
    assert_eq!(seen.lines.len(), 1);

    // What is sold out is said, and what was in the cart stays where nothing comes instead.
    engine
        .raw("UPDATE stock SET on_hand = 0, reserved = 0")
        .await;
    let outcome = cart::add_from_plan(&ana, &meals(0, None), Some("lakeside"))
        .await
        .unwrap();
    assert_eq!(
        (outcome.campus.slug.as_str(), outcome.added.len()),
        ("lakeside", 0)
    );
    let seen = cart::get(&ana).await.unwrap();
    assert_eq!(seen.campus.unwrap().slug, "north");
    assert_eq!(seen.lines.len(), 1);
    cart::clear(&ana).await.unwrap();
    let outcome = cart::add_from_plan(&ana, &meals(0, Some(0)), Some("north"))
        .await
        .unwrap();
    assert_eq!(outcome.missing[0].1, Missing::SoldOut);
    let seen = cart::get(&ana).await.unwrap();
    assert!(seen.campus.is_none() && seen.lines.is_empty());

    for (meals, slug) in [
        (meals(7, None), None),
        (meals(0, Some(99)), None),
        (
            Meals {
                version: Some(Uuid::nil().to_string()),
                ..meals(0, None)
            },
            None,
        ),
    ] {
        let refusal = refused(cart::add_from_plan(&ana, &meals, slug).await);
        assert_eq!(refusal, Problem::NotFound);
    }
    assert_eq!(
        refused(cart::add_from_plan(&ana, &meals(0, None), Some("moon")).await),
        invalid("campus", InvalidCode::UnknownChoice)
    );
    let ben = product.member("ben").await;
    assert_eq!(
        refused(cart::add_from_plan(&ben, &meals(0, None), None).await),
        Problem::NotFound
    );
    assert_eq!(
        refused(cart::add_from_plan(&product.anonymous(), &meals(0, None), None).await),
        Problem::Unauthenticated
    );
}

async fn what_a_profile_forbids_is_not_ordered_for_it(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.eater("ana").await;
    let coffee = item(&ana, "north", "coffee").await;
    let milky = coffee
        .options
        .all()
        .find(|option| option.allergens.contains(&Allergen::Milk))
        .unwrap()
        .key
        .clone();
    let against_milk = ProfileDraft {
        allergens: vec!["MILK".to_owned()],
        ..draft()
    };
    service::profile::put(&ana, &against_milk).await.unwrap();
    let mut addition = simply(&coffee, 1);
    let group = coffee
        .options
        .groups
        .iter()
        .find(|group| group.options.iter().any(|option| option.key == milky))
        .unwrap();
    for option in &group.options {
        addition.options.remove(&option.key);
    }
    addition.options.insert(milky);
    cart::add(&ana, addition).await.unwrap();
    let seen = cart::get(&ana).await.unwrap();
    let milk = domain::menu::Forbidden::Allergen {
        allergen: Allergen::Milk,
    };
    assert!(seen.lines[0].forbidden.contains(&milk), "{:?}", seen.lines);
    // It is marked, not refused: who orders may do so for somebody else.
    assert!(seen.is_orderable());

    // From the plan comes nothing that the profile forbids.
    let day = planned(&ana, &product).await;
    sells(engine, "north", &[day[0].as_str()]).await;
    let milk_only = r#"{"groups":[{"key":"g","name":{"en":"g","es":"g"},"min":1,"max":1,"options":[{"key":"o",
        "name":{"en":"o","es":"o"},"price":0,"grams":1,"nutrients":{},"allergens":["MILK"],"excludedDiets":[],
        "foods":[]}]}],"rules":[]}"#;
    engine
        .raw(&format!(
            "UPDATE menu_item SET options = '{milk_only}' WHERE reference = '{}'",
            day[0]
        ))
        .await;
    let outcome = cart::add_from_plan(&ana, &meals(0, Some(0)), Some("north"))
        .await
        .unwrap();
    assert_eq!(outcome.missing[0].1, Missing::Forbidden);
}

async fn what_is_not_sold_together_is_ordered_in_parts(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let breakfast = item(&ana, "north", "chilaquiles-verdes").await;
    let lunch = item(&ana, "north", "pollo-en-mole").await;
    let water = item(&ana, "north", "still-water").await;
    for addition in [simply(&breakfast, 1), simply(&lunch, 1), simply(&water, 1)] {
        cart::add(&ana, addition).await.unwrap();
    }
    let seen = cart::get(&ana).await.unwrap();
    let parts = cart::parts(&ana, &seen).await.unwrap();
    let items: Vec<Vec<Uuid>> = parts
        .iter()
        .map(|part| {
            let lines = seen
                .lines
                .iter()
                .filter(|line| part.lines.contains(&line.id));
            lines.map(|line| line.item).collect()
        })
        .collect();
    assert_eq!(items, [vec![breakfast.id, water.id], vec![lunch.id]]);
    // In each of its slots all of a part can be collected.
    for (part, items) in parts.iter().zip(&items) {
        assert!(!part.slots.is_empty());
        for free in &part.slots {
            for id in items {
                let row = [&breakfast, &lunch, &water]
                    .into_iter()
                    .find(|row| row.id == *id)
                    .unwrap();
                let campus = seen.campus.as_ref().unwrap();
                let at = free.slot.starts_at;
                menu::available_at(&product.service, campus, row, NOW, at).unwrap();
            }
        }
    }
    // Once a part was ordered, the rest is left.
    cart::remove_ordered(&ana, &parts[0].lines).await.unwrap();
    let left = cart::get(&ana).await.unwrap();
    assert_eq!(quantities(&left), [("pollo-en-mole", 1)]);

    engine
        .raw(r#"UPDATE menu_item SET sale = '{"days":[],"from":0,"until":1}' WHERE reference = 'pollo-en-mole'"#)
        .await;
    let parts = cart::parts(&ana, &left).await.unwrap();
    assert_eq!((parts.len(), parts[0].slots.len()), (1, 0));
}

async fn visitors_get_so_many_carts_a_minute(engine: &Engine) {
    let product = seeded(engine).await;
    let nobody = visitor(&product, None);
    let water = item(&nobody, "north", "still-water").await.id;
    engine.raw("UPDATE stock SET on_hand = 100000").await;
    // What can't be put in makes no cart, and counts for nothing.
    for _ in 0..cart::VISITORS_MOST {
        let refusal = refused(cart::add(&nobody, some(Uuid::nil(), 1)).await);
        assert_eq!(refusal, Problem::NotFound);
    }
    assert_eq!(engine.raw("SELECT COUNT(*) FROM cart").await, ["0"]);
    let mut token = None;
    for _ in 0..cart::VISITORS_MOST {
        token = cart::add(&nobody, some(water, 1)).await.unwrap().visitor;
    }
    let refusal = refused(cart::add(&nobody, some(water, 1)).await);
    assert!(matches!(refusal, Problem::RateLimited { after: 1.. }));
    // Whoever has one, and members, go on; the others may a minute later.
    let browser = visitor(&product, token.as_deref());
    cart::add(&browser, some(water, 1)).await.unwrap();
    let ana = product.member("ana").await;
    cart::add(&ana, some(water, 1)).await.unwrap();
    product.clock.advance(60 * SECOND);
    cart::add(&nobody, some(water, 1)).await.unwrap();
}

async fn what_left_the_catalogue_can_be_taken_out(engine: &Engine) {
    let product = seeded(engine).await;
    let ana = product.member("ana").await;
    let apple = item(&ana, "north", "apple").await.id;
    cart::add(&ana, some(apple, 2)).await.unwrap();
    engine
        .raw("UPDATE menu_item SET reference = 'gone' WHERE reference = 'apple'")
        .await;
    let seen = cart::get(&ana).await.unwrap();
    assert_eq!(quantities(&seen), [("gone", 2)]);
    assert_eq!(seen.lines[0].trouble, Some(Trouble::NotSold));
    assert!(!seen.is_orderable());
    assert_eq!(
        refused(cart::add(&ana, some(apple, 1)).await),
        Problem::NotFound
    );
    cart::remove(&ana, seen.lines[0].id).await.unwrap();
    assert!(cart::get(&ana).await.unwrap().lines.is_empty());
}

async fn carts_that_visitors_leave_are_forgotten(engine: &Engine) {
    let product = seeded(engine).await;
    let nobody = visitor(&product, None);
    let ana = product.member("ana").await;
    let water = item(&nobody, "north", "still-water").await.id;
    let old = cart::add(&nobody, some(water, 1)).await.unwrap().visitor;
    cart::add(&ana, some(water, 1)).await.unwrap();
    product.clock.advance(30 * DAY + 1);
    let young = cart::add(&nobody, some(water, 1)).await.unwrap().visitor;
    let worker = Runner::start(&product.service, "worker").await.unwrap();
    let id = admin(&product, "ada").await;
    let ada = product.ctx(Actor::Account {
        id,
        role: Role::Admin,
    });
    service::board::run_schedule(&ada, "installation.sweep")
        .await
        .unwrap();
    eventually("the old cart is gone", async || {
        let old = visitor(&product, old.as_deref());
        let seen = cart::get(&old).await.unwrap();
        seen.lines.is_empty().then_some(())
    })
    .await;
    worker.stop().await;
    let young = visitor(&product, young.as_deref());
    assert_eq!(cart::count(&young).await.unwrap(), 1);
    assert_eq!(cart::count(&ana).await.unwrap(), 1);
}
