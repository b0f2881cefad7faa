use super::api::{DetailView, EventLine, RefundLine, RefundOrder, StepLine, get_detail};
use crate::components::icon;
use crate::components::{Field, Form, Icon, Notice, Skeleton, Submit};
use crate::context::{fill, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::order::api::CancelOrder;
use crate::pages::order::state_chip;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

#[component]
pub fn AdminOrderPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let (asking, refunded) = query.with_untracked(|query| {
        (
            query.get("ask").unwrap_or_default(),
            query.get("refunded").is_some(),
        )
    });
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let order = Resource::new_blocking(move || id.get(), |id| async move { get_detail(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || {
                let asking = asking.clone();
                Suspend::new(async move {
                    answer(order.await, |data| page(data, &asking, refunded))
                })
            }}
        </Suspense>
    }
}

fn page(data: DetailView, asking: &str, refunded: bool) -> AnyView {
    let title = fill(Key::OrderTitle, &[("number", &data.number)]);
    let head = view! {
        <p class="small"><a class="back-link" href="/admin/orders"><Icon path=icon::BACK/>{t(Key::PanelOrdersTitle)}</a></p>
        <h1>{title.clone()}</h1>
    };
    let question = match asking {
        "cancel" if data.can_cancel => Some(cancelling(&data)),
        "refund" if data.refundable.is_some() => Some(refunding(&data)),
        _ => None,
    };
    // Nothing moves under the hands of whoever answers.
    let live = question.is_none();
    let told = refunded.then(
        || view! { <Notice tone="leaf"><p role="status">{t(Key::PanelOrderRefunded)}</p></Notice> },
    );
    let actions = actions(&data);
    let (account, member, email) = data.member;
    let remark = (!data.remark.is_empty()).then(|| view! { <p>{data.remark.clone()}</p> });
    let more = data.administers.then(|| {
        let (log, person) = (
            format!("/admin/audit?subject={}", data.id),
            format!("/admin/people/{account}"),
        );
        view! {
            <p class="cluster small">
                <a href=log>{t(Key::PanelOrderAudit)}</a>
                <a href=person>{t(Key::PanelOrderPerson)}</a>
            </p>
        }
    });
    let facts = data
        .facts
        .into_iter()
        .map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> })
        .collect_view();
    let lines = data
        .lines
        .into_iter()
        .map(|(title, options, price)| {
            let options =
                (!options.is_empty()).then(|| view! { <small class="muted">{options}</small> });
            view! { <li><span>{title}{options}</span><b class="num">{price}</b></li> }
        })
        .collect_view();
    let body = view! {
        <Title text=title/>
        {told}
        {question}
        <div class="job-top">
            <div data-live="state"><p class="cluster">{state_chip(data.state)}</p>{remark}</div>
            <div class="cluster cluster--s" data-live="actions">{actions}</div>
        </div>
        <div class="job-body">
            <div class="stack stack--l">
                <section class="stack stack--s" aria-labelledby="steps" data-live="steps">
                    <h2 class="h3" id="steps">{t(Key::PanelOrderSteps)}</h2>
                    {steps(data.steps)}
                </section>
                <section class="stack stack--s" aria-labelledby="refunds" data-live="refunds">
                    <h2 class="h3" id="refunds">{t(Key::PanelOrderRefunds)}</h2>
                    {refunds(data.refunds, data.elsewhere)}
                </section>
                <section class="stack stack--s" aria-labelledby="events" data-live="events">
                    <h2 class="h3" id="events">{t(Key::PanelOrderEvents)}</h2>
                    {events(data.events)}
                </section>
            </div>
            <aside class="stack">
                <section class="card" aria-labelledby="facts">
                    <h2 class="h4" id="facts">{t(Key::PanelOrderFacts)}</h2>
                    <dl class="facts">
                        <div><dt>{t(Key::PanelOrdersMember)}</dt><dd>{member}<br/><span class="muted small">{email}</span></dd></div>
                        {facts}
                        <div><dt>{t(Key::PanelOrdersPlaced)}</dt><dd>{data.placed.full()}</dd></div>
                    </dl>
                    {more}
                </section>
                <section class="card" aria-labelledby="lines">
                    <h2 class="h4" id="lines">{t(Key::OrderLines)}</h2>
                    <ul class="rule-list checkout-lines">{lines}</ul>
                    <p class="cluster cluster--between"><span>{t(Key::CartTotal)}</span><b class="order-total num">{data.total}</b></p>
                </section>
            </aside>
        </div>
    };
    panel(Section::Orders, head.into_any(), live, body.into_any())
}

/// What whoever looks can do.
fn actions(data: &DetailView) -> AnyView {
    let refund = data.refundable.as_ref().map(|_| {
        let href = format!("/admin/orders/{}?ask=refund", data.id);
        view! { <a class="btn btn--s" href=href>{t(Key::PanelOrderRefund)}</a> }
    });
    let cancel = data.can_cancel.then(|| {
        let href = format!("/admin/orders/{}?ask=cancel", data.id);
        view! { <a class="btn btn--s btn--danger" href=href>{t(Key::OrderCancel)}</a> }
    });
    view! { {refund}{cancel} }.into_any()
}

/// Whether it is to be cancelled indeed, and why.
fn cancelling(data: &DetailView) -> AnyView {
    let (id, here) = (data.id.clone(), format!("/admin/orders/{}", data.id));
    view! {
        <Notice tone="beet" title=t(Key::OrderCancelTitle)>
            <p>{t(Key::OrderCancelText)}</p>
            <Form action=CancelOrder::PATH>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="back" value=here.clone()/>
                <Field name="reason" label=t(Key::OrderWhy) hint=t(Key::OrderWhyHint)/>
                <div class="form-actions">
                    <button class="btn btn--s btn--danger">{t(Key::OrderCancelYes)}</button>
                    <a class="btn btn--s btn--quiet" href=here>{t(Key::OrderKeep)}</a>
                </div>
            </Form>
        </Notice>
    }
    .into_any()
}

/// How much goes back, and why.
fn refunding(data: &DetailView) -> AnyView {
    let (left, spoken) = data.refundable.clone().unwrap_or_default();
    let (id, here) = (data.id.clone(), format!("/admin/orders/{}", data.id));
    let hint = fill(Key::PanelOrderAmountHint, &[("left", &spoken)]);
    let (currency, key) = (data.currency.clone(), data.key.clone());
    view! {
        <Notice tone="saffron" title=t(Key::PanelOrderRefundTitle)>
            <p>{t(Key::PanelOrderRefundText)}</p>
            <Form action=RefundOrder::PATH>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="currency" value=currency.clone()/>
                <input type="hidden" name="key" value=key/>
                <Field name="amount" label=t(Key::PanelOrderAmount) hint=hint inputmode="decimal" unit=currency value=left/>
                <Field name="reason" label=t(Key::PanelOrderReason) hint=t(Key::PanelOrderReasonHint)/>
                <div class="form-actions">
                    <Submit label=t(Key::PanelOrderRefundYes) class="btn--s btn--danger"/>
                    <a class="btn btn--s btn--quiet" href=here>{t(Key::PanelOrderRefundNo)}</a>
                </div>
            </Form>
        </Notice>
    }
    .into_any()
}

fn chip((tone, word): (String, String)) -> AnyView {
    view! { <span class="chip" data-tone=tone>{word}</span> }.into_any()
}

fn steps(steps: Vec<StepLine>) -> AnyView {
    if steps.is_empty() {
        return view! { <p class="muted">{t(Key::PanelOrderNoSteps)}</p> }.into_any();
    }
    let rows = steps
        .into_iter()
        .map(|step| {
            let error = (!step.error.is_empty()).then(|| view! { <code>{step.error}</code> });
            view! {
                <tr>
                    <th scope="row">{step.title}{error}</th>
                    <td data-label=t(Key::PanelOrdersState)>{chip(step.state)}</td>
                    <td class="num" data-label=t(Key::PanelOrderAttempts)>{step.attempts}</td>
                    <td class="num" data-label=t(Key::PanelOrderTook)>{step.took}</td>
                    <td class="num" data-label=t(Key::PanelOrderBegan)>{step.began.relative()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::PanelOrderSteps)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::PanelOrderStep)}</th>
                            <th scope="col">{t(Key::PanelOrdersState)}</th>
                            <th scope="col" class="num">{t(Key::PanelOrderAttempts)}</th>
                            <th scope="col" class="num">{t(Key::PanelOrderTook)}</th>
                            <th scope="col" class="num">{t(Key::PanelOrderBegan)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

/// What went back from here, and what went back elsewhere.
fn refunds(refunds: Vec<RefundLine>, elsewhere: Option<String>) -> AnyView {
    let elsewhere = elsewhere.map(|told| view! { <p>{told}</p> }.into_any());
    if refunds.is_empty() {
        let none = || view! { <p class="muted">{t(Key::PanelOrderNoRefunds)}</p> }.into_any();
        return elsewhere.unwrap_or_else(none);
    }
    let rows = refunds
        .into_iter()
        .map(|refund| {
            view! {
                <tr data-key=refund.id>
                    <th scope="row" class="num">{refund.amount}</th>
                    <td data-label=t(Key::PanelOrdersState)>{chip(refund.state)}</td>
                    <td class="record-table__wide" data-label=t(Key::PanelOrderReason)>{refund.reason}</td>
                    <td data-label=t(Key::AuditActor)>{refund.actor}</td>
                    <td class="num" data-label=t(Key::AuditWhen)>{refund.when.relative()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::PanelOrderRefunds)}</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="num">{t(Key::PanelOrderAmount)}</th>
                            <th scope="col">{t(Key::PanelOrdersState)}</th>
                            <th scope="col">{t(Key::PanelOrderReason)}</th>
                            <th scope="col">{t(Key::AuditActor)}</th>
                            <th scope="col" class="num">{t(Key::AuditWhen)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
        {elsewhere}
    }
    .into_any()
}

fn events(events: Vec<EventLine>) -> AnyView {
    if events.is_empty() {
        return view! { <p class="muted">{t(Key::PanelOrderNoEvents)}</p> }.into_any();
    }
    let items = events
        .into_iter()
        .map(|event| {
            let payload =
                (!event.payload.is_empty()).then(|| view! { <code>{event.payload}</code> });
            view! {
                <li>
                    <span>{event.title}</span>
                    " "
                    <span class="muted small">{event.when.relative()}</span>
                    {payload}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="event-list">{items}</ol> }.into_any()
}
