//! What the panel's pages share: a head with the way to the others.

use crate::components::Live;
use crate::context::t;
use leptos::prelude::*;
use locales::Key;

/// A part of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// How the queues are.
    Queues,
    /// Every job.
    Jobs,
    /// The jobs that were given up.
    DeadLetters,
    /// How the installation is.
    System,
}

impl Section {
    const ALL: [Self; 4] = [Self::Queues, Self::Jobs, Self::DeadLetters, Self::System];

    const fn address(self) -> &'static str {
        match self {
            Self::Queues => "/admin/queues",
            Self::Jobs => "/admin/jobs",
            Self::DeadLetters => "/admin/jobs?state=DEAD",
            Self::System => "/admin/system",
        }
    }

    const fn label(self) -> Key {
        match self {
            Self::Queues => Key::AdminOverview,
            Self::Jobs => Key::AdminJobs,
            Self::DeadLetters => Key::AdminDeadLetters,
            Self::System => Key::AdminSystem,
        }
    }
}

/// A page of the panel. `head` is its title and what belongs to it; where the page is `live` its
/// `data-live` parts follow what happens.
pub(super) fn panel(section: Section, head: AnyView, live: bool, body: AnyView) -> AnyView {
    let tabs = Section::ALL
        .map(|one| {
            let current = (one == section).then_some("page");
            view! { <li><a href=one.address() aria-current=current>{t(one.label())}</a></li> }
        })
        .into_iter()
        .collect_view();
    let live = live.then(|| view! { <Live/> });
    view! {
        <div class="page admin stack stack--l">
            <header class="admin-head">
                <p class="eyebrow">{t(Key::AdminTitle)}</p>
                <nav class="tabs" aria-label=t(Key::AdminSections)><ul>{tabs}</ul></nav>
                <div class="admin-head__title">{head}</div>
                {live}
            </header>
            {body}
        </div>
    }
    .into_any()
}
