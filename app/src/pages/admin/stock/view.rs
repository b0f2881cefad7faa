use super::api::{CorrectStock, Correcting, StockLine, StockView, get_stock};
use super::filter::{DESCENDING, Filter, SIZES};
use crate::components::form::Submitted;
use crate::components::{Empty, Field, Form, Icon, Notice, Skeleton, Submit};
use crate::components::{filter, icon};
use crate::context::{fill, name, number, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use domain::problem::Problem;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::Key;
use service::stock::{Shortage, StockSort};

/// What has just been done, as the address tells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    /// Whether a count was corrected.
    corrected: bool,
    /// How many lines of a file were taken, and how many left out.
    taken: Option<(i64, i64)>,
}

impl Told {
    fn read(query: &ParamsMap) -> Self {
        let lines = |name: &str| query.get(name).and_then(|lines| lines.parse().ok());
        Self {
            corrected: query.get("corrected").is_some(),
            taken: lines("taken").map(|taken| (taken, lines("left").unwrap_or_default())),
        }
    }
}

#[component]
pub fn StockPage() -> impl IntoView {
    let query = use_query_map();
    let told = query.with_untracked(Told::read);
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let correct = query.get("correct").unwrap_or_default();
            (Filter::read(query), correct)
        })
    });
    let stock = Resource::new_blocking(
        move || asked.get(),
        |(filter, correct)| async move { get_stock(filter, correct).await },
    );
    view! {
        <Title text=t(Key::StockTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || {
                let told = told.clone();
                Suspend::new(async move {
                    let stock = stock.await;
                    answer(stock, |data| page(data, &asked.get_untracked().0, &told))
                })
            }}
        </Suspense>
    }
}

fn page(data: StockView, filter: &Filter, told: &Told) -> AnyView {
    let head = view! {
        <h1>{t(Key::StockTitle)}</h1>
        <p class="lede">{t(Key::StockLede)}</p>
    };
    // Nothing moves under the hands of whoever counts.
    let live = data.correcting.is_none();
    let shortages = shortages(&data, filter);
    let filters = filters(filter, data.campuses);
    let pages = pages(filter, data.pages);
    let list = if data.items.is_empty() {
        empty(filter)
    } else {
        let table = table(data.items, data.correcting, filter);
        view! { <div class="card job-list">{table}</div> }.into_any()
    };
    let body = view! {
        {notices(told)}
        {filters}
        <div class="stack" data-live="stock">
            <div class="cluster cluster--between job-bar">
                {shortages}
                <p class="job-bar__count num">{data.count}</p>
                <div class="cluster cluster--s">
                    <a class="btn btn--s" href=filter.file() rel="external" download><Icon path=icon::DOWNLOAD/>{t(Key::StockExport)}</a>
                    <a class="btn btn--s" href="/admin/stock/import">{t(Key::StockImport)}</a>
                </div>
            </div>
            {list}
            {pages}
        </div>
    };
    panel(Section::Stock, head.into_any(), live, body.into_any())
}

/// What has just been done.
fn notices(told: &Told) -> AnyView {
    let corrected = told.corrected.then(|| t(Key::StockCorrected).to_owned());
    let taken = told.taken.map(|(taken, left)| {
        let lines = |one: Key, many: Key, count: i64| match count {
            1 => t(one).to_owned(),
            _ => fill(many, &[("count", &number(count))]),
        };
        let mut text = lines(Key::StockTakenOne, Key::StockTaken, taken);
        if left > 0 {
            text.push(' ');
            text.push_str(&lines(Key::StockLeftOne, Key::StockLeft, left));
        }
        text
    });
    [corrected, taken]
        .into_iter()
        .flatten()
        .map(|text| view! { <Notice tone="leaf"><p role="status">{text}</p></Notice> })
        .collect_view()
        .into_any()
}

/// All, those that are low, and those that are sold out.
fn shortages(data: &StockView, filter: &Filter) -> AnyView {
    let all = [
        ("", t(Key::StockAll).to_owned(), data.any),
        (
            Shortage::Low.key(),
            name("shortage", Shortage::Low.key()),
            data.low,
        ),
        (
            Shortage::Out.key(),
            name("shortage", Shortage::Out.key()),
            data.out,
        ),
    ];
    let links = all
        .map(|(key, label, count)| {
            let href = filter.with_shortage(key).address(&[]);
            let current = (filter.shortage == key).then_some("true");
            view! { <li><a href=href aria-current=current>{label}" "<span class="num">{number(count)}</span></a></li> }
        })
        .into_iter()
        .collect_view();
    view! { <nav aria-label=t(Key::StockShortage)><ul class="segmented">{links}</ul></nav> }
        .into_any()
}

fn empty(filter: &Filter) -> AnyView {
    if filter.is_empty() && filter.page() == 1 {
        return view! { <Empty title=t(Key::StockEmpty) text=t(Key::StockEmptyText) within=true/> }
            .into_any();
    }
    view! {
        <Empty title=t(Key::StockNone) text=t(Key::StockNoneText) within=true>
            <a class="btn" href="/admin/stock">{t(Key::StockClear)}</a>
        </Empty>
    }
    .into_any()
}

/// The way to the pages beside.
fn pages(filter: &Filter, pages: i64) -> AnyView {
    let page = filter.page();
    if pages <= 1 {
        return ().into_any();
    }
    let link = |to: i64, label: Key, rel: &'static str| {
        (1..=pages).contains(&to).then(|| {
            let href = filter.address(&[("page", &to.to_string())]);
            view! { <a class="btn" href=href rel=rel>{t(label)}</a> }
        })
    };
    let place = fill(
        Key::StockPage,
        &[("page", &number(page)), ("pages", &number(pages))],
    );
    view! {
        <nav class="cluster" aria-label=t(Key::StockPages)>
            {link(page - 1, Key::StockPrevious, "prev")}
            <p class="num">{place}</p>
            {link(page + 1, Key::StockNext, "next")}
        </nav>
    }
    .into_any()
}

fn table(items: Vec<StockLine>, correcting: Option<Correcting>, filter: &Filter) -> AnyView {
    let heads = [
        (StockSort::Name, Key::StockColumnItem),
        (StockSort::OnHand, Key::StockColumnOnHand),
        (StockSort::Reserved, Key::StockColumnReserved),
        (StockSort::Available, Key::StockColumnAvailable),
    ]
    .map(|(sort, label)| head(filter, sort, label))
    .into_iter()
    .collect_view();
    let rows = items
        .into_iter()
        .map(|line| {
            let form = correcting
                .clone()
                .filter(|correcting| correcting.id == line.id);
            let open = form.is_some();
            view! { {row(line, filter, open)} {form.map(|form| correction(form, filter))} }
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table table--cards stock-table">
                <caption class="visually-hidden">{t(Key::StockTitle)}</caption>
                <thead>
                    <tr>
                        {heads}
                        <th scope="col"><span class="visually-hidden">{t(Key::StockCorrect)}</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A column's head, which puts the table in its order.
fn head(filter: &Filter, sort: StockSort, label: Key) -> AnyView {
    let is_it = filter.sort() == Some(sort);
    let direction = is_it.then(|| {
        if filter.is_descending() {
            "descending"
        } else {
            "ascending"
        }
    });
    let class = (sort != StockSort::Name).then_some("num");
    let href = filter.sorted_by(sort).address(&[]);
    view! { <th scope="col" class=class aria-sort=direction><a href=href>{t(label)}</a></th> }
        .into_any()
}

fn row(line: StockLine, filter: &Filter, open: bool) -> AnyView {
    let page = filter.page().to_string();
    let place = [("page", page.as_str())];
    let place: &[(&str, &str)] = if filter.page() > 1 { &place } else { &[] };
    let action = if open {
        let href = filter.address(place);
        view! { <a class="btn btn--s btn--quiet" href=href>{t(Key::StockCancel)}</a> }.into_any()
    } else {
        let here = [place, &[("correct", line.id.as_str())]].concat();
        let href = format!("{}#correct", filter.address(&here));
        let label = fill(Key::StockCorrectItem, &[("name", &line.name)]);
        view! { <a class="btn btn--s btn--quiet" href=href aria-label=label>{t(Key::StockCorrect)}</a> }
            .into_any()
    };
    let mark = line
        .mark
        .map(|(tone, word)| view! { <span class="chip" data-tone=tone>{word}</span> });
    let not_sold = (!line.active)
        .then(|| view! { <span class="chip" data-tone="none">{t(Key::StockNotSold)}</span> });
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a href=format!("/admin/stock/{}", line.id)>{line.name}</a>
                <small class="muted">{line.about}" "{not_sold}</small>
            </th>
            <td class="num" data-label=t(Key::StockColumnOnHand)>{number(line.on_hand)}</td>
            <td class="num" data-label=t(Key::StockColumnReserved)>{number(line.reserved)}</td>
            <td class="num stock-table__free" data-label=t(Key::StockColumnAvailable)>{mark}" "<b>{number(line.available)}</b></td>
            <td>{action}</td>
        </tr>
    }
    .into_any()
}

/// What somebody counted of an item, below its row.
fn correction(form: Correcting, filter: &Filter) -> AnyView {
    let hint = fill(
        Key::StockCountedHint,
        &[("count", &number(form.seen)), ("name", &form.name)],
    );
    let page = filter.page().to_string();
    let back = if filter.page() > 1 {
        filter.address(&[("page", &page)])
    } else {
        filter.address(&[])
    };
    view! {
        <tr class="stock-table__form" id="correct">
            <td colspan="5">
                <Form action=CorrectStock::PATH class="stock-correct">
                    <input type="hidden" name="item" value=form.id/>
                    <input type="hidden" name="seen" value=form.seen/>
                    <input type="hidden" name="last" value=form.last/>
                    <input type="hidden" name="key" value=form.key/>
                    <input type="hidden" name="back" value=back/>
                    {changed(form.seen)}
                    <p class="field__hint">{hint}</p>
                    <Field name="counted" label=t(Key::StockCounted) inputmode="numeric" value=form.seen.to_string()/>
                    <Field name="reason" label=t(Key::StockReason)/>
                    <Submit label=t(Key::StockSave)/>
                </Form>
            </td>
        </tr>
    }
    .into_any()
}

/// Says that somebody else was there first, where that is why nothing was corrected.
fn changed(seen: i64) -> Option<AnyView> {
    let refused = use_context::<StoredValue<Option<Submitted>>>()
        .and_then(|all| all.get_value())
        .is_some_and(|submitted| {
            submitted.action == CorrectStock::PATH && submitted.problem == Problem::Conflict
        });
    refused.then(|| {
        let text = fill(Key::StockChanged, &[("count", &number(seen))]);
        view! { <p class="field__error"><span>{text}</span></p> }.into_any()
    })
}

fn filters(filter: &Filter, campuses: Vec<(String, String)>) -> AnyView {
    let kinds = ["DISH", "PRODUCT"].map(|kind| (kind.to_owned(), name("stock_kind", kind)));
    let sorts = StockSort::ALL
        .map(|sort| {
            let selected = filter.sort() == Some(sort);
            // The order without a word in the address.
            let value = if sort == StockSort::default() { "" } else { sort.key() };
            view! { <option value=value selected=selected>{name("stock_sort", sort.key())}</option> }
        })
        .into_iter()
        .collect_view();
    let rows = filter.rows();
    let sizes = SIZES
        .map(|size| view! { <option value=size selected=size == rows>{size}</option> })
        .into_iter()
        .collect_view();
    let shortage = (!filter.shortage.is_empty())
        .then(|| view! { <input type="hidden" name="shortage" value=filter.shortage.clone()/> });
    let clear = (!filter.is_empty())
        .then(|| view! { <a class="btn btn--quiet" href="/admin/stock">{t(Key::StockClear)}</a> });
    let descending = filter.is_descending();
    view! {
        <form method="get" action="/admin/stock" role="search" aria-label=t(Key::StockFilters) class="card job-filters">
            <div class="job-filters__fields">
                <div class="field">
                    <label for="text">{t(Key::StockText)}</label>
                    <input class="input" id="text" name="text" type="search" maxlength="100" autocomplete="off" value=filter.text.clone()/>
                </div>
                {filter::select("campus", Key::StockCampus, Key::StockAny, campuses, &filter.campus)}
                {filter::select("kind", Key::StockKind, Key::StockAny, kinds.into(), &filter.kind)}
                <div class="field">
                    <label for="sort">{t(Key::StockSort)}</label>
                    <select class="input" id="sort" name="sort">{sorts}</select>
                </div>
                <div class="field">
                    <label for="order">{t(Key::StockOrder)}</label>
                    <select class="input" id="order" name="order">
                        <option value="" selected=!descending>{t(Key::StockAscending)}</option>
                        <option value=DESCENDING selected=descending>{t(Key::StockDescending)}</option>
                    </select>
                </div>
                <div class="field">
                    <label for="size">{t(Key::StockSize)}</label>
                    <select class="input" id="size" name="size">{sizes}</select>
                </div>
            </div>
            {shortage}
            <div class="form-actions">
                <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::StockApply)}</button>
                {clear}
            </div>
        </form>
    }
    .into_any()
}
