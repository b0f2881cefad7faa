use super::api::{BrowserLine, NotificationsView, RemoveBrowser, SaveNotifications};
use crate::components::{Choice, Choices, Field, Form, Notice, Submit};
use crate::context::{fill, name, t};
use domain::text::Language;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use locales::Key;

/// Has a browser take notifications, where it can.
const PUSH: &str = include_str!("push.js");

/// How a member wishes to be told. `saved` is what has just been done, as the address tells.
pub(super) fn section(data: NotificationsView, saved: &str) -> AnyView {
    let said = match saved {
        "notifications" => Some(Key::NotifySaved),
        "browser" => Some(Key::NotifyBrowserAdded),
        "browser-removed" => Some(Key::NotifyBrowserRemoved),
        _ => None,
    };
    let said = said.map(|key| view! { <Notice tone="leaf"><p role="status">{t(key)}</p></Notice> });
    let browsers = browsers(data.browsers);
    let push = data.push_key.map(allow);
    let ways = data
        .ways
        .iter()
        .map(|way| Choice::new(way.as_str(), name("channel", way)).note(name("channel_note", way)))
        .collect::<Vec<_>>();
    let languages = Language::ALL
        .map(|language| Choice::new(language.tag(), name("language_name", language.tag())));
    // Made within the form, which knows what was typed and what is wrong with it.
    let phone = data.sms.then_some(data.phone);
    let phone = move || {
        phone.map(|phone| {
            view! {
                <Field
                    name="phone"
                    label=t(Key::NotifyPhone)
                    hint=t(Key::NotifyPhoneHint)
                    kind="tel"
                    inputmode="tel"
                    autocomplete="tel"
                    value=phone
                    optional=true
                />
            }
        })
    };
    view! {
        <section class="stack" id="notifications" aria-labelledby="notifications-title">
            <div class="stack stack--s">
                <h2 id="notifications-title">{t(Key::NotifyTitle)}</h2>
                <p>{t(Key::NotifyLede)}</p>
            </div>
            {said}
            <Form action=SaveNotifications::PATH class="card stack">
                <Choices name="channels[]" legend=t(Key::NotifyWays) options=ways selected=data.wanted several=true/>
                {phone()}
                <Choices name="language" legend=t(Key::NotifyLanguage) options=languages.into() selected=vec![data.language] class="pills"/>
                <Submit label=t(Key::NotifySave)/>
            </Form>
            {push}
            {browsers}
        </section>
    }
    .into_any()
}

/// The button that has this browser take notifications. Only a script can ask the browser.
fn allow(key: String) -> AnyView {
    let script = format!("({PUSH})()");
    view! {
        <div
            class="card stack stack--s"
            hidden=true
            data-push=key
            data-denied=t(Key::NotifyPushDenied)
            data-failed=t(Key::NotifyPushFailed)
            data-working=t(Key::NotifyPushWorking)
        >
            <h3>{t(Key::NotifyPushTitle)}</h3>
            <p>{t(Key::NotifyPushText)}</p>
            <div class="cluster">
                <button type="button" class="btn">{t(Key::NotifyPushAllow)}</button>
                <p role="status" class="muted"></p>
            </div>
        </div>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
    .into_any()
}

fn browsers(browsers: Vec<BrowserLine>) -> Option<AnyView> {
    if browsers.is_empty() {
        return None;
    }
    let rows = browsers
        .into_iter()
        .map(|browser| {
            let since = fill(Key::NotifyBrowserSince, &[("date", &browser.since)]);
            let label = fill(
                Key::NotifyBrowserRemoveOf,
                &[("service", &browser.service), ("date", &browser.since)],
            );
            view! {
                <li class="cluster cluster--between">
                    <span>{browser.service}" "<small class="muted">{since}</small></span>
                    <button class="btn btn--s btn--quiet" name="id" value=browser.id aria-label=label>{t(Key::NotifyBrowserRemove)}</button>
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <Form action=RemoveBrowser::PATH class="card stack stack--s">
                <h3>{t(Key::NotifyBrowsers)}</h3>
                <ul class="rule-list">{rows}</ul>
            </Form>
        }
        .into_any(),
    )
}
