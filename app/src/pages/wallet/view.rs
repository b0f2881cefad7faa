use super::api::{
    CardEntry, EntryView, HoldingView, TopUpNotice, TopUpWallet, WalletView, get_wallet,
};
use crate::components::card_entry::card_fields;
use crate::components::{Choice, Choices, Empty, Field, Form, Notice, Skeleton, Submit};
use crate::context::t;
use crate::pages::plan::{answer, load_again_soon};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn WalletPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let part = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        (part("currency"), part("after"), part("top-up"))
    });
    let wallet = Resource::new_blocking(
        move || asked.get(),
        |(currency, after, top_up)| get_wallet(currency, after, top_up),
    );
    view! {
        <Title text=t(Key::WalletTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(wallet.await, page) })}
        </Suspense>
    }
}

fn page(data: WalletView) -> AnyView {
    let WalletView {
        holdings,
        currency,
        entries,
        next,
        newest,
        key,
        takes_cards,
        card,
        top_up,
    } = data;
    if holdings.is_empty() {
        return view! {
            <div class="page page--text">
                <Empty title=t(Key::WalletNone) text=t(Key::WalletNoneText)/>
            </div>
        }
        .into_any();
    }
    let currencies: Vec<String> = holdings.iter().map(|held| held.currency.clone()).collect();
    let several = holdings.len() > 1;
    let balances = holdings
        .into_iter()
        .map(|held| holding(held, several))
        .collect_view();
    let hint = if takes_cards {
        Key::WalletTopUpHint
    } else {
        Key::WalletNoCards
    };
    let next =
        next.map(|href| view! { <a class="btn" href=href rel="next">{t(Key::WalletMore)}</a> });
    let newest =
        newest.map(|href| view! { <a class="btn btn--quiet" href=href>{t(Key::WalletNewest)}</a> });
    view! {
        <div class="page stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::WalletTitle)}</h1>
                <p class="lede">{t(Key::WalletLede)}</p>
            </div>
            {top_up.map(told)}
            <div class="split split--even wallet">
                <section class="card" aria-labelledby="balance">
                    <h2 class="h3" id="balance">{t(Key::WalletBalance)}</h2>
                    <ul class="cluster">{balances}</ul>
                </section>
                <section class="card" aria-labelledby="top-up">
                    <div class="stack stack--s">
                        <h2 class="h3" id="top-up">{t(Key::WalletTopUp)}</h2>
                        <p class="small muted">{t(hint)}</p>
                    </div>
                    {takes_cards.then(|| form(key, currencies, currency, card))}
                </section>
            </div>
            <section class="stack" aria-labelledby="entries">
                <h2 class="h3" id="entries">{t(Key::WalletEntries)}</h2>
                {statement(entries)}
                <div class="cluster">{next}{newest}</div>
            </section>
        </div>
    }
    .into_any()
}

/// What came of a top-up. While that is still to come, the page is loaded anew each second.
fn told(notice: TopUpNotice) -> AnyView {
    if notice.pending {
        load_again_soon();
    }
    let tone = match notice.tone.as_str() {
        "leaf" => "leaf",
        "beet" => "beet",
        _ => "blue",
    };
    view! {
        <div role="status">
            <Notice tone=tone title=notice.title><p>{notice.text}</p></Notice>
        </div>
    }
    .into_any()
}

/// A balance. Which currency it is of is said again where there are several, for that leads to its statement.
fn holding(held: HoldingView, several: bool) -> AnyView {
    let currency = several.then(|| {
        let currency = match held.href {
            Some(href) => view! { <a href=href>{held.currency}</a> }.into_any(),
            None => held.currency.into_any(),
        };
        view! { <span>{currency}</span> }
    });
    view! { <li class="stat"><b class="num">{held.balance}</b>{currency}</li> }.into_any()
}

fn form(
    key: String,
    currencies: Vec<String>,
    currency: String,
    card: Option<CardEntry>,
) -> AnyView {
    let choice = if currencies.len() > 1 {
        let options = currencies
            .into_iter()
            .map(|currency| Choice::new(currency.clone(), currency))
            .collect();
        view! {
            <Choices
                name="currency"
                legend=t(Key::WalletCurrency)
                options=options
                selected=vec![currency.clone()]
                class="segmented"
            />
        }
        .into_any()
    } else {
        view! { <input type="hidden" name="currency" value=currency.clone()/> }.into_any()
    };
    // Which unit is typed depends on what is chosen.
    let unit = currency;
    view! {
        <Form action=TopUpWallet::PATH>
            <input type="hidden" name="key" value=key/>
            <Field name="amount" label=t(Key::WalletAmount) inputmode="decimal" unit=unit/>
            {choice}
            {card.map(card_fields)}
            <Submit label=t(Key::WalletSubmit)/>
        </Form>
    }
    .into_any()
}

fn statement(entries: Vec<EntryView>) -> AnyView {
    if entries.is_empty() {
        return view! { <p class="card card--sunken">{t(Key::WalletEntriesNone)}</p> }.into_any();
    }
    let rows = entries.into_iter().map(entry).collect_view();
    view! {
        <div class="card">
            <div class="table-box">
                <table class="table table--cards">
                    <caption class="visually-hidden">{t(Key::WalletEntries)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::WalletWhat)}</th>
                            <th scope="col">{t(Key::WalletWhen)}</th>
                            <th scope="col" class="num">{t(Key::WalletAmount)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn entry(entry: EntryView) -> AnyView {
    let what = match entry.order {
        Some(href) => view! { <a href=href>{entry.what}</a> }.into_any(),
        None => entry.what.into_any(),
    };
    let note =
        (!entry.note.is_empty()).then(|| view! { <br/><small class="muted">{entry.note}</small> });
    view! {
        <tr>
            <th scope="row">{what}{note}</th>
            <td data-label=t(Key::WalletWhen)><time datetime=entry.datetime>{entry.when}</time></td>
            <td class="num">{entry.amount}</td>
        </tr>
    }
    .into_any()
}
