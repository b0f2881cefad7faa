use super::api::{ChannelLine, DeliveriesView, DeliveryLine, get_deliveries};
use super::filter::{Filter, OLDEST, SIZES};
use crate::components::{Empty, Icon, Skeleton};
use crate::components::{filter, icon};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use domain::notification::{Channel, DeliveryState, Template};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn DeliveriesPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Filter::read));
    let deliveries = Resource::new_blocking(
        move || asked.get(),
        |filter| async move { get_deliveries(filter).await },
    );
    view! {
        <Title text=t(Key::DeliveriesTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let deliveries = deliveries.await;
                answer(deliveries, |data| page(data, &asked.get_untracked()))
            })}
        </Suspense>
    }
}

fn page(data: DeliveriesView, filter: &Filter) -> AnyView {
    let head = view! {
        <h1>{t(Key::DeliveriesTitle)}</h1>
        <p class="lede">{t(Key::DeliveriesLede)}</p>
    };
    let list = if data.items.is_empty() {
        empty(filter)
    } else {
        view! { <div class="card job-list">{table(data.items)}</div> }.into_any()
    };
    let next = data.next.map(|after| {
        let href = filter.address(&[("after", after.as_str())]);
        view! { <a class="btn" href=href rel="next">{t(Key::DeliveriesNext)}</a> }
    });
    let first = (!filter.after.is_empty()).then(|| {
        let href = filter.address(&[]);
        view! { <a class="btn btn--quiet" href=href>{t(Key::DeliveriesFirst)}</a> }
    });
    let body = view! {
        {filters(filter)}
        <div class="stack" data-live="deliveries">
            {channels(data.channels)}
            <div class="cluster cluster--between job-bar">
                {states(filter)}
                <p class="job-bar__count num">{data.count}</p>
                <a class="btn btn--s" href=filter.file() rel="external" download><Icon path=icon::DOWNLOAD/>{t(Key::DeliveriesExport)}</a>
            </div>
            {list}
            <div class="cluster">{next}{first}</div>
        </div>
    };
    panel(Section::Deliveries, head.into_any(), true, body.into_any())
}

/// How the channels stand.
fn channels(channels: Vec<ChannelLine>) -> AnyView {
    let items = channels
        .into_iter()
        .map(|channel| {
            view! { <li>{channel.name}" "<span class="chip" data-tone=channel.tone>{channel.state}</span></li> }
        })
        .collect_view();
    view! { <ul class="cluster small delivery-channels" aria-label=t(Key::DeliveriesChannels)>{items}</ul> }
        .into_any()
}

/// Every state, and any.
fn states(filter: &Filter) -> AnyView {
    let any = std::iter::once(("", t(Key::DeliveriesAny).to_owned()));
    let links = any
        .chain(DeliveryState::ALL.map(|state| (state.key(), name("delivery_state", state.key()))))
        .map(|(key, label)| {
            let href = filter.with_state(key).address(&[]);
            let current = (filter.state == key).then_some("true");
            view! { <li><a href=href aria-current=current>{label}</a></li> }
        })
        .collect_view();
    view! { <nav aria-label=t(Key::DeliveriesState)><ul class="segmented">{links}</ul></nav> }
        .into_any()
}

fn empty(filter: &Filter) -> AnyView {
    if filter.is_empty() && filter.after.is_empty() {
        return view! { <Empty title=t(Key::DeliveriesEmpty) text=t(Key::DeliveriesEmptyText) within=true/> }
            .into_any();
    }
    view! {
        <Empty title=t(Key::DeliveriesNone) text=t(Key::DeliveriesNoneText) within=true>
            <a class="btn" href="/admin/deliveries">{t(Key::DeliveriesClear)}</a>
        </Empty>
    }
    .into_any()
}

fn table(items: Vec<DeliveryLine>) -> AnyView {
    let rows = items.into_iter().map(row).collect_view();
    view! {
        <div class="table-box">
            <table class="table table--cards job-table">
                <caption class="visually-hidden">{t(Key::DeliveriesTitle)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t(Key::DeliveriesMessage)}</th>
                        <th scope="col">{t(Key::DeliveriesRecipient)}</th>
                        <th scope="col">{t(Key::DeliveriesState)}</th>
                        <th scope="col">{t(Key::DeliveriesQueued)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(line: DeliveryLine) -> AnyView {
    let why = (!line.why.is_empty()).then(|| view! { <small class="muted">{line.why}</small> });
    let attempts =
        (!line.attempts.is_empty()).then(|| view! { <small class="muted">{line.attempts}</small> });
    let order =
        (!line.order.is_empty()).then(|| view! { <small class="muted">{line.order}</small> });
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a href=format!("/admin/deliveries/{}", line.id)>{line.what}</a>
                {order}
            </th>
            <td class="job-table__about" data-label=t(Key::DeliveriesRecipient)>
                {line.recipient}
                <small class="muted">{line.channel}</small>
            </td>
            <td data-label=t(Key::DeliveriesState)>
                <span class="chip" data-tone=line.tone>{line.state}</span>
                {attempts}
                {why}
            </td>
            <td data-label=t(Key::DeliveriesQueued)>{line.queued.relative()}</td>
        </tr>
    }
    .into_any()
}

fn filters(filter: &Filter) -> AnyView {
    let channels =
        Channel::ALL.map(|channel| (channel.key().to_owned(), name("channel", channel.key())));
    let templates = Template::ALL.map(|template| {
        let key = template.key();
        (key.to_owned(), name("mail_template", key))
    });
    let oldest = filter.is_oldest();
    let rows = filter.rows();
    let sizes = SIZES
        .map(|size| view! { <option value=size selected=size == rows>{size}</option> })
        .into_iter()
        .collect_view();
    let state = (!filter.state.is_empty())
        .then(|| view! { <input type="hidden" name="state" value=filter.state.clone()/> });
    let clear = (!filter.is_empty()).then(
        || view! { <a class="btn btn--quiet" href="/admin/deliveries">{t(Key::DeliveriesClear)}</a> },
    );
    view! {
        <form method="get" action="/admin/deliveries" role="search" aria-label=t(Key::DeliveriesFilters) class="card job-filters">
            <div class="job-filters__fields">
                <div class="field">
                    <label for="text">{t(Key::DeliveriesText)}</label>
                    <input class="input" id="text" name="text" type="search" maxlength="254" autocomplete="off" value=filter.text.clone()/>
                </div>
                {filter::select("channel", Key::DeliveriesChannel, Key::DeliveriesAny, channels.into(), &filter.channel)}
                {filter::select("template", Key::DeliveriesMessage, Key::DeliveriesAny, templates.into(), &filter.template)}
                <div class="field">
                    <label for="sort">{t(Key::DeliveriesSort)}</label>
                    <select class="input" id="sort" name="sort">
                        <option value="" selected=!oldest>{t(Key::DeliveriesNewest)}</option>
                        <option value=OLDEST selected=oldest>{t(Key::DeliveriesOldest)}</option>
                    </select>
                </div>
                <div class="field">
                    <label for="size">{t(Key::DeliveriesSize)}</label>
                    <select class="input" id="size" name="size">{sizes}</select>
                </div>
            </div>
            {state}
            <div class="form-actions">
                <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::DeliveriesApply)}</button>
                {clear}
            </div>
        </form>
    }
    .into_any()
}
