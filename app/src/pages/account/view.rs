use super::api::{NotificationsView, get_notifications};
use super::notifications;
use crate::components::Icon;
use crate::components::icon;
use crate::context::{self, Me, name, t};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::{A, Redirect};
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn AccountPage() -> impl IntoView {
    let me = context::me();
    let query = use_query_map();
    let saved = query.with_untracked(|query| query.get("saved").unwrap_or_default());
    let told = Resource::new_blocking(|| (), |()| async { get_notifications().await.ok() });
    view! {
        <Title text=t(Key::AccountTitle)/>
        <div class="page page--text stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::AccountTitle)}</h1>
                <p class="lede">{t(Key::AccountLede)}</p>
            </div>
            <Suspense fallback=|| ()>
                {move || {
                    let saved = saved.clone();
                    Suspend::new(async move {
                        let (me, told) = (me.await, told.await);
                        match me {
                            Some(me) => details(me, told, &saved),
                            None => view! { <Redirect path="/sign-in?next=/account"/> }.into_any(),
                        }
                    })
                }}
            </Suspense>
        </div>
    }
}

fn details(me: Me, told: Option<NotificationsView>, saved: &str) -> AnyView {
    let told = told.map(|told| notifications::section(told, saved));
    // On a phone an address breaks before its host, if it must.
    let at = me.email.find('@').unwrap_or_default();
    let (local, host) = (me.email[..at].to_owned(), me.email[at..].to_owned());
    view! {
        <div class="card">
            <dl class="facts">
                <div><dt>{t(Key::AccountName)}</dt><dd>{me.name}</dd></div>
                <div><dt>{t(Key::AccountEmail)}</dt><dd>{local}<wbr/>{host}</dd></div>
                <div><dt>{t(Key::AccountRole)}</dt><dd>{name("role", me.role.key())}</dd></div>
            </dl>
        </div>
        {told}
        <div class="cluster">
            <A href="/profile" attr:class="btn btn--primary">{t(Key::AccountToProfile)}<Icon path=icon::ARROW/></A>
            <A href="/plan" attr:class="btn">{t(Key::AccountToPlan)}</A>
            <form method="post" action="/sign-out"><button class="btn btn--quiet">{t(Key::AccountSignOut)}</button></form>
        </div>
    }
    .into_any()
}
