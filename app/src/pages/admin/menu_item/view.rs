use super::api::{
    DeleteMenuItem, EditorView, GroupView, RestoreMenuItem, SaveMenuItem, get_editor, get_new_item,
};
use super::options::row_count;
use crate::components::icon;
use crate::components::{Choice, Choices, Field, Form, FormState, Icon, Notice, Skeleton, Submit};
use crate::context::{fill, name, number, t};
use crate::error;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::list::address;
use crate::pages::plan::answer;
use domain::kitchen::Station;
use domain::menu::Options;
use domain::problem::Problem;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Key;

/// How many rows for further options a group has.
const SPARE_OPTIONS: usize = 3;
/// How many rows for further rules there are.
const SPARE_RULES: usize = 2;

#[component]
pub fn MenuItemEditorPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let (saved, asking) = query.with_untracked(|query| {
        let asking = query.get("ask").as_deref() == Some("delete");
        (query.get("saved").is_some(), asking)
    });
    let id = Memo::new(move |_| params.with(|params| params.get("item")).unwrap_or_default());
    let item = Resource::new_blocking(move || id.get(), |id| async move { get_editor(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                answer(item.await, |data| page(data, saved, asking))
            })}
        </Suspense>
    }
}

#[component]
pub fn NewMenuItemPage() -> impl IntoView {
    let query = use_query_map();
    let campus = Memo::new(move |_| query.with(|query| query.get("campus")).unwrap_or_default());
    let item = Resource::new_blocking(
        move || campus.get(),
        |campus| async move { get_new_item(campus).await },
    );
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                answer(item.await, |data| page(data, false, false))
            })}
        </Suspense>
    }
}

fn page(data: EditorView, saved: bool, asking: bool) -> AnyView {
    let new = data.id.is_empty();
    let title = if new {
        t(Key::MenuEditorNew).to_owned()
    } else {
        data.name.clone()
    };
    let back = address("/admin/menu", &[("campus", &data.campus.0)]);
    let head = view! {
        <p class="small"><a class="back-link" href=back><Icon path=icon::BACK/>{t(Key::MenuEditorTitle)}</a></p>
        <h1>{title.clone()}</h1>
        <p class="lede">{data.campus.1.clone()}</p>
    };
    let told = saved.then(
        || view! { <Notice tone="leaf"><p role="status">{t(Key::MenuEditorSaved)}</p></Notice> },
    );
    let question = (asking && data.may_edit && !data.deleted && !new).then(|| question(&data));
    let main = if data.deleted {
        deleted(&data)
    } else if data.may_edit {
        form(&data)
    } else {
        view! { <Notice><p>{t(Key::MenuEditorReadOnly)}</p></Notice> }.into_any()
    };
    let more = (!new).then(|| more(&data));
    let body = view! {
        <Title text=title/>
        {told}
        {question}
        <div class="job-body">
            <div class="stack">{main}</div>
            <aside class="stack">{more}</aside>
        </div>
    };
    panel(Section::Menu, head.into_any(), false, body.into_any())
}

/// How many orders wait for it, what else there is of it, and the way to take it off the menu.
fn more(data: &EditorView) -> AnyView {
    let stock = format!("/admin/stock/{}", data.id);
    let log = data.may_see_log.then(|| {
        let href = format!("/admin/audit?subject={}", data.id);
        view! { <a href=href>{t(Key::PanelOrderAudit)}</a> }
    });
    let delete = (data.may_edit && !data.deleted).then(|| {
        let href = format!("/admin/menu/{}?ask=delete", data.id);
        view! { <a class="btn btn--danger btn--block" href=href>{t(Key::MenuEditorDelete)}</a> }
    });
    let price = format!("{} {}", data.price, data.currency);
    view! {
        <section class="card" aria-labelledby="more">
            <h2 class="h4" id="more">{t(Key::PeopleFacts)}</h2>
            <dl class="facts">
                <div><dt>{t(Key::MenuEditorPrice)}</dt><dd class="num">{price}</dd></div>
                <div><dt>{t(Key::MenuEditorLiving)}</dt><dd class="num">{number(data.living)}</dd></div>
            </dl>
            <p class="cluster"><a href=stock>{t(Key::AdminStock)}</a>{log}</p>
            {delete}
        </section>
    }
    .into_any()
}

/// Whether it is to be taken off the menu indeed, and how many orders wait for it.
fn question(data: &EditorView) -> AnyView {
    let living = match data.living {
        0 => t(Key::MenuEditorLivingNone).to_owned(),
        1 => t(Key::MenuEditorLivingOne).to_owned(),
        living => fill(Key::MenuEditorLivingMany, &[("count", &number(living))]),
    };
    let here = format!("/admin/menu/{}", data.id);
    let (id, version, campus) = (data.id.clone(), data.version, data.campus.0.clone());
    view! {
        <Notice tone="beet" title=t(Key::MenuEditorDeleteTitle)>
            <p>{t(Key::MenuEditorDeleteText)}" "{living}</p>
            <Form action=DeleteMenuItem::PATH>
                <input type="hidden" name="item" value=id/>
                <input type="hidden" name="version" value=version/>
                <input type="hidden" name="campus" value=campus/>
                <div class="form-actions">
                    <Submit label=t(Key::MenuEditorDelete) class="btn--s btn--danger"/>
                    <a class="btn btn--s btn--quiet" href=here>{t(Key::MenuEditorKeep)}</a>
                </div>
            </Form>
        </Notice>
    }
    .into_any()
}

/// What was taken off the menu, and the way back.
fn deleted(data: &EditorView) -> AnyView {
    let (id, version) = (data.id.clone(), data.version);
    let restore = data.may_edit.then(|| {
        view! {
            <Form action=RestoreMenuItem::PATH>
                <input type="hidden" name="item" value=id/>
                <input type="hidden" name="version" value=version/>
                <div class="form-actions"><Submit label=t(Key::MenuEditorRestore)/></div>
            </Form>
        }
        .into_any()
    });
    view! {
        <Notice tone="saffron" title=t(Key::MenuEditorIsDeleted)>
            <p>{t(Key::MenuEditorIsDeletedText)}</p>
            {restore}
        </Notice>
    }
    .into_any()
}

fn form(data: &EditorView) -> AnyView {
    let data = data.clone();
    view! {
        <Form action=SaveMenuItem::PATH changed=Key::MenuEditorChanged>
            {fields(data)}
            <div class="form-actions"><Submit label=t(Key::MenuEditorSave)/></div>
        </Form>
    }
    .into_any()
}

/// The fields of the form. They are made within it, so that they find what was typed.
#[component]
fn EditorFields(
    /// What stands in them at first.
    data: EditorView,
) -> impl IntoView {
    let state = FormState::current();
    let what = data.id.is_empty().then(|| {
        let chosen = state.typed("what").unwrap_or_default();
        view! {
            {select_row("what", t(Key::MenuEditorWhat), "what", &chosen, &data.choices, state)}
            <Field name="low_mark" label=t(Key::StockItemLowMark) hint=t(Key::MenuEditorLowMarkHint) inputmode="numeric" value="5" optional=true/>
        }
    });
    let days = (0..7)
        .map(|day: usize| Choice::new(day.to_string(), name("weekday", &(day + 1).to_string())))
        .collect::<Vec<_>>();
    let standings = vec![
        Choice::new("true", name("standing", "ACTIVE")),
        Choice::new("false", name("standing", "INACTIVE")),
    ];
    let active = vec![data.active.to_string()];
    let stations = Station::ALL
        .map(|station| Choice::new(station.key(), name("station", station.key())))
        .to_vec();
    view! {
        <input type="hidden" name="item" value=data.id.clone()/>
        <input type="hidden" name="version" value=data.version/>
        <input type="hidden" name="campus" value=data.campus.0.clone()/>
        <input type="hidden" name="currency" value=data.currency.clone()/>
        {what}
        <div class="editor-row">
            <Field name="price" label=t(Key::MenuEditorPrice) inputmode="decimal" unit=data.currency.clone() value=data.price.clone()/>
            <Field name="minutes" label=t(Key::MenuEditorMinutes) inputmode="numeric" value=data.minutes.clone()/>
            <Field name="position" label=t(Key::MenuEditorPosition) hint=t(Key::MenuEditorPositionHint) inputmode="numeric" value=data.position.clone() optional=true/>
        </div>
        <Choices name="station" legend=t(Key::MenuEditorStation) options=stations selected=vec![data.station.clone()] class="segmented"/>
        <Choices name="active" legend=t(Key::MenuEditorStanding) options=standings selected=active class="segmented"/>
        <Choices name="days[]" legend=t(Key::MenuEditorDays) options=days selected=data.days.clone() several=true class="pills"/>
        <div class="editor-row">
            <Field name="from" label=t(Key::MenuEditorFrom) hint=t(Key::MenuEditorTimeHint) value=data.from.clone()/>
            <Field name="until" label=t(Key::MenuEditorUntil) hint=t(Key::MenuEditorTimeHint) value=data.until.clone()/>
        </div>
        {groups(&data, state)}
        {rules(&data, state)}
    }
    .into_any()
}

fn fields(data: EditorView) -> AnyView {
    view! { <EditorFields data=data/> }.into_any()
}

/// The names of the rows that were typed before the page was rendered anew, as `g0_en`; nothing where it
/// was not.
fn typed_rows(state: FormState, prefix: &str, most: usize, shown: usize) -> usize {
    // Each possible row is asked for: there are few.
    let typed: Vec<String> = (0..most)
        .map(|row| format!("{prefix}{row}_key"))
        .filter(|name| state.typed(&field_name(name)).is_some())
        .collect();
    row_count(typed.iter().map(String::as_str), prefix, most).max(shown)
}

/// What a row's field is called in the form.
fn field_name(row: &str) -> String {
    format!("options[{row}]")
}

/// Why a row's field was refused, in words.
fn row_error(state: FormState, row: &str) -> Option<String> {
    match untrack(|| state.problem()) {
        Some(Problem::Invalid { fields }) => fields
            .iter()
            .find(|refused| refused.field == row)
            .map(|refused| error::explain(&refused.code)),
        _ => None,
    }
}

fn error_line(text: Option<String>, id: &str) -> AnyView {
    let id = id.to_owned();
    text.map(|text| view! { <p class="field__error" id=id><Icon path=icon::ALERT/><span>{text}</span></p> })
        .into_any()
}

/// A line of text of a row.
fn text_row(
    row: &str,
    label: String,
    first: &str,
    inputmode: &'static str,
    state: FormState,
) -> AnyView {
    let field = field_name(row);
    let value = state.typed(&field).unwrap_or_else(|| first.to_owned());
    let refused = row_error(state, row);
    let invalid = refused.is_some().then_some("true");
    let error = format!("{row}-error");
    view! {
        <div class="field">
            <label for=row.to_owned()>{label}</label>
            <input class="input" id=row.to_owned() name=field value=value inputmode=inputmode autocomplete="off" aria-invalid=invalid aria-describedby=error.clone()/>
            {error_line(refused, &error)}
        </div>
    }
    .into_any()
}

/// One of some values of a row, or none.
fn select_row(
    row: &str,
    label: &str,
    field: &str,
    chosen: &str,
    options: &[(String, String)],
    state: FormState,
) -> AnyView {
    let refused = row_error(state, row);
    let invalid = refused.is_some().then_some("true");
    let error = format!("{row}-error");
    let options = options
        .iter()
        .map(|(value, label)| {
            let selected = value == chosen;
            view! { <option value=value.clone() selected=selected>{label.clone()}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=row.to_owned()>{label.to_owned()}</label>
            <select class="input" id=row.to_owned() name=field.to_owned() aria-invalid=invalid aria-describedby=error.clone()>
                <option value="">"–"</option>
                {options}
            </select>
            {error_line(refused, &error)}
        </div>
    }
    .into_any()
}

fn groups(data: &EditorView, state: FormState) -> AnyView {
    let most = Options::GROUPS_MOST;
    // One more than there are, for another.
    let shown = typed_rows(state, "g", most, (data.groups.len() + 1).min(most));
    let none = GroupView::default();
    let groups = (0..shown)
        .map(|row| {
            let group = data.groups.get(row).unwrap_or(&none);
            group_rows(row, group, &data.options, state)
        })
        .collect_view();
    let refused = row_error(state, "groups");
    view! {
        <section class="stack" aria-labelledby="groups">
            <h2 class="h4" id="groups">{t(Key::MenuEditorOptions)}</h2>
            <p class="field__hint">{t(Key::MenuEditorOptionsHint)}</p>
            {error_line(refused, "groups-error")}
            {groups}
        </section>
    }
    .into_any()
}

fn group_rows(
    row: usize,
    group: &GroupView,
    choices: &[(String, String)],
    state: FormState,
) -> AnyView {
    let place = number(row as i64 + 1);
    let legend = if group.en.is_empty() && group.es.is_empty() {
        fill(Key::MenuEditorNewGroup, &[("number", &place)])
    } else {
        fill(Key::MenuEditorGroup, &[("number", &place)])
    };
    let key_field = field_name(&format!("g{row}_key"));
    let key = state.typed(&key_field).unwrap_or_else(|| group.key.clone());
    let key_error = row_error(state, &format!("g{row}_key"));
    let most = Options::OPTIONS_MOST;
    let spare = (group.options.len() + SPARE_OPTIONS).min(most);
    let shown = typed_rows(state, &format!("o{row}_"), most, spare);
    let options = (0..shown)
        .map(|option| {
            let first = group.options.get(option).cloned().unwrap_or_default();
            let place = number(option as i64 + 1);
            let (key, price) = (
                format!("o{row}_{option}_key"),
                format!("o{row}_{option}_price"),
            );
            let field = field_name(&key);
            let chosen = state.typed(&field).unwrap_or(first.0);
            let label = fill(Key::MenuEditorOption, &[("number", &place)]);
            let cost = fill(Key::MenuEditorOptionPrice, &[("number", &place)]);
            view! {
                <div class="editor-row editor-row--option">
                    {select_row(&key, &label, &field, &chosen, choices, state)}
                    {text_row(&price, cost, &first.1, "decimal", state)}
                </div>
            }
        })
        .collect_view();
    let name = |part: &str| format!("g{row}_{part}");
    view! {
        <fieldset class="card editor-group">
            <legend>{legend}</legend>
            <input type="hidden" name=key_field value=key/>
            {error_line(key_error, &format!("g{row}_key-error"))}
            <div class="editor-row">
                {text_row(&name("en"), t(Key::MenuEditorNameEn).to_owned(), &group.en, "text", state)}
                {text_row(&name("es"), t(Key::MenuEditorNameEs).to_owned(), &group.es, "text", state)}
                {text_row(&name("min"), t(Key::MenuEditorMin).to_owned(), &group.min, "numeric", state)}
                {text_row(&name("max"), t(Key::MenuEditorMax).to_owned(), &group.max, "numeric", state)}
            </div>
            {options}
        </fieldset>
    }
    .into_any()
}

fn rules(data: &EditorView, state: FormState) -> AnyView {
    let most = Options::RULES_MOST;
    let spare = (data.rules.len() + SPARE_RULES).min(most);
    // A rule's row is known by its option.
    let typed = (0..most)
        .filter(|row| {
            let field = field_name(&format!("r{row}_option"));
            state.typed(&field).is_some()
        })
        .max()
        .map_or(0, |row| row + 1);
    let kinds = ["REQUIRES", "EXCLUDES"]
        .map(|kind| (kind.to_owned(), name("rule_kind", kind)))
        .to_vec();
    let rows = (0..typed.max(spare))
        .map(|row| {
            let first = data.rules.get(row).cloned().unwrap_or_default();
            let place = number(row as i64 + 1);
            let part = |part: &str, first: String| {
                let id = format!("r{row}_{part}");
                let field = field_name(&id);
                let chosen = state.typed(&field).unwrap_or(first);
                (id, field, chosen)
            };
            let (option, option_field, chosen_option) = part("option", first.0);
            let (kind, kind_field, chosen_kind) = part("kind", first.1);
            let (other, other_field, chosen_other) = part("other", first.2);
            let label = |key: Key| fill(key, &[("number", &place)]);
            view! {
                <div class="editor-row editor-row--rule">
                    {select_row(&option, &label(Key::MenuEditorRuleOption), &option_field, &chosen_option, &data.options, state)}
                    {select_row(&kind, &label(Key::MenuEditorRuleKind), &kind_field, &chosen_kind, &kinds, state)}
                    {select_row(&other, &label(Key::MenuEditorRuleOther), &other_field, &chosen_other, &data.options, state)}
                </div>
            }
        })
        .collect_view();
    let refused = row_error(state, "rules");
    view! {
        <section class="stack" aria-labelledby="rules">
            <h2 class="h4" id="rules">{t(Key::MenuEditorRules)}</h2>
            <p class="field__hint">{t(Key::MenuEditorRulesHint)}</p>
            {error_line(refused, "rules-error")}
            {rows}
        </section>
    }
    .into_any()
}
