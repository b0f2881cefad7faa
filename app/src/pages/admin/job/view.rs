use super::api::{ChangeJob, JobView, SetJobPriority, UndoJobChange, get_job};
use super::parts::{attempts, causes, children, code, facts, log, problem, times};
use crate::components::icon;
use crate::components::{Field, Form, Icon, Notice, Progress, Skeleton, Submit};
use crate::context::{fill, name, number, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::admin::jobs::api::Filter;
use crate::pages::plan::answer;
use domain::job::JobState;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use locales::Key;

/// Up to so many jobs are put back before the answer.
const AT_ONCE: i64 = 1000;

/// What has just been done, as the address tells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    /// The change that can be taken back; may be empty.
    changed: String,
    /// What was done; may be empty.
    action: String,
    /// How many jobs an undo took back; may be empty.
    undone: String,
    /// Whether somebody is asked before the job is deleted.
    deleting: bool,
}

impl Told {
    fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            changed: part("changed"),
            action: part("action"),
            undone: part("undone"),
            deleting: part("ask") == "delete",
        }
    }
}

#[component]
pub fn JobPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let told = query.with_untracked(Told::read);
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let job = Resource::new_blocking(move || id.get(), |id| async move { get_job(id).await });
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || {
                let told = told.clone();
                Suspend::new(async move { answer(job.await, |data| page(data, &told)) })
            }}
        </Suspense>
    }
}

fn page(data: JobView, told: &Told) -> AnyView {
    let line = &data.line;
    let section = if line.state == JobState::Dead {
        Section::DeadLetters
    } else {
        Section::Jobs
    };
    let kind = Filter {
        kind: line.kind.clone(),
        ..Filter::default()
    };
    let head = view! {
        <p class="cluster cluster--s small">
            <a class="back-link" href="/admin/jobs"><Icon path=icon::BACK/>{t(Key::JobBack)}</a>
            <a href=kind.address("/admin/jobs", &[])><code>{line.kind.clone()}</code></a>
        </p>
        <h1>{line.title.clone()}</h1>
    };
    let title = line.title.clone();
    let (notice, asking) = (notice(&data, told), asking(&data, told));
    let changes = changes(&data, told);
    let body = view! {
        <Title text=title/>
        {notice}
        {asking}
        <div class="job-top">
            <div data-live="state">{state(&data)}</div>
            {changes}
        </div>
        <div data-live="problem">{problem(data.problem)}</div>
        <div class="job-body">
            <div class="stack stack--l">
                {code("arguments", Key::JobArguments, data.arguments, Some(Key::JobArgumentsNote))}
                <div class="stack stack--l" data-live="outcome">
                    {causes(data.causes)}
                    {data.result.map(|result| code("result", Key::JobResult, result, None))}
                    {attempts(data.attempts)}
                    {log(data.log)}
                    {children(data.children, data.children_left)}
                </div>
            </div>
            <aside class="stack" data-live="facts">
                {times(data.times)}
                {facts(data.facts)}
            </aside>
        </div>
    };
    panel(section, head.into_any(), true, body.into_any())
}

/// How it stands, and how far it is.
fn state(data: &JobView) -> AnyView {
    let line = &data.line;
    let running = (line.state == JobState::Running).then(|| {
        let percent = line
            .progress
            .map(|progress| format!("{:.0}\u{a0}%", progress * 100.0));
        view! {
            <div class="job-progress">
                <Progress value=line.progress label=t(Key::JobProgress)/>
                <b class="num">{percent}</b>
            </div>
        }
    });
    let message = (!line.message.is_empty())
        .then(|| view! { <p class="small muted">{line.message.clone()}</p> });
    view! {
        <div class="cluster job-state">{line.chip()}{running}{message}</div>
    }
    .into_any()
}

/// What has just been done to it, and the way back.
fn notice(data: &JobView, told: &Told) -> AnyView {
    if !told.undone.is_empty() {
        let text = match told.undone.parse::<i64>() {
            Ok(1) => t(Key::JobUndone).to_owned(),
            // So many are put back by a job of their own.
            Ok(jobs) if jobs > AT_ONCE => fill(Key::JobUndoneLater, &[("count", &number(jobs))]),
            Ok(jobs) if jobs > 1 => fill(Key::JobUndoneMany, &[("count", &number(jobs))]),
            _ => t(Key::JobUndoneNone).to_owned(),
        };
        return view! { <Notice><p role="status">{text}</p></Notice> }.into_any();
    }
    let known = locales::key(&format!("changed.{}", told.action));
    let Some(text) = known.map(t) else {
        return ().into_any();
    };
    let undo = (!told.changed.is_empty()).then(|| undo(data, &told.changed, Key::JobUndo));
    view! {
        <Notice tone="leaf">
            <div class="cluster cluster--between"><p role="status">{text}</p>{undo}</div>
        </Notice>
    }
    .into_any()
}

fn undo(data: &JobView, change: &str, label: Key) -> AnyView {
    let (id, change) = (data.line.id.clone(), change.to_owned());
    view! {
        <Form action=UndoJobChange::PATH>
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="change" value=change/>
            <Submit label=t(label) class="btn--s"/>
        </Form>
    }
    .into_any()
}

/// Whether it is to be deleted indeed.
fn asking(data: &JobView, told: &Told) -> AnyView {
    if !told.deleting || !data.changes.iter().any(|change| change == "DELETE") {
        return ().into_any();
    }
    let (id, href) = (data.line.id.clone(), data.line.href());
    view! {
        <Notice tone="beet" title=t(Key::JobDeleteTitle)>
            <p>{t(Key::JobDeleteText)}</p>
            <Form action=ChangeJob::PATH class="form-actions">
                <input type="hidden" name="id" value=id/>
                <button name="action" value="DELETE" class="btn btn--s btn--danger">{t(Key::JobDelete)}</button>
                <a class="btn btn--s btn--quiet" href=href>{t(Key::JobKeep)}</a>
            </Form>
        </Notice>
    }
    .into_any()
}

/// What can be done to it.
fn changes(data: &JobView, told: &Told) -> AnyView {
    let has = |action: &str| data.changes.iter().any(|change| change == action);
    let buttons = ["RETRY", "CANCEL", "RUN_NOW"]
        .into_iter()
        .filter(|action| has(action))
        .map(|action| {
            view! { <button name="action" value=action class="btn btn--s">{name("change", action)}</button> }
        })
        .collect_view();
    let delete = has("DELETE").then(|| {
        let href = format!("{}?ask=delete", data.line.href());
        view! { <a class="btn btn--s btn--danger" href=href>{t(Key::ChangeDELETE)}</a> }
    });
    let priority = has("SET_PRIORITY").then(|| {
        let (id, now) = (data.line.id.clone(), data.priority.to_string());
        view! {
            <Form action=SetJobPriority::PATH class="job-priority">
                <input type="hidden" name="id" value=id/>
                <Field name="priority" label=t(Key::JobPriorityNew) value=now inputmode="numeric"/>
                <Submit label=t(Key::ChangeSETPRIORITY) class="btn--s"/>
            </Form>
        }
    });
    let undo_all = data
        .undo
        .as_ref()
        .filter(|_| told.undone.is_empty())
        .map(|change| undo(data, change, Key::JobUndoAll));
    let inner = if data.changes.is_empty() && undo_all.is_none() {
        ().into_any()
    } else {
        let id = data.line.id.clone();
        view! {
            <section class="job-changes" aria-label=t(Key::JobActions)>
                <Form action=ChangeJob::PATH class="cluster cluster--s">
                    <input type="hidden" name="id" value=id/>
                    {buttons}
                    {delete}
                </Form>
                {priority}
                {undo_all}
            </section>
        }
        .into_any()
    };
    view! { <div data-live="changes">{inner}</div> }.into_any()
}
