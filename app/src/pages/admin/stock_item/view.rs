use super::api::{MovementLine, RecordMovement, StockItemView, get_stock_item};
use crate::components::icon;
use crate::components::{
    Chart, Choice, Choices, Empty, Field, Form, Icon, Notice, Skeleton, Submit,
};
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use domain::stock::MovementKind;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

#[component]
pub fn StockItemPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let recorded = query.with_untracked(|query| query.get("recorded").is_some());
    let asked = Memo::new(move |_| {
        let id = params.with(|params| params.get("item")).unwrap_or_default();
        let before = query.with(|query| query.get("before")).unwrap_or_default();
        (id, before)
    });
    let item = Resource::new_blocking(
        move || asked.get(),
        |(id, before)| async move { get_stock_item(id, before).await },
    );
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let item = item.await;
                let older = !asked.get_untracked().1.is_empty();
                answer(item, |data| page(data, recorded, older))
            })}
        </Suspense>
    }
}

fn page(data: StockItemView, recorded: bool, older: bool) -> AnyView {
    let mark = data
        .mark
        .clone()
        .map(|(tone, word)| view! { <span class="chip" data-tone=tone>{word}</span> });
    let not_sold = (!data.active)
        .then(|| view! { <span class="chip" data-tone="none">{t(Key::StockNotSold)}</span> });
    let head = view! {
        <p class="small"><a class="back-link" href="/admin/stock"><Icon path=icon::BACK/>{t(Key::StockItemBack)}</a></p>
        <h1>{data.name.clone()}</h1>
        <p class="lede">{data.about.clone()}</p>
    };
    let recorded = recorded.then(
        || view! { <Notice tone="leaf"><p role="status">{t(Key::StockItemRecorded)}</p></Notice> },
    );
    let facts = [
        (Key::StockColumnOnHand, data.on_hand),
        (Key::StockColumnReserved, data.reserved),
        (Key::StockColumnAvailable, data.available),
        (Key::StockItemLowMark, data.low_mark),
    ]
    .map(|(label, value)| view! { <li class="stat"><span>{t(label)}</span><b class="num">{value}</b></li> })
    .into_iter()
    .collect_view();
    let charts = data
        .charts
        .into_iter()
        .map(|chart| view! { <div class="card"><Chart data=chart/></div> })
        .collect_view();
    let title = data.name;
    let body = view! {
        <Title text=title/>
        {recorded}
        <div class="stack" data-live="level">
            <p class="cluster cluster--s">{mark}{not_sold}</p>
            <ul class="stats">{facts}</ul>
        </div>
        <div class="job-body">
            <div class="stack stack--l">
                <section class="stack" aria-labelledby="days" data-live="days">
                    <h2 class="h3" id="days">{t(Key::StockItemHistory)}</h2>
                    {charts}
                </section>
                <section class="stack stack--s" aria-labelledby="movements" data-live="movements">
                    <h2 class="h3" id="movements">{t(Key::StockItemMovements)}</h2>
                    {movements(&data.id, data.movements, data.next, older)}
                </section>
            </div>
            <aside class="stack">{write_down(data.id, data.key)}</aside>
        </div>
    };
    panel(Section::Stock, head.into_any(), true, body.into_any())
}

/// What somebody writes down of the item.
fn write_down(id: String, key: String) -> AnyView {
    let kinds = MovementKind::BY_HAND
        .map(|kind| {
            Choice::new(kind.key(), name("movement", kind.key()))
                .note(name("movement_note", kind.key()))
        })
        .into();
    let chosen = vec![MovementKind::Received.key().to_owned()];
    view! {
        <section class="card" aria-labelledby="write-down">
            <h2 class="h4" id="write-down">{t(Key::StockItemWriteDown)}</h2>
            <Form action=RecordMovement::PATH>
                <input type="hidden" name="item" value=id/>
                <input type="hidden" name="key" value=key/>
                <Choices name="kind" legend=t(Key::StockItemKind) options=kinds selected=chosen/>
                <Field name="quantity" label=t(Key::StockItemQuantity) hint=t(Key::StockItemQuantityHint) inputmode="text"/>
                <Field name="reason" label=t(Key::StockReason) hint=t(Key::StockItemReasonHint)/>
                <div class="form-actions"><Submit label=t(Key::StockItemSave)/></div>
            </Form>
        </section>
    }
    .into_any()
}

fn movements(id: &str, movements: Vec<MovementLine>, next: Option<String>, older: bool) -> AnyView {
    if movements.is_empty() {
        return view! { <Empty title=t(Key::StockItemNone) text=t(Key::StockItemNoneText) within=true/> }
            .into_any();
    }
    let rows = movements.into_iter().map(row).collect_view();
    let newest = older.then(|| {
        view! { <a class="btn btn--quiet" href=format!("/admin/stock/{id}#movements")>{t(Key::StockItemNewest)}</a> }
    });
    let next = next.map(|before| {
        let href = format!("/admin/stock/{id}?before={before}#movements");
        view! { <a class="btn" href=href rel="next">{t(Key::StockItemOlder)}</a> }
    });
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards movement-table">
                    <caption class="visually-hidden">{t(Key::StockItemMovements)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::StockItemWhat)}</th>
                            <th scope="col" class="num">{t(Key::StockColumnOnHand)}</th>
                            <th scope="col" class="num">{t(Key::StockColumnReserved)}</th>
                            <th scope="col">{t(Key::StockItemBy)}</th>
                            <th scope="col" class="num">{t(Key::StockItemWhen)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
        <div class="cluster">{next}{newest}</div>
    }
    .into_any()
}

fn row(line: MovementLine) -> AnyView {
    let change = |text: String| {
        if text.is_empty() {
            "–".to_owned()
        } else {
            text
        }
    };
    let reason =
        (!line.reason.is_empty()).then(|| view! { <small class="muted">{line.reason}</small> });
    view! {
        <tr data-key=line.id>
            <th scope="row"><span class="chip" data-tone=line.tone>{line.what}</span></th>
            <td class="num" data-label=t(Key::StockColumnOnHand)>{change(line.on_hand)}</td>
            <td class="num" data-label=t(Key::StockColumnReserved)>{change(line.reserved)}</td>
            <td class="movement-table__by" data-label=t(Key::StockItemBy)>{line.by}{reason}</td>
            <td class="num">{line.when.relative()}</td>
        </tr>
    }
    .into_any()
}
