//! The frame around every page: header, menus, footer.

use super::icon::{self, Icon};
use crate::context::{self, Me, Theme, fill, language, t};
use crate::pages::cart::api::get_cart_count;
use crate::pages::inbox::unread_number;
use domain::account::Role;
use domain::text::Language;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;
use locales::Key;

/// The mark: a plate with a leaf on it.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg viewBox="0 0 32 32" aria-hidden="true">
            <circle cx="16" cy="16" r="14.5" fill="none" stroke="currentColor" stroke-width="2.5"/>
            <path fill="currentColor" d="M9 22.500C7.5 13 13 8 24 8.5 24.8 18.5 18.5 24.5 11.2 22.800L17.5 15.5 9.9 21.900z"/>
        </svg>
    }
}

/// Wordmark, navigation, preferences and account.
#[component]
pub fn SiteHeader() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">{t(Key::FrameSkip)}</a>
        <header class="site-header">
            <div>
                <A href="/" attr:class="brand"><Logo/>"NutriFlow"</A>
                <nav aria-label=t(Key::FrameNav)>
                    <ul class="nav-list">
                        <li><A href="/plan" attr:class="nav-link">{t(Key::NavPlan)}</A></li>
                        <li><A href="/menu" attr:class="nav-link">{t(Key::NavMenu)}</A></li>
                        <li><A href="/orders" attr:class="nav-link">{t(Key::NavOrders)}</A></li>
                        <li><A href="/profile" attr:class="nav-link">{t(Key::NavProfile)}</A></li>
                        <li><A href="/dishes" attr:class="nav-link">{t(Key::NavDishes)}</A></li>
                        <StaffLink/>
                    </ul>
                </nav>
                <div class="site-tools">
                    <CartLink/>
                    <PreferencesMenu/>
                    <AccountMenu/>
                </div>
            </div>
        </header>
    }
    .into_any()
}

/// The way to what is to be cooked and handed out, for those who do.
#[component]
fn StaffLink() -> impl IntoView {
    let me = context::me();
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let works = me.await.is_some_and(|me| matches!(me.role, Role::Staff | Role::Admin));
                works.then(|| view! { <li><A href="/kitchen" attr:class="nav-link">{t(Key::NavStaff)}</A></li> })
            })}
        </Suspense>
    }
    .into_any()
}

/// The way to the cart, with how many portions are in it.
#[component]
fn CartLink() -> impl IntoView {
    let count = Resource::new_blocking(
        || (),
        |()| async { get_cart_count().await.unwrap_or_default() },
    );
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let count = count.await;
                let label = match count {
                    0 => t(Key::CartBadgeNone).to_owned(),
                    1 => t(Key::CartBadgeOne).to_owned(),
                    count => fill(Key::CartBadge, &[("count", &count.to_string())]),
                };
                view! {
                    <a href="/cart" rel="external" class="icon-btn inbox-link" aria-label=label>
                        <Icon path=icon::BASKET/>
                        <span class="badge" hidden=count == 0>{count}</span>
                    </a>
                }
            })}
        </Suspense>
    }
    .into_any()
}

/// Language and appearance: plain buttons of a form that the server answers.
#[component]
fn PreferencesMenu() -> impl IntoView {
    let location = use_location();
    let back = move || {
        let (path, query) = (location.pathname.get(), location.search.get());
        if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.trim_start_matches('?'))
        }
    };
    let languages = Language::ALL.map(|choice| {
        let name = match choice {
            Language::En => "English",
            Language::Es => "Español",
        };
        let pressed = (choice == language()).to_string();
        view! { <button name="language" value=choice.tag() lang=choice.tag() aria-pressed=pressed>{name}</button> }
    });
    let now = context::theme();
    let themes = [
        (Theme::Auto, icon::DEVICE, Key::FrameThemeAuto),
        (Theme::Light, icon::SUN, Key::FrameThemeLight),
        (Theme::Dark, icon::MOON, Key::FrameThemeDark),
    ]
    .map(|(choice, path, key)| {
        let pressed = (choice == now).to_string();
        view! { <button name="theme" value=choice.key() aria-pressed=pressed><Icon path=path/>{t(key)}</button> }
    });
    view! {
        <button type="button" class="icon-btn" popovertarget="preferences" aria-label=t(Key::FramePreferences)>
            <Icon path=icon::SETTINGS/>
        </button>
        <div class="menu" id="preferences" popover="auto">
            <form method="post" action="/preferences" class="stack">
                <input type="hidden" name="back" value=back/>
                <div role="group" aria-labelledby="language-label">
                    <h2 id="language-label">{t(Key::FrameLanguage)}</h2>
                    <div class="segmented segmented--block">{languages.into_iter().collect_view()}</div>
                </div>
                <div role="group" aria-labelledby="theme-label">
                    <h2 id="theme-label">{t(Key::FrameTheme)}</h2>
                    <div class="segmented segmented--block">{themes.into_iter().collect_view()}</div>
                </div>
            </form>
        </div>
    }
    .into_any()
}

/// Sign in, or who is signed in.
#[component]
fn AccountMenu() -> impl IntoView {
    let me = context::me();
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match me.await {
                    Some(me) => signed_in(me),
                    None => view! { <A href="/sign-in" attr:class="btn btn--s">{t(Key::AccountSignIn)}</A> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

fn signed_in(me: Me) -> AnyView {
    // Whom the panel lets in is decided in the service; to others the way is not shown.
    let panel = matches!(me.role, Role::Staff | Role::Admin | Role::Operator).then(|| {
        view! { <a href="/admin" rel="external" class="btn btn--s btn--block">{t(Key::AdminTitle)}</a> }
    });
    view! {
        {inbox(me.unread)}
        <button type="button" class="icon-btn" popovertarget="account-menu" aria-label=t(Key::FrameAccount)>
            <Icon path=icon::PERSON/>
        </button>
        <div class="menu" id="account-menu" popover="auto">
            <div class="stack stack--s">
                <p><strong>{me.name}</strong><br/><span class="muted small">{me.email}</span></p>
                <a href="/account" rel="external" class="btn btn--s btn--block">{t(Key::AccountTitle)}</a>
                <a href="/wallet" rel="external" class="btn btn--s btn--block">{t(Key::WalletTitle)}</a>
                {panel}
                <form method="post" action="/sign-out">
                    <button class="btn btn--s btn--quiet btn--block">{t(Key::AccountSignOut)}</button>
                </form>
            </div>
        </div>
    }
    .into_any()
}

/// The way to the inbox, with how much there is to read. The `follow` module keeps it up to date.
fn inbox(unread: i64) -> AnyView {
    let shown = unread_number(unread);
    let label = match unread {
        0 => t(Key::InboxBadgeNone).to_owned(),
        1 => t(Key::InboxBadgeOne).to_owned(),
        _ => fill(Key::InboxBadge, &[("count", &shown)]),
    };
    view! {
        <a
            href="/inbox"
            rel="external"
            class="icon-btn inbox-link"
            aria-label=label
            data-inbox="true"
            data-none=t(Key::InboxBadgeNone)
            data-one=t(Key::InboxBadgeOne)
            data-some=t(Key::InboxBadge)
        >
            <Icon path=icon::BELL/>
            <span class="badge" hidden=unread == 0>{shown}</span>
        </a>
    }
    .into_any()
}

/// Where the numbers come from, and for whom they are not enough.
#[component]
pub fn SiteFooter() -> impl IntoView {
    view! {
        <footer class="site-footer">
            <div>
                <p class="grow">{t(Key::FrameSources)}</p>
                <ul class="nav-list">
                    <li><a href="/v1/docs" rel="external">{t(Key::FrameApi)}</a></li>
                </ul>
            </div>
        </footer>
    }
    .into_any()
}
