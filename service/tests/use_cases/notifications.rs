//! Notifications: members are told, once each, in their language, whatever happens to those who carry it.

use crate::carriers::{Browser, Call, FROM, HangUp, HttpStub, Mail, SmtpSink};
use crate::crashes::block_on;
use crate::engines::{Engine, eventually, on_both_engines};
use crate::shop::{SLOT, Shop};
use crate::{DAY, NOW, Product, SECOND, admin, refused, register, settings, settings_with};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use domain::account::Role;
use domain::breaker::BreakerState;
use domain::event::{EventPayload, OrderEvent};
use domain::invalid::{InvalidCode, InvalidField};
use domain::notification::{
    CODE_LASTS, CODES_WITHIN, Channel, DeliveryState, PhoneNumber, Preferences, PreferencesDraft,
    Template,
};
use domain::order::Advance;
use domain::payment::DeclineReason;
use domain::problem::Problem;
use domain::text::{Language, Localized};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use service::gateways::{Act, GatewaySettings, Operation};
use service::jobs::runner::Runner;
use service::notify::{
    self, Delivery, DeliveryFilter, DeliveryQuery, Notices, NotifySettings, PushServices,
    PushSettings, Secret, SmsSettings,
};
use service::outbox::{Receiver as _, Relay};
use service::{Actor, Ctx, Settings};
use std::collections::BTreeSet;
use std::time::Duration;
use storage::outbox::NewEvent;
use uuid::Uuid;

on_both_engines!(
    members_are_told_by_email_in_their_language,
    a_declined_payment_and_a_cancellation_are_told_as_such,
    an_address_that_is_refused_fails_and_can_be_told_again,
    a_server_that_wants_to_be_asked_later_is_asked_later,
    a_dead_server_opens_its_breaker_delays_messages_and_loses_none,
    a_server_that_does_not_let_us_in_loses_nothing,
    a_meal_that_waited_for_too_long_is_told_no_more,
    short_messages_go_as_twilio_takes_them,
    who_carries_it_for_others_may_not_know_how_it_went,
    a_number_is_told_nothing_before_it_is_confirmed,
    a_code_is_taken_for_ten_minutes_and_five_times,
    a_number_is_sent_three_codes_an_hour_whoever_asks,
    in_the_demo_a_code_is_read_where_messages_are_kept,
    a_member_is_told_so_often_a_day_and_no_more,
    only_the_browser_can_read_what_it_is_told,
    a_browser_that_is_gone_is_forgotten,
    who_signs_out_is_told_nothing_there_any_more,
    an_event_makes_its_deliveries_once,
    an_event_of_long_standing_waits_for_nobody_without_channels,
    what_was_begun_twice_is_not_begun_again_by_itself,
    what_was_handed_over_without_an_answer_is_sent_twice_at_most,
    what_was_surely_not_sent_is_tried_until_it_is,
    a_delivery_whose_job_was_stopped_is_seen_to_have_failed,
    members_choose_how_they_are_told,
    deliveries_are_found_and_written_into_a_file,
);

/// How much time passes at each look, in microseconds.
const TICK: i64 = 200_000;

fn with(engine: &Engine, notify: NotifySettings) -> Settings {
    Settings {
        notify,
        public_url: "https://meals.example.org".to_owned(),
        ..settings(engine)
    }
}

/// Somebody who speaks a language.
async fn speaker(product: &Product, name: &str, language: Language) -> Ctx {
    let anonymous = Ctx {
        language,
        ..product.anonymous()
    };
    let tokens = service::account::register_client(&anonymous, register(name)).await;
    Ctx {
        language,
        ..product.holder(&tokens.unwrap()).await.unwrap()
    }
}

async fn ada(product: &Product) -> Ctx {
    let id = admin(product, "ada").await;
    let role = Role::Admin;
    product.ctx(Actor::Account { id, role })
}

/// Every delivery, the newest first.
async fn all(ada: &Ctx) -> Vec<Delivery> {
    found(ada, DeliveryFilter::default()).await
}

async fn found(ada: &Ctx, filter: DeliveryFilter) -> Vec<Delivery> {
    let query = DeliveryQuery {
        filter,
        oldest: false,
        after: None,
        limit: 100,
    };
    notify::list(ada, &query).await.unwrap().items
}

/// Waits until so many deliveries stand so; time passes meanwhile.
async fn stand(product: &Product, ada: &Ctx, state: DeliveryState, many: usize) -> Vec<Delivery> {
    eventually("deliveries stand so", async || {
        product.clock.advance(TICK);
        let filter = DeliveryFilter {
            state: Some(state),
            ..DeliveryFilter::default()
        };
        let deliveries = found(ada, filter).await;
        (deliveries.len() == many).then_some(deliveries)
    })
    .await
}

/// Something has happened that a member is told of.
async fn happens(ctx: &Ctx, kind: OrderEvent, number: i64) -> NewEvent {
    let order = Uuid::from_u128(number as u128);
    let event = NewEvent {
        id: ctx.service.next_id(),
        aggregate: format!("order:{order}"),
        kind,
        payload: EventPayload {
            order_id: Some(order),
            number: Some(number),
            campus: Some(Localized {
                en: "North".to_owned(),
                es: "Norte".to_owned(),
            }),
            slot_at: Some(SLOT),
            ..EventPayload::default()
        },
        account_id: Some(ctx.account_id().unwrap()),
        campus_id: None,
        request_id: "request".to_owned(),
        at: ctx.now(),
    };
    let mut tx = ctx.institution.db.write().await.unwrap();
    storage::outbox::append(&mut tx, std::slice::from_ref(&event))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    event
}

fn to<'a>(mails: &'a [Mail], name: &str) -> Vec<&'a Mail> {
    let address = format!("{name}@example.org");
    let mine = mails.iter().filter(|mail| mail.to == [address.as_str()]);
    mine.collect()
}

async fn members_are_told_by_email_in_their_language(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let shop = Shop::open(&product, 10, 10).await;
    let ana = speaker(&product, "ana", Language::En).await;
    let ben = speaker(&product, "ben", Language::Es).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let hers = shop.place(&ana, "a", 2).await.unwrap();
    shop.place(&ben, "b", 1).await.unwrap();
    sink.taken(2).await;
    let role = Role::Staff;
    let staff = product.ctx(Actor::System);
    let id = service::account::create_with_role(&staff, register("sara"), role).await;
    let id = id.unwrap();
    let sara = product.ctx(Actor::Account { id, role });
    for advance in [Advance::Start, Advance::Ready] {
        service::order::advance(&sara, hers.order_id, advance)
            .await
            .unwrap();
    }
    let mails = sink.taken(3).await;
    let (hers, his) = (to(&mails, "ana"), to(&mails, "ben"));
    assert_eq!((hers.len(), his.len()), (2, 1));
    for mail in &mails {
        assert_eq!(mail.from, "meals@example.org");
        assert_eq!(mail.header("From"), FROM);
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        let id = mail.header("Message-ID");
        assert!(id.starts_with('<') && id.ends_with("@example.org>"), "{id}");
        let parsed = mail.parsed();
        assert_eq!(parsed.ctype.mimetype, "multipart/alternative");
        // What can be read anywhere comes first (RFC 2046, 5.1.4).
        let kinds: Vec<&str> = parsed
            .subparts
            .iter()
            .map(|part| part.ctype.mimetype.as_str())
            .collect();
        assert_eq!(kinds, ["text/plain", "text/html"]);
    }
    let ids: BTreeSet<String> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), 3, "each message has its own");

    assert_eq!(hers[0].header("Subject"), "Order 1 is confirmed");
    let (text, html) = (hers[0].part("text/plain"), hers[0].part("text/html"));
    assert!(text.contains("Hello ana,"), "{text}");
    assert!(text.contains("Collect it at North, today at"), "{text}");
    assert!(text.contains("2 × Dish: US$9.00"), "{text}");
    assert!(text.contains("https://meals.example.org/orders/"), "{text}");
    assert!(html.contains("<html lang=\"en\">"), "{html}");
    assert!(html.contains("2 × Dish"), "{html}");
    assert_eq!(hers[1].header("Subject"), "Order 1 is ready");

    assert_eq!(his[0].header("Subject"), "El pedido 2 está confirmado");
    let (text, html) = (his[0].part("text/plain"), his[0].part("text/html"));
    assert!(text.contains("Hola, ben:"), "{text}");
    assert!(text.contains("Recógelo en North, hoy a las"), "{text}");
    assert!(html.contains("<html lang=\"es\">"), "{html}");

    let ada = ada(&product).await;
    for delivery in stand(&product, &ada, DeliveryState::Sent, 3).await {
        assert_eq!(delivery.attempts, 1);
        let reference = delivery.reference.unwrap();
        assert!(reference.contains("queued as"), "{reference}");
    }
    runner.stop().await;
}

async fn a_declined_payment_and_a_cancellation_are_told_as_such(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let gateway = GatewaySettings::scripted(|asked| match asked.operation {
        Operation::Charge if asked.amount > 500 => {
            Some(Act::Decline(DeclineReason::InsufficientFunds))
        }
        _ => None,
    });
    let settings = Settings {
        notify: sink.notify(),
        ..settings_with(engine, gateway)
    };
    let product = Product::start_with(settings).await;
    let shop = Shop::open(&product, 10, 10).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    shop.place(&ana, "a", 2).await.unwrap();
    let his = shop.place(&ben, "b", 1).await.unwrap();
    eventually("he is told", async || {
        product.clock.advance(TICK);
        (to(&sink.mails(), "ben").len() == 1).then_some(())
    })
    .await;
    service::order::cancel(&ben, his.order_id, None)
        .await
        .unwrap();
    let ada = ada(&product).await;
    let sent = stand(&product, &ada, DeliveryState::Sent, 3).await;
    let mut told: Vec<Template> = sent.iter().map(|delivery| delivery.template).collect();
    told.sort();
    // A declined payment is one message, and not also a cancellation.
    assert_eq!(
        told,
        [Template::Confirmed, Template::Declined, Template::Cancelled]
    );
    let mails = sink.mails();
    let declined = to(&mails, "ana")[0].part("text/plain");
    assert!(declined.contains("Your payment was declined"), "{declined}");
    let cancelled = to(&mails, "ben")[1].part("text/plain");
    assert!(cancelled.contains("You cancelled it."), "{cancelled}");
    runner.stop().await;
}

async fn an_address_that_is_refused_fails_and_can_be_told_again(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    sink.refuse(Some("550 5.1.1 no such user"));
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    let why = failed.error.unwrap();
    assert!(why.starts_with("REFUSED") && why.contains("550"), "{why}");
    assert_eq!(failed.attempts, 1, "it is not tried in vain");
    let view = notify::get(&ada, failed.id).await.unwrap();
    assert_eq!(view.member, "ana");
    assert_eq!(view.content.subject, "Order 7 is ready");
    assert!(sink.mails().is_empty());
    // That an address is refused says nothing of the server.
    let channels = notify::channels_now(&ada).await.unwrap();
    assert_eq!(channels[0].state, BreakerState::Closed);

    assert_eq!(
        refused(notify::send_again(&ana, failed.id).await),
        Problem::Forbidden
    );
    assert_eq!(
        refused(notify::send_again(&ada, Uuid::from_u128(1)).await),
        Problem::NotFound
    );
    sink.refuse(None);
    notify::send_again(&ada, failed.id).await.unwrap();
    let sent = stand(&product, &ada, DeliveryState::Sent, 1)
        .await
        .remove(0);
    assert_eq!((sent.id, sent.error), (failed.id, None));
    sink.taken(1).await;
    runner.stop().await;
    // Without anybody who sends it stays queued, and can't be asked for twice.
    notify::send_again(&ada, failed.id).await.unwrap();
    assert_eq!(
        refused(notify::send_again(&ada, failed.id).await),
        Problem::Conflict
    );
    let audited = "SELECT subject FROM audit WHERE action = 'delivery.repeat'";
    let subject = format!("delivery:{}", failed.id);
    assert_eq!(engine.raw(audited).await, [subject.clone(), subject]);
    let told = product.audited("delivery.repeat").await;
    let states: Vec<&Value> = told.iter().map(|one| &one["state"]["before"]).collect();
    assert_eq!(states, ["SENT", "FAILED"]);
    assert!(told.iter().all(|one| one["state"]["after"] == "QUEUED"));
}

async fn a_server_that_wants_to_be_asked_later_is_asked_later(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    sink.refuse(Some("451 4.7.1 not yet"));
    happens(&ana, OrderEvent::OrderConfirmed, 7).await;
    eventually("it is postponed", async || {
        let one = all(&ada).await.pop()?;
        let why = one.error?;
        assert_eq!(one.state, DeliveryState::Queued);
        why.starts_with("POSTPONED").then_some(())
    })
    .await;
    sink.refuse(None);
    let sent = stand(&product, &ada, DeliveryState::Sent, 1)
        .await
        .remove(0);
    assert!(sent.attempts > 1);
    assert_eq!(sink.mails().len(), 1);
    let channels = notify::channels_now(&ada).await.unwrap();
    assert_eq!(channels[0].state, BreakerState::Closed);
    runner.stop().await;
}

async fn a_dead_server_opens_its_breaker_delays_messages_and_loses_none(engine: &Engine) {
    const MEMBERS: i64 = 12;
    let mut sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ada = ada(&product).await;
    sink.die().await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    for number in 0..MEMBERS {
        let member = product.member(&format!("member{number}")).await;
        happens(&member, OrderEvent::OrderConfirmed, number).await;
    }
    eventually("the breaker opens", async || {
        product.clock.advance(TICK);
        let channels = notify::channels_now(&ada).await.unwrap();
        assert_eq!(channels[0].channel, Channel::Email);
        (channels[0].state == BreakerState::Open).then_some(())
    })
    .await;
    // Nothing is given up meanwhile, however long that is; a restart does not forget that it is away.
    let waiting = stand(&product, &ada, DeliveryState::Queued, MEMBERS as usize).await;
    assert_eq!(waiting.len(), MEMBERS as usize);
    product.clock.advance(3600 * SECOND);
    runner.stop().await;
    let again = Product::start_with(with(engine, sink.notify())).await;
    again.clock.advance(product.clock_now() - NOW);
    let ada = Ctx {
        service: std::sync::Arc::clone(&again.service),
        institution: again.service.institution(None).unwrap().clone(),
        ..ada
    };
    let runner = Runner::start(&again.service, "all").await.unwrap();
    sink.revive().await;
    let sent = stand(&again, &ada, DeliveryState::Sent, MEMBERS as usize).await;
    assert!(sent.iter().all(|delivery| delivery.error.is_none()));
    // Each of them got it, and once.
    let mails = sink.mails();
    assert_eq!(mails.len(), MEMBERS as usize);
    for number in 0..MEMBERS {
        assert_eq!(to(&mails, &format!("member{number}")).len(), 1);
    }
    let channels = notify::channels_now(&ada).await.unwrap();
    assert_eq!(channels[0].state, BreakerState::Closed);
    assert!(sink.connections() > 0);
    runner.stop().await;
}

async fn a_server_that_does_not_let_us_in_loses_nothing(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    // Somebody has changed our password there: no message is at fault.
    sink.refuse(Some("530 5.7.0 sign in first"));
    happens(&ana, OrderEvent::OrderConfirmed, 7).await;
    eventually("it is noted why", async || {
        let one = all(&ada).await.pop()?;
        assert_eq!(one.state, DeliveryState::Queued);
        one.error?.starts_with("UNAVAILABLE").then_some(())
    })
    .await;
    sink.refuse(None);
    stand(&product, &ada, DeliveryState::Sent, 1).await;
    runner.stop().await;
}

async fn a_meal_that_waited_for_too_long_is_told_no_more(engine: &Engine) {
    let mut sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    sink.die().await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    happens(&ana, OrderEvent::OrderReady, 7).await;
    eventually("it is tried", async || {
        all(&ada).await.pop()?.error.map(drop)
    })
    .await;
    product.clock.advance(Template::Ready.good_for() + SECOND);
    sink.revive().await;
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    let why = failed.error.unwrap();
    assert!(why.starts_with("EXPIRED UNAVAILABLE"), "{why}");
    assert!(sink.mails().is_empty());
    runner.stop().await;
}

fn twilio(stub: &HttpStub) -> NotifySettings {
    NotifySettings {
        sms: Some(SmsSettings {
            base: stub.base.clone(),
            account: "AC0123".to_owned(),
            token: Secret::new("hidden"),
            from: "+12025550143".to_owned(),
        }),
        ..NotifySettings::default()
    }
}

/// Wants these channels alone, and has a phone.
fn wishes(sms: bool, push: bool, phone: &str) -> PreferencesDraft {
    PreferencesDraft {
        inbox: true,
        email: false,
        sms,
        push,
        phone: phone.to_owned(),
        language: "es".to_owned(),
    }
}

async fn wants(ctx: &Ctx, sms: bool, push: bool) {
    let draft = wishes(sms, push, "+52 55 1234 5678");
    notify::set_preferences(ctx, &draft).await.unwrap();
}

/// The code in a short message, where there is one.
fn code_in(call: &Call) -> Option<String> {
    let form = call.form();
    let (_, body) = form.iter().find(|(field, _)| field == "Body")?;
    let said = body.strip_prefix("NutriFlow: ")?;
    let code: String = said.chars().take_while(char::is_ascii_digit).collect();
    (code.len() == 6).then_some(code)
}

/// Waits for so many codes, and gives them in the order in which they came.
async fn codes(product: &Product, stub: &HttpStub, many: usize) -> Vec<String> {
    eventually("codes come", async || {
        product.clock.advance(TICK);
        let codes: Vec<String> = stub.calls().iter().filter_map(code_in).collect();
        (codes.len() >= many).then_some(codes)
    })
    .await
}

/// A code that is another one.
fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Types the code that came to the phone.
async fn proves(product: &Product, ctx: &Ctx, stub: &HttpStub) {
    let code = codes(product, stub, 1).await.remove(0);
    notify::confirm_phone(ctx, &code).await.unwrap();
}

async fn short_messages_go_as_twilio_takes_them(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, r#"{"sid":"SM42","status":"queued"}"#).await;
    let product = Product::start_with(with(engine, twilio(&stub))).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    wants(&ana, true, false).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    proves(&product, &ana, &stub).await;
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let sent = stand(&product, &ada, DeliveryState::Sent, 2)
        .await
        .remove(0);
    assert_eq!(sent.reference.as_deref(), Some("SM42"));
    assert_eq!(sent.recipient, "+525512345678");
    let call = stub.called(2).await.remove(1);
    assert_eq!(call.path, "/2010-04-01/Accounts/AC0123/Messages.json");
    assert_eq!(
        call.header("content-type"),
        "application/x-www-form-urlencoded"
    );
    let basic = BASE64_STANDARD.encode("AC0123:hidden");
    assert_eq!(call.header("authorization"), format!("Basic {basic}"));
    let form = call.form();
    let field = |name: &str| {
        let field = form.iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.as_str())
    };
    assert_eq!(field("To"), Some("+525512345678"));
    assert_eq!(field("From"), Some("+12025550143"));
    let body = field("Body").unwrap();
    assert!(
        body.starts_with("NutriFlow: El pedido 7 está listo."),
        "{body}"
    );
    assert!(body.contains("Norte"), "{body}");

    // A number that can't be is refused for good.
    stub.answer(
        StatusCode::BAD_REQUEST,
        r#"{"code":21211,"message":"The 'To' number is not valid","status":400}"#,
    );
    happens(&ana, OrderEvent::OrderReady, 8).await;
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    let why = failed.error.unwrap();
    assert!(why.starts_with("REFUSED 21211"), "{why}");
    // A service that has enough of us gets it later.
    stub.answer(
        StatusCode::TOO_MANY_REQUESTS,
        r#"{"code":20429,"message":"Too Many Requests","status":429}"#,
    );
    let before = stub.calls().len();
    happens(&ana, OrderEvent::OrderReady, 9).await;
    stub.called(before + 1).await;
    stub.answer(StatusCode::CREATED, r#"{"sid":"SM43","status":"queued"}"#);
    stand(&product, &ada, DeliveryState::Sent, 3).await;
    runner.stop().await;
}

const TAKEN: &str = r#"{"sid":"SM42","status":"queued"}"#;

async fn who_carries_it_for_others_may_not_know_how_it_went(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, TAKEN).await;
    let product = Product::start_with(with(engine, twilio(&stub))).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    wants(&ana, true, false).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    proves(&product, &ana, &stub).await;
    let before = stub.calls().len();
    stub.answer(StatusCode::GATEWAY_TIMEOUT, "");
    happens(&ana, OrderEvent::OrderConfirmed, 7).await;
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    assert_eq!(failed.error.as_deref(), Some("UNCERTAIN UNANSWERED 504"));
    assert_eq!(stub.calls().len(), before + 2);
    // One that says itself that it can't take it has not taken it.
    stub.answer(StatusCode::SERVICE_UNAVAILABLE, "");
    happens(&ana, OrderEvent::OrderConfirmed, 8).await;
    eventually("it is tried more often than twice", async || {
        product.clock.advance(TICK);
        let one = all(&ada).await.remove(0);
        (one.number == 8 && one.attempts > 2).then_some(())
    })
    .await;
    stub.answer(StatusCode::CREATED, TAKEN);
    stand(&product, &ada, DeliveryState::Sent, 2).await;
    runner.stop().await;
}

async fn a_number_is_told_nothing_before_it_is_confirmed(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, TAKEN).await;
    let product = Product::start_with(with(engine, twilio(&stub))).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    assert_eq!(refused(notify::ask_for_code(&ana).await), Problem::Conflict);
    assert_eq!(
        refused(notify::confirm_phone(&ana, "123456").await),
        Problem::Conflict
    );
    wants(&ana, true, false).await;
    let known = notify::preferences(&ana).await.unwrap();
    assert!(!known.preferences.confirmed && known.code_asked && !known.codes_shown);
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    let made = all(&ada).await;
    assert_eq!(made.len(), 1);
    assert_eq!(
        (
            made[0].template,
            made[0].channel,
            made[0].recipient.as_str()
        ),
        (Template::Code, Channel::Sms, "+525512345678")
    );
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let code = codes(&product, &stub, 1).await.remove(0);
    // Administrators see that there was one, and not which.
    let view = notify::get(&ada, made[0].id).await.unwrap();
    for text in [&view.content.short, &view.content.text, &view.content.html] {
        assert!(text.contains("••••••") && !text.contains(&code), "{text}");
    }
    assert_eq!(
        refused(notify::confirm_phone(&ana, "  ").await),
        invalid("code", InvalidCode::Required)
    );
    for wrong in [other_than(&code), "12345", "١٢٣٤٥٦"] {
        assert_eq!(
            refused(notify::confirm_phone(&ana, wrong).await),
            invalid("code", InvalidCode::WrongCode)
        );
    }
    // The same number again is no reason for another code.
    wants(&ana, true, false).await;
    let (first, second) = code.split_at(3);
    notify::confirm_phone(&ana, &format!(" {first} {second} "))
        .await
        .unwrap();
    assert!(
        notify::preferences(&ana)
            .await
            .unwrap()
            .preferences
            .confirmed
    );
    assert_eq!(
        refused(notify::confirm_phone(&ana, &code).await),
        Problem::Conflict
    );
    wants(&ana, true, false).await;
    assert!(
        notify::preferences(&ana)
            .await
            .unwrap()
            .preferences
            .confirmed
    );
    happens(&ana, OrderEvent::OrderReady, 8).await;
    stand(&product, &ada, DeliveryState::Sent, 2).await;
    runner.stop().await;
    // What waits for a number that is not theirs any more does not go there.
    happens(&ana, OrderEvent::OrderReady, 9).await;
    while relay.pass().await.unwrap() {}
    let other = wishes(true, false, "+1 202 555 0143");
    notify::set_preferences(&ana, &other).await.unwrap();
    assert!(
        !notify::preferences(&ana)
            .await
            .unwrap()
            .preferences
            .confirmed
    );
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    assert_eq!(
        (failed.number, failed.error.as_deref()),
        (9, Some("UNCONFIRMED"))
    );
    codes(&product, &stub, 2).await;
    assert_eq!(stub.calls().len(), 3);
    runner.stop().await;
    let audited = "SELECT action FROM audit WHERE action LIKE 'phone.%' ORDER BY id";
    assert_eq!(
        engine.raw(audited).await,
        ["phone.ask", "phone.confirm", "phone.ask"]
    );
}

async fn a_code_is_taken_for_ten_minutes_and_five_times(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, TAKEN).await;
    let product = Product::start_with(with(engine, twilio(&stub))).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let expired = || invalid("code", InvalidCode::CodeExpired);
    let wrong = || invalid("code", InvalidCode::WrongCode);
    wants(&ana, true, false).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let first = codes(&product, &stub, 1).await.remove(0);
    // Somebody else's code is of no use, and their tries are their own.
    assert_eq!(
        refused(notify::confirm_phone(&ben, &first).await),
        Problem::Conflict
    );
    for _ in 0..5 {
        let tried = notify::confirm_phone(&ana, other_than(&first)).await;
        assert_eq!(refused(tried), wrong());
    }
    assert_eq!(
        refused(notify::confirm_phone(&ana, &first).await),
        expired()
    );
    notify::ask_for_code(&ana).await.unwrap();
    let second = codes(&product, &stub, 2).await.remove(1);
    product.clock.advance(CODE_LASTS);
    assert_eq!(
        refused(notify::confirm_phone(&ana, &second).await),
        expired()
    );
    notify::ask_for_code(&ana).await.unwrap();
    let third = codes(&product, &stub, 3).await.remove(2);
    let Problem::RateLimited { after } = refused(notify::ask_for_code(&ana).await) else {
        panic!("more than three codes within an hour");
    };
    assert!((1..=3600).contains(&after), "{after}");
    product.clock.advance(after * SECOND);
    notify::ask_for_code(&ana).await.unwrap();
    let fourth = codes(&product, &stub, 4).await.remove(3);
    // Only the last one counts.
    assert_eq!(refused(notify::confirm_phone(&ana, &third).await), wrong());
    notify::confirm_phone(&ana, &fourth).await.unwrap();
    assert_eq!(refused(notify::ask_for_code(&ana).await), Problem::Conflict);
    runner.stop().await;
}

async fn a_number_is_sent_three_codes_an_hour_whoever_asks(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, TAKEN).await;
    let product = Product::start_with(with(engine, twilio(&stub))).await;
    for name in ["ana", "ben", "cai"] {
        wants(&product.member(name).await, true, false).await;
    }
    let dana = product.member("dana").await;
    let draft = wishes(true, false, "+52 55 1234 5678");
    assert_eq!(
        refused(notify::set_preferences(&dana, &draft).await),
        Problem::RateLimited { after: 3600 }
    );
    // Nothing of it is kept, and another number is another one.
    let known = notify::preferences(&dana).await.unwrap().preferences;
    assert!(known.phone.is_none() && !known.sms);
    let other = wishes(true, false, "+1 202 555 0143");
    notify::set_preferences(&dana, &other).await.unwrap();
    product.clock.advance(CODES_WITHIN);
    notify::set_preferences(&dana, &draft).await.unwrap();
    let made = "SELECT COUNT(*) FROM delivery WHERE template = 'CODE'";
    assert_eq!(engine.raw(made).await, ["5"]);
}

async fn in_the_demo_a_code_is_read_where_messages_are_kept(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, TAKEN).await;
    let demo = |notify: NotifySettings| Settings {
        mode: service::Mode::Demo,
        ..with(engine, notify)
    };
    let product = Product::start_with(demo(NotifySettings::default())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    wants(&ana, true, false).await;
    assert!(notify::preferences(&ana).await.unwrap().codes_shown);
    let id = all(&ada).await.remove(0).id;
    let short = notify::get(&ada, id).await.unwrap().content.short;
    let said = short.strip_prefix("NutriFlow: ").unwrap();
    notify::confirm_phone(&ana, &said[..6]).await.unwrap();
    // Where phones are there to read it, nobody else does, also in the demo.
    let carried = Product::start_with(demo(twilio(&stub))).await;
    let ada = Ctx {
        service: std::sync::Arc::clone(&carried.service),
        institution: carried.service.institution(None).unwrap().clone(),
        ..ada
    };
    let short = notify::get(&ada, id).await.unwrap().content.short;
    assert!(short.starts_with("NutriFlow: ••••••"), "{short}");
}

async fn a_member_is_told_so_often_a_day_and_no_more(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, TAKEN).await;
    let product = Product::start_with(with(engine, twilio(&stub))).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let most = Channel::Sms.day_most().unwrap() as usize;
    wants(&ana, true, false).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    proves(&product, &ana, &stub).await;
    for number in 0..most as i64 + 4 {
        happens(&ana, OrderEvent::OrderConfirmed, number).await;
    }
    // The code is one of them.
    let failed = stand(&product, &ada, DeliveryState::Failed, 5).await;
    for one in &failed {
        assert_eq!(one.error.as_deref(), Some("LIMITED"));
        assert_eq!(one.attempts, 0);
    }
    stand(&product, &ada, DeliveryState::Sent, most).await;
    assert_eq!(stub.calls().len(), most);
    // Who decides that it is to be sent can do so the next day.
    product.clock.advance(DAY);
    notify::send_again(&ada, failed[0].id).await.unwrap();
    happens(&ana, OrderEvent::OrderConfirmed, 99).await;
    stand(&product, &ada, DeliveryState::Sent, most + 2).await;
    runner.stop().await;
}

fn web_push(stub: &HttpStub) -> NotifySettings {
    let (private_key, public_key) = notify::make_keys().unwrap();
    NotifySettings {
        push: Some(PushSettings {
            private_key,
            public_key,
            contact: "mailto:meals@example.org".to_owned(),
        }),
        push_services: PushServices(vec![stub.base.clone()]),
        ..NotifySettings::default()
    }
}

async fn only_the_browser_can_read_what_it_is_told(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, "").await;
    let settings = web_push(&stub);
    let public_key = settings.push.clone().unwrap().public_key;
    let product = Product::start_with(with(engine, settings)).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    wants(&ana, false, true).await;
    let browser = Browser::new();
    let endpoint = format!("{}/push/abc", stub.base);
    let id = notify::subscribe(&ana, &browser.named(&endpoint))
        .await
        .unwrap();
    // The same again is the same.
    let again = notify::subscribe(&ana, &browser.named(&endpoint)).await;
    assert_eq!(again.unwrap(), id);
    let known = notify::preferences(&ana).await.unwrap();
    assert_eq!(known.push_key.as_deref(), Some(public_key.as_str()));
    assert_eq!(known.browsers.len(), 1);
    let elsewhere = browser.named("https://elsewhere.example/push/abc");
    assert_eq!(
        refused(notify::subscribe(&ana, &elsewhere).await),
        invalid("endpoint", InvalidCode::UnknownChoice)
    );
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let event = happens(&ana, OrderEvent::OrderReady, 7).await;
    let sent = stand(&product, &ada, DeliveryState::Sent, 1)
        .await
        .remove(0);
    assert_eq!(
        sent.reference.as_deref(),
        Some("https://push.example.net/message/1")
    );
    let call = stub.called(1).await.remove(0);
    assert_eq!(call.path, "/push/abc");
    assert_eq!(call.header("content-encoding"), "aes128gcm");
    assert!(call.header("ttl").parse::<i64>().unwrap() > 0);
    assert_eq!(call.header("topic").len(), 32);
    let shown = call.header("authorization").to_owned();
    let (token, key) = shown
        .strip_prefix("vapid t=")
        .unwrap()
        .split_once(", k=")
        .unwrap();
    assert_eq!(key, public_key);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, BASE64.decode(key).unwrap())
        .verify(signed.as_bytes(), &BASE64.decode(signature).unwrap())
        .unwrap();
    let claims = BASE64.decode(signed.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["aud"], stub.base);
    assert_eq!(claims["sub"], "mailto:meals@example.org");
    let text = String::from_utf8_lossy(&call.body).into_owned();
    assert!(!text.contains("pedido"), "nobody reads it on the way");
    let message = browser.read(&call.body);
    assert_eq!(message["title"], "El pedido 7 está listo");
    assert_eq!(message["lang"], "es");
    let order = event.payload.order_id.unwrap();
    assert_eq!(
        message["url"],
        format!("https://meals.example.org/orders/{order}")
    );
    assert_eq!(message["tag"], format!("order:{order}"));
    runner.stop().await;
}

async fn a_browser_that_is_gone_is_forgotten(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::GONE, "").await;
    let product = Product::start_with(with(engine, web_push(&stub))).await;
    let ana = product.member("ana").await;
    let ben = product.member("ben").await;
    let ada = ada(&product).await;
    let browser = Browser::new();
    let endpoint = format!("{}/push/abc", stub.base);
    notify::subscribe(&ana, &browser.named(&endpoint))
        .await
        .unwrap();
    let runner = Runner::start(&product.service, "all").await.unwrap();
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    assert_eq!(failed.error.as_deref(), Some("GONE"));
    let known = notify::preferences(&ana).await.unwrap();
    assert!(known.browsers.is_empty());
    assert_eq!(product.audited("browser.unsubscribe").await.len(), 1);
    // Nothing more is made for it.
    happens(&ana, OrderEvent::OrderReady, 8).await;
    eventually("the event is had", async || {
        let left = "SELECT COUNT(*) FROM outbox WHERE notice_at IS NULL";
        (engine.raw(left).await == ["0"]).then_some(())
    })
    .await;
    assert_eq!(all(&ada).await.len(), 1);
    runner.stop().await;
    // A browser is whoever's who allowed it last: nobody else's messages are shown there.
    stub.answer(StatusCode::CREATED, "");
    let id = notify::subscribe(&ana, &browser.named(&endpoint))
        .await
        .unwrap();
    happens(&ana, OrderEvent::OrderReady, 9).await;
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    assert_eq!(
        notify::subscribe(&ben, &browser.named(&endpoint))
            .await
            .unwrap(),
        id
    );
    assert_eq!(
        refused(notify::unsubscribe(&ana, id).await),
        Problem::NotFound
    );
    let called = stub.calls().len();
    let runner = Runner::start(&product.service, "all").await.unwrap();
    stand(&product, &ada, DeliveryState::Failed, 2).await;
    assert_eq!(stub.calls().len(), called);
    assert_eq!(notify::preferences(&ben).await.unwrap().browsers.len(), 1);
    runner.stop().await;
}

async fn who_signs_out_is_told_nothing_there_any_more(engine: &Engine) {
    let stub = HttpStub::start(StatusCode::CREATED, "").await;
    let product = Product::start_with(with(engine, web_push(&stub))).await;
    let browser = Browser::new();
    let sign_in = async |name: &str, before: Option<&str>| {
        let ctx = Ctx {
            session: before.map(service::account::session_key),
            ..product.anonymous()
        };
        let sign_in = service::account::SignIn {
            email: format!("{name}@example.org"),
            password: crate::PASSWORD.to_owned(),
        };
        let session = service::account::sign_in(&ctx, sign_in).await.unwrap();
        session.token
    };
    let at = async |token: &str| {
        let anonymous = product.anonymous();
        let actor = service::account::actor_of_session(&anonymous, token).await;
        Ctx {
            session: Some(service::account::session_key(token)),
            ..product.ctx(actor.unwrap())
        }
    };
    let named = |place: &str| browser.named(&format!("{}/push/{place}", stub.base));
    let ana = product.member("ana").await;
    product.member("ben").await;
    let known = async || {
        let browsers = notify::preferences(&ana).await.unwrap().browsers;
        browsers.iter().map(|one| one.id).collect::<Vec<_>>()
    };
    // In a hall of computers, at home, and in an app that has a token.
    let (hall, home) = (sign_in("ana", None).await, sign_in("ana", None).await);
    let in_hall = notify::subscribe(&at(&hall).await, &named("hall"))
        .await
        .unwrap();
    let at_home = notify::subscribe(&at(&home).await, &named("home"))
        .await
        .unwrap();
    let in_app = notify::subscribe(&ana, &named("app")).await.unwrap();
    assert_eq!(known().await.len(), 3);
    let here = at(&hall).await;
    service::account::sign_out(&here, &hall).await.unwrap();
    assert_eq!(known().await, [at_home, in_app]);
    assert_eq!(product.audited("browser.unsubscribe").await.len(), 1);
    let subject = "SELECT subject FROM audit WHERE action = 'browser.unsubscribe'";
    assert_eq!(engine.raw(subject).await, [format!("browser:{in_hall}")]);
    // A page that was open when they signed out has nothing allowed after.
    assert_eq!(
        refused(notify::subscribe(&here, &named("hall")).await),
        Problem::Unauthenticated
    );

    // Who signs in where somebody has not signed out takes their place.
    let hall = sign_in("ana", None).await;
    notify::subscribe(&at(&hall).await, &named("hall"))
        .await
        .unwrap();
    assert_eq!(known().await.len(), 3);
    let his = sign_in("ben", Some(&hall)).await;
    assert_eq!(known().await.len(), 2);
    assert_eq!(at(&hall).await.actor, Actor::Anonymous);
    assert!(at(&his).await.account_id().is_ok());

    // Nor does a browser outlast a sign-in that has ended by time.
    product.clock.advance(30 * crate::DAY);
    sign_in("ben", None).await;
    assert_eq!(known().await, [in_app]);
}

async fn an_event_makes_its_deliveries_once(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let event = happens(&ana, OrderEvent::OrderReady, 7).await;
    let notices = Notices::new(&product.service, &ana.institution);
    for _ in 0..3 {
        let mut tx = ana.institution.db.write().await.unwrap();
        notices.deliver(&mut tx, &[event.id], NOW).await.unwrap();
        tx.commit().await.unwrap();
    }
    // What was rolled back made none.
    let other = happens(&ana, OrderEvent::OrderReady, 8).await;
    let mut tx = ana.institution.db.write().await.unwrap();
    notices.deliver(&mut tx, &[other.id], NOW).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(all(&ada).await.len(), 1);
    let jobs = "SELECT COUNT(*) FROM job WHERE kind = 'notification.send'";
    assert_eq!(engine.raw(jobs).await, ["1"]);
    // The relay makes the other one, and no second of the first.
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    assert_eq!(all(&ada).await.len(), 2);
    assert_eq!(engine.raw(jobs).await, ["2"]);
    let key = engine
        .raw("SELECT key FROM delivery WHERE number = 7")
        .await
        .remove(0);
    let account = ana.account_id().unwrap();
    assert_eq!(key, format!("{}:EMAIL:{account}", event.id));
}

async fn an_event_of_long_standing_waits_for_nobody_without_channels(engine: &Engine) {
    // Nothing is configured: nobody is told, and nothing waits.
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    let left = "SELECT COUNT(*) FROM outbox WHERE notice_at IS NULL";
    assert_eq!(engine.raw(left).await, ["0"]);
    assert_eq!(engine.raw("SELECT COUNT(*) FROM delivery").await, ["0"]);
    let known = notify::preferences(&ana).await.unwrap();
    assert!(known.channels.is_empty() && known.push_key.is_none());
}

async fn what_was_begun_twice_is_not_begun_again_by_itself(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    // Two processes died after they had sent it and before they noted that.
    let one = all(&ada).await.remove(0);
    for unsettled in 1..=2 {
        let mut tx = ana.institution.db.write().await.unwrap();
        let begun = storage::delivery::begin(&mut tx, one.id, one.job_id, NOW).await;
        assert_eq!(begun.unwrap().unwrap().unsettled, unsettled);
        tx.commit().await.unwrap();
    }
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    assert_eq!(failed.error.as_deref(), Some("UNCERTAIN"));
    assert!(sink.mails().is_empty());
    // Whoever decides that it is to be sent has it sent.
    notify::send_again(&ada, one.id).await.unwrap();
    sink.taken(1).await;
    stand(&product, &ada, DeliveryState::Sent, 1).await;
    runner.stop().await;
}

async fn what_was_handed_over_without_an_answer_is_sent_twice_at_most(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    // It takes each message, and nobody hears that it did.
    sink.hang_up(Some(HangUp::AfterContent));
    happens(&ana, OrderEvent::OrderConfirmed, 7).await;
    let failed = stand(&product, &ada, DeliveryState::Failed, 1)
        .await
        .remove(0);
    let why = failed.error.unwrap();
    assert!(why.starts_with("UNCERTAIN UNANSWERED"), "{why}");
    assert_eq!(failed.attempts, 2);
    assert_eq!(sink.mails().len(), 2);
    // Whoever decides that it is to be sent has it sent.
    sink.hang_up(None);
    notify::send_again(&ada, failed.id).await.unwrap();
    stand(&product, &ada, DeliveryState::Sent, 1).await;
    assert_eq!(sink.mails().len(), 3);
    runner.stop().await;
}

async fn what_was_surely_not_sent_is_tried_until_it_is(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    // It hangs up as well, and has nothing of the message.
    sink.hang_up(Some(HangUp::BeforeContent));
    happens(&ana, OrderEvent::OrderConfirmed, 7).await;
    let waiting = eventually("it is tried more often than twice", async || {
        product.clock.advance(TICK);
        let one = all(&ada).await.pop()?;
        (one.attempts > 2 && one.error.is_some()).then_some(one)
    })
    .await;
    assert_eq!(waiting.state, DeliveryState::Queued);
    assert!(waiting.error.unwrap().starts_with("UNAVAILABLE"));
    sink.hang_up(None);
    stand(&product, &ada, DeliveryState::Sent, 1).await;
    assert_eq!(sink.mails().len(), 1);
    runner.stop().await;
}

async fn a_delivery_whose_job_was_stopped_is_seen_to_have_failed(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let ada = ada(&product).await;
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    engine
        .raw("UPDATE job SET state = 'cancelled', finished_at = 1 WHERE kind = 'notification.send'")
        .await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let failed = eventually("it is given up", async || {
        product.clock.advance(60 * SECOND);
        let one = all(&ada).await.remove(0);
        (one.state == DeliveryState::Failed).then_some(one)
    })
    .await;
    assert_eq!(failed.error.as_deref(), Some("STOPPED"));
    assert!(sink.mails().is_empty());
    runner.stop().await;
}

fn invalid(field: &str, code: InvalidCode) -> Problem {
    Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    }
}

async fn members_choose_how_they_are_told(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = speaker(&product, "ana", Language::Es).await;
    let known = notify::preferences(&ana).await.unwrap();
    let usual = known.preferences;
    assert!(usual.inbox && usual.email && !usual.sms && !usual.push);
    assert_eq!(usual.language, Language::Es);
    assert_eq!(known.channels, [Channel::Email]);
    assert_eq!(
        refused(notify::preferences(&product.anonymous()).await),
        Problem::Unauthenticated
    );
    let draft = PreferencesDraft {
        inbox: false,
        email: false,
        language: "en".to_owned(),
        ..PreferencesDraft::default()
    };
    // What is not open here can't be wanted.
    let sms = PreferencesDraft {
        sms: true,
        phone: "+52 55 1234 5678".to_owned(),
        ..draft.clone()
    };
    assert_eq!(
        refused(notify::set_preferences(&ana, &sms).await),
        invalid("channels", InvalidCode::UnknownChoice)
    );
    let wrong = PreferencesDraft {
        phone: "5512345678".to_owned(),
        ..draft.clone()
    };
    assert_eq!(
        refused(notify::set_preferences(&ana, &wrong).await),
        invalid("phone", InvalidCode::NotAPhoneNumber)
    );
    assert_eq!(notify::preferences(&ana).await.unwrap().preferences, usual);

    notify::set_preferences(&ana, &draft).await.unwrap();
    happens(&ana, OrderEvent::OrderReady, 7).await;
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    // Neither the inbox nor a channel has anything.
    assert_eq!(service::inbox::unread(&ana).await.unwrap(), 0);
    assert_eq!(engine.raw("SELECT COUNT(*) FROM delivery").await, ["0"]);
    // A language that is chosen on a page is that of messages; one that a sign-in brings is not.
    notify::set_language(&ana, Language::Es).await.unwrap();
    let english = Ctx {
        language: Language::En,
        ..product.anonymous()
    };
    let sign_in = service::account::SignIn {
        email: "ana@example.org".to_owned(),
        password: crate::PASSWORD.to_owned(),
    };
    service::account::sign_in(&english, sign_in).await.unwrap();
    let now = notify::preferences(&ana).await.unwrap().preferences;
    assert_eq!((now.language, now.email), (Language::Es, false));
    let told = product.audited("contact.update").await;
    assert_eq!(told.len(), 1);
    let changed = |before: Value, after: Value| json!({ "before": before, "after": after });
    assert_eq!(told[0]["email"], changed(json!(true), json!(false)));
    assert_eq!(told[0].get("push"), None, "only what changed");
    assert_eq!(
        product.audited("contact.language").await,
        [json!({ "language": changed(json!("en"), json!("es")) })]
    );
    // Who reads the log reads nobody's number.
    let mut tx = ana.institution.db.write().await.unwrap();
    let phone = |number: &str| Preferences {
        phone: Some(PhoneNumber::parse(number).unwrap()),
        ..now.clone()
    };
    let account = ana.account_id().unwrap();
    storage::contact::put(&mut tx, account, &phone("+525512345678"), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let other = PreferencesDraft {
        phone: "+525512340000".to_owned(),
        language: "es".to_owned(),
        ..draft.clone()
    };
    notify::set_preferences(&ana, &other).await.unwrap();
    let told = product.audited("contact.update").await;
    assert_eq!(
        told[0]["phone"],
        changed(json!("•••5678"), json!("•••0000"))
    );
    assert!(!format!("{told:?}").contains("55123"));
}

async fn deliveries_are_found_and_written_into_a_file(engine: &Engine) {
    let sink = SmtpSink::start().await;
    let product = Product::start_with(with(engine, sink.notify())).await;
    let ana = product.member("ana").await;
    let anabel = product.member("anabel").await;
    let ben = product.member("ben").await;
    let ada = ada(&product).await;
    for (member, kind, number) in [
        (&ana, OrderEvent::OrderConfirmed, 1),
        (&anabel, OrderEvent::OrderConfirmed, 2),
        (&ben, OrderEvent::OrderReady, 3),
        (&ana, OrderEvent::OrderReady, 42),
        (&ana, OrderEvent::OrderStep, 5),
    ] {
        happens(member, kind, number).await;
    }
    let relay = Relay::new(&product.service, &ana.institution);
    while relay.pass().await.unwrap() {}
    let numbers = async |filter: DeliveryFilter| {
        let mut numbers: Vec<i64> = found(&ada, filter)
            .await
            .iter()
            .map(|one| one.number)
            .collect();
        numbers.sort_unstable();
        numbers
    };
    let text = |text: &str| DeliveryFilter {
        text: Some(text.to_owned()),
        ..DeliveryFilter::default()
    };
    assert_eq!(numbers(DeliveryFilter::default()).await, [1, 2, 3, 42]);
    assert_eq!(numbers(text("ANA")).await, [1, 2, 42]);
    assert_eq!(numbers(text("ana@")).await, [1, 42]);
    assert_eq!(numbers(text("42")).await, [42]);
    assert_eq!(numbers(text("#3")).await, [3]);
    assert_eq!(numbers(text("nobody")).await, Vec::<i64>::new());
    let ready = DeliveryFilter {
        template: Some(Template::Ready),
        ..text("ana")
    };
    assert_eq!(numbers(ready).await, [42]);
    let failed = DeliveryFilter {
        state: Some(DeliveryState::Failed),
        ..DeliveryFilter::default()
    };
    assert_eq!(numbers(failed).await, Vec::<i64>::new());

    // Page by page, either way round, each of them comes once.
    for oldest in [false, true] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let query = DeliveryQuery {
                filter: DeliveryFilter::default(),
                oldest,
                after,
                limit: 3,
            };
            let page = notify::list(&ada, &query).await.unwrap();
            assert_eq!(page.count, 4);
            seen.extend(page.items.iter().map(|one| one.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        if !oldest {
            sorted.reverse();
        }
        assert_eq!(seen, sorted);
        assert_eq!(seen.len(), 4);
    }
    let query = DeliveryQuery {
        filter: DeliveryFilter::default(),
        oldest: false,
        after: None,
        limit: 0,
    };
    let range = InvalidCode::OutOfRange { min: 1, max: 100 };
    assert_eq!(
        refused(notify::list(&ada, &query).await),
        invalid("limit", range)
    );
    assert_eq!(
        refused(notify::list(&ana, &query).await),
        Problem::Forbidden
    );

    let file = notify::export_csv(&ada, &text("ana@"), true).await.unwrap();
    let file = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = file.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("delivery,channel,template,state"));
    assert!(
        lines[1].contains(",EMAIL,CONFIRMED,QUEUED,en,ana@example.org,1,0,"),
        "{}",
        lines[1]
    );
    assert_eq!(
        refused(notify::export_csv(&ana, &text(""), false).await),
        Problem::Forbidden
    );
}

/// What a life of a process leaves behind: it stops after so many of its commits.
fn live(engine: &Engine, settings: &Settings, life: i64, stop_after: Option<i64>) {
    let settings = settings.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let product = Product::start_with(settings).await;
        product.clock.advance(life * 30 * SECOND);
        let faults = product
            .service
            .institution(None)
            .unwrap()
            .db
            .faults()
            .clone();
        if let Some(boundaries) = stop_after {
            faults.stop_after(boundaries);
        }
        let done = async {
            let runner = Runner::start(&product.service, "all").await.unwrap();
            eventually("it is sent", async || {
                product.clock.advance(TICK);
                let waiting = "SELECT COUNT(*) FROM delivery WHERE state = 'QUEUED'";
                (engine.raw(waiting).await == ["0"]).then_some(())
            })
            .await;
            runner.stop().await;
        };
        tokio::select! {
            () = faults.stopped() => {}
            () = done => {}
        }
    });
    // What stands still is dropped with its connections, as when a process dies.
    runtime.shutdown_timeout(Duration::from_secs(20));
}

/// A process stops at each of its first commits while a message is sent, also between sending and noting
/// that, and is started again: the message arrives, and at most twice.
fn stops_while_it_sends(engine: &Engine, boundaries: impl Iterator<Item = i64>) {
    let outside = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sink = outside.block_on(SmtpSink::start());
    let settings = with(engine, sink.notify());
    let mut twice = 0;
    for (life, boundary) in boundaries.enumerate() {
        let life = life as i64 * 2;
        let begin = tokio::runtime::Runtime::new().unwrap();
        let name = format!("member{life}");
        begin.block_on(async {
            let product = Product::start_with(settings.clone()).await;
            product.clock.advance(life * 30 * SECOND);
            let member = product.member(&name).await;
            happens(&member, OrderEvent::OrderConfirmed, life + 1).await;
            let relay = Relay::new(&product.service, &member.institution);
            while relay.pass().await.unwrap() {}
        });
        begin.shutdown_timeout(Duration::from_secs(20));
        live(engine, &settings, life, Some(boundary));
        live(engine, &settings, life + 1, None);
        let mails = sink.mails();
        let arrived = to(&mails, &name);
        assert!(
            (1..=2).contains(&arrived.len()),
            "stopped at {boundary}: {}",
            arrived.len()
        );
        let ids: BTreeSet<String> = arrived
            .iter()
            .map(|mail| mail.header("Message-ID"))
            .collect();
        assert_eq!(ids.len(), 1, "a mailbox can tell that it is the same");
        twice += arrived.len() - 1;
        let state = outside.block_on(engine.raw(&format!(
            "SELECT state FROM delivery WHERE recipient = '{name}@example.org'"
        )));
        assert_eq!(state, ["SENT"], "stopped at {boundary}");
    }
    outside.shutdown_timeout(Duration::from_secs(20));
    eprintln!("{twice} came twice");
}

#[test]
fn a_process_may_stop_between_sending_and_noting() {
    let engine = block_on(Engine::sqlite());
    stops_while_it_sends(&engine, (0..32).step_by(2));
}

#[test]
fn a_process_on_postgres_may_stop_between_sending_and_noting() {
    let Some(engine) = block_on(Engine::postgres()) else {
        return;
    };
    stops_while_it_sends(&engine, (3..30).step_by(5));
    block_on(engine.remove());
}
