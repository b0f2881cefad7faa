use crate::components::Empty;
use crate::context::{answer_with_status, t};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use locales::Key;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    answer_with_status(404);
    view! {
        <Title text=t(Key::NotFoundTitle)/>
        <div class="page page--text">
            <Empty title=t(Key::NotFoundTitle) text=t(Key::NotFoundText)>
                <A href="/" attr:class="btn btn--primary">{t(Key::NotFoundHome)}</A>
            </Empty>
        </div>
    }
}
