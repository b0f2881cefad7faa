//! What the panel's pages share: a head with the way to the others.

use crate::components::{Icon, Live, icon};
use crate::context::t;
use domain::account::Role;
use leptos::prelude::*;
use locales::Key;
use service::Ctx;

/// A part of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What was sold, and how long people waited.
    Overview,
    /// Everybody's orders.
    Orders,
    /// What campuses sell.
    Menu,
    /// Where they hand out meals, and when.
    Campuses,
    /// Who has an account.
    People,
    /// Who did what.
    Audit,
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
    /// What members were told.
    Deliveries,
    /// Which ways to pay campuses take.
    Payments,
    /// How the installation is.
    System,
    /// What was looked for.
    Search,
}

impl Section {
    const ALL: [Self; 15] = [
        Self::Overview,
        Self::Orders,
        Self::Menu,
        Self::Campuses,
        Self::People,
        Self::Audit,
        Self::Queues,
        Self::Jobs,
        Self::DeadLetters,
        Self::DeadEvents,
        Self::Stock,
        Self::Deliveries,
        Self::Payments,
        Self::System,
        Self::Search,
    ];

    /// Whether it lets whoever asks in.
    fn is_open_to(self, ctx: &Ctx) -> bool {
        match self {
            Self::Stock => service::stock::may_keep(ctx),
            Self::Deliveries => ctx.allow(&[Role::Admin]).is_ok(),
            Self::Overview => service::overview::may_see(ctx),
            Self::Orders => service::order::may_see(ctx),
            Self::Menu | Self::Campuses => service::menu::check_viewer(ctx).is_ok(),
            Self::People => service::people::may_keep(ctx),
            Self::Audit => service::audit::may_read(ctx),
            Self::Search => service::search::may_search(ctx),
            Self::Payments => service::payments::may_choose(ctx),
            Self::Queues | Self::Jobs | Self::DeadLetters | Self::DeadEvents | Self::System => {
                ctx.allow(&[Role::Admin, Role::Operator]).is_ok()
            }
        }
    }

    const fn address(self) -> &'static str {
        match self {
            Self::Overview => "/admin/overview",
            Self::Orders => "/admin/orders",
            Self::Menu => "/admin/menu",
            Self::Campuses => "/admin/campuses",
            Self::People => "/admin/people",
            Self::Audit => "/admin/audit",
            Self::Search => "/admin/search",
            Self::Queues => "/admin/queues",
            Self::Jobs => "/admin/jobs",
            Self::DeadLetters => "/admin/jobs?state=DEAD",
            Self::DeadEvents => "/admin/dead-events",
            Self::Stock => "/admin/stock",
            Self::Deliveries => "/admin/deliveries",
            Self::Payments => "/admin/payments",
            Self::System => "/admin/system",
        }
    }

    const fn label(self) -> Key {
        match self {
            Self::Overview => Key::AdminDashboard,
            Self::Orders => Key::AdminOrders,
            Self::Menu => Key::AdminMenu,
            Self::Campuses => Key::AdminCampuses,
            Self::People => Key::AdminPeople,
            Self::Audit => Key::AdminAudit,
            Self::Search => Key::AdminSearch,
            Self::Queues => Key::AdminOverview,
            Self::Jobs => Key::AdminJobs,
            Self::DeadLetters => Key::AdminDeadLetters,
            Self::DeadEvents => Key::AdminDeadEvents,
            Self::Stock => Key::AdminStock,
            Self::Deliveries => Key::AdminDeliveries,
            Self::Payments => Key::AdminPayments,
            Self::System => Key::AdminSystem,
        }
    }
}

/// Where whoever asks begins: with the overview, or with the stock that they keep, or where neither lets
/// them in, with the first part that does.
pub(super) fn beginning() -> &'static str {
    let ctx = crate::context::ctx();
    [Section::Overview, Section::Stock]
        .into_iter()
        .chain(Section::ALL)
        .find(|section| ctx.as_ref().is_ok_and(|ctx| section.is_open_to(ctx)))
        .unwrap_or(Section::Overview)
        .address()
}

/// The parts that let somebody in: what each is called, and where it is.
pub(super) fn sections(ctx: &Ctx) -> Vec<(Key, &'static str)> {
    Section::ALL
        .into_iter()
        .filter(|section| section.is_open_to(ctx))
        .map(|section| (section.label(), section.address()))
        .collect()
}

/// A page of the panel. `head` is its title and what belongs to it; where the page is `live` its
/// `data-live` parts follow what happens.
pub(super) fn panel(section: Section, head: AnyView, live: bool, body: AnyView) -> AnyView {
    let ctx = crate::context::ctx();
    let tabs = Section::ALL
        .into_iter()
        // The way to the search stands beside them.
        .filter(|one| *one != Section::Search)
        .filter(|one| ctx.as_ref().is_ok_and(|ctx| one.is_open_to(ctx)))
        .map(|one| {
            let current = (one == section).then_some("page");
            view! { <li><a href=one.address() aria-current=current>{t(one.label())}</a></li> }
        })
        .collect_view();
    // What is taken and sold changes what there is.
    let follows = match section {
        Section::Stock => "stock orders",
        Section::Orders => "orders",
        _ => "",
    };
    let live = live.then(|| view! { <Live follows=follows/> });
    let searches = ctx
        .as_ref()
        .is_ok_and(|ctx| Section::Search.is_open_to(ctx));
    let search = searches.then(|| {
        view! {
            <a class="btn btn--s btn--quiet admin-search" href=Section::Search.address() data-palette-open>
                <Icon path=icon::SEARCH/>{t(Key::AdminSearch)}" "<kbd aria-hidden="true">"Ctrl K"</kbd>
            </a>
        }
    });
    view! {
        <div class="page admin stack stack--l">
            <header class="admin-head">
                <div class="cluster cluster--between admin-head__top"><p class="eyebrow">{t(Key::AdminTitle)}</p>{search}</div>
                <nav class="tabs" aria-label=t(Key::AdminSections)><ul>{tabs}</ul></nav>
                <div class="admin-head__title">{head}</div>
                {live}
            </header>
            {body}
        </div>
    }
    .into_any()
}
