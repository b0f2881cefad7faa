//! A page in the place of one that can't be shown.

use super::feedback::Empty;
use crate::context::t;
use crate::error;
use domain::problem::Problem;
use leptos::prelude::*;
use locales::Key;

/// A page that can't be shown: why, and the way on. It answers with the problem's status.
#[component]
pub fn ProblemPage(
    /// What went wrong.
    problem: Problem,
) -> impl IntoView {
    let (title, help) = error::describe(&problem);
    crate::context::answer_with_status(problem.status());
    let (href, label) = match problem {
        Problem::Unauthenticated => {
            let here = leptos_router::hooks::use_location()
                .pathname
                .get_untracked();
            (format!("/sign-in?next={here}"), t(Key::AccountSignIn))
        }
        Problem::ProfileMissing | Problem::Infeasible { .. } => {
            ("/profile".to_owned(), t(Key::AccountToProfile))
        }
        Problem::NotFound | Problem::Forbidden => ("/".to_owned(), t(Key::NotFoundHome)),
        // An empty address is this page's own.
        _ => (String::new(), t(Key::ErrorPageRetry)),
    };
    view! {
        <div class="page page--text">
            <Empty title=title text=help>
                <a class="btn btn--primary" href=href rel="external">{label}</a>
            </Empty>
        </div>
    }
    .into_any()
}
