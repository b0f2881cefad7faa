use super::api::{Filter, PeopleView, PersonLine, get_people};
use crate::components::Skeleton;
use crate::context::{name, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::{self, bar, empty, filters, pager, size_field};
use crate::pages::plan::answer;
use domain::account::Role;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;
use service::people::PeopleSort;

const PATH: &str = "/admin/people";

#[component]
pub fn PeoplePage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::read));
    let people = Resource::new_blocking(
        move || filter.get(),
        |filter| async move { get_people(filter).await },
    );
    view! {
        <Title text=t(Key::PeopleTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let people = people.await;
                answer(people, |data| page(data, &filter.get_untracked()))
            })}
        </Suspense>
    }
}

fn page(data: PeopleView, filter: &Filter) -> AnyView {
    let roles = Role::ALL.map(|role| (role.key().to_owned(), name("role", role.key())));
    let standings = [
        ("yes".to_owned(), t(Key::PeopleActive).to_owned()),
        ("no".to_owned(), t(Key::PeopleInactive).to_owned()),
    ];
    let sorts = PeopleSort::ALL.map(|sort| {
        let value = match sort {
            PeopleSort::Newest => "",
            PeopleSort::Email => sort.key(),
        };
        (value.to_owned(), name("people_sort", sort.key()))
    });
    let fields = view! {
        {list::text_field("text", Key::PeopleText, &filter.text)}
        {list::any_field("role", Key::PeopleRole, roles.into(), &filter.role)}
        {list::any_field("active", Key::PeopleStanding, standings.into(), &filter.active)}
        {list::choice_field("sort", Key::ListsSort, sorts.into(), &filter.sort)}
        {size_field(&filter.size)}
    };
    let filtered = filter.is_filtered();
    let table = if data.items.is_empty() {
        empty((Key::PeopleEmpty, Key::PeopleEmptyText), filtered, PATH)
    } else {
        table(data.items)
    };
    let next = data.next.map(|after| filter.address(&after));
    let first = (!filter.after.is_empty()).then(|| filter.address(""));
    let head = view! {
        <h1>{t(Key::PeopleTitle)}</h1>
        <p class="lede">{t(Key::PeopleLede)}</p>
    };
    let body = view! {
        {filters(PATH, Key::PeopleFilters, fields.into_any(), filtered)}
        <div class="stack">
            {bar(data.count, data.file)}
            {table}
            {pager(next, first)}
        </div>
    };
    panel(Section::People, head.into_any(), false, body.into_any())
}

fn table(items: Vec<PersonLine>) -> AnyView {
    let rows = items.into_iter().map(row).collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::PeopleTitle)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::PeopleName)}</th>
                            <th scope="col">{t(Key::PeopleRole)}</th>
                            <th scope="col">{t(Key::PeopleStanding)}</th>
                            <th scope="col" class="num">{t(Key::PeopleSince)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn row(line: PersonLine) -> AnyView {
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a href=format!("/admin/people/{}", line.id)>{line.name}</a>
                <small class="muted">{line.email}</small>
            </th>
            <td data-label=t(Key::PeopleRole)>{line.role.1}</td>
            <td data-label=t(Key::PeopleStanding)>{standing(line.active)}</td>
            <td class="num" data-label=t(Key::PeopleSince)>{line.since.relative()}</td>
        </tr>
    }
    .into_any()
}

/// Whether somebody may sign in.
pub(super) fn standing(active: bool) -> AnyView {
    let (tone, word) = if active {
        ("leaf", Key::PeopleActive)
    } else {
        ("beet", Key::PeopleInactive)
    };
    view! { <span class="chip" data-tone=tone>{t(word)}</span> }.into_any()
}
