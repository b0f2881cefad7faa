use super::api::{PlanLine, PlansView, get_plans};
use crate::components::icon;
use crate::components::{Empty, Icon, Skeleton};
use crate::context::t;
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn PlansPage() -> impl IntoView {
    let query = use_query_map();
    let after = Memo::new(move |_| query.with(|query| query.get("after")).unwrap_or_default());
    let plans = Resource::new_blocking(
        move || after.get(),
        |after| async move { get_plans(after).await },
    );
    view! {
        <Title text=t(Key::PlansTitle)/>
        <Suspense fallback=|| view! { <div class="page page--text"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                let plans = plans.await;
                answer(plans, |data| page(data, !after.get_untracked().is_empty()))
            })}
        </Suspense>
    }
}

fn page(data: PlansView, later: bool) -> AnyView {
    let PlansView { items, next } = data;
    if items.is_empty() {
        return view! {
            <div class="page page--text">
                <Empty title=t(Key::PlansEmpty) text=t(Key::PlansEmptyText)>
                    <a class="btn btn--primary" href="/plan">{t(Key::PlansStart)}<Icon path=icon::ARROW/></a>
                </Empty>
            </div>
        }
        .into_any();
    }
    let items = items.into_iter().map(line).collect_view();
    let next = next.map(|after| view! { <a class="btn" href=format!("/plans?after={after}")>{t(Key::PlansMore)}</a> });
    let newest =
        later.then(|| view! { <a class="btn btn--quiet" href="/plans">{t(Key::PlansNewest)}</a> });
    view! {
        <div class="page page--text stack stack--l">
            <div class="stack stack--s">
                <h1>{t(Key::PlansTitle)}</h1>
                <p class="lede">{t(Key::PlansLede)}</p>
            </div>
            <ul class="stack stack--s">{items}</ul>
            <div class="cluster">{next}{newest}</div>
        </div>
    }
    .into_any()
}

fn line(line: PlanLine) -> AnyView {
    let PlanLine {
        href,
        week,
        title,
        text,
        made,
    } = line;
    view! {
        <li class="card card--link plan-line">
            <span class="eyebrow">{week}</span>
            <h2 class="h3"><a href=href>{title}</a></h2>
            <p class="num">{text}</p>
            <p class="small muted">{made}</p>
        </li>
    }
    .into_any()
}
