use super::api::{
    AskForCode, BrowserLine, ConfirmPhone, NotificationsView, RemoveBrowser, SaveNotifications,
};
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
        "phone" => Some(Key::NotifyPhoneConfirmed),
        "code" => Some(Key::NotifyCodeSent),
        "browser" => Some(Key::NotifyBrowserAdded),
        "browser-removed" => Some(Key::NotifyBrowserRemoved),
        _ => None,
    };
    let said = said.map(|key| view! { <Notice tone="leaf"><p role="status">{t(key)}</p></Notice> });
    let confirm = data.waiting.then(|| confirm(&data));
    let browsers = browsers(data.browsers);
    let push = data.push_key.map(allow);
    let ways = data
        .ways
        .iter()
        .map(|way| Choice::new(way.as_str(), name("channel", way)).note(name("channel_note", way)))
        .collect::<Vec<_>>();
    let languages = Language::ALL
        .map(|language| Choice::new(language.tag(), name("language_name", language.tag())));
    let confirmed = data.confirmed;
    // Made within the form, which knows what was typed and what is wrong with it.
    let phone = data.sms.then_some(data.phone);
    let phone = move || {
        phone.map(|phone| {
            let confirmed = confirmed.then(|| {
                view! { <p><span class="chip" data-tone="leaf">{t(Key::NotifyPhoneIsConfirmed)}</span></p> }
            });
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
                {confirmed}
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
            {confirm}
            {push}
            {browsers}
        </section>
    }
    .into_any()
}

/// Where the code is typed that went to the phone, and one is asked for. One that is too old may be typed too,
/// so that it is said that it is.
fn confirm(data: &NotificationsView) -> AnyView {
    let number = [("phone", data.phone.as_str())];
    let (text, ask) = if data.code_asked {
        (Key::NotifyCodeText, Key::NotifyCodeAgain)
    } else {
        (Key::NotifyCodeNone, Key::NotifyCodeSend)
    };
    let text = fill(text, &number);
    let shown = data
        .codes_shown
        .then(|| view! { <p class="muted">{t(Key::NotifyCodeShown)}</p> });
    let typed = data.code_asked.then(|| {
        view! {
            <Form action=ConfirmPhone::PATH>
                <Field
                    name="code"
                    label=t(Key::NotifyCode)
                    hint=t(Key::NotifyCodeHint)
                    inputmode="numeric"
                    autocomplete="one-time-code"
                />
                <Submit label=t(Key::NotifyCodeConfirm)/>
            </Form>
        }
    });
    let or_else = data
        .code_asked
        .then(|| view! { <p class="muted">{t(Key::NotifyCodeElse)}</p> });
    view! {
        <section class="card stack" id="confirm-phone" aria-labelledby="confirm-phone-title">
            <div class="stack stack--s">
                <h3 id="confirm-phone-title">{t(Key::NotifyCodeTitle)}</h3>
                <p>{text}</p>
                {shown}
            </div>
            {typed}
            <Form action=AskForCode::PATH class="stack stack--s">
                {or_else}
                <div class="cluster"><Submit label=t(ask) class=""/></div>
            </Form>
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
