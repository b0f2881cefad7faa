//! What administrators see and change: orders, refunds, menus, campuses, people, and the log of it all.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::orders::conserved;
use crate::shop::{CAMPUS, PRICE, SLOT, Shop, both};
use crate::{NOW, PASSWORD, Product, SECOND, refused, register};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::kitchen::Station;
use domain::menu::{
    GroupDraft, OpeningHours, OptionDraft, OptionRule, OptionsDraft, RuleKind, Sale,
};
use domain::order::{Advance, OrderState};
use domain::payment::{GatewayKind, PaymentState};
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use domain::text::Localized;
use serde_json::{Value, json};
use service::account::Register;
use service::audit::{self, AuditFilter};
use service::jobs::runner::Runner;
use service::menu::{self, CampusDraft, ItemDraft, MenuSort, NewItem, RecordFilter};
use service::order::{self, OrderCursor, OrderFilter, OrderSort, RefundDraft, RefundState};
use service::people::{self, PeopleFilter, PeopleSort, PersonEdit};
use service::search::{self, Hit};
use service::{Actor, Ctx, board, overview};
use uuid::Uuid;

on_both_engines!(
    each_role_sees_and_changes_what_is_its_own,
    orders_are_found_by_what_somebody_knows_of_them,
    money_goes_back_in_parts_and_never_more_than_was_paid,
    a_wallet_gets_parts_and_the_rest_back,
    a_cancellation_gives_back_what_parts_have_left,
    of_two_who_edit_the_same_item_the_second_is_told,
    options_that_contradict_themselves_are_refused_with_their_names,
    an_item_that_is_taken_off_while_it_is_sold_keeps_its_orders,
    a_campus_is_edited_and_refuses_what_can_not_be,
    people_are_given_roles_and_deactivated_by_others_only,
    what_was_taken_from_somebody_is_taken_from_their_tokens_too,
    every_change_is_in_the_log_with_its_difference,
    what_is_set_and_saved_is_in_the_log_too,
    people_who_are_called_alike_are_read_page_by_page,
    the_overview_counts_the_days_of_the_institution,
    a_search_finds_what_its_reader_may_see,
    a_dish_is_put_on_a_menu_once,
    what_goes_out_as_a_file_holds_no_formula,
);

async fn with_role(product: &Product, name: &str, role: Role) -> Ctx {
    let system = product.ctx(Actor::System);
    let created = service::account::create_with_role(&system, register(name), role).await;
    let id = created.unwrap();
    product.ctx(Actor::Account { id, role })
}

async fn ada(product: &Product) -> Ctx {
    with_role(product, "ada", Role::Admin).await
}

/// Waits until an order's saga has ended.
async fn settled(product: &Product, ctx: &Ctx, order: Uuid) -> order::OrderView {
    eventually("the saga ends", async || {
        product.clock.advance(SECOND);
        let view = order::get(ctx, order).await.unwrap();
        (view.current.is_none()).then_some(view)
    })
    .await
}

/// Waits until every refund of an order has ended.
async fn refunds(product: &Product, ctx: &Ctx, order: Uuid) -> Vec<(i64, RefundState)> {
    eventually("the refunds end", async || {
        product.clock.advance(SECOND);
        let detail = order::detail(ctx, order).await.unwrap();
        let ended = detail
            .refunds
            .iter()
            .all(|refund| refund.state != RefundState::Requested);
        ended.then(|| {
            let refunds = detail.refunds.iter();
            refunds
                .map(|refund| (refund.amount, refund.state))
                .collect()
        })
    })
    .await
}

fn give_back(key: &str, amount: Option<i64>) -> RefundDraft {
    RefundDraft {
        key: key.to_owned(),
        amount,
        reason: "It was cold".to_owned(),
    }
}

fn fields<T>(outcome: Result<T, service::Error>) -> Vec<InvalidField> {
    match refused(outcome) {
        Problem::Invalid { fields } => fields,
        other => panic!("{other:?}"),
    }
}

fn draft(price: i64) -> ItemDraft {
    ItemDraft {
        price,
        minutes: 10,
        active: true,
        position: 1,
        station: Station::Hot,
        sale: Sale::always(),
        options: OptionsDraft::default(),
    }
}

/// Two options that there are.
async fn two_options(ctx: &Ctx) -> [menu::OptionChoice; 2] {
    let mut choices = menu::option_choices(ctx).await.unwrap().into_iter();
    [choices.next().unwrap(), choices.next().unwrap()]
}

fn group(key: &str, min: i64, options: &[&menu::OptionChoice]) -> GroupDraft {
    GroupDraft {
        key: key.to_owned(),
        name: both(key),
        min,
        max: 1,
        options: options
            .iter()
            .map(|option| OptionDraft {
                key: option.key.clone(),
                price: 25,
            })
            .collect(),
    }
}

async fn each_role_sees_and_changes_what_is_its_own(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let staff = with_role(&product, "sam", Role::Staff).await;
    let operator = with_role(&product, "omar", Role::Operator).await;
    let admin = ada(&product).await;
    let anonymous = product.anonymous();
    let placed = shop.place(&maya, "one", 1).await.unwrap().order_id;
    let forbidden = Problem::Forbidden;

    // Orders are seen by all who work here, and given back by administrators only.
    let all = OrderFilter::default();
    for ctx in [&staff, &operator, &admin] {
        let found = order::find(ctx, &all, None, 10).await.unwrap();
        assert_eq!(found.items.len(), 1);
        order::detail(ctx, placed).await.unwrap();
    }
    assert_eq!(refused(order::find(&maya, &all, None, 10).await), forbidden);
    assert_eq!(refused(order::detail(&maya, placed).await), forbidden);
    assert_eq!(
        refused(order::find(&anonymous, &all, None, 10).await),
        Problem::Unauthenticated
    );
    let view = order::detail(&operator, placed).await.unwrap();
    assert!(!view.view.can_cancel && view.refundable == 0);
    for ctx in [&maya, &staff, &operator] {
        let outcome = order::refund(ctx, placed, &give_back("k", None)).await;
        assert_eq!(refused(outcome), forbidden);
    }

    // Menus and campuses are read by operators, and changed by administrators only.
    let menu = RecordFilter::default();
    for ctx in [&operator, &admin] {
        assert_eq!(menu::records(ctx, &menu).await.unwrap().count, 2);
        menu::item_for_edit(ctx, shop.soup).await.unwrap();
        overview::overview(ctx, 7, None).await.unwrap();
    }
    for ctx in [&maya, &staff] {
        assert_eq!(refused(menu::records(ctx, &menu).await), forbidden);
        assert_eq!(refused(overview::overview(ctx, 7, None).await), forbidden);
    }
    let edit = async |ctx: &Ctx| menu::update_item(ctx, shop.soup, 1, &draft(500)).await;
    for ctx in [&maya, &staff, &operator] {
        assert_eq!(refused(edit(ctx).await), forbidden);
        let deleted = menu::delete_item(ctx, shop.soup, 1).await;
        assert_eq!(refused(deleted), forbidden);
        assert_eq!(
            refused(people::list(ctx, &PeopleFilter::default(), None, 5).await),
            forbidden
        );
        assert_eq!(
            refused(audit::list(ctx, &AuditFilter::default(), None, 5).await),
            forbidden
        );
    }
    edit(&admin).await.unwrap();
    assert_eq!(
        refused(menu::item_for_edit(&admin, Uuid::nil()).await),
        Problem::NotFound
    );
    assert_eq!(
        refused(order::detail(&admin, Uuid::nil()).await),
        Problem::NotFound
    );
}

async fn orders_are_found_by_what_somebody_knows_of_them(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 100, 100).await;
    let maya = product.member("maya").await;
    let omar = product.member("omar").await;
    let admin = ada(&product).await;
    let mut placed = Vec::new();
    for (number, ctx) in [&maya, &omar, &maya, &omar, &maya].into_iter().enumerate() {
        let key = number.to_string();
        placed.push(shop.place(ctx, &key, 1).await.unwrap().order_id);
        product.clock.advance(SECOND);
    }
    let cancelled = placed[0];
    order::cancel(&maya, cancelled, None).await.unwrap();
    let find = async |filter: OrderFilter| {
        let found = order::find(&admin, &filter, None, 100).await.unwrap();
        assert_eq!(found.count, found.items.len() as i64);
        found.items.iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let newest: Vec<Uuid> = placed.iter().rev().copied().collect();
    assert_eq!(find(OrderFilter::default()).await, newest);
    let of = |person: &str| OrderFilter {
        person: Some(person.to_owned()),
        ..OrderFilter::default()
    };
    assert_eq!(find(of("OMAR")).await, [placed[3], placed[1]]);
    assert_eq!(find(of("omar@example.org")).await, [placed[3], placed[1]]);
    assert!(find(of("nobody")).await.is_empty());
    let second = OrderFilter {
        number: Some(2),
        ..OrderFilter::default()
    };
    assert_eq!(find(second.clone()).await, [placed[1]]);
    let not_hers = OrderFilter {
        person: Some("maya".to_owned()),
        ..second
    };
    assert!(find(not_hers).await.is_empty());
    let since = OrderFilter {
        since: Some(NOW + 3 * SECOND),
        campus: Some(CAMPUS.to_owned()),
        ascending: true,
        ..OrderFilter::default()
    };
    assert_eq!(find(since).await, [placed[3], placed[4]]);
    let by_slot = OrderFilter {
        sort: OrderSort::Slot,
        since: Some(SLOT),
        until: Some(SLOT + 1),
        ..OrderFilter::default()
    };
    assert_eq!(find(by_slot.clone()).await, newest, "all of one slot");
    let elsewhen = OrderFilter {
        since: Some(SLOT + 1),
        until: None,
        ..by_slot
    };
    assert!(find(elsewhen).await.is_empty());

    // Page by page, in each order, everything comes once.
    for (sort, ascending) in [
        (OrderSort::Placed, false),
        (OrderSort::Placed, true),
        (OrderSort::Slot, false),
        (OrderSort::Slot, true),
    ] {
        for person in [None, Some("example".to_owned())] {
            let filter = OrderFilter {
                sort,
                ascending,
                person,
                ..OrderFilter::default()
            };
            let mut all = Vec::new();
            let mut after: Option<OrderCursor> = None;
            loop {
                let page = order::find(&admin, &filter, after, 2).await.unwrap();
                all.extend(page.items.iter().map(|order| order.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut wanted = placed.clone();
            if !ascending {
                wanted.reverse();
            }
            assert_eq!(all, wanted, "{filter:?}");
        }
    }
    let moon = OrderFilter {
        campus: Some("moon".to_owned()),
        ..OrderFilter::default()
    };
    let wrong = fields(order::find(&admin, &moon, None, 10).await);
    assert_eq!(wrong[0].code, InvalidCode::UnknownChoice);
    let wrong = fields(order::find(&admin, &OrderFilter::default(), None, 101).await);
    assert_eq!(wrong[0].field, "limit");
}

async fn money_goes_back_in_parts_and_never_more_than_was_paid(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let admin = ada(&product).await;
    let id = shop.place(&maya, "one", 2).await.unwrap().order_id;
    let paid = 2 * PRICE;
    let early = order::refund(&admin, id, &give_back("early", None)).await;
    assert_eq!(refused(early), Problem::Conflict, "nothing is paid so far");
    let runner = Runner::start(&product.service, "all").await.unwrap();
    settled(&product, &maya, id).await;

    let wrong = fields(order::refund(&admin, id, &give_back("k", Some(paid + 1))).await);
    assert_eq!(
        wrong,
        [InvalidField::new(
            "amount",
            InvalidCode::MoreThanPaid { left: paid }
        )]
    );
    for amount in [0, -1] {
        let wrong = fields(order::refund(&admin, id, &give_back("k", Some(amount))).await);
        assert_eq!(wrong[0].field, "amount");
    }
    let mute = RefundDraft {
        reason: " ".to_owned(),
        ..give_back("k", Some(1))
    };
    assert_eq!(
        fields(order::refund(&admin, id, &mute).await)[0].field,
        "reason"
    );
    assert_eq!(
        refused(order::refund(&admin, id, &give_back("", None)).await),
        Problem::KeyMissing
    );

    let first = order::refund(&admin, id, &give_back("one", Some(300)))
        .await
        .unwrap();
    let again = order::refund(&admin, id, &give_back("one", Some(300)))
        .await
        .unwrap();
    assert_eq!(first.id, again.id, "the same request is the same refund");
    let other = fields(order::refund(&admin, id, &give_back("one", Some(200))).await);
    assert_eq!(other[0].code, InvalidCode::KeyReused);
    // Many at once share what is left, and no more.
    let keys: Vec<String> = (0..8).map(|number| format!("many {number}")).collect();
    let drafts: Vec<RefundDraft> = keys.iter().map(|key| give_back(key, Some(200))).collect();
    let all = drafts.iter().map(|draft| order::refund(&admin, id, draft));
    let outcomes = futures::future::join_all(all).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    let done = refunds(&product, &admin, id).await;
    assert_eq!(done.iter().map(|(amount, _)| amount).sum::<i64>(), paid);
    assert!(done.iter().all(|(_, state)| *state == RefundState::Done));
    assert_eq!(
        refused(order::refund(&admin, id, &give_back("more", None)).await),
        Problem::Conflict,
        "nothing is left"
    );
    let parts = ledger_parts(engine).await;
    assert_eq!(parts, (paid, 4), "the gateway has given all of it back");
    let told = "SELECT CAST(COUNT(*) AS BIGINT) FROM outbox WHERE kind = 'PAYMENT_REFUNDED'";
    assert_eq!(engine.raw(told).await, ["4"]);
    runner.stop().await;
}

/// How much the gateway gave back in parts, and in how many.
async fn ledger_parts(engine: &Engine) -> (i64, i64) {
    let ledger = storage::ledger::Ledger::open(&engine.database, &engine.slug)
        .await
        .unwrap();
    let mut tx = ledger.db().read().await.unwrap();
    let parts = storage::ledger::parts(&mut tx).await.unwrap();
    drop(tx);
    ledger.db().close().await;
    parts
}

async fn a_wallet_gets_parts_and_the_rest_back(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let admin = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let top_up = service::wallet::StaffTopUp {
        account: maya.account_id().unwrap(),
        key: "cash".to_owned(),
        amount: 2000,
        currency: "USD".to_owned(),
        reason: "cash".to_owned(),
    };
    service::wallet::top_up_by_staff(&admin, top_up)
        .await
        .unwrap();
    let mut wanted = shop.order("one", 2);
    wanted.gateway = GatewayKind::Wallet;
    let id = order::place(&maya, wanted).await.unwrap().order_id;
    settled(&product, &maya, id).await;
    let balance = async || service::wallet::get(&maya).await.unwrap()[0].balance;
    assert_eq!(balance().await, 2000 - 2 * PRICE);
    order::refund(&admin, id, &give_back("part", Some(100)))
        .await
        .unwrap();
    refunds(&product, &admin, id).await;
    assert_eq!(balance().await, 2100 - 2 * PRICE);
    // Cancelled, the rest comes back, and not the part again.
    order::cancel(&maya, id, None).await.unwrap();
    let view = settled(&product, &maya, id).await;
    assert_eq!(view.payment.unwrap().state, PaymentState::Refunded);
    assert_eq!(balance().await, 2000);
    conserved(engine).await;
    runner.stop().await;
}

async fn a_cancellation_gives_back_what_parts_have_left(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let admin = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let id = shop.place(&maya, "one", 2).await.unwrap().order_id;
    settled(&product, &maya, id).await;
    order::refund(&admin, id, &give_back("part", Some(150)))
        .await
        .unwrap();
    refunds(&product, &admin, id).await;
    order::cancel(&admin, id, Some("The oven is broken"))
        .await
        .unwrap();
    settled(&product, &maya, id).await;
    assert_eq!(
        refused(order::refund(&admin, id, &give_back("more", Some(1))).await),
        Problem::Conflict
    );
    let told: Vec<i64> = order::detail(&admin, id)
        .await
        .unwrap()
        .events
        .iter()
        .filter(|event| event.kind == "PAYMENT_REFUNDED")
        .filter_map(|event| event.payload["amount"].as_i64())
        .collect();
    assert_eq!(told, [150, 2 * PRICE - 150]);
    runner.stop().await;
}

async fn of_two_who_edit_the_same_item_the_second_is_told(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let admin = ada(&product).await;
    let seen = menu::item_for_edit(&admin, shop.soup).await.unwrap();
    assert_eq!(seen.item.version, 1);
    let edited = menu::update_item(&admin, shop.soup, 1, &draft(500))
        .await
        .unwrap();
    assert_eq!((edited.item.version, edited.item.price), (2, 500));
    let late = menu::update_item(&admin, shop.soup, 1, &draft(700)).await;
    assert_eq!(refused(late), Problem::Conflict);
    assert_eq!(
        refused(menu::delete_item(&admin, shop.soup, 1).await),
        Problem::Conflict
    );
    let now = menu::item_for_edit(&admin, shop.soup).await.unwrap();
    assert_eq!(now.item.price, 500);
    // At once, one of them wins.
    let (five, six) = (draft(501), draft(502));
    let both = [&five, &six].map(|draft| menu::update_item(&admin, shop.soup, 2, draft));
    let outcomes = futures::future::join_all(both).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let wrong = fields(menu::update_item(&admin, shop.soup, 3, &draft(-1)).await);
    assert_eq!(wrong[0].field, "price");
    let never = ItemDraft {
        sale: Sale {
            days: [].into(),
            ..Sale::always()
        },
        ..draft(1)
    };
    let wrong = fields(menu::update_item(&admin, shop.soup, 3, &never).await);
    assert_eq!(wrong[0].field, "sale.days");
}

async fn options_that_contradict_themselves_are_refused_with_their_names(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let admin = ada(&product).await;
    let [one, two] = two_options(&admin).await;
    let with = |groups: Vec<GroupDraft>, rules: Vec<OptionRule>| ItemDraft {
        options: OptionsDraft { groups, rules },
        ..draft(450)
    };
    let excludes = OptionRule {
        kind: RuleKind::Excludes,
        option: one.key.clone(),
        other: two.key.clone(),
    };
    let save = async |draft: ItemDraft| menu::update_item(&admin, shop.soup, 1, &draft).await;
    // The first must be chosen, and it excludes the second: that can never be.
    let groups = || vec![group("size", 1, &[&one]), group("milk", 0, &[&two])];
    let wrong = fields(save(with(groups(), vec![excludes.clone()])).await);
    assert_eq!(
        wrong,
        [InvalidField::new(
            "options.groups[1].options[0].key",
            InvalidCode::NeverChosen {
                option: two.name.clone()
            }
        )]
    );
    let both_needed = vec![group("size", 1, &[&one]), group("milk", 1, &[&two])];
    let wrong = fields(save(with(both_needed, vec![excludes])).await);
    assert!(
        matches!(&wrong[0].code, InvalidCode::NeverMet { groups } if groups.en.contains("size")),
        "{wrong:?}"
    );
    let unknown = menu::OptionChoice {
        key: "gold-leaf".to_owned(),
        ..one.clone()
    };
    let wrong = fields(save(with(vec![group("size", 0, &[&unknown])], Vec::new())).await);
    assert_eq!(wrong[0].code, InvalidCode::NotInCatalogue);
    let twice = vec![group("size", 0, &[&one]), group("size", 0, &[&two])];
    let wrong = fields(save(with(twice, Vec::new())).await);
    assert_eq!(wrong[0].code, InvalidCode::KeyNotUnique);
    let nobody = menu::item_for_edit(&admin, shop.soup).await.unwrap();
    assert_eq!(
        (nobody.item.version, nobody.item.options.groups.len()),
        (1, 0)
    );

    // What goes together is saved, with what the options are made of.
    let saved = save(with(groups(), Vec::new())).await.unwrap();
    let option = saved.item.options.option(&one.key).unwrap();
    assert_eq!((option.price, &option.name), (25, &one.name));
}

async fn an_item_that_is_taken_off_while_it_is_sold_keeps_its_orders(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let admin = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    settled(&product, &maya, id).await;
    assert_eq!(menu::living_orders(&admin, shop.soup).await.unwrap(), 1);
    menu::delete_item(&admin, shop.soup, 1).await.unwrap();
    assert_eq!(
        refused(menu::delete_item(&admin, shop.soup, 2).await),
        Problem::Conflict
    );

    // Nobody finds or orders it any more.
    let sold = menu::menu(&maya, CAMPUS, &menu::MenuFilter::default())
        .await
        .unwrap();
    assert!(sold.items.iter().all(|card| card.item.id != shop.soup));
    assert_eq!(
        refused(menu::item(&maya, CAMPUS, shop.soup).await),
        Problem::NotFound
    );
    assert!(matches!(
        refused(shop.place(&maya, "two", 1).await),
        Problem::OrderRefused { .. } | Problem::Invalid { .. }
    ));
    let late = menu::update_item(&admin, shop.soup, 2, &draft(1)).await;
    assert_eq!(refused(late), Problem::Conflict);

    // What was ordered of it is cooked and handed out, with its line.
    for advance in Advance::ALL {
        order::advance(&admin, id, advance).await.unwrap();
    }
    let view = order::get(&maya, id).await.unwrap();
    assert_eq!(view.order.state, OrderState::Collected);
    assert_eq!(view.lines[0].item_id, shop.soup);
    let deleted = RecordFilter {
        standing: Some("DELETED".to_owned()),
        ..RecordFilter::default()
    };
    assert_eq!(menu::records(&admin, &deleted).await.unwrap().count, 1);

    menu::restore_item(&admin, shop.soup, 2).await.unwrap();
    let back = menu::item_for_edit(&admin, shop.soup).await.unwrap();
    assert!(!back.item.active && back.item.deleted_at.is_none());
    menu::update_item(&admin, shop.soup, 3, &draft(PRICE))
        .await
        .unwrap();
    shop.place(&maya, "three", 1).await.unwrap();
    conserved(engine).await;
    runner.stop().await;
}

async fn a_campus_is_edited_and_refuses_what_can_not_be(engine: &Engine) {
    let product = Product::start(engine).await;
    Shop::open(&product, 10, 5).await;
    let admin = ada(&product).await;
    let seen = menu::campus_for_edit(&admin, CAMPUS).await.unwrap();
    let wanted = CampusDraft {
        version: seen.version,
        name: both("North Hall"),
        hours: seen.campus.hours.clone(),
        slot_minutes: 20,
        slot_capacity: 7,
        lead_minutes: 30,
    };
    let edited = menu::edit_campus(&admin, CAMPUS, &wanted).await.unwrap();
    assert_eq!(edited.version, seen.version + 1);
    let now = menu::campus(&admin, CAMPUS).await.unwrap();
    assert_eq!((now.slot_minutes, now.name.en.as_str()), (20, "North Hall"));
    assert_eq!(
        refused(menu::edit_campus(&admin, CAMPUS, &wanted).await),
        Problem::Conflict,
        "the version is an older one"
    );
    let mut hours = OpeningHours::default();
    hours.0[2] = vec![domain::menu::Opening {
        opens: 600,
        closes: 500,
    }];
    let wrong = CampusDraft {
        name: Localized {
            en: String::new(),
            es: "Norte".to_owned(),
        },
        hours,
        slot_minutes: 0,
        lead_minutes: 2000,
        ..wanted
    };
    let named: Vec<String> = fields(menu::edit_campus(&admin, CAMPUS, &wrong).await)
        .into_iter()
        .map(|field| field.field)
        .collect();
    assert_eq!(named, ["name.en", "hours[2]", "slotMinutes", "leadMinutes"]);
    let sound = CampusDraft {
        name: both("Moon"),
        hours: OpeningHours::default(),
        slot_minutes: 1,
        lead_minutes: 1,
        ..wrong
    };
    let nowhere = menu::edit_campus(&admin, "moon", &sound).await;
    assert_eq!(refused(nowhere), Problem::NotFound);
}

async fn people_are_given_roles_and_deactivated_by_others_only(engine: &Engine) {
    let product = Product::start(engine).await;
    let admin = ada(&product).await;
    let maya = product.member("maya").await;
    let id = maya.account_id().unwrap();
    let edit = |seen: (Role, bool), role: Role, active: bool| PersonEdit { seen, role, active };
    let own = admin.account_id().unwrap();
    let wrong = people::edit(&admin, own, edit((Role::Admin, true), Role::Member, true)).await;
    assert_eq!(fields(wrong)[0].code, InvalidCode::OwnAccount);
    let member = (Role::Member, true);
    let stale = people::edit(&admin, id, edit((Role::Staff, true), Role::Admin, true)).await;
    assert_eq!(refused(stale), Problem::Conflict);
    let now = people::edit(&admin, id, edit(member, Role::Staff, true))
        .await
        .unwrap();
    assert_eq!(now.role, Role::Staff);

    let sign_in = async || {
        let sign_in = service::account::SignIn {
            email: "maya@example.org".to_owned(),
            password: crate::PASSWORD.to_owned(),
        };
        service::account::sign_in(&product.anonymous(), sign_in).await
    };
    let session = sign_in().await.unwrap();
    let anonymous = product.anonymous();
    let who = service::account::actor_of_session(&anonymous, &session.token).await;
    assert_eq!(
        who.unwrap(),
        Actor::Account {
            id,
            role: Role::Staff
        }
    );
    people::edit(&admin, id, edit((Role::Staff, true), Role::Staff, false))
        .await
        .unwrap();
    let who = service::account::actor_of_session(&anonymous, &session.token).await;
    assert_eq!(who.unwrap(), Actor::Anonymous, "signed out everywhere");
    assert_eq!(refused(sign_in().await), Problem::WrongCredentials);

    let gone = PeopleFilter {
        active: Some(false),
        ..PeopleFilter::default()
    };
    let page = people::list(&admin, &gone, None, 10).await.unwrap();
    assert_eq!((page.count, page.items[0].id), (1, id));
    let called = PeopleFilter {
        text: Some("MAY".to_owned()),
        ..PeopleFilter::default()
    };
    assert_eq!(
        people::list(&admin, &called, None, 10).await.unwrap().count,
        1
    );
    people::edit(&admin, id, edit((Role::Staff, false), Role::Member, true))
        .await
        .unwrap();
    sign_in().await.unwrap();
}

async fn every_change_is_in_the_log_with_its_difference(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let admin = ada(&product).await;
    let own = admin.account_id().unwrap();
    menu::update_item(&admin, shop.soup, 1, &draft(500))
        .await
        .unwrap();
    menu::delete_item(&admin, shop.soup, 2).await.unwrap();
    menu::restore_item(&admin, shop.soup, 3).await.unwrap();
    let by_her = AuditFilter {
        actor: Some("ada@example.org".to_owned()),
        ..AuditFilter::default()
    };
    let page = audit::list(&admin, &by_her, None, 10).await.unwrap();
    let told: Vec<(&str, Option<Uuid>)> = page
        .items
        .iter()
        .map(|entry| (entry.action.as_str(), entry.actor_id))
        .collect();
    let her = Some(own);
    assert_eq!(
        told,
        [
            ("menu.restore", her),
            ("menu.delete", her),
            ("menu.edit", her)
        ]
    );
    assert_eq!(page.items[0].actor.as_deref(), Some("ada"));
    let edit = page.items[2].difference.as_ref().unwrap();
    assert_eq!(edit["price"], json!({ "before": PRICE, "after": 500 }));
    assert!(edit.get("minutes").is_none(), "only what changed: {edit}");
    let delete = page.items[1].difference.as_ref().unwrap();
    assert_eq!(delete["deleted"], json!({ "before": false, "after": true }));

    let about = AuditFilter {
        subject: Some(shop.soup.to_string()),
        action: Some("menu.edit".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(
        audit::list(&admin, &about, None, 10).await.unwrap().count,
        1
    );
    let stranger = AuditFilter {
        actor: Some("nobody@example.org".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(
        audit::list(&admin, &stranger, None, 10)
            .await
            .unwrap()
            .count,
        0
    );
    let first = audit::list(&admin, &by_her, None, 2).await.unwrap();
    let rest = audit::list(&admin, &by_her, first.next, 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    // What was refused is not in it.
    let late = menu::update_item(&admin, shop.soup, 1, &draft(900)).await;
    assert_eq!(refused(late), Problem::Conflict);
    assert_eq!(
        audit::list(&admin, &by_her, None, 10).await.unwrap().count,
        3
    );
}

async fn what_is_set_and_saved_is_in_the_log_too(engine: &Engine) {
    let product = Product::start(engine).await;
    let admin = ada(&product).await;
    let changed = |before: Value, after: Value| json!({ "before": before, "after": after });
    board::set_paused(&admin, "diet-plans", true).await.unwrap();
    assert_eq!(
        product.audited("queue.pause").await,
        [json!({ "paused": changed(json!(false), json!(true)) })]
    );
    board::set_rate(&admin, "diet-plans", Some((5, 60 * SECOND)))
        .await
        .unwrap();
    assert_eq!(
        product.audited("queue.set_rate").await,
        [json!({
            "jobs": changed(Value::Null, json!(5)),
            "seconds": changed(Value::Null, json!(60)),
        })]
    );
    let made = product.audited("account.create").await.remove(0);
    assert_eq!(
        made,
        json!({ "role": changed(Value::Null, json!("ADMIN")) }),
        "no address, no name, no password"
    );

    // That a profile was changed is told, and nothing of what it says.
    let maya = product.eater("maya").await;
    let profile = service::profile::get(&maya).await.unwrap();
    let heavier = ProfileDraft {
        weight_kg: Some(91.5),
        ..crate::draft()
    };
    service::profile::put(&maya, &heavier).await.unwrap();
    assert_ne!(service::profile::get(&maya).await.unwrap(), profile);
    let told = product.audited("profile.put").await;
    assert_eq!(
        told[0],
        json!({ "weightKg": changed(json!("•••"), json!("•••")) })
    );
    assert_eq!(told[1]["diet"], changed(Value::Null, json!("•••")));
}

async fn people_who_are_called_alike_are_read_page_by_page(engine: &Engine) {
    let product = Product::start(engine).await;
    let admin = ada(&product).await;
    let mut made = Vec::new();
    for number in 0..7 {
        let system = product.ctx(Actor::System);
        let alike = Register {
            name: "Ana López".to_owned(),
            // Their addresses are in another order than they came.
            email: format!("ana{}@example.org", number * 3 % 7),
            ..register("ana")
        };
        let id = service::account::create_with_role(&system, alike, Role::Member).await;
        made.push(id.unwrap());
    }
    let next = async |filter: &PeopleFilter, after: Option<Uuid>| {
        people::list(&admin, filter, after, 2).await.unwrap()
    };
    for sort in PeopleSort::ALL {
        for text in ["ana", "lopez ana", ""] {
            let filter = PeopleFilter {
                text: Some(text.to_owned()),
                role: Some(Role::Member),
                sort,
                ..PeopleFilter::default()
            };
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = next(&filter, after).await;
                assert_eq!(page.count, 7, "{sort:?} {text}");
                seen.extend(page.items.into_iter().map(|person| person.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut wanted = made.clone();
            match sort {
                PeopleSort::Newest => wanted.reverse(),
                PeopleSort::Email => {
                    let place = |id: &Uuid| made.iter().position(|one| one == id);
                    wanted.sort_by_key(|id| place(id).map(|number| number * 3 % 7));
                }
            }
            assert_eq!(seen, wanted, "{sort:?} {text}");
        }
    }

    // Where the last one of a page is among them no more, the next page goes on all the same.
    for sort in PeopleSort::ALL {
        let filter = PeopleFilter {
            text: Some("ana".to_owned()),
            active: Some(true),
            sort,
            ..PeopleFilter::default()
        };
        let first = next(&filter, None).await;
        let last = first.next.unwrap();
        let gone = PersonEdit {
            seen: (Role::Member, true),
            role: Role::Member,
            active: false,
        };
        people::edit(&admin, last, gone).await.unwrap();
        let second = next(&filter, Some(last)).await;
        let again = second.items.iter().any(|one| first.items.contains(one));
        assert!(!again, "{sort:?}");
        assert_eq!(second.items.len(), 2);
        let back = PersonEdit {
            seen: (Role::Member, false),
            active: true,
            ..gone
        };
        people::edit(&admin, last, back).await.unwrap();
    }
    let by_email = PeopleFilter {
        sort: PeopleSort::Email,
        ..PeopleFilter::default()
    };
    assert_eq!(
        fields(people::list(&admin, &by_email, Some(Uuid::nil()), 2).await),
        [InvalidField::new("cursor", InvalidCode::UnknownChoice)]
    );
}

async fn the_overview_counts_the_days_of_the_institution(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 100, 100).await;
    let maya = product.member("maya").await;
    let admin = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let first = shop.place(&maya, "one", 2).await.unwrap().order_id;
    let second = shop.place(&maya, "two", 1).await.unwrap().order_id;
    settled(&product, &maya, first).await;
    settled(&product, &maya, second).await;
    order::cancel(&maya, second, None).await.unwrap();
    settled(&product, &maya, second).await;
    // Ready ninety seconds after its time, half a minute after cooking began.
    let ready = SLOT + 90 * SECOND;
    product
        .clock
        .advance(ready - 30 * SECOND - product.service.now());
    order::advance(&admin, first, Advance::Start).await.unwrap();
    product.clock.advance(30 * SECOND);
    order::advance(&admin, first, Advance::Ready).await.unwrap();
    let found = overview::overview(&admin, 7, Some(CAMPUS)).await.unwrap();
    assert_eq!(found.days.len(), 7);
    assert_eq!((found.orders(), found.cancelled(), found.living), (2, 1, 1));
    assert_eq!(found.revenue(), [("USD".to_owned(), 2 * PRICE)]);
    let today = found.days.last().unwrap();
    assert_eq!(today.orders, 2);
    let waits = today.waits.unwrap();
    assert_eq!(waits.orders, 1);
    assert_eq!(
        (waits.late_half, waits.cooked_most),
        (90 * SECOND, 30 * SECOND)
    );
    assert_eq!(found.waits, today.waits);
    assert_eq!(found.popular.len(), 1);
    assert_eq!(
        (found.popular[0].item_id, found.popular[0].portions),
        (shop.soup, 2)
    );
    assert_eq!(
        fields(overview::overview(&admin, 8, None).await)[0].field,
        "days"
    );
    assert_eq!(
        fields(overview::overview(&admin, 7, Some("moon")).await)[0].field,
        "campus"
    );
    // Tomorrow it was yesterday.
    product.clock.advance(crate::DAY);
    let found = overview::overview(&admin, 7, None).await.unwrap();
    assert_eq!((found.days[5].orders, found.days[6].orders), (2, 0));
    runner.stop().await;
}

async fn a_search_finds_what_its_reader_may_see(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let maya = product.member("maya").await;
    let staff = with_role(&product, "sam", Role::Staff).await;
    let admin = ada(&product).await;
    let id = shop.place(&maya, "one", 1).await.unwrap().order_id;
    let find = async |ctx: &Ctx, text: &str| search::search(ctx, text).await.unwrap();
    for text in ["1", "#1"] {
        let hits = find(&staff, text).await;
        assert!(
            matches!(hits[0], Hit::Order { id: found, number: 1, .. } if found == id),
            "{hits:?}"
        );
    }
    let people = |hits: &[Hit]| {
        let people = hits.iter().filter(|hit| matches!(hit, Hit::Person { .. }));
        people.count()
    };
    assert_eq!(people(&find(&admin, "maya").await), 1);
    assert_eq!(
        people(&find(&staff, "maya").await),
        0,
        "staff see no people"
    );
    let jobs = find(&admin, &format!("order:{id}")).await;
    assert!(
        jobs.iter().any(|hit| matches!(hit, Hit::Job { .. })),
        "{jobs:?}"
    );
    let dish = admin.service.catalogue().dishes[0].name.en.clone();
    let hits = find(&staff, &dish).await;
    assert!(
        hits.iter().any(|hit| matches!(hit, Hit::Dish { .. })),
        "{dish}"
    );
    assert!(find(&admin, "  ").await.is_empty());
    assert_eq!(
        refused(search::search(&maya, "1").await),
        Problem::Forbidden
    );
    let long = "x".repeat(101);
    assert_eq!(fields(search::search(&admin, &long).await)[0].field, "q");
}

async fn what_was_taken_from_somebody_is_taken_from_their_tokens_too(engine: &Engine) {
    let product = Product::start(engine).await;
    let admin = ada(&product).await;
    let bob = with_role(&product, "bob", Role::Admin).await;
    let id = bob.account_id().unwrap();
    let sign_in = service::account::SignIn {
        email: "bob@example.org".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let tokens = service::account::issue_tokens(&product.anonymous(), sign_in).await;
    let tokens = tokens.unwrap();
    let mut seen = (Role::Admin, true);
    for (role, active, holds) in [
        (Role::Admin, true, Some(Role::Admin)),
        (Role::Staff, true, Some(Role::Staff)),
        (Role::Staff, false, None),
    ] {
        let edit = PersonEdit { seen, role, active };
        if (role, active) != seen {
            people::edit(&admin, id, edit).await.unwrap();
            seen = (role, active);
        }
        let holder = product.holder(&tokens).await.map(|ctx| ctx.actor);
        assert_eq!(holder, holds.map(|role| Actor::Account { id, role }));
    }
    // Nor does a request of theirs that has begun before change who others are.
    let maya = product.member("maya").await.account_id().unwrap();
    let edit = PersonEdit {
        seen: (Role::Member, true),
        role: Role::Admin,
        active: true,
    };
    assert_eq!(
        refused(people::edit(&bob, maya, edit).await),
        Problem::Forbidden
    );
    people::edit(&admin, maya, edit).await.unwrap();
}

async fn what_goes_out_as_a_file_holds_no_formula(engine: &Engine) {
    let product = Product::start(engine).await;
    let shop = Shop::open(&product, 10, 5).await;
    let admin = ada(&product).await;
    let register = service::account::Register {
        name: "=HYPERLINK(\"x\")".to_owned(),
        ..register("sly")
    };
    let tokens = service::account::register_client(&product.anonymous(), register).await;
    let sly = product.holder(&tokens.unwrap()).await.unwrap();
    shop.place(&sly, "one", 1).await.unwrap();
    let text = |file: Vec<u8>| String::from_utf8(file).unwrap();
    let orders = order::export_csv(&admin, &OrderFilter::default())
        .await
        .unwrap();
    let orders = text(orders);
    assert_eq!(orders.lines().count(), 2, "{orders}");
    assert!(orders.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{orders}");
    let people = people::export_csv(&admin, &PeopleFilter::default())
        .await
        .unwrap();
    assert!(text(people).contains("'=HYPERLINK"));
    let by_price = RecordFilter {
        sort: MenuSort::Price,
        ..RecordFilter::default()
    };
    let menu = menu::export_csv(&admin, &by_price).await.unwrap();
    assert_eq!(text(menu).lines().count(), 3);
    let log = audit::export_csv(&admin, &AuditFilter::default())
        .await
        .unwrap();
    assert!(text(log).contains("account.create"));
}

async fn a_dish_is_put_on_a_menu_once(engine: &Engine) {
    let product = Product::start(engine).await;
    Shop::open(&product, 10, 5).await;
    let admin = ada(&product).await;
    let (campus, choices) = menu::choices(&admin, CAMPUS).await.unwrap();
    assert_eq!(campus.slug, CAMPUS);
    let dish = choices.iter().find(|choice| choice.kind == "DISH").unwrap();
    let new = |reference: &str| NewItem {
        campus: CAMPUS.to_owned(),
        kind: "DISH".to_owned(),
        reference: reference.to_owned(),
        low_mark: 3,
        draft: ItemDraft {
            position: 0,
            ..draft(900)
        },
    };
    let made = menu::create_item(&admin, &new(&dish.reference))
        .await
        .unwrap();
    assert_eq!((made.item.position, &made.item.name), (2, &dish.name));
    let again = fields(menu::create_item(&admin, &new(&dish.reference)).await);
    assert_eq!(again[0].code, InvalidCode::AlreadyOnMenu);
    let unknown = fields(menu::create_item(&admin, &new("stroopwafel")).await);
    assert_eq!(unknown[0].code, InvalidCode::NotInCatalogue);
    // Its portions are counted from now on.
    let counted = service::stock::get(&admin, made.item.id).await.unwrap();
    assert_eq!((counted.level.on_hand(), counted.low_mark), (0, 3));
    // Taken off, it comes back as it is asked for.
    menu::delete_item(&admin, made.item.id, 1).await.unwrap();
    let back = menu::create_item(&admin, &new(&dish.reference))
        .await
        .unwrap();
    assert_eq!((back.item.id, back.item.deleted_at), (made.item.id, None));
}
