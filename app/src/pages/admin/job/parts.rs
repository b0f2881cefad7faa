//! The sections of a job's page.

use super::api::{AttemptView, JobLine, Moment, ProblemView, TimeView};
use crate::components::Notice;
use crate::context::{fill, number, t};
use crate::pages::admin::line::job_table;
use leptos::prelude::*;
use locales::Key;

/// Why it did not succeed, in words.
pub(super) fn problem(problem: Option<ProblemView>) -> AnyView {
    let Some(ProblemView {
        title,
        help,
        details,
    }) = problem
    else {
        return ().into_any();
    };
    let details = (!details.is_empty()).then(|| {
        let items = details
            .into_iter()
            .map(|detail| view! { <li>{detail}</li> })
            .collect_view();
        view! { <ul class="remarks">{items}</ul> }
    });
    view! {
        <section aria-label=t(Key::JobProblem)>
            <Notice tone="beet" title=title>{details}<p>{help}</p></Notice>
        </section>
    }
    .into_any()
}

/// JSON, as it is.
pub(super) fn code(id: &'static str, title: Key, json: String, note: Option<Key>) -> AnyView {
    let note = note.map(|note| view! { <p class="small muted">{t(note)}</p> });
    view! {
        <section class="stack stack--s" aria-labelledby=id>
            <h2 class="h3" id=id>{t(title)}</h2>
            <pre class="code" tabindex="0" aria-labelledby=id><code>{json}</code></pre>
            {note}
        </section>
    }
    .into_any()
}

/// The jobs that led to it, the first one first.
pub(super) fn causes(causes: Vec<JobLine>) -> AnyView {
    if causes.is_empty() {
        return ().into_any();
    }
    let items = causes
        .into_iter()
        .map(|line| {
            let (href, chip, id) = (line.href(), line.chip(), line.id.clone());
            view! { <li data-key=id><a href=href>{line.title}</a>{chip}</li> }
        })
        .collect_view();
    view! {
        <section class="stack stack--s" aria-labelledby="caused-by">
            <h2 class="h3" id="caused-by">{t(Key::JobCausedBy)}</h2>
            <ol class="causes">{items}</ol>
        </section>
    }
    .into_any()
}

/// What it caused, and how much of that it waits for.
pub(super) fn children(children: Vec<JobLine>, left: i64) -> AnyView {
    if children.is_empty() {
        return ().into_any();
    }
    let shown = number(children.len() as i64);
    let left = (left > 0).then(|| {
        let text = fill(Key::JobChildrenLeft, &[("count", &number(left))]);
        view! { <p class="small">{text}</p> }
    });
    let more = (children.len() >= 100).then(|| {
        let text = fill(Key::JobChildrenMore, &[("count", &shown)]);
        view! { <p class="small muted">{text}</p> }
    });
    let table = job_table(t(Key::JobChildren), children);
    view! {
        <section class="stack stack--s" aria-labelledby="children">
            <h2 class="h3" id="children">{t(Key::JobChildren)}</h2>
            {left}
            <div class="card job-list">{table}</div>
            {more}
        </section>
    }
    .into_any()
}

/// The attempts that did not succeed.
pub(super) fn attempts(attempts: Vec<AttemptView>) -> AnyView {
    if attempts.is_empty() {
        return ().into_any();
    }
    let rows = attempts
        .into_iter()
        .map(|attempt| {
            let ran = if attempt.ran.is_empty() {
                "–".to_owned()
            } else {
                attempt.ran
            };
            view! {
                <tr data-key=attempt.fence.to_string()>
                    <th scope="row" class="num">{attempt.fence}</th>
                    <td data-label=t(Key::JobAttemptWhen)>{attempt.ended.full()}</td>
                    <td class="num" data-label=t(Key::JobAttemptRan)>{ran}</td>
                    <td>{attempt.why}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="stack stack--s" aria-labelledby="attempts">
            <h2 class="h3" id="attempts">{t(Key::JobAttemptsTitle)}</h2>
            <div class="table-box">
                <table class="table table--cards attempt-table">
                    <thead>
                        <tr>
                            <th scope="col" class="num">{t(Key::JobAttempt)}</th>
                            <th scope="col">{t(Key::JobAttemptWhen)}</th>
                            <th scope="col" class="num">{t(Key::JobAttemptRan)}</th>
                            <th scope="col">{t(Key::JobAttemptWhy)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// What it wrote while it ran.
pub(super) fn log(lines: Vec<(String, String)>) -> AnyView {
    let inner = if lines.is_empty() {
        view! { <p class="muted">{t(Key::JobLogNone)}</p> }.into_any()
    } else {
        let lines = lines
            .into_iter()
            .map(|(at, message)| view! { <li><time>{at}</time><span>{message}</span></li> })
            .collect_view();
        view! { <ol class="code log" tabindex="0" aria-labelledby="log">{lines}</ol> }.into_any()
    };
    view! {
        <section class="stack stack--s" aria-labelledby="log">
            <h2 class="h3" id="log">{t(Key::JobLog)}</h2>
            {inner}
        </section>
    }
    .into_any()
}

/// When what happened.
pub(super) fn times(times: Vec<TimeView>) -> AnyView {
    let rows = times
        .into_iter()
        .map(|time| match time {
            TimeView::Moment(label, moment) => fact(label, Moment::full(moment)),
            TimeView::Length(label, length) => fact(label, length.into_any()),
        })
        .collect_view();
    card("times", Key::JobTimes, rows.into_any())
}

/// What else is known of it.
pub(super) fn facts(facts: Vec<(String, String)>) -> AnyView {
    let rows = facts
        .into_iter()
        .map(|(label, value)| fact(label, value.into_any()))
        .collect_view();
    card("facts", Key::JobFacts, rows.into_any())
}

fn fact(label: String, value: AnyView) -> AnyView {
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any()
}

fn card(id: &'static str, title: Key, rows: AnyView) -> AnyView {
    view! {
        <section class="card job-facts" aria-labelledby=id>
            <h2 class="h4" id=id>{t(title)}</h2>
            <dl class="facts">{rows}</dl>
        </section>
    }
    .into_any()
}
