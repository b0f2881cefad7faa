//! Which page stands at which address.
//!
//! Every route is `SsrMode::Async`: without JavaScript nothing can fill a gap in later. Pages are
//! rendered on the server; the browser takes over their islands only (see ADR 8).

use crate::components::follow::Follow;
use crate::components::form::Submitted;
use crate::components::frame::{SiteFooter, SiteHeader};
use crate::context::{MeResource, detect_language, detect_theme, language, request_extension};
use crate::pages::account::{AccountPage, get_me};
use crate::pages::admin::AdminPage;
use crate::pages::admin::audit::AuditPage;
use crate::pages::admin::campuses::{AdminCampusesPage, CampusEditorPage};
use crate::pages::admin::dead_events::DeadEventsPage;
use crate::pages::admin::deliveries::DeliveriesPage;
use crate::pages::admin::delivery::DeliveryPage;
use crate::pages::admin::job::JobPage;
use crate::pages::admin::jobs::{ChangeAllPage, JobsPage};
use crate::pages::admin::menu::AdminMenuPage;
use crate::pages::admin::menu_item::{MenuItemEditorPage, NewMenuItemPage};
use crate::pages::admin::order::AdminOrderPage;
use crate::pages::admin::orders::AdminOrdersPage;
use crate::pages::admin::overview::OverviewPage;
use crate::pages::admin::payments::PaymentsPage;
use crate::pages::admin::people::{PeoplePage, PersonPage};
use crate::pages::admin::queue::QueuePage;
use crate::pages::admin::queues::QueuesPage;
use crate::pages::admin::search::{Palette, SearchPage};
use crate::pages::admin::stock::{StockImportPage, StockPage};
use crate::pages::admin::stock_item::StockItemPage;
use crate::pages::admin::system::SystemPage;
use crate::pages::cart::CartPage;
use crate::pages::checkout::CheckoutPage;
use crate::pages::dish::DishPage;
use crate::pages::dishes::DishesPage;
use crate::pages::hall::HallPage;
use crate::pages::inbox::InboxPage;
use crate::pages::kitchen::KitchenPage;
use crate::pages::landing::LandingPage;
use crate::pages::menu::{CampusesPage, MenuPage};
use crate::pages::menu_item::MenuItemPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::nutrients::NutrientsPage;
use crate::pages::order::OrderPage;
use crate::pages::orders::OrdersPage;
use crate::pages::plan::PlanPage;
use crate::pages::plans::PlansPage;
use crate::pages::profile::ProfilePage;
use crate::pages::shopping::ShoppingPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::sign_up::SignUpPage;
use crate::pages::wallet::WalletPage;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode::Async;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// The root of every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(detect_language());
    provide_context(detect_theme());
    // What was typed into a form that was refused, for the page that shows it again.
    provide_context(StoredValue::new(request_extension::<Submitted>()));
    let me = Resource::new_blocking(|| (), |()| async { get_me().await.unwrap_or_default() });
    provide_context(MeResource(me));
    view! {
        <Title formatter=|page: String| if page.is_empty() { "NutriFlow".to_owned() } else { format!("{page} · NutriFlow") }/>
        <Router>
            <SiteHeader/>
            <main id="main" tabindex="-1" lang=language().tag()>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=LandingPage ssr=Async/>
                    <Route path=path!("/sign-up") view=SignUpPage ssr=Async/>
                    <Route path=path!("/sign-in") view=SignInPage ssr=Async/>
                    <Route path=path!("/account") view=AccountPage ssr=Async/>
                    <Route path=path!("/profile") view=ProfilePage ssr=Async/>
                    <Route path=path!("/plan") view=PlanPage ssr=Async/>
                    <Route path=path!("/plan/:week") view=PlanPage ssr=Async/>
                    <Route path=path!("/plan/:week/nutrients") view=NutrientsPage ssr=Async/>
                    <Route path=path!("/plan/:week/shopping") view=ShoppingPage ssr=Async/>
                    <Route path=path!("/plans") view=PlansPage ssr=Async/>
                    <Route path=path!("/dishes") view=DishesPage ssr=Async/>
                    <Route path=path!("/dishes/:id") view=DishPage ssr=Async/>
                    <Route path=path!("/menu") view=CampusesPage ssr=Async/>
                    <Route path=path!("/menu/:campus") view=MenuPage ssr=Async/>
                    <Route path=path!("/menu/:campus/:item") view=MenuItemPage ssr=Async/>
                    <Route path=path!("/cart") view=CartPage ssr=Async/>
                    <Route path=path!("/checkout") view=CheckoutPage ssr=Async/>
                    <Route path=path!("/orders") view=OrdersPage ssr=Async/>
                    <Route path=path!("/orders/:id") view=OrderPage ssr=Async/>
                    <Route path=path!("/kitchen") view=KitchenPage ssr=Async/>
                    <Route path=path!("/kitchen/:campus") view=KitchenPage ssr=Async/>
                    <Route path=path!("/board/:campus") view=HallPage ssr=Async/>
                    <Route path=path!("/inbox") view=InboxPage ssr=Async/>
                    <Route path=path!("/wallet") view=WalletPage ssr=Async/>
                    <Route path=path!("/admin") view=AdminPage ssr=Async/>
                    <Route path=path!("/admin/overview") view=OverviewPage ssr=Async/>
                    <Route path=path!("/admin/orders") view=AdminOrdersPage ssr=Async/>
                    <Route path=path!("/admin/orders/:id") view=AdminOrderPage ssr=Async/>
                    <Route path=path!("/admin/menu") view=AdminMenuPage ssr=Async/>
                    <Route path=path!("/admin/menu/new") view=NewMenuItemPage ssr=Async/>
                    <Route path=path!("/admin/menu/:item") view=MenuItemEditorPage ssr=Async/>
                    <Route path=path!("/admin/campuses") view=AdminCampusesPage ssr=Async/>
                    <Route path=path!("/admin/campuses/:campus") view=CampusEditorPage ssr=Async/>
                    <Route path=path!("/admin/people") view=PeoplePage ssr=Async/>
                    <Route path=path!("/admin/people/:id") view=PersonPage ssr=Async/>
                    <Route path=path!("/admin/audit") view=AuditPage ssr=Async/>
                    <Route path=path!("/admin/search") view=SearchPage ssr=Async/>
                    <Route path=path!("/admin/queues") view=QueuesPage ssr=Async/>
                    <Route path=path!("/admin/queues/:queue") view=QueuePage ssr=Async/>
                    <Route path=path!("/admin/jobs") view=JobsPage ssr=Async/>
                    <Route path=path!("/admin/jobs/change") view=ChangeAllPage ssr=Async/>
                    <Route path=path!("/admin/jobs/:id") view=JobPage ssr=Async/>
                    <Route path=path!("/admin/stock") view=StockPage ssr=Async/>
                    <Route path=path!("/admin/stock/import") view=StockImportPage ssr=Async/>
                    <Route path=path!("/admin/stock/:item") view=StockItemPage ssr=Async/>
                    <Route path=path!("/admin/payments") view=PaymentsPage ssr=Async/>
                    <Route path=path!("/admin/dead-events") view=DeadEventsPage ssr=Async/>
                    <Route path=path!("/admin/deliveries") view=DeliveriesPage ssr=Async/>
                    <Route path=path!("/admin/deliveries/:id") view=DeliveryPage ssr=Async/>
                    <Route path=path!("/admin/system") view=SystemPage ssr=Async/>
                </Routes>
            </main>
            <SiteFooter/>
            <Follow/>
            <Palette/>
        </Router>
    }
}
