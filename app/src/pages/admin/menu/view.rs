use super::api::{Filter, MenuLine, MenuView, get_menu_items};
use super::build::DESCENDING;
use crate::components::icon;
use crate::components::{Icon, Notice, Skeleton};
use crate::context::{fill, name, number, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::{self, bar, empty, filters, size_field};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;
use service::menu::{MenuSort, Standing};

const PATH: &str = "/admin/menu";

#[component]
pub fn AdminMenuPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::read));
    let deleted = query.with_untracked(|query| query.get("deleted").unwrap_or_default());
    let menu = Resource::new_blocking(
        move || filter.get(),
        |filter| async move { get_menu_items(filter).await },
    );
    view! {
        <Title text=t(Key::MenuEditorTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || {
                let deleted = deleted.clone();
                Suspend::new(async move {
                    let menu = menu.await;
                    answer(menu, |data| page(data, &filter.get_untracked(), &deleted))
                })
            }}
        </Suspense>
    }
}

fn page(data: MenuView, filter: &Filter, deleted: &str) -> AnyView {
    let (slug, campus) = data.campus;
    let tabs = data
        .campuses
        .into_iter()
        .map(|(one, label)| {
            let current = (one == slug).then_some("true");
            let href = list::address(PATH, &[("campus", &one)]);
            view! { <li><a href=href aria-current=current>{label}</a></li> }
        })
        .collect_view();
    let kinds = ["DISH", "PRODUCT"].map(|kind| (kind.to_owned(), name("stock_kind", kind)));
    let standings = Standing::ALL.map(|one| (one.key().to_owned(), name("standing", one.key())));
    let sorts = MenuSort::ALL.map(|sort| {
        let value = match sort {
            MenuSort::Place => "",
            MenuSort::Name | MenuSort::Price => sort.key(),
        };
        (value.to_owned(), name("menu_sort", sort.key()))
    });
    let directions = [
        (String::new(), t(Key::StockAscending).to_owned()),
        (DESCENDING.to_owned(), t(Key::StockDescending).to_owned()),
    ];
    let fields = view! {
        <input type="hidden" name="campus" value=slug.clone()/>
        {list::text_field("text", Key::StockText, &filter.text)}
        {list::any_field("kind", Key::StockKind, kinds.into(), &filter.kind)}
        {list::choice_field("standing", Key::MenuEditorStanding, standing_choices(standings), &filter.standing)}
        {list::choice_field("sort", Key::ListsSort, sorts.into(), &filter.sort)}
        {list::choice_field("order", Key::ListsOrder, directions.into(), &filter.order)}
        {size_field(&filter.size)}
    };
    let filtered = filter.is_filtered();
    let table = if data.items.is_empty() {
        let words = (Key::MenuEditorEmpty, Key::MenuEditorEmptyText);
        empty(words, filtered, PATH)
    } else {
        table(data.items)
    };
    let add = (data.may_edit && !slug.is_empty()).then(|| {
        let href = list::address("/admin/menu/new", &[("campus", &slug)]);
        view! { <a class="btn btn--primary" href=href><Icon path=icon::PLUS/>{t(Key::MenuEditorAdd)}</a> }
    });
    // What was taken off can be put back.
    let told = (!deleted.is_empty()).then(|| {
        let href = format!("/admin/menu/{deleted}");
        view! {
            <Notice tone="leaf">
                <p role="status">{t(Key::MenuEditorDeleted)}" "<a href=href>{t(Key::MenuEditorUndo)}</a></p>
            </Notice>
        }
    });
    let head = view! {
        <h1>{t(Key::MenuEditorTitle)}</h1>
        <p class="lede">{campus}</p>
    };
    let body = view! {
        {told}
        <div class="cluster cluster--between">
            <nav aria-label=t(Key::PanelOrdersCampus)><ul class="segmented">{tabs}</ul></nav>
            {add}
        </div>
        {filters(PATH, Key::MenuEditorFilters, fields.into_any(), filtered)}
        <div class="stack">
            {bar(data.count, data.file)}
            {table}
            {pages(filter, data.pages)}
        </div>
    };
    panel(Section::Menu, head.into_any(), false, body.into_any())
}

fn standing_choices(standings: [(String, String); 3]) -> Vec<(String, String)> {
    let on = (String::new(), t(Key::MenuEditorOnMenu).to_owned());
    [on].into_iter().chain(standings).collect()
}

/// The way to the pages beside.
fn pages(filter: &Filter, pages: i64) -> AnyView {
    let page = filter.page();
    if pages <= 1 {
        return ().into_any();
    }
    let link = |to: i64, label: Key, rel: &'static str| {
        (1..=pages).contains(&to).then(|| {
            view! { <a class="btn" href=filter.address(to) rel=rel>{t(label)}</a> }
        })
    };
    let place = fill(
        Key::StockPage,
        &[("page", &number(page)), ("pages", &number(pages))],
    );
    view! {
        <nav class="cluster" aria-label=t(Key::ListsPages)>
            {link(page - 1, Key::StockPrevious, "prev")}
            <p class="num">{place}</p>
            {link(page + 1, Key::StockNext, "next")}
        </nav>
    }
    .into_any()
}

fn table(items: Vec<MenuLine>) -> AnyView {
    let rows = items.into_iter().map(row).collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::MenuEditorTitle)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::StockColumnItem)}</th>
                            <th scope="col">{t(Key::MenuEditorStanding)}</th>
                            <th scope="col" class="num">{t(Key::MenuEditorPrice)}</th>
                            <th scope="col">{t(Key::MenuEditorSale)}</th>
                            <th scope="col" class="num">{t(Key::MenuEditorGroups)}</th>
                            <th scope="col" class="num">{t(Key::StockColumnAvailable)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn row(line: MenuLine) -> AnyView {
    let (tone, word) = line.standing;
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a href=format!("/admin/menu/{}", line.id)>{line.name}</a>
                <small class="muted">{line.kind}</small>
            </th>
            <td data-label=t(Key::MenuEditorStanding)><span class="chip" data-tone=tone>{word}</span></td>
            <td class="num" data-label=t(Key::MenuEditorPrice)>{line.price}</td>
            <td data-label=t(Key::MenuEditorSale)>{line.sale}</td>
            <td class="num" data-label=t(Key::MenuEditorGroups)>{line.groups}</td>
            <td class="num" data-label=t(Key::StockColumnAvailable)>{line.left}</td>
        </tr>
    }
    .into_any()
}
