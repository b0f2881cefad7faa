use super::api::{DeliveryView, RepeatDelivery, get_delivery};
use crate::components::icon;
use crate::components::{Form, Icon, Notice, Skeleton, Submit};
use crate::context::t;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

#[component]
pub fn DeliveryPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let repeated = query.with_untracked(|query| query.get("repeated").is_some());
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let delivery =
        Resource::new_blocking(move || id.get(), |id| async move { get_delivery(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(delivery.await, |data| page(data, repeated)) })}
        </Suspense>
    }
}

fn page(data: DeliveryView, repeated: bool) -> AnyView {
    let head = view! {
        <p class="cluster cluster--s small">
            <a class="back-link" href="/admin/deliveries"><Icon path=icon::BACK/>{t(Key::DeliveryBack)}</a>
        </p>
        <h1>{data.subject.clone()}</h1>
    };
    let repeated = repeated.then(
        || view! { <Notice tone="leaf"><p role="status">{t(Key::DeliveryRepeated)}</p></Notice> },
    );
    let kept = data
        .kept_here
        .then(|| view! { <Notice><p>{t(Key::DeliveryKeptHere)}</p></Notice> });
    let title = data.subject.clone();
    let (state, message, facts) = (state(&data), message(&data), facts(data));
    let body = view! {
        <Title text=title/>
        {repeated}
        {kept}
        <div class="job-top" data-live="state">{state}</div>
        <div class="job-body">
            <div class="stack stack--l">{message}</div>
            <aside class="stack" data-live="facts">{facts}</aside>
        </div>
    };
    panel(Section::Deliveries, head.into_any(), true, body.into_any())
}

/// How it stands, and what can be done about it.
fn state(data: &DeliveryView) -> AnyView {
    let line = &data.line;
    let why = (!line.why.is_empty()).then(|| view! { <p>{line.why.clone()}</p> });
    let again = data.may_repeat.then(|| {
        let id = line.id.clone();
        view! {
            <Form action=RepeatDelivery::PATH class="cluster">
                <input type="hidden" name="id" value=id/>
                <Submit label=t(Key::DeliveryRepeat) class="btn--s"/>
            </Form>
        }
    });
    view! {
        <div class="stack stack--s">
            <p class="cluster cluster--s">
                <span class="chip" data-tone=line.tone.clone()>{line.state.clone()}</span>
                <span class="muted">{line.attempts.clone()}</span>
            </p>
            {why}
        </div>
        {again}
    }
    .into_any()
}

/// What it says. A frame that allows nothing shows an e-mail as mailboxes do.
fn message(data: &DeliveryView) -> AnyView {
    let html = data.html.clone().map(|html| {
        view! {
            <section class="stack stack--s" aria-labelledby="as-html">
                <h2 class="h3" id="as-html">{t(Key::DeliveryHtml)}</h2>
                <iframe class="delivery-frame" title=t(Key::DeliveryHtml) sandbox="" srcdoc=html></iframe>
            </section>
        }
    });
    view! {
        {html}
        <section class="stack stack--s" aria-labelledby="as-text">
            <h2 class="h3" id="as-text">{t(Key::DeliveryText)}</h2>
            <pre class="code delivery-text" tabindex="0" role="region" aria-labelledby="as-text" lang=data.lang.clone()>{data.text.clone()}</pre>
        </section>
    }
    .into_any()
}

fn facts(data: DeliveryView) -> AnyView {
    let line = data.line;
    let reference = (!data.reference.is_empty() && !data.kept_here).then(|| {
        view! { <div><dt>{t(Key::DeliveryReference)}</dt><dd><code>{data.reference}</code></dd></div> }
    });
    let sent = data
        .sent
        .map(|sent| view! { <div><dt>{t(Key::DeliverySent)}</dt><dd>{sent.full()}</dd></div> });
    let order = if data.order.is_empty() {
        line.order.clone().into_any()
    } else {
        view! { <a href=data.order>{line.order.clone()}</a> }.into_any()
    };
    let about = (!line.order.is_empty())
        .then(|| view! { <div><dt>{t(Key::DeliveryAbout)}</dt><dd>{order}</dd></div> });
    view! {
        <section class="card job-facts">
            <h2 class="h3">{t(Key::DeliveryFacts)}</h2>
            <dl class="facts">
                <div><dt>{t(Key::DeliveriesChannel)}</dt><dd>{line.channel}</dd></div>
                <div><dt>{t(Key::DeliveriesRecipient)}</dt><dd>{line.recipient}</dd></div>
                <div><dt>{t(Key::DeliveryMember)}</dt><dd>{data.member}</dd></div>
                <div><dt>{t(Key::DeliveryLanguage)}</dt><dd>{data.language}</dd></div>
                {about}
                <div><dt>{t(Key::DeliveryHappened)}</dt><dd>{data.happened.full()}</dd></div>
                <div><dt>{t(Key::DeliveriesQueued)}</dt><dd>{line.queued.full()}</dd></div>
                {sent}
                {reference}
                <div><dt>{t(Key::DeliveryRequest)}</dt><dd><code>{data.request_id}</code></dd></div>
            </dl>
            <p><a href=data.jobs>{t(Key::DeliveryJobs)}</a></p>
        </section>
    }
    .into_any()
}
