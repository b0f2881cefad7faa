//! A job in a list.

use super::say::{Moment, Say, tone};
use crate::components::Progress;
use crate::context::{name, number, t};
use crate::words::duration;
use domain::job::JobState;
use leptos::prelude::*;
use locales::Key;
use serde::{Deserialize, Serialize};
use service::board::JobItem;

/// How many characters of a subject stand in a list; it may hold a hash.
const SUBJECT_SHOWN: usize = 20;

/// A job in a list, ready to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobLine {
    /// Its id.
    pub id: String,
    /// "Compute a plan".
    pub title: String,
    /// `plan.compute`.
    pub kind: String,
    /// How it stands.
    pub state: JobState,
    /// "Running", "Being cancelled".
    pub state_name: String,
    /// Whom it is for; empty where it is the installation's own.
    pub owner: String,
    /// What it is about; may be empty.
    pub subject: String,
    /// How many attempts failed: "1 of 5".
    pub failures: String,
    /// "its worker died twice"; mostly empty.
    pub deaths: String,
    /// When it was enqueued.
    pub enqueued: Moment,
    /// How long it ran or has run; empty before.
    pub ran: String,
    /// How far it is, from 0 to 1, while it runs.
    pub progress: Option<f64>,
    /// What it does just now.
    pub message: String,
}

/// A job's line.
pub(super) fn line(say: &Say<'_>, job: &JobItem) -> JobLine {
    let running = job.state == JobState::Running;
    let ran = job.started_at.map(|started| {
        let ended = job.finished_at.or(running.then_some(say.now));
        ended.map(|ended| duration(ended - started))
    });
    let state_name = if job.cancelling && running {
        say.words.t(Key::JobStateCANCELLING)
    } else {
        say.words.name("job_state", job.state.key())
    };
    let deaths = match job.deaths {
        0 => String::new(),
        1 => say.words.t(Key::JobsDeathsOne),
        deaths => say
            .words
            .fill(Key::JobsDeaths, &[("count", &number(deaths))]),
    };
    JobLine {
        id: job.id.to_string(),
        title: say.kind(&job.kind),
        kind: job.kind.clone(),
        state: job.state,
        state_name,
        owner: job.owner.clone().unwrap_or_default(),
        subject: job.subject.clone().unwrap_or_default(),
        failures: match job.attempts {
            0 => number(0),
            attempts => say.words.fill(
                Key::JobsFailures,
                &[
                    ("count", &number(attempts)),
                    ("most", &number(job.max_attempts)),
                ],
            ),
        },
        deaths,
        enqueued: say.moment(job.created_at),
        ran: ran.flatten().unwrap_or_default(),
        progress: (running && job.progress > 0).then_some(job.progress as f64 / 100.0),
        message: job.message.clone().filter(|_| running).unwrap_or_default(),
    }
}

impl JobLine {
    /// The page of the job.
    pub(super) fn href(&self) -> String {
        format!("/admin/jobs/{}", self.id)
    }

    /// How it stands.
    pub(super) fn chip(&self) -> AnyView {
        chip(self.state, &self.state_name)
    }
}

/// A state in its colour.
pub(super) fn chip(state: JobState, name: &str) -> AnyView {
    view! { <span class="chip" data-tone=tone(state)>{name.to_owned()}</span> }.into_any()
}

/// A subject so short that it fits in a line.
pub(super) fn shortened(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT_SHOWN {
        return subject.to_owned();
    }
    let start: String = subject.chars().take(SUBJECT_SHOWN - 1).collect();
    format!("{start}…")
}

/// A table of jobs. Its caption is for those who do not see what stands above it.
pub(super) fn job_table(caption: &str, lines: Vec<JobLine>) -> AnyView {
    let rows = lines.into_iter().map(row).collect_view();
    view! {
        <div class="table-box">
            <table class="table table--cards job-table">
                <caption class="visually-hidden">{caption.to_owned()}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t(Key::JobsColumnJob)}</th>
                        <th scope="col">{t(Key::JobsColumnState)}</th>
                        <th scope="col">{t(Key::JobsColumnAbout)}</th>
                        <th scope="col" class="num">{t(Key::JobsColumnFailures)}</th>
                        <th scope="col" class="num">{t(Key::JobsColumnDuration)}</th>
                        <th scope="col" class="num">{t(Key::JobsColumnAge)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(line: JobLine) -> AnyView {
    let (href, chip) = (line.href(), line.chip());
    let progress = line.progress.map(|progress| {
        let label = t(Key::JobProgress);
        view! { <Progress value=Some(progress) label=label/> }
    });
    let message = (!line.message.is_empty())
        .then(|| view! { <small class="muted">{line.message.clone()}</small> });
    let about = if line.owner.is_empty() {
        t(Key::JobNoOwner).to_owned()
    } else {
        line.owner.clone()
    };
    let subject = (!line.subject.is_empty()).then(|| {
        view! { <code title=line.subject.clone()>{shortened(&line.subject)}</code> }
    });
    let deaths = (!line.deaths.is_empty())
        .then(|| view! { <small class="job-table__deaths">{line.deaths.clone()}</small> });
    let ran = if line.ran.is_empty() {
        "–".to_owned()
    } else {
        line.ran.clone()
    };
    view! {
        <tr data-key=line.id>
            <th scope="row"><a href=href>{line.title}</a><code>{line.kind}</code></th>
            <td class="job-table__state">{chip}{progress}{message}</td>
            <td class="job-table__about" data-label=t(Key::JobsColumnAbout)>{about}{subject}</td>
            <td class="num" data-label=t(Key::JobsColumnFailures)>{line.failures}{deaths}</td>
            <td class="num" data-label=t(Key::JobsColumnDuration)>{ran}</td>
            <td class="num" data-label=t(Key::JobsColumnAge)>{line.enqueued.relative()}</td>
        </tr>
    }
    .into_any()
}

/// The name of a state in the page's language.
pub(super) fn state_name(state: JobState) -> String {
    name("job_state", state.key())
}
