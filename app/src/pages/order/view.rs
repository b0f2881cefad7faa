use super::api::{
    AdvanceOrder, AnswerOffer, CancelOrder, CountdownView, OfferView, OrderLineView, OrderView,
    StateView, StepView, get_order,
};
use crate::components::icon;
use crate::components::{Field, Form, Icon, Live, Notice, Skeleton};
use crate::context::{fill, name, t};
use crate::pages::menu::allergens;
use crate::pages::plan::answer;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

/// Counts down to the slot.
const COUNTDOWN: &str = include_str!("countdown.js");

#[component]
pub fn OrderPage() -> impl IntoView {
    let params = use_params_map();
    let asking =
        use_query_map().with_untracked(|query| query.get("ask").as_deref() == Some("cancel"));
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let order = Resource::new_blocking(move || id.get(), |id| async move { get_order(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(order.await, |data| page(data, asking)) })}
        </Suspense>
    }
}

/// A state in its colour.
pub(crate) fn state_chip(state: StateView) -> AnyView {
    view! { <span class="chip" data-tone=state.tone data-state=state.key>{state.name}</span> }
        .into_any()
}

fn page(order: OrderView, asking: bool) -> AnyView {
    let title = fill(Key::OrderTitle, &[("number", &order.number)]);
    let live = if order.living {
        view! {
            <Live follows=order.id.clone()/>
            // Whoever has no JavaScript sees what happens all the same. While a question is answered
            // nothing is loaded anew.
            {(!asking).then(|| view! { <noscript><meta http-equiv="refresh" content="3"/></noscript> })}
            <script type="module" nonce=use_nonce()>{format!("({COUNTDOWN})()")}</script>
        }
        .into_any()
    } else {
        ().into_any()
    };
    let back = match &order.member {
        Some(_) => ("/kitchen", Key::KitchenTitle),
        None => ("/orders", Key::OrdersTitle),
    };
    let question = asking.then(|| question(&order));
    view! {
        <Title text=title/>
        <div class="page stack stack--l order">
            <div class="cluster cluster--between">
                <a class="btn btn--quiet btn--s dish__back" href=back.0><Icon path=icon::BACK/>{t(back.1)}</a>
                {live}
            </div>
            {question}
            <div class="split">
                <div class="stack stack--l">
                    <div data-live="order">{head(&order)}</div>
                    <div class="stack" data-live="offers">
                        {order.offers.into_iter().map(|one| offer(&order.id, one)).collect_view()}
                    </div>
                    <section class="stack" aria-labelledby="order-steps">
                        <h2 class="h4" id="order-steps">{t(Key::OrderSteps)}</h2>
                        <ol class="timeline" data-live="steps">
                            {order.steps.into_iter().map(step).collect_view()}
                        </ol>
                    </section>
                </div>
                <aside class="stack split__aside">
                    <section class="card" aria-labelledby="order-lines">
                        <h2 class="h4" id="order-lines">{t(Key::OrderLines)}</h2>
                        <ul class="rule-list checkout-lines" data-live="lines">{order.lines.into_iter().map(line).collect_view()}</ul>
                        <p class="cluster cluster--between"><span>{t(Key::CartTotal)}</span><b class="order-total num">{order.total}</b></p>
                        <p class="small" data-live="payment">{order.payment}</p>
                        <p class="small" data-live="owed">{order.owed}</p>
                        <p class="small muted num">{order.energy}</p>
                        {allergens(order.allergens)}
                    </section>
                    <div data-live="actions">{actions(&order.id, order.next, order.can_cancel)}</div>
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// What is called out, how it stands and until when.
fn head(order: &OrderView) -> AnyView {
    let countdown = order.countdown.clone().map(countdown);
    let member = order.member.clone().map(|member| {
        view! { <p class="muted">{fill(Key::OrderMember, &[("name", &member)])}</p> }
    });
    let remark = (!order.remark.is_empty()).then(|| view! { <p>{order.remark.clone()}</p> });
    view! {
        <header class="order-head card">
            <div class="order-head__number">
                <span class="eyebrow">{t(Key::OrderNumber)}</span>
                <b class="num">{order.number.clone()}</b>
            </div>
            <div class="stack stack--s">
                <p class="cluster">{state_chip(order.state.clone())}<span class="muted">{order.campus.clone()}</span></p>
                <h1 class="h3">{order.headline.clone()}</h1>
                {remark}
                {member}
                <p class="num">
                    {t(Key::OrderSlot)}" "<b>{order.slot.clone()}</b>" "{countdown}
                </p>
            </div>
        </header>
    }
    .into_any()
}

/// What is out of stock: what is asked about it, or what came of that.
fn offer(order: &str, offer: OfferView) -> AnyView {
    let OfferView {
        id,
        item,
        text,
        choices,
        open,
    } = offer;
    let (order, title) = (order.to_owned(), fill(Key::OfferTitle, &[("item", &item)]));
    if !open {
        return view! {
            <p class="small" data-key=id><b>{title}</b>" "{text}</p>
        }
        .into_any();
    }
    let choices = choices
        .into_iter()
        .map(|choice| {
            let spoken = format!("{}: {}", t(Key::OfferTake), choice.name);
            view! {
                <li class="cluster cluster--between">
                    <span class="grow"><b>{choice.name}</b><br/><small class="muted">{choice.note}</small></span>
                    <button class="btn btn--primary" name="answer" value=format!("ACCEPT:{}", choice.item) aria-label=spoken>
                        {t(Key::OfferTake)}
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <div data-key=id>
            <Notice tone="saffron" title=title>
                <p>{text}</p>
                <Form action=AnswerOffer::PATH>
                    <input type="hidden" name="order" value=order/>
                    <ul class="rule-list offer-choices">{choices}</ul>
                    <div class="form-actions">
                        <button class="btn btn--danger" name="answer" value="DECLINE">{t(Key::OfferDecline)}</button>
                    </div>
                </Form>
            </Notice>
        </div>
    }
    .into_any()
}

fn countdown(countdown: CountdownView) -> AnyView {
    view! {
        <span
            class="countdown muted"
            role="timer"
            data-countdown=countdown.at
            data-now=countdown.now
            data-text=t(Key::TimeIn)
            data-past=t(Key::OrderNow)
        >{countdown.text}</span>
    }
    .into_any()
}

fn step(step: StepView) -> AnyView {
    let time = (!step.time.1.is_empty())
        .then(|| view! { <time class="num" datetime=step.time.0>{step.time.1}</time> });
    let note = (!step.note.is_empty()).then(|| view! { <small>{step.note}</small> });
    let current = (step.state == "current").then_some("step");
    view! {
        <li data-key=step.key data-state=step.state aria-current=current>
            <span>{step.title}<span class="visually-hidden">{format!(" ({})", step.spoken)}</span></span>
            {time}
            {note}
        </li>
    }
    .into_any()
}

fn line(line: OrderLineView) -> AnyView {
    let options =
        (!line.options.is_empty()).then(|| view! { <small class="muted">{line.options}</small> });
    view! { <li><span>{line.title}{options}</span><b class="num">{line.price}</b></li> }.into_any()
}

/// What whoever looks can do.
fn actions(id: &str, next: Option<String>, can_cancel: bool) -> AnyView {
    let next = next.map(|next| {
        let value = format!("{id}:{next}");
        view! {
            <Form action=AdvanceOrder::PATH>
                <button class="btn btn--primary btn--block" name="advance" value=value>{name("advance", &next)}</button>
            </Form>
        }
    });
    let cancel = can_cancel.then(|| {
        let href = format!("/orders/{id}?ask=cancel");
        view! { <a class="btn btn--danger btn--block" href=href>{t(Key::OrderCancel)}</a> }
    });
    view! { <div class="stack stack--s">{next}{cancel}</div> }.into_any()
}

/// Whether it is to be cancelled indeed.
fn question(order: &OrderView) -> AnyView {
    let (id, href) = (order.id.clone(), format!("/orders/{}", order.id));
    if !order.can_cancel {
        return view! { <Notice tone="saffron"><p>{t(Key::OrderTooLate)}</p></Notice> }.into_any();
    }
    let must_say_why = order.must_say_why;
    view! {
        <Notice tone="beet" title=t(Key::OrderCancelTitle)>
            <p>{t(Key::OrderCancelText)}</p>
            <Form action=CancelOrder::PATH>
                <input type="hidden" name="order" value=id/>
                {must_say_why.then(|| view! { <Field name="reason" label=t(Key::OrderWhy) hint=t(Key::OrderWhyHint)/> })}
                <div class="form-actions">
                    <button class="btn btn--s btn--danger">{t(Key::OrderCancelYes)}</button>
                    <a class="btn btn--s btn--quiet" href=href>{t(Key::OrderKeep)}</a>
                </div>
            </Form>
        </Notice>
    }
    .into_any()
}
