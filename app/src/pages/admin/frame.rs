//! What the panel's pages share: a head with the way to the others.

use crate::components::Live;
use crate::context::t;
use domain::account::Role;
use leptos::prelude::*;
use locales::Key;
use service::Ctx;

/// A part of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// How the queues are.
    Queues,
    /// Every job.
    Jobs,
    /// The jobs that were given up.
    DeadLetters,
    /// The events that were given up.
    DeadEvents,
    /// What there is of each menu item.
    Stock,
    /// Which ways to pay campuses take.
    Payments,
    /// How the installation is.
    System,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Queues,
        Self::Jobs,
        Self::DeadLetters,
        Self::DeadEvents,
        Self::Stock,
        Self::Payments,
        Self::System,
    ];

    /// Whether it lets whoever asks in.
    fn is_open_to(self, ctx: &Ctx) -> bool {
        match self {
            Self::Stock => service::stock::may_keep(ctx),
            Self::Payments => service::payments::may_choose(ctx),
            Self::Queues | Self::Jobs | Self::DeadLetters | Self::DeadEvents | Self::System => {
                ctx.allow(&[Role::Admin, Role::Operator]).is_ok()
            }
        }
    }

    const fn address(self) -> &'static str {
        match self {
            Self::Queues => "/admin/queues",
            Self::Jobs => "/admin/jobs",
            Self::DeadLetters => "/admin/jobs?state=DEAD",
            Self::DeadEvents => "/admin/dead-events",
            Self::Stock => "/admin/stock",
            Self::Payments => "/admin/payments",
            Self::System => "/admin/system",
        }
    }

    const fn label(self) -> Key {
        match self {
            Self::Queues => Key::AdminOverview,
            Self::Jobs => Key::AdminJobs,
            Self::DeadLetters => Key::AdminDeadLetters,
            Self::DeadEvents => Key::AdminDeadEvents,
            Self::Stock => Key::AdminStock,
            Self::Payments => Key::AdminPayments,
            Self::System => Key::AdminSystem,
        }
    }
}

/// Where whoever asks begins: with the jobs, or where those do not let them in, with the first part that
/// does.
pub(super) fn beginning() -> &'static str {
    let ctx = crate::context::ctx();
    [Section::Jobs]
        .into_iter()
        .chain(Section::ALL)
        .find(|section| ctx.as_ref().is_ok_and(|ctx| section.is_open_to(ctx)))
        .unwrap_or(Section::Jobs)
        .address()
}

/// A page of the panel. `head` is its title and what belongs to it; where the page is `live` its
/// `data-live` parts follow what happens.
pub(super) fn panel(section: Section, head: AnyView, live: bool, body: AnyView) -> AnyView {
    let ctx = crate::context::ctx();
    let tabs = Section::ALL
        .into_iter()
        .filter(|one| ctx.as_ref().is_ok_and(|ctx| one.is_open_to(ctx)))
        .map(|one| {
            let current = (one == section).then_some("page");
            view! { <li><a href=one.address() aria-current=current>{t(one.label())}</a></li> }
        })
        .collect_view();
    // What is taken and sold changes what there is.
    let follows = match section {
        Section::Stock => "stock orders",
        _ => "",
    };
    let live = live.then(|| view! { <Live follows=follows/> });
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
