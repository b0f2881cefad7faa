//! What the pages of a week share: its head, its sections, and what stands there without a plan.

use super::api::{RequestPlan, WeekHead};
use crate::components::icon;
use crate::components::{Empty, Form, Icon, ProblemPage, Submit};
use crate::context::t;
use crate::error::AppError;
use crate::pages::not_found::NotFoundPage;
use domain::problem::Problem;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_location, use_params_map, use_query_map};
use locales::Key;

/// A page's data, or where to go without it: to sign in, or to the page of what is missing.
pub(crate) fn answer<T>(data: Result<T, AppError>, page: impl FnOnce(T) -> AnyView) -> AnyView {
    match data {
        Ok(data) => page(data),
        Err(AppError(Problem::Unauthenticated)) => {
            let (path, query) = (
                use_location().pathname.get_untracked(),
                use_location().search.get_untracked(),
            );
            let query = match query.trim_start_matches('?') {
                "" => String::new(),
                query => form_urlencoded::byte_serialize(format!("?{query}").as_bytes()).collect(),
            };
            view! { <Redirect path=format!("/sign-in?next={path}{query}")/> }.into_any()
        }
        Err(AppError(Problem::NotFound)) => view! { <NotFoundPage/> }.into_any(),
        Err(AppError(problem)) => view! { <ProblemPage problem=problem/> }.into_any(),
    }
}

/// The week and the version of its plan that the address names; either may be empty.
pub(crate) fn version_source() -> Memo<(String, String)> {
    let (params, query) = (use_params_map(), use_query_map());
    Memo::new(move |_| {
        let week = params.with(|params| params.get("week")).unwrap_or_default();
        (
            week,
            query.with(|query| query.get("plan")).unwrap_or_default(),
        )
    })
}

/// The week in words, the weeks beside it and, where it has a plan, that plan's sections. `section`
/// is the end of the page's address: nothing, `/nutrients` or `/shopping`.
pub(crate) fn week_head(head: &WeekHead, section: &'static str, planned: bool) -> AnyView {
    let WeekHead {
        week,
        eyebrow,
        title,
        previous,
        next,
        query,
    } = head;
    let sections = planned.then(|| {
        let sections = [
            ("", Key::PlanTabWeek),
            ("/nutrients", Key::PlanTabNutrients),
            ("/shopping", Key::PlanTabShopping),
        ]
        .map(|(path, label)| {
            let current = (path == section).then_some("page");
            view! { <li><a href=format!("/plan/{week}{path}{query}") aria-current=current>{t(label)}</a></li> }
        });
        view! {
            <nav class="tabs no-print" aria-label=t(Key::PlanSections)>
                <ul>{sections.into_iter().collect_view()}</ul>
            </nav>
        }
    });
    view! {
        <header class="week-head">
            <div class="stack stack--s">
                <p class="eyebrow">{eyebrow.clone()}</p>
                <h1>{title.clone()}</h1>
            </div>
            <nav class="cluster cluster--s no-print" aria-label=t(Key::PlansTitle)>
                <a class="icon-btn" href=format!("/plan/{previous}{section}") aria-label=t(Key::PlanPrevious) title=t(Key::PlanPrevious)>
                    <Icon path=icon::PREVIOUS/>
                </a>
                <a class="icon-btn" href=format!("/plan/{next}{section}") aria-label=t(Key::PlanNext) title=t(Key::PlanNext)>
                    <Icon path=icon::NEXT/>
                </a>
                <a class="btn btn--s btn--quiet" href="/plans"><Icon path=icon::CALENDAR/>{t(Key::PlanEarlier)}</a>
            </nav>
            {sections}
        </header>
    }
    .into_any()
}

/// The button that asks for a plan.
pub(super) fn ask(week: &str, label: Key, class: &'static str) -> AnyView {
    let week = week.to_owned();
    view! {
        <Form action=RequestPlan::PATH>
            <input type="hidden" name="week" value=week/>
            <Submit label=t(label) class=class/>
        </Form>
    }
    .into_any()
}

/// A week without a plan: how to get one.
pub(crate) fn no_plan(week: &str, profile: bool) -> AnyView {
    if profile {
        let button = ask(week, Key::PlanGenerate, "btn--primary btn--l");
        view! { <Empty title=t(Key::PlanNone) text=t(Key::PlanNoneText)>{button}</Empty> }
            .into_any()
    } else {
        view! {
            <Empty title=t(Key::PlanNoProfile) text=t(Key::PlanNoProfileText)>
                <a href="/profile" class="btn btn--primary btn--l">{t(Key::PlanNoProfileStart)}<Icon path=icon::ARROW/></a>
            </Empty>
        }
        .into_any()
    }
}
