use super::api::{AuditLine, AuditView, Filter, get_audit};
use crate::components::Skeleton;
use crate::context::t;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::{self, bar, empty, filters, pager, size_field, time_field};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

const PATH: &str = "/admin/audit";

#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::read));
    let audit = Resource::new_blocking(
        move || filter.get(),
        |filter| async move { get_audit(filter).await },
    );
    view! {
        <Title text=t(Key::AuditTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let audit = audit.await;
                answer(audit, |data| page(data, &filter.get_untracked()))
            })}
        </Suspense>
    }
}

fn page(data: AuditView, filter: &Filter) -> AnyView {
    let actions = data
        .actions
        .into_iter()
        .map(|action| view! { <option value=action></option> })
        .collect_view();
    let fields = view! {
        {list::text_field("actor", Key::AuditActor, &filter.actor)}
        <div class="field">
            <label for="action">{t(Key::AuditAction)}</label>
            <input class="input" id="action" name="action" list="actions" maxlength="100" autocomplete="off" value=filter.action.clone()/>
            <datalist id="actions">{actions}</datalist>
        </div>
        {list::text_field("subject", Key::AuditSubject, &filter.subject)}
        {time_field("since", Key::ListsSince, &filter.since)}
        {time_field("until", Key::ListsUntil, &filter.until)}
        {size_field(&filter.size)}
    };
    let filtered = filter.is_filtered();
    let table = if data.items.is_empty() {
        empty((Key::AuditEmpty, Key::AuditEmptyText), filtered, PATH)
    } else {
        table(data.items)
    };
    let next = data.next.map(|after| filter.address(&after));
    let first = (!filter.after.is_empty()).then(|| filter.address(""));
    let head = view! {
        <h1>{t(Key::AuditTitle)}</h1>
        <p class="lede">{t(Key::AuditLede)}</p>
    };
    let body = view! {
        {filters(PATH, Key::AuditFilters, fields.into_any(), filtered)}
        <div class="stack">
            {bar(data.count, data.file)}
            {table}
            {pager(next, first)}
        </div>
    };
    panel(Section::Audit, head.into_any(), false, body.into_any())
}

fn table(items: Vec<AuditLine>) -> AnyView {
    let rows = items.into_iter().map(row).collect_view();
    view! {
        <div class="card job-list">
            <div class="table-box">
                <table class="table table--cards record-table">
                    <caption class="visually-hidden">{t(Key::AuditTitle)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::AuditAction)}</th>
                            <th scope="col">{t(Key::AuditActor)}</th>
                            <th scope="col">{t(Key::AuditSubject)}</th>
                            <th scope="col">{t(Key::AuditChanges)}</th>
                            <th scope="col" class="num">{t(Key::AuditWhen)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn row(line: AuditLine) -> AnyView {
    let (words, action) = line.action;
    let (actor, account) = line.actor;
    let actor = if account.is_empty() {
        view! { <span class="muted">{actor}</span> }.into_any()
    } else {
        view! { <a href=format!("/admin/people/{account}")>{actor}</a> }.into_any()
    };
    let (subject, place) = line.subject;
    let subject = if place.is_empty() {
        view! { <code>{subject}</code> }.into_any()
    } else {
        view! { <a href=place><code>{subject}</code></a> }.into_any()
    };
    view! {
        <tr data-key=line.id>
            <th scope="row">{words}<code>{action}</code></th>
            <td data-label=t(Key::AuditActor)>{actor}</td>
            <td class="record-table__wide" data-label=t(Key::AuditSubject)>{subject}</td>
            <td class="record-table__wide" data-label=t(Key::AuditChanges)>{changes(line.changes)}</td>
            <td class="num" data-label=t(Key::AuditWhen)>{line.when.relative()}</td>
        </tr>
    }
    .into_any()
}

/// Where, what it was, and what it is.
fn changes(changes: Vec<(String, String, String)>) -> AnyView {
    if changes.is_empty() {
        return view! { <span class="muted">"–"</span> }.into_any();
    }
    let changes = changes
        .into_iter()
        .map(|(path, before, after)| {
            view! {
                <div>
                    <dt><code>{path}</code></dt>
                    <dd>
                        <del><span class="visually-hidden">{t(Key::AuditBefore)}" "</span>{before}</del>
                        " → "
                        <ins><span class="visually-hidden">{t(Key::AuditAfter)}" "</span>{after}</ins>
                    </dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="difference">{changes}</dl> }.into_any()
}
