use super::api::SignUp;
use crate::components::{Field, Form, Submit};
use crate::context::{fill, t};
use domain::account::PASSWORD_MIN;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::components::A;
use locales::Key;

#[component]
pub fn SignUpPage() -> impl IntoView {
    let password_hint = fill(
        Key::SignUpPasswordHint,
        &[("min", &PASSWORD_MIN.to_string())],
    );
    view! {
        <Title text=t(Key::SignUpTitle)/>
        <div class="page page--narrow stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::SignUpTitle)}</h1>
                <p class="lede">{t(Key::SignUpLede)}</p>
            </div>
            <div class="card">
                <Form action=SignUp::PATH>
                    <Field name="name" label=t(Key::AccountName) hint=t(Key::SignUpNameHint) autocomplete="name"/>
                    <Field name="email" label=t(Key::AccountEmail) kind="email" inputmode="email" autocomplete="username"/>
                    <Field name="password" label=t(Key::AccountPassword) hint=password_hint kind="password" autocomplete="new-password"/>
                    <Submit label=t(Key::SignUpSubmit) class="btn--primary btn--block"/>
                </Form>
            </div>
            <p class="center">{t(Key::SignUpHaveAccount)} " " <A href="/sign-in">{t(Key::AccountSignIn)}</A></p>
        </div>
    }
}
