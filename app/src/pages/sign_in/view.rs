use super::api::{DemoAccount, DemoSignIn, SignIn, demo_accounts};
use crate::components::icon;
use crate::components::{Field, Form, Icon, Submit};
use crate::context::{fill, name, t};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn SignInPage() -> impl IntoView {
    let next = use_query_map()
        .with_untracked(|query| query.get("next"))
        .unwrap_or_default();
    let accounts = Resource::new_blocking(
        || (),
        |()| async { demo_accounts().await.unwrap_or_default() },
    );
    view! {
        <Title text=t(Key::SignInTitle)/>
        <div class="page page--narrow stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::SignInTitle)}</h1>
                <p class="lede">{t(Key::SignInLede)}</p>
            </div>
            <div class="card">
                <Form action=SignIn::PATH>
                    <input type="hidden" name="next" value=next/>
                    <Field name="email" label=t(Key::AccountEmail) kind="email" inputmode="email" autocomplete="username"/>
                    <Field name="password" label=t(Key::AccountPassword) kind="password" autocomplete="current-password"/>
                    <Submit label=t(Key::AccountSignIn) class="btn--primary btn--block"/>
                </Form>
            </div>
            <p class="center">{t(Key::SignInNoAccount)} " " <A href="/sign-up">{t(Key::AccountSignUp)}</A></p>
            <Suspense fallback=|| ()>
                {move || Suspend::new(async move { demo_card(accounts.await) })}
            </Suspense>
        </div>
    }
}

fn demo_card(accounts: Vec<DemoAccount>) -> AnyView {
    if accounts.is_empty() {
        return ().into_any();
    }
    let buttons = accounts
        .into_iter()
        .map(|account| {
            let role = name("role", account.role.key());
            view! {
                <button name="email" value=account.email class="btn btn--block demo-account">
                    <Icon path=icon::PERSON/>
                    <span>{fill(Key::SignInDemoAs, &[("name", &account.name)])}<small>{role}</small></span>
                </button>
            }
        })
        .collect_view();
    view! {
        <section class="card card--sunken" aria-labelledby="demo">
            <div class="stack stack--s">
                <h2 id="demo" class="h3">{t(Key::SignInDemo)}</h2>
                <p class="small muted">{t(Key::SignInDemoText)}</p>
            </div>
            <Form action=DemoSignIn::PATH class="stack stack--s">{buttons}</Form>
        </section>
    }
    .into_any()
}
