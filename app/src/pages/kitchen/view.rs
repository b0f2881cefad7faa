use super::api::{
    CardView, ColumnView, DetailsView, EndedView, KitchenView, LineView, Look, MissingView,
    QuestionView, RefuseOrder, SlotView, get_kitchen,
};
use crate::components::icon;
use crate::components::{
    Choice, Choices, Empty, Field, Form, Icon, Live, Notice, Skeleton, Submit,
};
use crate::context::{fill, name, number, t};
use crate::pages::order::api::{AdvanceOrder, CancelOrder};
use crate::pages::order::state_chip;
use crate::pages::plan::answer;
use domain::kitchen::{SUBSTITUTES_MOST, Station};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

/// Sends what is pressed without leaving the page, and makes itself heard.
const KITCHEN: &str = include_str!("kitchen.js");
/// What happens that a display shows.
const KINDS: &str =
    "ORDER_STEP ORDER_PREPARING ORDER_READY ORDER_COLLECTED SUBSTITUTE_OFFERED SUBSTITUTE_ACCEPTED";

#[component]
pub fn KitchenPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let look = Memo::new(move |_| {
        let part = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        Look {
            campus: params
                .with(|params| params.get("campus"))
                .unwrap_or_default(),
            station: part("station"),
            only: part("only"),
            refuse: part("refuse"),
            item: part("item"),
        }
    });
    let kitchen = Resource::new_blocking(
        move || look.get(),
        |look| async move { get_kitchen(look).await },
    );
    view! {
        <Title text=t(Key::KitchenTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let kitchen = kitchen.await;
                answer(kitchen, |data| {
                    let look = look.get_untracked();
                    if look.campus.is_empty() && !data.campus.is_empty() {
                        // A display stays with its campus, whichever has something to do.
                        return view! { <Redirect path=address(&data.campus, "")/> }.into_any();
                    }
                    page(data, !look.refuse.is_empty())
                })
            })}
        </Suspense>
    }
}

fn address(campus: &str, station: &str) -> String {
    if station.is_empty() {
        format!("/kitchen/{campus}")
    } else {
        format!("/kitchen/{campus}?station={station}")
    }
}

/// Where an order is refused; the display stays as it is.
fn refusing(campus: &str, station: &str, id: &str) -> String {
    let address = address(campus, station);
    let next = if station.is_empty() { '?' } else { '&' };
    format!("{address}{next}refuse={id}")
}

fn page(data: KitchenView, asking: bool) -> AnyView {
    let KitchenView {
        campus,
        campus_id,
        campuses,
        station,
        count,
        columns,
        ended,
        question,
    } = data;
    let back = address(&campus, &station);
    let tabs = campuses
        .into_iter()
        .map(|(slug, name, left)| {
            let current = (slug == campus).then_some("page");
            let left = (left > 0).then(|| view! { " "<span class="badge">{number(left)}</span> });
            view! { <li><a href=address(&slug, &station) aria-current=current>{name}{left}</a></li> }
        })
        .collect_view();
    let asked = question.map(|question| ask(&campus, &station, &back, question));
    let gone = (asking && asked.is_none())
        .then(|| view! { <Notice tone="saffron"><p>{t(Key::KitchenGone)}</p></Notice> });
    let empty = columns.iter().all(|column| column.slots.is_empty());
    let nothing = empty.then(|| {
        view! {
            <div data-key="none"><Empty title=t(Key::KitchenNone) text=t(Key::KitchenNoneText) within=true/></div>
        }
    });
    let columns = columns
        .into_iter()
        .map(|states| column(&campus, &station, states))
        .collect_view();
    let ended = (!ended.is_empty()).then(|| {
        let rows = ended.into_iter().map(ended_row).collect_view();
        view! {
            <details class="disclosure" data-key="ended">
                <summary>{t(Key::KitchenEnded)}</summary>
                <ul class="rule-list">{rows}</ul>
            </details>
        }
    });
    view! {
        <div
            class="page stack kitchen"
            data-kitchen
            data-faster=t(Key::KitchenFaster)
            data-failed=t(Key::KitchenFailed)
        >
            <div class="cluster cluster--between">
                <h1 class="h2">{t(Key::KitchenTitle)}</h1>
                <div class="cluster cluster--s">
                    <button type="button" class="btn" aria-pressed="false" data-sound hidden>{t(Key::KitchenSound)}</button>
                    <a class="btn" href=format!("/board/{campus}")>{t(Key::KitchenBoard)}</a>
                    <Live follows="orders" campus=campus_id kinds=KINDS only="only"/>
                </div>
            </div>
            <nav class="tabs" aria-label=t(Key::KitchenCampuses)><ul data-live="tabs">{tabs}</ul></nav>
            <div class="cluster cluster--between">
                {stations(&campus, &station)}
                <p class="muted num" data-live="count">{count}</p>
            </div>
            <p role="status" class="kitchen__said" data-said></p>
            {gone}
            {asked}
            <Form action=AdvanceOrder::PATH>
                <input type="hidden" name="back" value=back/>
                <div class="stack" data-live="orders">
                    {nothing}
                    <div class="kitchen__columns" data-key="columns" hidden=empty>{columns}</div>
                    {ended}
                </div>
            </Form>
        </div>
        <script type="module" nonce=use_nonce()>{format!("({KITCHEN})()")}</script>
    }
    .into_any()
}

/// The stations, of which one can be looked at alone.
fn stations(campus: &str, station: &str) -> AnyView {
    let all = ("", t(Key::KitchenAllStations).to_owned());
    let each = Station::ALL.map(|one| (one.key(), name("station", one.key())));
    let links = std::iter::once(all)
        .chain(each)
        .map(|(key, name)| {
            let current = (key == station).then_some("true");
            view! { <a href=address(campus, key) aria-current=current>{name}</a> }
        })
        .collect_view();
    view! { <nav class="segmented kitchen__stations" aria-label=t(Key::KitchenStations)>{links}</nav> }
        .into_any()
}

fn column(campus: &str, station: &str, column: ColumnView) -> AnyView {
    let ColumnView {
        state,
        title,
        count,
        slots,
    } = column;
    let heading = format!("kitchen-{state}");
    let slots = slots
        .into_iter()
        .map(|one| slot(campus, station, one))
        .collect_view();
    view! {
        <section class="kitchen__column" data-key=state.clone() data-state=state aria-labelledby=heading.clone()>
            <h2 class="h4" id=heading.clone()>{title}" "<span class="badge num">{count}</span></h2>
            {slots}
        </section>
    }
    .into_any()
}

fn slot(campus: &str, station: &str, slot: SlotView) -> AnyView {
    let cards = slot
        .cards
        .into_iter()
        .map(|one| card(campus, station, one))
        .collect_view();
    view! {
        <div class="kitchen__slot" data-key=slot.key>
            <h3 class="eyebrow num">{slot.title}</h3>
            <ul class="kitchen__cards">{cards}</ul>
        </div>
    }
    .into_any()
}

fn card(campus: &str, station: &str, card: CardView) -> AnyView {
    let CardView { id, details } = card;
    let Some(details) = details else {
        // It is where it was, and as it was.
        return view! { <li data-key=id data-same="true"></li> }.into_any();
    };
    let DetailsView {
        number,
        member,
        age,
        tone,
        age_text,
        lines,
        elsewhere,
        next,
        asked,
    } = details;
    let title = fill(Key::OrderTitle, &[("number", &number)]);
    let lines = lines.into_iter().map(line).collect_view();
    let elsewhere =
        (!elsewhere.is_empty()).then(|| view! { <p class="small muted">{elsewhere}</p> });
    let next = next.map(|next| {
        let label = name("advance", &next);
        let spoken = format!("{label}: {title}");
        let value = format!("{id}:{next}");
        view! { <button class="btn btn--primary btn--l" name="advance" value=value aria-label=spoken>{label}</button> }
    });
    let asked = (!asked.is_empty()).then(|| {
        view! { <p class="kitchen-card__asked"><Icon path=icon::CLOCK/><span>{asked}</span></p> }
    });
    let refuse = {
        let spoken = format!("{}: {title}", t(Key::KitchenRefuse));
        let href = refusing(campus, station, &id);
        view! { <a class="btn btn--quiet btn--l" href=href aria-label=spoken>{t(Key::KitchenRefuse)}</a> }
    };
    view! {
        <li class="card kitchen-card" data-key=id.clone() data-age=age data-tone=tone.clone()>
            <div class="kitchen-card__head">
                <a class="kitchen-card__number num" href=format!("/orders/{id}") aria-label=title>{number}</a>
                <span class="chip" data-tone=tone.clone()>{age_text}</span>
            </div>
            <p class="muted kitchen-card__member">{member}</p>
            <ul class="kitchen-card__lines">{lines}</ul>
            {elsewhere}
            {asked}
            <div class="kitchen-card__actions">{next}{refuse}</div>
        </li>
    }
    .into_any()
}

fn line(line: LineView) -> AnyView {
    let options =
        (!line.options.is_empty()).then(|| view! { <small class="muted">{line.options}</small> });
    view! {
        <li><span>{line.title}{options}</span><small class="muted">{line.station}</small></li>
    }
    .into_any()
}

fn ended_row(order: EndedView) -> AnyView {
    view! {
        <li class="cluster cluster--between" data-key=order.id.clone()>
            <a class="num kitchen__ended" href=format!("/orders/{}", order.id)>{order.number}</a>
            <span class="muted num">{order.slot}</span>
            {state_chip(order.state)}
        </li>
    }
    .into_any()
}

/// Why an order is refused.
fn ask(campus: &str, station: &str, back: &str, question: QuestionView) -> AnyView {
    let QuestionView {
        id,
        number,
        may_run_out,
        items,
        missing,
    } = question;
    if let Some(missing) = missing {
        return offer(back, &id, &number, missing);
    }
    let here = refusing(campus, station, &id);
    let out = may_run_out.then(|| {
        let items = items
            .into_iter()
            .map(|(item, name)| {
                let label = fill(Key::KitchenOutOf, &[("item", &name)]);
                let href = format!("{here}&item={item}");
                view! { <a class="btn btn--l" href=href>{label}</a> }
            })
            .collect_view();
        view! { <div class="cluster cluster--s">{items}</div> }
    });
    let title = fill(Key::KitchenRefuseTitle, &[("number", &number)]);
    let back = back.to_owned();
    view! {
        <section class="card kitchen__question" aria-labelledby="refuse-title">
            <h2 class="h4" id="refuse-title">{title}</h2>
            {out}
            <p class="small muted">{t(Key::OrderCancelText)}</p>
            <Form action=CancelOrder::PATH>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="back" value=back.clone()/>
                <Field name="reason" label=t(Key::KitchenOtherReason) hint=t(Key::OrderWhyHint)/>
                <div class="form-actions">
                    <Submit label=t(Key::KitchenRefuseYes) class="btn--danger btn--l"/>
                    <a class="btn btn--quiet btn--l" href=back>{t(Key::OrderKeep)}</a>
                </div>
            </Form>
        </section>
    }
    .into_any()
}

/// What is offered in place of what is out of stock.
fn offer(back: &str, id: &str, number: &str, missing: MissingView) -> AnyView {
    let MissingView {
        item,
        title,
        candidates,
    } = missing;
    let heading = fill(
        Key::KitchenMissingTitle,
        &[("item", &title), ("number", number)],
    );
    let (back, id) = (back.to_owned(), id.to_owned());
    let first: Vec<String> = candidates
        .iter()
        .take(SUBSTITUTES_MOST as usize)
        .map(|(id, ..)| id.clone())
        .collect();
    let none = candidates.is_empty();
    let options: Vec<Choice> = candidates
        .into_iter()
        .map(|(id, name, note)| Choice::new(id, name).note(note))
        .collect();
    // Made within the form, which knows what was chosen and what is wrong with it.
    let choices = move || {
        if none {
            return view! { <p>{t(Key::KitchenNoCandidates)}</p> }.into_any();
        }
        view! {
            <Choices
                name="substitutes[]"
                legend=t(Key::KitchenOffer)
                hint=fill(Key::KitchenOfferHint, &[("count", &SUBSTITUTES_MOST.to_string())])
                options=options
                selected=first
                several=true
            />
        }
        .into_any()
    };
    let send = (!none)
        .then(|| view! { <Submit label=t(Key::KitchenOfferSend) class="btn--primary btn--l"/> });
    view! {
        <section class="card kitchen__question" aria-labelledby="refuse-title">
            <h2 class="h4" id="refuse-title">{heading}</h2>
            <p class="small muted">{t(Key::KitchenMissingText)}</p>
            <Form action=RefuseOrder::PATH>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="item" value=item/>
                <input type="hidden" name="back" value=back.clone()/>
                {choices()}
                <div class="form-actions">
                    {send}
                    <button class="btn btn--danger btn--l" name="cancel" value="1">{t(Key::KitchenOfferNothing)}</button>
                    <a class="btn btn--quiet btn--l" href=back>{t(Key::OrderKeep)}</a>
                </div>
            </Form>
        </section>
    }
    .into_any()
}
