use super::api::{GetHits, HitView, get_hits};
use crate::components::{Empty, Icon, Skeleton, icon};
use crate::context::{self, t};
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use domain::account::Role;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

/// Opens the palette, asks and moves among what was found.
const PALETTE: &str = include_str!("palette.js");

/// The page of the search, for whoever has no script.
#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let text = Memo::new(move |_| query.with(|query| query.get("q")).unwrap_or_default());
    let hits = Resource::new_blocking(
        move || text.get(),
        |text| async move { get_hits(text).await },
    );
    view! {
        <Title text=t(Key::PaletteTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let hits = hits.await;
                answer(hits, |data| page(data, &text.get_untracked()))
            })}
        </Suspense>
    }
}

fn page(hits: Vec<HitView>, text: &str) -> AnyView {
    let head = view! {
        <h1>{t(Key::PaletteTitle)}</h1>
        <p class="lede">{t(Key::PaletteLede)}</p>
    };
    let list = if hits.is_empty() {
        view! { <Empty title=t(Key::PaletteNone) text=t(Key::PaletteNoneText) within=true/> }
            .into_any()
    } else {
        let items = hits
            .into_iter()
            .map(|hit| {
                let note =
                    (!hit.note.is_empty()).then(|| view! { <small class="muted">{hit.note}</small> });
                view! { <li><a href=hit.href><b>{hit.title}</b>{note}</a><span class="chip" data-tone="none">{hit.kind}</span></li> }
            })
            .collect_view();
        view! { <ul class="hit-list">{items}</ul> }.into_any()
    };
    let body = view! {
        <form method="get" action="/admin/search" role="search" aria-label=t(Key::PaletteTitle) class="card hit-form">
            <div class="field">
                <label for="q">{t(Key::PaletteField)}</label>
                <input class="input" id="q" name="q" type="search" maxlength="100" autocomplete="off" autofocus=true value=text.to_owned()/>
            </div>
            <button class="btn btn--primary"><Icon path=icon::SEARCH/>{t(Key::PaletteFind)}</button>
        </form>
        {list}
    };
    panel(Section::Search, head.into_any(), false, body.into_any())
}

/// The palette on every page, for those who work here: Ctrl K or ⌘ K opens it.
#[component]
pub fn Palette() -> impl IntoView {
    let me = context::me();
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let works = me
                    .await
                    .is_some_and(|me| matches!(me.role, Role::Staff | Role::Admin | Role::Operator));
                works.then(dialog)
            })}
        </Suspense>
    }
    .into_any()
}

fn dialog() -> AnyView {
    let script = format!("({PALETTE})()");
    view! {
        <dialog
            class="dialog palette"
            aria-label=t(Key::PaletteTitle)
            data-palette=GetHits::PATH
            data-none=t(Key::PaletteNone)
            data-lost=t(Key::PaletteLost)
        >
            <form method="get" action="/admin/search" role="search">
                <label class="visually-hidden" for="palette-field">{t(Key::PaletteField)}</label>
                <input
                    class="input"
                    id="palette-field"
                    name="q"
                    type="search"
                    maxlength="100"
                    autocomplete="off"
                    placeholder=t(Key::PaletteField)
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-hits"
                    aria-autocomplete="list"
                />
            </form>
            <ul class="hit-list" id="palette-hits" role="listbox" aria-label=t(Key::PaletteTitle)></ul>
            <p class="small muted" role="status"></p>
        </dialog>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
    .into_any()
}
