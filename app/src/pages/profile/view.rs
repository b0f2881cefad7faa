use super::api::{ProfileData, get_profile};
use super::island::ProfileForm;
use crate::components::form::Submitted;
use crate::components::{ProblemPage, Skeleton};
use crate::context::t;
use crate::error::AppError;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use locales::Key;

#[component]
pub fn ProfilePage() -> impl IntoView {
    let data = Resource::new_blocking(|| (), |()| get_profile());
    view! {
        <Title text=t(Key::ProfileTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=8/></div> }>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(Some(data)) => page(data),
                    Ok(None) => view! { <Redirect path="/sign-in?next=/profile"/> }.into_any(),
                    Err(AppError(problem)) => view! { <ProblemPage problem=problem/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

fn page(data: ProfileData) -> AnyView {
    let submitted = use_context::<StoredValue<Option<Submitted>>>().and_then(|it| it.get_value());
    let (head, lede) = match data.saved {
        None => (Key::ProfileHeadNew, Key::ProfileLedeNew),
        Some(_) => (Key::ProfileHeadEdit, Key::ProfileLedeEdit),
    };
    view! {
        <div class="page profile-page">
            <div class="stack stack--s">
                <h1>{t(head)}</h1>
                <p class="lede">{t(lede)}</p>
            </div>
            <ProfileForm data=data submitted=submitted/>
        </div>
    }
    .into_any()
}
