//! Who works on the queues, and what runs when.

use super::api::{BreakerView, RunSchedule, ScheduleView, WorkerView};
use crate::components::{Form, Progress};
use crate::context::t;
use crate::pages::admin::line::chip;
use domain::breaker::BreakerState;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use locales::Key;

/// The processes that run jobs, and what they do now.
pub(super) fn workers(workers: Vec<WorkerView>) -> AnyView {
    let inner = if workers.is_empty() {
        view! { <p class="card card--sunken">{t(Key::QueuesWorkersNone)}</p> }.into_any()
    } else {
        let items = workers.into_iter().map(worker).collect_view();
        view! { <ul class="worker-grid">{items}</ul> }.into_any()
    };
    view! {
        <section class="stack" aria-labelledby="workers" data-live="workers">
            <h2 class="h3" id="workers">{t(Key::QueuesWorkers)}</h2>
            {inner}
        </section>
    }
    .into_any()
}

fn worker(worker: WorkerView) -> AnyView {
    let running = if worker.running.is_empty() {
        view! { <p class="muted">{t(Key::QueuesWorkerIdle)}</p> }.into_any()
    } else {
        let items = worker
            .running
            .into_iter()
            .map(|line| {
                let href = line.href();
                let progress = line.progress.map(
                    |progress| view! { <Progress value=Some(progress) label=t(Key::JobProgress)/> },
                );
                view! {
                    <li data-key=line.id>
                        <a href=href>{line.title}</a>
                        <span class="muted num">{line.ran}</span>
                        {progress}
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="worker__jobs">{items}</ul> }.into_any()
    };
    view! {
        <li class="card worker" data-key=worker.id>
            <h3 class="h4">{worker.title}</h3>
            <dl class="worker__facts">
                <div><dt>{t(Key::QueuesWorkerRole)}</dt><dd>{worker.role}</dd></div>
                <div><dt>{t(Key::QueuesWorkerSince)}</dt><dd>{worker.alive}</dd></div>
                <div><dt>{t(Key::QueuesWorkerSeen)}</dt><dd>{worker.seen.relative()}</dd></div>
            </dl>
            <h4 class="label">{t(Key::QueuesWorkerRunning)}</h4>
            {running}
        </li>
    }
    .into_any()
}

/// How the gateways that payments go through are.
pub(super) fn breakers(breakers: Vec<BreakerView>) -> AnyView {
    let items = breakers.into_iter().map(breaker).collect_view();
    view! {
        <section class="stack" aria-labelledby="breakers">
            <div class="stack stack--s">
                <h2 class="h3" id="breakers">{t(Key::QueuesBreakers)}</h2>
                <p class="small muted">{t(Key::QueuesBreakersLede)}</p>
            </div>
            <ul class="worker-grid" data-live="breakers">{items}</ul>
        </section>
    }
    .into_any()
}

fn breaker(breaker: BreakerView) -> AnyView {
    let tone = match breaker.state {
        BreakerState::Closed => "leaf",
        BreakerState::Open => "beet",
        BreakerState::HalfOpen => "saffron",
    };
    let since = match breaker.since {
        Some(since) => since.relative(),
        None => t(Key::QueuesBreakerAlways).into_any(),
    };
    let until = breaker.until.map(|until| {
        view! { <div><dt>{t(Key::QueuesBreakerUntil)}</dt><dd>{until.relative()}</dd></div> }
    });
    view! {
        <li class="card worker" data-key=breaker.key>
            <h3 class="h4">{breaker.title} " " <span class="chip" data-tone=tone>{breaker.name}</span></h3>
            <dl class="worker__facts">
                <div><dt>{t(Key::QueuesBreakerSince)}</dt><dd>{since}</dd></div>
                {until}
            </dl>
        </li>
    }
    .into_any()
}

/// What runs when.
pub(super) fn schedules(schedules: Vec<ScheduleView>, may_change: bool) -> AnyView {
    let inner = if schedules.is_empty() {
        view! { <p class="card card--sunken">{t(Key::QueuesSchedulesNone)}</p> }.into_any()
    } else {
        let rows = schedules
            .into_iter()
            .map(|one| schedule(one, may_change))
            .collect_view();
        let run = may_change.then(|| {
            view! { <th scope="col"><span class="visually-hidden">{t(Key::QueuesScheduleRun)}</span></th> }
        });
        view! {
            <Form action=RunSchedule::PATH>
                <div class="card job-list">
                    <div class="table-box">
                        <table class="table table--cards schedule-table">
                            <thead>
                                <tr>
                                    <th scope="col">{t(Key::QueuesSchedule)}</th>
                                    <th scope="col">{t(Key::QueuesScheduleWhen)}</th>
                                    <th scope="col">{t(Key::QueuesScheduleLast)}</th>
                                    <th scope="col">{t(Key::QueuesScheduleNext)}</th>
                                    {run}
                                </tr>
                            </thead>
                            <tbody data-live="schedules">{rows}</tbody>
                        </table>
                    </div>
                </div>
            </Form>
        }
        .into_any()
    };
    view! {
        <section class="stack" aria-labelledby="schedules">
            <h2 class="h3" id="schedules">{t(Key::QueuesSchedules)}</h2>
            {inner}
        </section>
    }
    .into_any()
}

fn schedule(schedule: ScheduleView, may_change: bool) -> AnyView {
    let last = match (schedule.last, schedule.last_job) {
        (Some(last), Some((id, state, name))) => {
            let href = format!("/admin/jobs/{id}");
            view! { {last.relative()} " " <a href=href>{chip(state, &name)}</a> }.into_any()
        }
        (Some(last), None) => last.relative(),
        (None, _) => view! { <span class="muted">{t(Key::QueuesScheduleNever)}</span> }.into_any(),
    };
    let run = may_change.then(|| {
        let spoken = format!("{}: {}", t(Key::QueuesScheduleRun), schedule.title);
        view! {
            <td><button name="kind" value=schedule.kind.clone() class="btn btn--s" aria-label=spoken>{t(Key::QueuesScheduleRun)}</button></td>
        }
    });
    view! {
        <tr data-key=schedule.kind.clone()>
            <th scope="row">{schedule.title}<code>{schedule.kind.clone()}</code></th>
            <td data-label=t(Key::QueuesScheduleWhen)><code>{schedule.cron}</code> " " <small class="muted">{schedule.time_zone}</small></td>
            <td data-label=t(Key::QueuesScheduleLast)>{last}</td>
            <td data-label=t(Key::QueuesScheduleNext)>{schedule.next.relative()}</td>
            {run}
        </tr>
    }
    .into_any()
}
