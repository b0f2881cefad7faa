//! Signing up, in and out, and what ends a sign-in.

use crate::engines::{Engine, on_both_engines};
use crate::{DAY, PASSWORD, Product, SECOND, admin, refused, register};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use service::Actor;
use service::account::{self, SignIn};

on_both_engines!(
    sign_ins_end,
    refresh_tokens_are_used_once,
    accounts_are_protected,
);

fn sign_in(email: &str, password: &str) -> SignIn {
    SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
    }
}

async fn sign_ins_end(engine: &Engine) {
    let product = Product::start(engine).await;
    let ctx = product.anonymous();

    // A browser's, by signing out.
    let first = account::register(&ctx, register("ana")).await.unwrap();
    let second = account::sign_in(&ctx, sign_in(" ANA@example.org ", PASSWORD))
        .await
        .unwrap();
    let who = async |token: &str| account::actor_of_session(&ctx, token).await.unwrap();
    let ana = who(&first.token).await;
    assert!(matches!(
        ana,
        Actor::Account {
            role: Role::Member,
            ..
        }
    ));
    assert_eq!(who(&second.token).await, ana);
    account::sign_out(&ctx, &first.token).await.unwrap();
    assert_eq!(who(&first.token).await, Actor::Anonymous);
    assert_eq!(who("made up").await, Actor::Anonymous);

    // A browser's, by time.
    product.clock.advance(30 * DAY - 1);
    assert_eq!(who(&second.token).await, ana);
    product.clock.advance(1);
    assert_eq!(who(&second.token).await, Actor::Anonymous);

    // An access token, by time.
    let tokens = account::issue_tokens(&ctx, sign_in("ana@example.org", PASSWORD))
        .await
        .unwrap();
    assert_eq!(tokens.expires_in, 15 * 60);
    product.clock.advance(15 * 60 * SECOND - 1);
    assert_eq!(product.holder(&tokens).await.unwrap().actor, ana);
    product.clock.advance(1);
    assert!(product.holder(&tokens).await.is_none());

    // A refresh token, by time; coming late ends nothing.
    product.clock.advance(30 * DAY);
    let late = account::refresh_tokens(&ctx, &tokens.refresh_token).await;
    assert_eq!(refused(late), Problem::WrongCredentials);

    // What expired is not kept.
    account::sign_in(&ctx, sign_in("ana@example.org", PASSWORD))
        .await
        .unwrap();
    assert_eq!(engine.raw("SELECT COUNT(*) FROM session").await, ["1"]);
    assert_eq!(
        engine.raw("SELECT COUNT(*) FROM refresh_token").await,
        ["0"]
    );
}

async fn refresh_tokens_are_used_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let ctx = product.anonymous();
    let first = account::register_client(&ctx, register("ana"))
        .await
        .unwrap();
    let elsewhere = account::issue_tokens(&ctx, sign_in("ana@example.org", PASSWORD))
        .await
        .unwrap();
    let second = account::refresh_tokens(&ctx, &first.refresh_token)
        .await
        .unwrap();
    assert!(product.holder(&second).await.is_some());
    let third = account::refresh_tokens(&ctx, &second.refresh_token)
        .await
        .unwrap();

    // Somebody has a copy: the whole sign-in ends, the newest token included.
    let reused = account::refresh_tokens(&ctx, &first.refresh_token).await;
    assert_eq!(refused(reused), Problem::WrongCredentials);
    let newest = account::refresh_tokens(&ctx, &third.refresh_token).await;
    assert_eq!(refused(newest), Problem::WrongCredentials);
    let audited = engine
        .raw("SELECT action FROM audit WHERE action = 'account.refresh_reused'")
        .await;
    assert_eq!(audited.len(), 1);
    // Another sign-in of the same account goes on.
    account::refresh_tokens(&ctx, &elsewhere.refresh_token)
        .await
        .unwrap();
}

async fn accounts_are_protected(engine: &Engine) {
    let product = Product::start(engine).await;
    let ctx = product.anonymous();
    let ana = product.member("ana").await;

    // An address has one account, in any letter case.
    let mut again = register("ana");
    again.email = "Ana@Example.org".to_owned();
    let taken = InvalidField::new("email", InvalidCode::EmailTaken);
    let outcome = account::register(&ctx, again).await;
    assert_eq!(
        refused(outcome),
        Problem::Invalid {
            fields: vec![taken]
        }
    );

    // Unknown and wrong are the same.
    for (email, password) in [
        ("ana@example.org", "another sentence"),
        ("nobody@example.org", PASSWORD),
        ("nonsense", PASSWORD),
        ("", ""),
        ("' OR 1=1 --", PASSWORD),
    ] {
        let outcome = account::sign_in(&ctx, sign_in(email, password)).await;
        assert_eq!(refused(outcome), Problem::WrongCredentials, "{email}");
    }
    // Nor is a prefix of the right one enough, however long the rest.
    let long = format!("{PASSWORD}{}", "x".repeat(10_000));
    let outcome = account::sign_in(&ctx, sign_in("ana@example.org", &long)).await;
    assert_eq!(refused(outcome), Problem::WrongCredentials);

    // Only the installation gives roles.
    for actor in [ctx.actor, ana.actor] {
        let outcome =
            account::create_with_role(&product.ctx(actor), register("eve"), Role::Admin).await;
        assert_eq!(refused(outcome), Problem::Forbidden);
    }
    let ada = admin(&product, "ada").await;
    let session = account::sign_in(&ctx, sign_in("ada@example.org", PASSWORD))
        .await
        .unwrap();
    let actor = account::actor_of_session(&ctx, &session.token)
        .await
        .unwrap();
    assert_eq!(
        actor,
        Actor::Account {
            id: ada,
            role: Role::Admin
        }
    );

    // No secret is stored as it is.
    let stored = engine
        .raw("SELECT password_hash FROM account")
        .await
        .join(" ");
    assert!(stored.contains("$argon2id$") && !stored.contains(PASSWORD));
}
