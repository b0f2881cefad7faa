use super::api::{NutrientGroup, NutrientRow, NutrientsView, ReferenceView, get_nutrients};
use crate::components::Skeleton;
use crate::context::t;
use crate::pages::plan::{answer, draw_bar, no_plan, version_source, week_head};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::Key;

#[component]
pub fn NutrientsPage() -> impl IntoView {
    let asked = version_source();
    let nutrients = Resource::new_blocking(
        move || asked.get(),
        |(week, version)| async move { get_nutrients(week, version).await },
    );
    view! {
        <Title text=t(Key::NutrientsTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(nutrients.await, page) })}
        </Suspense>
    }
}

fn page(data: NutrientsView) -> AnyView {
    let NutrientsView {
        head,
        profile,
        groups,
        kinds,
    } = data;
    let top = week_head(&head, "/nutrients", !groups.is_empty());
    if groups.is_empty() {
        return view! { <div class="page stack stack--l">{top}{no_plan(&head.week, profile)}</div> }.into_any();
    }
    let groups = groups.into_iter().map(group).collect_view();
    view! {
        <div class="page stack stack--l">
            {top}
            <p class="lede">{t(Key::NutrientsLede)}</p>
            {groups}
            {legend(kinds)}
        </div>
    }
    .into_any()
}

fn group(group: NutrientGroup) -> AnyView {
    let rows = group.rows.into_iter().map(row).collect_view();
    view! {
        <section class="table-box">
            <table class="table table--cards nutrient-table">
                <caption><h2 class="h3">{group.title}</h2></caption>
                <thead>
                    <tr>
                        <th scope="col">{t(Key::NutrientsColumnNutrient)}</th>
                        <th scope="col">{t(Key::NutrientsColumnBar)}</th>
                        <th scope="col">{t(Key::NutrientsColumnAmount)}</th>
                        <th scope="col">{t(Key::NutrientsColumnReference)}</th>
                        <th scope="col">{t(Key::NutrientsColumnStatus)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn row(row: NutrientRow) -> AnyView {
    let references = row.references.into_iter().map(reference).collect_view();
    let known = (!row.known.is_empty()).then(|| view! { <small class="muted">{row.known}</small> });
    view! {
        <tr>
            <th scope="row">{row.name}</th>
            <td>{row.bar.map(draw_bar)}</td>
            <td class="num nutrient-table__number">{row.amount}{known}</td>
            <td class="num nutrient-table__number">{references}</td>
            <td><span class="chip" data-tone=row.tone.name()>{row.status}</span></td>
        </tr>
    }
    .into_any()
}

fn reference(reference: ReferenceView) -> AnyView {
    let ReferenceView {
        amount,
        kind,
        kind_name,
        source,
    } = reference;
    let from = (!kind.is_empty()).then(
        || view! { <small class="muted"><abbr title=kind_name>{kind}</abbr>" · "{source}</small> },
    );
    view! { <div>{amount}{from}</div> }.into_any()
}

fn legend(kinds: Vec<(String, String)>) -> AnyView {
    let kinds = kinds
        .into_iter()
        .map(|(kind, name)| view! { <div><dt>{kind}</dt><dd>{name}</dd></div> })
        .collect_view();
    view! {
        <section class="card card--sunken">
            <h2 class="h3">{t(Key::NutrientsLegend)}</h2>
            <div class="prose small">
                <p>{t(Key::NutrientsLegendAtLeast)}</p>
                <p>{t(Key::NutrientsLegendAbout)}</p>
                <p>{t(Key::NutrientsLegendMark)}</p>
            </div>
            <h3 class="h4">{t(Key::NutrientsLegendKinds)}</h3>
            <dl class="facts">{kinds}</dl>
        </section>
    }
    .into_any()
}
