use super::api::{CardEntry, CheckoutView, DayView, PlaceOrder, get_checkout};
use crate::components::card_entry::card_fields;
use crate::components::form::Submitted;
use crate::components::icon;
use crate::components::{Choice, Choices, Empty, Form, FormState, Icon, Notice, Skeleton};
use crate::context::{fill, name, t};
use crate::error::AppError;
use crate::pages::plan::answer;
use domain::problem::Problem;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn CheckoutPage() -> impl IntoView {
    // Why the order was refused, where it has just been.
    let submitted = use_context::<StoredValue<Option<Submitted>>>()
        .and_then(|all| all.get_value())
        .filter(|submitted| submitted.action == PlaceOrder::PATH);
    let refused = match submitted.as_ref().map(|it| &it.problem) {
        Some(Problem::OrderRefused { refusals }) => refusals.clone(),
        _ => Vec::new(),
    };
    let lines = submitted.and_then(|it| it.values.into_iter().find(|(name, _)| name == "lines"));
    let part = use_query_map()
        .with_untracked(|query| query.get("part"))
        .unwrap_or_default();
    let lines = lines.map(|(_, lines)| lines).unwrap_or_default();
    let asked = (part, refused, lines);
    let checkout = Resource::new_blocking(
        || (),
        move |()| {
            let (part, refused, lines) = asked.clone();
            async move { get_checkout(part, refused, lines).await }
        },
    );
    view! {
        <Title text=t(Key::CheckoutTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                match checkout.await {
                    Err(AppError(Problem::NotFound)) => nothing(),
                    checkout => answer(checkout, page),
                }
            })}
        </Suspense>
    }
}

/// There is nothing in the cart.
fn nothing() -> AnyView {
    view! {
        <div class="page page--text">
            <Empty title=t(Key::CartEmpty) text=t(Key::CartEmptyText)>
                <a class="btn btn--primary" href="/menu">{t(Key::CartToMenu)}<Icon path=icon::ARROW/></a>
            </Empty>
        </div>
    }
    .into_any()
}

fn page(data: CheckoutView) -> AnyView {
    let CheckoutView {
        campus: (slug, campus),
        lines,
        document,
        total,
        key,
        days,
        parts,
        gateways,
        card,
        wallet: (balance, enough),
        orderable,
        refusals,
    } = data;
    let lines = lines
        .into_iter()
        .map(|line| {
            let options = (!line.options.is_empty())
                .then(|| view! { <small class="muted">{line.options}</small> });
            view! { <li><span>{line.title}{options}</span><b class="num">{line.price}</b></li> }
        })
        .collect_view();
    let wallet_note = if enough {
        balance
    } else {
        format!("{balance} · {}", t(Key::CheckoutNotEnoughMoney))
    };
    let gateways: Vec<Choice> = gateways
        .into_iter()
        .map(|key| {
            let note = match key.as_str() {
                "WALLET" => wallet_note.clone(),
                _ => t(Key::CheckoutCardNote).to_owned(),
            };
            let label = name("gateway", &key);
            Choice::new(key, label).note(note)
        })
        .collect();
    let refusals = (!refusals.is_empty()).then(|| {
        let items = refusals
            .into_iter()
            .map(|text| view! { <li>{text}</li> })
            .collect_view();
        view! { <Notice tone="beet"><ul class="remarks">{items}</ul></Notice> }
    });
    let button = fill(Key::CheckoutPlace, &[("total", &total)]);
    view! {
        <div class="page stack stack--l">
            <div class="stack stack--s">
                <p><a class="btn btn--quiet btn--s dish__back" href="/cart"><Icon path=icon::BACK/>{t(Key::CheckoutToCart)}</a></p>
                <p class="eyebrow">{campus}</p>
                <h1>{t(Key::CheckoutTitle)}</h1>
            </div>
            {part_choice(parts)}
            <div class="split">
                <Form action=PlaceOrder::PATH class="stack stack--l">
                    {refusals}
                    <input type="hidden" name="campus" value=slug/>
                    <input type="hidden" name="lines" value=document/>
                    <input type="hidden" name="key" value=key/>
                    {choices(orderable, days, (gateways, card), button)}
                </Form>
                <aside class="card split__aside" aria-labelledby="checkout-lines">
                    <h2 class="h4" id="checkout-lines">{t(Key::CheckoutLines)}</h2>
                    <ul class="rule-list checkout-lines">{lines}</ul>
                    <p class="cluster cluster--between"><span>{t(Key::CartTotal)}</span><b class="order-total num">{total}</b></p>
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// What is left to choose, or why nothing can be. It takes its values and errors from the form around it.
fn choices(
    orderable: bool,
    days: Vec<DayView>,
    (gateways, card): (Vec<Choice>, Option<CardEntry>),
    button: String,
) -> AnyView {
    if !orderable {
        return view! {
            <Notice tone="saffron">
                <p>{t(Key::CartNotOrderable)}" "<a href="/cart">{t(Key::CheckoutToCart)}</a></p>
            </Notice>
        }
        .into_any();
    }
    if days.is_empty() {
        return view! {
            <Notice tone="saffron" title=t(Key::CheckoutNoSlot)><p>{t(Key::CheckoutNoSlotText)}</p></Notice>
        }
        .into_any();
    }
    let Some(first) = gateways.first().map(|first| first.value.clone()) else {
        return view! {
            <Notice tone="saffron" title=t(Key::CheckoutNoPayment)><p>{t(Key::CheckoutNoPaymentText)}</p></Notice>
        }
        .into_any();
    };
    view! {
        <Slots days=days/>
        <Choices name="gateway" legend=t(Key::CheckoutPayment) options=gateways selected=vec![first]/>
        {card.map(card_fields)}
        <button class="btn btn--primary btn--l btn--block">{button}</button>
        <p class="small muted">{t(Key::CheckoutPromise)}</p>
    }
    .into_any()
}

/// What is ordered first, where not everything can be collected at the same time.
fn part_choice(parts: Vec<(String, bool)>) -> AnyView {
    if parts.is_empty() {
        return ().into_any();
    }
    let links = parts
        .into_iter()
        .enumerate()
        .map(|(place, (names, current))| {
            let href = format!("/checkout?part={place}");
            view! { <li><a href=href aria-current=current.then_some("true")>{names}</a></li> }
        })
        .collect_view();
    view! {
        <Notice tone="saffron" title=t(Key::CheckoutParts)>
            <p>{t(Key::CheckoutPartsText)}</p>
            <ul class="parts">{links}</ul>
        </Notice>
    }
    .into_any()
}

/// When it is collected: a radio button for each slot, by day. Later days are closed at first.
#[component]
fn Slots(days: Vec<DayView>) -> impl IntoView {
    let state = FormState::current();
    let typed = state.typed("slot").unwrap_or_default();
    let error = state.error("slot");
    let mut autofocus = state.takes_focus("slot");
    let invalid = error.is_some();
    let free = |day: &DayView| day.slots.iter().filter(|slot| !slot.full).count();
    // The first day is always open; where it is full, the next that is not is open too.
    let first_free = days.iter().position(|day| free(day) > 0);
    let mut days = days.into_iter().enumerate().map(|(place, day)| {
        let open = first_free == Some(place) || day.slots.iter().any(|slot| slot.value == typed);
        let left = match free(&day) {
            0 => t(Key::CheckoutFull).to_owned(),
            1 => t(Key::CheckoutFreeOne).to_owned(),
            count => fill(Key::CheckoutFree, &[("count", &count.to_string())]),
        };
        let slots = day
            .slots
            .into_iter()
            .map(|slot| {
                let chosen = slot.value == typed && !slot.full;
                let focus = !slot.full && std::mem::take(&mut autofocus);
                let note = (!slot.note.is_empty()).then(|| view! { <small>{slot.note}</small> });
                view! {
                    <label>
                        <input type="radio" name="slot" value=slot.value checked=chosen disabled=slot.full autofocus=focus/>
                        <span class="num">{slot.time}</span>
                        {note}
                    </label>
                }
            })
            .collect_view();
        let title = view! { <h2 class="label">{day.title}</h2> };
        let pills = view! { <div class="pills" aria-invalid=invalid.then_some("true")>{slots}</div> };
        if place == 0 {
            return view! { <div class="slots__day">{title}{pills}</div> }.into_any();
        }
        view! {
            <details class="slots__day disclosure" open=open>
                <summary>{title}<span class="small muted">{left}</span></summary>
                {pills}
            </details>
        }
        .into_any()
    });
    let first = days.next();
    let later = days.collect_view();
    let error = error.map(|text| {
        view! { <p class="field__error" id="slot-error"><Icon path=icon::ALERT/><span>{text}</span></p> }
    });
    view! {
        <fieldset class="field slots" aria-describedby="slot-error slot-hint">
            <legend>{t(Key::CheckoutSlot)}</legend>
            <p class="field__hint" id="slot-hint">{t(Key::CheckoutSlotHint)}</p>
            {first}
            <div>{later}</div>
            {error}
        </fieldset>
    }
    .into_any()
}
