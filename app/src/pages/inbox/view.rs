use super::api::{InboxView, MessageView, ReadAllMessages, ReadMessage, get_inbox};
use crate::components::icon;
use crate::components::{Empty, Form, Icon, Live, Skeleton};
use crate::context::t;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn InboxPage() -> impl IntoView {
    let query = use_query_map();
    let after = Memo::new(move |_| query.with(|query| query.get("after")).unwrap_or_default());
    let inbox = Resource::new_blocking(
        move || after.get(),
        |after| async move { get_inbox(after).await },
    );
    view! {
        <Title text=t(Key::InboxTitle)/>
        <Suspense fallback=|| view! { <div class="page page--text"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let inbox = inbox.await;
                answer(inbox, |data| page(data, !after.get_untracked().is_empty()))
            })}
        </Suspense>
    }
}

fn page(data: InboxView, later: bool) -> AnyView {
    let InboxView {
        items,
        count,
        newest,
        next,
    } = data;
    let empty = items.is_empty();
    let list = if empty {
        view! {
            <Empty title=t(Key::InboxEmpty) text=t(Key::InboxEmptyText) within=true>
                <a class="btn btn--primary" href="/menu">{t(Key::InboxToMenu)}<Icon path=icon::ARROW/></a>
            </Empty>
        }
        .into_any()
    } else {
        let items = items.into_iter().map(message).collect_view();
        view! { <ul class="stack stack--s">{items}</ul> }.into_any()
    };
    let read_all = newest.map(|newest| {
        view! {
            <Form action=ReadAllMessages::PATH class="cluster">
                <button class="btn btn--s" name="newest" value=newest><Icon path=icon::CHECK/>{t(Key::InboxReadAll)}</button>
            </Form>
        }
    });
    let count = (!empty).then(|| view! { <p class="muted">{count}</p> });
    let next = next.map(|after| view! { <a class="btn" href=format!("/inbox?after={after}") rel="next">{t(Key::InboxOlder)}</a> });
    let to_newest =
        later.then(|| view! { <a class="btn btn--quiet" href="/inbox">{t(Key::InboxNewest)}</a> });
    view! {
        <div class="page page--text stack stack--l">
            <header class="stack stack--s">
                <h1>{t(Key::InboxTitle)}</h1>
                <p class="lede">{t(Key::InboxLede)}</p>
                <Live follows="messages"/>
            </header>
            <div class="cluster cluster--between" data-live="count">{count}{read_all}</div>
            <Form action=ReadMessage::PATH>
                <div data-live="messages">{list}</div>
            </Form>
            <div class="cluster">{next}{to_newest}</div>
        </div>
    }
    .into_any()
}

/// A message. To open one that is not read is to read it: that is a button, and not a link.
fn message(message: MessageView) -> AnyView {
    let MessageView {
        id,
        title,
        text,
        datetime,
        when,
        tone,
        href,
        unread,
    } = message;
    let label = format!("{}: {title}", t(Key::InboxOpen));
    let open = if unread {
        view! { <button class="btn btn--s" name="id" value=id.clone() aria-label=label>{t(Key::InboxOpen)}</button> }
            .into_any()
    } else {
        view! { <a class="btn btn--s" href=href aria-label=label>{t(Key::InboxOpen)}</a> }
            .into_any()
    };
    let new = unread.then(|| view! { <span class="chip" data-tone=tone>{t(Key::InboxNew)}</span> });
    view! {
        <li class="card message" data-key=id data-unread=unread.then_some("true")>
            <div class="stack stack--s">
                <p class="cluster cluster--s small muted"><time datetime=datetime>{when}</time>{new}</p>
                <h2 class="h3">{title}</h2>
                <p>{text}</p>
            </div>
            {open}
        </li>
    }
    .into_any()
}
